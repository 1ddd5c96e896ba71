"""Checkout sessions, and what happens when somebody pays, fails to pay, or leaves."""

from server.embedded.standins.stripe import catalog, money, subscriptions
from server.embedded.standins.stripe.customers import card_error, decline_of, take_new_card
from server.embedded.standins.stripe.faults import Fault
from server.embedded.standins.stripe.listing import listed, whole_list
from server.embedded.standins.stripe.store import Object, Store

_KNOWN = frozenset(
    {
        "allow_promotion_codes",
        "automatic_tax",
        "billing_address_collection",
        "cancel_url",
        "client_reference_id",
        "customer",
        "customer_update",
        "expand",
        "line_items",
        "locale",
        "metadata",
        "mode",
        "payment_method_collection",
        "subscription_data",
        "success_url",
        "tax_id_collection",
    }
)


def create(store: Store, params: Object) -> Object:
    """POST /v1/checkout/sessions for subscriptions of known customers."""
    if unknown := params.keys() - _KNOWN:
        raise Fault(f"This stand-in does not know what to do with {min(unknown)}.", param=min(unknown))
    if params.get("mode") != "subscription" or "customer" not in params:
        raise Fault("This stand-in sells subscriptions to known customers only.", param="mode")
    customer = store.get("customer", params["customer"], "customer")
    _check_tax(params, customer)
    session_id = store.new_id("cs_test")
    lines = [_line(store, each, number) for number, each in enumerate(params["line_items"])]
    store.note(session_id).update(data=params.get("subscription_data", {}), lines=lines)
    amount = (
        0 if "trial_period_days" in params.get("subscription_data", {}) else sum(each["amount_total"] for each in lines)
    )
    return store.add(
        {
            "id": session_id,
            "object": "checkout.session",
            "allow_promotion_codes": params.get("allow_promotion_codes"),
            "amount_subtotal": amount,
            "amount_total": amount,
            "automatic_tax": {**_off(), **params.get("automatic_tax", {})},
            "billing_address_collection": params.get("billing_address_collection"),
            "cancel_url": params.get("cancel_url"),
            "client_reference_id": params.get("client_reference_id"),
            "created": store.now(),
            "currency": lines[0]["currency"],
            "customer": customer["id"],
            "customer_email": None,
            "expires_at": store.now() + store.behaviour.session_for_s,
            "invoice": None,
            "livemode": False,
            "locale": params.get("locale"),
            "metadata": params.get("metadata", {}),
            "mode": "subscription",
            "payment_intent": None,
            "payment_method_collection": params.get("payment_method_collection", "always"),
            "payment_method_types": ["card"],
            "payment_status": "unpaid",
            "status": "open",
            "subscription": None,
            "success_url": params["success_url"],
            "ui_mode": "hosted_page",
            "url": f"{store.url}/c/pay/{session_id}",
        }
    )


def _off() -> Object:
    return {"enabled": False, "liability": None, "provider": None, "status": None}


def _check_tax(params: Object, customer: Object) -> None:
    update = params.get("customer_update", {})
    if params.get("automatic_tax", {}).get("enabled") and not customer["address"] and update.get("address") != "auto":
        raise Fault(
            "Automatic tax needs an address: the customer has none and `customer_update[address]` is not 'auto'.",
            code="customer_tax_location_invalid",
        )
    if params.get("tax_id_collection", {}).get("enabled") and update.get("name") != "auto":
        raise Fault("Tax ID collection requires updating business name on the customer: set `customer_update[name]`.")


def _line(store: Store, given: Object, number: int) -> Object:
    price = store.get("price", given.get("price", ""), f"line_items[{number}][price]")
    metered = bool(price["recurring"]) and price["recurring"]["usage_type"] == "metered"
    if metered and "quantity" in given:
        raise Fault(
            "Quantity should not be specified where usage_type is metered.", param=f"line_items[{number}][quantity]"
        )
    if not metered and "quantity" not in given:
        raise Fault(f"Quantity is required. Add `quantity` to `line_items[{number}]`", param=f"line_items[{number}]")
    amount = 0 if metered else money.usage_amount(price["unit_amount_decimal"], given["quantity"])
    return {
        "id": store.new_id("li"),
        "object": "item",
        "amount_discount": 0,
        "amount_subtotal": amount,
        "amount_tax": 0,
        "amount_total": amount,
        "currency": price["currency"],
        "description": subscriptions.name_of(store, price),
        "price": price,
        "quantity": given.get("quantity"),
    }


def get(store: Store, params: Object, session_id: str) -> Object:
    return store.get("checkout.session", session_id)


def list_sessions(store: Store, params: Object) -> Object:
    wanted = {name: params[name] for name in ("customer", "status", "subscription") if name in params}
    return listed("/v1/checkout/sessions", store.where("checkout.session", **wanted), params)


def list_line_items(store: Store, params: Object, session_id: str) -> Object:
    store.get("checkout.session", session_id)
    return whole_list(f"/v1/checkout/sessions/{session_id}/line_items", lines_of(store, session_id))


def lines_of(store: Store, session_id: str) -> list[Object]:
    rows: list[Object] = store.note(session_id)["lines"]
    return rows


def expire(store: Store, params: Object, session_id: str) -> Object:
    session = store.get("checkout.session", session_id)
    if session["status"] != "open":
        raise Fault('Only Checkout Sessions with a status in ["open"] can be expired.')
    session.update(status="expired", url=None)
    store.emit("checkout.session.expired", session)
    return session


def total_with(store: Store, session: Object, typed_code: str) -> int:
    """What is due today with a promotion code; refused when the code is no good."""
    total = int(session["amount_subtotal"])
    if typed_code:
        code = catalog.usable_code(store, typed_code)
        total -= money.percent_of(total, store.get("coupon", code["promotion"]["coupon"])["percent_off"])
    return total


def submit(store: Store, session_id: str, number: str, typed_code: str = "") -> Object:
    """A person pays: the card is kept, the subscription begins, the session is complete; raises as Stripe declines."""
    session = store.get("checkout.session", session_id)
    if session["status"] == "complete":
        return session
    if session["status"] == "expired":
        raise Fault("This checkout session has expired.", code="checkout_session_expired")
    due = total_with(store, session, typed_code)
    data = store.note(session_id)["data"]
    method = take_new_card(store, session["customer"], number)
    if due and (decline := decline_of(store, method["id"])):
        raise card_error(decline)
    given = {
        "customer": session["customer"],
        "items": [_as_item(each) for each in lines_of(store, session_id)],
        "default_payment_method": method["id"],
        "automatic_tax": {"enabled": session["automatic_tax"]["enabled"]},
        **{name: data[name] for name in ("trial_period_days", "metadata") if name in data},
    }
    if typed_code:
        given["discounts"] = [{"promotion_code": catalog.usable_code(store, typed_code)["id"]}]
    subscription = subscriptions.create(store, given)
    session.update(
        amount_total=due,
        invoice=subscription["latest_invoice"],
        payment_status="paid" if due else "no_payment_required",
        status="complete",
        subscription=subscription["id"],
        url=None,
    )
    store.emit("checkout.session.completed", session)
    return session


def _as_item(line: Object) -> Object:
    return {"price": line["price"]["id"], **({} if line["quantity"] is None else {"quantity": line["quantity"]})}


def back_to_shop(session: Object) -> str:
    """Where the browser goes after success."""
    return str(session["success_url"]).replace("{CHECKOUT_SESSION_ID}", session["id"])
