"""Money in the counters, when a merchant wants to be notified, closed periods."""

from server.migrations.operations import enable_tenant_rls, run_sql_beside

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    run_sql_beside(__file__)
    enable_tenant_rls("billing_alert", "billing_statement")
