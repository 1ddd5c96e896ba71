"""Numbers as people write them in figures, with either decimal sign."""

import re
from decimal import Decimal

_GROUPED = re.compile(r"\d{1,3}([.,])\d{3}(?:\1\d{3})*")
_GROUPED_DECIMAL = re.compile(r"(\d{1,3}(?:([.,])\d{3})(?:\2\d{3})*)([.,])(\d+)")
_DECIMAL = re.compile(r"(\d+)[.,](\d+)")
MAX_CHARACTERS = 40


def readings(figures: str) -> tuple[str, ...]:
    """The values that figures may stand for, canonical: "1.299,00" -> 1299; "1,299" -> 1299 or 1.299.

    Figures that are no number ("2,3,4") give nothing.
    """
    if figures.isdecimal():
        return (canonical(figures),) if len(figures) <= MAX_CHARACTERS else ()
    figures = re.sub(r"['’\u00a0\u202f ]", "", figures)
    if len(figures) > MAX_CHARACTERS:
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
    return value if factor == "1" else canonical(Decimal(value) * Decimal(factor))


def canonical(value: str | Decimal) -> str:
    """One spelling per value: no zeros before or after, no exponent."""
    text = format(Decimal(value), "f")
    return (text.rstrip("0").rstrip(".") or "0") if "." in text else (text.lstrip("0") or "0")
