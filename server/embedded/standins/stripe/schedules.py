"""Subscription schedules: phases that change a subscription's items when the period ends."""

import copy

from server.embedded.standins.stripe import money
from server.embedded.standins.stripe.changes import usage_until
from server.embedded.standins.stripe.faults import Fault
from server.embedded.standins.stripe.listing import listed
from server.embedded.standins.stripe.store import Object, Store
from server.embedded.standins.stripe.subscriptions import make_item, period_of

_MONTHS = {"month": 1, "year": 12}
_OPEN = ("active", "not_started")


def create(store: Store, params: Object) -> Object:
    """Only from a subscription that is there: its one phase is the current period."""
    if "from_subscription" not in params:
        raise Fault("This stand-in makes schedules with `from_subscription` only.", param="from_subscription")
    if extra := params.keys() - {"from_subscription", "expand", "metadata"}:
        raise Fault(f"You cannot set `{min(extra)}` if `from_subscription` is set.", param=min(extra))
    subscription = store.get("subscription", params["from_subscription"], "from_subscription")
    if subscription["schedule"]:
        raise Fault("You cannot migrate a subscription that is already attached to a schedule.")
    if subscription["cancel_at_period_end"] or subscription["cancel_at"]:
        raise Fault("You cannot create a schedule from a subscription that is about to be canceled.")
    start, end = period_of(subscription)
    schedule = {
        "id": store.new_id("sub_sched"),
        "object": "subscription_schedule",
        "application": None,
        "billing_mode": copy.deepcopy(subscription["billing_mode"]),
        "canceled_at": None,
        "completed_at": None,
        "created": store.now(),
        "current_phase": {"start_date": start, "end_date": end},
        "customer": subscription["customer"],
        "default_settings": {"billing_cycle_anchor": "automatic", "collection_method": "charge_automatically"},
        "end_behavior": "release",
        "livemode": False,
        "metadata": params.get("metadata", {}),
        "phases": [_phase(subscription, _as_phase(subscription), start, end)],
        "released_at": None,
        "released_subscription": None,
        "status": "active",
        "subscription": subscription["id"],
        "test_clock": None,
    }
    before = dict(subscription)
    subscription["schedule"] = schedule["id"]
    store.add(schedule)
    store.emit("subscription_schedule.created", schedule)
    store.emit_change("customer.subscription.updated", subscription, before)
    return schedule


def _as_phase(subscription: Object) -> Object:
    trial_end = subscription["trial_end"] if subscription["status"] == "trialing" else None
    return {
        "items": [_as_phase_item(each) for each in subscription["items"]["data"]],
        "discounts": [{"discount": each} for each in subscription["discounts"]],
        "trial_end": trial_end,
    }


def _as_phase_item(item: Object) -> Object:
    return {"price": item["price"]["id"], **({"quantity": item["quantity"]} if "quantity" in item else {})}


def _phase(subscription: Object, given: Object, start: int, end: int) -> Object:
    return {
        "currency": subscription["currency"],
        "discounts": [{"coupon": None, "promotion_code": None, **each} for each in given.get("discounts") or ()],
        "end_date": end,
        "items": [{"discounts": [], "metadata": {}, "tax_rates": [], **each} for each in given["items"]],
        "metadata": {},
        "proration_behavior": given.get("proration_behavior", "create_prorations"),
        "start_date": start,
        "trial_end": given.get("trial_end"),
    }


def update(store: Store, params: Object, schedule_id: str) -> Object:
    """Its phases anew; they follow each other without gaps and the first is the current one."""
    schedule = _open(store, schedule_id)
    subscription = store.get("subscription", schedule["subscription"])
    if "phases" in params:
        schedule["phases"] = _phases(store, subscription, schedule, params["phases"])
    schedule["end_behavior"] = params.get("end_behavior", schedule["end_behavior"])
    store.emit("subscription_schedule.updated", schedule)
    return schedule


