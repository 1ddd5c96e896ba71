"""Documents know their file."""

from server.migrations.operations import run_scripts

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    run_scripts("document_files.sql")
