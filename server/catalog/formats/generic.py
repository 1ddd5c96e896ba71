"""Builds a product from a row whose columns are known by their meaning."""

import re
from collections.abc import Iterable
from typing import Any

import msgspec

from integrations.platform import Money, Product, Variant

from .cell_access import Cells, Context
from .columns import is_identifier, normalise
from .field_values import (
    MAX_ID_CHARS,
    MAX_IDENTIFIERS,
    join_description,
    parse_attributes,
    parse_availability,
    parse_category,
    parse_identifiers,
    parse_stock,
    parse_title,
    parse_url,
    parse_visibility,
    render_text,
)
from .money import UnreadablePrice
from .row_result import BadRow, ParsedProduct, Record, Row, SkippedRow
from .sale_periods import is_now_between, parse_time

MAX_VARIANTS = 2_000
_OPTION = re.compile(r"option ?([1-3])(?: (name|value))?")


def build_product(record: Record, context: Context) -> Row:
    """Build the product of a row, or a BadRow with what is wrong."""
    try:
        return _build(record, context)
    except UnreadablePrice as error:
        return BadRow(record.row, str(error))
    except RecursionError:
        return BadRow(record.row, "nests objects too deeply")


def _build(record: Record, context: Context) -> Row:
    cells = Cells(record.fields, context)
    external_id, damaged = cells.first_id()
    if not external_id and damaged:
        return BadRow(record.row, damaged_id(damaged))
    if not external_id:
        return BadRow(record.row, "has no id; fill a column such as id, sku or handle")
    if len(external_id) > MAX_ID_CHARS:
        return BadRow(record.row, f"has an id of {len(external_id)} characters; at most {MAX_ID_CHARS} are kept")
    title = parse_title(cells.first("title"))
    if not title:
        return BadRow(record.row, f"has no title (id {external_id[:60]}); fill a column such as title or name")
    if reason := _hidden_reason(cells):
        return SkippedRow(record.row, reason, external_id)
    return ParsedProduct(record.row, _product(cells, external_id, title, context))


def damaged_id(code: str) -> str:
    """What is wrong with a row whose id a spreadsheet has destroyed."""
    return (
        f"has the id {code[:60]}: a spreadsheet has rounded a long number, and its digits are lost; export the file "
        "again, and open it only with the column formatted as text"
    )


def _hidden_reason(cells: Cells) -> str | None:
    """Why shoppers must not see the product, by all columns that say so; None when they may."""
    for name, value in cells.every("status"):
        words = render_text(value)[:30]
        match parse_visibility(value):
            case False:
                return f"is not published ({name} {words})"
            case None:
                return f"is left out: {name} is {words}, which may not mean public; use --map status==public if it does"
    for name, value in () if cells.is_mapped("status") else cells.every("hidden"):
        if parse_visibility(value) is not False:
            return f"is not published ({name} {render_text(value)[:30]})"
    return None


def _product(cells: Cells, external_id: str, title: str, context: Context) -> Product:
    currency = cells.currency()
    variants = _variants(cells.first("variants"), currency, context)
    price, compare_at = read_prices(cells, currency)
    available, availability = read_availability(cells, variants)
    identifiers, codes = _identifiers(cells, external_id, title)
    description = join_description(
        (value for value in [cells.first("description")] if value is not None),
        (value for _, value in cells.every("bullets")),
    )
    category = parse_category(cells.first("category"))
    brand = render_text(cells.first("brand"))[:200] or None
    url, image_url = parse_url(cells.first("url")), parse_url(cells.first("image_url"))
    updated_at = parse_time(cells.first("updated_at"), context.zone)
    cells.every("group")
    attributes = parse_attributes((*codes, *availability, *cells.rest()))
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
    """Return (the price today, the price before a reduction). Raises UnreadablePrice."""
    price = cells.money("price", currency)
    sale = cells.money("sale_price", currency)
    before = cells.money("compare_at_price", currency)
    starts, _, ends = render_text(cells.first("sale_dates")).partition("/")  # ISO 8601: "start/end"
    starts, ends = starts or cells.first("sale_starts"), ends or cells.first("sale_ends")
    if sale and is_now_between(starts, ends, cells.zone) and (price is None or is_less(sale, price)):
        price, before = sale, price or before
    return price, reduced_from(before, price)


def reduced_from(before: Money | None, price: Money | None) -> Money | None:
    """The price before a reduction: `before` where it is higher than `price`, else None."""
    return before if before and price and is_less(price, before) else None


