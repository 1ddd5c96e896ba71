"""What a migration needs before it begins: the server's version, pgvector, a schema it may write, the tables' owner."""

import asyncpg

from server.core.database import Connection
from server.core.errors import ConfigurationError

LEAST_POSTGRES = 15
LEAST_VECTOR = (0, 8)
"""`hnsw.iterative_scan` (decisions/0002) came with it."""


async def require_prerequisites(driver: Connection) -> None:
    """Create the extension where it is missing. Raises ConfigurationError, with what to do, for anything else."""
    number = int(await driver.fetchval("SELECT current_setting('server_version_num')"))
    if number // 10_000 < LEAST_POSTGRES:
        raise ConfigurationError(
            f"the database is PostgreSQL {number // 10_000}; Aisle needs {LEAST_POSTGRES} or newer: upgrade it"
        )
    if await driver.fetchval("SELECT pg_is_in_recovery() OR current_setting('transaction_read_only')::bool"):
        raise ConfigurationError("the database takes no writes: name the primary in AISLE_DATABASE_URL")
    [facts] = await driver.fetch(
        "SELECT current_user AS me, quote_ident(current_user) AS quoted, current_database() AS database, "
        "has_schema_privilege('public', 'CREATE') AS may_create, pg_get_userbyid(relowner) AS owner, "
        "coalesce(pg_has_role(relowner, 'USAGE'), true) AS is_owner "
        "FROM (SELECT) AS one LEFT JOIN pg_class ON pg_class.oid = to_regclass('public.shop')"
    )
    if not facts["is_owner"]:
        raise ConfigurationError(
            f"Aisle's tables belong to {facts['owner']}, and the role in AISLE_DATABASE_URL is {facts['me']}: "
            "migrate as their owner"
        )
    if not facts["may_create"]:
        raise ConfigurationError(
            f"the role {facts['me']} may not make tables in the schema public; as an administrator run: "
            f"GRANT CREATE ON SCHEMA public TO {facts['quoted']}"
        )
    await _require_vector(driver, facts["database"])


async def _require_vector(driver: Connection, database: str) -> None:
    found = await driver.fetchrow(
        "SELECT extversion, extnamespace::regnamespace::text AS schema FROM pg_extension WHERE extname = 'vector'"
    )
    if found is None:
        if not await driver.fetchval("SELECT true FROM pg_available_extensions WHERE name = 'vector'"):
            raise ConfigurationError("the database server has no pgvector; install its package, then migrate again")
        try:
            await driver.execute("CREATE EXTENSION vector SCHEMA public")
        except asyncpg.InsufficientPrivilegeError:
            raise ConfigurationError(
                "the extension vector is missing and the role in AISLE_DATABASE_URL may not make it; as an "
                f"administrator run in the database {database}: CREATE EXTENSION vector SCHEMA public"
            ) from None
        return await _require_vector(driver, database)
    if found["schema"] != "public":
        raise ConfigurationError(
            f"the extension vector is in the schema {found['schema']}; as an administrator run: "
            "ALTER EXTENSION vector SET SCHEMA public"
        )
    if tuple(int(part) for part in found["extversion"].split(".")[:2]) < LEAST_VECTOR:
        raise ConfigurationError(
            f"the extension vector is {found['extversion']}; Aisle needs 0.8 or newer: install its package, then run "
            "ALTER EXTENSION vector UPDATE"
        )
    return None
