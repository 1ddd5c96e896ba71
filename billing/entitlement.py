"""What a shop may have now, from the newest subscription that is known and the clock: never from the order in which
news of it came.

    state       what it means                                               answers
    unlimited   billing is switched off                                     without limit
    trial       no subscription yet, within the first days                  the trial plan's
    active      subscribed, or trying out a subscription                    the plan's
    grace       a payment failed lately; Stripe tries the card again        the plan's
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
"""Longer than Stripe's usual two weeks of retries would be a gift, shorter would cut a shop that is about to pay."""
State: TypeAlias = Literal["unlimited", "trial", "active", "grace", "past_due", "ended"]


class Entitlement(Struct, frozen=True, kw_only=True):
    """The plan that holds now, and until when. `pays_overage`: answers beyond the plan are sold, not refused."""

    plan: Plan
    state: State
    period: Period
    pays_overage: bool = False
    ends_at: datetime | None = None
    """When the trial, the grace or a cancelled subscription ends."""

    @property
    def is_cut(self) -> bool:
        """Nothing is answered any more."""
        return self.state in ("past_due", "ended")


def unlimited(now: datetime) -> Entitlement:
    """Without billing."""
    return Entitlement(plan=UNLIMITED, state="unlimited", period=calendar_month(now))


def entitlement_of(
    subscription: SubscriptionState | None, *, trial_began: datetime, unpaid_since: datetime | None, now: datetime
) -> Entitlement:
    """`trial_began` is when the shop was made; `unpaid_since` when its oldest open invoice was, None without one.

    A subscription to a price that is none of ours counts as the trial's end: nothing is known of what was promised.
    """
    if subscription is None or subscription.status in ("incomplete", "incomplete_expired"):
        return _without_subscription(trial_began, now)
    plan = find_plan(subscription.plan_lookup_key)
    period = period_at(Period(subscription.period_start, subscription.period_end), now)
    over_at = subscription.ended_at or subscription.cancel_at
    if plan is None or subscription.status in ("canceled", "unpaid", "paused") or (over_at and over_at <= now):
        return Entitlement(plan=NONE, state="ended", period=period, ends_at=over_at)
    # usage in a trial is never billed, so none is sold
    pays_overage = subscription.overage_item_id is not None and subscription.status != "trialing"
    if subscription.status == "past_due":
        until = (unpaid_since or subscription.period_start) + GRACE
        if until <= now:
            return Entitlement(plan=NONE, state="past_due", period=period, ends_at=until)
        return Entitlement(plan=plan, state="grace", period=period, pays_overage=pays_overage, ends_at=until)
    # "trialing", "active", and words that Stripe may add: a paying shop is not cut for a word that we do not know
    return Entitlement(plan=plan, state="active", period=period, pays_overage=pays_overage, ends_at=over_at)


def _without_subscription(trial_began: datetime, now: datetime) -> Entitlement:
    ends_at = trial_began + timedelta(days=TRIAL.trial_days)
    period = Period(trial_began, ends_at)
    if now < ends_at:
        return Entitlement(plan=TRIAL, state="trial", period=period, ends_at=ends_at)
    return Entitlement(plan=NONE, state="ended", period=period_at(period, now), ends_at=ends_at)