def is_less(price: Money, other: Money) -> bool:
    """Whether `price` is lower than `other`; False for different currencies."""
    return price.currency == other.currency and price.amount < other.amount


def lowest_price(variants: Iterable[Variant]) -> Money | None:
    """The lowest price of the available variants, or of all; None when there is none or currencies differ."""
    priced = [(variant.available, variant.price) for variant in variants if variant.price]
    prices = [price for available, price in priced if available] or [price for _, price in priced]
    if len({price.currency for price in prices}) != 1:
        return None
    return min(prices, key=lambda price: price.amount)


def read_availability(cells: Cells, variants: tuple[Variant, ...]) -> tuple[bool, list[tuple[str, str]]]:
    """Return whether the product is available, and the shop's words as an attribute where they say more than that."""
    cell, stock = cells.first("available"), parse_stock(cells.first("stock"))
    said = parse_availability(cell)
    words = render_text(cell)
    tells_more = words and (said is None or re.search("order|limited|discontinued|low", words, re.IGNORECASE))
    notes = [("availability", words.replace("_", " "))] if tells_more else []
    if said is not None:
        return said, notes
    if stock is not None:
        return stock > 0, notes
    return (any(variant.available for variant in variants) if variants else True), notes


def _identifiers(cells: Cells, external_id: str, title: str) -> tuple[list[str], list[tuple[str, Any]]]:
    """Part numbers, and those cells among them that also read well as attributes (model, MPN, short name)."""
    sku = parse_identifiers(cells.peek("sku"))
    named = [(name, value) for name, value in cells.every("title") if render_text(value) != title]
    coded = cells.every("identifiers")
    short = [code for _, value in named for code in [render_text(value)] if _is_label(code)]
    codes = [*sku, *(code for _, value in coded for code in parse_identifiers(value)), *short]
    cells.every("sku")
    worded = [(name, value) for name, value in coded if not render_text(value).replace(", ", "").isdigit()]
    return [code for code in codes if code != external_id], [*named, *worded]


def _is_label(text: str) -> bool:
    return len(text) <= 64 and len(text.split()) <= 6


def _coded(attributes: dict[str, str]) -> list[str]:
    """Part numbers that stand among nested attributes, such as "oem code"."""
    names = [name for name in attributes if is_identifier(name)]
    return [code for name in names for code in parse_identifiers(attributes[name])]


def _variants(value: object, currency: str, context: Context) -> tuple[Variant, ...]:
    """Build variants from a list of objects, or an object of objects keyed by id. Those not public are left out."""
    if isinstance(value, dict):
        value = [{"id": key, **item} for key, item in value.items() if isinstance(item, dict)]
    if not isinstance(value, list):
        return ()
    items = [item for item in value if isinstance(item, dict)][:MAX_VARIANTS]
    within = msgspec.structs.replace(context, currency=currency, sources=())
    return tuple(
        _variant(item, position, within)
        for position, item in enumerate(items, 1)
        if _hidden_reason(Cells(item, within)) is None
    )


def _variant(fields: dict[str, Any], position: int, context: Context) -> Variant:
    cells = Cells(fields, context)
    sku = render_text(cells.peek("sku"))[:MAX_ID_CHARS] or None
    options = _options(fields)
    own_currency = cells.currency()
    price, compare_at = read_prices(cells, own_currency)
    available, _ = read_availability(cells, ())
    barcodes = parse_identifiers(cells.peek("identifiers"))
    return Variant(
        id=render_text(cells.first("id"))[:MAX_ID_CHARS] or str(position),
        title=parse_title(cells.first("title")) or " / ".join(options.values()) or sku or str(position),
        price=price,
        compare_at_price=compare_at,
        available=available,
        sku=sku,
        barcode=barcodes[0] if barcodes else None,
        stock=parse_stock(cells.peek("stock")),
        options=options,
    )


def _options(fields: dict[str, Any]) -> dict[str, str]:
    """`{"options": {...}}`, `[{"name","value"}]`, or option1..3 with or without names."""
    for name, value in fields.items():
        if normalise(name) in ("options", "selected options", "attributes", "option values"):
            return parse_attributes([("", value)]) if isinstance(value, dict | list) else {}
    numbered = {match.groups(): render_text(value) for name, value in fields.items() if (match := _option_name(name))}
    found = {}
    for number in "123":
        value = numbered.get((number, "value")) or numbered.get((number, None))
        if value and value != "Default Title":
            found[numbered.get((number, "name")) or f"option {number}"] = value
    return found


def _option_name(name: str) -> "re.Match[str] | None":
    return _OPTION.fullmatch(normalise(name))
