"""Which resolutions a conversation contains.

A resolution is a question of a shopper that the assistant settled without a person. All of this is true of it:

- It is a stretch of a conversation with at least one billable answer.
- The shopper wrote nothing for 24 hours after its last message.
- In it nobody asked for a person and no staff wrote.
- None of its answers is rated down; the newest rating of an answer counts.

It is taken back when, within the next 72 hours, the same shopper returns unhappy to the same conversation: asks for a
person, is taken over by staff, or rates one of the stretch's answers down. After that it is final, and is billed in the
period in which it became final, so no charge is ever refunded. A resolution that was taken back is in the ledger as
`resolution` +1 and `resolution_refund` -1, and is not sent to the meter. A shopper who returns with another question
begins a new stretch.

A conversation that is erased before its resolutions are final has none.

Both times include their start and exclude their end: a message exactly 24 hours after the last one begins a new
stretch, and a complaint exactly 72 hours later comes too late. Times are aware, in UTC.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, Literal, TypeAlias

from msgspec import Struct

QUIET_PERIOD: Final = timedelta(hours=24)
"""The silence that ends a stretch: how long nobody writes after its last message."""
RETURN_WINDOW: Final = timedelta(hours=72)
"""How long after that a resolution may be taken back."""

Kind: TypeAlias = Literal["question", "answer", "staff", "satisfied", "unhappy"]
_ORDER: Final[Sequence[Kind]] = ("question", "answer", "satisfied", "staff", "unhappy")
"""The order of signals at the same moment: a complaint counts last."""


class Signal(Struct, frozen=True):
    """An event of a conversation on which resolutions depend.

    question   the shopper wrote
    answer     the assistant wrote, in the turn `turn_id`; `is_billable` by `billing.answers`
    staff      staff wrote
    satisfied  the shopper rated the answer of `turn_id` up
    unhappy    the shopper rated the answer of `turn_id` down, or without `turn_id` asked for a person
    """

    at: datetime
    kind: Kind
    turn_id: Any = None
    is_billable: bool = False

    @property
    def is_rating(self) -> bool:
        """Whether it rates an answer, whose time does not matter; every other signal is part of a stretch."""
        return self.kind == "satisfied" or (self.kind == "unhappy" and self.turn_id is not None)


class Resolution(Struct, frozen=True, kw_only=True):
    """A question that was settled, with the `turn_id` of the stretch's last billable answer.

    `returned_at` is when the shopper returned unhappy, which takes the resolution back; None where that did not happen.
    Until `final_at` this can still change.
    """

    turn_id: Any
    reached_at: datetime
    final_at: datetime
    returned_at: datetime | None = None


def resolutions_of(signals: Iterable[Signal], now: datetime) -> tuple[Resolution, ...]:
    """The resolutions of one conversation that are reached by `now`, including those taken back, oldest first.

    `signals` may be in any order; those later than `now` are ignored.
    """
    sorted_signals = _sorted_until(signals, now)
    ratings = [signal for signal in sorted_signals if signal.is_rating]
    messages = [signal for signal in sorted_signals if not signal.is_rating]
    complaints = [signal.at for signal in messages if _is_complaint(signal)]
    found = (_resolution(stretch, ratings, complaints, now) for stretch in _stretches(messages))
    return tuple(each for each in found if each)


def next_final_at(signals: Iterable[Signal], now: datetime) -> datetime | None:
    """The earliest time after `now` at which something in the conversation can become final; None when all is final."""
    sorted_signals = _sorted_until(signals, now)
    lasts = (stretch[-1].at for stretch in _stretches([signal for signal in sorted_signals if not signal.is_rating]))
    return min((at for last in lasts if (at := last + QUIET_PERIOD + RETURN_WINDOW) > now), default=None)


def _sorted_until(signals: Iterable[Signal], now: datetime) -> list[Signal]:
    past = (signal for signal in signals if signal.at <= now)
    return sorted(
        past,
        key=lambda signal: (signal.at, _ORDER.index(signal.kind), str(signal.turn_id), signal.is_billable),
    )


def _stretches(messages: Sequence[Signal]) -> Iterator[Sequence[Signal]]:
    """The parts into which silences of QUIET_PERIOD and more divide a conversation."""
    first = 0
    for index in range(1, len(messages) + 1):
        if index == len(messages) or messages[index].at - messages[index - 1].at >= QUIET_PERIOD:
            if index > first:
                yield messages[first:index]
            first = index


def _is_complaint(signal: Signal) -> bool:
    return signal.kind in ("staff", "unhappy")


def _resolution(
    stretch: Sequence[Signal], ratings: Sequence[Signal], complaints: Sequence[datetime], now: datetime
) -> Resolution | None:
    billable = [signal for signal in stretch if signal.kind == "answer" and signal.is_billable]
    reached_at = stretch[-1].at + QUIET_PERIOD
    final_at = reached_at + RETURN_WINDOW
    if not billable or reached_at > now or any(_is_complaint(signal) for signal in stretch):
        return None
    answers = {signal.turn_id for signal in stretch if signal.kind == "answer"}
    own = [signal for signal in ratings if signal.turn_id in answers]
    if _rated_down(signal for signal in own if signal.at < reached_at):
        return None
    returns = [at for at in complaints if reached_at <= at < final_at]
    returns += _rated_down(signal for signal in own if signal.at < final_at)
    return Resolution(
        turn_id=billable[-1].turn_id,
        reached_at=reached_at,
        final_at=final_at,
        returned_at=min(returns, default=None),
    )


def _rated_down(ratings: Iterable[Signal]) -> list[datetime]:
    """For each answer whose newest rating is down, the time from which it has been. `ratings` are in order of time."""
    since: dict[Any, datetime] = {}
    for signal in ratings:
        if signal.kind == "unhappy":
            since.setdefault(signal.turn_id, signal.at)
        else:
            since.pop(signal.turn_id, None)
    return list(since.values())
