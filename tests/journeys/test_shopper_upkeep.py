"""What the worker takes away by itself of what shoppers left."""

import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass

import asyncpg
import pytest
import pytest_asyncio
from redis.asyncio import Redis

from server.chat.conversations.erasure.service import ErasedShoppers
from server.chat.conversations.presence import Presence
from server.chat.shopper_limits import ShopperLimits
from server.chat.turns.stream_store import StreamStore
from server.core.crypto import Vault, app_role_password
from server.core.database import Database, url_for_role
from server.core.rate_limit import RateLimiter
from server.embedded import EmbeddedServers
from server.privacy.service import Privacy
from tests.installation import Installation, ShopAccess
from tests.journeys.test_shopper_pictures import allow_pictures, uploaded
from tests.pictures import encoded


@dataclass
class Worker:
    """The worker's side, beside the running installation."""

    privacy: Privacy
    database: Database
    owner: asyncpg.Connection

    async def count(self, table: str, conversation_id: str) -> int:
        column = "id" if table == "conversation" else "conversation_id"
        query = f"SELECT count(*) FROM {table} WHERE {column} = $1::uuid"
        return int(await self.owner.fetchval(query, conversation_id))

    async def is_due(self, shop_id: uuid.UUID) -> bool:
        return shop_id in await self.privacy.list_shops_to_tidy()


@pytest_asyncio.fixture(loop_scope="session")
async def worker(installation: Installation) -> AsyncIterator[Worker]:
    secret = (installation.data_dir / "secret.key").read_text().strip()
    database = Database(url_for_role(installation.owner_url, "aisle_app", app_role_password(secret)), pool_size=2)
    await database.open()
    owner = await asyncpg.connect(installation.owner_url)
    with EmbeddedServers(installation.data_dir) as servers:
        redis = Redis.from_url(servers.redis_url)
        privacy = Privacy(
            database,
            Vault((secret,)),
            StreamStore(redis),
            Presence(redis),
            ErasedShoppers(database),
            ShopperLimits(RateLimiter(redis)),
            (secret,),
        )
        yield Worker(privacy, database, owner)
        await redis.aclose()
    await owner.close()
    await database.close()


@pytest.fixture
def shop(installation: Installation) -> ShopAccess:
    made = installation.create_shop("Leftovers", installation.base_url)
    allow_pictures(installation, made)
    return made


async def test_pictures_that_were_never_sent_go_after_a_day(
    installation: Installation, shop: ShopAccess, worker: Worker
) -> None:
    shop_id = uuid.UUID(shop.shop_id)
    silent, fresh, talking = (installation.shopper(shop) for _ in range(3))
    for shopper in (silent, fresh, talking):
        uploaded(shopper, encoded())
    talking.show(uploaded(talking, encoded())["id"], text="hello")
    await worker.privacy.tidy(shop_id)
    assert await worker.count("picture", silent.conversation_id) == 1, "a day has not passed"
    for shopper in (silent, talking):
        query = "UPDATE picture SET created_at = now() - interval '25 hours' WHERE conversation_id = $1::uuid"
        await worker.owner.execute(query, shopper.conversation_id)
    assert await worker.is_due(shop_id)
    await worker.privacy.tidy(shop_id)
    assert not await worker.is_due(shop_id)
    assert await worker.count("conversation", silent.conversation_id) == 0
    assert await worker.count("picture", fresh.conversation_id) == 1
    assert await worker.count("picture", talking.conversation_id) == 1
    assert len(talking.history()["messages"]) == 2


async def test_a_conversation_that_slipped_through_is_erased(
    installation: Installation, shop: ShopAccess, worker: Worker
) -> None:
    shop_id = uuid.UUID(shop.shop_id)
    shopper, neighbour = installation.shopper(shop), installation.shopper(shop)
    shopper.ask("hello")
    neighbour.ask("hello")
    await worker.owner.execute(
        "INSERT INTO forgotten_shopper (shop_id, shopper_id) SELECT shop_id, shopper_id FROM conversation "
        "WHERE id = $1::uuid",
        shopper.conversation_id,
    )
    assert await worker.is_due(shop_id)
    await worker.privacy.tidy(shop_id)
    assert await worker.count("conversation", shopper.conversation_id) == 0
    assert await worker.count("message", neighbour.conversation_id) == 2


async def test_old_names_and_reports_go(installation: Installation, shop: ShopAccess, worker: Worker) -> None:
    shop_id = uuid.UUID(shop.shop_id)
    shopper = installation.shopper(shop)
    report = {"kind": "buffered_stream"}
    shopper.client.post(f"/v1/chat/{shopper.conversation_id}/reports", json=report).raise_for_status()
    shopper.client.delete("/v1/chat").raise_for_status()
    for table, column in (("widget_report", "last_at"), ("forgotten_shopper", "forgotten_at")):
        query = f"UPDATE {table} SET {column} = now() - interval '40 days' WHERE shop_id = $1"
        assert await worker.owner.execute(query, shop_id) == "UPDATE 1"
    assert await worker.is_due(shop_id)
    await worker.privacy.tidy(shop_id)
    for table in ("widget_report", "forgotten_shopper"):
        assert await worker.owner.fetchval(f"SELECT count(*) FROM {table} WHERE shop_id = $1", shop_id) == 0
