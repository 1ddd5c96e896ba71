"""Which resolutions a conversation contains.

A resolution is a question of a shopper that the assistant settled without a person. All of this is true of it:

- It is a stretch of a conversation with at least one billable answer.
- The shopper wrote nothing for 24 hours after its last message.
- In it nobody asked for a person and no staff wrote.
- None of its answers is rated down; the newest rating of an answer counts.

It is taken back when, within the next 72 hours, the same shopper returns unhappy to the same conversation: asks for a
person, is taken over by staff, or rates one of the stretch's answers down. After that it is final, and is billed in the
period in which it became final, so no charge is ever refunded. One that was taken back is in the ledger as `resolution`
+1 and `resolution_refund` -1, and is not sent to the meter. A shopper who returns with another question begins a new
stretch.

A conversation that is erased before its resolutions are final has none.

Both times include their start and exclude their end: a message exactly 24 hours after the last one begins a new
stretch, and a complaint exactly 72 hours later comes too late. Times are aware, in UTC.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, Literal, TypeAlias

from msgspec import Struct

QUIET: Final = timedelta(hours=24)
"""How long the shopper writes nothing after a stretch's last message."""
RETURN_WINDOW: Final = timedelta(hours=72)
"""How long after that a resolution may be taken back."""

Kind: TypeAlias = Literal["question", "answer", "staff", "content", "unhappy"]
_ORDER: Final[Sequence[Kind]] = ("question", "answer", "content", "staff", "unhappy")
"""The order of signs at the same moment: a complaint counts last."""


class Sign(Struct, frozen=True):
    """An event of a conversation that decides about resolutions.

    question   the shopper wrote
    answer     the assistant wrote, in the turn `turn_id`; `is_billable` by `billing.answers`
    staff      staff wrote
    content    the shopper rated the answer of `turn_id` up
    unhappy    the shopper rated the answer of `turn_id` down, or without `turn_id` asked for a person
    """

    at: datetime
    kind: Kind
    turn_id: Any = None
    is_billable: bool = False

    @property
    def is_rating(self) -> bool:
        """Whether it rates an answer, whose time does not matter; every other sign is part of a stretch."""
        return self.kind == "content" or (self.kind == "unhappy" and self.turn_id is not None)


class Resolution(Struct, frozen=True, kw_only=True):
    """A question that was settled. `turn_id` is that of the stretch's last billable answer. Until `final_at` it can be
    taken back, and ratings can change; after that nothing changes it."""

    turn_id: Any
    reached_at: datetime
    final_at: datetime
    returned_at: datetime | None = None


def resolutions_of(signs: Iterable[Sign], now: datetime) -> tuple[Resolution, ...]:
    """The resolutions of one conversation that are reached by `now`, including those taken back, oldest first. `signs`
    may be in any order; those later than `now` are ignored."""
    known = _sorted_until(signs, now)
    ratings = [sign for sign in known if sign.is_rating]
    messages = [sign for sign in known if not sign.is_rating]
    complaints = [sign.at for sign in messages if _is_complaint(sign)]
    found = (_resolution(stretch, ratings, complaints, now) for stretch in _stretches(messages))
    return tuple(each for each in found if each)


def next_final_at(signs: Iterable[Sign], now: datetime) -> datetime | None:
    """The earliest time after `now` at which something in the conversation can become final; None when all is final."""
    known = _sorted_until(signs, now)
    lasts = (stretch[-1].at for stretch in _stretches([sign for sign in known if not sign.is_rating]))
    return min((at for last in lasts if (at := last + QUIET + RETURN_WINDOW) > now), default=None)


def _sorted_until(signs: Iterable[Sign], now: datetime) -> list[Sign]:
    known = (sign for sign in signs if sign.at <= now)
    return sorted(known, key=lambda sign: (sign.at, _ORDER.index(sign.kind), str(sign.turn_id), sign.is_billable))


def _stretches(messages: Sequence[Sign]) -> Iterator[Sequence[Sign]]:
    """The parts of a conversation that silences of QUIET separate."""
    first = 0
    for index in range(1, len(messages) + 1):
        if index == len(messages) or messages[index].at - messages[index - 1].at >= QUIET:
            if index > first:
                yield messages[first:index]
            first = index


def _is_complaint(sign: Sign) -> bool:
    return sign.kind in ("staff", "unhappy")


def _resolution(
    stretch: Sequence[Sign], ratings: Sequence[Sign], complaints: Sequence[datetime], now: datetime
) -> Resolution | None:
    billable = [sign for sign in stretch if sign.kind == "answer" and sign.is_billable]
    reached_at = stretch[-1].at + QUIET
    final_at = reached_at + RETURN_WINDOW
    if not billable or reached_at > now or any(_is_complaint(sign) for sign in stretch):
        return None
    answers = {sign.turn_id for sign in stretch if sign.kind == "answer"}
    own = [sign for sign in ratings if sign.turn_id in answers]
    if _rated_down(sign for sign in own if sign.at < reached_at):
        return None
    returns = [at for at in complaints if reached_at <= at < final_at]
    returns += _rated_down(sign for sign in own if sign.at < final_at)
    return Resolution(
        turn_id=billable[-1].turn_id,
        reached_at=reached_at,
        final_at=final_at,
        returned_at=min(returns, default=None),
    )


def _rated_down(ratings: Iterable[Sign]) -> list[datetime]:
    """The times since when answers are rated down, of those whose newest rating says so; `ratings` in order."""
    since: dict[Any, datetime] = {}
    for sign in ratings:
        if sign.kind == "unhappy":
            since.setdefault(sign.turn_id, sign.at)
        else:
            since.pop(sign.turn_id, None)
    return list(since.values())
