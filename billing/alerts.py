"""Alerts to a merchant: at shares of a plan's answers, and at a sum spent beyond the plan."""

from typing import Literal, TypeAlias

from msgspec import Struct

from billing.plans import Plan

AlertKind: TypeAlias = Literal["share", "spent"]


class Alerts(Struct, frozen=True):
    """The alerts a merchant has chosen; `spent_minor` in minor units of the plan's currency, None for no such alert."""

    at_percents: tuple[int, ...] = (80,)
    spent_minor: int | None = None


class Alert(Struct, frozen=True):
    """An alert that was reached: a share in percent, or a sum in minor units."""

    kind: AlertKind
    value: int


def alerts_at(alerts: Alerts, plan: Plan, used: int, spent_minor: int) -> tuple[Alert, ...]:
    """The alerts that one answer reaches: the one that brought the period's answers to `used` and the cost of those
    beyond the plan to `spent_minor`. As answers are counted one by one, exactly one reaches each alert, so no state is
    needed."""
    if plan.answers is None:
        return ()
    reached = [Alert("share", percent) for percent in alerts.at_percents if used == -(-plan.answers * percent // 100)]
    if alerts.spent_minor is not None and used > plan.answers:
        reached += [Alert("spent", alerts.spent_minor)] * is_sum_reached(alerts, spent_minor, plan.overage_minor or 0)
    return tuple(reached)


def is_sum_reached(alerts: Alerts, spent_minor: int, each_minor: int) -> bool:
    """Whether the charge of `each_minor` that brought the sum to `spent_minor` is the one that reaches the alert."""
    return alerts.spent_minor is not None and spent_minor - each_minor < alerts.spent_minor <= spent_minor
