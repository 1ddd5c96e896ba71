"""When a plan's answers will run out, at the rate of the period so far."""

from datetime import datetime, timedelta

from billing.period import Period

MIN_TIME = timedelta(hours=24)
"""In a shorter time the rate is mostly chance."""


def runs_out_at(period: Period, used: int, included: int | None, now: datetime) -> datetime | None:
    """When `used` will reach `included`; `now` when it already has. None when it will not within the period, without a
    limit, and before MIN_TIME of the period has passed."""
    if included is None:
        return None
    if used >= included:
        return now
    passed = now - period.start
    if used <= 0 or passed < MIN_TIME:
        return None
    at = period.start + passed * (included / used)
    return at if at < period.end else None
