"""Tenancy in the migrated database itself: every table of a shop, however it was created, shows one shop's rows."""

from collections.abc import AsyncIterator

import asyncpg
import pytest

from tests.servers import SharedServers

OF_NO_SHOP = {"outbox"}
"""Ids only, which one sweep reads over all shops."""
KEYED_FROM_OUTSIDE = {"key_directory", "origin_directory", "store_directory", "connect_attempt", "payment_customer"}
"""Their key is what comes in from outside, before any shop is known."""
ONE_SHOP = "({column} = (NULLIF(current_setting('app.shop_id'::text, true), ''::text))::uuid)"
TENANT_TABLES = """
    SELECT c.relname AS name FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND a.attname = 'shop_id'
    UNION SELECT 'shop'
"""
KEYS = """
    SELECT c.conname AS name, a.attname AS first FROM pg_constraint AS c
    JOIN pg_attribute AS a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1]
    WHERE c.conrelid = to_regclass($1) AND c.contype IN ('p', 'u')
"""


@pytest.fixture(scope="module")
async def owner(servers: SharedServers) -> AsyncIterator[asyncpg.Connection]:
    """A migrated database, as its owner."""
    connection = await asyncpg.connect(await servers.create_database())
    yield connection
    await connection.close()


async def tenant_tables(owner: asyncpg.Connection) -> set[str]:
    return {row["name"] for row in await owner.fetch(TENANT_TABLES)} - OF_NO_SHOP


async def test_the_tables_of_a_shop_are_found(owner: asyncpg.Connection) -> None:
    assert {"shop", "attempt", "passage", "passage_frequency", "subscription"} <= await tenant_tables(owner)
    await owner.execute("CREATE TABLE added_later (shop_id uuid PRIMARY KEY)")
    try:
        assert "added_later" in await tenant_tables(owner)
        assert not await policies(owner, "added_later")
    finally:
        await owner.execute("DROP TABLE added_later")


async def policies(owner: asyncpg.Connection, table: str) -> set[str]:
    """The conditions of the policies that bind every statement on this table."""
    rows = await owner.fetch(
        "SELECT p.qual FROM pg_policies AS p JOIN pg_class AS c ON c.oid = to_regclass(p.tablename) "
        "WHERE p.schemaname = 'public' AND p.tablename = $1 AND p.cmd = 'ALL' AND c.relrowsecurity",
        table,
    )
    return {row["qual"] for row in rows}


async def test_every_table_of_a_shop_has_row_level_security(owner: asyncpg.Connection) -> None:
    for table in sorted(await tenant_tables(owner)):
        wanted = ONE_SHOP.format(column="id" if table == "shop" else "shop_id")
        assert await policies(owner, table) == {wanted}, (
            f"{table}: enable_tenant_rls (migrations/operations.py) is missing"
        )


async def test_every_key_of_a_shops_table_leads_with_the_shop(owner: asyncpg.Connection) -> None:
    for table in sorted(await tenant_tables(owner) - KEYED_FROM_OUTSIDE - {"shop"}):
        keys = {row["name"]: row["first"] for row in await owner.fetch(KEYS, table)}
        assert keys, f"{table} has no key"
        assert set(keys.values()) == {"shop_id"}, f"{table}: {keys}"
