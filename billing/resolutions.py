"""What a resolution is.

A resolution is a question of a shopper that the assistant settled alone: a stretch of a conversation with at least one
billable answer, after whose last message the shopper wrote nothing for 24 hours, in which nobody asked for a person, no
staff wrote, and whose answers the shopper rated down none (the newest rating of an answer counts). It is taken back
when within 72 hours after that the same shopper comes back unhappy to the same conversation: asks for a person, is
taken over by staff, or rates one of the stretch's answers down. What stands when the window closes is final, and is
billed in the period it becomes final in: no money is taken that would have to be given back, and a resolution that was
taken back is in the ledger as `resolution` +1 and `resolution_refund` -1, never told to the meter. Coming back with
another question (not unhappy) begins a new stretch, a case of its own.

A conversation that is erased before its resolutions are final leaves none: what is not there is not billed.

Both times begin with their first moment and end before their last: who writes exactly 24 hours after the last message
begins a new stretch, who is unhappy exactly 72 hours later is too late. Times are aware, in UTC.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, Literal, TypeAlias

from msgspec import Struct

QUIET: Final = timedelta(hours=24)
"""So long the shopper writes nothing after a stretch's last message."""
RETURN_WINDOW: Final = timedelta(hours=72)
"""So long after that a resolution may be taken back."""

Kind: TypeAlias = Literal["question", "answer", "staff", "content", "unhappy"]
_ORDER: Final[Sequence[Kind]] = ("question", "answer", "content", "staff", "unhappy")
"""Of signs at the same moment: the shopper's complaint has the last word."""


class Sign(Struct, frozen=True):
    """Something that happened in a conversation.

    question   the shopper wrote
    answer     the assistant wrote, in the turn `turn_id`; `is_billable` by `billing.answers`
    staff      staff wrote
    content    the shopper rated the answer of `turn_id` up
    unhappy    the shopper rated the answer of `turn_id` down; without `turn_id`: asked for a person
    """

    at: datetime
    kind: Kind
    turn_id: Any = None
    is_billable: bool = False

    @property
    def is_rating(self) -> bool:
        """About an answer, whenever it comes; everything else is part of the talk."""
        return self.kind == "content" or (self.kind == "unhappy" and self.turn_id is not None)


class Resolution(Struct, frozen=True, kw_only=True):
    """`turn_id` is that of the stretch's last billable answer. Until `final_at` it may yet be taken back, and a rating
    may yet be changed; from then on it is as it is."""

    turn_id: Any
    reached_at: datetime
    final_at: datetime
    returned_at: datetime | None = None


def resolutions_of(signs: Iterable[Sign], now: datetime) -> tuple[Resolution, ...]:
    """The resolutions of one conversation that are reached by `now`, those taken back included, the oldest first. The
    order of `signs` does not matter, and none later than `now` is looked at."""
    known = _in_order(signs, now)
    ratings = [sign for sign in known if sign.is_rating]
    talk = [sign for sign in known if not sign.is_rating]
    troubles = [sign.at for sign in talk if _is_trouble(sign)]
    found = (_resolution(stretch, ratings, troubles, now) for stretch in _stretches(talk))
    return tuple(each for each in found if each)


def next_final_at(signs: Iterable[Sign], now: datetime) -> datetime | None:
    """The soonest that anything of a conversation can become final after `now`; None when all is."""
    known = _in_order(signs, now)
    lasts = (stretch[-1].at for stretch in _stretches([sign for sign in known if not sign.is_rating]))
    return min((at for last in lasts if (at := last + QUIET + RETURN_WINDOW) > now), default=None)


def _in_order(signs: Iterable[Sign], now: datetime) -> list[Sign]:
    known = (sign for sign in signs if sign.at <= now)
    return sorted(known, key=lambda sign: (sign.at, _ORDER.index(sign.kind), str(sign.turn_id), sign.is_billable))


def _stretches(talk: Sequence[Sign]) -> Iterator[Sequence[Sign]]:
    """Parts of a talk between silences of QUIET."""
    first = 0
    for place in range(1, len(talk) + 1):
        if place == len(talk) or talk[place].at - talk[place - 1].at >= QUIET:
            if place > first:
                yield talk[first:place]
            first = place


def _is_trouble(sign: Sign) -> bool:
    return sign.kind in ("staff", "unhappy")


def _resolution(
    stretch: Sequence[Sign], ratings: Sequence[Sign], troubles: Sequence[datetime], now: datetime
) -> Resolution | None:
    billable = [sign for sign in stretch if sign.kind == "answer" and sign.is_billable]
    reached_at = stretch[-1].at + QUIET
    final_at = reached_at + RETURN_WINDOW
    if not billable or reached_at > now or any(_is_trouble(sign) for sign in stretch):
        return None
    answers = {sign.turn_id for sign in stretch if sign.kind == "answer"}
    own = [sign for sign in ratings if sign.turn_id in answers]
    if _rated_down(sign for sign in own if sign.at < reached_at):
        return None
    returns = [at for at in troubles if reached_at <= at < final_at]
    returns += _rated_down(sign for sign in own if sign.at < final_at)
    return Resolution(
        turn_id=billable[-1].turn_id,
        reached_at=reached_at,
        final_at=final_at,
        returned_at=min(returns, default=None),
    )


def _rated_down(ratings: Iterable[Sign]) -> list[datetime]:
    """Since when each answer is rated down whose newest rating says so; `ratings` in order."""
    since: dict[Any, datetime] = {}
    for sign in ratings:
        if sign.kind == "unhappy":
            since.setdefault(sign.turn_id, sign.at)
        else:
            since.pop(sign.turn_id, None)
    return list(since.values())
