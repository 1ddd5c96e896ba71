"""Single cells: availability, lists, addresses, part numbers, categories, attributes."""

import json
import re
from collections.abc import Iterable
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

from integrations.text import cut, html_to_text, one_line
from server.core.addresses import MAX_URL_CHARS

MAX_TITLE_CHARS = 500
MAX_DESCRIPTION_CHARS = 50_000
MAX_ATTRIBUTE_CHARS = 2_000
MAX_ATTRIBUTES = 200
MAX_IDENTIFIERS = 50
MAX_ID_CHARS = 200

_YES = frozenset(
    [
        "1",
        "y",
        "yes",
        "true",
        "on",
        "in stock",
        "instock",
        "available",
        "available for order",
        "online only",
        "in store only",
        "limited availability",
        "limited stock",
        "low stock",
        "pre order",
        "preorder",
        "presale",
        "back order",
        "backorder",
        "backordered",
        "on backorder",
        "made to order",
        "ja",
        "auf lager",
        "lieferbar",
        "verfügbar",
        "oui",
        "en stock",
        "disponible",
        "si",
        "sí",
        "disponibile",
        "op voorraad",
        "active",
        "enabled",
    ]
)
_NO = frozenset(
    [
        "0",
        "n",
        "no",
        "false",
        "off",
        "out of stock",
        "outofstock",
        "sold out",
        "soldout",
        "unavailable",
        "not available",
        "discontinued",
        "nein",
        "ausverkauft",
        "nicht lieferbar",
        "nicht verfügbar",
        "nicht auf lager",
        "non",
        "rupture de stock",
        "épuisé",
        "indisponible",
        "agotado",
        "no disponible",
        "esaurito",
        "non disponibile",
        "uitverkocht",
        "niet op voorraad",
        "inactive",
        "disabled",
    ]
)
_UNPUBLISHED = frozenset(
    [
        "draft",
        "archived",
        "inactive",
        "disabled",
        "unpublished",
        "private",
        "deleted",
        "hidden",
        "trash",
        "pending",
        "false",
        "0",
        "no",
        "unlisted",
    ]
)
_URL = re.compile(r"https?://[^\s\"'<>\\]+", re.IGNORECASE)


def text_of(value: Any) -> str:
    """Any JSON value as one line of text: lists joined by commas, whole floats without ".0", "" for nothing."""
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case float() if value.is_integer() and abs(value) < 1e15:
            return str(int(value))
        case list() | tuple():
            return ", ".join(text for item in value if (text := text_of(item)))
        case dict():
            return ", ".join(f"{one_line(str(key))}: {text}" for key, item in value.items() if (text := text_of(item)))
    return one_line(str(value))


def is_empty(value: Any) -> bool:
    """Whether a cell holds nothing."""
    return value is None or value == [] or value == {} or (isinstance(value, str) and not value.strip())


def list_of(value: Any) -> list[Any]:
    """A cell as a list: JSON lists as they are (also as text in a CSV cell), anything else alone."""
    if isinstance(value, str) and value[:1] in "[{" and value.rstrip()[-1:] in ("]", "}"):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            return [value]
    if isinstance(value, list):
        return value
    return [] if is_empty(value) else [value]


def title_of(value: Any) -> str:
    """A product's name on one line, at most MAX_TITLE_CHARS."""
    text = text_of(value)
    return cut(html_to_text(text).replace("\n", " ") if "<" in text else text, MAX_TITLE_CHARS)


def description_of(values: Iterable[Any], bullets: Iterable[Any]) -> str:
    """Texts (HTML or plain) one below the other, then the bullet points as a list."""
    parts = [html_to_text(value if isinstance(value, str) else text_of(value)) for value in values]
    points = [f"- {text}" for value in bullets for item in list_of(value) if (text := _bullet(item))]
    return cut("\n".join(dict.fromkeys(part for part in (*parts, "\n".join(points)) if part)), MAX_DESCRIPTION_CHARS)


def _bullet(item: Any) -> str:
    return html_to_text(item) if isinstance(item, str) else text_of(item)


def is_available(value: Any) -> bool | None:
    """What an availability cell says, or None when it cannot be told (also for an empty one)."""
    if isinstance(value, bool):
        return value
    if isinstance(value, int | float):
        return value > 0
    text = text_of(value).rpartition("/")[2]  # https://schema.org/InStock
    words = re.sub(r"[\s_-]+", " ", re.sub(r"(?<=[a-z])(?=[A-Z])", " ", text)).lower().strip()
    if words in _YES or words in _NO:
        return words in _YES
    return float(words) > 0 if re.fullmatch(r"-?[0-9]{1,9}(\.[0-9]{1,4})?", words) else None


