"""The first schema: tenants, catalog, knowledge, conversations, proofs, jobs."""

from server.migrations.scripts import run_scripts

revision = "0001"
down_revision = None


def upgrade() -> None:
    run_scripts("tables.sql", "search.sql", "security.sql")
