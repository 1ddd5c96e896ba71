"""Products in and out: imported from files, written by API, listed, deleted; each change indexed for search."""

import asyncio
import hashlib
import itertools
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence, Set
from datetime import UTC, datetime
from typing import Any, Protocol
from uuid import UUID, uuid5

import msgspec

from integrations.platform import Product
from server.catalog import storage
from server.catalog.formats import BadRow, ParsedProduct, ReplacedRow, Row, SkippedRow
from server.catalog.models import (
    CatalogCounts,
    FailedRow,
    ImportResult,
    ProductDraft,
    ProductQuery,
    Saved,
    StoredProduct,
    UnlistedProduct,
)
from server.catalog.plan_capacity import ProductCapacity
from server.core.database import Connection, Database
from server.core.errors import NotFound
from server.shops.features import Allowances, EveryFeature
from server.shops.models import Caller, Role

BATCH = 256
"""Products embedded and written together: a few seconds of work, so that a job's lease is renewed in time."""

MAX_AUDITED = 100
"""Ids of products that an entry of the audit names; it counts them all."""


LISTED_AT_ONCE = 2_000


class ProductIndex(Protocol):
    """Search's side of a product change."""

    async def prepare(self, shop_id: UUID, rows: Sequence[ProductDraft]) -> Any:
        """Passages with their vectors, made before any transaction is open; known ones are not embedded again."""

    async def write(self, connection: Connection, shop_id: UUID, prepared: Any, written: Set[UUID]) -> None:
        """Put prepared passages in the place of the old ones, of the products in `written`."""

    def sizes(self, prepared: Any) -> Mapping[UUID, int]:
        """Bytes of text by product, as they count towards the shop's storage."""

    async def settle(self, shop_id: UUID) -> None:
        """After a large change: statistics and indexes of the shop."""


Report = Callable[[ImportResult], Awaitable[None]]


