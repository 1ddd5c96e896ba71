"""When a merchant is told how far a plan is used: at shares of its answers, and at a sum spent beyond it."""

from typing import Literal, TypeAlias

from msgspec import Struct

from billing.plans import Plan

AlertKind: TypeAlias = Literal["share", "spent"]


class Alerts(Struct, frozen=True):
    """What the merchant wants to be told; `spent_minor` in minor units of the plan's currency, None for never."""

    at_percents: tuple[int, ...] = (80,)
    spent_minor: int | None = None


class Alert(Struct, frozen=True):
    """One thing to tell: a share in percent, or a sum in minor units."""

    kind: AlertKind
    value: int


def alerts_at(alerts: Alerts, plan: Plan, used: int, spent_minor: int) -> tuple[Alert, ...]:
    """What the answer is the first to reach that made it `used` in the period, and those beyond the plan come to
    `spent_minor`. Counting one by one, each is reached by one answer, so nothing has to be remembered."""
    if plan.answers is None:
        return ()
    told = [Alert("share", percent) for percent in alerts.at_percents if used == -(-plan.answers * percent // 100)]
    if alerts.spent_minor is not None and used > plan.answers:
        told += [Alert("spent", alerts.spent_minor)] * is_sum_reached(alerts, spent_minor, plan.overage_minor or 0)
    return tuple(told)


def is_sum_reached(alerts: Alerts, spent_minor: int, each_minor: int) -> bool:
    """Whether what cost `each_minor` and brought the sum to `spent_minor` is the first to reach what is to be told."""
    return alerts.spent_minor is not None and spent_minor - each_minor < alerts.spent_minor <= spent_minor
