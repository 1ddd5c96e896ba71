"""Connected stores: sync, webhooks, connecting, privacy requests."""

from server.migrations.operations import enable_tenant_rls, run_scripts

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    run_scripts("stores.sql")
    enable_tenant_rls("store_directory", "connect_attempt", "inbox", "privacy_request")
