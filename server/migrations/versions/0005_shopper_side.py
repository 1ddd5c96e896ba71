"""What shoppers' conversations gained: pictures, hand-offs that are timed, shoppers who were forgotten, reports."""

from server.migrations.operations import enable_tenant_rls, run_sql_beside

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    run_sql_beside(__file__)
    enable_tenant_rls("picture", "forgotten_shopper", "widget_report")
