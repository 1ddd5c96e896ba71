"""What happens by itself as time passes, in the order of its time."""

import copy
from collections.abc import Callable, Iterator
from functools import partial

from server.embedded.standins.stripe import changes, dunning, invoices, money, schedules, subscriptions
from server.embedded.standins.stripe.meters import used
from server.embedded.standins.stripe.store import Object, Store

_TOTALS = (
    "subtotal",
    "subtotal_excluding_tax",
    "total",
    "total_excluding_tax",
    "discounts",
    "total_discount_amounts",
)
_INCOMPLETE_FOR_S = 23 * 3600

Due = tuple[int, int, Callable[[], None]]


def tick(store: Store) -> None:
    """Does what is due by the clock."""
    until = store.now()
    try:
        while (due := _next(store)) and due[0] <= until:
            store.clock.replay_at(due[0])
            due[2]()
    finally:
        store.clock.replay_at(None)


def advance_to(store: Store, at: int) -> None:
    """Moves the clock, doing on the way what is due."""
    tick(store)
    store.clock.move_to(at)
    tick(store)


def next_moment(store: Store) -> int | None:
    """When the next thing happens by itself."""
    due = _next(store)
    return due[0] if due else None


def _next(store: Store) -> Due | None:
    return min(_all_due(store), key=lambda due: due[:2], default=None)


def _all_due(store: Store) -> Iterator[Due]:
    """Time, order among things of the same time, and what is done then."""
    for subscription in store.all("subscription"):
        if subscription["ended_at"] is None:
            yield from _of_subscription(store, subscription)
    for invoice in store.all("invoice"):
        if invoice["automatically_finalizes_at"] is not None:
            yield invoice["automatically_finalizes_at"], 0, partial(_finalize, store, invoice)
        if invoice["status"] == "open" and invoice["next_payment_attempt"] is not None:
            yield invoice["next_payment_attempt"], 1, partial(_retry, store, invoice)
    for session in store.where("checkout.session", status="open"):
        yield session["expires_at"], 2, partial(_expire, store, session)


def _of_subscription(store: Store, subscription: Object) -> Iterator[Due]:
    _, end = subscriptions.period_of(subscription)
    if subscription["status"] == "incomplete":
        yield subscription["created"] + _INCOMPLETE_FOR_S, 5, lambda: _expire_incomplete(store, subscription)
        return
    if subscription["cancel_at"] is not None:
        yield subscription["cancel_at"], 3, lambda: _cancel(store, subscription)
    schedule = store.find(subscription["schedule"])
    if schedule and schedule["current_phase"]:
        yield schedule["current_phase"]["end_date"], 4, lambda: schedules.step(store, schedule)
    yield end, 5, lambda: _renew(store, subscription)
    if subscription["status"] == "trialing" and not store.note(subscription["id"]).get("warned"):
        yield end - store.behaviour.trial_warning_s, 2, lambda: _warn(store, subscription)


def _warn(store: Store, subscription: Object) -> None:
    store.note(subscription["id"])["warned"] = True
    store.emit("customer.subscription.trial_will_end", subscription)


def _cancel(store: Store, subscription: Object) -> None:
    subscriptions.end(store, subscription, "cancellation_requested", bills_usage=True)


def _expire_incomplete(store: Store, subscription: Object) -> None:
    before = dict(subscription)
    subscription.update(status="incomplete_expired", ended_at=store.now())
    if invoice := store.find(subscription["latest_invoice"]):
        invoices.void_invoice(store, {}, invoice["id"])
    store.emit_change("customer.subscription.updated", subscription, before)


def _renew(store: Store, subscription: Object) -> None:
    """The next period begins; its invoice is a draft for an hour, so that late usage still counts."""
    before = copy.deepcopy(subscription)
    over = subscriptions.period_of(subscription)
    was_trial = subscription["status"] == "trialing"
    months = subscriptions.months_of(subscription["items"]["data"])
    end = money.period_after(subscription["billing_cycle_anchor"], over[1], months)
    for item in subscription["items"]["data"]:
        item.update(current_period_start=over[1], current_period_end=end)
    if was_trial:
        subscription["status"] = "active"
    waiting = changes.pending(store, subscription)
    store.note(subscription["id"])["pending"] = []
    # usage during a trial is free, as Stripe does not bill it
    used = [] if was_trial else subscriptions.usage_lines(store, subscription, over)
    lines = waiting + used + subscriptions.licensed_lines(store, subscription)
    invoice = invoices.compose(store, subscription["customer"], lines, "subscription_cycle", over, subscription)
    subscription["latest_invoice"] = invoice["id"]
    invoices.create_draft(store, invoice)
    store.emit_change("customer.subscription.updated", subscription, before)


def _finalize(store: Store, invoice: Object) -> None:
    _count_late_usage(store, invoice)
    invoices.finalize(store, invoice)
    dunning.attempt(store, invoice)


def _count_late_usage(store: Store, invoice: Object) -> None:
    lines = [_recounted(store, invoice, line) for line in invoice["lines"]["data"]]
    period = invoice["period_start"], invoice["period_end"]
    subscription = store.find(invoices.subscription_of(invoice))
    again = invoices.compose(store, invoice["customer"], lines, invoice["billing_reason"], period, subscription)
    for line in lines:
        line["invoice"] = invoice["id"]
    for name in _TOTALS:
        invoice[name] = again[name]
    invoice["lines"]["data"] = lines


def _recounted(store: Store, invoice: Object, line: Object) -> Object:
    price = store.get("price", line["pricing"]["price_details"]["price"])
    meter, period = price["recurring"]["meter"], line["period"]
    if meter is None or invoice["billing_reason"] != "subscription_cycle":
        return line
    quantity = used(store, meter, invoice["customer"], period["start"], period["end"])
    amount = money.usage_amount(price["unit_amount_decimal"], quantity)
    text = f"{quantity} × {subscriptions.name_of(store, price)}"
    return {**line, "amount": amount, "subtotal": amount, "quantity": quantity, "description": text}


def _retry(store: Store, invoice: Object) -> None:
    invoice["next_payment_attempt"] = None
    dunning.attempt(store, invoice)


def _expire(store: Store, session: Object) -> None:
    session.update(status="expired", url=None)
    store.emit("checkout.session.expired", session)
