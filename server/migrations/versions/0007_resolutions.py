"""Billing per resolution: marks in conversations, conversations that are due, a meter of its own."""

from server.migrations.operations import create_functions, enable_tenant_rls, run_sql_beside

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    create_functions("mark_rating", "mark_request", "note_resolution_due")
    run_sql_beside(__file__)
    enable_tenant_rls("conversation_mark", "resolution_due")
