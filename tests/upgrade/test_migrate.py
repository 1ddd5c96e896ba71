"""`aisle migrate` by an owner who is no superuser: first, again, as an upgrade, and where it cannot."""

from typing import Any

import asyncpg
import pytest

from server.core.crypto import app_role_password
from server.core.database import LOCK_TIMEOUT_MS
from server.core.errors import ConfigurationError, DatabaseBusy
from server.migrations import migrate as migration
from server.migrations.fit import examine_fit
from server.migrations.function_files import load_functions
from server.migrations.migrate import migrate
from server.migrations.revisions import known_revisions, newest_revision
from tests.servers import SharedServers
from tests.upgrade.conftest import SECRET_KEY, House, made_house

DEADLOCK_TIMEOUT_MS = 1000
"""The server's own, unless an administrator changes it."""
PASSWORD = app_role_password(SECRET_KEY)
CATALOGS = {
    "tables": "SELECT oid, relname, relowner, relacl::text, xmin::text FROM pg_class "
    "WHERE relnamespace = 'public'::regnamespace",
    "columns": "SELECT attrelid, attname, atttypid, attnotnull, attacl::text FROM pg_attribute "
    "WHERE attrelid IN (SELECT oid FROM pg_class WHERE relnamespace = 'public'::regnamespace)",
    "functions": "SELECT oid, proname, proacl::text, md5(prosrc), xmin::text FROM pg_proc "
    "WHERE pronamespace = 'public'::regnamespace",
    "policies": "SELECT oid, polname, xmin::text FROM pg_policy",
    "triggers": "SELECT oid, tgname, xmin::text FROM pg_trigger",
    "schemas": "SELECT nspname, nspacl::text, xmin::text FROM pg_namespace",
    "database": "SELECT datacl::text FROM pg_database WHERE datname = current_database()",
    "roles": "SELECT rolname, rolpassword, xmin::text FROM pg_authid WHERE rolname LIKE current_database() || '%'",
    "revision": "SELECT version_num, xmin::text FROM alembic_version",
}

OURS = (
    "NOT EXISTS (SELECT FROM pg_depend WHERE classid = 'pg_proc'::regclass AND objid = pg_proc.oid AND deptype = 'e')"
)
DEFINITIONS = {
    "columns": "SELECT relname, attname, format_type(atttypid, atttypmod), attnotnull, attidentity::text, "
    "attstorage::text, pg_get_expr(adbin, adrelid) FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid "
    "LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum "
    "WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND attnum > 0",
    "constraints": "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint "
    "WHERE connamespace = 'public'::regnamespace",
    "indexes": "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'",
    "policies": "SELECT tablename, policyname, cmd, qual FROM pg_policies WHERE schemaname = 'public'",
    "functions": f"SELECT pg_get_functiondef(oid) FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND {OURS}",
    "triggers": "SELECT tgrelid::regclass::text, pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal",
}


async def catalogs(house: House) -> dict[str, set[Any]]:
    """Everything a migration may write, with the transaction that wrote it last. Statistics that the server keeps by
    itself are written in place, so they change no xmin."""
    async with house.admin() as admin:
        return {name: {tuple(row) for row in await admin.fetch(query)} for name, query in CATALOGS.items()}


async def definitions(house: House) -> dict[str, set[Any]]:
    """The schema as the server writes it, without the names of roles."""
    async with house.admin() as admin:
        return {name: {tuple(row) for row in await admin.fetch(query)} for name, query in DEFINITIONS.items()}


async def test_a_first_run_and_a_second_that_writes_nothing(house: House) -> None:
    await migrate(house.url, house.app_role, PASSWORD)
    before = await catalogs(house)
    migrated = await migrate(house.url, house.app_role, PASSWORD)
    assert (migrated.revision, migrated.is_newer) == (newest_revision(), False)
    assert await catalogs(house) == before
    async with house.database() as database:
        fit = await examine_fit(database)
    assert (fit.found, fit.misfits) == (newest_revision(), ())


async def test_a_new_secret_key_renews_the_password_and_nothing_else(house: House) -> None:
    await migrate(house.url, house.app_role, app_role_password("another key of at least 32 characters"))
    before = await catalogs(house)
    await migrate(house.url, house.app_role, PASSWORD)
    after = await catalogs(house)
    assert before.pop("roles") != after.pop("roles")
    assert after == before
    async with house.database() as database:
        await database.ping()


