"""Subscriptions: made, looked up, ended; the lines of one period."""

import copy
from typing import Any

from server.embedded.standins.stripe import catalog, dunning, invoices, money
from server.embedded.standins.stripe.customers import card_error, decline_of, payer_of
from server.embedded.standins.stripe.faults import Fault
from server.embedded.standins.stripe.listing import listed, whole_list
from server.embedded.standins.stripe.meters import used
from server.embedded.standins.stripe.store import DAY, Object, Store

_MONTHS = {"month": 1, "year": 12}
_OVER = ("canceled", "incomplete_expired")


def create(store: Store, params: Object) -> Object:
    """Trialing, or active once the first invoice is paid; `incomplete` when its payment fails."""
    customer = store.get("customer", params["customer"], "customer")
    now, trial_end = store.now(), _trial_end(store, params)
    subscription_id = store.new_id("sub")
    first_end = trial_end or 0
    rows = [make_item(store, subscription_id, each, now, first_end) for each in params["items"]]
    if trial_end is None:
        first_end = money.period_after(now, now, months_of(rows))
        for row in rows:
            row["current_period_end"] = first_end
    subscription = _new(store, params, customer["id"], subscription_id, rows, trial_end)
    _refuse_bad_card(store, params, subscription, trial_end)
    store.add(subscription)
    _discount(store, params, subscription)
    store.emit("customer.subscription.created", subscription)
    _first_invoice(store, subscription)
    return subscription


def _refuse_bad_card(store: Store, params: Object, subscription: Object, trial_end: int | None) -> None:
    if params.get("payment_behavior") == "error_if_incomplete" and trial_end is None:
        decline = decline_of(store, payer_of(store, subscription["customer"], subscription))
        if decline:
            raise card_error(decline)


def _trial_end(store: Store, params: Object) -> int | None:
    if days := params.get("trial_period_days"):
        return store.now() + int(days) * DAY
    given = params.get("trial_end")
    return given if isinstance(given, int) else None


def _new(
    store: Store, params: Object, customer: str, subscription_id: str, rows: list[Object], trial_end: int | None
) -> Object:
    now = store.now()
    return {
        "id": subscription_id,
        "object": "subscription",
        "automatic_tax": {
            "disabled_reason": None,
            "enabled": bool(params.get("automatic_tax", {}).get("enabled")),
            "liability": {"type": "self"} if params.get("automatic_tax", {}).get("enabled") else None,
        },
        "billing_cycle_anchor": trial_end or now,
        "billing_mode": {"flexible": {"proration_discounts": "included"}, "type": "flexible"},
        "cancel_at": None,
        "cancel_at_period_end": False,
        "canceled_at": None,
        "cancellation_details": {"comment": None, "feedback": None, "reason": None},
        "collection_method": "charge_automatically",
        "created": now,
        "currency": rows[0]["price"]["currency"],
        "customer": customer,
        "days_until_due": None,
        "default_payment_method": params.get("default_payment_method"),
        "default_source": None,
        "default_tax_rates": [],
        "description": params.get("description"),
        "discounts": [],
        "ended_at": None,
        "items": whole_list(f"/v1/subscription_items?subscription={subscription_id}", rows),
        "latest_invoice": None,
        "livemode": False,
        "metadata": dict(params.get("metadata", {})),
        "pause_collection": None,
        "pending_setup_intent": None,
        "pending_update": None,
        "schedule": None,
        "start_date": now,
        "status": "trialing" if trial_end else "incomplete",
        "test_clock": None,
        "trial_end": trial_end,
        "trial_settings": {"end_behavior": {"missing_payment_method": "create_invoice"}},
        "trial_start": now if trial_end else None,
    }


def make_item(store: Store, subscription_id: str, given: Object, start: int, end: int) -> Object:
    """A subscription item; metered prices have no quantity."""
    price = store.get("price", given["price"], "items[0][price]")
    if not price["active"]:
        raise Fault(f"The price specified is inactive: {price['id']}", param="items[0][price]")
    if price["recurring"] is None:
        raise Fault("The price specified is set to `type=one_time`.", param="items[0][price]")
    is_metered = price["recurring"]["usage_type"] == "metered"
    if is_metered and "quantity" in given:
        raise Fault("Quantity should not be specified where usage_type is metered.", param="items[0][quantity]")
    item: Object = {
        "id": store.new_id("si"),
        "object": "subscription_item",
        "billed_until": None,
        "billing_thresholds": None,
        "created": store.now(),
        "current_period_end": end,
        "current_period_start": start,
        "discounts": [],
        "metadata": dict(given.get("metadata", {})),
        "price": copy.deepcopy(price),
        "subscription": subscription_id,
        "tax_rates": [],
    }
    return item if is_metered else {**item, "quantity": given.get("quantity", 1)}


def _discount(store: Store, params: Object, subscription: Object) -> None:
    for given in params.get("discounts") or ():
        code = given.get("promotion_code")
        if not code:
            raise Fault("This stand-in takes discounts as promotion codes only.", param="discounts")
        catalog.redeem(store, store.get("promotion_code", code, "discounts[0][promotion_code]"), subscription)


