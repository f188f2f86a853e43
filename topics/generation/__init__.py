"""Topics and details that a language model writes on demand (docs/decisions/0030)."""
