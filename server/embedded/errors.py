"""What can go wrong with the embedded servers; the text is one line for a person, with what to do."""


class EmbeddedError(Exception):
    """The embedded PostgreSQL or Redis cannot be started, reached or removed."""
