"""What the service is measured against: each the best short version of what it stands for."""
