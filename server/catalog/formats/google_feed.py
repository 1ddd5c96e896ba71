"""Google Merchant Center feeds: rows as in any table, but those of one `item_group_id` are one product."""

import os
from itertools import pairwise

import msgspec

from integrations.platform import Product, Variant

from .cell_access import Cells, Context
from .field_values import MAX_IDENTIFIERS, render_text
from .generic import build_product, lowest_price
from .grouping import Group
from .row_result import BadRow, ParsedProduct, Record, Row

_OPTION_NAMES = ("color", "colour", "size", "material", "pattern")
_MIN_SHARED_CHARS = 4


def group_key(record: Record, context: Context) -> str:
    """The item group of a row, or a unique key for an item without one."""
    group = render_text(Cells(record.fields, context).peek("group"))
    return f"group:{group}" if group else f"row:{record.row}"


def build_group(group: Group, context: Context) -> list[Row]:
    """Build the product of a group, with one variant per readable item."""
    rows: list[Row] = []
    items: list[ParsedProduct] = []
    for record in group:
        row = build_product(record, context)
        if isinstance(row, ParsedProduct):
            items.append(row)
        else:
            rows.append(row)
    group_id = render_text(Cells(group[0].fields, context).peek("group"))
    if not group_id:
        return [*rows, *items]
    latest = {item.product.external_id: item for item in items}
    rows += [
        BadRow(item.row, f"is replaced by row {latest[item.product.external_id].row}, which has the same id")
        for item in items
        if latest[item.product.external_id] is not item
    ]
    if latest:
        rows.append(_joined(group_id, list(latest.values())))
    return rows


def _joined(group_id: str, items: list[ParsedProduct]) -> ParsedProduct:
    products = [item.product for item in items]
    first = products[0]
    variants = tuple(_variant(product) for product in products)
    price = lowest_price(variants)
    cheapest = next((variant for variant in variants if variant.price == price), None)
    shared = [pair for pair in first.attributes.items() if all(pair in p.attributes.items() for p in products)]
    own = {code for variant in variants for code in (variant.sku, variant.barcode)}
    codes = dict.fromkeys(code for product in products for code in product.identifiers if code not in own)
    return ParsedProduct(
        items[0].row,
        msgspec.structs.replace(
            first,
            external_id=group_id,
            title=_shared_title([product.title for product in products]),
            price=price,
            compare_at_price=cheapest.compare_at_price if cheapest else None,
            available=any(variant.available for variant in variants),
            variants=variants,
            attributes=dict(shared),
            identifiers=tuple(codes)[:MAX_IDENTIFIERS],
        ),
    )


def _variant(product: Product) -> Variant:
    options = {name: value for name, value in product.attributes.items() if name.lower() in _OPTION_NAMES}
    barcode = next((code for code in product.identifiers if code.isdigit() and len(code) in (8, 12, 13, 14)), None)
    return Variant(
        id=product.external_id,
        title=" / ".join(options.values()) or product.title,
        price=product.price,
        compare_at_price=product.compare_at_price,
        available=product.available,
        sku=product.external_id,
        barcode=barcode,
        options=options,
    )


def _shared_title(titles: list[str]) -> str:
    """The common start of the titles ("Linen shirt" of "Linen shirt - red, M"), or the first title."""
    if all(one == other for one, other in pairwise(titles)):
        return titles[0]
    prefix = os.path.commonprefix(titles)  # noqa: RUF071
    if not all(title[len(prefix) :][:1] in ("", " ", ",", "-", "(", "/") for title in titles):
        prefix = prefix.rpartition(" ")[0]  # not in the middle of a word
    prefix = prefix.rstrip(" -–—,(/|:")
    return prefix if len(prefix) >= _MIN_SHARED_CHARS else titles[0]
