"""What a worker does on its own schedule: stem words again, delete proofs and counters that have expired."""

from server.migrations.operations import create_functions, run_sql_beside

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    create_functions("passage_language")
    run_sql_beside(__file__)
