"""The bodies of requests to Stripe: a Checkout session, changed items, the phases of a schedule."""

from collections.abc import Iterable
from typing import Any

from billing.gateway import Price, SubscriptionState
from billing.stripe_objects import id_of

Json = dict[str, Any]


def session(
    customer_id: str, prices: Iterable[Price], trial_days: int | None, success_url: str, cancel_url: str, shop_id: str
) -> Json:
    """A Checkout session. Automatic tax needs the merchant's address, which Checkout asks for and saves. The flexible
    billing mode is needed because the older one loses usage when an overage price changes."""
    trial = {"trial_period_days": trial_days} if trial_days else {}
    return {
        "mode": "subscription",
        "customer": customer_id,
        "client_reference_id": shop_id,
        "line_items": [{"price": each.id} if each.is_metered else {"price": each.id, "quantity": 1} for each in prices],
        "allow_promotion_codes": True,
        "automatic_tax": {"enabled": True},
        "tax_id_collection": {"enabled": True},
        "customer_update": {"address": "auto", "name": "auto"},
        "subscription_data": {"metadata": {"shop_id": shop_id}, "billing_mode": {"type": "flexible"}, **trial},
        "success_url": success_url,
        "cancel_url": cancel_url,
    }


def replaced_items(subscription: SubscriptionState, price_id: str, overage_price_id: str | None) -> list[Json]:
    """The items of the plan and of its overage: changed, added or deleted."""
    items: list[Json] = [{"id": subscription.item_id, "price": price_id, "quantity": subscription.quantity}]
    if overage_price_id == subscription.overage_price_id:
        return items
    if overage_price_id is None:
        return [*items, {"id": subscription.overage_item_id, "deleted": True}]
    where = {"id": subscription.overage_item_id} if subscription.overage_item_id else {}
    return [*items, {**where, "price": overage_price_id}]


def phases(subscription: SubscriptionState, schedule: Json, price_id: str, overage_price_id: str | None) -> list[Json]:
    """The present prices until the period ends, then the new ones. Trial and discounts are repeated, because Stripe
    removes what a phase does not name. The change prorates, because otherwise the last period's usage is never billed.
    """
    start = schedule["current_phase"]["start_date"]
    current = next(phase for phase in schedule["phases"] if phase["start_date"] == start)
    discounts = [_named_discount(each) for each in current.get("discounts") or ()]
    shared: Json = {"discounts": discounts} if discounts else {}
    now: Json = {**shared, "items": [_phase_item(each) for each in current["items"]], "start_date": start}
    now |= {"end_date": int(subscription.period_end.timestamp()), "proration_behavior": "none"}
    if current.get("trial_end"):
        now["trial_end"] = current["trial_end"]
    items: list[Json] = [{"price": price_id, "quantity": subscription.quantity}]
    if overage_price_id:
        items.append({"price": overage_price_id})
    month = {"interval": "month", "interval_count": 1}
    return [now, {**shared, "items": items, "duration": month, "proration_behavior": "create_prorations"}]


def _phase_item(item: Json) -> Json:
    quantity = {"quantity": item["quantity"]} if item.get("quantity") is not None else {}
    return {"price": id_of(item["price"]), **quantity}


def _named_discount(given: Json) -> Json:
    """A discount in the form that a phase takes: its id, or that of the promotion code or coupon it came from."""
    named = ((name, id_of(given.get(name))) for name in ("discount", "promotion_code", "coupon"))
    return dict([next((name, value) for name, value in named if value)])
