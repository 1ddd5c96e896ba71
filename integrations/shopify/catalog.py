"""The catalog read by pages, for small shops and for what changed lately."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from datetime import UTC, datetime
from typing import Any

from integrations.platform import CatalogItem, RemovedProduct
from integrations.shopify import queries
from integrations.shopify.bulk import BulkReader
from integrations.shopify.client import AdminApi
from integrations.shopify.mapping import legacy_number, to_catalog_item

PAGE_PRODUCTS = 10
PAGE_VARIANTS = 20
"""Sizes whose requested cost stays below the 1000 points that one document may ask for."""
ONE_PRODUCT_VARIANTS = 100
BULK_ABOVE = 50
"""At 100 points a second 200 products took 30 s by pages and 4 s by a bulk operation (tests/bench/store_bench.py)."""
ACTIVE = "status:active"


class Catalog:
    """Products of one shop. More than `bulk_above` of them are read by a bulk operation."""

    def __init__(self, api: AdminApi, bulk: BulkReader, *, bulk_above: int = BULK_ABOVE) -> None:
        self._api, self._bulk, self._bulk_above = api, bulk, bulk_above

    async def products(self, since: datetime | None) -> AsyncGenerator[CatalogItem, None]:
        """As `ShopPlatform.fetch_products`. A product that changes while pages are read may come twice, but
        is never missed.

        Deleted products do not come with `since`: Shopify announces them by webhook only.
        """
        search = ACTIVE if since is None else f"updated_at:>='{since.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}'"
        nodes = self._bulk.nodes(search) if await self._is_large(search) else self._pages(search, since is not None)
        async with aclosing(nodes):
            async for node in nodes:
                item = to_catalog_item(node)
                if since is not None or not isinstance(item, RemovedProduct):
                    yield item

    async def product(self, reference: str) -> CatalogItem | None:
        """A product by its number or gid, or the product of a stock item or variant by theirs."""
        gid = await self._product_gid(reference)
        if gid is None:
            return None
        data = await self._api.query(queries.PRODUCT, {"id": gid, "variants": ONE_PRODUCT_VARIANTS})
        if data.get("product") is None:
            return RemovedProduct(legacy_number(gid))
        return to_catalog_item(await self._with_all_variants(data["product"]))

    async def _product_gid(self, reference: str) -> str | None:
        kind, _, number = reference.removeprefix("gid://shopify/").rpartition("/")
        if not (number.isascii() and number.isdigit()):
            return None
        match kind:
            case "" | "Product":
                return f"gid://shopify/Product/{number}"
            case "InventoryItem":
                data = await self._api.query(queries.PRODUCT_OF_STOCK, {"id": reference})
                variants = ((data.get("inventoryItem") or {}).get("variants") or {}).get("nodes") or [None]
                return _product_of(variants[0])
            case "ProductVariant":
                return _product_of(
                    (await self._api.query(queries.PRODUCT_OF_VARIANT, {"id": reference}))["productVariant"]
                )
            case _:
                return None

    async def _is_large(self, search: str) -> bool:
        data = await self._api.query(queries.PRODUCTS_COUNT, {"search": search, "limit": self._bulk_above + 1})
        count = (data.get("productsCount") or {}).get("count", 0)
        return bool(count > self._bulk_above)

    async def _pages(self, search: str, by_change: bool) -> AsyncGenerator[dict[str, Any], None]:
        variables: dict[str, Any] = {
            "first": PAGE_PRODUCTS,
            "variants": PAGE_VARIANTS,
            "search": search,
            "sort": "UPDATED_AT" if by_change else "ID",
        }
        after: str | None = None
        while True:
            page = (await self._api.query(queries.PRODUCTS, {**variables, "after": after}))["products"]
            for node in page["nodes"]:
                yield await self._with_all_variants(node)
            after = next_cursor(page, after)
            if after is None:
                return

    async def _with_all_variants(self, node: dict[str, Any]) -> dict[str, Any]:
        variants = node["variants"]
        nodes = list(variants["nodes"])
        after = next_cursor(variants, None)
        while after is not None:
            data = await self._api.query(queries.PRODUCT_VARIANTS, {"id": node["id"], "after": after})
            if data.get("product") is None:
                break
            variants = data["product"]["variants"]
            nodes += variants["nodes"]
            after = next_cursor(variants, after)
        return {**node, "variants": {"nodes": nodes}}


def next_cursor(connection: dict[str, Any], before: str | None) -> str | None:
    """Where to read on; None at the end, and for a cursor that leads back to where we are."""
    info = connection["pageInfo"]
    cursor = info["endCursor"] if info["hasNextPage"] else None
    return None if cursor == before else cursor


def _product_of(variant: dict[str, Any] | None) -> str | None:
    product = (variant or {}).get("product") or {}
    return product.get("id")
