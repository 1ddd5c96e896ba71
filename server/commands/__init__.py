"""What each `aisle` command does."""
