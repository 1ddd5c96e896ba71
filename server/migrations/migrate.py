"""`aisle migrate`: the app role, the schema and its functions, the role's rights. Safe to run again and while serving.

All of it is one transaction: either everything fits afterwards, or nothing has changed. Only what differs is altered,
so a second run writes nothing, and an owner who is no superuser needs no more rights than the change takes. No lock is
waited for longer than LOCK_TIMEOUT_S, since every question of a shopper would queue behind the wait; between two tries
nothing is locked, so that whoever has the lock can finish.
"""

import asyncio
from importlib.resources import files
from typing import cast

import asyncpg
from alembic import command
from alembic.config import Config
from msgspec import Struct
from sqlalchemy import Connection as SyncConnection
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from server.core.database import Connection, plain_url
from server.core.errors import AisleError, ConfigurationError, DatabaseBusy
from server.core.logging import get_logger
from server.migrations.app_role import prepare_role
from server.migrations.function_files import recreate_functions
from server.migrations.grants import find_misfits, in_words
from server.migrations.prerequisites import require_prerequisites
from server.migrations.revisions import known_revisions, newest_revision

MIGRATION_LOCK = 0x6169736C65  # "aisle": two migrations never run at once
OTHER_MIGRATION_S = 600
"""How long another migration is waited for: nothing is locked meanwhile."""
LOCK_TIMEOUT_S = 0.2
"""Well below the app's own lock_timeout (5 s): a question that queues behind us is answered late, not refused. And well
below the server's deadlock_timeout (1 s): of two that wait for each other it is the migration that ends. With 2 s,
2 of 147 turns of an older version ended as deadlocks while a revision altered four tables."""
LOCK_TRIES = 100
LOCK_PAUSE_S = 1.0
TRIES_A_LINE = 10
_LOCKED = """
    SELECT DISTINCT pid FROM pg_locks JOIN pg_class ON pg_class.oid = relation
    JOIN pg_database ON pg_database.oid = pg_locks.database AND datname = current_database()
    WHERE granted AND pid <> pg_backend_pid() AND relnamespace = 'public'::regnamespace ORDER BY pid LIMIT 5
"""

log = get_logger("migrate")


class MigrationFailed(AisleError):
    """The transaction was rolled back; the text says why."""

    title = "The migration failed"


class Migrated(Struct, frozen=True):
    """The revision that the schema is at now, and whether a newer version had left it there."""

    revision: str
    is_newer: bool = False


async def migrate(owner_url: str, app_role: str, app_password: str | None) -> Migrated:
    """Bring the schema to this version's revision and the app role's rights in line; a newer schema is left as it is.

    With a password the role is made, or its password renewed if it does not open the database; without one it has to
    exist. Raises ConfigurationError when the server or the owner's rights do not suffice, MigrationFailed, and
    DatabaseBusy when a table stays locked; each time nothing has changed.
    """
    engine = create_async_engine(
        plain_url(owner_url).replace("postgresql://", "postgresql+asyncpg://", 1).replace("sslmode=", "ssl=")
    )
    try:
        for attempt in range(1, LOCK_TRIES + 1):
            try:
                async with engine.connect() as connection, connection.begin():
                    return await _migrate(connection, owner_url, app_role, app_password)
            except (asyncpg.PostgresError, DBAPIError) as reason:
                cause = _cause(reason)
                if not isinstance(cause, asyncpg.LockNotAvailableError | asyncpg.DeadlockDetectedError):
                    raise _explained(cause) from reason
                if attempt % TRIES_A_LINE == 1:
                    log.warning("migration_waits_for_lock", attempt=attempt)
            await asyncio.sleep(LOCK_PAUSE_S)
        async with engine.connect() as connection:
            pids = ", ".join(str(pid) for pid in (await connection.execute(text(_LOCKED))).scalars())
    finally:
        await engine.dispose()
    raise DatabaseBusy(
        f"a table stayed locked during {LOCK_TRIES} tries of {LOCK_TIMEOUT_S} s, so nothing was changed; sessions with "
        f"locks now: {pids or 'none'} (see pg_stat_activity). End what has been running for long, or try again later"
    )


