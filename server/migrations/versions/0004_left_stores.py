"""Stores that a shop had earlier: privacy requests about them still arrive."""

from server.migrations.operations import enable_tenant_rls, run_sql_beside

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    run_sql_beside(__file__)
    enable_tenant_rls("left_store")
