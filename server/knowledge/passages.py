"""What of a product is searched: its text, and the part numbers under which people ask for it."""

import re
import unicodedata
from collections.abc import Iterable, Iterator

from msgspec import Struct

from integrations.platform import Product

MAX_TEXT_CHARS = 8_000
MAX_EMBEDDED_CHARS = 600
"""About 130 tokens. More text made vectors slower and no better (decisions/0002)."""
NAME_LINES = 2
MAX_NAME_LINE_CHARS = 80
MAX_IDENTIFIERS = 40
IDENTIFIER_CHARS = range(4, 41)
WINDOW_WORDS = 4
MAX_QUERY_WORDS = 60
MAX_WINDOWS = 40

_IDENTIFIER_KEY = re.compile(
    r"\b(sku|mpn|gtin|ean|upc|isbn|asin|barcode|part|model|article|oem|item|reference|name)\b", re.IGNORECASE
)
_LETTERED = re.compile(r"[A-Z]+(?:[-_./ ][A-Z]+)+")
"""A part number of letters only: in capitals, with something between them."""
_JOINED = re.compile(r"\w[-_./]\w")
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


def embedded_product_name(text: str) -> str:
    """What a product's passage says that it is, without its description: title, brand and category."""
    lines = text.partition("\n\n")[0].split("\n")
    title, *more = lines
    short = [line for line in more[:NAME_LINES] if len(line) <= MAX_NAME_LINE_CHARS]
    return ". ".join((title[:MAX_EMBEDDED_CHARS], *short)).replace(" > ", ", ")


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
    given = [value for value in given if _has_digit(value) or _LETTERED.fullmatch(value)]
    given += [word for word in product.title.split() if _looks_like_part_number(word)]
    return list(dict.fromkeys(filter(_has_fit_length, map(squash_identifier, given))))[:MAX_IDENTIFIERS]


def identifier_windows(query: str) -> list[str]:
    """What in a query may be a part number: up to four neighbouring words squashed, if they contain a digit, and words
    of letters that are written like one: joined by hyphens, in capitals, or as the whole query."""
    words = [(word, squashed) for word in query.split()[:MAX_QUERY_WORDS] if (squashed := squash_identifier(word))]
    windows = [
        words[start : start + length]
        for length in range(1, WINDOW_WORDS + 1)
        for start in range(len(words) - length + 1)
    ]
    likely = [window for window in windows if any(map(_has_digit, (squashed for _, squashed in window)))]
    lettered = [window for window in windows if window not in likely and _is_written_like_one(window, len(words))]
    found = ("".join(squashed for _, squashed in window) for window in (*likely, *lettered))
    return list(dict.fromkeys(filter(_has_fit_length, found)))[:MAX_WINDOWS]


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
    return _has_fit_length(squashed) and _has_digit(squashed) and not _MEASURE.fullmatch(squashed)


def _is_written_like_one(window: list[tuple[str, str]], words_of_query: int) -> bool:
    if all(word.isupper() for word, _ in window):
        return True
    return len(window) == words_of_query or (len(window) == 1 and bool(_JOINED.search(window[0][0])))


def _has_fit_length(squashed: str) -> bool:
    return len(squashed) in IDENTIFIER_CHARS


def _has_digit(text: str) -> bool:
    return any(character.isdigit() for character in text)
