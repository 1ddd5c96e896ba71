"""WooCommerce's product export, in the language of any admin: variations are rows of their own that name their parent
by "id:12" or SKU.

The plugin translates the headings, and never the values of Type and of Visibility in catalog."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from integrations.platform import Money, Product, Variant

from .cell_access import Context
from .columns import normalise
from .field_values import (
    MAX_ID_CHARS,
    is_damaged_code,
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
from .generic import damaged_id, is_less, lowest_price
from .grouping import Group
from .money import UnreadablePrice, parse_money
from .row_result import BadRow, ParsedProduct, Record, Row, SkippedRow
from .sale_periods import is_now_between
from .vocabulary import fold_heading, headings

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


_TYPES = frozenset(
    (
        "simple", "variable", "variation", "grouped", "external", "virtual", "downloadable", "subscription",
        "variable-subscription", "subscription_variation", "bundle", "composite", "booking",
    )
)  # fmt: skip
_CODE = "GTIN, UPC, EAN, or ISBN"
_ORDER = (
    "ID", "Type", "SKU", _CODE, "Name", "Published", "Is featured?", "Visibility in catalog", "Short description",
    "Description", "Date sale price starts", "Date sale price ends", "Tax status", "Tax class", "In stock?", "Stock",
    "Low stock amount", "Backorders allowed?", "Sold individually?", "Weight (%s)", "Length (%s)", "Width (%s)",
    "Height (%s)", "Allow customer reviews?", "Purchase note", "Sale price", "Regular price", "Categories", "Tags",
    "Shipping class", "Images", "Download limit", "Download expiry days", "Parent", "Grouped products", "Upsells",
    "Cross-sells", "External URL", "Button text", "Position",
)  # fmt: skip
"""The columns of an export of everything, in the order in which every version writes them."""
_PER_ATTRIBUTE = ("name", "value(s)", "visible", "global", "default")
_CODE_WORDS = re.compile(r"\b(?:gtin|ean|upc|isbn)\b", re.IGNORECASE)
_NUMBER = re.compile(r"\d{1,3}")
_UNIT = re.compile(r"\((?:kg|g|lbs?|oz|m|cm|mm|in|yd)\)")
_LEAST_KNOWN = 4


def find_columns(header: Sequence[str], sample: Sequence[Sequence[str]]) -> dict[str, str] | None:
    """The English heading of each column of a WooCommerce export; None for any other table. A language of which no
    translation is known is recognised by the order of the columns and by the types in the second."""
    english = {name: name for name in header}
    if _is_export(english):
        return english
    best = max((_translated(header, known) for known in headings("woocommerce").values()), key=len, default={})
    if len(best) >= _LEAST_KNOWN and _is_export(best):
        return best
    return _by_order(header, sample)


def _is_export(columns: Mapping[str, str]) -> bool:
    names = {normalise(name) for name in columns.values()}
    return {"type", "name", "regular price"} <= names and bool({"published", "parent", "in stock"} & names)


def _translated(header: Sequence[str], known: Mapping[str, str]) -> dict[str, str]:
    """The columns that a language knows. A number stands for "%d" there, and a unit of measure for "%s"."""
    found: dict[str, str] = {}
    for name in header:
        folded = fold_heading(name)
        number, unit = _NUMBER.search(folded), _UNIT.search(folded)
        pattern = _UNIT.sub("(%s)", _NUMBER.sub("%d", folded, count=1)) if number or unit else folded
        if english := known.get(folded) or known.get(pattern):
            english = english.replace("%s", unit[0].strip("()") if unit else "%s")
            found.setdefault(name, english.replace("%d", number[0] if number else "%d"))
        elif len(_CODE_WORDS.findall(folded)) > 1:
            found[name] = _CODE
    return found


def _by_order(header: Sequence[str], sample: Sequence[Sequence[str]]) -> dict[str, str] | None:
    has_code = len(header) > _ORDER.index(_CODE) and bool(_CODE_WORDS.search(header[_ORDER.index(_CODE)]))
    order = _ORDER if has_code else tuple(name for name in _ORDER if name != _CODE)
    types = [row[1].lower().replace(" ", "").split(",") for row in sample if len(row) > 1 and row[1]]
    if len(header) < len(order) or not types or not all(_TYPES.issuperset(each) for each in types):
        return None
    columns = dict(zip(header, order, strict=False))
    numbered = [name for name in header[len(order) :] if _NUMBER.search(name)]
    seen: dict[str, int] = {}
    for name in numbered:
        number = _NUMBER.findall(name)[0]
        part = seen[number] = seen.get(number, -1) + 1
        if part < len(_PER_ATTRIBUTE):
            columns[name] = f"Attribute {number} {_PER_ATTRIBUTE[part]}"
    return {name: english.replace("%s", "kg" if "Weight" in english else "cm") for name, english in columns.items()}


def translate(records: Iterator[Record | BadRow], columns: Mapping[str, str]) -> Iterator[Record | BadRow]:
    """Yield the records with their cells by the normalised English headings; other columns are left out."""
    names = {name: normalise(english) for name, english in columns.items()}
    for record in records:
        if isinstance(record, Record):
            yield Record(record.row, {names[name]: cell for name, cell in record.fields.items() if name in names})
        else:
            yield record


class Families:
    """Finds the parent of each row. A parent's SKU and its id are the same family."""

    def __init__(self) -> None:
        self._key_by_id: dict[str, str] = {}

    def key(self, record: Record, context: Context) -> str:
        """Return the parent's SKU or "id:N". A parent with both is stored, for variations that name it by the other."""
        cells = record.fields
        if _types(cells) & {"variation"}:
            parent = _text(cells, "parent")
            return self._key_by_id.get(parent, parent) or f"row:{record.row}"
        sku, own = _text(cells, "sku"), f"id:{_text(cells, 'id')}"
        if "variable" in _types(cells) and sku and own != "id:":
            self._key_by_id[own] = sku
        return sku or (own if own != "id:" else f"row:{record.row}")


