"""Products as the API shows them, and what an import came to."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from msgspec import Struct

from integrations.platform import Money, Product, Variant


class StoredProduct(Struct, frozen=True, kw_only=True):
    """A product with when and where we read it. `source` is how it came: file, api, demo or `store:` and its id."""

    product: Product
    fetched_at: datetime
    source: str = ""
    is_hidden: bool = False
    """Kept in the catalog, but no answer uses it."""


class ProductDraft(Struct, frozen=True, kw_only=True):
    """A product about to be written."""

    id: UUID
    product: Product
    content_hash: bytes


class Only(StrEnum):
    """Products to look at, in a merchant's list."""

    HIDDEN = "hidden"
    NO_PRICE = "no_price"
    SOLD_OUT = "sold_out"
    NO_TEXT = "no_text"
    """Without a description."""


class ProductQuery(Struct, frozen=True, kw_only=True):
    """Which products to list. `text` is part of the title, id or brand, or a whole part number; `source` is
    the exact one.

    The list is ordered by external id: a page holds those after `after`, or the last ones before `before`.
    """

    text: str = ""
    only: Only | None = None
    source: str = ""
    after: str = ""
    before: str | None = None
    limit: int = 50


class CatalogCounts(Struct, frozen=True, kw_only=True):
    """How many products a shop has, and how many of them want a look."""

    products: int
    hidden: int
    no_price: int
    sold_out: int
    no_text: int


class FailedRow(Struct, frozen=True):
    """A row that did not go in; `row` is its position in the file, from 1."""

    row: int
    reason: str


class Saved(Struct, frozen=True, kw_only=True):
    """What became of products that were written together. `refused`: by external id, why one did not fit."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    refused: dict[str, str] = {}


class UnlistedProduct(Struct, frozen=True):
    """A product of an earlier import that a later file no longer has."""

    external_id: str
    title: str


class ImportResult(Struct, kw_only=True):
    """What an import came to so far. `skipped` are rows that the file itself keeps from shoppers, such as drafts;
    `removed` counts products taken out, because they are among those now or because a pruning import has not met them.
    `seconds` is wall time."""

    read: int = 0
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    skipped: list[FailedRow] = []
    removed: int = 0
    failed: list[FailedRow] = []
    seconds: float = 0.0


class VariantInput(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A variant as a merchant's own system sends it; `price` falls back to the product's."""

    id: str
    title: str = ""
    sku: str | None = None
    barcode: str | None = None
    price: Money | None = None
    compare_at_price: Money | None = None
    available: bool = True
    stock: int | None = None
    options: dict[str, str] = {}


class ProductInput(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A product as a merchant's own system sends it. Prices are minor units with an ISO 4217 code."""

    id: str
    title: str
    description: str = ""
    brand: str | None = None
    category: tuple[str, ...] = ()
    url: str | None = None
    image_url: str | None = None
    price: Money | None = None
    compare_at_price: Money | None = None
    available: bool = True
    variants: tuple[VariantInput, ...] = ()
    attributes: dict[str, str] = {}
    identifiers: tuple[str, ...] = ()


def product_of(given: ProductInput) -> Product:
    """The given product in the common vocabulary."""
    variants = tuple(
        Variant(
            id=variant.id,
            title=variant.title or variant.id,
            sku=variant.sku,
            barcode=variant.barcode,
            price=variant.price or given.price,
            compare_at_price=variant.compare_at_price,
            available=variant.available,
            stock=variant.stock,
            options=variant.options,
        )
        for variant in given.variants
    )
    return Product(
        external_id=given.id,
        title=given.title,
        description=given.description,
        brand=given.brand,
        category=given.category,
        url=given.url,
        image_url=given.image_url,
        price=given.price,
        compare_at_price=given.compare_at_price,
        available=given.available,
        variants=variants,
        attributes=given.attributes,
        identifiers=given.identifiers,
    )


def product_view(stored: StoredProduct) -> dict[str, Any]:
    """The contract's `Product`, with what a merchant's system also wants to see."""
    product = stored.product
    view: dict[str, Any] = {
        "id": product.external_id,
        "title": product.title,
        "description": product.description,
        "brand": product.brand,
        "category": product.category,
        "url": product.url,
        "image_url": product.image_url,
        "price": product.price,
        "available": product.available,
        "variants": [
            {
                "id": variant.id,
                "title": variant.title,
                "sku": variant.sku,
                "price": variant.price or product.price,
                "available": variant.available,
                "stock": variant.stock,
            }
            for variant in product.variants
        ],
        "attributes": product.attributes,
        "hidden": stored.is_hidden,
        "fetched_at": stored.fetched_at,
    }
    if product.compare_at_price:
        view["compare_at_price"] = product.compare_at_price
    return view
