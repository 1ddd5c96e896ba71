"""Evidence: the units of documents, and the vectors of units of products."""

from server.migrations.operations import enable_tenant_rls, run_sql_beside

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    run_sql_beside(__file__)
    enable_tenant_rls("evidence_unit", "product_unit_vector")
