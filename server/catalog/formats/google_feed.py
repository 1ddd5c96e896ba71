"""Feeds and tables in which several rows are one product: those of one `item_group_id`, or of one parent."""

import os
from collections.abc import Iterator
from itertools import pairwise

import msgspec

from integrations.platform import Product, Variant

from .cell_access import Cells, Context
from .field_values import MAX_IDENTIFIERS, parse_identifiers, parse_stock, render_text
from .generic import build_product, lowest_price
from .grouping import Group
from .row_result import BadRow, ParsedProduct, Record, Row, SkippedRow

_OPTION_NAMES = ("color", "colour", "size", "material", "pattern")
_MIN_SHARED_CHARS = 4
_MAX_OPTIONS = 3
_MAX_OPTION_CHARS = 60


class ItemGroups:
    """Finds the group of each row: `item_group_id`, or the parent that it names. The parent may be a row of its own,
    which names none, so a table with parents is read twice."""

    def __init__(self) -> None:
        self._parents: set[str] = set()

    def learn(self, records: Iterator[Record | BadRow], context: Context) -> None:
        """Read which rows are parents of others."""
        for record in records:
            if isinstance(record, Record):
                self._parents.add(_group_of(record, context))

    def key(self, record: Record, context: Context) -> str:
        """The group of a row, or a unique key for an item without one."""
        if group := _group_of(record, context):
            return f"group:{group}"
        cells = Cells(record.fields, context)
        own = [code for _, value in cells.every("id") if (code := render_text(value)) in self._parents]
        return f"group:{own[0]}" if own else f"row:{record.row}"


def _group_of(record: Record, context: Context) -> str:
    return render_text(Cells(record.fields, context).peek("group"))


def build_group(group: Group, context: Context) -> list[Row]:
    """Build the product of a group, with one variant per readable item. Of a hidden parent nothing is shown."""
    rows: list[Row] = []
    items: list[ParsedProduct] = []
    parent: ParsedProduct | None = None
    group_id = next((found for record in group if (found := _group_of(record, context))), "")
    for record in group:
        row = build_product(record, context)
        is_parent = group_id and not _group_of(record, context)
        if is_parent and isinstance(row, SkippedRow):
            return [row]
        if not isinstance(row, ParsedProduct):
            rows.append(row)
        elif is_parent:
            parent = row
        else:
            items.append(row)
    if not group_id:
        return [*rows, *items]
    latest = {item.product.external_id: item for item in items}
    rows += [
        BadRow(item.row, f"is replaced by row {latest[item.product.external_id].row}, which has the same id")
        for item in items
        if latest[item.product.external_id] is not item
    ]
    if latest:
        cells = {record.row: Cells(record.fields, context) for record in group}
        rows.append(_joined(group_id, parent, list(latest.values()), cells))
    return rows


def _joined(
    group_id: str, parent: ParsedProduct | None, items: list[ParsedProduct], cells: dict[int, Cells]
) -> ParsedProduct:
    products = [item.product for item in items]
    first = parent.product if parent else products[0]
    names = _option_names(products)
    variants = tuple(_variant(item.product, names, cells[item.row]) for item in items)
    price = lowest_price(variants)
    cheapest = next((variant for variant in variants if variant.price == price), None)
    shared = [pair for pair in first.attributes.items() if all(pair in p.attributes.items() for p in products)]
    own = {code for variant in variants for code in (variant.sku, variant.barcode)}
    codes = dict.fromkeys(code for product in products for code in product.identifiers if code not in own)
    picture = first.image_url or products[0].image_url
    return ParsedProduct(
        parent.row if parent else items[0].row,
        msgspec.structs.replace(
            first,
            external_id=parent.product.external_id if parent else group_id,
            title=first.title if parent else _shared_title([product.title for product in products]),
            image_url=picture,
            price=price or first.price,
            compare_at_price=cheapest.compare_at_price if cheapest else None,
            available=any(variant.available for variant in variants),
            variants=variants,
            attributes=first.attributes if parent else dict(shared),
            identifiers=tuple(codes)[:MAX_IDENTIFIERS],
        ),
    )


def _option_names(products: list[Product]) -> list[str]:
    """The attributes that tell the items apart, and those that feeds have for it."""
    every = [name for name in products[0].attributes if all(name in product.attributes for product in products)]
    named = [name for name in every if name.lower() in _OPTION_NAMES]
    differing = [name for name in every if len({product.attributes[name] for product in products}) > 1]
    short = [name for name in differing if all(len(p.attributes[name]) <= _MAX_OPTION_CHARS for p in products)]
    return named or short[:_MAX_OPTIONS]


def _variant(product: Product, names: list[str], cells: Cells) -> Variant:
    options = {name: product.attributes[name] for name in names}
    barcode = next((code for code in product.identifiers if code.isdigit() and len(code) in (8, 12, 13, 14)), None)
    return Variant(
        id=product.external_id,
        title=" / ".join(options.values()) or product.title,
        price=product.price,
        compare_at_price=product.compare_at_price,
        available=product.available,
        sku=next(iter(parse_identifiers(cells.peek("sku"))), product.external_id),
        barcode=barcode,
        stock=parse_stock(cells.peek("stock")),
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
