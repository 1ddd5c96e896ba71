"""Privacy requests that two jobs of a shop process at a time, or that are processed again after a worker was killed.

The record of an erasure says what was deleted altogether, and no export outlives the erasure of its person.
"""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any, cast
from uuid import UUID

import asyncpg
import pytest
from redis.asyncio import Redis

from integrations.platform import ErasureRequested, ExportRequested, NamedPerson, PlatformChange
from server.catalog.service import Catalog
from server.chat.conversations.erasure.service import ErasedShoppers
from server.chat.conversations.presence import Presence
from server.chat.shopper_limits import ShopperLimits
from server.chat.turns.stream_store import StreamStore
from server.core.crypto import Vault
from server.core.database import Database
from server.core.errors import NotFound
from server.core.ids import new_id
from server.core.jobs import ClaimedJob, JobService, claim, enqueue
from server.core.rate_limit import RateLimiter
from server.privacy.models import PrivacyRecord
from server.privacy.service import Privacy
from server.shops.service import ShopService
from server.stores.adapters import StoreAdapters
from server.stores.service import StoreService
from server.webhooks import storage
from server.webhooks.models import InboxEntry
from server.webhooks.service import CHANGES
from server.webhooks.tasks import ProcessChanges
from tests.servers import SharedServers, app_url
from tests.waiting import await_that_async

SECRET = "a-test-secret-of-more-than-32-characters"
EMAIL = "wanda@post.example"
PERSON = NamedPerson(customer_id="77", email=EMAIL, order_numbers=())
HELD = 4_711
"""The advisory lock that an export waits for before it is stored, while a test holds it."""
HOLD_EXPORTS = f"""
    CREATE FUNCTION hold_export() RETURNS trigger LANGUAGE plpgsql AS
        $$BEGIN PERFORM pg_advisory_xact_lock_shared({HELD}); RETURN NEW; END$$;
    CREATE TRIGGER hold_export BEFORE INSERT ON privacy_request FOR EACH ROW
        WHEN (NEW.kind = 'export') EXECUTE FUNCTION hold_export();
"""


@dataclass
class Inbox:
    """The inbox of one shop with one conversation of two messages, and the job that processes it."""

    database: Database
    owner: asyncpg.Connection
    privacy: Privacy
    handler: ProcessChanges
    shop_id: UUID
    connection_id: UUID

    async def add(self, change: PlatformChange, key: str = "") -> UUID:
        """A change that has arrived; the id of its entry, if it is new."""
        entry = InboxEntry(key or new_id().hex, change)
        entry_id = new_id()
        async with self.database.connection(self.shop_id) as connection:
            await storage.create_entry(
                connection, self.shop_id, entry, entry_id=entry_id, store_id=self.connection_id, topic="privacy"
            )
        return entry_id

    async def claim_job(self) -> ClaimedJob:
        """A job of the shop that a worker has begun."""
        async with self.database.connection(self.shop_id) as connection:
            job_id = await enqueue(connection, self.shop_id, CHANGES, {})
        job = await claim(self.database, self.shop_id, job_id)
        assert job
        return job

    async def begin(self) -> "asyncio.Task[None]":
        """Process the inbox as a worker does, beside the test."""
        return asyncio.create_task(self.handler(await self.claim_job()))

    async def count_waiting(self) -> int:
        """How many transactions of this database wait for a lock."""
        await self.owner.execute("SELECT pg_stat_clear_snapshot()")
        query = (
            "SELECT count(*) FROM pg_stat_activity "
            "WHERE datname = current_database() AND wait_event_type = 'Lock' AND state = 'active'"
        )
        return int(await self.owner.fetchval(query))

    async def await_waiting(self, number: int, unless: "asyncio.Task[None] | None" = None) -> None:
        """Until so many transactions wait for a lock, or until this task is over."""

        async def look() -> bool:
            return bool(unless and unless.done()) or await self.count_waiting() >= number

        await await_that_async(look, f"{number} that wait for a lock")

    async def records(self, kind: str) -> list[PrivacyRecord]:
        return [each for each in await self.privacy.records(self.shop_id) if each.kind == kind]


@pytest.fixture(scope="module")
async def own_url(servers: SharedServers) -> str:
    """A database of this file alone: others would wait for locks in the shared one."""
    url = await servers.create_database()
    owner = await asyncpg.connect(url)
    await owner.execute(HOLD_EXPORTS)
    await owner.close()
    return url


