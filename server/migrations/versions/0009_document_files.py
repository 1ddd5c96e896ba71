"""Documents know their file."""

from server.migrations.scripts import run_scripts

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    run_scripts("document_files.sql")
