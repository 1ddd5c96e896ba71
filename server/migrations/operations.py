"""What revisions are written with: the SQL file beside each, functions it needs early, row-level security."""

from pathlib import Path
from typing import Any

from alembic import op

from server.migrations.function_files import load_functions


def run_sql_beside(revision_file: str) -> None:
    """Run the SQL file that has the name of this revision's module."""
    _execute(Path(revision_file).with_suffix(".sql").read_text())


def create_functions(*names: str) -> None:
    """Create these functions of `functions/` before the others, because the revision itself uses them.

    They get today's text, as `recreate_functions` gives it to all of them after the last revision.
    """
    functions = load_functions()
    for name in names:
        _execute(functions[name])


def enable_tenant_rls(*tables: str, policy: str = "one_shop", column: str = "shop_id") -> None:
    """Let the app role see and write only the rows of the shop that its transaction names in `app.shop_id`.

    Every table with a `shop_id` needs it; `tests/architecture/test_tenant_tables.py` finds those without. It is the
    second wall behind `shop_id = $1` in every statement (decisions/0002). Row-level security is enabled and not
    forced: the tables' owner migrates, the app connects as a role that owns nothing. Without a shop the setting is
    null or empty, and no row is visible.
    """
    for table in tables:
        _execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        _execute(
            f"CREATE POLICY {policy} ON {table} "
            f"USING ({column} = nullif(current_setting('app.shop_id', true), '')::uuid)"
        )


def _execute(sql: str) -> None:
    """Run one or more statements through the driver itself: they contain $$-quoted functions and percent signs."""
    op.execute("SELECT 1")  # SQLAlchemy begins its transaction with the first statement it sees
    dbapi_connection: Any = op.get_bind().connection.dbapi_connection
    dbapi_connection.run_async(lambda driver: driver.execute(sql))
