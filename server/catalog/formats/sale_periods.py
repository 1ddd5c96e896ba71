"""The time of a sale: moments as files write them, in the shop's zone, and whether now lies between two."""

import re
from datetime import UTC, datetime, timedelta, tzinfo

from .field_values import render_text

_DAY_FIRST = re.compile(r"(\d{1,2})([./-])(\d{1,2})\2(\d{4}|\d{2})(?:[ T](\d{1,2}:\d{2}(?::\d{2})?))?")
_YEAR_FIRST = re.compile(r"(\d{4})[./](\d{1,2})[./](\d{1,2})(?:[ T](\d{1,2}:\d{2}(?::\d{2})?))?")
_SECONDS = re.compile(r"\d{10}")
_DATE_CHARS = 10
_NEVER = ("", "-", "none", "null", "0000-00-00", "0000-00-00 00:00:00")


class UnreadableTime(ValueError):
    """The text is no time, or could be two."""


def parse_time(value: object, zone: tzinfo = UTC) -> datetime | None:
    """Parse a time as aware UTC; one without a zone is taken as one in `zone`. None when it is empty or unreadable."""
    try:
        found = _moment(render_text(value), zone, month_first=False)
    except UnreadableTime:
        return None
    return found[0] if found else None


def is_now_between(starts: object, ends: object, zone: tzinfo = UTC, *, month_first: bool = False) -> bool:
    """Whether now lies in a period. A bound that is empty is none; a date without a time is the whole day in `zone`,
    also as the end. A bound that cannot be read ends the period: no price is told that may have ended.

    `month_first` says how to read 11/1/26."""
    now = datetime.now(UTC)
    try:
        earliest = _moment(render_text(starts), zone, month_first=month_first)
        latest = _moment(render_text(ends), zone, month_first=month_first)
    except UnreadableTime:
        return False
    return not (earliest and now < earliest[0]) and not (latest and now >= latest[1])


def _moment(text: str, zone: tzinfo, *, month_first: bool) -> tuple[datetime, datetime] | None:
    """(its begin, the moment after its end) in UTC: of a day, or of a second. None for no bound. Raises
    UnreadableTime."""
    text = text.strip()
    if text.lower() in _NEVER:
        return None
    try:
        if _SECONDS.fullmatch(text):
            found = datetime.fromtimestamp(int(text), UTC)
        else:
            found = datetime.fromisoformat(_as_iso(text, month_first=month_first))
    except ValueError:
        raise UnreadableTime(text) from None
    found = found.replace(tzinfo=zone) if found.tzinfo is None else found
    is_day = len(text) <= _DATE_CHARS and not _SECONDS.fullmatch(text)
    after = found + (timedelta(days=1) if is_day else timedelta(seconds=1))
    return found.astimezone(UTC), after.astimezone(UTC)


def _as_iso(text: str, *, month_first: bool) -> str:
    if found := _YEAR_FIRST.fullmatch(text):
        return _iso(found[1], found[2], found[3], found[4])
    if not (found := _DAY_FIRST.fullmatch(text)):
        return text
    first, second = int(found[1]), int(found[3])
    year = found[4] if len(found[4]) == 4 else f"20{found[4]}"
    is_month_first = found[2] == "/" and (month_first or second > 12)
    if found[2] == "/" and not is_month_first and first <= 12 and first != second:
        raise UnreadableTime(text)
    month, day = (first, second) if is_month_first else (second, first)
    return _iso(year, str(month), str(day), found[5])


def _iso(year: str, month: str, day: str, time: str | None) -> str:
    return f"{year}-{int(month):02}-{int(day):02}" + (f"T{time.zfill(len(time) + len(time) % 2 - 1)}" if time else "")
