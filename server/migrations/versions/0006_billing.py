"""Plans, quotas, the usage ledger, payments."""

from server.migrations.scripts import run_scripts

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    run_scripts("billing.sql")
