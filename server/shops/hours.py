"""When a shop's staff are on duty: the `handoff` setting, checked field by field and read at a moment.

    {"online": true | false | null, "hours": {"timezone": "Europe/Berlin", "days": {"mon": [["09:00", "17:00"]], ...}}}

`online` true or false is the merchant's word whatever the clock says; null (or none) leaves it to the hours. A day may
hold several spans; one that goes past midnight is written as two, "24:00" ends a day.
"""

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from server.core.errors import FieldError

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
MAX_SPANS = 6
LOOKED_AHEAD_DAYS = 8
TIME = re.compile(r"(?:[01]\d|2[0-3]):[0-5]\d|24:00")


def require_handoff(handoff: object) -> list[FieldError]:
    """What is wrong with the setting, field by field; nothing when it can be stored."""
    if not isinstance(handoff, dict):
        return [FieldError("handoff", "must be an object")]
    errors = [
        FieldError(f"handoff.{name}", "is not a known setting") for name in handoff if name not in ("online", "hours")
    ]
    if not isinstance(handoff.get("online"), bool | None):
        errors.append(FieldError("handoff.online", "true, false or null"))
    if handoff.get("hours") is not None:
        errors += _wrong_hours(handoff["hours"])
    return errors


def time_zone(handoff: dict[str, Any]) -> ZoneInfo:
    """The shop's time zone, as its hours name it; UTC where it has none."""
    hours = handoff.get("hours") or {}
    return ZoneInfo(hours.get("timezone") or "UTC")


def is_on_duty(handoff: dict[str, Any], now: datetime) -> bool | None:
    """Whether the shop says that staff are there at `now` (with a time zone); None when it says nothing of it."""
    if isinstance(online := handoff.get("online"), bool):
        return online
    hours = handoff.get("hours")
    if not hours or require_handoff(handoff):
        return None
    zone = ZoneInfo(hours["timezone"])
    today = now.astimezone(zone).date()
    return any(begins <= now < ends for begins, ends in _spans(hours, zone, today, 1))


def next_opening(handoff: dict[str, Any], now: datetime) -> datetime | None:
    """When the hours next begin after `now`, in UTC; None where there are none, or the merchant is off duty anyway."""
    hours = handoff.get("hours")
    if not hours or handoff.get("online") is False or require_handoff(handoff):
        return None
    zone = ZoneInfo(hours["timezone"])
    today = now.astimezone(zone).date()
    return min((begins for begins, _ in _spans(hours, zone, today, LOOKED_AHEAD_DAYS) if begins > now), default=None)


def _wrong_hours(hours: object) -> list[FieldError]:
    if not isinstance(hours, dict):
        return [FieldError("handoff.hours", "must be an object with timezone and days, or null")]
    errors = [
        FieldError(f"handoff.hours.{name}", "is not a known setting")
        for name in hours
        if name not in ("timezone", "days")
    ]
    if not isinstance(hours.get("timezone"), str) or hours["timezone"] not in _zones():
        errors.append(FieldError("handoff.hours.timezone", "must be an IANA time zone such as Europe/Berlin"))
    days = hours.get("days")
    if not isinstance(days, dict):
        return [*errors, FieldError("handoff.hours.days", 'an object such as {"mon": [["09:00", "17:00"]]}')]
    for name, spans in days.items():
        field = f"handoff.hours.days.{name}"
        if name not in DAYS:
            errors.append(FieldError(field, f"is not a day; use one of {', '.join(DAYS)}"))
        else:
            errors += _wrong_spans(field, spans)
    return errors


def _wrong_spans(field: str, spans: object) -> list[FieldError]:
    if not isinstance(spans, list) or len(spans) > MAX_SPANS:
        return [FieldError(field, f'a list of at most {MAX_SPANS} spans such as ["09:00", "17:00"]')]
    errors: list[FieldError] = []
    ended = ""
    for number, span in enumerate(spans):
        if not (isinstance(span, list) and len(span) == 2 and all(_is_time(each) for each in span)):
            errors.append(FieldError(f"{field}[{number}]", 'two times such as ["09:00", "17:00"]'))
        elif span[0] >= span[1]:
            errors.append(
                FieldError(f"{field}[{number}]", "ends before it begins; split hours past midnight over two days")
            )
        elif span[0] < ended:
            errors.append(FieldError(f"{field}[{number}]", "begins before the previous span ends"))
        else:
            ended = span[1]
    return errors


def _is_time(value: object) -> bool:
    return isinstance(value, str) and TIME.fullmatch(value) is not None


def _spans(hours: dict[str, Any], zone: ZoneInfo, first: date, count: int) -> Iterator[tuple[datetime, datetime]]:
    for offset in range(count):
        day = first + timedelta(days=offset)
        for begins, ends in hours["days"].get(DAYS[day.weekday()], ()):
            yield _moment(day, begins, zone), _moment(day, ends, zone)


def _moment(day: date, text: str, zone: ZoneInfo) -> datetime:
    if text == "24:00":
        day, text = day + timedelta(days=1), "00:00"
    return datetime.combine(day, time.fromisoformat(text), zone).astimezone(UTC)


@cache
def _zones() -> frozenset[str]:
    """Without those whose files are not of the list ("localtime", "posixrules")."""
    return frozenset(name for name in available_timezones() if name == "UTC" or "/" in name)
