"""WooCommerce's product export: variations are rows of their own that name their parent by "id:12" or SKU."""

import re
from collections.abc import Iterable
from typing import Any

from integrations.platform import Money, Product, Variant

from .cell_access import Context
from .columns import normalise
from .field_values import (
    MAX_ID_CHARS,
    is_now_between,
    join_description,
    parse_attributes,
    parse_availability,
    parse_category,
    parse_identifiers,
    parse_stock,
    parse_title,
    parse_url,
    render_text,
)
from .generic import is_less, lowest_price
from .grouping import Group
from .money import UnreadablePrice, parse_money
from .row_result import BadRow, ParsedProduct, Record, Row, SkippedRow

_ATTRIBUTE = re.compile(r"attribute (\d{1,3}) (name|value s)")
_LISTED = re.compile(r"(?:\\,|[^,])+")
_ATTRIBUTE_COLUMNS = (
    "weight kg",
    "weight lbs",
    "weight g",
    "weight oz",
    "length cm",
    "width cm",
    "height cm",
    "length in",
    "width in",
    "height in",
    "tags",
    "shipping class",
)
Cells = dict[str, Any]


def is_woocommerce_export(header: Iterable[str]) -> bool:
    """Whether a table has the columns that make a WooCommerce export."""
    names = {normalise(name) for name in header}
    return {"type", "name", "regular price"} <= names and bool({"published", "parent", "in stock"} & names)


class Families:
    """Finds the parent of each row. A parent's SKU and its id are the same family."""

    def __init__(self) -> None:
        self._key_by_id: dict[str, str] = {}

    def key(self, record: Record, context: Context) -> str:
        """Return the parent's SKU or "id:N". A parent with both is stored, for variations that name it by the other."""
        cells = _cells(record)
        if _types(cells) & {"variation"}:
            parent = _text(cells, "parent")
            return self._key_by_id.get(parent, parent) or f"row:{record.row}"
        sku, own = _text(cells, "sku"), f"id:{_text(cells, 'id')}"
        if "variable" in _types(cells) and sku and own != "id:":
            self._key_by_id[own] = sku
        return sku or (own if own != "id:" else f"row:{record.row}")


def build_group(group: Group, context: Context) -> list[Row]:
    """Build the products of a family: every parent or simple product with its variations."""
    parents = [record for record in group if "variation" not in _types(_cells(record))]
    children = [record for record in group if "variation" in _types(_cells(record))]
    if not parents:
        return [BadRow(record.row, _orphan(record)) for record in children]
    rows: list[Row] = []
    for record in parents:
        is_owner = "variable" in _types(_cells(record)) or len(parents) == 1
        rows += _build(record, children if is_owner else [], context)
    return rows


def _orphan(record: Record) -> str:
    parent = _text(_cells(record), "parent")
    return f"is a variation of {parent[:60] or 'nothing'}, which is not in this file; export the parents too"


def _build(record: Record, children: list[Record], context: Context) -> list[Row]:
    cells = _cells(record)
    external_id = _text(cells, "id") or _text(cells, "sku")
    title = parse_title(_text(cells, "name"))
    if not external_id or len(external_id) > MAX_ID_CHARS:
        return [BadRow(record.row, f"needs an ID or SKU of at most {MAX_ID_CHARS} characters")]
    if not title:
        return [BadRow(record.row, f"has no name (id {external_id[:60]})")]
    if reason := _unpublished(cells):
        return [SkippedRow(record.row, reason, external_id)]
    rows: list[Row] = []
    variants: list[Variant] = []
    for child in children:
        try:
            if _text(_cells(child), "published") not in ("-1", "0"):
                variants.append(_variant(_cells(child), cells, context.currency))
        except UnreadablePrice as error:
            rows.append(BadRow(child.row, str(error)))
    try:
        rows.append(ParsedProduct(record.row, _product(cells, external_id, title, variants, context.currency)))
    except UnreadablePrice as error:
        rows.append(BadRow(record.row, str(error)))
    return rows