def stock_of(value: Any) -> int | None:
    """Pieces in stock, or None when the cell holds no number."""
    if isinstance(value, bool):
        return None
    text = text_of(value).replace(",", "")
    return int(float(text)) if re.fullmatch(r"-?[0-9]{1,9}(\.[0-9]{1,4})?", text) else None


def is_unpublished(value: Any) -> bool:
    """Whether a status cell says that shoppers must not see the product."""
    return text_of(value).lower() in _UNPUBLISHED


def url_of(value: Any, *, max_chars: int | None = MAX_URL_CHARS) -> str | None:
    """The first http(s) address in a cell, a list or an object of an image, or None. A longer one than `max_chars` is
    none; None takes any length."""
    for item in list_of(value):
        if isinstance(item, dict):
            item = next((item[key] for key in ("src", "url", "href", "link") if item.get(key)), "")
        text = str(item).strip()
        text = f"https:{text}" if text.startswith("//") else text
        # Addresses may hold commas, so a list is only taken apart where the next address starts.
        text = re.split(r"[\s,;|]+(?=https?://)", text)[0]
        if (max_chars is None or len(text) <= max_chars) and _URL.fullmatch(text) and _has_host(text):
            return text
    return None


def _has_host(url: str) -> bool:
    try:
        return bool(urlsplit(url).hostname)
    except ValueError:
        return False


def category_of(value: Any) -> tuple[str, ...]:
    """A category path, broadest first, from a list or a text such as "Home > Kitchen > Kettles"."""
    items = list_of(value)
    if len(items) > 1 and not any(isinstance(item, list | dict) or ">" in str(item) for item in items):
        return tuple(cut(text, 200) for item in items[:10] if (text := text_of(item)))
    if not items:
        return ()
    first = items[0]
    if isinstance(first, list):
        return category_of(first)
    text = text_of(first.get("name") or first.get("title") if isinstance(first, dict) else first)
    parts = re.split(r"\s*[>›»|]\s*|\s+/\s+", text)
    return tuple(cut(part, 200) for part in parts[:10] if part)


def identifiers_of(value: Any) -> list[str]:
    """Part numbers in a cell: lists, or texts parted by comma, semicolon, bar or line."""
    found = []
    for item in list_of(value):
        for text in re.split(r"[,;|\n]+", item if isinstance(item, str) else text_of(item)):
            code = re.sub(r"^([0-9]{6,14})\.0$", r"\1", one_line(text))
            # 8.82781E+11 is what a spreadsheet leaves of an EAN: its digits are lost.
            if code and len(code) <= 64 and not re.fullmatch(r"[0-9][.,]?[0-9]*[eE]\+[0-9]+", code):
                found.append(code)
    return found


def time_of(value: Any) -> datetime | None:
    """An ISO 8601 time as aware UTC (one without a zone is taken for UTC), or None."""
    try:
        moment = datetime.fromisoformat(text_of(value))
    except ValueError:
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def attributes_of(fields: Iterable[tuple[str, Any]]) -> dict[str, str]:
    """Further fields as name and text; nested objects give "outer inner", empty ones nothing."""
    found: dict[str, str] = {}
    for name, value in _flat(fields, "", 0):
        text = html_to_text(value) if isinstance(value, str) and "<" in value else text_of(value)
        if text and len(found) < MAX_ATTRIBUTES:
            found.setdefault(_attribute_name(name), cut(text, MAX_ATTRIBUTE_CHARS))
    return found


@lru_cache(maxsize=4096)
def _attribute_name(name: str) -> str:
    return cut(one_line(name), 100)


def _flat(fields: Iterable[tuple[str, Any]], outer: str, depth: int) -> Iterable[tuple[str, Any]]:
    for name, value in fields:
        full = f"{outer} {name}".strip()
        if isinstance(value, dict) and depth < 4:
            yield from _flat(value.items(), full, depth + 1)
        elif isinstance(value, list) and value and all(_is_pair(item) for item in value):
            yield from _flat(((_pair_name(item), item["value"]) for item in value), outer, depth + 1)
        elif full:
            yield full, value


def _is_pair(item: Any) -> bool:
    return isinstance(item, dict) and "value" in item and ("name" in item or "key" in item)


def _pair_name(item: dict[str, Any]) -> str:
    return str(item.get("name") or item.get("key"))
