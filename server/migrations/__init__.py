"""The revisions of the schema, and the migration to the newest: as the owner, who alone may change tables."""
