"""Figures with a unit in a shop's texts: weights, sizes, temperatures, prices, times of day.

The units are those of `units.toml`, by their signs and by what the text's language and English call them.
"""

import re
from collections.abc import Iterable, Iterator
from functools import cache

from server.chat.languages.figures import MASTER, load_figures, load_units
from server.languages.matching import normalise

SORTS = ("weight", "volume", "size", "temperature", "duration", "power")
"""Tables of `[measures]` in `units.toml`."""
MEASURES: dict[str, tuple[dict[str, float], ...]] = {
    "weight": ({"g": 1.0, "oz": 28.35},),
    "size": ({"ml": 1.0, "gallon": 3785.0}, {"mm": 1.0, "inch": 25.4}, {"person": 1.0}),
    "volume": ({"ml": 1.0, "gallon": 3785.0}, {"mm": 1.0, "inch": 25.4}, {"person": 1.0}),
    "temperature": ({"degree": 1.0},),
    "duration": ({"hour": 60.0, "minute": 1.0}, {"mah": 1.0, "wh": 1.0}),
    "power": ({"watt": 1.0}, {"lumen": 1.0}, {"volt": 1.0}, {"hz": 1.0}),
}
"""By measure the units that it may be given in, and what each is worth; the first that products have counts."""
_NUMBER = r"(?P<minus>[-−–])?\s?(?<![\d.,])(?P<number>\d(?:[\d ,.]{0,14}\d)?)"
_CLOCK = r"(?<!\w)\d{1,2}[:.h]\d{2}(?!\w)"
_NO_LETTER = "(?![a-z])"


def read_measures(text: str, sort: str, code: str) -> Iterator[float]:
    """The figures of a sort in a text of a language, in its smallest unit: grams, millilitres, millimetres, degrees,
    minutes; figures of power as they are."""
    scales = _scales(sort, code)
    for found in _measure(sort, code).finditer(normalise(text)):
        number = found["number"].replace(" ", "")
        is_grouped = re.fullmatch(r"\d{1,3}(,\d{3})+", number) is not None
        try:
            value = float(number.replace(",", "") if is_grouped else number.replace(",", ".")) * scales[found["unit"]]
        except ValueError:  # "1.2.3", a version or a date
            continue
        yield -value if found["minus"] else value


def has_measure(normalised: str, sort: str, code: str) -> bool:
    """Whether a normalised text has a figure of that sort."""
    return _measure(sort, code).search(normalised) is not None


def has_money(normalised: str, code: str) -> bool:
    """Whether a normalised text has a sign of currency, or a figure beside the name or code of one."""
    return _money(code).search(normalised) is not None


def has_time_of_day(normalised: str, code: str) -> bool:
    """Whether a normalised text has a time of day."""
    return _time_of_day(code).search(normalised) is not None


@cache
def _scales(sort: str, code: str) -> dict[str, float]:
    units = load_units()
    by_canonical = units.measures.units[sort]
    scales = dict(units.measures.signs.get(sort, {}))
    for unit, (_, canonical, factor) in units.units.items():
        if canonical in by_canonical:
            names = {*units.signs.get(unit, ()), *(name for each in (code, MASTER) for name in _names(unit, each))}
            scales |= {normalise(name): by_canonical[canonical] * float(factor) for name in names}
    return scales


def _names(unit: str, code: str) -> list[str]:
    return load_figures()[code].units.get(unit, [])


@cache
def _measure(sort: str, code: str) -> re.Pattern[str]:
    return re.compile(rf"{_NUMBER}\s?(?P<unit>{_any_of(_scales(sort, code))}){_NO_LETTER}")


@cache
def _money(code: str) -> re.Pattern[str]:
    units = load_units()
    signs = [sign for sign in units.currency_signs if not any(map(str.isalpha, sign)) and sign != ":-"]
    named = {normalise(name) for names in load_figures()[code].currencies.values() for name in names}
    codes = {each.lower() for each in units.currency_codes.codes if each not in units.reading.codes_in_capitals}
    behind = _any_of(named | codes | {normalise(sign) for sign in units.currency_signs})
    return re.compile(rf"{_any_of(signs)}|\d\s?(?:{behind}){_NO_LETTER}|(?<![a-z])(?:{_any_of(codes | named)})\s?\d")


@cache
def _time_of_day(code: str) -> re.Pattern[str]:
    times = [load_figures()[each].times for each in dict.fromkeys((code, MASTER))]
    behind = {normalise(word) for each in times for word in (*each.after, *each.am, *each.pm, *each.hour)}
    hours = set(load_units().signs["hour"])
    return re.compile(rf"{_CLOCK}|(?<!\d)\d{{1,2}}\s?(?:{_any_of(behind | hours)}){_NO_LETTER}")


def _any_of(words: Iterable[str]) -> str:
    return "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))