async def current_revision(url: str) -> str | None:
    """The revision a database is at, or None when it has no schema."""
    connection = await asyncpg.connect(plain_url(url), timeout=5)
    try:
        return str(await connection.fetchval("SELECT version_num FROM alembic_version"))
    except asyncpg.UndefinedTableError:
        return None
    finally:
        await connection.close()


async def _migrate(connection: AsyncConnection, owner_url: str, role: str, password: str | None) -> Migrated:
    # limits of the owner's own would end a long migration half-way, and a search path of its own would lead astray
    await connection.execute(text("SET LOCAL statement_timeout = 0"))
    driver = cast(Connection, (await connection.get_raw_connection()).driver_connection)
    await driver.execute(
        "SET LOCAL idle_in_transaction_session_timeout = 0; SET LOCAL search_path = public; "
        f"SET LOCAL lock_timeout = '{OTHER_MIGRATION_S}s'"
    )
    await driver.execute("SELECT pg_advisory_xact_lock($1)", MIGRATION_LOCK)
    await driver.execute(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT_S}s'")
    await require_prerequisites(driver)
    found = await _revision(driver)
    if found is not None and found not in known_revisions():
        return Migrated(found, is_newer=True)  # its rights too are for the newer version to settle
    await prepare_role(driver, owner_url, role, password)
    if found != newest_revision():
        await connection.run_sync(_upgrade)
    await recreate_functions(driver)
    await _fit_rights(driver, role)
    return Migrated(newest_revision())


async def _revision(driver: Connection) -> str | None:
    if await driver.fetchval("SELECT to_regclass('public.alembic_version') IS NULL"):
        return None
    found: str | None = await driver.fetchval("SELECT version_num FROM public.alembic_version")
    return found


def _upgrade(connection: SyncConnection) -> None:
    config = Config()
    config.set_main_option("script_location", str(files("server.migrations")))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


async def _fit_rights(driver: Connection, role: str) -> None:
    """Grant what is lacking and revoke what is too much. Raises ConfigurationError when that does not help."""
    misfits = await find_misfits(driver.fetch, role)
    if not misfits:
        return
    quoted = await driver.fetchval("SELECT quote_ident($1)", role)
    for misfit in misfits:
        await driver.execute(misfit.statement(quoted))
    if left := await find_misfits(driver.fetch, role):
        wanted = [misfit for misfit in left if misfit.wanted]
        raise ConfigurationError(
            f"the role {role} cannot be given {in_words(wanted)}; let the owner of the database grant it"
            if wanted
            else f"the role {role} keeps {in_words(left)} by another role or by PUBLIC; revoke it there"
        )


def _cause(reason: BaseException) -> BaseException:
    """The driver's own error."""
    orig = getattr(reason, "orig", None)
    cause: BaseException = getattr(orig, "__cause__", None) or orig or reason
    return cause


def _explained(cause: BaseException) -> BaseException:
    """In one line. What says that the server cannot be used at all stays what it is: the command knows its address."""
    words = " ".join(str(cause).split())
    match cause:
        case asyncpg.InsufficientPrivilegeError():
            return ConfigurationError(f"the role in AISLE_DATABASE_URL may not migrate: {words}; nothing was changed")
        case (
            asyncpg.PostgresConnectionError()
            | asyncpg.CannotConnectNowError()
            | asyncpg.InvalidAuthorizationSpecificationError()
            | asyncpg.InvalidCatalogNameError()
            | asyncpg.TooManyConnectionsError()
        ):
            unusable: BaseException = cause
            return unusable
    code = getattr(cause, "sqlstate", None) or type(cause).__name__
    return MigrationFailed(f"the migration failed, and nothing was changed: {words} ({code})")


def migrate_now(owner_url: str, app_role: str, app_password: str | None) -> Migrated:
    """`migrate` for callers without an event loop."""
    return asyncio.run(migrate(owner_url, app_role, app_password))
