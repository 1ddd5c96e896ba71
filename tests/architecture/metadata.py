"""The classes of all tables, for the tests that compare them with the database and with the statements."""

from importlib import import_module
from pathlib import Path

from sqlalchemy import MetaData

from server.core.table_model import TableModel

SERVER = Path(__file__).parents[2] / "server"


def load_metadata() -> MetaData:
    """The metadata of all tables: every `tables.py` below `server` is imported."""
    for file in SERVER.rglob("tables.py"):
        import_module(".".join(file.relative_to(SERVER.parent).with_suffix("").parts))
    return TableModel.metadata
