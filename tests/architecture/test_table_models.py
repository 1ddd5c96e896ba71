"""The classes of the tables say what the migrated database has: both are asked for their catalogs and compared."""

import asyncpg
import pytest
from sqlalchemy.ext.asyncio import create_async_engine

from server.core.table_model import TableModel
from tests.architecture.metadata import load_metadata
from tests.servers import SharedServers

OF_ALEMBIC = {"alembic_version"}
COLUMNS = """
    SELECT c.relname || '.' || a.attname AS name,
        format_type(a.atttypid, a.atttypmod) || CASE WHEN a.attnotnull THEN ' not null' ELSE '' END
            || CASE WHEN a.attidentity <> '' THEN ' identity ' || a.attidentity::text ELSE '' END AS definition
    FROM pg_attribute AS a JOIN pg_class AS c ON c.oid = a.attrelid
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND a.attnum > 0 AND NOT a.attisdropped
"""
KEYS = """
    SELECT c.relname || ' ' || pg_get_constraintdef(k.oid) AS name, '' AS definition
    FROM pg_constraint AS k JOIN pg_class AS c ON c.oid = k.conrelid
    WHERE k.connamespace = 'public'::regnamespace AND k.contype IN ('p', 'u', 'f')
"""
DEFAULTS = """
    SELECT c.relname || '.' || a.attname AS name, pg_get_expr(d.adbin, d.adrelid) AS definition
    FROM pg_attrdef AS d JOIN pg_class AS c ON c.oid = d.adrelid
    JOIN pg_attribute AS a ON a.attrelid = d.adrelid AND a.attnum = d.adnum
    WHERE c.relnamespace = 'public'::regnamespace
"""
CHECKS = """
    SELECT c.relname || ' ' || pg_get_constraintdef(k.oid) AS name, '' AS definition
    FROM pg_constraint AS k JOIN pg_class AS c ON c.oid = k.conrelid
    WHERE k.connamespace = 'public'::regnamespace AND k.contype = 'c'
"""
INDEXES = """
    SELECT c.relname AS name, pg_get_indexdef(c.oid) AS definition
    FROM pg_index AS i JOIN pg_class AS c ON c.oid = i.indexrelid
    WHERE c.relnamespace = 'public'::regnamespace AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = c.oid)
"""


async def catalog(url: str, query: str) -> dict[str, str]:
    """What a query of the catalogs finds, without the tables of alembic."""
    connection = await asyncpg.connect(url)
    try:
        rows = await connection.fetch(query)
    finally:
        await connection.close()
    found = {row["name"]: row["definition"] for row in rows}
    return {name: text for name, text in found.items() if name.replace(".", " ").split()[0] not in OF_ALEMBIC}


@pytest.fixture(scope="module")
async def databases(servers: SharedServers) -> tuple[str, str]:
    """A database that the migrations made, and one that the classes made."""
    migrated, modelled = await servers.create_database(), await servers.create_database()
    owner = await asyncpg.connect(modelled)
    await owner.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public; CREATE EXTENSION vector SCHEMA public")
    await owner.close()
    engine = create_async_engine(modelled.replace("postgresql://", "postgresql+asyncpg://", 1))
    async with engine.begin() as connection:
        await connection.run_sync(load_metadata().create_all)
    await engine.dispose()
    return migrated, modelled


@pytest.mark.parametrize(
    "query", [COLUMNS, DEFAULTS, KEYS, CHECKS, INDEXES], ids=["columns", "defaults", "keys", "checks", "indexes"]
)
async def test_models_are_the_migrated_database(databases: tuple[str, str], query: str) -> None:
    migrated, modelled = databases
    assert await catalog(modelled, query) == await catalog(migrated, query)


def test_every_table_has_one_class_in_its_feature() -> None:
    tables = load_metadata().tables
    assert len(tables) >= 47
    models = [mapper.class_ for mapper in TableModel._sa_registry.mappers]
    assert sorted(model.__tablename__ for model in models) == sorted(tables)
    assert all(model.__name__.endswith("Row") and model.__module__.endswith(".tables") for model in models)
