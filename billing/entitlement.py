"""What a shop may use now, computed from its newest known subscription and the clock, never from the order in which
webhooks arrived.

    state       what it means                                               answers
    unlimited   billing is switched off                                     without limit
    trial       no subscription yet, within the first days                  the trial plan's
    active      subscribed, also during the subscription's trial            the plan's
    grace       a payment failed recently; Stripe retries the card         the plan's
    past_due    it failed for longer than GRACE                             none
    ended       the trial is over, or the subscription is                   none
"""

from datetime import datetime, timedelta
from typing import Literal, TypeAlias

from msgspec import Struct

from billing.gateway import SubscriptionState
from billing.period import Period, calendar_month, period_at
from billing.plans import NONE, TRIAL, UNLIMITED, Plan, find_plan

GRACE = timedelta(days=14)
"""As long as Stripe's default of two weeks of retries: a shorter time would cut off a shop that is about to pay."""
State: TypeAlias = Literal["unlimited", "trial", "active", "grace", "past_due", "ended"]


class Entitlement(Struct, frozen=True, kw_only=True):
    """What a shop may use at a moment. With `pays_overage` answers beyond the plan are charged instead of refused."""

    plan: Plan
    state: State
    period: Period
    pays_overage: bool = False
    ends_at: datetime | None = None
    """When the trial, the grace period or a cancelled subscription ends or has ended."""

    @property
    def is_suspended(self) -> bool:
        """Whether shoppers get no answers, because there is no valid plan."""
        return self.state in ("past_due", "ended")


def unlimited(now: datetime) -> Entitlement:
    """The entitlement of every shop when billing is switched off."""
    return Entitlement(plan=UNLIMITED, state="unlimited", period=calendar_month(now))


def entitlement_of(
    subscription: SubscriptionState | None, *, trial_began: datetime, unpaid_since: datetime | None, now: datetime
) -> Entitlement:
    """The entitlement at `now`. `trial_began` is when the shop was created; `unpaid_since` when its oldest unpaid
    invoice was created, None without one.

    A subscription to an unknown price gives the state "ended", because nothing is known of what was sold.
    """
    if subscription is None or subscription.status in ("incomplete", "incomplete_expired"):
        return _without_subscription(trial_began, now)
    plan = find_plan(subscription.plan_lookup_key)
    period = period_at(Period(subscription.period_start, subscription.period_end), now)
    ends_at = subscription.ended_at or subscription.cancel_at
    if plan is None or subscription.status in ("canceled", "unpaid", "paused") or (ends_at and ends_at <= now):
        return Entitlement(plan=NONE, state="ended", period=period, ends_at=ends_at)
    # Stripe never bills usage in a trial, so no overage is sold
    pays_overage = subscription.overage_item_id is not None and subscription.status != "trialing"
    if subscription.status == "past_due":
        until = (unpaid_since or subscription.period_start) + GRACE
        if until <= now:
            return Entitlement(plan=NONE, state="past_due", period=period, ends_at=until)
        return Entitlement(plan=plan, state="grace", period=period, pays_overage=pays_overage, ends_at=until)
    # "trialing", "active", and statuses that Stripe may add: a paying shop is not cut off for an unknown one
    return Entitlement(plan=plan, state="active", period=period, pays_overage=pays_overage, ends_at=ends_at)


def _without_subscription(trial_began: datetime, now: datetime) -> Entitlement:
    ends_at = trial_began + timedelta(days=TRIAL.trial_days)
    period = Period(trial_began, ends_at)
    if now < ends_at:
        return Entitlement(plan=TRIAL, state="trial", period=period, ends_at=ends_at)
    return Entitlement(plan=NONE, state="ended", period=period_at(period, now), ends_at=ends_at)
