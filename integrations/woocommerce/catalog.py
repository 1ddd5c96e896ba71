"""Reading the catalog: whole, what changed since, or one product."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from integrations.platform import CatalogItem, PlatformUnavailable, RemovedProduct
from integrations.store_http import ATTEMPTS
from integrations.woocommerce.client import PER_PAGE, SAME_PAGE_AGAIN, Declined, WooClient, is_last
from integrations.woocommerce.mapping import is_shown, is_variable, parent_id, to_item
from integrations.woocommerce.shown_prices import ShownPrices
from integrations.woocommerce.values import line, record, whole

VARIATION_READERS = 4
"""Products whose variations are asked for at the same time: shops are small machines, and theirs, not ours."""

MAX_ID_DIGITS = 18  # fits PHP's integers
_PRODUCTS = "wc/v3/products"
_BY_ID = {"orderby": "id", "order": "asc"}
_NO_PRODUCT = "woocommerce_rest_product_invalid_id"
Record = dict[str, Any]


class CatalogReader:
    """The products of one shop."""

    def __init__(self, client: WooClient) -> None:
        self._client = client
        self._readers = asyncio.Semaphore(VARIATION_READERS)
        self._currency: str | None = None
        self._prices = ShownPrices(client)

    @property
    def notes(self) -> tuple[str, ...]:
        """What the merchant should know of the last reading."""
        return self._prices.notes

    async def published(self) -> AsyncIterator[CatalogItem]:
        """Every product that shoppers may see, by id."""
        await self._read_currency()
        async for product in self._rows(_PRODUCTS, {"status": "publish", **_BY_ID}, is_shown):
            yield product

    async def changed(self, since: datetime) -> AsyncIterator[CatalogItem]:
        """What changed after `since`; drafts, private, hidden and binned ones as removed. What was deleted for good
        leaves no trace here: webhooks tell it, and a whole reading."""
        await self._read_currency()
        after = {"modified_after": _gmt(since), "dates_are_gmt": "true"}
        seen: set[str] = set()
        for status in ("any", "trash"):
            try:
                async for item in self._rows(_PRODUCTS, {"status": status, **after, **_BY_ID}):
                    seen.add(item.external_id)
                    yield item
            except Declined as declined:
                if status != "trash" or declined.status != 400:
                    raise  # only older versions cannot list the bin
        parents = [each for each in await self._changed_parents(after) if each not in seen]
        for start in range(0, len(parents), PER_PAGE):
            chosen = {"include": parents[start : start + PER_PAGE], "status": "any", **_BY_ID}
            async for item in self._rows(_PRODUCTS, chosen):
                yield item

    async def one(self, reference: str) -> CatalogItem | None:
        """The product with this id, or the one this variation belongs to; as removed when it has gone."""
        if not (reference.isascii() and reference.isdigit() and len(reference) <= MAX_ID_DIGITS):
            return None
        try:
            product = record(await self._client.get(f"{_PRODUCTS}/{reference}"))
            parent = parent_id(product)
            if parent:
                product = record(await self._client.get(f"{_PRODUCTS}/{parent}"))
        except Declined as declined:
            if declined.code != _NO_PRODUCT:
                raise
            return RemovedProduct(reference)
        currency = await self._read_currency()
        (product,) = await self._prices.apply([product])
        return await self._item(product, currency)

    async def _rows(
        self, path: str, params: Mapping[str, object], wanted: Callable[[Record], bool] | None = None
    ) -> AsyncIterator[CatalogItem]:
        """The products of a list, each once. When the list shrinks while it is read, what moved forward over a page's
        edge would be missed: the pages before are read again."""
        currency = self._currency or await self._read_currency()
        number, total, first_rows = 1, None, PER_PAGE
        seen: set[Any] = set()
        while True:
            page = await self._client.page(path, params, number, or_end=True)
            if total is not None and page.total is not None and page.total < total:
                moved_pages = -(-(total - page.total) // PER_PAGE)
                total, number = page.total, max(1, number - moved_pages)
                continue
            total = page.total
            known = [row for row in page.rows if isinstance(row.get("id"), int)]
            unseen = [row for row in known if row["id"] not in seen]
            if known and not unseen:
                raise PlatformUnavailable(f"{self._client.name} {SAME_PAGE_AGAIN}")
            seen.update(row["id"] for row in known)
            fresh = await self._prices.apply([row for row in unseen if wanted is None or wanted(row)])
            for item in await self._items(fresh, currency):
                yield item
            first_rows = len(page.rows) if number == 1 else first_rows
            if is_last(page, number, first_rows):
                return
            number += 1

    async def _items(self, products: list[Record], currency: str) -> list[CatalogItem]:
        tasks = [asyncio.create_task(self._item(each, currency)) for each in products]
        try:
            return await asyncio.gather(*tasks)
        finally:  # one that failed: the shop is not asked the rest for nothing
            for each in tasks:
                each.cancel()

    async def _item(self, product: Record, currency: str) -> CatalogItem:
        if not (is_variable(product) and is_shown(product)):
            return to_item(product, (), currency, self._prices.terms.suffix)
        try:
            variations = await self._variations(whole(product.get("id")))
            shown = await self._prices.apply(variations, variations=True)
            return to_item(product, shown, currency, self._prices.terms.suffix)
        except Declined as declined:
            if declined.status != 404 or not declined.code.startswith("woocommerce_rest_"):
                raise
            return RemovedProduct(str(product.get("id")))  # deleted since its page was read

    async def _variations(self, product_id: int | None) -> list[Record]:
        async with self._readers:
            path = f"{_PRODUCTS}/{product_id}/variations"
            return [row async for page in self._client.pages(path, _BY_ID) for row in page.rows]

    async def _changed_parents(self, after: Mapping[str, object]) -> list[str]:
        """The products whose variations changed, which does not touch the products' own date. WooCommerce lists all
        variations since 10.3; before that only webhooks and whole readings tell."""
        try:
            variations = [
                row async for page in self._client.pages("wc/v3/variations", {**after, **_BY_ID}) for row in page.rows
            ]
        except Declined as declined:
            if declined.status not in (400, 404):
                raise
            return []
        return list(dict.fromkeys(str(parent) for each in variations if (parent := whole(each.get("parent_id")))))

    async def _read_currency(self) -> str:
        """Anew with every reading, as how prices are shown: a shop may change both."""
        currency, _ = await asyncio.gather(read_currency(self._client), self._prices.begin())
        self._currency = currency
        return currency


async def read_currency(client: WooClient, *, attempts: int = ATTEMPTS) -> str:
    """The shop's own currency (ISO 4217); orders may be in others. Raises PlatformUnavailable when it tells none."""
    code = line(record(await client.get("wc/v3/data/currencies/current", attempts=attempts)).get("code")).upper()
    if len(code) != 3:
        raise PlatformUnavailable(f"{client.name} does not report its currency")
    return code


def _gmt(moment: datetime) -> str:
    """A second earlier: the shop knows whole seconds only, and gives what is later than the one it is told."""
    return (moment.astimezone(UTC) - timedelta(seconds=1)).replace(tzinfo=None, microsecond=0).isoformat()
