"""Connected stores: sync, webhooks, connecting, privacy requests."""

from server.migrations.scripts import run_scripts

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    run_scripts("stores.sql")
