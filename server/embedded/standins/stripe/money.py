"""Arithmetic of bills: whole minor units, halves away from zero, nothing lost between the parts and the sum."""

import calendar
from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction


def rounded(value: Fraction) -> int:
    """To a whole unit; a half goes away from zero."""
    size = (abs(value.numerator) * 2 + value.denominator) // (value.denominator * 2)
    return size if value >= 0 else -size


def prorated(amount: int, at: int, start: int, end: int) -> int:
    """What the seconds from `at` to `end` cost when [start, end) costs `amount`."""
    return rounded(Fraction(amount * (min(max(at, start), end) - end), start - end)) if end > start else 0


def percent_of(amount: int, percent: float) -> int:
    """So many per cent of an amount."""
    return rounded(amount * Fraction(str(percent)) / 100)


def usage_amount(unit: str, quantity: int) -> int:
    """`unit` is a price's unit_amount_decimal, such as "1.5": only the whole line is rounded."""
    return int((Decimal(unit) * quantity).quantize(Decimal(1), ROUND_HALF_UP))


def spread(total: int, weights: Sequence[int]) -> list[int]:
    """Parts in proportion to non-negative weights which add up to `total` exactly."""
    whole = sum(weights)
    if not whole:
        return [0] * len(weights)
    parts = [total * weight // whole for weight in weights]
    by_remainder = sorted(range(len(weights)), key=lambda i: (-(total * weights[i] % whole), i))
    for i in by_remainder[: total - sum(parts)]:
        parts[i] += 1
    return parts


def plus_months(at: int, months: int) -> int:
    """The same day and time so many months later, or that month's last day."""
    moment = datetime.fromtimestamp(at, UTC)
    year, month = divmod(moment.year * 12 + moment.month - 1 + months, 12)
    day = min(moment.day, calendar.monthrange(year, month + 1)[1])
    return int(moment.replace(year=year, month=month + 1, day=day).timestamp())


def period_after(anchor: int, start: int, months: int) -> int:
    """The end of the billing period that begins at `start`. Days follow the anchor: 31 Jan, 28 Feb, 31 Mar."""
    count = 1
    while (end := plus_months(anchor, months * count)) <= start:
        count += 1
    return end
