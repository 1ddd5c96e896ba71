"""Plans, usage and money as the API shows them. Amounts are in minor units of `currency`."""

from datetime import date, datetime
from typing import Annotated

from msgspec import Meta, Struct

from billing.bill import Audit
from billing.period import Period
from billing.plans import OFFERED, SHOWN, Plan

PAGE = "/console/billing"
"""The console's page of plan and usage."""

Percent = Annotated[int, Meta(ge=1, le=100)]
PlanName = Annotated[str, Meta(max_length=40, pattern=r"^[a-z_]*$")]


class PlanView(Struct, frozen=True, kw_only=True):
    """A plan; null means without limit."""

    id: str
    name: str
    price_minor: int | None
    currency: str
    answers: int | None
    overage_minor: int | None
    resolution_minor: int | None
    products: int | None
    documents: int | None
    storage_mb: int | None
    seats: int | None
    answers_per_minute: int
    features: tuple[str, ...]
    trial_days: int


class PeriodView(Struct, frozen=True, rename={"start": "from", "end": "to"}):
    """From `from` up to, not including, `to`."""

    start: datetime
    end: datetime


class AnswersView(Struct, frozen=True, kw_only=True):
    """The answers of the period. `limit` includes those beyond the plan that the shop pays for; null: without limit.
    `refused`: questions that met the limit and got the shop's contact. `lasts_until`: when the plan's answers will run
    out at the present rate, null when they last until the period ends."""

    used: int
    included: int | None
    limit: int | None
    refused: int
    lasts_until: datetime | None

    @property
    def are_included_used(self) -> bool:
        """Whether all answers that the plan includes are used."""
        return self.included is not None and self.used >= self.included


class UsedView(Struct, frozen=True):
    """`limit` is null without a limit."""

    used: int
    limit: int | None


class UsageView(Struct, frozen=True, kw_only=True):
    """`GET /v1/usage`."""

    plan: str
    period: PeriodView
    answers: UsedView
    products: int
    documents: int
    seats: int


class DayUsage(Struct, frozen=True):
    """The answers of a day (UTC), and how many of them were beyond the plan."""

    day: date
    answers: int
    overage: int


class OverageView(Struct, frozen=True, kw_only=True):
    """Answers beyond the plan. `on`: they are paid for now, each at `each_minor`, up to the spending cap. `chosen`: the
    merchant's choice, which takes effect when a trial ends."""

    on: bool
    chosen: bool
    each_minor: int | None
    spent_minor: int
    spending_cap_minor: int | None


class ResolutionsView(Struct, frozen=True, kw_only=True):
    """The resolutions of the current period. `reached`: the shopper wrote nothing for a day; `returned`: the shopper
    came back unhappy; `final`: they can no longer be taken back. `spent_minor`: the cost of the final ones, at most the
    spending cap."""

    reached: int
    returned: int
    final: int
    each_minor: int
    spent_minor: int


class BillingView(Struct, frozen=True, kw_only=True):
    """`GET /v1/billing`."""

    billing: str
    """on or off; when off, every shop has the unlimited plan."""
    plan: PlanView
    status: str
    """A `billing.entitlement.State`."""
    period: PeriodView
    ends_at: datetime | None
    cancels_at: datetime | None
    next_plan: str | None
    """The plan that begins when the period ends, after a downgrade; otherwise null."""
    free_until: datetime | None
    """The end of the subscription's trial, when the first payment is due; null outside a trial."""
    may_try: bool
    """Whether a subscription would begin with the plan's trial: only the first one does."""
    answers: AnswersView
    overage: OverageView
    resolutions: ResolutionsView | None
    """Null on a plan that does not bill by resolution."""
    plans: tuple[PlanView, ...]

    @property
    def is_subscribed(self) -> bool:
        """Whether the shop has a subscription that is paid for, or within the grace period of a failed payment."""
        return self.status in ("active", "grace")

    @property
    def has_next_payment(self) -> bool:
        """Whether the subscription will be charged when the period or its trial ends."""
        return self.status == "active" and self.cancels_at is None and bool(self.plan.price_minor)

    @property
    def is_at_limit(self) -> bool:
        """Whether shoppers get no more answers because all answers of the period are used."""
        has_plan = self.is_subscribed or self.status == "trial"
        return has_plan and self.answers.limit is not None and self.answers.used >= self.answers.limit

    @property
    def is_cap_reached(self) -> bool:
        """Whether shoppers get no more answers because one more resolution would exceed the spending cap."""
        cap_minor = self.overage.spending_cap_minor
        if self.resolutions is None or cap_minor is None:
            return False
        return self.resolutions.spent_minor + self.resolutions.each_minor > cap_minor


class PlanRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """`POST /v1/billing/checkout`, `/preview`, `/plan`."""

    plan: PlanName


class ChangeRequest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`POST /v1/billing/plan`. With the preview's `proration_at` the charge is the one it showed, for an hour."""

    plan: PlanName
    proration_at: Annotated[datetime, Meta(tz=True)] | None = None


class Choices(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`PATCH /v1/billing`. `spending_cap_minor` null: no cap."""

    overage: bool
    spending_cap_minor: Annotated[int, Meta(ge=0, le=100_000_000)] | None = None


class AlertChoices(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`GET` and `PUT /v1/billing/alerts`: shares of the plan's answers in percent, and a sum spent beyond the plan in
    minor units; null: no alert for a sum."""

    at_percents: Annotated[list[Percent], Meta(max_length=5)]
    spent_minor: Annotated[int, Meta(ge=1, le=100_000_000)] | None = None


class Statement(Struct, frozen=True, kw_only=True, rename={"start": "from", "end": "to"}):
    """A closed period, in `GET /v1/billing/statements`. `difference`: answers and resolutions by which log, ledger and
    meter differed when the period was closed; `difference_minor`: money by which the invoices differed from the bill.
    `invoiced_minor`: invoiced for usage; null when no invoice was final."""

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
    """Final ones that were billed."""
    resolutions_minor: int
    erased: int
    """Of `answers`, those whose conversations had been erased."""
    invoiced_minor: int | None
    difference: int
    difference_minor: int
    closed_at: datetime

    @property
    def usage_minor(self) -> int:
        """The cost of the period's usage, without the plan's own price."""
        return self.overage_minor + self.resolutions_minor


def plan_view(plan: Plan) -> PlanView:
    """A plan as the API shows it."""
    return PlanView(
        id=plan.id,
        name=plan.name,
        price_minor=plan.price_minor,
        currency=plan.currency,
        answers=plan.answers,
        overage_minor=plan.overage_minor,
        resolution_minor=plan.resolution_minor,
        products=plan.products,
        documents=plan.documents,
        storage_mb=plan.storage_mb,
        seats=plan.seats,
        answers_per_minute=plan.answers_per_minute,
        features=tuple(sorted(plan.features & SHOWN)),
        trial_days=plan.trial_days,
    )


def offered_plans() -> tuple[PlanView, ...]:
    """The plans that can be subscribed to, the smallest monthly price first."""
    return tuple(plan_view(plan) for plan in OFFERED)


def statement_of(period: Period, audit: Audit, closed_at: datetime) -> Statement:
    """The statement of an audited period."""
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
        invoiced_minor=_sum_known(
            audit.invoiced_overage_minor, audit.resolutions.invoiced_minor if audit.resolutions else None
        ),
        difference=audit.difference,
        difference_minor=audit.difference_minor,
        closed_at=closed_at,
    )


def _sum_known(*amounts: int | None) -> int | None:
    """The sum of the known amounts; None when none is known."""
    known = [amount for amount in amounts if amount is not None]
    return sum(known) if known else None