def _phases(store: Store, subscription: Object, schedule: Object, given: list[Object]) -> list[Object]:
    found: list[Object] = []
    starts = schedule["current_phase"]["start_date"]
    for number, phase in enumerate(given):
        start = phase.get("start_date", starts if number else None)
        if start != starts:
            raise Fault("The start date of the first phase must be the current phase's.", param="phases[0][start_date]")
        starts = _end_date(phase, starts, number)
        for item in phase["items"]:
            make_item(store, subscription["id"], item, 0, 0)  # refuses what no subscription could have
        found.append(_phase(subscription, phase, start, starts))
    if subscription["status"] == "trialing" and found[0]["trial_end"] != subscription["trial_end"]:
        raise Fault(
            "Stripe would end the trial here: the first phase names no `trial_end`.", param="phases[0][trial_end]"
        )
    if len(found) > 1 and found[0]["end_date"] <= store.now():
        raise Fault("The end date of the current phase must be in the future.", param="phases[0][end_date]")
    return found


def _end_date(phase: Object, start: int, number: int) -> int:
    if isinstance(phase.get("end_date"), int):
        return int(phase["end_date"])
    if duration := phase.get("duration"):
        return money.plus_months(start, _MONTHS[duration["interval"]] * duration.get("interval_count", 1))
    raise Fault("A phase must have an `end_date` or a `duration`.", param=f"phases[{number}][end_date]")


def get(store: Store, params: Object, schedule_id: str) -> Object:
    return store.get("subscription_schedule", schedule_id)


def list_schedules(store: Store, params: Object) -> Object:
    wanted = {"customer": params["customer"]} if "customer" in params else {}
    return listed("/v1/subscription_schedules", store.where("subscription_schedule", **wanted), params)


def release(store: Store, params: Object, schedule_id: str) -> Object:
    """The subscription goes on as it is, without the schedule."""
    return _release(store, _open(store, schedule_id))


def _release(store: Store, schedule: Object) -> Object:
    subscription = store.get("subscription", schedule["subscription"])
    before = dict(subscription)
    subscription["schedule"] = None
    schedule.update(
        status="released",
        released_at=store.now(),
        released_subscription=subscription["id"],
        subscription=None,
        current_phase=None,
    )
    store.emit("subscription_schedule.released", schedule)
    store.emit_change("customer.subscription.updated", subscription, before)
    return schedule


def _open(store: Store, schedule_id: str) -> Object:
    schedule = store.get("subscription_schedule", schedule_id)
    if schedule["status"] not in _OPEN:
        raise Fault(f"You cannot change a schedule that is {schedule['status']}.")
    return schedule


def step(store: Store, schedule: Object) -> None:
    """The current phase is over: the next begins, or the schedule ends."""
    over = schedule["current_phase"]["end_date"]
    upcoming = next((each for each in schedule["phases"] if each["start_date"] >= over), None)
    if upcoming is None:
        _release(store, schedule)
        return
    schedule["current_phase"] = {"start_date": upcoming["start_date"], "end_date": upcoming["end_date"]}
    subscription = store.get("subscription", schedule["subscription"])
    before = copy.deepcopy(subscription)
    rows = [_taken_over(store, subscription, each) for each in upcoming["items"]]
    for item in subscription["items"]["data"]:
        following = next((each for each in rows if each["id"] == item["id"]), None)
        bill = usage_until(store, subscription, item, following, over, bills=upcoming["proration_behavior"] != "none")
        store.note(subscription["id"]).setdefault("pending", []).extend(bill)
    subscription["items"]["data"] = rows
    subscription["discounts"] = [each["discount"] for each in upcoming["discounts"]]
    store.emit("subscription_schedule.updated", schedule)
    store.emit_change("customer.subscription.updated", subscription, before)


def _taken_over(store: Store, subscription: Object, wanted: Object) -> Object:
    """The item of this price, or one that replaces the item of the same kind."""
    given: Object = {name: wanted[name] for name in ("price", "quantity") if name in wanted}
    new = make_item(store, subscription["id"], given, *period_of(subscription))
    kind = new["price"]["recurring"]["usage_type"]
    same_kind = (each for each in subscription["items"]["data"] if each["price"]["recurring"]["usage_type"] == kind)
    old = next(same_kind, None)
    return {**new, **{name: old[name] for name in ("id", "created", "billed_until")}} if old else new