async def test_rights_that_were_lost_and_rights_that_are_too_many_are_mended(house: House) -> None:
    await migrate(house.url, house.app_role, PASSWORD)
    async with house.admin() as admin:
        await admin.execute(f"REVOKE SELECT ON picture FROM {house.app_role}")
        await admin.execute(f"GRANT UPDATE, TRUNCATE ON usage_entry TO {house.app_role}")
        await admin.execute("REVOKE EXECUTE ON FUNCTION shops_to_sync() FROM PUBLIC")
    async with house.database() as database:
        fit = await examine_fit(database)
        assert {str(misfit) for misfit in fit.misfits} == {
            "SELECT on picture",
            "UPDATE on usage_entry",
            "TRUNCATE on usage_entry",
            "EXECUTE on shops_to_sync()",
        }
        await migrate(house.url, house.app_role, PASSWORD)
        assert (await examine_fit(database)).misfits == ()


async def test_functions_are_those_of_their_files(house: House) -> None:
    await migrate(house.url, house.app_role, PASSWORD)
    async with house.admin() as admin:
        found = await admin.fetch(
            "SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND proowner = $1::regrole",
            house.owner,
        )
    assert sorted(row["proname"] for row in found) == sorted(load_functions())


async def test_a_function_that_differs_gets_the_text_of_its_file(house: House) -> None:
    await migrate(house.url, house.app_role, PASSWORD)
    before = await catalogs(house)
    async with house.admin() as admin:
        await admin.execute(
            "CREATE OR REPLACE FUNCTION shops_to_sync() RETURNS SETOF uuid LANGUAGE sql STABLE SECURITY DEFINER "
            "SET search_path = pg_catalog, public AS 'SELECT id FROM public.shop'; "
            "GRANT EXECUTE ON FUNCTION search_passages TO PUBLIC"
        )
    await migrate(house.url, house.app_role, PASSWORD)
    after = await catalogs(house)
    assert {row[1:4] for row in after["functions"]} == {row[1:4] for row in before["functions"]}


async def test_an_owner_who_may_not_make_roles_and_a_role_that_is_there(plain_house: House) -> None:
    house = plain_house
    with pytest.raises(ConfigurationError, match=r"may not make the role .* CREATEROLE, or .* AISLE_APP_DATABASE_URL"):
        await migrate(house.url, house.app_role, PASSWORD)
    with pytest.raises(ConfigurationError, match="does not exist; as an administrator run: CREATE ROLE"):
        await migrate(house.url, house.app_role, None)
    async with house.admin() as admin:
        assert await admin.fetchval("SELECT to_regclass('public.shop') IS NULL"), "half of a migration was kept"
        await admin.execute(f"CREATE ROLE {house.app_role} LOGIN PASSWORD 'of its own'")
    with pytest.raises(ConfigurationError, match="may not set the password of the role"):
        await migrate(house.url, house.app_role, PASSWORD)
    await migrate(house.url, house.app_role, None)
    before = await catalogs(house)
    await migrate(house.url, house.app_role, None)
    assert await catalogs(house) == before


async def test_an_extension_that_is_missing(bare_house: House) -> None:
    with pytest.raises(ConfigurationError, match=r"as an administrator run in the database .* CREATE EXTENSION"):
        await migrate(bare_house.url, bare_house.app_role, PASSWORD)


async def test_another_owner_than_before(house: House, plain_house: House) -> None:
    await migrate(house.url, house.app_role, PASSWORD)
    stranger = house.url.replace(house.owner, plain_house.owner)
    with pytest.raises(ConfigurationError, match=f"tables belong to {house.owner}.* migrate as their owner"):
        await migrate(stranger, house.app_role, PASSWORD)


async def test_a_database_that_takes_no_writes(house: House) -> None:
    async with house.admin() as admin:
        await admin.execute(f"ALTER ROLE {house.owner} SET default_transaction_read_only = on")
    with pytest.raises(ConfigurationError, match="takes no writes"):
        await migrate(house.url, house.app_role, PASSWORD)


