"""`aisle migrate`: the schema, then the app role and its rights. Safe to run twice and while the app serves."""

import asyncio
from importlib.resources import files
from typing import Any

import asyncpg
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import create_async_engine

from server.core.database import plain_url
from server.core.errors import ConfigurationError

MIGRATION_LOCK = 0x6169736C65  # "aisle": two migrations never run at once
_RIGHTS = """
    GRANT USAGE ON SCHEMA public TO {role};
    GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role};
    REVOKE ALL ON alembic_version FROM {role};
    GRANT SELECT ON alembic_version TO {role};
    REVOKE UPDATE, DELETE ON usage_entry, billing_statement, conversation_mark FROM {role};
    GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA public TO {role};
"""


async def migrate(owner_url: str, app_role: str, app_password: str | None) -> str:
    """Bring the schema to its newest revision and give the app role its rights; the revision reached.

    With a password the role is made (or its password renewed); without one it has to exist. Raises
    ConfigurationError when the owner may not do what a migration needs.
    """
    engine = create_async_engine(
        plain_url(owner_url).replace("postgresql://", "postgresql+asyncpg://", 1).replace("sslmode=", "ssl=")
    )
    try:
        async with engine.connect() as connection:
            # the first of two migrations running at once makes the extension and the tables, the other waits
            await connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": MIGRATION_LOCK})
            await connection.execute(text("CREATE EXTENSION IF NOT EXISTS vector"))
            await connection.commit()
            await connection.run_sync(_upgrade)
            await connection.commit()
            raw = (await connection.get_raw_connection()).driver_connection
            await _grant(raw, app_role, app_password)
            await connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": MIGRATION_LOCK})
            await connection.commit()
    except asyncpg.InsufficientPrivilegeError as reason:
        raise ConfigurationError(f"the role in AISLE_DATABASE_URL may not migrate: {reason}") from None
    finally:
        await engine.dispose()
    return newest_revision()


def newest_revision() -> str:
    """The revision this code needs."""
    return str(ScriptDirectory.from_config(_config()).get_current_head())


async def current_revision(url: str) -> str | None:
    """The revision a database is at, or None when it has no schema."""
    connection = await asyncpg.connect(plain_url(url), timeout=5)
    try:
        return str(await connection.fetchval("SELECT version_num FROM alembic_version"))
    except asyncpg.UndefinedTableError:
        return None
    finally:
        await connection.close()


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(files("server.migrations")))
    config.set_main_option("path_separator", "os")
    return config


def _upgrade(connection: Connection) -> None:
    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


async def _grant(connection: Any, role: str, password: str | None) -> None:
    if password:
        exists = await connection.fetchval("SELECT true FROM pg_roles WHERE rolname = $1", role)
        verb = "ALTER" if exists else "CREATE"
        await connection.execute(f"{verb} ROLE {role} LOGIN NOSUPERUSER NOBYPASSRLS PASSWORD '{password}'")
    await connection.execute(_RIGHTS.format(role=role))


def migrate_now(owner_url: str, app_role: str, app_password: str | None) -> str:
    """`migrate` for callers without an event loop."""
    return asyncio.run(migrate(owner_url, app_role, app_password))
