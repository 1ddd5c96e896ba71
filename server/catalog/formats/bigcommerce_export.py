"""BigCommerce's product exports, the present and the legacy one: below the row of a product stand rows of its variants,
pictures and price rules."""

import re
from collections.abc import Iterable
from decimal import Decimal, InvalidOperation
from typing import Any

from .cell_access import Context, with_mapped
from .columns import normalise
from .field_values import parse_visibility, render_text
from .generic import build_product
from .grouping import Group
from .row_result import BadRow, Record, Row, SkippedRow

_PRESENT_NAMES = {
    "item": "item type", "id": "product id", "name": "product name", "sku": "product code sku",
    "description": "product description", "is visible": "product visible", "inventory tracking": "track inventory",
    "current stock": "current stock level", "categories": "category", "upc ean": "product upc ean",
    "internal image url export": "picture", "image url import": "picture", "variant image url": "picture",
    "product sku": "product code sku", "stock level": "current stock level", "product image url 1": "picture",
    "product image file 1": "picture", "brand": "brand name", "allow purchases": "allow purchases",
    "global trade number": "product upc ean", "gtin": "product upc ean",
}  # fmt: skip
"""Each other name of a column, normalised, and the legacy name of the same column."""
_LEGACY_OPTION = re.compile(r"\[[A-Z]{1,3}\]\s*([^=,\[]+)=([^\[]*)")
_OPTION = re.compile(r"Name=([^|;\n]+)\|Value=([^|;\n]+)")
_SWATCH = re.compile(r"(?::#[0-9a-fA-F]{3,8}|\[#[^\]]*\]|:[^:]*\.(?:png|jpe?g|gif))\s*$")
_RULE = re.compile(r"\[(ADD|REMOVE|FIXED)\]\s*([0-9.]+)")
_NO_TRACKING = ("", "none", "no", "n", "do not track")
Cells = dict[str, Any]


def is_bigcommerce_export(header: Iterable[str]) -> bool:
    """Whether a table has the columns that make an export of BigCommerce."""
    names = {normalise(name) for name in header}
    is_legacy = "item type" in names and "product name" in names
    is_present = {"item", "name", "sku", "options"} <= names and bool({"is visible", "inventory tracking"} & names)
    return is_legacy or is_present


class Families:
    """Finds the product of each row: the last one above it."""

    def __init__(self) -> None:
        self._product = ""

    def key(self, record: Record, context: Context) -> str:
        """The key of the product that a row belongs to."""
        if _kind(_cells(record)) == "product":
            self._product = f"row:{record.row}"
        return self._product or f"row:{record.row}"


def build_group(group: Group, context: Context) -> list[Row]:
    """Build the product of a group with a variant for each SKU."""
    rows = [(record.row, _cells(record)) for record in group]
    number, head = rows[0]
    if _kind(head) != "product":
        return [BadRow(row, "belongs to no product: no row of a product stands above it") for row, _ in rows]
    external_id = _text(head, "product id") or _text(head, "product code sku")
    visible = _text(head, "product visible")
    if visible and not parse_visibility(visible):
        return [SkippedRow(number, f"is not visible in BigCommerce (visible {visible[:20]})", external_id)]
    prices = {_text(cells, "product code sku"): found for _, cells in rows if (found := _rule(cells))}
    own = _text(head, "price")
    variants = [
        _variant(cells, _ruled(own, prices.get(_text(cells, "product code sku"))), head)
        for _, cells in rows[1:]
        if _kind(cells) in ("sku", "variant") and _is_offered(cells)
    ]
    pictures = [cells.get("picture") for _, cells in rows]
    fields = with_mapped(_product(head, external_id, variants, pictures, context), group[0], context)
    return [build_product(Record(number, fields), context)]


