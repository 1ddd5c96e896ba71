"""Products that the merchant has hidden from the assistant."""

from server.migrations.operations import run_sql_beside

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    run_sql_beside(__file__)