def build_group(group: Group, context: Context) -> list[Row]:
    """Build the products of a family: every parent or simple product with its variations."""
    parents = [record for record in group if "variation" not in _types(record.fields)]
    children = [record for record in group if "variation" in _types(record.fields)]
    if not parents:
        return [BadRow(record.row, _orphan(record)) for record in children]
    rows: list[Row] = []
    for record in parents:
        is_owner = "variable" in _types(record.fields) or len(parents) == 1
        rows += _build(record, children if is_owner else [], context)
    return rows


def _orphan(record: Record) -> str:
    parent = _text(record.fields, "parent")
    return f"is a variation of {parent[:60] or 'nothing'}, which is not in this file; export the parents too"


def _build(record: Record, children: list[Record], context: Context) -> list[Row]:
    cells = record.fields
    external_id = _text(cells, "id") or _text(cells, "sku")
    title = parse_title(_text(cells, "name"))
    if is_damaged_code(external_id):
        return [BadRow(record.row, damaged_id(external_id))]
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
            if _text(child.fields, "published") not in ("-1", "0"):
                variants.append(_variant(child.fields, cells, context))
        except UnreadablePrice as error:
            rows.append(BadRow(child.row, str(error)))
    try:
        rows.append(ParsedProduct(record.row, _product(cells, external_id, title, variants, context)))
    except UnreadablePrice as error:
        rows.append(BadRow(record.row, str(error)))
    return rows


def _unpublished(cells: Cells) -> str | None:
    published = _text(cells, "published") or "1"
    if published != "1":
        return f"is not published in WooCommerce (Published {published[:20]})"
    visibility = _text(cells, "visibility in catalog").lower() or "visible"
    if visibility == "hidden":
        return "is hidden from the catalog in WooCommerce"
    if visibility not in ("visible", "catalog", "search"):
        return f"has the visibility {visibility[:20]}, which may not mean public"
    return None


def _product(cells: Cells, external_id: str, title: str, variants: list[Variant], context: Context) -> Product:
    price, before = _prices(cells, context)
    if variants and price is None:
        price = lowest_price(variants)
        before = next((variant.compare_at_price for variant in variants if variant.price == price), None)
    described = [_unescaped(_text(cells, column)) for column in ("short description", "description")]
    extras = [(column, cells.get(column)) for column in _ATTRIBUTE_COLUMNS]
    codes = [*parse_identifiers(_text(cells, "sku")), *parse_identifiers(_text(cells, "gtin upc ean or isbn"))]
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


def _variant(cells: Cells, parent: Cells, context: Context) -> Variant:
    price, before = _prices(cells, context)
    chosen = _attributes(cells)
    options = {name: chosen[name] for name in chosen if "," not in chosen[name]}
    barcodes = parse_identifiers(_text(cells, "gtin upc ean or isbn"))
    sku = next(iter(parse_identifiers(_text(cells, "sku"))), "")
    return Variant(
        id=_text(cells, "id") or sku or " / ".join(options.values()),
        title=" / ".join(options.values()) or parse_title(_text(cells, "name") or _text(parent, "name")),
        price=price,
        compare_at_price=before,
        available=_is_available(cells),
        sku=sku or None,
        barcode=barcodes[0] if barcodes else None,
        stock=parse_stock(_text(cells, "stock")),
        options=options,
    )


def _prices(cells: Cells, context: Context) -> tuple[Money | None, Money | None]:
    """Return (the price today, the price before a reduction). A sale counts between its dates."""
    regular = parse_money(_text(cells, "regular price"), context.currency)
    sale = parse_money(_text(cells, "sale price"), context.currency)
    starts, ends = _text(cells, "date sale price starts"), _text(cells, "date sale price ends")
    is_on = is_now_between(starts, ends, context.zone)
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


def _text(cells: Cells, column: str) -> str:
    """A cell's text, without the quote mark that WooCommerce puts before what could be a formula."""
    text = str(cells.get(column) or "").strip()
    return text[1:] if re.match(r"'[=+\-@]", text) else text


def _unescaped(text: str) -> str:
    return text.replace("\\,", ",").replace("\\n", "\n")
