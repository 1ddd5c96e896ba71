"""Billing per resolution: marks of the unhappy, conversations to be looked at, a meter of its own."""

from server.migrations.scripts import run_scripts

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    run_scripts("resolutions.sql")
