"""The first schema: tenants, catalog, knowledge, conversations, proofs, jobs."""

from importlib.resources import files
from typing import Any

from alembic import op

revision = "0001"
down_revision = None

SCRIPTS = ("tables.sql", "search.sql", "security.sql")


def upgrade() -> None:
    op.execute("SELECT 1")  # SQLAlchemy begins its transaction with the first statement it sees
    # straight to the driver: the scripts hold several statements, $$-quoted functions and % signs
    dbapi_connection: Any = op.get_bind().connection.dbapi_connection
    for script in SCRIPTS:
        for sql in (files("server.migrations") / "sql" / script).read_text().split("\n--;\n"):
            dbapi_connection.run_async(lambda driver, sql=sql: driver.execute(sql))
