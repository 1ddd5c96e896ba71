"""What shoppers' conversations gained: pictures, hand-offs that are timed, shoppers who were forgotten, reports."""

from server.migrations.scripts import run_scripts

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    run_scripts("shoppers.sql")
