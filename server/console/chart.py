"""The chart of the last days, as the numbers an SVG is drawn from. Lengths are in the view box's own units."""

from datetime import date

from msgspec import Struct

from server.console.models import Day

WIDTH, HEIGHT = 560, 120
BASE, TOP = 98, 16
GAP = 0.34
"""Of a day's width that stays empty."""


class Column(Struct, frozen=True, kw_only=True):
    """One day: a bar of good answers with those that went wrong on top."""

    x: float
    width: float
    good_y: float
    good_height: float
    bad_y: float
    bad_height: float
    label: str
    title: str
    label_x: float


class Line(Struct, frozen=True):
    """A horizontal grid line with what it stands for."""

    y: float
    value: int


class Chart(Struct, frozen=True, kw_only=True):
    """Bars and grid, and the totals that are said in words beside them."""

    width: int
    height: int
    base: int
    columns: list[Column]
    lines: list[Line]
    turns: int
    conversations: int
    by_model: int
    by_engine: int
    bad: int
    thumbs_up: int
    thumbs_down: int
    summary: str


def chart_of(days: list[Day]) -> Chart:
    """A column per day, oldest first; answers that failed or did not know are the upper part."""
    most = _round_up(max([day.turns for day in days], default=0))
    step = WIDTH / max(1, len(days))
    turns, bad = sum(day.turns for day in days), sum(_bad(day) for day in days)
    return Chart(
        width=WIDTH,
        height=HEIGHT,
        base=BASE,
        columns=[_column(day, index, step, most, is_labelled=index % 2 == 1) for index, day in enumerate(days)],
        lines=[Line(round(BASE - share * (BASE - TOP), 1), round(most * share)) for share in (0.5, 1)],
        turns=turns,
        conversations=sum(day.conversations for day in days),
        by_model=sum(day.answered_by["model"] for day in days),
        by_engine=sum(day.answered_by["engine"] for day in days),
        bad=bad,
        thumbs_up=sum(day.thumbs_up for day in days),
        thumbs_down=sum(day.thumbs_down for day in days),
        summary=f"Questions per day over {len(days)} days: {turns} in all, {bad} failed or without an answer.",
    )


def _column(day: Day, index: int, step: float, most: int, *, is_labelled: bool) -> Column:
    scale = (BASE - TOP) / most
    good_height, bad_height = (day.turns - _bad(day)) * scale, _bad(day) * scale
    when = date.fromisoformat(day.date)
    speed = f", half within {day.p50_s} s" if day.p50_s is not None else ""
    return Column(
        x=round(index * step + step * GAP / 2, 1),
        width=round(step * (1 - GAP), 1),
        good_y=round(BASE - good_height, 1),
        good_height=round(good_height, 1),
        bad_y=round(BASE - good_height - bad_height, 1),
        bad_height=round(bad_height, 1),
        label=f"{when.day} {when:%b}" if is_labelled else "",
        title=f"{when:%a} {when.day} {when:%b}: {day.turns} questions, {_bad(day)} failed or without an answer{speed}",
        label_x=round((index + 0.5) * step, 1),
    )


def _bad(day: Day) -> int:
    return min(day.turns, day.failed + day.unknown)


def _round_up(most: int) -> int:
    """The next number that is good to read on a scale."""
    size = int("1" + "0" * (len(str(most)) - 1))
    steps = (1, 2, 4, 6, 8, 10)
    return max(2, next(step * size for step in steps if step * size >= most))
