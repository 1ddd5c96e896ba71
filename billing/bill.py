"""A period's bill, worked out from the conversation log alone, and compared with everything else that says what it is.

log        the turns as they were saved, each judged anew by `billing.answers`
ledger     what was counted when each turn ended
meter      what the payment provider was told of answers beyond the plan, or of final resolutions
invoice    what it asks for them, also in the middle of a period when the plan changes
"""

from collections.abc import Iterable, Mapping, Sequence
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


class ResolutionEntry(Struct, frozen=True, kw_only=True):
    """A final resolution as the ledger has it. `each_minor` is the price of its plan, None where that has none;
    `is_logged`: its conversation was not erased since."""

    is_billed: bool
    is_returned: bool
    is_logged: bool
    each_minor: int | None


class Bill(Struct, frozen=True, kw_only=True):
    """Money in minor units of the plan's currency. `resolutions` are those to pay for."""

    plan: str
    currency: str
    answers: int
    included: int | None
    overage: int
    base_minor: int
    overage_minor: int
    resolutions: int = 0
    resolutions_minor: int = 0

    @property
    def total_minor(self) -> int:
        """Base, overage and resolutions."""
        return self.base_minor + self.overage_minor + self.resolutions_minor


class ResolutionAudit(Struct, frozen=True, kw_only=True):
    """A period's final resolutions in the log, beside what ledger, meter and invoices say; None for what could not be
    asked, or is not asked for yet."""

    final: int
    """That stand, by the log; of erased conversations by the ledger."""
    returned: int
    """Taken back, likewise."""
    billed: int
    """Of those that stand: neither beyond the spending cap nor of a time without such a plan."""
    billed_minor: int
    ledger_final: int
    ledger_returned: int
    ledger_billed: int
    erased: int
    """Entries whose conversations were erased since."""
    told: int
    meter: int | None
    invoiced_minor: int | None
    missing: tuple[Any, ...]
    """Turns with a final resolution that have no entry."""
    surplus: tuple[Any, ...]
    """Entries for turns of which the log says otherwise."""

    def difference(self, *, is_over: bool) -> int:
        """Resolutions by which log and ledger differ, ledger and meter."""
        untold = abs(self.ledger_billed - self.told) if is_over else 0
        at_meter = self.meter if self.meter is not None else self.told
        return (
            len(self.missing)
            + len(self.surplus)
            + abs(self.ledger_billed - self.billed)
            + abs(at_meter - self.told)
            + untold
        )


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
    resolutions: ResolutionAudit | None = None
    """None where no plan bills by them and none is counted."""

    @property
    def difference(self) -> int:
        """Answers and resolutions by which log and ledger differ, ledger and meter; 0 when all is well."""
        untold = abs(self.ledger_overage - self.told_overage) if self.is_over else 0
        at_meter = self.meter_overage if self.meter_overage is not None else self.told_overage
        return (
            len(self.missing)
            + len(self.surplus)
            + abs(self.ledger_overage - self.bill.overage)
            + abs(at_meter - self.told_overage)
            + untold
            + (self.resolutions.difference(is_over=self.is_over) if self.resolutions else 0)
        )

    @property
    def difference_minor(self) -> int:
        """Money by which the invoices differ from the bill, whichever way; 0 while they are not made."""
        pairs = [(self.invoiced_overage_minor, self.bill.overage_minor)]
        if self.resolutions:
            pairs.append((self.resolutions.invoiced_minor, self.bill.resolutions_minor))
        return sum(abs(invoiced - billed) for invoiced, billed in pairs if invoiced is not None)


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


def audit_resolutions(
    stands: Mapping[Any, bool],
    ledger: Mapping[Any, ResolutionEntry],
    *,
    each_minor: int,
    told: int,
    meter: int | None,
    invoiced_minor: int | None,
) -> ResolutionAudit:
    """A period's resolutions by turn: whether each that the log knows `stands`, and the ledger's entries. What the log
    says is to be paid for at the price its entry notes, or at `each_minor` where it has none."""
    erased = [entry for entry in ledger.values() if not entry.is_logged]
    standing = [ledger.get(turn_id) for turn_id, good in stands.items() if good]
    standing += [entry for entry in erased if not entry.is_returned]
    prices = [each_minor if entry is None else entry.each_minor or 0 for entry in standing if _is_paid(entry)]
    return ResolutionAudit(
        final=len(standing),
        returned=sum(not good for good in stands.values()) + sum(entry.is_returned for entry in erased),
        billed=len(prices),
        billed_minor=sum(prices),
        ledger_final=sum(not entry.is_returned for entry in ledger.values()),
        ledger_returned=sum(entry.is_returned for entry in ledger.values()),
        ledger_billed=sum(entry.is_billed for entry in ledger.values()),
        erased=len(erased),
        told=told,
        meter=meter,
        invoiced_minor=invoiced_minor,
        missing=tuple(turn_id for turn_id in stands if turn_id not in ledger),
        surplus=tuple(
            turn_id
            for turn_id, entry in ledger.items()
            if entry.is_logged and stands.get(turn_id) is not (not entry.is_returned)
        ),
    )


def _is_paid(entry: ResolutionEntry | None) -> bool:
    return entry is None or entry.is_billed
