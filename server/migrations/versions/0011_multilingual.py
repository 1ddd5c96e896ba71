"""A second vector of each passage, in one space for all languages, and the words that shops know."""

from server.migrations.operations import enable_tenant_rls, run_sql_beside

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    run_sql_beside(__file__)
    enable_tenant_rls("passage_compound", policy="passage_compound_shop")
