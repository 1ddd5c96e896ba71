"""Connected stores: sync, webhooks, connecting, privacy requests."""

from server.migrations.operations import enable_tenant_rls, run_sql_beside

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    run_sql_beside(__file__)
    enable_tenant_rls("store_directory", "connect_attempt", "inbox", "privacy_request")
