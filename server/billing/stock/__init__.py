"""What a shop keeps, counted against its plan."""