async def test_a_schema_of_a_newer_version_is_left_alone(house: House) -> None:
    await migrate(house.url, house.app_role, PASSWORD)
    async with house.admin() as admin:
        await admin.execute("UPDATE alembic_version SET version_num = '9999'")
        await admin.execute(f"CREATE TABLE newer (); GRANT SELECT ON newer TO {house.app_role}")
    before = await catalogs(house)
    migrated = await migrate(house.url, house.app_role, PASSWORD)
    assert (migrated.revision, migrated.is_newer) == ("9999", True)
    assert await catalogs(house) == before


async def test_a_table_that_stays_locked_ends_the_command(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    await migrate(house.url, house.app_role, PASSWORD)
    monkeypatch.setattr(migration, "LOCK_TRIES", 2)
    monkeypatch.setattr(migration, "LOCK_TIMEOUT_S", 0.05)
    monkeypatch.setattr(migration, "LOCK_PAUSE_S", 0.0)
    async with house.admin() as admin, admin.transaction():
        await admin.execute("LOCK TABLE alembic_version")
        pid = admin.get_server_pid()
        with pytest.raises(DatabaseBusy, match=f"locks now: {pid} .* or try again later"):
            await migrate(house.url, house.app_role, PASSWORD)
    await migrate(house.url, house.app_role, PASSWORD)


async def test_a_migration_waits_less_for_a_lock_than_a_question(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """So a question that queues behind it is answered late and not refused, and none is the victim of a deadlock."""
    timeouts = []
    fits = migration._fit_rights

    async def spying(driver: Any, role: str) -> None:
        timeouts.append(await driver.fetchval("SHOW lock_timeout"))
        await fits(driver, role)

    monkeypatch.setattr(migration, "_fit_rights", spying)
    await migrate(house.url, house.app_role, PASSWORD)
    assert timeouts == [f"{migration.LOCK_TIMEOUT_S * 1000:g}ms"]
    assert min(LOCK_TIMEOUT_MS, DEADLOCK_TIMEOUT_MS) > 2 * 1000 * migration.LOCK_TIMEOUT_S


async def test_a_failure_at_the_end_leaves_nothing(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fail(driver: Any, _role: str) -> None:
        await driver.execute("SELECT nothing_of_the_kind")

    monkeypatch.setattr(migration, "_fit_rights", fail)
    with pytest.raises(migration.MigrationFailed, match=r"nothing was changed: column .* \(42703\)"):
        await migrate(house.url, house.app_role, PASSWORD)
    async with house.admin() as admin:
        assert await admin.fetchval("SELECT to_regclass('public.shop') IS NULL")
        assert not await admin.fetchval("SELECT true FROM pg_roles WHERE rolname = $1", house.app_role)


def test_revisions_are_those_of_alembic() -> None:
    from importlib.resources import files

    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(files("server.migrations")))
    config.set_main_option("path_separator", "os")
    scripts = ScriptDirectory.from_config(config)
    assert known_revisions() == tuple(reversed([script.revision for script in scripts.walk_revisions()]))


async def test_a_dump_of_revision_0008_with_data_is_upgraded(house: House) -> None:
    await house.restore("0008")
    owner = await asyncpg.connect(house.url)
    counted = "SELECT (SELECT count(*) FROM message), (SELECT count(*) FROM turn), (SELECT count(*) FROM passage)"
    rows = tuple(await owner.fetchrow(counted))
    assert min(rows) > 0
    await migrate(house.url, house.app_role, PASSWORD)
    before = await catalogs(house)
    await migrate(house.url, house.app_role, PASSWORD)
    assert await catalogs(house) == before
    assert tuple(await owner.fetchrow(counted)) == rows
    await owner.close()
    async with house.database() as database:
        fit = await examine_fit(database)
    assert (fit.found, fit.misfits) == (newest_revision(), ())


async def test_an_upgraded_installation_has_the_schema_of_a_new_one(house: House, servers: SharedServers) -> None:
    await house.restore("0008")
    await migrate(house.url, house.app_role, PASSWORD)
    async with made_house(servers, "CREATEROLE") as new:
        await migrate(new.url, new.app_role, PASSWORD)
        assert await definitions(house) == await definitions(new)
