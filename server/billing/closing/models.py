"""What is kept of a closed period. Money in minor units of `currency`."""

from datetime import datetime

from msgspec import Struct

from billing.bill import Audit
from billing.period import Period


class Statement(Struct, frozen=True, kw_only=True, rename={"start": "from", "end": "to"}):
    """`GET /v1/billing/statements`. `difference`: answers and resolutions by which log, ledger and meter differed when
    the period was closed, and `difference_minor`: money by which the invoices differed from the bill; 0 when all was
    well. `invoiced_minor`: asked for what is billed by use; null: no invoice was final."""

    start: datetime
    end: datetime
    plan: str
    """The plan's id and version at the period's end, as its lookup key."""
    currency: str
    answers: int
    included: int | None
    overage: int
    overage_minor: int
    resolutions: int
    """Final ones that were to be paid for."""
    resolutions_minor: int
    erased: int
    """Of `answers`, those whose conversations had been erased."""
    invoiced_minor: int | None
    difference: int
    difference_minor: int
    closed_at: datetime

    @property
    def by_use_minor(self) -> int:
        """What the period costs beside the plan's own price."""
        return self.overage_minor + self.resolutions_minor


def statement_of(period: Period, audit: Audit, closed_at: datetime) -> Statement:
    """What an audit of a period that is over found."""
    return Statement(
        start=period.start,
        end=period.end,
        plan=audit.bill.plan,
        currency=audit.bill.currency,
        answers=audit.ledger_answers,
        included=audit.bill.included,
        overage=audit.ledger_overage,
        overage_minor=audit.bill.overage_minor,
        resolutions=audit.bill.resolutions,
        resolutions_minor=audit.bill.resolutions_minor,
        erased=audit.erased_answers,
        invoiced_minor=_sum(
            audit.invoiced_overage_minor, audit.resolutions.invoiced_minor if audit.resolutions else None
        ),
        difference=audit.difference,
        difference_minor=audit.difference_minor,
        closed_at=closed_at,
    )


def _sum(*amounts: int | None) -> int | None:
    """Of those that are known; None where none is."""
    known = [amount for amount in amounts if amount is not None]
    return sum(known) if known else None
