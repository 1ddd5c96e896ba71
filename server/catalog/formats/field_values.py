"""Parses single cells: availability, lists, URLs, part numbers, categories, attributes."""

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


def render_text(value: object) -> str:
    """Render a JSON value as one line of text: lists joined by commas, whole floats without ".0", "" for nothing."""
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case float() if value.is_integer() and abs(value) < 1e15:
            return str(int(value))
        case list() | tuple():
            return ", ".join(text for item in value if (text := render_text(item)))
        case dict():
            return ", ".join(
                f"{one_line(str(key))}: {text}" for key, item in value.items() if (text := render_text(item))
            )
    return one_line(str(value))


def is_empty(value: object) -> bool:
    """Whether a cell is empty."""
    return value is None or value == [] or value == {} or (isinstance(value, str) and not value.strip())


def parse_list(value: object) -> list[Any]:
    """Parse a cell as a list: a JSON list (also as text in a CSV cell), or the value as its only item."""
    if isinstance(value, str) and value[:1] in "[{" and value.rstrip()[-1:] in ("]", "}"):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            return [value]
    if isinstance(value, list):
        return value
    return [] if is_empty(value) else [value]


def parse_title(value: object) -> str:
    """Parse a product's name: one line of at most MAX_TITLE_CHARS characters."""
    text = render_text(value)
    return cut(html_to_text(text).replace("\n", " ") if "<" in text else text, MAX_TITLE_CHARS)


def join_description(values: Iterable[Any], bullets: Iterable[Any]) -> str:
    """Join texts (HTML or plain) line by line, then the bullet points as a list."""
    parts = [html_to_text(value if isinstance(value, str) else render_text(value)) for value in values]
    points = [f"- {text}" for value in bullets for item in parse_list(value) if (text := _bullet(item))]
    return cut("\n".join(dict.fromkeys(part for part in (*parts, "\n".join(points)) if part)), MAX_DESCRIPTION_CHARS)


def _bullet(item: object) -> str:
    return html_to_text(item) if isinstance(item, str) else render_text(item)


def parse_availability(value: object) -> bool | None:
    """Parse an availability cell; None when it is empty or says neither yes nor no."""
    if isinstance(value, bool):
        return value
    if isinstance(value, int | float):
        return value > 0
    text = render_text(value).rpartition("/")[2]  # https://schema.org/InStock
    words = re.sub(r"[\s_-]+", " ", re.sub(r"(?<=[a-z])(?=[A-Z])", " ", text)).lower().strip()
    if words in _YES or words in _NO:
        return words in _YES
    return float(words) > 0 if re.fullmatch(r"-?[0-9]{1,9}(\.[0-9]{1,4})?", words) else None


def parse_stock(value: object) -> int | None:
    """Parse the number of items in stock; None when the cell has no number."""
    if isinstance(value, bool):
        return None
    text = render_text(value).replace(",", "")
    return int(float(text)) if re.fullmatch(r"-?[0-9]{1,9}(\.[0-9]{1,4})?", text) else None


def is_unpublished(value: object) -> bool:
    """Whether a status cell says that shoppers must not see the product."""
    return render_text(value).lower() in _UNPUBLISHED


def parse_url(value: object, *, max_chars: int | None = MAX_URL_CHARS) -> str | None:
    """Parse the first http(s) URL of a cell, a list or an image object; None where there is none of at most `max_chars`
    characters (None for any length)."""
    for item in parse_list(value):
        if isinstance(item, dict):
            item = next((item[key] for key in ("src", "url", "href", "link") if item.get(key)), "")
        text = str(item).strip()
        text = f"https:{text}" if text.startswith("//") else text
        # A URL may contain commas, so a list is split only where the next URL starts.
        text = re.split(r"[\s,;|]+(?=https?://)", text)[0]
        if (max_chars is None or len(text) <= max_chars) and _URL.fullmatch(text) and _has_host(text):
            return text
    return None


def _has_host(url: str) -> bool:
    try:
        return bool(urlsplit(url).hostname)
    except ValueError:
        return False


def parse_category(value: object) -> tuple[str, ...]:
    """Parse a category path, broadest first, from a list or a text such as "Home > Kitchen > Kettles"."""
    items = parse_list(value)
    if len(items) > 1 and not any(isinstance(item, list | dict) or ">" in str(item) for item in items):
        return tuple(cut(text, 200) for item in items[:10] if (text := render_text(item)))
    if not items:
        return ()
    first = items[0]
    if isinstance(first, list):
        return parse_category(first)
    text = render_text(first.get("name") or first.get("title") if isinstance(first, dict) else first)
    parts = re.split(r"\s*[>›»|]\s*|\s+/\s+", text)
    return tuple(cut(part, 200) for part in parts[:10] if part)


def parse_identifiers(value: object) -> list[str]:
    """Parse part numbers: a list, or a text separated by commas, semicolons, bars or lines."""
    found = []
    for item in parse_list(value):
        for text in re.split(r"[,;|\n]+", item if isinstance(item, str) else render_text(item)):
            code = re.sub(r"^([0-9]{6,14})\.0$", r"\1", one_line(text))
            # 8.82781E+11 is what a spreadsheet leaves of an EAN: its digits are lost.
            if code and len(code) <= 64 and not re.fullmatch(r"[0-9][.,]?[0-9]*[eE]\+[0-9]+", code):
                found.append(code)
    return found


def parse_time(value: object) -> datetime | None:
    """Parse an ISO 8601 time as aware UTC; without a zone it is taken as UTC. None for anything else."""
    try:
        moment = datetime.fromisoformat(render_text(value))
    except ValueError:
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def is_now_between(starts: str, ends: str) -> bool:
    """Whether now lies between two ISO 8601 times. An empty or unreadable one is no bound."""
    now, earliest, latest = datetime.now(UTC), parse_time(starts.strip()), parse_time(ends.strip())
    return not (earliest and now < earliest) and not (latest and now > latest)


def parse_attributes(fields: Iterable[tuple[str, Any]]) -> dict[str, str]:
    """Return further fields as texts by name, at most MAX_ATTRIBUTES. A nested field is named "outer inner"; empty
    fields are left out."""
    found: dict[str, str] = {}
    for name, value in _flat(fields, "", 0):
        text = html_to_text(value) if isinstance(value, str) and "<" in value else render_text(value)
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


def _is_pair(item: object) -> bool:
    return isinstance(item, dict) and "value" in item and ("name" in item or "key" in item)


def _pair_name(item: dict[str, Any]) -> str:
    return str(item.get("name") or item.get("key"))
