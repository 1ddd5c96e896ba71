"""What the API says of plans, usage and money. Money in minor units of `currency`."""

from datetime import datetime
from typing import Annotated

from msgspec import Meta, Struct

from billing.plans import OFFERED, SHOWN, Plan

PlanName = Annotated[str, Meta(max_length=40, pattern=r"^[a-z_]*$")]


class PlanView(Struct, frozen=True, kw_only=True):
    """A plan as it is offered; null means without limit."""

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
    """From, up to but not including, to."""

    start: datetime
    end: datetime


class AnswersView(Struct, frozen=True, kw_only=True):
    """Answers of the period. `limit` counts those beyond the plan that the shop pays for; null: without limit.
    `refused`: shoppers who got the fallback. `lasts_until`: when the plan's answers run out at this pace, null when
    they last to the period's end."""

    used: int
    included: int | None
    limit: int | None
    refused: int
    lasts_until: datetime | None


class UsedView(Struct, frozen=True):
    """How many of how many; null: without limit."""

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


class OverageView(Struct, frozen=True, kw_only=True):
    """Answers beyond the plan: whether they are paid for now, at how much each, up to how much. `chosen`: what the
    merchant wants, which holds from the trial's end on."""

    on: bool
    chosen: bool
    each_minor: int | None
    spent_minor: int
    spending_cap_minor: int | None


class ResolutionsView(Struct, frozen=True, kw_only=True):
    """Resolutions of the running period, each counted in the period it happens in. `reached`: shoppers left settled;
    `returned`: those who came back unhappy; `final`: nobody can come back any more. `spent_minor`: what the final ones
    cost, up to the spending cap."""

    reached: int
    returned: int
    final: int
    each_minor: int
    spent_minor: int


class BillingView(Struct, frozen=True, kw_only=True):
    """`GET /v1/billing`."""

    billing: str
    """on, or off: then every shop has the unlimited plan and the rest says nothing."""
    plan: PlanView
    status: str
    """One of the states of `billing.entitlement`."""
    period: PeriodView
    ends_at: datetime | None
    cancels_at: datetime | None
    next_plan: str | None
    """The plan that follows when the period ends."""
    free_until: datetime | None
    """While a subscription is tried out: its first payment."""
    may_try: bool
    """Whether a first subscription begins with the plan's days to try."""
    answers: AnswersView
    overage: OverageView
    resolutions: ResolutionsView | None
    """Null where the plan does not bill by them."""
    plans: tuple[PlanView, ...]

    @property
    def is_subscribed(self) -> bool:
        """Whether a subscription runs, paid for or still within the grace of a failed payment."""
        return self.status in ("active", "grace")

    @property
    def is_at_limit(self) -> bool:
        """Whether shoppers get no more answers, because the period's are used up."""
        has_plan = self.is_subscribed or self.status == "trial"
        return has_plan and self.answers.limit is not None and self.answers.used >= self.answers.limit

    @property
    def is_cap_reached(self) -> bool:
        """Whether shoppers get no more answers, because one more resolution would cost more than the spending cap."""
        cap_minor = self.overage.spending_cap_minor
        if self.resolutions is None or cap_minor is None:
            return False
        return self.resolutions.spent_minor + self.resolutions.each_minor > cap_minor


class PlanRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """`POST /v1/billing/checkout`, `/preview`, `/plan`."""

    plan: PlanName


class ChangeRequest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`POST /v1/billing/plan`. `proration_at` is the preview's: for an hour the charge is the one that was shown."""

    plan: PlanName
    proration_at: Annotated[datetime, Meta(tz=True)] | None = None


class Choices(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`PATCH /v1/billing`. `spending_cap_minor` null: answers beyond the plan without an end."""

    overage: bool
    spending_cap_minor: Annotated[int, Meta(ge=0, le=100_000_000)] | None = None


def plan_view(plan: Plan) -> PlanView:
    """A plan in the API's words."""
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
    """What can be subscribed to, the smallest first."""
    return tuple(plan_view(plan) for plan in OFFERED)
