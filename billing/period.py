"""Billing periods of a month: calendar months, or months that begin on the day of subscribing."""

from calendar import monthrange
from datetime import UTC, datetime

from msgspec import Struct


class Period(Struct, frozen=True):
    """From `start` up to, not including, `end`; both aware, in UTC."""

    start: datetime
    end: datetime

    def __contains__(self, at: object) -> bool:
        return isinstance(at, datetime) and self.start <= at < self.end


def calendar_month(now: datetime) -> Period:
    """The calendar month of `now` in UTC."""
    start = datetime(now.year, now.month, 1, tzinfo=UTC)
    return Period(start, months_after(start, 1))


def period_at(anchor: Period, now: datetime) -> Period:
    """The period `now` is in. `anchor` is a known period; later ones follow it month by month, on the day of the month
    on which the anchor ends. It is needed because the stored subscription may be older than its last renewal."""
    if now < anchor.end:
        return anchor
    months = (now.year - anchor.end.year) * 12 + now.month - anchor.end.month
    while months_after(anchor.end, months) > now:
        months -= 1
    return Period(months_after(anchor.end, months), months_after(anchor.end, months + 1))


def months_after(start: datetime, months: int) -> datetime:
    """The same day and time `months` later (earlier when negative), or the month's last day when it is shorter."""
    index = start.year * 12 + start.month - 1 + months
    year, month = divmod(index, 12)
    return start.replace(year=year, month=month + 1, day=min(start.day, monthrange(year, month + 1)[1]))
