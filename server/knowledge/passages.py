"""What of a product is searched: its text, and the part numbers under which people ask for it."""

import re
import unicodedata
from collections.abc import Iterable, Iterator

from msgspec import Struct

from integrations.platform import Product

MAX_TEXT_CHARS = 8_000
MAX_EMBEDDED_CHARS = 600
"""About 130 tokens. More text made vectors slower and no better (decisions/0002)."""
MAX_IDENTIFIERS = 40
IDENTIFIER_CHARS = range(4, 41)
WINDOW_WORDS = 4
MAX_QUERY_WORDS = 60
MAX_WINDOWS = 40

_IDENTIFIER_KEY = re.compile(
    r"\b(sku|mpn|gtin|ean|upc|isbn|asin|barcode|part|model|article|oem|item|reference|name)\b", re.IGNORECASE
)
_NUMBER = re.compile(r"[-+]?[\d.,]+")
_MEASURE = re.compile(
    r"\d+([.,x]\d+)*(gb|tb|mb|kb|ghz|mhz|hz|khz|mm|cm|m|km|in|inch|ft|yd|ml|cl|l|g|kg|mg|lb|lbs|oz|w|kw|v|mah|wh|a"
    r"|k|p|pcs|pk|pack|ct|pc|d|x|s|min|h|st|nd|rd|th|dpi|ppm|gbit|mbit|bit|mp|fps|rpm|db|degc|u|c|f|t|btu|va)?"
)


class PassageDraft(Struct, frozen=True, kw_only=True):
    """One piece of text to index. `text` is what is shown and searched; `anchor` names its place on a page."""

    position: int
    text: str
    heading_path: tuple[str, ...] = ()
    anchor: str | None = None


def product_passages(product: Product) -> list[PassageDraft]:
    """One passage a product: what it is, an empty line, then its attributes."""
    blocks = "\n".join(_description(product)), "\n".join(_attributes(product))
    text = "\n\n".join(block for block in blocks if block)
    return [PassageDraft(position=0, text=text[:MAX_TEXT_CHARS])]


def embedded_product_text(text: str) -> str:
    """The part of a product's passage that is embedded: without the attributes, which blur what it is."""
    return text.partition("\n\n")[0][:MAX_EMBEDDED_CHARS]


def squash_identifier(text: str) -> str:
    """The form in which two ways of writing one part number are equal: "TK-855 K" and "tk855k" alike."""
    folded = unicodedata.normalize("NFKD", text).casefold()
    return "".join(character for character in folded if character.isalnum())


def passage_identifiers(product: Product) -> list[str]:
    """Squashed part numbers, SKUs and barcodes of a product and its variants, and what looks like one in the title."""
    given = [*product.identifiers]
    for variant in product.variants:
        given += [variant.sku or "", variant.barcode or ""]
    given += [value for key, value in product.attributes.items() if _IDENTIFIER_KEY.search(key) and len(value) < 40]
    given += [word for word in product.title.split() if _looks_like_part_number(word)]
    return list(dict.fromkeys(filter(_is_identifier, map(squash_identifier, given))))[:MAX_IDENTIFIERS]


def identifier_windows(query: str) -> list[str]:
    """What in a query may be a part number: up to four neighbouring words squashed, if they contain a digit."""
    words = [squashed for squashed in map(squash_identifier, query.split()[:MAX_QUERY_WORDS]) if squashed]
    windows = (
        "".join(words[start : start + length])
        for length in range(1, WINDOW_WORDS + 1)
        for start in range(len(words) - length + 1)
    )
    return list(dict.fromkeys(filter(_is_identifier, windows)))[:MAX_WINDOWS]


def _description(product: Product) -> Iterator[str]:
    yield product.title
    if product.brand and product.brand.casefold() not in product.title.casefold():
        yield product.brand
    if product.category:
        yield " > ".join(product.category)
    if product.description:
        yield re.sub(r"\n\s*\n", "\n", product.description.strip())


def _attributes(product: Product) -> Iterator[str]:
    for key, value in product.attributes.items():
        if value and not _NUMBER.fullmatch(value):
            yield re.sub(r"\n\s*\n", "\n", f"{key}: {value.strip()}")
    for name, values in _options(product).items():
        yield f"{name}: {', '.join(values)}"


def _options(product: Product) -> dict[str, Iterable[str]]:
    options: dict[str, dict[str, None]] = {}
    for variant in product.variants:
        for name, value in variant.options.items():
            options.setdefault(name, {})[value] = None
    return {name: list(values)[:30] for name, values in options.items()}


def _looks_like_part_number(word: str) -> bool:
    squashed = squash_identifier(word)
    return _is_identifier(squashed) and not _MEASURE.fullmatch(squashed)


def _is_identifier(squashed: str) -> bool:
    return len(squashed) in IDENTIFIER_CHARS and any(character.isdigit() for character in squashed)
