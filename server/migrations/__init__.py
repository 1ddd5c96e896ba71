"""The schema's history, and how it is brought up to date: as the owner, who alone may change tables."""
