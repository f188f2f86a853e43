"""The catalogue in the console. Each module registers its own pages."""

from topics import cache_admin, generation_admin, tag_admin, topic_admin

__all__ = ["cache_admin", "generation_admin", "tag_admin", "topic_admin"]
