"""Changing a subscription, and saying beforehand what that would cost: both from the same lines."""

import copy
from datetime import UTC, datetime
from typing import Any

from server.embedded.standins.stripe import invoices, money
from server.embedded.standins.stripe.customers import card_error, decline_of, merged, payer_of
from server.embedded.standins.stripe.faults import Fault
from server.embedded.standins.stripe.store import Object, Store
from server.embedded.standins.stripe.subscriptions import (
    bill_now,
    is_metered,
    licensed_lines,
    make_item,
    months_of,
    name_of,
    period_of,
    usage_line,
    usage_lines,
)

_CANCELLATION = ("cancel_at", "cancel_at_period_end")
_KNOWN = frozenset(
    {
        *_CANCELLATION,
        "automatic_tax",
        "cancellation_details",
        "default_payment_method",
        "description",
        "expand",
        "items",
        "metadata",
        "payment_behavior",
        "payment_settings",
        "proration_behavior",
        "proration_date",
    }
)


def update(store: Store, params: Object, subscription_id: str) -> Object:
    """POST /v1/subscriptions/{id}: `create_prorations` waits for the next invoice, `always_invoice` bills at once."""
    subscription = store.get("subscription", subscription_id)
    if unknown := params.keys() - _KNOWN:
        raise Fault(f"This stand-in does not know what to do with {min(unknown)}.", param=min(unknown))
    if subscription["ended_at"] is not None:
        raise Fault("A canceled subscription can only update its cancellation_details and metadata.")
    if subscription["schedule"] and any(name in params for name in _CANCELLATION):
        raise Fault(
            f"The schedule `{subscription['schedule']}` rules this subscription: its cancellation is changed there.",
        )
    before = copy.deepcopy(subscription)
    lines, rows = changed_items(store, subscription, params) if "items" in params else ([], None)
    _refuse_bad_card(store, subscription, params, lines)
    if rows is not None:
        subscription["items"]["data"] = rows
    _set_plain(store, subscription, params)
    if any(name in params for name in _CANCELLATION):
        set_cancellation(store, subscription, params)
    _bill(store, subscription, params, lines)
    store.emit_change("customer.subscription.updated", subscription, before)
    return subscription


def _behaviour(params: Object) -> str:
    return str(params.get("proration_behavior", "create_prorations"))


def _refuse_bad_card(store: Store, subscription: Object, params: Object, lines: list[Object]) -> None:
    due = sum(line["amount"] for line in lines)
    if params.get("payment_behavior") == "error_if_incomplete" and _behaviour(params) == "always_invoice" and due > 0:
        decline = decline_of(store, payer_of(store, subscription["customer"], subscription))
        if decline:
            raise card_error(decline)


def _set_plain(store: Store, subscription: Object, params: Object) -> None:
    if "default_payment_method" in params:
        store.get("payment_method", params["default_payment_method"], "default_payment_method")
        subscription["default_payment_method"] = params["default_payment_method"]
    if "metadata" in params:
        subscription["metadata"] = merged(subscription["metadata"], params["metadata"])
    if "description" in params:
        subscription["description"] = params["description"] or None


def set_cancellation(store: Store, subscription: Object, params: Object) -> None:
    """The portal gives `cancel_at` alone: so it is with flexible billing, Stripe's default since 2025. Such a time is
    taken back by `cancel_at` only."""
    end, was_at_end = period_of(subscription)[1], subscription["cancel_at_period_end"]
    at_end = params.get("cancel_at_period_end", was_at_end and "cancel_at" not in params)
    at = params.get("cancel_at", None if was_at_end else subscription["cancel_at"])
    at = end if at_end or at in ("min_period_end", "max_period_end") else at or None
    subscription.update(cancel_at_period_end=at_end, cancel_at=at)
    subscription["canceled_at"] = store.now() if at else None
    subscription["cancellation_details"]["reason"] = "cancellation_requested" if at else None


def _bill(store: Store, subscription: Object, params: Object, lines: list[Object]) -> None:
    if not lines:
        return
    if _behaviour(params) == "always_invoice":
        at = _at(store, params)
        lines = pending(store, subscription) + lines
        invoice = invoices.compose(
            store, subscription["customer"], lines, "subscription_update", (at, at), subscription
        )
        store.note(subscription["id"])["pending"] = []
        bill_now(store, invoice, subscription)
    else:
        store.note(subscription["id"]).setdefault("pending", []).extend(lines)


def pending(store: Store, subscription: Object) -> list[Object]:
    """Prorations that wait for the next invoice."""
    return copy.deepcopy(store.note(subscription["id"]).get("pending", []))


def _at(store: Store, params: Object) -> int:
    return int(params.get("proration_date") or store.now())


