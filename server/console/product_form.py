"""The form of one product: from the product to its fields, and back. A field is named as its problem is."""

import re
from collections.abc import Iterator, Mapping

from msgspec import structs

from integrations.platform import Money, Product, Variant
from server.catalog.formats.money import UnreadablePrice, parse_money
from server.core.addresses import MAX_URL_CHARS, is_web_address
from server.core.money import to_decimal

ON = "on"
MAX_TITLE, MAX_BRAND, MAX_CATEGORY, MAX_DESCRIPTION = 500, 200, 500, 100_000
MAX_ATTRIBUTES, MAX_ATTRIBUTE_NAME = 200, 80
MAX_VARIANTS_SHOWN = 100
"""Products with more variants are edited where they come from."""

Fields = Mapping[str, str]
Problems = dict[str, str]
"""What is wrong, by field."""


def fields_of(product: Product) -> dict[str, str]:
    """What the form shows of a product. A field without a value is not there."""
    fields = {
        "title": product.title,
        "description": product.description,
        "brand": product.brand or "",
        "category": " > ".join(product.category),
        "url": product.url or "",
        "image_url": product.image_url or "",
        "price": _amount(product.price),
        "compare_at_price": _amount(product.compare_at_price),
        "available": ON if product.available else "",
        "attributes": "\n".join(f"{name}: {' '.join(value.split())}" for name, value in product.attributes.items()),
        "identifiers": "\n".join(product.identifiers),
    }
    for index, variant in enumerate(_editable(product)):
        at = f"variants[{index}]"
        fields |= {
            f"{at}.title": variant.title,
            f"{at}.sku": variant.sku or "",
            f"{at}.price": _amount(variant.price),
            f"{at}.stock": "" if variant.stock is None else str(variant.stock),
            f"{at}.available": ON if variant.available else "",
        }
    return {name: value for name, value in fields.items() if value}


def product_of(form: Fields, product: Product, currency: str) -> tuple[Product, Problems]:
    """The product as the form wants it, and what is wrong with the form; the product is to be used only where nothing
    is. `currency` is the shop's, for prices that name none."""
    given = {name: value.replace("\r\n", "\n").replace("\x00", "").strip() for name, value in form.items()}
    problems: Problems = dict(_text_problems(given))
    own = product.price.currency if product.price else currency
    price = _price(given, "price", own, problems)
    before = _price(given, "compare_at_price", own, problems)
    if (
        before
        and "price" not in problems
        and (price is None or before.currency != price.currency or before.amount <= price.amount)
    ):
        problems.setdefault("compare_at_price", "Must be higher than the price; leave it empty without a reduction.")
    variants = tuple(_variant(given, index, variant, own, problems) for index, variant in enumerate(_editable(product)))
    changed = structs.replace(
        product,
        title=given.get("title", ""),
        description=given.get("description", ""),
        brand=given.get("brand") or None,
        category=tuple(part for each in given.get("category", "").split(">") if (part := each.strip())),
        url=given.get("url") or None,
        image_url=given.get("image_url") or None,
        price=price,
        compare_at_price=before,
        available=given.get("available") == ON,
        variants=variants or product.variants,
        attributes=_attributes(given.get("attributes", ""), product.attributes, problems),
        identifiers=tuple(dict.fromkeys(_lines(given.get("identifiers", "")))),
    )
    return changed, problems


def _editable(product: Product) -> tuple[Variant, ...]:
    return product.variants if len(product.variants) <= MAX_VARIANTS_SHOWN else ()


def _amount(money: Money | None) -> str:
    return "" if money is None else f"{to_decimal(money.amount, money.currency):f}"


def _text_problems(given: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    if not given.get("title"):
        yield "title", "A product needs a title."
    limits = {"title": MAX_TITLE, "brand": MAX_BRAND, "category": MAX_CATEGORY, "description": MAX_DESCRIPTION}
    for name, limit in limits.items():
        if len(given.get(name, "")) > limit:
            yield name, f"At most {limit:,} characters."
    for name in ("url", "image_url"):
        if (url := given.get(name)) and not (is_web_address(url) and len(url) <= MAX_URL_CHARS):
            yield name, "Must be a web address such as https://shop.example/p/1."


def _price(given: Mapping[str, str], name: str, currency: str, problems: Problems) -> Money | None:
    try:
        return parse_money(given.get(name, ""), currency)
    except UnreadablePrice as reason:
        problems[name] = f"{str(reason)[:1].upper()}{str(reason)[1:]}."
        return None


def _variant(given: Mapping[str, str], index: int, variant: Variant, currency: str, problems: Problems) -> Variant:
    at = f"variants[{index}]"
    own = variant.price.currency if variant.price else currency
    title, stock = given.get(f"{at}.title", ""), given.get(f"{at}.stock", "")
    if not title:
        problems[f"{at}.title"] = "A variant needs a name."
    if stock and not re.fullmatch(r"-?[0-9]{1,9}", stock):
        problems[f"{at}.stock"] = "Must be a whole number, or empty."
        stock = ""
    return structs.replace(
        variant,
        title=title[:MAX_TITLE],
        sku=given.get(f"{at}.sku", "")[:MAX_BRAND] or None,
        price=_price(given, f"{at}.price", own, problems),
        stock=int(stock) if stock else None,
        available=given.get(f"{at}.available") == ON,
    )


def _attributes(text: str, known: Mapping[str, str], problems: Problems) -> dict[str, str]:
    """Lines of `name: value`. A value that was shown on one line and is unchanged keeps its own line breaks."""
    attributes: dict[str, str] = {}
    lines = _lines(text)
    if len(lines) > MAX_ATTRIBUTES:
        problems["attributes"] = f"At most {MAX_ATTRIBUTES}."
        return attributes
    for line in lines:
        name = next((each for each in known if line.startswith(f"{each}:")), line.partition(":")[0]).strip()
        value = line[len(name) :].lstrip().removeprefix(":").strip()
        if not (name and value) or (len(name) > MAX_ATTRIBUTE_NAME and name not in known):
            problems["attributes"] = f"Write each as “name: value” on a line of its own; this one is not: {line[:60]}"
            continue
        attributes[name] = known[name] if " ".join(known.get(name, "").split()) == value else value
    return attributes


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]
