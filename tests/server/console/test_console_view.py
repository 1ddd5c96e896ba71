"""What a page prints of times and figures."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from server.console.chart import BASE, TOP, chart_of
from server.console.models import Day
from server.console.view import Clock

NEW_YORK = ZoneInfo("America/New_York")
NOW = datetime(2026, 11, 21, 15, 0, tzinfo=UTC)  # ten in the morning in New York


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        ("2026-11-21T14:05:09", "09:05"),
        ("2026-11-21T05:00:00", "00:00"),
        ("2026-11-21T04:59:00", "yesterday 23:59"),
        ("2026-11-20T05:00:00", "yesterday 00:00"),
        ("2026-11-20T04:59:00", "19 Nov 23:59"),
        ("2026-01-01T05:00:00", "1 Jan 00:00"),
        ("2026-01-01T04:59:00", "31 Dec 2025"),
        ("2026-11-22T15:00:00", "22 Nov 10:00"),
    ],
)
def test_times_are_told_as_short_as_they_are_clear(moment: str, text: str) -> None:
    assert Clock(NOW, NEW_YORK).short(datetime.fromisoformat(moment).replace(tzinfo=UTC)) == text


def a_day(turns: int, failed: int = 0) -> Day:
    return Day(
        date="2026-11-21",
        conversations=turns,
        turns=turns,
        answered_by={"model": 0, "engine": turns},
        failed=failed,
        unknown=0,
        thumbs_up=0,
        thumbs_down=0,
        p50_s=None,
        p95_s=None,
    )


@pytest.mark.parametrize(
    ("most", "scale"),
    [(0, 2), (1, 2), (2, 2), (3, 4), (5, 6), (7, 8), (9, 10), (10, 10), (11, 20), (41, 60), (99, 100), (601, 800)],
)
def test_the_scale_ends_at_the_next_readable_number(most: int, scale: int) -> None:
    chart = chart_of([a_day(most), a_day(0)])
    assert [(line.value, line.y) for line in chart.lines] == [(scale // 2, (BASE + TOP) / 2), (scale, TOP)]
    assert chart.columns[0].good_height == round((BASE - TOP) * most / scale, 1)


def test_what_went_wrong_stands_on_top() -> None:
    (column,) = chart_of([a_day(8, failed=2)]).columns
    assert (column.good_height, column.bad_height) == (61.5, 20.5)
    assert column.bad_y + column.bad_height == column.good_y
