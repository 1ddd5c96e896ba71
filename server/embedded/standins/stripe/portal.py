"""The customer portal: sessions, and what its buttons do."""

from server.embedded.standins.stripe import changes, dunning
from server.embedded.standins.stripe.customers import take_new_card
from server.embedded.standins.stripe.faults import Fault
from server.embedded.standins.stripe.store import Object, Store

_KNOWN = frozenset({"customer", "return_url", "locale", "expand", "configuration"})


def create(store: Store, params: Object) -> Object:
    """POST /v1/billing_portal/sessions."""
    if unknown := params.keys() - _KNOWN:
        raise Fault(f"This stand-in does not know what to do with {min(unknown)}.", param=min(unknown))
    store.get("customer", params["customer"], "customer")
    session_id = store.new_id("bps")
    return store.add(
        {
            "id": session_id,
            "object": "billing_portal.session",
            "configuration": params.get("configuration", "bpc_standin"),
            "created": store.now(),
            "customer": params["customer"],
            "flow": None,
            "livemode": False,
            "locale": params.get("locale"),
            "on_behalf_of": None,
            "return_url": params.get("return_url"),
            "url": f"{store.url}/p/session/{session_id}",
        }
    )


def current(store: Store, customer_id: str) -> Object | None:
    """The newest subscription that is not over."""
    rows = store.where("subscription", customer=customer_id)
    return next((each for each in rows if each["ended_at"] is None), None)


def may_change_plan(subscription: Object) -> bool:
    """Stripe's portal leaves subscriptions to several products, and to usage, as they are."""
    return len(subscription["items"]["data"]) == 1


def offers(store: Store) -> list[Object]:
    """The prices a person may change to."""
    licensed = [each for each in store.where("price", active=True) if each["recurring"] and each["lookup_key"]]
    return sorted(
        (each for each in licensed if each["recurring"]["usage_type"] == "licensed"),
        key=lambda price: price["unit_amount"] or 0,
    )


def act(store: Store, session_id: str, form: dict[str, str]) -> str:
    """Does what a button says; returns the sentence to show. Raises as Stripe declines."""
    customer_id = store.get("billing_portal.session", session_id)["customer"]
    match form.get("action"):
        case "card":
            take_new_card(store, customer_id, form.get("number", ""))
            return "Your new card is saved."
        case "pay":
            dunning.pay(store, {}, form["invoice"])
            return "Thank you, the invoice is paid."
    subscription = current(store, customer_id)
    if subscription is None:
        raise Fault("There is no subscription to change.")
    return _change(store, subscription, form)


def _change(store: Store, subscription: Object, form: dict[str, str]) -> str:
    before = dict(subscription)
    match form.get("action"):
        case "plan":
            if not may_change_plan(subscription):
                raise Fault("This subscription cannot be changed here.")
            (item,) = subscription["items"]["data"]
            wanted = {
                "items": [{"id": item["id"], "price": form["price"]}],
                "proration_behavior": "always_invoice",
                "payment_behavior": "error_if_incomplete",
            }
            changes.update(store, wanted, subscription["id"])
            return "Your plan is changed."
        case "cancel":
            _refuse_scheduled(subscription)
            changes.set_cancellation(store, subscription, {"cancel_at": "min_period_end"})
            store.emit_change("customer.subscription.updated", subscription, before)
            return "Your subscription ends with the current period."
        case "resume":
            changes.set_cancellation(store, subscription, {"cancel_at": ""})
            store.emit_change("customer.subscription.updated", subscription, before)
            return "Your subscription goes on."
    raise Fault("There is no such button.")


def _refuse_scheduled(subscription: Object) -> None:
    if subscription["schedule"]:
        raise Fault("A change of plan is scheduled: take it back first.")
