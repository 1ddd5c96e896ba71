"""Answers of the running period, added up day by day, against what the plan includes: the numbers of an SVG."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from msgspec import Struct

from billing.forecast import ENOUGH_TO_TELL
from server.billing.models import BillingView, DayUsage

WIDTH, HEIGHT, BASE, TOP = 560, 140, 118, 14
MOST_OF_A_FORECAST = 1.6
"""How far above limit and use the picture goes for a forecast's sake."""


LEAST_DRAWN = 0.015
"""Of the period: the first minutes would be too narrow to be seen."""


class UsageChart(Struct, frozen=True, kw_only=True):
    """Lengths in the view box's own units."""

    width: int
    height: int
    base: int
    area: str
    """Points of the used answers' polygon."""
    forecast: str
    """Points of the line from today to the period's end at this pace; "" when it is too early to tell."""
    limit_y: float | None
    included: int | None
    first: str
    last: str
    summary: str


def usage_chart(view: BillingView, days: Sequence[DayUsage]) -> UsageChart:
    """The chart of a period; `days` are its answers by day."""
    start, end = view.period.start, view.period.end
    now = min(max(datetime.now(UTC), start + (end - start) * LEAST_DRAWN), end)
    used = {each.day: each.answers for each in days}
    pace = view.answers.used / max((now - start) / timedelta(days=1), 1.0)
    at_end = view.answers.used + pace * ((end - now) / timedelta(days=1))
    tells = now - start > ENOUGH_TO_TELL
    usual = max(view.answers.included or 0, view.answers.used, 10)
    most = min(max(usual, at_end if tells else 0), usual * MOST_OF_A_FORECAST) * 1.08
    # a line that would leave the picture ends at its top
    reached = end if at_end <= most else now + (most - view.answers.used) / pace * timedelta(days=1)

    def point(at: datetime, answers: float) -> str:
        x = (at - start) / (end - start) * WIDTH
        return f"{x:.1f},{BASE - answers / most * (BASE - TOP):.1f}"

    points, total, day = [point(start, 0)], 0, start.date()
    while day <= now.date():
        total += used.get(day, 0)
        points.append(point(min(datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(days=1), now), total))
        day += timedelta(days=1)
    included = view.answers.included
    return UsageChart(
        width=WIDTH,
        height=HEIGHT,
        base=BASE,
        area=" ".join([*points, point(now, 0)]),
        forecast=f"{point(now, view.answers.used)} {point(reached, min(at_end, most))}" if tells else "",
        limit_y=round(BASE - included / most * (BASE - TOP), 1) if included is not None else None,
        included=included,
        first=f"{start.day} {start:%b}",
        last=f"{end.day} {end:%b}",
        summary=f"{view.answers.used} answers used since {start.day} {start:%B}"
        + (f", of {included}." if included is not None else "."),
    )