def changed_items(store: Store, subscription: Object, params: Object) -> tuple[list[Object], list[Object]]:
    """The lines a change of items causes, and the items after it; nothing is changed yet."""
    start, end = period_of(subscription)
    at = _at(store, params)
    if not start <= at <= end:
        raise Fault("Cannot specify `proration_date` outside of current period.", param="proration_date")
    rows = [copy.deepcopy(each) for each in subscription["items"]["data"]]
    lines: list[Object] = []
    prorates = _behaviour(params) != "none" and subscription["status"] != "trialing"
    for given in params["items"]:
        old, new = _change_one(store, subscription, rows, given)
        lines += usage_until(store, subscription, old, new, at, bills=_behaviour(params) != "none")
        if prorates and (old is None or new is None or _worth(old) != _worth(new)):
            both = [_proration(store, subscription, each, at, sign) for each, sign in ((old, -1), (new, 1)) if each]
            lines += [line for line in both if line]
    return lines, rows


def usage_until(
    store: Store, subscription: Object, old: Object | None, new: Object | None, at: int, *, bills: bool
) -> list[Object]:
    """What a metered item that goes, or gets another price, has cost up to then; the new price counts from there.
    Without proration it is never billed: so says Stripe's page on usage-based billing for flexible billing mode."""
    if old is None or not is_metered(old) or (new and new["price"]["id"] == old["price"]["id"]):
        return []
    if new:
        new["billed_until"] = at
    if (
        not bills
        or subscription["status"] == "trialing"
        or at <= max(period_of(subscription)[0], old["billed_until"] or 0)
    ):
        return []
    return [usage_line(store, subscription, old, (period_of(subscription)[0], at))]


def _worth(item: Object) -> tuple[str, Any]:
    return item["price"]["id"], item.get("quantity")


def _change_one(
    store: Store, subscription: Object, rows: list[Object], given: Object
) -> tuple[Object | None, Object | None]:
    old = next((each for each in rows if each["id"] == given.get("id")), None)
    if given.get("id") and old is None:
        raise Fault(
            f"No such subscription item: '{given['id']}'", status=404, code="resource_missing", param="items[0][id]"
        )
    if given.get("deleted"):
        rows.remove(old)  # type: ignore[arg-type]
        return old, None
    wanted = {"price": given.get("price") or (old or {}).get("price", {}).get("id")}
    if (quantity := given.get("quantity", (old or {}).get("quantity"))) is not None:
        wanted["quantity"] = quantity
    new = make_item(store, subscription["id"], wanted, *period_of(subscription))
    if new["price"]["recurring"]["interval"] != rows[0]["price"]["recurring"]["interval"]:
        raise Fault("This stand-in does not change the billing interval.", param="items[0][price]")
    if old is None:
        rows.append(new)
        return None, new
    kept = {**new, **{name: old[name] for name in ("id", "created", "metadata", "billed_until")}}
    rows[rows.index(old)] = kept
    return old, kept


def _proration(store: Store, subscription: Object, item: Object, at: int, sign: int) -> Object | None:
    if is_metered(item):
        return None
    price, (start, end) = item["price"], period_of(subscription)
    full = money.usage_amount(price["unit_amount_decimal"], item["quantity"])
    if found := invoices.discount_of(store, subscription):
        full -= money.percent_of(full, found[1])
    part = sign * money.prorated(full, at, start, end)
    what = "Remaining time on" if sign > 0 else "Unused time on"
    text = f"{what} {name_of(store, price)} after {datetime.fromtimestamp(at, UTC):%d %b %Y}"
    whose, quantity = subscription["id"], item["quantity"]
    return invoices.make_line(
        store, price, part, (at, end), text, subscription=whose, item=item["id"], quantity=quantity, is_proration=True
    )


def preview(store: Store, params: Object) -> Object:
    """POST /v1/invoices/create_preview: the invoice an `always_invoice` change makes, the next one, or a usual one."""
    if "subscription" not in params:
        raise Fault("This stand-in previews changes of a subscription.", param="subscription")
    subscription = copy.deepcopy(store.get("subscription", params["subscription"], "subscription"))
    change = params.get("subscription_details") or {}
    lines, rows = changed_items(store, subscription, change) if "items" in change else ([], None)
    subscription["items"]["data"] = rows or subscription["items"]["data"]
    start, end = period_of(subscription)
    waiting = pending(store, subscription)
    if params.get("preview_mode") == "recurring":
        lines = _next_period(store, subscription)
    elif _behaviour(change) == "always_invoice" and "items" in change:
        at = _at(store, change)
        lines, start, end = waiting + lines, at, at
    else:
        used = usage_lines(store, subscription, (start, end)) if subscription["status"] != "trialing" else []
        lines = waiting + lines + used + _next_period(store, subscription)
    found = invoices.compose(store, subscription["customer"], lines, "upcoming", (start, end), subscription)
    found["id"] = f"upcoming_{found['id']}"
    found["parent"]["subscription_details"]["subscription_proration_date"] = (
        _at(store, change) if "items" in change else None
    )
    found["currency"] = subscription["currency"]
    return found


def _next_period(store: Store, subscription: Object) -> list[Object]:
    later = copy.deepcopy(subscription)
    _, start = period_of(subscription)
    end = money.period_after(later["billing_cycle_anchor"], start, months_of(later["items"]["data"]))
    for item in later["items"]["data"]:
        item.update(current_period_start=start, current_period_end=end)
    return licensed_lines(store, later)
