"""${message}"""

from server.migrations.operations import enable_tenant_rls, run_sql_beside

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}


def upgrade() -> None:
    run_sql_beside(__file__)
    enable_tenant_rls()
