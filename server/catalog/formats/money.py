"""Parses prices as people and programs write them, exactly or not at all."""

import re
from decimal import Decimal, InvalidOperation
from functools import lru_cache

from integrations.platform import Money

MAX_AMOUNT = 10**15
"""In minor units. More is a mistake, and would not fit the database's integers."""

_NONE_WORDS = frozenset(("", "-", "–", "—", "n/a", "na", "nan", "none", "null"))
_DOLLARS = ("USD", "CAD", "AUD", "NZD", "SGD", "HKD", "MXN", "ARS", "CLP", "COP", "TWD", "BRL")
_CROWNS = ("SEK", "NOK", "DKK", "ISK", "CZK")
_POUNDS = ("GBP", "EGP", "GIP", "FKP", "SHP")
_RUPEES = ("INR", "PKR", "LKR", "NPR", "MUR", "SCR")

_SYMBOLS: dict[str, tuple[str, ...]] = {
    "$": _DOLLARS, "us$": ("USD",), "c$": ("CAD",), "ca$": ("CAD",), "a$": ("AUD",), "au$": ("AUD",), "nz$": ("NZD",),
    "hk$": ("HKD",), "s$": ("SGD",), "r$": ("BRL",), "mx$": ("MXN",), "nt$": ("TWD",), "€": ("EUR",), "£": _POUNDS,
    "¥": ("JPY", "CNY"), "円": ("JPY",), "元": ("CNY",), "₹": ("INR",), "rs": _RUPEES, "₽": ("RUB",), "руб": ("RUB",),
    "₩": ("KRW",), "₺": ("TRY",), "tl": ("TRY",), "zł": ("PLN",), "kč": ("CZK",), "ft": ("HUF",), "lei": ("RON",),
    "kr": _CROWNS, "fr": ("CHF",), "₪": ("ILS",), "฿": ("THB",), "₫": ("VND",), "₴": ("UAH",), "₱": ("PHP",),
    "₦": ("NGN",), "r": ("ZAR",), "₸": ("KZT",), "원": ("KRW",), "đ": ("VND",), "บาท": ("THB",), "rp": ("IDR",),
    "грн": ("UAH",), "лв": ("BGN",), "ر.س": ("SAR",), "د.إ": ("AED",), "ден": ("MKD",), "дин": ("RSD",),
    "din": ("RSD",),
}  # fmt: skip
_MAIN_OF_SHARED = {"$": "USD", "£": "GBP", "¥": "JPY"}
"""The currency of a shared symbol in a shop whose own currency does not use it."""

_PRICE = re.compile(r"([^0-9]{0,12}?)([.,]?[0-9](?:[0-9.,'’\s]{0,40}[0-9])?)([^0-9]{0,12})")
_GROUPED = re.compile(r"[0-9]{1,3}(?:[.,][0-9]{3})+|[0-9]{1,2}(?:[.,][0-9]{2})+[.,][0-9]{3}")
"""1,299,000 and the Indian 12,99,000."""


class UnreadablePrice(ValueError):
    """The text is no price or is ambiguous. The message has the text and the reason."""


@lru_cache(maxsize=512)
def minor_digits(currency: str) -> int:
    """Decimal digits of the minor unit: 2 for USD, 0 for JPY, 3 for KWD. Source: CLDR through babel."""
    from babel.numbers import get_currency_precision

    return get_currency_precision(currency)


@lru_cache(maxsize=1024)
def currency_code(text: str) -> str:
    """Return the ISO 4217 code in `text`, in upper case. Raises UnreadablePrice."""
    from babel.numbers import list_currencies

    code = text.strip().upper()
    if len(code) != 3 or code not in list_currencies():
        raise UnreadablePrice(f"{text.strip()[:20]!r} is not a currency code such as USD or EUR")
    return code


def parse_money(value: object, currency: str) -> Money | None:
    """Parse a price in major units, None when it is empty. `currency` applies where the text names none.

    Numbers are taken as they are; texts may carry a currency and either decimal sign. Raises UnreadablePrice.
    """
    match value:
        case None:
            return None
        case bool():
            raise UnreadablePrice("a price must be a number or text, not true or false")
        case Decimal() | int() | float():
            return _money(_decimal(str(value)), currency, str(value))
        case str() if value.strip().lower() in _NONE_WORDS:
            return None
        case str():
            return _parse_text(value.strip(), currency)
    raise UnreadablePrice(f"{str(value)[:40]!r} is not a price")


def parse_minor(value: object, currency: str) -> Money | None:
    """Parse a price that is a whole number of minor units (cents), like `parse_money`."""
    if value is None or (isinstance(value, str) and value.strip().lower() in _NONE_WORDS):
        return None
    if isinstance(value, bool):
        raise UnreadablePrice("a price must be a number or text, not true or false")
    amount = _decimal(str(value).strip())
    if amount != amount.to_integral_value():
        raise UnreadablePrice(f"{str(value)[:40]!r} is not a whole number of minor units (cents)")
    return _checked(int(amount), currency, str(value))