def _first_invoice(store: Store, subscription: Object) -> None:
    lines = trial_lines(store, subscription) if subscription["trial_end"] else licensed_lines(store, subscription)
    reason, now = "subscription_create", store.now()
    invoice = invoices.compose(store, subscription["customer"], lines, reason, (now, now), subscription)
    bill_now(store, invoice, subscription)


def bill_now(store: Store, invoice: Object, subscription: Object) -> str | None:
    """Final and charged at once; returns why the charge failed, if it did."""
    invoices.create_draft(store, invoice)
    subscription["latest_invoice"] = invoice["id"]
    invoices.finalize(store, invoice)
    return dunning.attempt(store, invoice)


def months_of(rows: list[Object]) -> int:
    """The billing period of a subscription's items."""
    recurring = rows[0]["price"]["recurring"]
    return int(_MONTHS[recurring["interval"]] * recurring["interval_count"])


def period_of(subscription: Object) -> tuple[int, int]:
    """All items of the stand-in share one period."""
    first = subscription["items"]["data"][0]
    return first["current_period_start"], first["current_period_end"]


def is_metered(item: Object) -> bool:
    return bool(item["price"]["recurring"]["usage_type"] == "metered")


def name_of(store: Store, price: Object) -> str:
    return str(store.get("product", price["product"])["name"])


def trial_lines(store: Store, subscription: Object) -> list[Object]:
    ids = {"subscription": subscription["id"]}
    return [
        invoices.make_line(
            store,
            item["price"],
            0,
            period_of(subscription),
            f"Trial period for {name_of(store, item['price'])}",
            item=item["id"],
            quantity=item["quantity"],
            **ids,
        )
        for item in subscription["items"]["data"]
        if not is_metered(item)
    ]


def licensed_lines(store: Store, subscription: Object) -> list[Object]:
    """What the current period costs in advance; a metered item shows with nothing yet."""
    found = []
    for item in subscription["items"]["data"]:
        if is_metered(item):
            continue
        price, quantity = item["price"], item["quantity"]
        amount = money.usage_amount(price["unit_amount_decimal"], quantity)
        text = f"{quantity} × {name_of(store, price)} (at ${amount / quantity / 100:,.2f} / month)" if quantity else ""
        period, whose = period_of(subscription), subscription["id"]
        found.append(
            invoices.make_line(
                store, price, amount, period, text, subscription=whose, item=item["id"], quantity=quantity
            )
        )
    return found


def usage_lines(store: Store, subscription: Object, period: tuple[int, int]) -> list[Object]:
    """What was used in a period that is over, or so far; less what a change of price has billed already."""
    items = (each for each in subscription["items"]["data"] if is_metered(each))
    return [usage_line(store, subscription, each, period) for each in items if (each["billed_until"] or 0) < period[1]]


def usage_line(store: Store, subscription: Object, item: Object, period: tuple[int, int]) -> Object:
    """One metered item's usage."""
    price, since = item["price"], max(period[0], item["billed_until"] or 0)
    quantity = used(store, price["recurring"]["meter"], subscription["customer"], since, period[1])
    amount = money.usage_amount(price["unit_amount_decimal"], quantity)
    text, period = f"{quantity} × {name_of(store, price)}", (since, period[1])
    whose = subscription["id"]
    return invoices.make_line(
        store, price, amount, period, text, subscription=whose, item=item["id"], quantity=quantity
    )


def get(store: Store, params: Object, subscription_id: str) -> Object:
    return store.get("subscription", subscription_id)


def list_subscriptions(store: Store, params: Object) -> Object:
    rows: Any = store.where("subscription", **({"customer": params["customer"]} if "customer" in params else {}))
    status = params.get("status")
    if status is None:
        rows = (each for each in rows if each["status"] not in _OVER)
    elif status != "all":
        rows = (each for each in rows if each["status"] == status)
    return listed("/v1/subscriptions", rows, params)


def cancel(store: Store, params: Object, subscription_id: str) -> Object:
    """At once; with `invoice_now` the usage so far is billed."""
    subscription = store.get("subscription", subscription_id)
    if subscription["status"] in _OVER:
        raise Fault(f"No such subscription: '{subscription_id}'", status=404, code="resource_missing")
    end(store, subscription, "cancellation_requested", bills_usage=params.get("invoice_now", False))
    return subscription


def end(store: Store, subscription: Object, reason: str, *, bills_usage: bool) -> None:
    """Canceled from now on."""
    now = store.now()
    period = (period_of(subscription)[0], now)
    lines = usage_lines(store, subscription, period) if bills_usage and subscription["status"] != "trialing" else []
    if any(line["amount"] for line in lines):
        last = invoices.compose(store, subscription["customer"], lines, "subscription_cycle", period, subscription)
        bill_now(store, last, subscription)
    subscription.update(status="canceled", ended_at=now, canceled_at=subscription["canceled_at"] or now)
    subscription["cancellation_details"]["reason"] = reason
    if schedule := store.find(subscription["schedule"]):
        schedule.update(status="canceled", canceled_at=now, current_phase=None)
    store.emit("customer.subscription.deleted", subscription)
