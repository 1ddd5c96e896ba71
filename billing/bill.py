"""A period's bill, computed from the conversation log alone, and its comparison with everything else that counts it.

log        the turns as they were saved, each checked again by `billing.answers`
ledger     what was counted when each turn ended
meter      the usage that the payment provider was sent: answers beyond the plan, or final resolutions
invoice    what the provider charges for them, also within a period when the plan changes
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from msgspec import Struct

from billing.answers import is_billable
from billing.plans import Plan


class LoggedTurn(Struct, frozen=True, kw_only=True):
    """A turn of the conversation log. `entry_overage`: whether its ledger entry is overage; None without an entry."""

    turn_id: Any
    state: str
    kind: str | None
    was_received: bool
    ended_at: datetime
    entry_overage: bool | None = None


class ResolutionEntry(Struct, frozen=True, kw_only=True):
    """A final resolution of the ledger. `each_minor` is the price on its plan, None when the plan has none;
    `is_logged`: its conversation has not been erased."""

    is_billed: bool
    is_returned: bool
    is_logged: bool
    each_minor: int | None


class Recount(Struct, frozen=True):
    """The number of billable turns, the ids of those without a ledger entry, and the ids of turns that have an entry
    and are not billable."""

    billable: int
    missing: tuple[Any, ...]
    surplus: tuple[Any, ...]


class Bill(Struct, frozen=True, kw_only=True):
    """The charges of a period, in minor units of the plan's currency. `resolutions` are the billed ones."""

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
        """The sum of base price, overage and resolutions."""
        return self.base_minor + self.overage_minor + self.resolutions_minor


class ResolutionAudit(Struct, frozen=True, kw_only=True, rename={"reported": "told"}):
    """A period's final resolutions by the log, beside ledger, meter and invoices; None for figures that are not known,
    or not final yet."""

    final: int
    """Those that were not taken back, by the log; of erased conversations by the ledger."""
    returned: int
    """Those that were taken back, likewise."""
    billed: int
    """Of `final`, those within the spending cap and on a plan that bills them."""
    billed_minor: int
    ledger_final: int
    ledger_returned: int
    ledger_billed: int
    erased: int
    """Entries whose conversations have been erased."""
    reported: int
    """What has been sent to the meter."""
    meter: int | None
    invoiced_minor: int | None
    missing: tuple[Any, ...]
    """Turns with a final resolution that have no entry."""
    surplus: tuple[Any, ...]
    """Entries that the log contradicts."""

    def difference(self, *, is_over: bool) -> int:
        """The number of resolutions by which log and ledger, and ledger and meter, differ."""
        unreported = abs(self.ledger_billed - self.reported) if is_over else 0
        at_meter = self.meter if self.meter is not None else self.reported
        return (
            len(self.missing)
            + len(self.surplus)
            + abs(self.ledger_billed - self.billed)
            + abs(at_meter - self.reported)
            + unreported
        )


class Audit(Struct, frozen=True, kw_only=True, rename={"reported_overage": "told_overage"}):
    """A period's bill beside ledger, meter and invoices; None for figures that are not known, or not final yet."""

    bill: Bill
    is_over: bool
    """Whether the period has ended; before that some answers may not have been sent to the meter yet."""
    ledger_answers: int
    ledger_overage: int
    erased_answers: int
    """Entries whose conversations have been erased: they were counted, and cannot be recomputed."""
    reported_overage: int
    """Answers that have been sent to the meter."""
    meter_overage: int | None
    invoiced_overage_minor: int | None
    missing: tuple[Any, ...]
    """Billable turns without an entry."""
    surplus: tuple[Any, ...]
    """Entries for turns that are not billable."""
    resolutions: ResolutionAudit | None = None
    """None when the plan does not bill by resolution and none is counted."""

    @property
    def difference(self) -> int:
        """The number of answers and resolutions by which log and ledger, and ledger and meter, differ."""
        unreported = abs(self.ledger_overage - self.reported_overage) if self.is_over else 0
        at_meter = self.meter_overage if self.meter_overage is not None else self.reported_overage
        return (
            len(self.missing)
            + len(self.surplus)
            + abs(self.ledger_overage - self.bill.overage)
            + abs(at_meter - self.reported_overage)
            + unreported
            + (self.resolutions.difference(is_over=self.is_over) if self.resolutions else 0)
        )

    @property
    def difference_minor(self) -> int:
        """The amount in minor units by which the invoices differ from the bill; 0 before they are final."""
        pairs = [(self.invoiced_overage_minor, self.bill.overage_minor)]
        if self.resolutions:
            pairs.append((self.resolutions.invoiced_minor, self.bill.resolutions_minor))
        return sum(abs(invoiced - billed) for invoiced, billed in pairs if invoiced is not None)


def bill_of_runs(runs: Sequence[tuple[Plan, int]], *, sells_overage: bool) -> Bill:
    """The bill of a period in which the plan may have changed. `runs` are the plans in their order, at least one, with
    the answers given under each. An answer counts against the plan it was given under, and has that plan's price."""
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


def recount(turns: Iterable[LoggedTurn]) -> Recount:
    """Check every turn of a period against its ledger entry."""
    billable, missing, surplus = 0, [], []
    for turn in turns:
        counts = is_billable(turn.state, turn.kind, was_received=turn.was_received)
        billable += counts
        if counts and turn.entry_overage is None:
            missing.append(turn.turn_id)
        elif not counts and turn.entry_overage is not None:
            surplus.append(turn.turn_id)
    return Recount(billable, tuple(missing), tuple(surplus))


def audit_resolutions(
    stands: Mapping[Any, bool],
    ledger: Mapping[Any, ResolutionEntry],
    *,
    each_minor: int,
    reported: int,
    meter: int | None,
    invoiced_minor: int | None,
) -> ResolutionAudit:
    """Compare a period's resolutions, by the turn of their last answer. `stands`: of each resolution of the log,
    whether it was not taken back; `ledger`: the entries. A resolution has the price of its entry, or `each_minor`
    without one."""
    erased = [entry for entry in ledger.values() if not entry.is_logged]
    standing = [ledger.get(turn_id) for turn_id, good in stands.items() if good]
    standing += [entry for entry in erased if not entry.is_returned]
    prices = [each_minor if entry is None else entry.each_minor or 0 for entry in standing if _is_billed(entry)]
    return ResolutionAudit(
        final=len(standing),
        returned=sum(not good for good in stands.values()) + sum(entry.is_returned for entry in erased),
        billed=len(prices),
        billed_minor=sum(prices),
        ledger_final=sum(not entry.is_returned for entry in ledger.values()),
        ledger_returned=sum(entry.is_returned for entry in ledger.values()),
        ledger_billed=sum(entry.is_billed for entry in ledger.values()),
        erased=len(erased),
        reported=reported,
        meter=meter,
        invoiced_minor=invoiced_minor,
        missing=tuple(turn_id for turn_id in stands if turn_id not in ledger),
        surplus=tuple(
            turn_id
            for turn_id, entry in ledger.items()
            if entry.is_logged and stands.get(turn_id) is not (not entry.is_returned)
        ),
    )


def _is_billed(entry: ResolutionEntry | None) -> bool:
    return entry is None or entry.is_billed
