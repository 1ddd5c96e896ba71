"""A store that sends webhooks, the inbox they come to, and a worker that is asked to work by the test."""

from collections.abc import Awaitable, Callable
from typing import Any, cast
from uuid import UUID

import msgspec
from redis.asyncio import Redis

from integrations.platform import CatalogItem
from server.catalog.service import Catalog
from server.core.crypto import Vault
from server.core.database import Database
from server.core.ids import new_id
from server.core.jobs import JobService, claim
from server.core.rate_limit import Limit, RateLimiter
from server.embedded.standins.woocommerce.hooks import signature
from server.privacy.service import Privacy
from server.shops.service import ShopService
from server.stores.adapters import StoreAdapters
from server.stores.models import NewStore
from server.stores.platforms.woocommerce import WooCommerce
from server.stores.service import StoreService
from server.stores.webhook_source import WebhookDelivery
from server.webhooks.deduplication import NEW_CHANGES, REPEATS_S, Deduplicator
from server.webhooks.service import Inbox
from server.webhooks.tasks import ProcessChanges

SECRET = "hook-secret"


class WatchedStore:
    """Implements what `ProcessChanges` asks of a platform. `state` is the store, `copy` what was seen of it last."""

    def __init__(self) -> None:
        self.state: dict[str, int] = {}
        self.copy: dict[str, int] = {}
        self.asked = 0
        self.on_asked: Callable[[str], Awaitable[None]] | None = None

    async def fetch_product(self, reference: str) -> CatalogItem | None:
        self.asked += 1
        self.copy[reference] = self.state[reference]
        if self.on_asked:
            await self.on_asked(reference)
        return None

    async def close(self) -> None:
        return None


class Post:
    """One shop with one connected WooCommerce store."""

    def __init__(self, database: Database, redis: Redis, limit: Limit = NEW_CHANGES) -> None:
        self.database, self.store, self.now_s = database, WatchedStore(), 4_000_000_000.0
        vault = Vault(("a-test-secret-of-more-than-32-characters",))
        self.jobs = JobService(database, self._wake)
        self.shops = ShopService(database, vault)
        self.stores = StoreService(database, vault, self.shops, self.jobs)
        deduplicator = Deduplicator(RateLimiter(redis), lambda: self.now_s, limit)
        self.inbox = Inbox(database, vault, self.stores, self._wake, deduplicator)
        adapters = StoreAdapters(database, vault, lambda *_: cast(Any, self.store))
        self.handler = ProcessChanges(database, self.stores, adapters, cast(Catalog, None), cast(Privacy, None))
        self._deliveries = 0

    async def open(self) -> None:
        """Connect."""
        self.shop_id = (await self.shops.create("Post", ())).shop_id
        made = NewStore(
            platform="woocommerce",
            name="post",
            settings={"store": f"https://{new_id()}.example"},
            credentials={"webhook_secret": SECRET},
            every_s=None,
        )
        self.connection_id = (await self.stores.connect(self.shop_id, made, "test")).id

    async def deliver(self, body: bytes, *, topic: str = "product.updated") -> None:
        """A signed body under a delivery id that was never there."""
        self._deliveries += 1
        headers = {
            "x-wc-webhook-topic": topic,
            "x-wc-webhook-signature": signature(body, SECRET),
            "x-wc-webhook-delivery-id": f"made-up-{self._deliveries}",
        }
        assert WooCommerce.webhooks
        delivery = WebhookDelivery(headers=headers, body=body)
        await self.inbox.receive_for_store(WooCommerce.webhooks, str(self.connection_id), delivery)

    async def work(self) -> None:
        """Run every job of the shop that is due."""
        while True:
            due = await self._fetch("SELECT job_id FROM outbox WHERE shop_id = $1 AND due_at <= now()")
            claimed = [await claim(self.database, self.shop_id, row["job_id"]) for row in due]
            jobs = [job for job in claimed if job is not None]
            if not jobs:
                return
            for job in jobs:
                await self.handler(job)

    async def pass_minutes(self, minutes: float = 1.0) -> None:
        """Let what was put off fall due."""
        self.now_s += minutes * REPEATS_S
        for table, column in (("inbox", "received_at"), ("outbox", "due_at")):
            async with self.database.connection(self.shop_id) as connection:
                await connection.execute(f"UPDATE {table} SET {column} = now() WHERE shop_id = $1", self.shop_id)

    async def rows(self) -> list[Any]:
        """The changes in the inbox."""
        found = await self._fetch("SELECT change FROM inbox WHERE shop_id = $1 ORDER BY id")
        return [msgspec.json.decode(row["change"]) for row in found]

    async def due_at(self) -> list[float]:
        """When the changes that were put off fall due, in Unix seconds."""
        found = await self._fetch(
            "SELECT received_at FROM inbox WHERE shop_id = $1 AND received_at > now() ORDER BY received_at"
        )
        return [row["received_at"].timestamp() for row in found]

    async def _fetch(self, query: str) -> list[Any]:
        async with self.database.connection(self.shop_id) as connection:
            return list(await connection.fetch(query, self.shop_id))

    async def _wake(self, _shop_id: UUID, _job_id: UUID) -> None:
        """The test asks for the work itself."""
