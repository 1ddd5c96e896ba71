"""The second wall: with every filter of the code taken away, the database still shows one shop only."""

import asyncio
import uuid

import asyncpg
import pytest

from server.core.crypto import app_role_password
from server.core.database import Database, url_for_role
from server.core.errors import ConfigurationError
from tests.installation import Installation


@pytest.fixture(scope="module")
def owner_url(installation: Installation) -> str:
    return installation.owner_url


@pytest.fixture(scope="module")
def app_url(installation: Installation, owner_url: str) -> str:
    secret = (installation.data_dir / "secret.key").read_text().strip()
    return url_for_role(owner_url, "aisle_app", app_role_password(secret))


def shop_tables(rows: list[asyncpg.Record]) -> list[str]:
    return [row["table_name"] for row in rows]


async def test_without_a_filter_only_the_own_shop_is_seen(
    installation: Installation, owner_url: str, app_url: str
) -> None:
    mine = installation.create_shop("Mine", "https://mine.example")
    installation.shopper().ask("What is your return policy?")  # so that the demo shop has every kind of row
    owner = await asyncpg.connect(owner_url)
    app = await asyncpg.connect(app_url)
    try:
        tables = shop_tables(
            await owner.fetch(
                "SELECT table_name FROM information_schema.columns WHERE column_name = 'shop_id' "
                "AND table_schema = 'public' AND table_name NOT IN ('outbox', 'key_directory', 'origin_directory')"
            )
        )
        assert len(tables) > 15
        for table in tables:
            async with app.transaction():
                await app.execute(f"SET LOCAL app.shop_id = '{uuid.UUID(mine.shop_id)}'")
                leaked = await app.fetchval(
                    f"SELECT count(*) FROM {table} WHERE shop_id <> $1", uuid.UUID(mine.shop_id)
                )
            assert leaked == 0, table
            assert await app.fetchval(f"SELECT count(*) FROM {table}") == 0, f"{table} is readable without a shop"
        foreign = await owner.fetchval("SELECT count(*) FROM message WHERE shop_id <> $1", uuid.UUID(mine.shop_id))
        assert foreign > 0, "the owner sees other shops' rows, so the test above could fail"
    finally:
        await owner.close()
        await app.close()


async def test_writing_into_another_shop_is_refused(installation: Installation, app_url: str) -> None:
    mine = installation.create_shop("Writer of mine", "https://w.example")
    theirs = uuid.UUID(installation.demo_shop.shop_id)
    app = await asyncpg.connect(app_url)
    try:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with app.transaction():
                await app.execute(f"SET LOCAL app.shop_id = '{uuid.UUID(mine.shop_id)}'")
                await app.execute(
                    "INSERT INTO shop_origin (shop_id, origin) VALUES ($1, 'https://evil.example')", theirs
                )
        async with app.transaction():
            await app.execute(f"SET LOCAL app.shop_id = '{uuid.UUID(mine.shop_id)}'")
            assert await app.execute("UPDATE product SET title = 'stolen'") == "UPDATE 0"
            assert await app.execute("DELETE FROM conversation") == "DELETE 0"
    finally:
        await app.close()


async def test_the_owner_is_refused_as_the_app(owner_url: str) -> None:
    database = Database(owner_url)
    with pytest.raises(ConfigurationError, match="row-level security"):
        await database.open()
    await database.close()


async def test_interleaved_shops_never_mix(installation: Installation, app_url: str) -> None:
    shops = [installation.create_shop(f"Mixed {number}", "https://m.example") for number in range(3)]
    database = Database(app_url, pool_size=2)
    await database.open()

    async def read(shop_id: uuid.UUID) -> set[uuid.UUID]:
        async with database.connection(shop_id) as connection:
            return {row["id"] for row in await connection.fetch("SELECT id FROM shop WHERE true")}

    try:
        wanted = [uuid.UUID(shops[number % 3].shop_id) for number in range(120)]
        seen = await asyncio.gather(*(read(shop_id) for shop_id in wanted))
        assert all(found == {shop_id} for found, shop_id in zip(seen, wanted, strict=True))
    finally:
        await database.close()
