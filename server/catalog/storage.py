"""SQL of products. Rows are written many at a time, for one shop."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from integrations.platform import Money, Product, Variant
from server.catalog.models import CatalogCounts, Only, ProductDraft, ProductQuery, StoredProduct, UnlistedProduct
from server.core.database import Connection, Row
from server.core.ids import new_id

ROWS_PER_STATEMENT = 200


_COLUMNS = (
    "id",
    "external_id",
    "title",
    "description",
    "brand",
    "category",
    "url",
    "image_url",
    "price_minor",
    "compare_at_minor",
    "currency",
    "available",
    "variants",
    "attributes",
    "identifiers",
    "content_hash",
    "source_updated_at",
)
_READ = ", ".join((*_COLUMNS, "fetched_at", "source", "hidden"))
_TYPES = [
    "uuid",
    "text",
    "text",
    "text",
    "text",
    "jsonb",
    "text",
    "text",
    "bigint",
    "bigint",
    "text",
    "boolean",
    "jsonb",
    "jsonb",
    "jsonb",
    "bytea",
    "timestamptz",
]


_ONLY = {
    None: "true",
    Only.HIDDEN: "hidden",
    Only.NO_PRICE: "price_minor IS NULL",
    Only.SOLD_OUT: "NOT available",
    Only.NO_TEXT: "description = ''",
}


async def find_hashes(
    connection: Connection, shop_id: UUID, external_ids: Sequence[str]
) -> dict[str, tuple[UUID, bytes]]:
    """By external id: the row's id and content hash, of the products already there."""
    rows = await connection.fetch(
        "SELECT external_id, id, content_hash FROM product WHERE shop_id = $1 AND external_id = ANY($2)",
        shop_id,
        list(external_ids),
    )
    return {row["external_id"]: (row["id"], row["content_hash"]) for row in rows}


async def find_hidden(connection: Connection, shop_id: UUID, ids: Sequence[UUID]) -> set[UUID]:
    """Those of these products that the merchant has hidden; locked, so that none is shown or hidden meanwhile."""
    rows = await connection.fetch(
        "SELECT id FROM product WHERE shop_id = $1 AND id = ANY($2) AND hidden FOR SHARE", shop_id, list(ids)
    )
    return {row["id"] for row in rows}


async def upsert_products(
    connection: Connection, shop_id: UUID, rows: Sequence[ProductDraft], source: str, fetched_at: datetime
) -> dict[UUID, bool]:
    """Write products; of each that was written, in the order given, whether it is new. One that is stored with a newer
    `updated_at` is left as it is."""
    written: dict[UUID, bool] = {}
    assignments = ", ".join(f"{column} = excluded.{column}" for column in (*_COLUMNS[2:], "source", "fetched_at"))
    for start in range(0, len(rows), ROWS_PER_STATEMENT):
        chunk = rows[start : start + ROWS_PER_STATEMENT]
        records = await connection.fetch(
            f"INSERT INTO product (shop_id, source, fetched_at, {', '.join(_COLUMNS)}) "
            f"VALUES {_placeholders(len(chunk))} "
            f"ON CONFLICT (shop_id, external_id) DO UPDATE SET {assignments} "
            "WHERE product.shop_id = $1 AND (product.source_updated_at IS NULL "
            "OR excluded.source_updated_at IS NULL OR product.source_updated_at <= excluded.source_updated_at) "
            "RETURNING id, xmax = 0 AS is_new",
            shop_id,
            source,
            fetched_at,
            *(value for row in chunk for value in _values(row)),
        )
        written.update((record["id"], record["is_new"]) for record in records)
    return {row.id: written[row.id] for row in rows if row.id in written}


async def touch_products(
    connection: Connection, shop_id: UUID, ids: Sequence[UUID], source: str, fetched_at: datetime
) -> None:
    """Set when, and at which source, unchanged products were last seen."""
    await connection.execute(
        "UPDATE product SET fetched_at = $3, source = $4 WHERE shop_id = $1 AND id = ANY($2)",
        shop_id,
        list(ids),
        fetched_at,
        source,
    )


async def find_products(
    connection: Connection, shop_id: UUID, external_ids: Sequence[str], *, with_hidden: bool = False
) -> dict[str, StoredProduct]:
    """By external id, those that exist."""
    rows = await connection.fetch(
        f"SELECT {_READ} FROM product WHERE shop_id = $1 AND external_id = ANY($2) AND (NOT hidden OR $3)",
        shop_id,
        list(external_ids),
        with_hidden,
    )
    return {row["external_id"]: _stored(row) for row in rows}


