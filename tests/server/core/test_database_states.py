"""States of Postgres that pass: each by its code, through both doors, by a real server's error."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import asyncpg
import pytest
from sqlalchemy import text

from server.core.connection_budget import (
    MAX_CONNECTIONS,
    MIN_CONNECTIONS,
    RESERVED_CONNECTIONS,
    Budget,
    connections_per_process,
    read_budget,
)
from server.core.database import Database
from server.core.errors import (
    ConfigurationError,
    DatabaseAway,
    DatabaseBusy,
    DatabaseExhausted,
    DatabaseFull,
    DatabaseReadOnly,
)
from server.core.ids import new_id
from tests.servers import APP_ROLE, SharedServers, app_url

STATES = {
    "55P03": DatabaseBusy,
    "55006": DatabaseBusy,
    "57014": DatabaseBusy,
    "40001": DatabaseBusy,
    "40P01": DatabaseBusy,
    "25P03": DatabaseBusy,
    "25006": DatabaseReadOnly,
    "53100": DatabaseFull,
    "53000": DatabaseExhausted,
    "53200": DatabaseExhausted,
    "53300": DatabaseExhausted,
    "53400": DatabaseExhausted,
    "57P03": DatabaseAway,
}
MISTAKES = ("23505", "42P01", "XX000", "22012")
Ask = Callable[[Database, str], Any]


async def ask_slow(database: Database, sql: str) -> None:
    async with database.global_session() as session:
        await session.exec(text(sql))  # type: ignore[call-overload]


async def ask_fast(database: Database, sql: str) -> None:
    async with database.connection(new_id()) as connection:
        await connection.execute(sql)


async def ask_unscoped(database: Database, sql: str) -> None:
    await database.fetch(sql)


DOORS = (ask_slow, ask_fast, ask_unscoped)


@pytest.fixture(scope="module")
async def owner_url(servers: SharedServers) -> str:
    return await servers.create_database()


@pytest.fixture
async def database(owner_url: str) -> AsyncIterator[Database]:
    database = Database(app_url(owner_url), pool_size=1)
    await database.open()
    yield database
    await database.close()


def raising(sqlstate: str) -> str:
    return f"DO $$ BEGIN RAISE EXCEPTION 'provoked' USING ERRCODE = '{sqlstate}'; END $$"


@pytest.mark.parametrize("door", DOORS)
async def test_each_state_has_its_error(database: Database, door: Ask) -> None:
    for sqlstate, error in STATES.items():
        with pytest.raises(DatabaseAway) as raised:
            await door(database, raising(sqlstate))
        assert type(raised.value) is error, sqlstate
        assert raised.value.status == 503
        assert raised.value.retry_after_s
    await door(database, "SELECT 1")


@pytest.mark.parametrize("door", DOORS)
async def test_a_mistake_of_ours_is_none_of_them(database: Database, door: Ask) -> None:
    for sqlstate in MISTAKES:
        with pytest.raises(Exception, match="provoked") as raised:
            await door(database, raising(sqlstate))
        assert not isinstance(raised.value, DatabaseAway), sqlstate


@pytest.mark.parametrize("door", DOORS[:2])
async def test_a_connection_to_a_server_that_takes_no_writes_is_given_up(database: Database, door: Ask) -> None:
    """The pool has one, so what comes next would meet it again."""
    await door(database, "SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY")
    write = "CREATE TEMPORARY TABLE mine () ON COMMIT DROP"
    with pytest.raises(DatabaseReadOnly):
        await door(database, "DELETE FROM outbox WHERE false")
    await door(database, write)


async def test_a_look_at_a_server_that_takes_no_writes_gives_its_connection_up(database: Database) -> None:
    await ask_fast(database, "SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY")
    with pytest.raises(DatabaseReadOnly, match="takes no writes"):
        await database.ping()
    await database.ping()


@pytest.mark.parametrize("door", DOORS[:2])
async def test_a_plan_that_a_migration_made_invalid(owner_url: str, database: Database, door: Ask) -> None:
    """Nothing of ours selects with a star, but a view or a function may change what a prepared statement gives."""
    owner = await asyncpg.connect(owner_url)
    name = f"plan_{new_id().hex}"
    await owner.execute(f"CREATE TABLE {name} (a integer); GRANT SELECT ON {name} TO {APP_ROLE}")

    async def ask() -> None:
        if door is ask_slow:
            await door(database, f"SELECT * FROM {name}")
            return
        async with database.connection(new_id()) as connection:
            await connection.fetch(f"SELECT * FROM {name}")

    try:
        await ask()
        await owner.execute(f"ALTER TABLE {name} ADD COLUMN b integer")
        with pytest.raises(DatabaseBusy):
            await ask()
        await ask()
    finally:
        await owner.execute(f"DROP TABLE {name}")
        await owner.close()


async def test_a_process_claims_what_it_may_take(owner_url: str, database: Database) -> None:
    other = Database(app_url(owner_url), pool_size=5)
    before = await read_budget(database.fetch)
    await other.open()
    try:
        with_other = await read_budget(database.fetch)
    finally:
        await other.close()
    assert with_other.claimed - before.claimed == 10
    assert with_other.allowed == before.allowed
    async with asyncio.timeout(20):
        while (await read_budget(database.fetch)).claimed != before.claimed:
            pass


@pytest.mark.parametrize(
    ("free", "processes", "wanted", "share"),
    [
        (100, 1, None, MAX_CONNECTIONS),
        (100, 7, None, 14),
        (100, 2, 30, 30),
        (MAX_CONNECTIONS, 1, None, MAX_CONNECTIONS),
        (4 * MIN_CONNECTIONS, 4, None, MIN_CONNECTIONS),
    ],
)
def test_connections_are_shared_out(free: int, processes: int, wanted: int | None, share: int) -> None:
    budget = Budget(allowed=free + RESERVED_CONNECTIONS + 20, claimed=13, foreign=7)
    assert connections_per_process(budget, processes=processes, wanted=wanted) == share


@pytest.mark.parametrize(("free", "processes", "wanted"), [(100, 26, None), (100, 5, 21), (0, 1, None)])
def test_what_does_not_fit_is_refused(free: int, processes: int, wanted: int | None) -> None:
    budget = Budget(allowed=free + RESERVED_CONNECTIONS, claimed=0, foreign=0)
    with pytest.raises(
        ConfigurationError, match=f"{processes} processes .* need more than the database has left: of {free + 6}"
    ):
        connections_per_process(budget, processes=processes, wanted=wanted)
