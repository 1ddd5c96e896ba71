"""The chart of the current period's answers, summed up day by day, beside the plan's number: coordinates of an SVG."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from msgspec import Struct

from billing.forecast import MIN_TIME
from server.billing.models import BillingView, DayUsage

WIDTH, HEIGHT, BASE, TOP = 560, 140, 118, 14
MAX_FORECAST_HEIGHT = 1.6
"""How much higher than the plan's answers and those used the chart may become to show the forecast."""
MIN_WIDTH = 0.015
"""The least part of the period that is drawn: the first minutes would be too narrow to see."""


class UsageChart(Struct, frozen=True, kw_only=True):
    """The chart's coordinates, in units of its view box."""

    width: int
    height: int
    base: int
    area: str
    """Points of the polygon of used answers."""
    forecast: str
    """Points of the line from today to the period's end at the present rate; "" before MIN_TIME of it has passed."""
    limit_y: float | None
    included: int | None
    first: str
    last: str
    summary: str


def usage_chart(view: BillingView, days: Sequence[DayUsage]) -> UsageChart:
    """The chart of a period; `days` are its answers by day."""
    start, end = view.period.start, view.period.end
    now = min(max(datetime.now(UTC), start + (end - start) * MIN_WIDTH), end)
    used = {each.day: each.answers for each in days}
    per_day = view.answers.used / max((now - start) / timedelta(days=1), 1.0)
    at_end = view.answers.used + per_day * ((end - now) / timedelta(days=1))
    has_forecast = now - start > MIN_TIME
    usual = max(view.answers.included or 0, view.answers.used, 10)
    most = min(max(usual, at_end if has_forecast else 0), usual * MAX_FORECAST_HEIGHT) * 1.08
    # a line that would leave the chart ends at its top
    reached = end if at_end <= most else now + (most - view.answers.used) / per_day * timedelta(days=1)

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
        forecast=f"{point(now, view.answers.used)} {point(reached, min(at_end, most))}" if has_forecast else "",
        limit_y=round(BASE - included / most * (BASE - TOP), 1) if included is not None else None,
        included=included,
        first=f"{start.day} {start:%b}",
        last=f"{end.day} {end:%b}",
        summary=f"{view.answers.used} answers used since {start.day} {start:%B}"
        + (f", of {included}." if included is not None else "."),
    )
