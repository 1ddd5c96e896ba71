"""Magento 2's product export: a product's rows are one of all views and one of each store view, and the variants of a
configurable product are products of their own that only `configurable_variations` of their parent names."""

import re
from collections.abc import Iterable, Iterator
from typing import Any

from .cell_access import Context, with_mapped
from .columns import is_identifier, is_private
from .field_values import parse_availability, parse_visibility, render_text
from .generic import build_product
from .grouping import Group
from .row_result import BadRow, Record, Row, SkippedRow
from .sale_periods import is_now_between

_ENABLED, _DISABLED = "1", "2"
_PAIR_START = re.compile(r",(?=[\w-]{1,60}=)")
_MIDNIGHT = re.compile(r",? (?:00:00(?::00)?|12:00 AM)$", re.IGNORECASE)
_PICTURES = "media/catalog/product"
_BRAND_NAMES = ("manufacturer", "brand")
Fields = dict[str, Any]


def is_magento_export(header: Iterable[str]) -> bool:
    """Whether a table has the columns that make an export of Magento 2 or Adobe Commerce."""
    names = {name.strip().lower() for name in header}
    marks = {"product_online", "store_view_code", "configurable_variations", "product_websites", "url_key"}
    return "sku" in names and bool({"product_type", "attribute_set_code"} & names) and len(marks & names) > 1


class Families:
    """Finds the configurable product of each row. Its variants may stand above it, so the file is read twice."""

    def __init__(self) -> None:
        self._parents: dict[str, str] = {}

    def learn(self, records: Iterator[Record | BadRow], context: Context) -> None:
        """Read which variants belong to which product."""
        for record in records:
            if isinstance(record, Record):
                for variation in _variations(record.fields):
                    self._parents.setdefault(variation.get("sku", ""), _text(record.fields, "sku"))

    def key(self, record: Record, context: Context) -> str:
        """The SKU of the product that a row belongs to."""
        sku = _text(record.fields, "sku")
        return self._parents.get(sku, sku) or f"row:{record.row}"

    def build_group(self, group: Group, context: Context) -> list[Row]:
        """Build a product with the variants of its own that are in the file; they are no products themselves."""
        rows = _of_all_views(group)
        key = self.key(group[0], context)
        own = rows.pop(key, None)
        if own is None:
            missing = f"is a variant of {key[:60]}, which is not in this file; export that product too"
            return [BadRow(record.row, missing) for record in rows.values()]
        if reason := _hidden_reason(own.fields):
            return [SkippedRow(own.row, reason, key)]
        variants = [
            _variant(rows[variation["sku"]].fields, variation, _labels(own.fields), context)
            for variation in _variations(own.fields)
            if variation.get("sku") in rows and _is_enabled(rows[variation["sku"]].fields)
        ]
        fields = with_mapped(_product(own.fields, variants, context), own, context)
        return [build_product(Record(own.row, fields), context)]


def _of_all_views(group: Group) -> dict[str, Record]:
    """By SKU, the row that holds for all store views; a row of one view fills in where there is none."""
    found: dict[str, Record] = {}
    for record in sorted(group, key=lambda each: bool(_text(each.fields, "store_view_code"))):
        found.setdefault(_text(record.fields, "sku"), record)
    return found


def _hidden_reason(fields: Fields) -> str | None:
    if not _is_enabled(fields):
        return f"is not enabled in Magento (product_online {_text(fields, 'product_online')[:20]})"
    visibility = _text(fields, "visibility")
    match parse_visibility(visibility) if visibility else True:
        case False:
            return f"is not shown by itself in Magento (visibility {visibility[:30]})"
        case None:
            return f"has the visibility {visibility[:30]}, which may not mean public"
    return None


def _is_enabled(fields: Fields) -> bool:
    return (_text(fields, "product_online") or _text(fields, "status") or _ENABLED) == _ENABLED


def _product(fields: Fields, variants: list[Fields], context: Context) -> Fields:
    further = dict(_pairs(_text(fields, "additional_attributes")))
    brand = next((value for name in _BRAND_NAMES if (value := further.pop(name, ""))), "")
    page, picture = _text(fields, "url_key"), _text(fields, "base_image") or _text(fields, "small_image")
    return {
        "id": _text(fields, "sku"),
        "title": fields.get("name"),
        "description": "\n".join(filter(None, (_text(fields, "short_description"), _text(fields, "description")))),
        "brand": brand,
        "category": _category(_text(fields, "categories")),
        "url": context.page_url(f"{page}.html") if page else None,
        "image url": context.page_url(picture if "://" in picture else f"{_PICTURES}/{picture.lstrip('/')}")
        if picture
        else None,
        **_price(fields, context),
        "available": _is_available(fields, variants),
        "stock": _stock(fields),
        "variants": variants,
        "identifiers": [value for name, value in further.items() if is_identifier(name)],
        "attributes": {name: value for name, value in further.items() if not is_identifier(name)},
    }


def _variant(fields: Fields, variation: dict[str, str], labels: dict[str, str], context: Context) -> Fields:
    return {
        "id": _text(fields, "sku"),
        "sku": _text(fields, "sku"),
        "title": " / ".join(value for name, value in variation.items() if name != "sku") or fields.get("name"),
        **_price(fields, context),
        "available": _is_available(fields, []),
        "stock": _stock(fields),
        "options": {labels.get(name, name): value for name, value in variation.items() if name != "sku"},
    }


def _price(fields: Fields, context: Context) -> Fields:
    """The price cells in our words. A special price counts in its period, the whole last day included."""
    starts, ends = (_MIDNIGHT.sub("", _text(fields, f"special_price_{side}_date")) for side in ("from", "to"))
    is_on = is_now_between(starts, ends, context.zone, month_first=True)
    return {"price": fields.get("price"), "sale price": fields.get("special_price") if is_on else None}


def _is_available(fields: Fields, variants: list[Fields]) -> bool:
    is_in_stock = parse_availability(_text(fields, "is_in_stock")) is not False
    return is_in_stock and (any(variant["available"] for variant in variants) if variants else True)


def _stock(fields: Fields) -> str | None:
    if _text(fields, "product_type") not in ("", "simple", "virtual", "downloadable"):
        return None
    return None if _text(fields, "manage_stock") == "0" else _text(fields, "qty")


def _category(text: str) -> list[str]:
    """The deepest path, without the root that no shopper sees."""
    paths = [[part.strip() for part in path.split("/") if part.strip()] for path in text.split(",")]
    deepest = max(paths, key=len, default=[])
    return deepest[1:] or deepest


def _variations(fields: Fields) -> Iterator[dict[str, str]]:
    """ "sku=BAG-S,size=S|sku=BAG-L,size=L" as one dictionary for each variant."""
    for text in _text(fields, "configurable_variations").split("|"):
        if text:
            yield dict(_pairs(text))


def _labels(fields: Fields) -> dict[str, str]:
    return dict(_pairs(_text(fields, "configurable_variation_labels")))


def _pairs(text: str) -> Iterator[tuple[str, str]]:
    """ "color=Olive,material=wax, cotton": a value may hold commas."""
    for part in _PAIR_START.split(text):
        name, sign, value = part.partition("=")
        if sign and name.strip() and not is_private(name):
            yield name.strip(), ", ".join(value.strip().strip('"').split("|"))


def _text(fields: Fields, name: str) -> str:
    return render_text(fields.get(name))
