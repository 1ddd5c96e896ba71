"""What the worker looks after by itself: words stemmed again, proofs and counters that have expired."""

from server.migrations.operations import run_scripts

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    run_scripts("upkeep.sql")
