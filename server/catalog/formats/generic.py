"""A product out of a row whose columns are known by meaning only."""

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from integrations.platform import Money, Product, Variant

from .cell_access import Cells, Context
from .columns import is_identifier, normalise
from .field_values import (
    MAX_ID_CHARS,
    MAX_IDENTIFIERS,
    attributes_of,
    category_of,
    description_of,
    identifiers_of,
    is_available,
    is_unpublished,
    stock_of,
    text_of,
    time_of,
    title_of,
    url_of,
)
from .money import UnreadablePrice
from .row_result import BadRow, ParsedProduct, Record, Row, SkippedRow

MAX_VARIANTS = 2_000
_OPTION = re.compile(r"option ?([1-3])(?: (name|value))?")


def build_product(record: Record, context: Context) -> Row:
    """The product in a row, or what is wrong with the row."""
    try:
        return _build(record, context)
    except UnreadablePrice as error:
        return BadRow(record.row, str(error))
    except RecursionError:
        return BadRow(record.row, "nests objects too deeply")


def _build(record: Record, context: Context) -> Row:
    cells = Cells(record.fields, context)
    external_id = text_of(cells.first("id"))
    if not external_id:
        return BadRow(record.row, "has no id; fill a column such as id, sku or handle")
    if len(external_id) > MAX_ID_CHARS:
        return BadRow(record.row, f"has an id of {len(external_id)} characters; at most {MAX_ID_CHARS} are kept")
    title = title_of(cells.first("title"))
    if not title:
        return BadRow(record.row, f"has no title (id {external_id[:60]}); fill a column such as title or name")
    if is_unpublished(status := cells.first("status")):
        return SkippedRow(record.row, f"is not published (status {text_of(status)[:30]})", external_id)
    return ParsedProduct(record.row, _product(cells, external_id, title, context))


def _product(cells: Cells, external_id: str, title: str, context: Context) -> Product:
    currency = cells.currency()
    variants = _variants(cells.first("variants"), currency)
    price, compare_at = read_prices(cells, currency)
    available, availability = read_availability(cells, variants)
    identifiers, codes = _identifiers(cells, external_id, title)
    description = description_of(
        (value for value in [cells.first("description")] if value is not None),
        (value for _, value in cells.every("bullets")),
    )
    category = category_of(cells.first("category"))
    brand = text_of(cells.first("brand"))[:200] or None
    url, image_url = url_of(cells.first("url")), url_of(cells.first("image_url"))
    updated_at = time_of(cells.first("updated_at"))
    cells.every("group")
    attributes = attributes_of((*codes, *availability, *cells.rest()))
    return Product(
        external_id=external_id,
        title=title,
        description=description,
        brand=brand,
        category=category,
        url=url,
        image_url=image_url,
        price=price or lowest_price(variants),
        compare_at_price=compare_at,
        available=available,
        variants=variants,
        attributes=attributes,
        identifiers=tuple(dict.fromkeys((*identifiers, *_coded(attributes))))[:MAX_IDENTIFIERS],
        updated_at=updated_at,
    )


def read_prices(cells: Cells, currency: str) -> tuple[Money | None, Money | None]:
    """(what it costs today, the price it is reduced from). Raises UnreadablePrice."""
    price = cells.money("price", currency)
    sale = cells.money("sale_price", currency)
    before = cells.money("compare_at_price", currency)
    if sale and is_now_within(text_of(cells.first("sale_dates"))) and (price is None or is_less(sale, price)):
        price, before = sale, price or before
    return price, before if price and before and is_less(price, before) else None


def is_less(price: Money, other: Money) -> bool:
    """Whether it is the lower of two prices in one currency; never across currencies."""
    return price.currency == other.currency and price.amount < other.amount


def is_now_within(interval: str) -> bool:
    """Whether now lies within "start/end" in ISO 8601; an empty or odd interval holds always."""
    start, _, end = (time_of(re.sub(r"([+-]\d\d)(\d\d)$", r"\1:\2", part.strip())) for part in interval.partition("/"))
    now = datetime.now(UTC)
    return not (start and now < start) and not (end and now > end)


