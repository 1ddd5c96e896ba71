"""What a resolution is: examples, both edges of both windows, and what holds for any log."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.resolutions import QUIET_PERIOD, RETURN_WINDOW, Kind, Resolution, Signal, next_final_at, resolutions_of

START = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
LONG_AFTER = START + timedelta(days=60)
TICK = timedelta(microseconds=1)


def after(hours: float) -> datetime:
    return START + timedelta(hours=hours)


def signal(hours: float, kind: Kind, turn: int | None = None, *, billable: bool = True) -> Signal:
    return Signal(after(hours), kind, turn, billable and kind == "answer")


def asked(hours: float, turn: int, *, billable: bool = True) -> list[Signal]:
    """A question, and an answer at `hours`."""
    return [signal(hours - 0.01, "question"), signal(hours, "answer", turn, billable=billable)]


def outcomes(*signals: Signal, now: datetime = LONG_AFTER) -> list[tuple[int, bool]]:
    """(turn, whether it stands)."""
    return [(each.turn_id, each.returned_at is None) for each in resolutions_of(signals, now)]


EXAMPLES: dict[str, tuple[list[Signal], list[tuple[int, bool]]]] = {
    "nothing": ([], []),
    "a question that was answered": (asked(0, 1), [(1, True)]),
    "an answer that does not count": (asked(0, 1, billable=False), []),
    "several questions are one case": (asked(0, 1) + asked(5, 2) + asked(28, 3), [(3, True)]),
    "the last answer that counts is the key": (asked(0, 1) + asked(1, 2, billable=False), [(1, True)]),
    "another question later is a case of its own": (asked(0, 1) + asked(30, 2), [(1, True), (2, True)]),
    "a question without an answer belongs to it": ([*asked(0, 1), signal(20, "question")], [(1, True)]),
    "a person was asked for": ([*asked(0, 1), signal(1, "unhappy")], []),
    "staff wrote": ([*asked(0, 1), signal(1, "staff")], []),
    "rated down": ([*asked(0, 1), signal(1, "unhappy", 1)], []),
    "an earlier answer rated down": (asked(0, 1) + asked(1, 2) + [signal(2, "unhappy", 1)], []),
    "an answer that does not count rated down": (
        asked(0, 1) + asked(1, 2, billable=False) + [signal(2, "unhappy", 2)],
        [],
    ),
    "down, then up": ([*asked(0, 1), signal(1, "unhappy", 1), signal(2, "satisfied", 1)], [(1, True)]),
    "up, then down": ([*asked(0, 1), signal(1, "satisfied", 1), signal(2, "unhappy", 1)], []),
    "taken back: a person": ([*asked(0, 1), signal(30, "unhappy")], [(1, False)]),
    "taken back: staff": ([*asked(0, 1), signal(30, "staff")], [(1, False)]),
    "taken back: rated down": ([*asked(0, 1), signal(30, "unhappy", 1)], [(1, False)]),
    "a rating thought over in the window": (
        [*asked(0, 1), signal(30, "unhappy", 1), signal(31, "satisfied", 1)],
        [(1, True)],
    ),
    "a rating thought over too late": (
        [*asked(0, 1), signal(30, "unhappy", 1), signal(97, "satisfied", 1)],
        [(1, False)],
    ),
    "unhappy too late": ([*asked(0, 1), signal(97, "unhappy"), signal(98, "unhappy", 1)], [(1, True)]),
    "back with a question, then unhappy": (asked(0, 1) + asked(30, 2) + [signal(31, "unhappy")], [(1, False)]),
    "the later case's answer rated down is no word on the first": (
        asked(0, 1) + asked(30, 2) + [signal(31, "unhappy", 2)],
        [(1, True)],
    ),
    "after staff, a case of its own": ([*asked(0, 1), signal(1, "staff"), *asked(30, 2)], [(2, True)]),
    "a question soon after staff is theirs": ([*asked(0, 1), signal(1, "staff"), *asked(20, 2)], []),
    "a rating of an answer that is not there": ([*asked(0, 1), signal(1, "unhappy", 9)], [(1, True)]),
}


@pytest.mark.parametrize("name", EXAMPLES)
def test_examples(name: str) -> None:
    signals, expected = EXAMPLES[name]
    assert outcomes(*signals) == expected


def test_the_silence_begins_with_the_last_message_and_ends_before_the_24th_hour() -> None:
    first, last = asked(0, 1), after(0)
    assert outcomes(*first, now=last + QUIET_PERIOD - TICK) == []
    assert outcomes(*first, now=last + QUIET_PERIOD) == [(1, True)]
    in_time, later = Signal(last + QUIET_PERIOD - TICK, "question"), Signal(last + QUIET_PERIOD, "question")
    assert outcomes(*first, in_time, now=last + QUIET_PERIOD) == []
    assert outcomes(*first, later, now=last + QUIET_PERIOD) == [(1, True)]


@pytest.mark.parametrize("unhappy", [Signal(START, "unhappy"), Signal(START, "staff"), Signal(START, "unhappy", 1)])
def test_the_window_holds_its_first_moment_and_not_its_last(unhappy: Signal) -> None:
    reached = after(0) + QUIET_PERIOD
    final = reached + RETURN_WINDOW

    def at(moment: datetime) -> Resolution | None:
        moved = Signal(moment, unhappy.kind, unhappy.turn_id)
        return next(iter(resolutions_of([*asked(0, 1), moved], LONG_AFTER)), None)

    assert at(reached - TICK) is None
    for moment in (reached, final - TICK):
        found = at(moment)
        assert found
        assert (found.returned_at, found.reached_at, found.final_at) == (moment, reached, final)
    stands = at(final)
    assert stands
    assert stands.returned_at is None


def test_it_was_taken_back_when_the_shopper_first_said_so() -> None:
    again = [*asked(0, 1), signal(30, "unhappy", 1), signal(31, "unhappy", 1)]
    assert [each.returned_at for each in resolutions_of(again, LONG_AFTER)] == [after(30)]
    assert [each.returned_at for each in resolutions_of(again, after(30))] == [after(30)]


def test_answers_of_the_same_moment_have_an_order_of_their_own() -> None:
    both = [signal(0, "answer", 1), signal(0, "answer", 2)]
    assert outcomes(*both) == outcomes(*reversed(both)) == [(2, True)]


def test_when_to_look_again() -> None:
    signals = asked(0, 1)
    final = after(0) + QUIET_PERIOD + RETURN_WINDOW
    assert next_final_at(signals, after(1)) == final
    assert next_final_at(signals, final - TICK) == final
    assert next_final_at(signals, final) is None
    assert next_final_at(signals + asked(30, 2), after(40)) == final
    assert next_final_at(signals + asked(30, 2), final) == after(30) + QUIET_PERIOD + RETURN_WINDOW


KINDS: list[Kind] = ["question", "answer", "answer", "answer", "staff", "satisfied", "unhappy"]
hours = st.integers(0, 400).map(lambda half: after(half / 2))
"""On a grid, so that signals meet at the edges."""


@st.composite
def logs(draw: st.DrawFn) -> list[Signal]:
    """Any conversation: each turn has one answer at most."""
    turns = iter(range(1, 100))
    signals = []
    for kind in draw(st.lists(st.sampled_from(KINDS), max_size=14)):
        at = draw(hours)
        match kind:
            case "answer":
                signals.append(Signal(at, kind, next(turns), draw(st.booleans())))
            case "satisfied" | "unhappy":
                rated = draw(st.none() | st.integers(1, 6)) if kind == "unhappy" else draw(st.integers(1, 6))
                signals.append(Signal(at, kind, rated))
            case _:
                signals.append(Signal(at, kind))
    return signals


@given(logs(), hours, hours)
def test_what_is_final_stays_whatever_comes_later(signals: list[Signal], one: datetime, other: datetime) -> None:
    early, late = sorted((one, other))
    then = [each for each in resolutions_of(signals, early) if each.final_at <= early]
    later = [each for each in resolutions_of(signals, late) if each.final_at <= early]
    assert then == later
    known = [signal for signal in signals if signal.at <= early]
    assert resolutions_of(known, early) == resolutions_of(signals, early)


@given(logs(), hours, hours)
def test_what_is_reached_stays_reached(signals: list[Signal], one: datetime, other: datetime) -> None:
    early, late = sorted((one, other))
    then = {(each.turn_id, each.reached_at) for each in resolutions_of(signals, early)}
    assert then <= {(each.turn_id, each.reached_at) for each in resolutions_of(signals, late)}


@given(logs(), st.randoms())
def test_the_order_of_the_log_does_not_matter(signals: list[Signal], chance: object) -> None:
    shuffled = list(signals)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    assert resolutions_of(shuffled, LONG_AFTER) == resolutions_of(signals, LONG_AFTER)
    assert next_final_at(shuffled, after(50)) == next_final_at(signals, after(50))


@given(logs())
def test_each_stretch_has_one_at_most_and_each_answer_is_in_one(signals: list[Signal]) -> None:
    found = resolutions_of(signals, LONG_AFTER)
    assert len({each.turn_id for each in found}) == len(found)
    talk = sorted(
        signal.at
        for signal in signals
        if signal.kind != "satisfied" and (signal.kind != "unhappy" or signal.turn_id is None)
    )
    silences = sum(later - earlier >= QUIET_PERIOD for earlier, later in pairwise(talk))
    assert len(found) <= silences + 1
    billable = {signal.turn_id for signal in signals if signal.is_billable}
    assert {each.turn_id for each in found} <= billable
    for each in found:
        assert each.final_at - each.reached_at == RETURN_WINDOW
        assert each.returned_at is None or each.reached_at <= each.returned_at < each.final_at


@given(logs(), hours)
def test_nothing_becomes_final_unlooked_at(signals: list[Signal], now: datetime) -> None:
    """Between one look and the next nothing is missed, as long as nothing is added to the log."""
    known = [signal for signal in signals if signal.at <= now]
    until = next_final_at(known, now)
    later = {each.final_at for each in resolutions_of(known, LONG_AFTER) if each.final_at > now}
    assert not later if until is None else all(at >= until for at in later)