def _unpublished(cells: Cells) -> str | None:
    published = _text(cells, "published") or "1"
    if published != "1":
        return f"is not published in WooCommerce (Published {published[:20]})"
    if _text(cells, "visibility in catalog").lower() == "hidden":
        return "is hidden from the catalog in WooCommerce"
    return None


def _product(cells: Cells, external_id: str, title: str, variants: list[Variant], currency: str) -> Product:
    price, before = _prices(cells, currency)
    if variants and price is None:
        price = lowest_price(variants)
        before = next((variant.compare_at_price for variant in variants if variant.price == price), None)
    described = [_unescaped(_text(cells, column)) for column in ("short description", "description")]
    extras = [(column, cells.get(column)) for column in _ATTRIBUTE_COLUMNS]
    codes = [_text(cells, "sku"), *parse_identifiers(_text(cells, "gtin upc ean or isbn"))]
    return Product(
        external_id=external_id,
        title=title,
        description=join_description(described, ()),
        brand=_text(cells, "brands")[:200] or None,
        category=_category(_text(cells, "categories")),
        image_url=parse_url(_text(cells, "images")),
        price=price,
        compare_at_price=before,
        available=any(v.available for v in variants) if variants else _is_available(cells),
        variants=tuple(variants),
        attributes=parse_attributes([*_attributes(cells).items(), *extras]),
        identifiers=tuple(dict.fromkeys(code for code in codes if code and code != external_id)),
    )


def _variant(cells: Cells, parent: Cells, currency: str) -> Variant:
    price, before = _prices(cells, currency)
    chosen = _attributes(cells)
    options = {name: chosen[name] for name in chosen if "," not in chosen[name]}
    barcodes = parse_identifiers(_text(cells, "gtin upc ean or isbn"))
    sku = _text(cells, "sku")
    return Variant(
        id=_text(cells, "id") or sku,
        title=" / ".join(options.values()) or parse_title(_text(cells, "name") or _text(parent, "name")),
        price=price,
        compare_at_price=before,
        available=_is_available(cells),
        sku=sku or None,
        barcode=barcodes[0] if barcodes else None,
        stock=parse_stock(_text(cells, "stock")),
        options=options,
    )


def _prices(cells: Cells, currency: str) -> tuple[Money | None, Money | None]:
    """Return (the price today, the price before a reduction). A sale counts between its dates."""
    regular = parse_money(_text(cells, "regular price"), currency)
    sale = parse_money(_text(cells, "sale price"), currency)
    is_on = is_now_between(_text(cells, "date sale price starts"), _text(cells, "date sale price ends"))
    if sale and is_on and (regular is None or is_less(sale, regular)):
        return sale, regular
    return regular, None


def _is_available(cells: Cells) -> bool:
    said = parse_availability(_text(cells, "in stock"))
    if said is not None:
        return said
    stock = parse_stock(_text(cells, "stock"))
    return stock is None or stock > 0


def _category(text: str) -> tuple[str, ...]:
    """Return the deepest of the category paths, which are separated by commas ("\\," is a comma in a name)."""
    paths = [parse_category(_unescaped(part.strip())) for part in _LISTED.findall(text)]
    return max(paths, key=len, default=())


def _attributes(cells: Cells) -> dict[str, str]:
    parts: dict[str, dict[str, str]] = {}
    for column, value in cells.items():
        if found := _ATTRIBUTE.fullmatch(column):
            parts.setdefault(found[1], {})[found[2]] = _unescaped(render_text(value))
    named = (part for _, part in sorted(parts.items(), key=lambda pair: int(pair[0])))
    return {part["name"]: part["value s"] for part in named if part.get("name") and part.get("value s")}


def _types(cells: Cells) -> set[str]:
    return {part.strip() for part in _text(cells, "type").lower().split(",")}


def _cells(record: Record) -> Cells:
    return {normalise(name): value for name, value in record.fields.items()}


def _text(cells: Cells, column: str) -> str:
    """A cell's text, without the quote mark that WooCommerce puts before what could be a formula."""
    text = str(cells.get(column) or "").strip()
    return text[1:] if re.match(r"'[=+\-@]", text) else text


def _unescaped(text: str) -> str:
    return text.replace("\\,", ",").replace("\\n", "\n")
