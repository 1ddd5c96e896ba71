"""Single values as WooCommerce and its plugins write them: the unreadable raises ValueError or is None, as said."""

import html
import re
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any
from urllib.parse import urlsplit

from integrations.money import rounded_money
from integrations.platform import Money
from integrations.text import html_to_text

_SHORTCODE = re.compile(
    r"\[/?(?:(?:vc|et_pb|fusion|av|elementor|fl|tatsu|mk|nectar|thb|porto|us|ux|kc|cs|x|rev)[_-][\w-]{1,60}|products?|"
    r"product_category|featured_products|sale_products|recent_products|best_selling_products|add_to_cart)"
    r"(?:\s[^\[\]]{0,2000})?/?\]"
)
"""Shortcodes of WPBakery, Divi, Avada, Enfold and others, and of WooCommerce's lists of products."""
_PRODUCT_LIST = re.compile(
    r"<ul[^<>]{0,300}\bclass=[\"'][^\"'<>]{0,300}\bproducts\b[^<>]{0,300}>.{0,50000}?</ul>", re.DOTALL | re.IGNORECASE
)


def decimal_of(value: Any) -> Decimal | None:
    """A JSON number or a decimal text, exactly; None for nothing. Raises ValueError for anything else."""
    if value is None or value is False or (isinstance(value, str) and not value.strip()):
        return None
    if isinstance(value, bool | float | list | dict):
        raise ValueError(f"{str(value)[:40]!r} is not an amount")
    try:
        number = Decimal(value.strip() if isinstance(value, str) else value)
    except (InvalidOperation, TypeError):
        raise ValueError(f"{str(value)[:40]!r} is not an amount") from None
    if not number.is_finite():
        raise ValueError(f"{str(value)[:40]!r} is not an amount")
    return number


def price_of(value: object, currency: str) -> Money | None:
    """A price; None where there is none. Raises ValueError for what is no price, a negative one included."""
    number = decimal_of(value)
    if number is None:
        return None
    if number < 0:
        raise ValueError(f"{str(value)[:40]!r} is not a price")
    return rounded_money(number, currency)


def amount_of(value: object, currency: str) -> Money | None:
    """The size of an amount (refunds are negative in one place, positive in another); None where unreadable."""
    try:
        number = decimal_of(value)
        return None if number is None else rounded_money(abs(number), currency)
    except ValueError:
        return None


def line(value: object) -> str:
    """One line of plain text: tags gone, entities decoded, spaces single."""
    return " ".join(paragraphs(value).split())


def paragraphs(value: object) -> str:
    """Plain text with a line for each block of HTML, or for each line of text without tags; "" for any other value."""
    if not isinstance(value, str | int | Decimal) or isinstance(value, bool):
        return ""
    return "\n".join(line for line in html_to_text(str(value), bullet="").split("\n") if line)


def without_builders(value: object) -> object:
    """Markup without what page builders leave in it, which REST does not render: `[vc_row]`, `[et_pb_text ...]` and the
    like; what stands between them is kept. Lists of products and their buttons are about other products."""
    if not isinstance(value, str):
        return value
    return _PRODUCT_LIST.sub(" ", _SHORTCODE.sub(" ", value))


def web_address(value: object) -> str | None:
    """An http(s) address, or None: what plugins keep as a link may be anything."""
    text = html.unescape(value).strip() if isinstance(value, str) else ""
    try:
        parts = urlsplit(text)
    except ValueError:
        return None
    return text if parts.scheme in ("http", "https") and parts.netloc and not any(c.isspace() for c in text) else None


def moment_of(value: object) -> datetime | None:
    """A `*_gmt` time, which is UTC and says so nowhere; None where there is none."""
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    if moment is None:
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def local_day_of(source: dict[str, Any], field: str) -> date | None:
    """The day of a time that WooCommerce tells twice, as `field` in the shop's own zone and as `{field}_gmt`."""
    moment = moment_of(source.get(field)) or moment_of(source.get(f"{field}_gmt"))
    return moment.date() if moment else None


def day_of(value: object) -> date | None:
    """A plugin's day: Unix seconds (number or text) or an ISO date; None where it is neither."""
    text = str(value).strip() if isinstance(value, str | int) and not isinstance(value, bool) else ""
    if text.isdigit() and text.isascii() and 9 <= len(text) <= 10:
        return datetime.fromtimestamp(int(text), UTC).date()
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        return None


def rows(value: object) -> list[dict[str, Any]]:
    """The objects of a list; PHP writes an empty object as [], and a list with gaps as an object."""
    found = list(value.values()) if isinstance(value, dict) else value
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []


def record(value: object) -> dict[str, Any]:
    """An object; an empty one for anything else."""
    return value if isinstance(value, dict) else {}


def meta(source: dict[str, Any]) -> dict[str, Any]:
    """`meta_data` by key; of doubles the last counts."""
    return {str(each.get("key")): each.get("value") for each in rows(source.get("meta_data"))}


def is_yes(value: object) -> bool:
    """true as PHP plugins write it: 1, "1", "yes", "on", "true"."""
    return value is True or str(value).strip().lower() in ("1", "yes", "on", "true")


def whole(value: object) -> int | None:
    """A whole number, also as text; None for anything else."""
    try:
        number = decimal_of(value)
    except ValueError:
        return None
    return None if number is None or abs(number) > 10**15 else int(number)