@pytest.fixture
async def owner(own_url: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(own_url)
    yield connection
    await connection.close()


@pytest.fixture
async def inbox(own_url: str, owner: asyncpg.Connection, redis: Redis) -> AsyncIterator[Inbox]:
    database, vault = Database(app_url(own_url)), Vault((SECRET,))
    await database.open()

    async def notify(_shop_id: UUID, _job_id: UUID) -> None:
        """The test begins the jobs itself."""

    shops = ShopService(database, vault)
    stores = StoreService(database, vault, shops, JobService(database, notify))
    privacy = Privacy(
        database,
        vault,
        StreamStore(redis),
        Presence(redis),
        ErasedShoppers(database),
        ShopperLimits(RateLimiter(redis)),
        (SECRET,),
    )
    no_adapters = StoreAdapters(database, vault, lambda *_: cast(Any, None))
    handler = ProcessChanges(database, stores, no_adapters, cast(Catalog, None), privacy)
    shop_id, conversation_id = (await shops.create("Twice", ())).shop_id, new_id()
    await owner.execute(
        "INSERT INTO conversation (shop_id, id, shopper_id, customer_email, last_seq) VALUES ($1, $2, $3, $4, 2)",
        shop_id,
        conversation_id,
        new_id(),
        EMAIL,
    )
    for seq, author in ((1, "shopper"), (2, "assistant")):
        await owner.execute(
            "INSERT INTO message (shop_id, conversation_id, id, seq, author, parts) VALUES ($1, $2, $3, $4, $5, '[]')",
            shop_id,
            conversation_id,
            new_id().hex,
            seq,
            author,
        )
    yield Inbox(database, owner, privacy, handler, shop_id, new_id())
    await database.close()


async def test_two_jobs_at_a_time_make_one_record_of_an_erasure(inbox: Inbox) -> None:
    """The second job was enqueued for the request while the first, for another delivery, was still running."""
    await inbox.add(ErasureRequested(PERSON))
    async with inbox.owner.transaction():
        await inbox.owner.execute("SELECT FROM conversation WHERE shop_id = $1 FOR UPDATE", inbox.shop_id)
        jobs = [await inbox.begin(), await inbox.begin()]
        await inbox.await_waiting(2)
    await asyncio.gather(*jobs)
    [record] = await inbox.records("erase")
    assert (record.counts["conversations"], record.counts["messages"]) == (1, 2)


async def test_a_request_that_is_processed_again_keeps_its_record(inbox: Inbox) -> None:
    """A worker was killed after the erasure and before it marked the request as done."""
    await inbox.add(ErasureRequested(PERSON))
    [row] = await inbox.owner.fetch("SELECT id, change FROM inbox WHERE shop_id = $1", inbox.shop_id)
    for _ in range(2):
        await inbox.handler(await inbox.claim_job())
        query = "UPDATE inbox SET done_at = NULL, change = $3 WHERE shop_id = $1 AND id = $2"
        await inbox.owner.execute(query, inbox.shop_id, row["id"], row["change"])
    [record] = await inbox.records("erase")
    assert (record.counts["conversations"], record.counts["messages"]) == (1, 2)


async def test_a_request_that_is_delivered_again_while_it_is_processed_is_done_once(inbox: Inbox) -> None:
    change = ErasureRequested(PERSON)
    await inbox.add(change, "delivery-1")
    async with inbox.owner.transaction():
        await inbox.owner.execute("SELECT FROM conversation WHERE shop_id = $1 FOR UPDATE", inbox.shop_id)
        job = await inbox.begin()
        await inbox.await_waiting(1)
        await inbox.add(change, "delivery-1")
    await job
    [record] = await inbox.records("erase")
    assert record.counts["messages"] == 2


async def test_an_export_that_is_gathered_meanwhile_does_not_outlive_the_erasure(inbox: Inbox) -> None:
    await inbox.add(ExportRequested(PERSON))
    async with inbox.owner.transaction():
        await inbox.owner.execute(f"SELECT pg_advisory_xact_lock({HELD})")
        exporting = await inbox.begin()
        await inbox.await_waiting(1)
        erasing = asyncio.create_task(inbox.privacy.erase(inbox.shop_id, PERSON, "merchant"))
        await inbox.await_waiting(2, unless=cast(Any, erasing))
    await asyncio.gather(exporting, erasing)
    [export] = await inbox.records("export")
    assert export.counts["messages"] == 2
    [erasure] = await inbox.records("erase")
    assert (erasure.counts["messages"], erasure.counts["exports"]) == (2, 1)
    with pytest.raises(NotFound):
        await inbox.privacy.read_export(inbox.shop_id, export.id)
