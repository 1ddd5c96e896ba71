"""Parses single cells: availability, lists, URLs, part numbers, categories, attributes."""

import json
import re
from collections.abc import Iterable
from functools import lru_cache
from html import unescape
from typing import Any
from urllib.parse import urlsplit

from integrations.text import cut, html_to_text, one_line
from server.core.addresses import MAX_URL_CHARS

from .columns import is_private
from .vocabulary import cell_words

MAX_TITLE_CHARS = 500
MAX_DESCRIPTION_CHARS = 50_000
MAX_ATTRIBUTE_CHARS = 2_000
MAX_ATTRIBUTES = 200
MAX_IDENTIFIERS = 50
MAX_ID_CHARS = 200

_DAMAGED_CODE = re.compile(r"[0-9](?:[.,][0-9]+)?[eE]\+?[0-9]{1,2}")
_FORMULA_TEXT = re.compile(r'="(.*)"', re.DOTALL)
_ESCAPED_HTML = re.compile(r"\A[^<]*&lt;/?(?:p|div|br|ul|ol|li|span|b|strong|em|h[1-6]|table)\b", re.IGNORECASE)
"""HTML whose signs an exporter has escaped: OpenCart keeps descriptions so, and some feeds escape them twice."""
_URL = re.compile(r"https?://[^\s\"'<>\\]+", re.IGNORECASE)


def render_text(value: object) -> str:
    """Render a JSON value as one line of text: lists joined by commas, whole floats without ".0", "" for nothing.
    Private fields of objects are left out."""
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
            if _is_pair(value) and is_private(_pair_name(value)):
                return ""
            return ", ".join(
                f"{one_line(str(key))}: {text}"
                for key, item in value.items()
                if not is_private(str(key)) and (text := render_text(item))
            )
    return one_line(str(value))


def is_damaged_code(text: str) -> bool:
    """Whether a spreadsheet has turned a long number into one such as 4.00638E+12, of which most digits are lost."""
    return bool(_DAMAGED_CODE.fullmatch(text))


def unwrap_cell(text: str) -> str:
    """The text that a spreadsheet was made to keep as text: `="001234"` is 001234."""
    found = _FORMULA_TEXT.fullmatch(text.strip()) if text[:2] == '="' else None
    return found[1].replace('""', '"') if found else text


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
    texts = (value if isinstance(value, str) else render_text(value) for value in values)
    parts = [html_to_text(unescape(text) if _ESCAPED_HTML.search(text) else text) for text in texts]
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
    words, known = _plain_words(text), cell_words()
    if words in known.available or words in known.unavailable:
        return words in known.available
    return float(words) > 0 if re.fullmatch(r"-?[0-9]{1,9}(\.[0-9]{1,4})?", words) else None


def parse_stock(value: object) -> int | None:
    """Parse the number of items in stock; None when the cell has no number."""
    if isinstance(value, bool):
        return None
    text = render_text(value).replace(",", "")
    return int(float(text)) if re.fullmatch(r"-?[0-9]{1,9}(\.[0-9]{1,4})?", text) else None


def parse_visibility(value: object) -> bool | None:
    """Parse a cell that says whether shoppers may see a product; None when it is empty or its words are unknown. That
    something is in stock or sold out says nothing against showing it."""
    if isinstance(value, bool):
        return value
    words, known = _plain_words(render_text(value)), cell_words()
    if words in known.not_public:
        return False
    return True if words in known.public | known.available | known.unavailable else None


def _plain_words(text: str) -> str:
    return re.sub(r"[\s_,&/-]+", " ", re.sub(r"(?<=[a-z])(?=[A-Z])", " ", text)).lower().strip() or text.strip()


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
            if code and len(code) <= 64 and not is_damaged_code(code):
                found.append(code)
    return found


def parse_attributes(fields: Iterable[tuple[str, Any]]) -> dict[str, str]:
    """Return further fields as texts by name, at most MAX_ATTRIBUTES. A nested field is named "outer inner"; empty
    fields are left out."""
    found: dict[str, str] = {}
    for name, value in _flat(fields, "", 0):
        text = html_to_text(value) if isinstance(value, str) and "<" in value else render_text(value)
        if text and not is_damaged_code(text) and len(found) < MAX_ATTRIBUTES:
            found.setdefault(_attribute_name(name), cut(text, MAX_ATTRIBUTE_CHARS))
    return found


@lru_cache(maxsize=4096)
def _attribute_name(name: str) -> str:
    return cut(one_line(name), 100)


def _flat(fields: Iterable[tuple[str, Any]], outer: str, depth: int) -> Iterable[tuple[str, Any]]:
    for name, value in fields:
        if is_private(name):
            continue
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
