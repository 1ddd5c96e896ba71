"""Money in the counters, what a merchant wants to be told, closed periods."""

from server.migrations.operations import enable_tenant_rls, run_sql_beside

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    run_sql_beside(__file__)
    enable_tenant_rls("billing_alert", "billing_statement")
