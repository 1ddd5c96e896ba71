"""The job that processes the inbox: what changed is read from the store, so order, repeats and delays do not matter."""

from datetime import timedelta
from uuid import UUID

from integrations.platform import (
    CatalogChanged,
    Disconnected,
    ErasureRequested,
    ExportRequested,
    OrderChanged,
    PlatformRevoked,
    PlatformUnavailable,
    PoliciesChanged,
    RemovedProduct,
    ShopErasureRequested,
)
from server.catalog.service import Catalog
from server.core.database import Database
from server.core.errors import Invalid
from server.core.jobs import ClaimedJob
from server.core.logging import get_logger
from server.privacy.service import Privacy
from server.stores.adapters import StoreAdapters
from server.stores.models import StoreConnection, source_of
from server.stores.service import StoreService
from server.stores.sync.storage import list_products_of_variants
from server.stores.sync.store_pass import write_items
from server.webhooks import storage
from server.webhooks.models import RELOADABLE, PendingChange

log = get_logger("webhooks")

AT_ONCE = 200
"""Changes processed together; a product that changed several times is read once."""
MANY_PRODUCTS = 100
"""Beyond this many products one pass over the changed ones costs less than a request for each."""
UNCLEAR_WITHIN = timedelta(minutes=10)
"""A platform that does not say which products changed often says so many times; one pass covers them all."""
RETRY_S = 5.0
GONE = "The store has withdrawn Aisle's access. Connect it again to continue."


class ProcessChanges:
    """Handler of `stores.changes`: processes all pending changes in a shop's inbox."""

    def __init__(
        self, database: Database, stores: StoreService, adapters: StoreAdapters, catalog: Catalog, privacy: Privacy
    ) -> None:
        self._database, self._stores, self._adapters = database, stores, adapters
        self._catalog, self._privacy = catalog, privacy

    async def __call__(self, job: ClaimedJob) -> None:
        while pending := await self._list_pending(job.shop_id):
            for store_id in dict.fromkeys(each.store_id for each in pending):
                of_store = [each for each in pending if each.store_id == store_id]
                try:
                    await self._process(job.shop_id, store_id, of_store)
                except PlatformUnavailable as reason:
                    return await job.postpone(max(RETRY_S, reason.retry_after_s or 0.0))
                except PlatformRevoked as reason:
                    await self._stores.mark_revoked(job.shop_id, store_id, reason)
                async with self._database.connection(job.shop_id) as connection:
                    reloaded = [each.id for each in of_store if isinstance(each.change, RELOADABLE)]
                    others = [each.id for each in of_store if not isinstance(each.change, RELOADABLE)]
                    await storage.finish_entries(connection, job.shop_id, done=others, deleted=reloaded)
            await job.renew()
        return await job.finish("done")

    async def _list_pending(self, shop_id: UUID) -> list[PendingChange]:
        async with self._database.connection(shop_id) as connection:
            return await storage.list_pending_changes(connection, shop_id, AT_ONCE)

    async def _process(self, shop_id: UUID, store_id: UUID, pending: list[PendingChange]) -> None:
        for each in pending:
            try:
                await self._apply(shop_id, each)
            except Invalid as reason:  # one malformed request must not stop those behind it
                log.warning("change_refused", connection_id=str(store_id), reason=reason.detail)
        changes = [each.change for each in pending]
        store = await self._stores.find(shop_id, store_id)
        if store is None or store.state != "active":
            return
        catalog = [change for change in changes if isinstance(change, CatalogChanged)]
        references = list(dict.fromkeys(change.reference for change in catalog if change.reference))
        is_unclear = any(change.reference is None for change in catalog)
        if any(isinstance(change, PoliciesChanged) for change in changes) or len(references) > MANY_PRODUCTS:
            await self._stores.schedule_sync(store, full=False)
        elif is_unclear:
            await self._stores.schedule_sync(store, full=True, within=UNCLEAR_WITHIN)
        if len(references) <= MANY_PRODUCTS:
            await self._read(store, references)

    async def _apply(self, shop_id: UUID, pending: PendingChange) -> None:
        """Apply a change that is not read from the store. Two jobs of a shop may process the same one at a time."""
        store_id = pending.store_id
        match pending.change:
            case Disconnected():
                await self._stores.mark_revoked(shop_id, store_id, PlatformRevoked(GONE))
            case ErasureRequested(person=person):
                await self._privacy.erase(shop_id, person, f"connection:{store_id}", request_id=pending.id)
            case ExportRequested(person=person):
                await self._privacy.export(shop_id, person, f"connection:{store_id}", request_id=pending.id)
            case ShopErasureRequested():
                await self._privacy.erase_store(shop_id, store_id, request_id=pending.id)
            case CatalogChanged() | OrderChanged() | PoliciesChanged():
                pass  # an order is cached for a minute at most; the rest is read below

    async def _read(self, store: StoreConnection, references: list[str]) -> None:
        platform = await self._adapters.get(store)
        found = [await platform.fetch_product(reference) for reference in references]
        items = [item for item in found if item is not None]
        gone = [item.external_id for item in items if isinstance(item, RemovedProduct)]
        for parent in await self._list_products_with(store, gone):
            item = await platform.fetch_product(parent)
            items += [item] if item else []
        await write_items(self._database, self._catalog, store, items)

    async def _list_products_with(self, store: StoreConnection, gone: list[str]) -> list[str]:
        """The stored products of which these ids are variants: what has gone may have been one, and says no more of
        whose it was."""
        async with self._database.connection(store.shop_id) as connection:
            return await list_products_of_variants(connection, store.shop_id, source_of(store.id), gone)
