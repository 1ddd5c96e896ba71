"""Billing per resolution: marks of the unhappy, conversations to be looked at, a meter of its own."""

from server.migrations.operations import enable_tenant_rls, run_scripts

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    run_scripts("resolutions.sql")
    enable_tenant_rls("conversation_mark", "resolution_due")
