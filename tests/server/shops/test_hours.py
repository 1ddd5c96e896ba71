"""Opening hours at a moment: around midnight, over a change of the clocks, and never in the past."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.shops.hours import DAYS, is_on_duty, next_opening, require_handoff


def hours(timezone: str = "Europe/Berlin", **days: list[list[str]]) -> dict[str, Any]:
    handoff = {"hours": {"timezone": timezone, "days": days}}
    assert require_handoff(handoff) == []
    return handoff


def berlin(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("Europe/Berlin"))


@pytest.mark.parametrize(
    ("moment", "on_duty", "opens"),
    [
        ("2026-11-16T08:59:59", False, "2026-11-16T09:00"),  # a Monday
        ("2026-11-16T09:00:00", True, "2026-11-16T14:00"),
        ("2026-11-16T12:00:00", False, "2026-11-16T14:00"),
        ("2026-11-16T17:59:59", True, "2026-11-18T20:00"),
        ("2026-11-18T23:59:59", True, "2026-11-19T00:00"),
        ("2026-11-19T01:59:00", True, "2026-11-23T09:00"),
        ("2026-11-19T02:00:00", False, "2026-11-23T09:00"),
    ],
)
def test_spans_begin_and_end(moment: str, on_duty: bool, opens: str) -> None:
    handoff = hours(mon=[["09:00", "12:00"], ["14:00", "18:00"]], wed=[["20:00", "24:00"]], thu=[["00:00", "02:00"]])
    assert is_on_duty(handoff, berlin(moment)) is on_duty
    assert next_opening(handoff, berlin(moment)) == berlin(opens)


def test_the_clocks_change() -> None:
    handoff = hours(sun=[["02:30", "04:00"]])
    assert next_opening(handoff, berlin("2026-03-29T00:00")) == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)
    assert next_opening(handoff, berlin("2026-10-25T00:00")) == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)


def test_what_says_nothing_says_nothing() -> None:
    now = datetime.now(UTC)
    for handoff in ({}, {"online": None}, {"hours": None}, {"hours": "broken"}, {"hours": {"timezone": "Nowhere/X"}}):
        assert is_on_duty(handoff, now) is None
        assert next_opening(handoff, now) is None
    assert next_opening(hours(), now) is None
    assert is_on_duty({"online": False}, now) is False


@pytest.mark.parametrize(
    ("spans", "wrong"),
    [
        ([["09:00", "12:00"], ["12:00", "18:00"]], []),
        ([["09:00", "12:00"], ["11:59", "18:00"]], [1]),
        ([["09:00", "18:00"], ["10:00", "11:00"]], [1]),
        ([["14:00", "18:00"], ["09:00", "12:00"]], [1]),
        ([["09:00", "12:00"], ["09:00", "12:00"]], [1]),
        ([["09:00", "18:00"], ["10:00", "11:00"], ["17:00", "19:00"], ["18:00", "20:00"]], [1, 2]),
    ],
)
def test_spans_of_one_day_come_one_after_the_other(spans: list[list[str]], wrong: list[int]) -> None:
    errors = require_handoff({"hours": {"timezone": "UTC", "days": {"mon": spans}}})
    assert [error.field for error in errors] == [f"handoff.hours.days.mon[{number}]" for number in wrong]


times = st.integers(0, 47).map(lambda half: f"{half // 2:02d}:{half % 2 * 30:02d}")
spans = st.lists(times, min_size=2, max_size=2, unique=True).map(sorted).map(lambda pair: [pair])
weeks = st.dictionaries(st.sampled_from(DAYS), spans, min_size=1)
moments = st.integers(0, 6 * 365 * 24 * 60).map(
    lambda minutes: datetime(2024, 1, 1, tzinfo=UTC) + timedelta(0, 60 * minutes)
)


@given(weeks, moments, st.sampled_from(["UTC", "America/New_York", "Asia/Kolkata", "Pacific/Apia"]))
def test_the_next_opening_is_ahead_and_opens(week: dict[str, list[list[str]]], now: datetime, timezone: str) -> None:
    handoff = hours(timezone, **week)
    opens = next_opening(handoff, now)
    assert opens is not None
    assert now < opens <= now + timedelta(days=8)
    assert is_on_duty(handoff, opens)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=6),
        lambda inner: (
            st.lists(inner)
            | st.dictionaries(st.sampled_from(["online", "hours", "timezone", "days", "mon", "x"]), inner)
        ),
    )
)
def test_nothing_breaks_the_check(value: Any) -> None:
    require_handoff(value)
    if isinstance(value, dict):
        is_on_duty(value, datetime.now(UTC))
