"""Plans, quotas, the usage ledger, payments."""

from server.migrations.operations import enable_tenant_rls, run_sql_beside

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    run_sql_beside(__file__)
    enable_tenant_rls("subscription", "payment_customer", "payment_event", "quota_period", "quota_reservation")
    enable_tenant_rls("usage_entry", "meter_batch", "metered_entry", "billing_notice")
