"""The first schema: tenants, catalog, knowledge, conversations, proofs, jobs."""

from server.migrations.operations import enable_tenant_rls, run_sql_beside

revision = "0001"
down_revision = None


def upgrade() -> None:
    run_sql_beside(__file__)
    enable_tenant_rls("shop", column="id")
    enable_tenant_rls("member", "api_key", "shop_origin", "audit_entry", "connection", "product", "knowledge_source")
    enable_tenant_rls("document", "conversation", "message", "turn", "feedback", "proof", "one_time_code", "attempt")
    enable_tenant_rls("job", "upload", "idempotency_key")
    enable_tenant_rls("key_directory", policy="own_keys")
    enable_tenant_rls("origin_directory", policy="own_origins")
    for table in ("passage", "passage_statistics", "passage_frequency"):
        enable_tenant_rls(table, policy=f"{table}_shop")
