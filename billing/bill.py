"""A period's bill, worked out from the conversation log alone, and compared with everything else that says what it is.

log        the turns as they were saved, each judged anew by `billing.answers`
ledger     what was counted when each turn ended
meter      what the payment provider was told of answers beyond the plan
invoice    what it asks for them, also in the middle of a period when the plan changes
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from msgspec import Struct

from billing.answers import is_billable
from billing.plans import Plan


class LoggedTurn(Struct, frozen=True, kw_only=True):
    """A turn as the conversation log has it. `entry_overage` is None where the ledger has no entry for it."""

    turn_id: Any
    state: str
    kind: str | None
    has_told: bool
    ended_at: datetime
    entry_overage: bool | None = None


class Bill(Struct, frozen=True, kw_only=True):
    """Money in minor units of the plan's currency."""

    plan: str
    currency: str
    answers: int
    included: int | None
    overage: int
    base_minor: int
    overage_minor: int

    @property
    def total_minor(self) -> int:
        """Base and overage."""
        return self.base_minor + self.overage_minor


class Audit(Struct, frozen=True, kw_only=True):
    """The bill beside what the ledger, the meter and the invoices say; None for what could not be asked, or is not
    asked for yet."""

    bill: Bill
    is_over: bool
    """Whether the period has ended: until then some answers may be on their way to the meter."""
    ledger_answers: int
    ledger_overage: int
    erased_answers: int
    """Entries whose conversations were erased since: counted then, not to be recomputed now."""
    told_overage: int
    """Answers that have been sent to the meter."""
    meter_overage: int | None
    invoiced_overage_minor: int | None
    missing: tuple[Any, ...]
    """Billable turns without an entry."""
    surplus: tuple[Any, ...]
    """Entries for turns that are not billable."""

    @property
    def difference(self) -> int:
        """Answers by which log and ledger differ, ledger and meter; 0 when all is well."""
        untold = self.ledger_overage - self.told_overage if self.is_over else 0
        at_meter = self.meter_overage if self.meter_overage is not None else self.told_overage
        return (
            len(self.missing)
            + len(self.surplus)
            + abs(self.ledger_overage - self.bill.overage)
            + abs(at_meter - self.told_overage)
            + untold
        )

    @property
    def difference_minor(self) -> int:
        """Money by which the invoices differ from the bill; 0 while they are not made."""
        return 0 if self.invoiced_overage_minor is None else self.invoiced_overage_minor - self.bill.overage_minor


def bill_of(plan: Plan, answers: int, *, sells_overage: bool) -> Bill:
    """What a plan costs for so many answers; without overage what is beyond the plan costs nothing."""
    return bill_of_runs([(plan, answers)], sells_overage=sells_overage)


def bill_of_runs(runs: Sequence[tuple[Plan, int]], *, sells_overage: bool) -> Bill:
    """What a period costs in which the plan was changed: `runs` are plans in their order with the answers given under
    each, at least one. An answer is beyond the plan it was given under, and has that plan's price."""
    answers = overage = overage_minor = 0
    for plan, count in runs:
        included = max(answers, plan.answers) if plan.answers is not None else answers + count
        beyond = max(0, answers + count - included) if sells_overage else 0
        answers, overage = answers + count, overage + beyond
        overage_minor += beyond * (plan.overage_minor or 0)
    last = runs[-1][0]
    return Bill(
        plan=last.lookup_key,
        currency=last.currency,
        answers=answers,
        included=last.answers,
        overage=overage,
        base_minor=last.price_minor or 0,
        overage_minor=overage_minor,
    )


def recount(turns: Iterable[LoggedTurn]) -> tuple[int, tuple[Any, ...], tuple[Any, ...]]:
    """(billable turns, those without an entry, entries that should not be)."""
    billable, missing, surplus = 0, [], []
    for turn in turns:
        counts = is_billable(turn.state, turn.kind, has_told=turn.has_told)
        billable += counts
        if counts and turn.entry_overage is None:
            missing.append(turn.turn_id)
        elif not counts and turn.entry_overage is not None:
            surplus.append(turn.turn_id)
    return billable, tuple(missing), tuple(surplus)
