"""Additions to shoppers' conversations: pictures, times of hand-offs, shoppers who were erased, widget reports."""

from server.migrations.operations import enable_tenant_rls, run_sql_beside

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    run_sql_beside(__file__)
    enable_tenant_rls("picture", "forgotten_shopper", "widget_report")