def _parse_text(text: str, currency: str) -> Money:
    found = _PRICE.fullmatch(text)
    if not found:
        raise UnreadablePrice(f"{text[:40]!r} is not a price; write it like 19.99")
    before, number, after = found[1], found[2], found[3]
    if any(sign in before for sign in "-−(") or after.startswith(")"):
        raise UnreadablePrice(f"{text[:40]!r} is negative")
    after = re.sub(r"^[.,]?[-–—]", "", after)
    named = _named_currency(before, after, currency, text)
    digits = minor_digits(named or currency)
    is_display = any(character in before + after for character in "$€£¥₹") or "kr" in (before + after).lower()
    return _money(_number(number, digits, is_display, text), named or currency, text)


def _named_currency(before: str, after: str, default: str, text: str) -> str | None:
    """Return the currency named around a number, if any. Raises UnreadablePrice for words that are no currency."""
    options: set[str] | None = None
    for words in (before, after):
        for word in words.replace(":", " ").split():
            meant = _currencies(word.strip(".").lower())
            if not meant:
                raise UnreadablePrice(f"{text[:40]!r} is not a price; write it like 19.99 {default}")
            options = set(meant) if options is None else options & set(meant)
    if options is None:
        return None
    if default in options:
        return default
    if len(options) == 1:
        return options.pop()
    for symbol, code in _MAIN_OF_SHARED.items():
        if symbol in text and code in options:
            return code
    raise UnreadablePrice(f"{text[:40]!r} does not name its currency; write it like 19.99 {default}")


def _currencies(word: str) -> tuple[str, ...]:
    if word in _SYMBOLS:
        return _SYMBOLS[word]
    try:
        return (currency_code(word),)
    except UnreadablePrice:
        return ()


def _number(number: str, digits: int, is_display: bool, text: str) -> Decimal:
    """Parse "1.299,00", "1,299.00", "1 299" or "1'299.00". `digits` is the number of the currency's decimals."""
    number = re.sub(r"(?<=[0-9])['’\s](?=[0-9]{3}(?![0-9]))", "", number)
    last = max(number.rfind("."), number.rfind(","))
    if last < 0:
        return _decimal(number, text)
    sign = number[last]
    other = "," if sign == "." else "."
    whole, decimals = number[:last], number[last + 1 :]
    if sign in whole:  # several of the last kind: all of them group
        return _grouped(number, sign, text) if other not in number else _unreadable(text)
    if other in whole:
        return _decimal(f"{_grouped(whole, other, text)}.{decimals}", text)
    if len(decimals) != 3 or len(whole) > 3 or whole in ("", "0"):
        return _decimal(f"{whole or 0}.{decimals}", text)
    if digits == 3 and sign == ".":
        return _decimal(f"{whole}.{decimals}", text)
    if digits < 3 and (sign == "," or is_display):
        return _grouped(number, sign, text)
    either = f"{whole}{decimals} or {whole}.{decimals}"
    raise UnreadablePrice(f"{text[:40]!r} could mean {either}; write {whole}{decimals}.00 if you mean the first")


def _grouped(number: str, sign: str, text: str) -> Decimal:
    if not _GROUPED.fullmatch(number):
        return _unreadable(text)
    return _decimal(number.replace(sign, ""), text)


def _unreadable(text: str) -> Decimal:
    raise UnreadablePrice(f"{text[:40]!r} is not a price; write it like 1299.00")


def _decimal(number: str, text: str | None = None) -> Decimal:
    try:
        amount = Decimal(number)
    except InvalidOperation:
        amount = Decimal("NaN")
    if not amount.is_finite() or abs(amount.adjusted()) > 30:
        raise UnreadablePrice(f"{(text or number)[:40]!r} is not a price; write it like 19.99")
    return amount


def _money(amount: Decimal, currency: str, text: str) -> Money:
    minor = amount.scaleb(minor_digits(currency))
    nearest = minor.to_integral_value()
    # 12.989999999999998 is how binary floats write 12.99; 19.995 is a different price than 20.00 and stays out.
    if abs(minor - nearest) > Decimal("1e-6"):
        raise UnreadablePrice(f"{text[:40]!r} has more decimals than {currency} has")
    return _checked(int(nearest), currency, text)


def _checked(minor: int, currency: str, text: str) -> Money:
    if minor < 0:
        raise UnreadablePrice(f"{text[:40]!r} is negative")
    if minor > MAX_AMOUNT:
        raise UnreadablePrice(f"{text[:40]!r} is too large for a price")
    return Money(minor, currency)
