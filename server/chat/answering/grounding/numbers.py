"""Numbers as people write them: in figures with either decimal sign, and in words of four languages."""

import re
from decimal import Decimal
from functools import lru_cache

_GROUPED = re.compile(r"\d{1,3}([.,])\d{3}(?:\1\d{3})*")
_GROUPED_DECIMAL = re.compile(r"(\d{1,3}(?:([.,])\d{3})(?:\2\d{3})*)([.,])(\d+)")
_DECIMAL = re.compile(r"(\d+)[.,](\d+)")

ONES = frozenset(("one", "un", "une", "ein", "eine", "einen", "einem", "einer", "eines", "uno", "una", "a", "an"))
"""Words that are 1 beside a unit of time and mere articles or pronouns elsewhere."""

AMBIGUOUS = frozenset(("once", "cent", "cien", "elf", "sept", "dos", "quince", "neuf", "tres", "mille", "mil"))
"""Numbers in one language and something else in another: figures only where a unit follows."""

_ENGLISH = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
    "seventeen eighteen nineteen",
    "twenty thirty forty fifty sixty seventy eighty ninety",
)
_GERMAN = (
    "null eins zwei drei vier funf sechs sieben acht neun zehn elf zwolf dreizehn vierzehn funfzehn sechzehn "
    "siebzehn achtzehn neunzehn",
    "zwanzig dreissig vierzig funfzig sechzig siebzig achtzig neunzig",
)
_SPANISH = (
    "cero uno dos tres cuatro cinco seis siete ocho nueve diez once doce trece catorce quince dieciseis "
    "diecisiete dieciocho diecinueve",
    "veinte treinta cuarenta cincuenta sesenta setenta ochenta noventa",
)
_FRENCH = (
    "zero un deux trois quatre cinq six sept huit neuf dix onze douze treize quatorze quinze seize dix-sept "
    "dix-huit dix-neuf",
    "vingt trente quarante cinquante soixante soixante-dix quatre-vingts quatre-vingt-dix",
)
_LARGE = {"hundred": 100, "hundert": 100, "cien": 100, "cent": 100, "dozen": 12, "dutzend": 12, "douzaine": 12,
          "docena": 12, "thousand": 1000, "tausend": 1000, "mille": 1000, "mil": 1000, "fortnight": 14}  # fmt: skip


@lru_cache(maxsize=1)
def number_words() -> dict[str, int]:
    """Folded word (hyphens kept) to its value, 0 to 99 and some larger ones; the articles of `ONES` are not in it."""
    words = dict(_LARGE)
    for low, tens in (_ENGLISH, _GERMAN, _SPANISH, _FRENCH):
        units = low.split()
        words |= {word: value for value, word in enumerate(units)}
        for index, ten in enumerate(tens.split()):
            value = 20 + 10 * index
            words[ten] = value
            words |= {f"{ten}-{unit}": value + figure for figure, unit in enumerate(units[1:10], start=1)}
            words |= {f"{unit}und{ten}": value + figure for figure, unit in enumerate(units[1:10], start=1)}
    words |= {f"einund{ten}": 21 + 10 * index for index, ten in enumerate(_GERMAN[1].split())}
    return {word: value for word, value in words.items() if word not in ONES}


def readings(figures: str) -> tuple[str, ...]:
    """The values that figures may stand for, canonical: "1.299,00" -> 1299; "1,299" -> 1299 or 1.299.

    Figures that are no number ("2,3,4") give nothing.
    """
    figures = re.sub(r"['’\u00a0\u202f ]", "", figures)
    if len(figures) > 40:
        return ()
    if figures.isdecimal():
        return (canonical(figures),)
    if (found := _GROUPED_DECIMAL.fullmatch(figures)) and found[2] != found[3]:
        return (canonical(re.sub("[.,]", "", found[1]) + "." + found[4]),)
    if found := _GROUPED.fullmatch(figures):
        grouped = canonical(re.sub("[.,]", "", figures))
        single = figures.count(found[1]) == 1
        return (grouped, canonical(figures.replace(",", "."))) if single else (grouped,)
    if found := _DECIMAL.fullmatch(figures):
        return (canonical(f"{found[1]}.{found[2]}"),)
    return ()


def scaled(value: str, factor: str) -> str:
    """A canonical value times a factor, canonical."""
    return canonical(Decimal(value) * Decimal(factor))


def canonical(value: str | Decimal) -> str:
    """One spelling per value: no zeros before or after, no exponent."""
    text = format(Decimal(value), "f")
    return (text.rstrip("0").rstrip(".") or "0") if "." in text else (text.lstrip("0") or "0")
