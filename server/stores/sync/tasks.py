"""The job that reads a connected store: everything at first and once a day, otherwise what has changed."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from uuid import UUID

from integrations.platform import PlatformRevoked, PlatformUnavailable
from server.catalog.service import Catalog
from server.core.database import Database
from server.core.errors import Unavailable
from server.core.jobs import ClaimedJob, LeaseLost
from server.core.logging import get_logger
from server.knowledge.service import Knowledge
from server.stores.adapters import StoreAdapters
from server.stores.models import StoreConnection
from server.stores.service import StoreService
from server.stores.sync import storage
from server.stores.sync.store_pass import StorePass

FULL_EVERY = timedelta(days=1)
RETRY_S = 30.0
UNEXPECTED_FAILURE = "something in this store could not be understood; it will be tried again"

log = get_logger("stores")


class SyncStore:
    """Handler of the job `stores.sync`, whose payload is {"connection_id": ..., "full": true or false}."""

    def __init__(
        self,
        database: Database,
        stores: StoreService,
        adapters: StoreAdapters,
        catalog: Catalog,
        knowledge: Knowledge,
        webhook_url: Callable[[StoreConnection], str | None],
    ) -> None:
        """`webhook_url` returns the address for a store's webhooks; None for a store that sends none."""
        self._database, self._stores, self._adapters = database, stores, adapters
        self._catalog, self._knowledge, self._webhook_url = catalog, knowledge, webhook_url

    async def __call__(self, job: ClaimedJob) -> None:
        store = await self._stores.find(job.shop_id, UUID(job.payload["connection_id"]))
        if store is None or store.state != "active":
            return await job.finish("done")
        full = bool(job.payload.get("full")) or _is_full_due(store, datetime.now(UTC))
        sync = StorePass(self._database, self._catalog, self._knowledge, store, job, full=full)
        try:
            await sync.run(await self._adapters.get(store), self._webhook_url(store))
        except PlatformRevoked as reason:
            await self._stores.mark_revoked(store.shop_id, store.id, reason)
            await sync.report()
            return await job.finish("failed")
        except PlatformUnavailable as reason:
            log.warning("store_unavailable", connection_id=str(store.id), reason=str(reason))
            await sync.report()
            return await self._postpone(job, store, reason)
        except (LeaseLost, Unavailable):
            raise
        except Exception:  # stored here for the merchant; the job runner logs it
            async with self._database.connection(store.shop_id) as connection:
                await storage.fail_sync(connection, store.shop_id, store.id, UNEXPECTED_FAILURE)
            raise
        return await job.finish("done")

    async def _postpone(self, job: ClaimedJob, store: StoreConnection, reason: PlatformUnavailable) -> None:
        async with self._database.connection(store.shop_id) as connection:
            await storage.fail_sync(connection, store.shop_id, store.id, f"{reason}; it will be tried again")
        if job.is_last_attempt:
            return await job.finish("failed")  # the store's own schedule starts the next job
        return await job.postpone(max(RETRY_S, reason.retry_after_s or 0.0))


def _is_full_due(store: StoreConnection, now: datetime) -> bool:
    return store.synced_at is None or store.full_synced_at is None or now - store.full_synced_at >= FULL_EVERY
