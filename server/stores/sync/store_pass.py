"""One pass over a connected store: everything it has, or what has changed since the last pass.

An item whose content is stored already is not written again, so a pass that was interrupted can be repeated from the
start. Only a full pass that reached its end deletes what it did not find, and only products and pages of its own store.
"""

import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import msgspec

from integrations.platform import (
    CatalogItem,
    PagesUnreadable,
    PlatformError,
    PlatformRevoked,
    PlatformUnavailable,
    PolicyPage,
    Product,
    RefusedProduct,
    RemovedProduct,
    ShopPlatform,
)
from server.catalog.service import Catalog
from server.core.database import Database
from server.core.jobs import ClaimedJob
from server.knowledge.document_import import IncomingFile
from server.knowledge.models import DocumentsResult, FailedFile
from server.knowledge.service import Knowledge
from server.stores.models import FailedItem, StoreConnection, SyncResult, SyncSummary, source_of
from server.stores.sync import storage

BATCH = 256
OVERLAP = timedelta(minutes=5)
"""Every pass reads this much of the time before the last one again: clocks differ, and platforms index a change some
time after it."""
MAX_FAILED_KEPT = 1_000
MAX_PAGES = 500
MAX_PRODUCTS = 250_000
OF_ANOTHER_STORE = "another store or your own system already has a product with this id"


class StorePass:
    """One pass over one store; `job` is renewed and shows its progress."""

    def __init__(
        self,
        database: Database,
        catalog: Catalog,
        knowledge: Knowledge,
        store: StoreConnection,
        job: ClaimedJob,
        *,
        full: bool,
    ) -> None:
        self._database, self._catalog, self._knowledge = database, catalog, knowledge
        self._store, self._job, self._source = store, job, source_of(store.id)
        self._began, self._started = datetime.now(UTC), time.monotonic()
        self.result = SyncResult(full=full)

    async def run(self, platform: ShopPlatform, webhook_url: str | None) -> None:
        """Register webhooks at `webhook_url`, if any, then read products and pages.

        Raises PlatformError; what was written by then stays.
        """
        shop_id, result = self._store.shop_id, self.result
        async with self._database.connection(shop_id) as connection:
            await storage.begin_sync(connection, shop_id, self._store.id)
        if webhook_url:
            await self._register_webhooks(platform, webhook_url)
        since = None if result.full or not self._store.synced_at else self._store.synced_at - OVERLAP
        await self._read_products(platform, since)
        if result.full:
            await self._delete_stale_products()
        self.result.notes = platform.take_notes()
        try:
            await self._read_pages(platform)
        except PagesUnreadable as reason:
            self.result.notes += (str(reason),)
        if result.created or result.updated or result.removed:
            await self._catalog.settle(shop_id)
        await self._end()

    async def report(self) -> None:
        """Store the counts so far in the job, where the merchant can follow them."""
        self.result.seconds = round(time.monotonic() - self._started, 2)
        failed = [msgspec.to_builtins(item) for item in self.result.failed]
        await self._job.save_progress(self.result.read, None, failed, msgspec.structs.asdict(_summary(self.result)))

    async def _register_webhooks(self, platform: ShopPlatform, webhook_url: str) -> None:
        """Register webhooks. A failure is only reported: without them the next pass finds the changes, later."""
        try:
            self.result.mended = await platform.ensure_webhooks(webhook_url)
        except PlatformRevoked:
            raise
        except PlatformError as reason:
            self.result.mended = (f"the store will not report its changes: {reason}",)

    async def _read_products(self, platform: ShopPlatform, since: datetime | None) -> None:
        batch: list[CatalogItem] = []
        async for item in platform.fetch_products(since):
            batch.append(item)
            if len(batch) >= BATCH:
                await self._write(batch)
                batch = []
        await self._write(batch)

    async def _write(self, batch: list[CatalogItem]) -> None:
        counts = await write_items(self._database, self._catalog, self._store, batch)
        result = self.result
        result.read += len(batch)
        if result.read > MAX_PRODUCTS:
            raise PlatformUnavailable(f"the store reports more than {MAX_PRODUCTS:,} products")
        result.created += counts.created
        result.updated += counts.updated
        result.unchanged += counts.unchanged
        result.removed += counts.removed
        result.failed += counts.failed[: MAX_FAILED_KEPT - len(result.failed)]
        await self.report()

    async def _delete_stale_products(self) -> None:
        shop_id = self._store.shop_id
        while True:
            async with self._database.connection(shop_id) as connection:
                ids = await storage.list_stale_products(connection, shop_id, self._source, self._began, BATCH)
                self.result.removed += await storage.delete_products(connection, shop_id, self._source, ids)
            if not ids:
                return
            await self._job.renew()

    async def _read_pages(self, platform: ShopPlatform) -> None:
        shop_id, prefix = self._store.shop_id, f"{self._store.platform}:{self._store.settings.get('store', '')}:"
        pages = {f"{prefix}{page.external_id}": page for page in (await platform.fetch_policies())[:MAX_PAGES]}

        async def files() -> AsyncIterator[IncomingFile | FailedFile]:
            for external_id, page in pages.items():
                yield _page_file(external_id, page)

        async def report(result: DocumentsResult) -> None:
            self.result.pages = result.read
            await self.report()

        read = await self._knowledge.import_files(shop_id, files(), self._source, report)
        for failed in read.failed:
            page = pages[failed.name]
            self.result.failed.append(FailedItem(page.external_id, page.title, failed.reason))
        async with self._database.connection(shop_id) as connection:
            known = await storage.list_documents(connection, shop_id, self._source)
        for external_id in set(known) - pages.keys():
            await self._knowledge.delete_document(shop_id, external_id)
        await self.report()

    async def _end(self) -> None:
        await self.report()
        result = self.result
        problem = f"{len(result.failed)} of {result.read} could not be imported" if result.failed else None
        async with self._database.connection(self._store.shop_id) as connection:
            await storage.end_sync(
                connection,
                self._store.shop_id,
                self._store.id,
                began=self._began,
                full=result.full,
                problem=problem,
                result=_summary(result),
            )


