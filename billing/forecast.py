"""When a plan's answers run out, at the pace of the period so far."""

from datetime import datetime, timedelta

from billing.period import Period

ENOUGH_TO_TELL = timedelta(hours=24)
"""Before that a pace is an accident."""


def runs_out_at(period: Period, used: int, included: int | None, now: datetime) -> datetime | None:
    """The moment at which `used` reaches `included`; None when it does not within the period, or when it is too early
    to tell, or without a limit. `now` when it is reached already."""
    if included is None:
        return None
    if used >= included:
        return now
    passed = now - period.start
    if used <= 0 or passed < ENOUGH_TO_TELL:
        return None
    at = period.start + passed * (included / used)
    return at if at < period.end else None
