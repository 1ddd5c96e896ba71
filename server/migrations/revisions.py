"""Which revisions this code knows; without alembic, which a process that only serves need not load."""

from importlib.resources import files


def known_revisions() -> tuple[str, ...]:
    """All of them, oldest first: a revision's file is named by it."""
    names = (entry.name for entry in (files("server.migrations") / "versions").iterdir())
    return tuple(sorted(name.partition("_")[0] for name in names if name.endswith(".py")))


def newest_revision() -> str:
    """The revision this code needs."""
    return known_revisions()[-1]