def lowest_price(variants: Iterable[Variant]) -> Money | None:
    """The lowest price of what can be bought, else of all; None when there is none or currencies differ."""
    priced = [(variant.available, variant.price) for variant in variants if variant.price]
    prices = [price for available, price in priced if available] or [price for _, price in priced]
    if len({price.currency for price in prices}) != 1:
        return None
    return min(prices, key=lambda price: price.amount)


def read_availability(cells: Cells, variants: tuple[Variant, ...]) -> tuple[bool, list[tuple[str, str]]]:
    """Whether it can be bought, and the shop's own words as an attribute where they say more than yes or no."""
    cell, stock = cells.first("available"), stock_of(cells.first("stock"))
    said = is_available(cell)
    words = text_of(cell)
    tells_more = words and (said is None or re.search("order|limited|discontinued|low", words, re.IGNORECASE))
    notes = [("availability", words.replace("_", " "))] if tells_more else []
    if said is not None:
        return said, notes
    if stock is not None:
        return stock > 0, notes
    return (any(variant.available for variant in variants) if variants else True), notes


def _identifiers(cells: Cells, external_id: str, title: str) -> tuple[list[str], list[tuple[str, Any]]]:
    """Part numbers, and those cells among them that also read well as attributes (model, MPN, short name)."""
    sku = identifiers_of(cells.peek("sku"))
    named = [(name, value) for name, value in cells.every("title") if text_of(value) != title]
    coded = cells.every("identifiers")
    short = [code for _, value in named for code in [text_of(value)] if _is_label(code)]
    codes = [*sku, *(code for _, value in coded for code in identifiers_of(value)), *short]
    cells.every("sku")
    worded = [(name, value) for name, value in coded if not text_of(value).replace(", ", "").isdigit()]
    return [code for code in codes if code != external_id], [*named, *worded]


def _is_label(text: str) -> bool:
    return len(text) <= 64 and len(text.split()) <= 6


def _coded(attributes: dict[str, str]) -> list[str]:
    """Part numbers that stand among nested attributes, such as "oem code"."""
    names = [name for name in attributes if is_identifier(name)]
    return [code for name in names for code in identifiers_of(attributes[name])]


def _variants(value: Any, currency: str) -> tuple[Variant, ...]:
    """From a list of objects, or an object of objects keyed by id."""
    if isinstance(value, dict):
        value = [{"id": key, **item} for key, item in value.items() if isinstance(item, dict)]
    if not isinstance(value, list):
        return ()
    items = [item for item in value if isinstance(item, dict)][:MAX_VARIANTS]
    return tuple(_variant(item, position, currency) for position, item in enumerate(items, 1))


def _variant(fields: dict[str, Any], position: int, currency: str) -> Variant:
    cells = Cells(fields, Context(currency))
    sku = text_of(cells.peek("sku"))[:MAX_ID_CHARS] or None
    options = _options(fields)
    own_currency = cells.currency()
    price, compare_at = read_prices(cells, own_currency)
    available, _ = read_availability(cells, ())
    barcodes = identifiers_of(cells.peek("identifiers"))
    return Variant(
        id=text_of(cells.first("id"))[:MAX_ID_CHARS] or str(position),
        title=title_of(cells.first("title")) or " / ".join(options.values()) or sku or str(position),
        price=price,
        compare_at_price=compare_at,
        available=available,
        sku=sku,
        barcode=barcodes[0] if barcodes else None,
        stock=stock_of(cells.peek("stock")),
        options=options,
    )


def _options(fields: dict[str, Any]) -> dict[str, str]:
    """`{"options": {...}}`, `[{"name","value"}]`, or option1..3 with or without names."""
    for name, value in fields.items():
        if normalise(name) in ("options", "selected options", "attributes", "option values"):
            return attributes_of([("", value)]) if isinstance(value, dict | list) else {}
    numbered = {match.groups(): text_of(value) for name, value in fields.items() if (match := _option_name(name))}
    found = {}
    for number in "123":
        value = numbered.get((number, "value")) or numbered.get((number, None))
        if value and value != "Default Title":
            found[numbered.get((number, "name")) or f"option {number}"] = value
    return found


def _option_name(name: str) -> "re.Match[str] | None":
    return _OPTION.fullmatch(normalise(name))
