"""Price limits in a shopper's words: "under $50", "entre 20 et 40 euros", "bis 30 €"."""

import re
from decimal import Decimal

from msgspec import Struct

from server.chat.answering.intents.words import fold
from server.core.money import to_decimal

_SIGN = r"(?:us\$|[$€£¥₹]|usd|eur|gbp|chf)"
_NAME = r"(?:[$€£¥₹]|us\$|usd|eur|gbp|chf|euros?|dollars?|dolares|bucks?|pounds?|pfund|quid|franken|libras|livres)"
_AMOUNT = r"(?:\d{1,3}(?:[.,' ]\d{3})+|\d{1,7})(?:[.,]\d{1,2})?(?!\d)"


def _price(name: str) -> str:
    return rf"(?P<{name}_sign>{_SIGN}\s?)?(?P<{name}>{_AMOUNT})\s?(?P<{name}_name>{_NAME}(?![a-z]))?"


_UNDER = (
    r"(?:under|below|less than|cheaper than|up to|no more than|not more than|at most|max(?:imum|imal)?(?: of)?|within|"
    r"budget(?: of| is|:)?|moins de|moins cher(?:e|es|s)? que|jusqu'?a|au plus|au maximum|inferieur a|"
    r"unter|bis(?: zu)?|weniger als|hochstens|nicht mehr als|billiger als|"
    r"menos de|por debajo de|hasta|como maximo|no mas de|mas barat[oa]s? que)"
)
_OVER = (
    r"(?:over|above|more than|at least|starting (?:at|from)|from|min(?:imum)?(?: of)?|plus de|au moins|a partir de|"
    r"uber|mehr als|mindestens|ab|mas de|por encima de|al menos|desde)"
)
_BETWEEN = re.compile(
    rf"(?:(?:between|from|entre|zwischen|von|de|desde)\s+{_price('low')}\s*(?:and|to|et|a|und|bis|y|-|–)\s*{_price('high')}"
    rf"|(?<![\w.,-]){_price('low2')}\s?(?:-|–|to|bis|a)\s?{_price('high2')})"
)
_UPPER = re.compile(rf"(?:(?<!\w){_UNDER}\s+|<\s?){_price('high')}")
_UPPER_AFTER = re.compile(rf"{_price('high')}\s+(?:or less|max(?:imum|imal)?|oder weniger|ou moins|o menos|budget)\b")
_LOWER = re.compile(rf"(?:(?<!\w){_OVER}\s+|>\s?){_price('low')}")
_AROUND = re.compile(
    rf"(?<!\w)(?:around|about|roughly|environ|autour de|etwa|um die|ungefahr|alrededor de|unos)\s+{_price('mid')}"
)
_CONTINUES = re.compile(
    r"\s*(?:$|[.,;:!?)]|(?:for|with|that|and|or|in|please|of|but|pour|avec|qui|et|fur|mit|und|die|der|bitte|para|con|"
    r"que|y|por favor|svp)(?![a-z]))"
)
_CHEAPEST = re.compile(
    r"\b(?:cheapest|least expensive|lowest[- ]priced?|most affordable|moins cher(?:e|es|s)?(?! que)|billigste\w?|"
    r"gunstigste\w?|mas barat[oa]s?(?! que)|mas economic[oa]s?)\b"
)
_DEAREST = re.compile(r"\b(?:most expensive|priciest|plus cher(?:e|es|s)?|teuerste\w?|mas car[oa]s?)\b")
_AROUND_SHARE = 0.25


class PriceLimits(Struct, frozen=True):
    """In minor units of the shop's currency; `rest` is the folded text with the limit blanked out."""

    low: int | None
    high: int | None
    rest: str
    cheapest: bool = False
    dearest: bool = False


def read_price_limits(text: str, currency: str) -> PriceLimits:
    """The limits a shopper sets. A bare number counts only where no other unit follows ("under 30 inches" does not)."""
    folded = fold(text[:2000])
    low, high, rest = _limits(folded, currency)
    cheapest, dearest = bool(_CHEAPEST.search(rest)), bool(_DEAREST.search(rest))
    rest = _DEAREST.sub(" ", _CHEAPEST.sub(" ", rest))
    return PriceLimits(low, high, rest, cheapest, dearest)


def _limits(folded: str, currency: str) -> tuple[int | None, int | None, str]:
    if (found := _BETWEEN.search(folded)) and (pair := _pair(found, currency)):
        return min(pair), max(pair), _without(folded, found)
    high = low = None
    for pattern in (_UPPER, _UPPER_AFTER):
        if high is None and (found := pattern.search(folded)) and _is_price(found, "high"):
            high = _minor(found["high"], currency)
            folded = _without(folded, found)
    if (found := _LOWER.search(folded)) and _is_price(found, "low"):
        low = _minor(found["low"], currency)
        folded = _without(folded, found)
    if low is None and high is None and (found := _AROUND.search(folded)) and _has_currency(found, "mid"):
        middle = _minor(found["mid"], currency)
        low, high = round(middle * (1 - _AROUND_SHARE)), round(middle * (1 + _AROUND_SHARE))
        folded = _without(folded, found)
    return low, high, folded


def _pair(found: re.Match[str], currency: str) -> tuple[int, int] | None:
    for low, high in (("low", "high"), ("low2", "high2")):
        if found[low] is None:
            continue
        named = _has_currency(found, low) or _has_currency(found, high)
        if named or (low == "low" and _CONTINUES.match(found.string, found.end())):
            return _minor(found[low], currency), _minor(found[high], currency)
    return None


def _is_price(found: re.Match[str], group: str) -> bool:
    return _has_currency(found, group) or bool(_CONTINUES.match(found.string, found.end()))


def _has_currency(found: re.Match[str], group: str) -> bool:
    return bool(found[f"{group}_sign"] or found[f"{group}_name"])


def _minor(amount: str, currency: str) -> int:
    plain = re.sub(r"[.,' ](?=\d{3}(?!\d))", "", amount).replace(",", ".")
    return round(Decimal(plain) / to_decimal(1, currency))


def _without(folded: str, found: re.Match[str]) -> str:
    return f"{folded[: found.start()]} {folded[found.end() :]}"
