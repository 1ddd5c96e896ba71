"""Billing per resolution: marks of the unhappy, conversations to be looked at, a meter of its own."""

from server.migrations.operations import create_functions, enable_tenant_rls, run_scripts

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    create_functions("mark_rating", "mark_request", "note_resolution_due")
    run_scripts("resolutions.sql")
    enable_tenant_rls("conversation_mark", "resolution_due")