def _product(head: Cells, external_id: str, variants: list[Cells], pictures: list[Any], context: Context) -> Cells:
    is_single = len(variants) == 1 and not variants[0]["options"]
    paths = [path.split("/") for path in re.split(r"[;|]", _text(head, "category")) if path.strip()]
    return {
        "id": external_id,
        "title": head.get("product name"),
        "description": head.get("product description"),
        "brand": head.get("brand name"),
        "category": [part.strip() for part in max(paths, key=len, default=[]) if part.strip()],
        "url": context.page_url(_text(head, "product url")),
        "image url": next((url for text in pictures if (url := context.page_url(render_text(text)))), None),
        **_price(head),
        "compare at price": head.get("retail price"),
        "available": _availability(head, variants),
        "stock": head.get("current stock level") if _tracking(head) not in _NO_TRACKING and not variants else None,
        "variants": [] if is_single else variants,
        "sku": _text(head, "product code sku") if _text(head, "product code sku") != external_id else "",
        "gtin": head.get("product upc ean"),
        "mpn": head.get("manufacturer part number"),
        "attributes": {"availability": head.get("product availability")},
    }


def _variant(cells: Cells, ruled: str, head: Cells) -> Cells:
    options = _options(cells)
    stock = (
        _text(cells, "current stock level") if _tracking(head) not in (*_NO_TRACKING, "product", "by product") else ""
    )
    can_be_had = _can_be_bought(head) and (not stock or not re.fullmatch(r"-\d+|0(?:\.0+)?", stock))
    price = _price(cells)
    return {
        "id": _text(cells, "product code sku") or _text(cells, "product id") or " / ".join(options.values()),
        "sku": cells.get("product code sku"),
        "title": " / ".join(options.values()),
        "price": price["price"] or ruled,
        "sale price": price["sale price"] or (head.get("sale price") if not price["price"] and not ruled else None),
        "available": can_be_had,
        "stock": stock,
        "gtin": cells.get("product upc ean"),
        "options": options,
    }


def _price(cells: Cells) -> Cells:
    """The price cells; a sale price of nothing is none."""
    sale = _text(cells, "sale price")
    return {
        "price": None if _RULE.match(_text(cells, "price")) else cells.get("price"),
        "sale price": None if re.fullmatch(r"0*(?:\.0*)?", sale) else sale,
    }


def _rule(cells: Cells) -> tuple[str, Decimal] | None:
    """What a price rule does to the price of a SKU."""
    found = _RULE.fullmatch(_text(cells, "price")) if _kind(cells) == "rule" else None
    return (found[1], Decimal(found[2])) if found else None


def _ruled(price: str, rule: tuple[str, Decimal] | None) -> str:
    """The product's price as a rule changes it."""
    if rule is None:
        return price
    what, amount = rule
    try:
        return str({"ADD": Decimal(price or 0) + amount, "REMOVE": Decimal(price or 0) - amount}.get(what, amount))
    except InvalidOperation:
        return price


def _availability(head: Cells, variants: list[Cells]) -> bool | None:
    if not _can_be_bought(head):
        return False
    if variants:
        return any(variant["available"] for variant in variants)
    return True if _tracking(head) in _NO_TRACKING else None


def _can_be_bought(head: Cells) -> bool:
    return parse_visibility(_text(head, "allow purchases")) is not False


def _is_offered(cells: Cells) -> bool:
    return not any(parse_visibility(_text(cells, name)) is False for name in ("product visible", "allow purchases"))


def _options(cells: Cells) -> dict[str, str]:
    """ "[S]Size=S,[RB]Colour=Black" of the legacy export, "Type=Dropdown|Name=Size|Value=S" of the present one."""
    found = _OPTION.findall(_text(cells, "options")) or _LEGACY_OPTION.findall(_text(cells, "product name"))
    return {name.strip(): _SWATCH.sub("", value.strip().rstrip(",")).strip() for name, value in found}


def _tracking(head: Cells) -> str:
    return _text(head, "track inventory").lower()


def _kind(cells: Cells) -> str:
    return _text(cells, "item type").lower()


def _cells(record: Record) -> Cells:
    cells: Cells = {}
    for name, value in record.fields.items():
        plain = normalise(name)
        plain = _PRESENT_NAMES.get(plain, plain)
        cells[plain] = cells.get(plain) or value
    return cells


def _text(cells: Cells, name: str) -> str:
    return render_text(cells.get(name))
