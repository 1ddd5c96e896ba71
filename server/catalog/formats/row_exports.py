"""The exports of PrestaShop and OpenCart: one row is one product, in columns of their own names."""

import re
from collections.abc import Iterable, Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any

from .cell_access import Context, with_mapped
from .columns import normalise
from .field_values import parse_availability, parse_stock, parse_visibility, render_text
from .generic import build_product
from .money import UnreadablePrice, minor_digits, parse_money
from .row_result import BadRow, Record, Row
from .sale_periods import is_now_between
from .vocabulary import fold_heading, headings

_HINT = re.compile(r"\s*(?:\([^)]*\)|\*|#|n°|nº|№)\s*")
_LISTED = "x,y,z"
_FLAG = "0/1"
_OPENCART_MARKS = frozenset(("model", "quantity", "status", "stock status id", "date available", "minimum", "subtract"))
_LANGUAGE = re.compile(r"(name|description)\(([a-z]{2}(?:-[a-z]{2})?)\)", re.IGNORECASE)
Cells = dict[str, Any]


def find_prestashop_columns(header: Sequence[str]) -> dict[str, str] | None:
    """The English name, normalised and without its hints, of each known column of a PrestaShop file in any language of
    its admin; None for any other table. "(0/1)" and "(x,y,z...)" are in its headings in every language."""
    names = [fold_heading(name) for name in header]
    is_marked = any(_FLAG in name for name in names) and any(_LISTED in name for name in names)
    plain = {normalise(_HINT.sub(" ", name.lower())) for name in header}
    if not is_marked and not ({"price tax excl", "price tax incl"} & {normalise(name) for name in header}):
        return None
    if not is_marked and not ({"reference", "quantity", "status", "active"} & plain):
        return None
    known = [*headings("prestashop").values()]
    found: dict[str, str] = {}
    for name in header:
        bare = normalise(_HINT.sub(" ", name.lower()))
        english = next((names[bare] for names in known if bare in names), None)
        found[name] = english or ("price tax included" if "incl" in normalise(name) and "price" in bare else bare)
    return found


def is_opencart_export(header: Iterable[str]) -> bool:
    """Whether a table has the columns that make a product list of OpenCart."""
    names = {normalise(name) for name in header}
    return "product id" in names and "model" in names and len(_OPENCART_MARKS & names) > 2


def build_prestashop(record: Record, context: Context, columns: Mapping[str, str]) -> Row:
    """Build the product of a row of PrestaShop's. Prices are those with tax, as the shop shows them."""
    cells: Cells = {}
    for name, value in record.fields.items():
        known = columns.get(name, name)
        cells[known] = cells.get(known) or value
    try:
        price, before = _discounted(cells, context)
    except UnreadablePrice as error:
        return BadRow(record.row, str(error))
    is_priced = render_text(cells.get("show price")) != "0"
    fields: Cells = {
        "id": cells.get("product id") or cells.get("id") or cells.get("reference"),
        "title": cells.get("name"),
        "status": cells.get("active") or cells.get("status"),
        "visibility": cells.get("visibility"),
        "description": "\n".join(filter(None, (render_text(cells.get(n)) for n in ("summary", "description")))),
        "brand": cells.get("brand") or cells.get("manufacturer"),
        "category": [part.strip() for part in re.split(r"[,/>]", render_text(cells.get("categories"))) if part.strip()],
        "url": context.page_url(render_text(cells.get("product url"))),
        "image url": re.split(r",\s*(?=https?:)", render_text(cells.get("image urls")))[0],
        "price": price if is_priced else None,
        "compare at price": before if is_priced else None,
        "available": _is_sold(cells),
        "stock": cells.get("quantity"),
        "sku": cells.get("reference"),
        "ean": [cells.get(name) for name in ("ean13", "upc", "isbn", "mpn") if render_text(cells.get(name))],
        "attributes": _features(render_text(cells.get("feature"))),
    }
    return build_product(Record(record.row, with_mapped(fields, record, context)), context)


def _discounted(cells: Cells, context: Context) -> tuple[Any, Any]:
    """(the price today, the price before a discount that holds today). Raises UnreadablePrice."""
    price = cells.get("price tax included")
    regular = parse_money(price, context.currency)
    amount = render_text(cells.get("discount amount")).replace(",", ".")
    percent = render_text(cells.get("discount percent")).replace(",", ".").rstrip("% ")
    if regular is None or not is_now_between(cells.get("discount from"), cells.get("discount to"), context.zone):
        return price, None
    digits = minor_digits(regular.currency)
    full = Decimal(regular.amount).scaleb(-digits)
    try:
        off = Decimal(amount) if amount else full * Decimal(percent or 0) / 100
    except InvalidOperation:
        return price, None
    today = (full - off).quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP)
    return (f"{today} {regular.currency}", price) if 0 < today < full else (price, None)


def _is_sold(cells: Cells) -> bool | None:
    """Whether a product can be had; None leaves it to its quantity."""
    if parse_availability(cells.get("available for order")) is False:
        return False
    return True if render_text(cells.get("action when out of stock")) == "1" else None


def _features(text: str) -> dict[str, str]:
    """ "Size:A5:0:1,Paper:dotted": name and value of each."""
    pairs = (part.split(":") for part in text.split(","))
    return {pair[0].strip(): pair[1].strip() for pair in pairs if len(pair) > 1}


def build_opencart(record: Record, context: Context) -> Row:
    """Build the product of a row of OpenCart's, whose names are of one language of several."""
    cells = {normalise(name): value for name, value in record.fields.items()}
    for name, value in record.fields.items():
        if (found := _LANGUAGE.fullmatch(name.strip())) and not cells.get(found[1].lower()):
            cells[found[1].lower()] = value
    picture = render_text(cells.get("image name") or cells.get("image"))
    is_subtracted = parse_visibility(cells.get("subtract")) is not False
    keyword = render_text(cells.get("seo keyword") or cells.get("keyword"))
    page = keyword or f"index.php?route=product/product&product_id={render_text(cells.get('product id'))}"
    fields: Cells = {
        "id": cells.get("product id"),
        "title": cells.get("name"),
        "status": cells.get("status"),
        "description": cells.get("description"),
        "brand": cells.get("manufacturer"),
        "category": "" if re.fullmatch(r"[\d, ]*", render_text(cells.get("categories"))) else cells.get("categories"),
        "url": context.page_url(page),
        "image url": context.page_url(picture if "://" in picture else f"image/{picture}") if picture else None,
        "price": cells.get("price"),
        "available": None if is_subtracted and parse_stock(cells.get("quantity")) is not None else True,
        "stock": cells.get("quantity") if is_subtracted else None,
        "model": cells.get("model"),
        "sku": cells.get("sku"),
        "ean": [cells.get(name) for name in ("upc", "ean", "jan", "isbn", "mpn") if render_text(cells.get(name))],
    }
    return build_product(Record(record.row, with_mapped(fields, record, context)), context)
