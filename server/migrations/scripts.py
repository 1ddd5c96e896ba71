"""Runs the SQL files that revisions are written in."""

from importlib.resources import files
from typing import Any

from alembic import op


def run_scripts(*names: str) -> None:
    """The statements of these files of `sql/`, separated by lines of `--;`.

    Straight to the driver: they hold $$-quoted functions and % signs, and some hold several statements.
    """
    op.execute("SELECT 1")  # SQLAlchemy begins its transaction with the first statement it sees
    dbapi_connection: Any = op.get_bind().connection.dbapi_connection
    for name in names:
        for sql in (files("server.migrations") / "sql" / name).read_text().split("\n--;\n"):
            dbapi_connection.run_async(lambda driver, sql=sql: driver.execute(sql))
