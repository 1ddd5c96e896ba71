"""Working through the inbox: each change is looked up at its source, so order, repeats and lateness do not matter."""

from datetime import timedelta
from uuid import UUID

from integrations.platform import (
    CatalogChanged,
    Disconnected,
    ErasureAsked,
    ExportAsked,
    OrderChanged,
    PlatformChange,
    PlatformRevoked,
    PlatformUnavailable,
    PoliciesChanged,
    ShopErasureAsked,
)
from server.catalog.service import Catalog
from server.core.database import Database
from server.core.errors import Invalid
from server.core.jobs import ClaimedJob
from server.core.logging import get_logger
from server.privacy.service import Privacy
from server.stores import storage
from server.stores.models import Arrived, StoreConnection
from server.stores.platforms import Platforms
from server.stores.service import Stores
from server.stores.sync import write_items
from server.webhooks.deduplication import LOOK_AGAIN

log = get_logger("webhooks")

AT_ONCE = 200
"""Changes worked through together; a product that changed many times is read once."""
MANY_PRODUCTS = 100
"""From here on a pass over what has changed costs less than asking for each."""
UNCLEAR_WITHIN = timedelta(minutes=10)
"""A platform that does not say what has changed often says so many times; one pass answers them all."""
RETRY_S = 5.0
GONE = "The store has taken Aisle's access away. Connect it again to go on."


class ProcessChanges:
    """Handler of `stores.changes`: everything that waits in a shop's inbox."""

    def __init__(
        self, database: Database, stores: Stores, platforms: Platforms, catalog: Catalog, privacy: Privacy
    ) -> None:
        self._database, self._stores, self._platforms = database, stores, platforms
        self._catalog, self._privacy = catalog, privacy

    async def __call__(self, job: ClaimedJob) -> None:
        while arrived := await self._waiting(job.shop_id):
            for connection_id in dict.fromkeys(each.connection_id for each in arrived):
                of_store = [each for each in arrived if each.connection_id == connection_id]
                try:
                    await self._work(job.shop_id, connection_id, [each.change for each in of_store])
                except PlatformUnavailable as reason:
                    return await job.postpone(max(RETRY_S, reason.retry_after_s or 0.0))
                except PlatformRevoked as reason:
                    await self._stores.note_revoked(job.shop_id, connection_id, reason)
                async with self._database.connection(job.shop_id) as connection:
                    passing = [each.id for each in of_store if isinstance(each.change, LOOK_AGAIN)]
                    kept = [each.id for each in of_store if not isinstance(each.change, LOOK_AGAIN)]
                    await storage.mark_done(connection, job.shop_id, kept, forget=passing)
            await job.renew()
        return await job.finish("done")

    async def _waiting(self, shop_id: UUID) -> list[Arrived]:
        async with self._database.connection(shop_id) as connection:
            return await storage.waiting(connection, shop_id, AT_ONCE)

    async def _work(self, shop_id: UUID, connection_id: UUID, changes: list[PlatformChange]) -> None:
        for change in changes:
            try:
                await self._note(shop_id, connection_id, change)
            except Invalid as reason:  # one that makes no sense must not stop those behind it
                log.warning("change_refused", connection_id=str(connection_id), reason=reason.detail)
        async with self._database.connection(shop_id) as connection:
            store = await storage.find_connection(connection, shop_id, connection_id)
        if store is None or store.state != "active":
            return
        catalog = [change for change in changes if isinstance(change, CatalogChanged)]
        references = list(dict.fromkeys(change.reference for change in catalog if change.reference))
        is_unclear = any(change.reference is None for change in catalog)
        if any(isinstance(change, PoliciesChanged) for change in changes) or len(references) > MANY_PRODUCTS:
            await self._schedule(store, full=False)
        elif is_unclear:
            await self._schedule(store, full=True, within=UNCLEAR_WITHIN)
        if len(references) <= MANY_PRODUCTS:
            await self._read(store, references)

    async def _note(self, shop_id: UUID, connection_id: UUID, change: PlatformChange) -> None:
        match change:
            case Disconnected():
                await self._stores.note_revoked(shop_id, connection_id, PlatformRevoked(GONE))
            case ErasureAsked(person=person):
                await self._privacy.erase(shop_id, person, asked_by=f"connection:{connection_id}")
            case ExportAsked(person=person):
                await self._privacy.export(shop_id, person, asked_by=f"connection:{connection_id}")
            case ShopErasureAsked():
                await self._privacy.erase_store(shop_id, connection_id)
            case CatalogChanged() | OrderChanged() | PoliciesChanged():
                pass  # orders are asked for anew within a minute anyway; the rest is read below

    async def _read(self, store: StoreConnection, references: list[str]) -> None:
        platform = await self._platforms.of(store)
        found = [await platform.product(reference) for reference in references]
        items = [item for item in found if item is not None]
        await write_items(self._database, self._catalog, store, items)

    async def _schedule(self, store: StoreConnection, *, full: bool, within: timedelta = timedelta()) -> None:
        async with self._database.connection(store.shop_id) as connection:
            await storage.schedule_sync(connection, store.shop_id, store.id, full=full, within=within)