async def write_items(
    database: Database, catalog: Catalog, store: StoreConnection, items: list[CatalogItem]
) -> SyncResult:
    """Write the products among `items`, delete the removed ones and count both."""
    products = {item.external_id: item for item in items if isinstance(item, Product)}
    gone = [item.external_id for item in items if isinstance(item, RemovedProduct)]
    result = SyncResult(
        failed=[
            FailedItem(item.external_id, item.title, item.reason) for item in items if isinstance(item, RefusedProduct)
        ]
    )
    async with database.connection(store.shop_id) as connection:
        taken = await storage.list_taken_ids(connection, store.shop_id, source_of(store.id), list(products))
    for external_id in taken:
        product = products.pop(external_id)
        result.failed.append(FailedItem(external_id, product.title, OF_ANOTHER_STORE))
    if products:
        saved = await catalog.save(store.shop_id, list(products.values()), source_of(store.id))
        result.created, result.updated, result.unchanged = saved.created, saved.updated, saved.unchanged
        result.failed += [FailedItem(each, products[each].title, reason) for each, reason in saved.refused.items()]
    if gone:
        async with database.connection(store.shop_id) as connection:
            result.removed = await storage.delete_products(connection, store.shop_id, source_of(store.id), gone)
    return result


def _page_file(external_id: str, page: PolicyPage) -> IncomingFile:
    extension = "html" if page.media_type == "text/html" else "md"
    return IncomingFile(
        name=f"{page.title}.{extension}",
        data=page.body.encode(),
        url=page.url,
        external_id=external_id,
        title=page.title,
    )


def _summary(result: SyncResult) -> SyncSummary:
    values = msgspec.structs.asdict(result)
    return SyncSummary(**values | {"failed": len(result.failed)})