async def search_products(connection: Connection, shop_id: UUID, query: ProductQuery) -> list[StoredProduct]:
    """The products that a merchant's list shows, by external id."""
    backwards = query.before is not None
    codes = list(dict.fromkeys((query.text, query.text.upper())))
    rows = await connection.fetch(
        f"SELECT {_READ} FROM product WHERE shop_id = $1 AND external_id {'<' if backwards else '>'} $2 "
        "AND ($3 = '' OR title ILIKE $4 OR external_id ILIKE $4 OR brand ILIKE $4 OR identifiers @> ANY($7::jsonb[]) "
        "OR variants @> ANY($8::jsonb[])) AND ($5 = '' OR source = $5) "
        f"AND {_ONLY[query.only]} ORDER BY external_id {'DESC' if backwards else 'ASC'} LIMIT $6",
        shop_id,
        query.before if query.before is not None else query.after,
        query.text,
        _like(query.text),
        query.source,
        query.limit,
        [_json([code]) for code in codes],
        [_json([{"sku": code}]) for code in codes],
    )
    found = [_stored(row) for row in rows]
    return found[::-1] if backwards else found


async def count_products(connection: Connection, shop_id: UUID) -> CatalogCounts:
    """How many products the shop has, and how many want a look."""
    row = await connection.fetchrow(
        "SELECT count(*) AS products, count(*) FILTER (WHERE hidden) AS hidden, "
        f"count(*) FILTER (WHERE {_ONLY[Only.NO_PRICE]}) AS no_price, "
        f"count(*) FILTER (WHERE {_ONLY[Only.SOLD_OUT]}) AS sold_out, "
        f"count(*) FILTER (WHERE {_ONLY[Only.NO_TEXT]}) AS no_text FROM product WHERE shop_id = $1",
        shop_id,
    )
    assert row is not None
    return CatalogCounts(**row)


async def list_product_sources(connection: Connection, shop_id: UUID) -> list[str]:
    """Where the shop's products came from, those of most products first."""
    rows = await connection.fetch(
        "SELECT source FROM product WHERE shop_id = $1 GROUP BY source ORDER BY count(*) DESC, source LIMIT 50", shop_id
    )
    return [row["source"] for row in rows]


async def set_hidden(connection: Connection, shop_id: UUID, external_ids: Sequence[str], *, hidden: bool) -> list[UUID]:
    """Hide these products or show them; the ids of those that were changed. A hidden one loses its passages."""
    rows = await connection.fetch(
        "UPDATE product SET hidden = $3 WHERE shop_id = $1 AND external_id = ANY($2) AND hidden <> $3 RETURNING id",
        shop_id,
        list(external_ids),
        hidden,
    )
    return [row["id"] for row in rows]


async def add_audit_entry(
    connection: Connection, shop_id: UUID, actor: str, action: str, details: dict[str, object]
) -> None:
    """Write into the audit who changed the catalog, in the transaction that does it."""
    await connection.execute(
        "INSERT INTO audit_entry (shop_id, id, actor, action, details) VALUES ($1, $2, $3, $4, $5::jsonb)",
        shop_id,
        new_id(),
        actor,
        action,
        _json(details),
    )


async def list_products(connection: Connection, shop_id: UUID, after: str, limit: int) -> list[StoredProduct]:
    """Products by external id, those after `after`."""
    rows = await connection.fetch(
        f"SELECT {_READ} FROM product WHERE shop_id = $1 AND external_id > $2 ORDER BY external_id LIMIT $3",
        shop_id,
        after,
        limit,
    )
    return [_stored(row) for row in rows]


async def list_categories(connection: Connection, shop_id: UUID, limit: int) -> list[str]:
    """The outermost categories, those of most products first."""
    rows = await connection.fetch(
        "SELECT category ->> 0 AS name FROM product WHERE shop_id = $1 AND category ->> 0 <> '' AND NOT hidden "
        "GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT $2",
        shop_id,
        limit,
    )
    return [row["name"] for row in rows]


async def list_reduced(connection: Connection, shop_id: UUID, limit: int) -> list[StoredProduct]:
    """Products that can be had and cost less than before, those that are reduced most first."""
    rows = await connection.fetch(
        f"SELECT {_READ} FROM product WHERE shop_id = $1 AND available AND NOT hidden "
        "AND compare_at_minor > price_minor ORDER BY price_minor::float8 / compare_at_minor, external_id LIMIT $2",
        shop_id,
        limit,
    )
    return [_stored(row) for row in rows]


