"""Shopify's product export, in its classic and its present column names: several rows of one handle are a product."""

import re
from collections.abc import Iterable
from typing import Any

from integrations.platform import Product, Variant

from .cell_access import Context
from .columns import is_private, normalise
from .field_values import (
    MAX_ID_CHARS,
    is_damaged_code,
    is_empty,
    join_description,
    parse_attributes,
    parse_category,
    parse_identifiers,
    parse_stock,
    parse_title,
    parse_url,
    parse_visibility,
    render_text,
)
from .generic import lowest_price, reduced_from
from .grouping import Group
from .money import UnreadablePrice, parse_money
from .row_result import BadRow, ParsedProduct, Record, Row, SkippedRow

_CLASSIC_NAMES = {
    "url handle": "handle", "body html": "description", "published on online store": "published",
    "sku": "variant sku", "barcode": "variant barcode", "price": "variant price",
    "compare at price": "variant compare at price", "inventory tracker": "variant inventory tracker",
    "inventory quantity": "variant inventory qty", "continue selling when out of stock": "variant inventory policy",
    "product image url": "image src", "variant image url": "variant image",
}  # fmt: skip
"""Each present column name, normalised, and the classic name of the same column."""
_METAFIELD = re.compile(r"(.+?)\s*\(product\.metafields\.[^)]{1,100}\)")
_ATTRIBUTE_COLUMNS = ("type", "tags")


def is_shopify_export(header: Iterable[str]) -> bool:
    """Whether a table has the columns that make a Shopify export."""
    names = {_plain(name) for name in header}
    return {"handle", "title", "option1 name", "option1 value"} <= names and "variant price" in names


def group_key(record: Record, context: Context) -> str:
    """The handle of a row's product."""
    return render_text(_cells(record).get("handle"))


def build_group(group: Group, context: Context) -> list[Row]:
    """Build the product of all rows with one handle, and report its bad variants."""
    rows = [(record.row, _cells(record)) for record in group]
    number, head = next(((row, cells) for row, cells in rows if render_text(cells.get("title"))), rows[0])
    handle = render_text(head.get("handle"))
    if not handle:
        return [BadRow(row, "has no handle; Shopify names a product by the Handle column") for row, _ in rows]
    if len(handle) > MAX_ID_CHARS:
        return [BadRow(number, f"has a handle of {len(handle)} characters; at most {MAX_ID_CHARS} are kept")]
    title = parse_title(head.get("title"))
    if not title:
        return [BadRow(number, f"has no title (handle {handle[:60]})")]
    if reason := _unpublished(head):
        return [SkippedRow(number, reason, handle)]
    variants, problems = _variants(rows, head, context.currency)
    if problems and not variants:
        return list(problems)
    return [*problems, ParsedProduct(number, _product(handle, title, rows, head, variants, group, context))]


def _unpublished(head: dict[str, Any]) -> str | None:
    for column in ("status", "published"):
        if not is_empty(head.get(column)) and not parse_visibility(head[column]):
            return f"is not published in Shopify ({column} {render_text(head[column])})"
    return None


def _product(
    handle: str,
    title: str,
    rows: list[tuple[int, dict[str, Any]]],
    head: dict[str, Any],
    variants: list[Variant],
    group: Group,
    context: Context,
) -> Product:
    price = lowest_price(variants)
    cheapest = next((variant for variant in variants if price and variant.price == price), None)
    is_single = len(variants) == 1 and not variants[0].options
    pictures = [row.get("image src") for _, row in rows] + [row.get("variant image") for _, row in rows]
    extras = [(name.capitalize(), head.get(name)) for name in _ATTRIBUTE_COLUMNS]
    metafields = [
        (found[1], value)
        for name, value in group[0].fields.items()
        if (found := _METAFIELD.fullmatch(name)) and not is_private(found[1])
    ]
    single = variants[0] if is_single else None
    return Product(
        external_id=handle,
        title=title,
        description=join_description([head.get("description") or ""], ()),
        brand=render_text(head.get("vendor"))[:200] or None,
        category=parse_category(head.get("product category")) or parse_category(head.get("type")),
        url=context.page_url(f"/products/{handle}"),
        image_url=next((url for picture in pictures if (url := parse_url(picture))), None),
        price=price,
        compare_at_price=cheapest.compare_at_price if cheapest else None,
        available=any(variant.available for variant in variants) if variants else True,
        variants=() if is_single else tuple(variants),
        attributes=parse_attributes([*extras, *metafields]),
        identifiers=tuple(code for code in (single.sku, single.barcode) if code) if single else (),
    )


def _variants(
    rows: list[tuple[int, dict[str, Any]]], head: dict[str, Any], currency: str
) -> tuple[list[Variant], list[BadRow]]:
    names = [render_text(head.get(f"option{number} name")) or f"option {number}" for number in (1, 2, 3)]
    variants: list[Variant] = []
    problems: list[BadRow] = []
    for number, cells in rows:
        if not any(render_text(cells.get(column)) for column in ("variant price", "variant sku", "option1 value")):
            continue  # a row that only adds a picture
        try:
            variants.append(_variant(cells, names, len(variants) + 1, currency))
        except UnreadablePrice as error:
            problems.append(BadRow(number, str(error)))
    return variants, problems


def _variant(cells: dict[str, Any], names: list[str], position: int, currency: str) -> Variant:
    values = [render_text(cells.get(f"option{number} value")) for number in (1, 2, 3)]
    options = {name: value for name, value in zip(names, values, strict=True) if value and value != "Default Title"}
    code = render_text(cells.get("variant sku")).removeprefix("'")[:MAX_ID_CHARS]
    sku = None if is_damaged_code(code) else code or None
    barcodes = parse_identifiers(render_text(cells.get("variant barcode")).removeprefix("'"))
    price = parse_money(cells.get("variant price"), currency)
    stock = (
        parse_stock(cells.get("variant inventory qty")) if render_text(cells.get("variant inventory tracker")) else None
    )
    continues_selling = render_text(cells.get("variant inventory policy")).lower() in ("continue", "true")
    return Variant(
        id=sku or " / ".join(options.values()) or str(position),
        title=" / ".join(options.values()) or sku or str(position),
        price=price,
        compare_at_price=reduced_from(parse_money(cells.get("variant compare at price"), currency), price),
        available=stock is None or stock > 0 or continues_selling,
        sku=sku,
        barcode=barcodes[0] if barcodes else None,
        stock=stock,
        options=options,
    )


def _cells(record: Record) -> dict[str, Any]:
    return {_plain(name): value for name, value in record.fields.items()}


def _plain(name: str) -> str:
    plain = normalise(name)
    return _CLASSIC_NAMES.get(plain, plain)