class Catalog:
    """All that concerns a shop's products."""

    def __init__(self, database: Database, index: ProductIndex, allowances: Allowances | None = None) -> None:
        self._database, self._index, self._allowances = database, index, allowances or EveryFeature()

    async def import_rows(
        self, shop_id: UUID, rows: Iterable[Row], source: str, report: Report, *, met: set[str] | None = None
    ) -> ImportResult:
        """Bring rows in, batch by batch; a bad row, or one excess the plan, is named and the rest goes in. What the
        file keeps from shoppers is skipped, and taken out if an earlier import of this source brought it in. `report`
        is awaited per batch; the ids of all products in the rows are added to `met`.

        Every batch is one transaction, and a product whose content is known is left alone: a run that was cut
        short is simply run again.
        """
        result, started = ImportResult(), time.monotonic()
        batches = _batches(iter(rows))
        while batch := await asyncio.to_thread(next, batches, None):
            products: dict[str, Product] = {}
            places: dict[str, int] = {}
            hidden: set[str] = set()
            for row in batch:
                match row:
                    case ParsedProduct(row=number, product=product):
                        products[product.external_id] = product
                        places[product.external_id] = number
                        hidden.discard(product.external_id)
                    case SkippedRow(row=number, reason=reason, external_id=external_id):
                        result.skipped.append(FailedRow(number, reason))
                        hidden |= {external_id} if external_id else set()
                        products.pop(external_id or "", None)
                    case BadRow(row=number, reason=reason):
                        result.failed.append(FailedRow(number, reason))
            result.read += sum(not isinstance(row, ReplacedRow) for row in batch)
            if met is not None:
                met.update(products)
            if hidden:
                result.removed += await self._delete_imported(shop_id, list(hidden), source)
            saved = await self.save(shop_id, list(products.values()), source)
            result.created += saved.created
            result.updated += saved.updated
            result.unchanged += saved.unchanged
            result.failed += [FailedRow(places[each], reason) for each, reason in saved.refused.items()]
            result.seconds = round(time.monotonic() - started, 2)
            await report(result)
        if result.created or result.updated or result.removed:
            await self._index.settle(shop_id)
        result.seconds = round(time.monotonic() - started, 2)
        return result

    async def find_unlisted(self, shop_id: UUID, source: str, met: Set[str]) -> list[UnlistedProduct]:
        """The products that earlier imports of a source brought in and that are not among the ids met now."""
        found: list[UnlistedProduct] = []
        after = ""
        while True:
            async with self._database.connection(shop_id) as connection:
                products = await storage.list_imported(connection, shop_id, source, after, LISTED_AT_ONCE)
            found += [product for product in products if product.external_id not in met]
            if len(products) < LISTED_AT_ONCE:
                return found
            after = products[-1].external_id

    async def remove_unlisted(self, shop_id: UUID, source: str, unlisted: Sequence[UnlistedProduct]) -> int:
        """Take out products that `find_unlisted` has found; how many were still there."""
        removed = 0
        for start in range(0, len(unlisted), BATCH):
            ids = [each.external_id for each in unlisted[start : start + BATCH]]
            removed += await self._delete_imported(shop_id, ids, source)
        if removed:
            await self._index.settle(shop_id)
        return removed

    async def _delete_imported(self, shop_id: UUID, external_ids: Sequence[str], source: str) -> int:
        async with self._database.connection(shop_id) as connection:
            return await storage.delete_imported(connection, shop_id, external_ids, source)

    async def save(self, shop_id: UUID, products: Sequence[Product], source: str) -> Saved:
        """Write products and their passages in one transaction. What the plan has no room for is refused by name, the
        last first; products that are there already always fit."""
        capacity = await ProductCapacity.load(self._allowances, shop_id)
        async with self._database.connection(shop_id) as connection:
            known = await storage.find_hashes(connection, shop_id, [product.external_id for product in products])
            refused = await capacity.precheck(
                connection, [p.external_id for p in products if p.external_id not in known]
            )
        hashed = [(product, content_hash(product)) for product in products if product.external_id not in refused]
        changed = [
            ProductDraft(id=product_id(shop_id, product.external_id), product=product, content_hash=digest)
            for product, digest in hashed
            if product.external_id not in known or known[product.external_id][1] != digest
        ]
        changed_ids = {row.product.external_id for row in changed}
        same = [known[product.external_id][0] for product, _ in hashed if product.external_id not in changed_ids]
        prepared = await self._index.prepare(shop_id, changed)
        now = datetime.now(UTC)
        async with self._database.connection(shop_id) as connection:
            written = await storage.upsert_products(connection, shop_id, changed, source, now)
            await storage.touch_products(connection, shop_id, same, source, now)
            hidden = await storage.find_hidden(connection, shop_id, list(written))
            await self._index.write(connection, shop_id, prepared, written.keys() - hidden)
            new = [product_id for product_id, is_new in written.items() if is_new]
            over_limit = await capacity.over_limit(connection, new, self._index.sizes(prepared))
            if over_limit:
                await storage.delete_products(connection, shop_id, list(over_limit))
        refused |= {row.product.external_id: over_limit[row.id] for row in changed if row.id in over_limit}
        return Saved(
            created=len(new) - len(over_limit),
            updated=len(changed) - len(new),
            unchanged=len(same),
            refused=refused,
        )

    async def settle(self, shop_id: UUID) -> None:
        """After a large change: search's statistics and indexes of the shop."""
        await self._index.settle(shop_id)

    async def find(
        self, shop_id: UUID, external_ids: Sequence[str], *, with_hidden: bool = False
    ) -> dict[str, StoredProduct]:
        """By external id, those that exist: what answers may use, or also what the merchant has hidden."""
        async with self._database.connection(shop_id) as connection:
            return await storage.find_products(connection, shop_id, external_ids, with_hidden=with_hidden)

    async def search(self, shop_id: UUID, query: ProductQuery) -> list[StoredProduct]:
        """A page of the merchant's own list, by external id."""
        async with self._database.connection(shop_id) as connection:
            return await storage.search_products(connection, shop_id, query)

    async def counts(self, shop_id: UUID) -> CatalogCounts:
        """How many products the shop has, and how many want a look."""
        async with self._database.connection(shop_id) as connection:
            return await storage.count_products(connection, shop_id)

    async def list_sources(self, shop_id: UUID) -> list[str]:
        """Where the shop's products came from, those of most products first."""
        async with self._database.connection(shop_id) as connection:
            return await storage.list_product_sources(connection, shop_id)

    async def overview(self, shop_id: UUID, limit: int) -> tuple[list[str], list[StoredProduct]]:
        """The shop's outermost categories, and products at a reduced price; at most `limit` of each."""
        async with self._database.connection(shop_id) as connection:
            categories = await storage.list_categories(connection, shop_id, limit)
            return categories, await storage.list_reduced(connection, shop_id, limit)

    async def extremes(self, shop_id: UUID, limit: int, *, dearest: bool) -> list[StoredProduct]:
        """The cheapest products of the shop, or the dearest."""
        async with self._database.connection(shop_id) as connection:
            return await storage.list_by_price(connection, shop_id, limit, dearest=dearest)

    async def list_after(self, shop_id: UUID, after: str, limit: int) -> list[StoredProduct]:
        """A page of products by external id."""
        async with self._database.connection(shop_id) as connection:
            return await storage.list_products(connection, shop_id, after, limit)

    async def delete(self, shop_id: UUID, external_id: str) -> None:
        """Take a product out. Raises NotFound."""
        async with self._database.connection(shop_id) as connection:
            if not await storage.delete_product(connection, shop_id, external_id):
                raise NotFound

    async def delete_many(self, caller: Caller, external_ids: Sequence[str]) -> int:
        """Take products out, with an entry in the audit; how many were there. Raises RoleRefused below admin."""
        caller.require(Role.ADMIN)
        async with self._database.connection(caller.shop_id) as connection:
            count = await storage.delete_by_external_ids(connection, caller.shop_id, external_ids)
            await self._audit(connection, caller, "products.delete", external_ids)
        return count

    async def set_hidden(self, caller: Caller, external_ids: Sequence[str], *, hidden: bool) -> int:
        """Hide products from every answer, or show them again; how many were changed. An import changes a hidden
        product and leaves it hidden. Raises RoleRefused below admin."""
        caller.require(Role.ADMIN)
        shop_id = caller.shop_id
        stored = await self.find(shop_id, external_ids, with_hidden=True)
        drafts = [_draft(shop_id, each.product) for each in stored.values() if each.is_hidden != hidden]
        prepared = await self._index.prepare(shop_id, [] if hidden else drafts)
        async with self._database.connection(shop_id) as connection:
            changed = await storage.set_hidden(
                connection, shop_id, [draft.product.external_id for draft in drafts], hidden=hidden
            )
            await self._index.write(connection, shop_id, prepared, set(changed))
            await self._audit(connection, caller, "products.hide" if hidden else "products.show", external_ids)
        return len(changed)

    async def edit(self, caller: Caller, product: Product) -> Saved:
        """Replace a product by hand, with an entry in the audit; it keeps its source. Raises NotFound, RoleRefused
        below admin."""
        caller.require(Role.ADMIN)
        stored = (await self.find(caller.shop_id, [product.external_id], with_hidden=True)).get(product.external_id)
        if stored is None:
            raise NotFound
        saved = await self.save(caller.shop_id, [product], stored.source)
        async with self._database.connection(caller.shop_id) as connection:
            await self._audit(connection, caller, "products.edit", [product.external_id])
        return saved

    async def _audit(self, connection: Connection, caller: Caller, action: str, external_ids: Sequence[str]) -> None:
        details: dict[str, object] = {"count": len(external_ids), "ids": list(external_ids[:MAX_AUDITED])}
        await storage.add_audit_entry(connection, caller.shop_id, caller.actor, action, details)


def _draft(shop_id: UUID, product: Product) -> ProductDraft:
    return ProductDraft(
        id=product_id(shop_id, product.external_id), product=product, content_hash=content_hash(product)
    )


def product_id(shop_id: UUID, external_id: str) -> UUID:
    """The same for the same product, so that two imports at once write one row."""
    return uuid5(shop_id, f"product:{external_id}")


def content_hash(product: Product) -> bytes:
    """16 bytes that change when anything of the product but its time stamp changes."""
    plain = msgspec.structs.replace(product, updated_at=None)
    return hashlib.blake2b(msgspec.json.encode(plain, order="deterministic"), digest_size=16).digest()


def _batches(rows: Iterator[Row]) -> Iterator[list[Row]]:
    while batch := list(itertools.islice(rows, BATCH)):
        yield batch