async def list_by_price(
    connection: Connection, shop_id: UUID, limit: int, *, dearest: bool = False
) -> list[StoredProduct]:
    """Products that can be had, the cheapest first, or the dearest."""
    order = "DESC" if dearest else "ASC"
    rows = await connection.fetch(
        f"SELECT {_READ} FROM product WHERE shop_id = $1 AND available AND NOT hidden AND price_minor > 0 "
        f"ORDER BY price_minor {order}, external_id LIMIT $2",
        shop_id,
        limit,
    )
    return [_stored(row) for row in rows]


async def delete_product(connection: Connection, shop_id: UUID, external_id: str) -> bool:
    """Delete a product and its passages; whether it was there."""
    status: str = await connection.execute(
        "DELETE FROM product WHERE shop_id = $1 AND external_id = $2", shop_id, external_id
    )
    return status.endswith(" 1")


async def delete_by_external_ids(connection: Connection, shop_id: UUID, external_ids: Sequence[str]) -> int:
    """Delete products and their passages; how many were there."""
    status: str = await connection.execute(
        "DELETE FROM product WHERE shop_id = $1 AND external_id = ANY($2)", shop_id, list(external_ids)
    )
    return int(status.rpartition(" ")[2])


async def delete_products(connection: Connection, shop_id: UUID, ids: Sequence[UUID]) -> None:
    """Delete products and their passages."""
    await connection.execute("DELETE FROM product WHERE shop_id = $1 AND id = ANY($2)", shop_id, list(ids))


async def delete_imported(connection: Connection, shop_id: UUID, external_ids: Sequence[str], source: str) -> int:
    """Delete the products of these ids that came from a source, with their passages; how many."""
    status: str = await connection.execute(
        "DELETE FROM product WHERE shop_id = $1 AND external_id = ANY($2) AND source = $3",
        shop_id,
        list(external_ids),
        source,
    )
    return int(status.rpartition(" ")[2])


async def list_imported(
    connection: Connection, shop_id: UUID, source: str, after: str, limit: int
) -> list[UnlistedProduct]:
    """Products that came from a source, by external id, those after `after`."""
    rows = await connection.fetch(
        "SELECT external_id, title FROM product WHERE shop_id = $1 AND source = $2 AND external_id > $3 "
        "ORDER BY external_id LIMIT $4",
        shop_id,
        source,
        after,
        limit,
    )
    return [UnlistedProduct(row["external_id"], row["title"]) for row in rows]


def _placeholders(rows: int) -> str:
    """`($1, $2, $3, $4::uuid, ...), ($1, $2, $3, $21::uuid, ...)`: the first three are the same for all rows."""
    width = len(_COLUMNS)
    return ", ".join(
        "($1, $2, $3, " + ", ".join(f"${4 + row * width + index}::{kind}" for index, kind in enumerate(_TYPES)) + ")"
        for row in range(rows)
    )


def _values(row: ProductDraft) -> tuple[object, ...]:
    product = row.product
    return (
        row.id,
        product.external_id,
        product.title,
        product.description,
        product.brand,
        _json(product.category),
        product.url,
        product.image_url,
        product.price.amount if product.price else None,
        product.compare_at_price.amount if product.compare_at_price else None,
        product.price.currency if product.price else None,
        product.available,
        _json(product.variants),
        _json(product.attributes),
        _json(product.identifiers),
        row.content_hash,
        product.updated_at,
    )


def _stored(row: Row) -> StoredProduct:
    currency = row["currency"]
    return StoredProduct(
        product=Product(
            external_id=row["external_id"],
            title=row["title"],
            description=row["description"],
            brand=row["brand"],
            category=_TEXTS.decode(row["category"]),
            url=row["url"],
            image_url=row["image_url"],
            price=_money(row["price_minor"], currency),
            compare_at_price=_money(row["compare_at_minor"], currency),
            available=row["available"],
            variants=_VARIANTS.decode(row["variants"]),
            attributes=_ATTRIBUTES.decode(row["attributes"]),
            identifiers=_TEXTS.decode(row["identifiers"]),
            updated_at=row["source_updated_at"],
        ),
        fetched_at=row["fetched_at"],
        source=row["source"],
        is_hidden=row["hidden"],
    )


def _money(amount: int | None, currency: str | None) -> Money | None:
    return Money(amount, currency) if amount is not None and currency else None


def _like(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{escaped}%"


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()


_TEXTS = msgspec.json.Decoder(tuple[str, ...])
_VARIANTS = msgspec.json.Decoder(tuple[Variant, ...])
_ATTRIBUTES = msgspec.json.Decoder(dict[str, str])
