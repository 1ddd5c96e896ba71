"""Customers, their cards, and which cards fail when."""

from typing import Any

from server.embedded.standins.stripe.faults import Fault
from server.embedded.standins.stripe.listing import listed
from server.embedded.standins.stripe.store import Object, Store

GOOD_CARD = "4242424242424242"
FAILS_ON_CHARGE = "4000000000000341"

# number: (brand, refusal when it is attached, refusal when it is charged)
_CARDS: dict[str, tuple[str, str | None, str | None]] = {
    GOOD_CARD: ("visa", None, None),
    "5555555555554444": ("mastercard", None, None),
    FAILS_ON_CHARGE: ("visa", None, "generic_decline"),
    "4000000000000002": ("visa", "generic_decline", "generic_decline"),
    "4000000000009995": ("visa", "insufficient_funds", "insufficient_funds"),
    "4000000000000069": ("visa", "expired_card", "expired_card"),
    "4000002760003184": ("visa", None, "authentication_required"),
}
_NAMED = {
    "pm_card_visa": GOOD_CARD,
    "pm_card_mastercard": "5555555555554444",
    "pm_card_chargeCustomerFail": FAILS_ON_CHARGE,
}
_SAID = {
    "generic_decline": "Your card was declined.",
    "insufficient_funds": "Your card has insufficient funds.",
    "expired_card": "Your card has expired.",
    "authentication_required": "Your card was declined. This transaction requires authentication.",
}
_KEPT = ("description", "email", "metadata", "name", "phone", "address", "preferred_locales", "tax_exempt")


def card_error(decline: str, charge: str | None = None) -> Fault:
    """402 as for a declined card."""
    code = "expired_card" if decline == "expired_card" else "card_declined"
    told = None if code == "expired_card" else decline
    return Fault(_SAID[decline], status=402, kind="card_error", code=code, decline_code=told, charge=charge)


def create_customer(store: Store, params: Object) -> Object:
    for name in params.keys() - {*_KEPT, "expand", "invoice_settings", "payment_method", "invoice_prefix"}:
        raise Fault(f"This stand-in does not know what to do with {name}.", param=name)
    customer_id = store.new_id("cus")
    customer = {
        "id": customer_id,
        "object": "customer",
        "address": params.get("address"),
        "balance": 0,
        "created": store.now(),
        "currency": None,
        "default_source": None,
        "delinquent": False,
        "description": params.get("description"),
        "discount": None,
        "email": params.get("email"),
        "invoice_prefix": params.get("invoice_prefix") or customer_id[-8:].upper(),
        "invoice_settings": {
            "custom_fields": None,
            "default_payment_method": None,
            "footer": None,
            "rendering_options": None,
        },
        "livemode": False,
        "metadata": params.get("metadata", {}),
        "name": params.get("name"),
        "next_invoice_sequence": 1,
        "phone": params.get("phone"),
        "preferred_locales": params.get("preferred_locales", []),
        "shipping": None,
        "tax_exempt": params.get("tax_exempt", "none"),
        "test_clock": None,
    }
    store.add(customer)
    if method := params.get("payment_method"):
        attach(store, {"customer": customer_id}, method)
    _set_default(store, customer, params)
    store.emit("customer.created", customer)
    return customer


def get_customer(store: Store, params: Object, customer_id: str) -> Object:
    return store.get("customer", customer_id)


def update_customer(store: Store, params: Object, customer_id: str) -> Object:
    customer = store.get("customer", customer_id)
    before = {
        **customer,
        "invoice_settings": dict(customer["invoice_settings"]),
        "metadata": dict(customer["metadata"]),
    }
    given = {name: params[name] for name in _KEPT if name in params}
    given["metadata"] = merged(customer["metadata"], params.get("metadata", {}))
    customer.update(given)
    _set_default(store, customer, params)
    store.emit_change("customer.updated", customer, before)
    return customer


def merged(metadata: Object, given: Any) -> Object:
    """Metadata as Stripe changes it: keys are added, "" removes one, "" instead of an object removes all."""
    if given == "":
        return {}
    return {name: value for name, value in {**metadata, **given}.items() if value != ""}


def list_customers(store: Store, params: Object) -> Object:
    wanted = {"email": params["email"]} if "email" in params else {}
    return listed("/v1/customers", store.where("customer", **wanted), params)


def _set_default(store: Store, customer: Object, params: Object) -> None:
    settings = params.get("invoice_settings") or {}
    if "default_payment_method" in settings:
        method = store.get(
            "payment_method", settings["default_payment_method"], "invoice_settings[default_payment_method]"
        )
        if method["customer"] != customer["id"]:
            raise Fault("The customer does not have a payment method with that ID.", code="resource_missing")
        customer["invoice_settings"]["default_payment_method"] = method["id"]


def make_card(store: Store, number: str, month: int = 12, year: int = 2034) -> Object:
    """A payment method of a test card; its number is in the notes, as Stripe shows only the last four digits."""
    digits = "".join(filter(str.isdigit, number))
    if digits not in _CARDS:
        raise Fault(
            "Your card number is incorrect.", status=402, kind="card_error", code="incorrect_number", param="number"
        )
    method = {
        "id": store.new_id("pm"),
        "object": "payment_method",
        "allow_redisplay": "limited",
        "billing_details": {"address": None, "email": None, "name": None, "phone": None, "tax_id": None},
        "card": {
            "brand": _CARDS[digits][0],
            "country": "US",
            "display_brand": _CARDS[digits][0],
            "exp_month": month,
            "exp_year": year,
            "funding": "credit",
            "last4": digits[-4:],
        },
        "created": store.now(),
        "customer": None,
        "livemode": False,
        "metadata": {},
        "type": "card",
    }
    store.note(str(method["id"]))["number"] = digits
    return store.add(method)


def create_payment_method(store: Store, params: Object) -> Object:
    card = params.get("card")
    if params.get("type") != "card" or not isinstance(card, dict) or "number" not in card:
        raise Fault("This stand-in knows cards only.", param="type")
    return make_card(store, str(card["number"]), card["exp_month"], card["exp_year"])


def attach(store: Store, params: Object, method_id: str) -> Object:
    customer = store.get("customer", params["customer"], "customer")
    method = make_card(store, _NAMED[method_id]) if method_id in _NAMED else store.get("payment_method", method_id)
    decline = _CARDS[store.note(method["id"])["number"]][1]
    if decline:
        raise card_error(decline)
    method["customer"] = customer["id"]
    store.emit("payment_method.attached", method)
    return method


def detach(store: Store, params: Object, method_id: str) -> Object:
    method = store.get("payment_method", method_id)
    for customer in store.where("customer", id=method["customer"]):
        if customer["invoice_settings"]["default_payment_method"] == method_id:
            customer["invoice_settings"]["default_payment_method"] = None
    for subscription in store.where("subscription", default_payment_method=method_id):
        subscription["default_payment_method"] = None
    method["customer"] = None
    store.emit("payment_method.detached", method)
    return method


def list_payment_methods(store: Store, params: Object, customer_id: str | None = None) -> Object:
    wanted = customer_id or params.get("customer")
    url = f"/v1/customers/{customer_id}/payment_methods" if customer_id else "/v1/payment_methods"
    return listed(url, store.where("payment_method", customer=wanted), params)


def decline_of(store: Store, method_id: str | None) -> str | None:
    """Why a charge to this payment method would fail now, or None."""
    if method_id is None:
        return "generic_decline"
    decline: str | None = _CARDS[store.note(method_id)["number"]][2]
    return decline


def payer_of(store: Store, customer_id: str, subscription: Object | None = None) -> str | None:
    """The payment method an automatic charge would take."""
    own: str | None = subscription["default_payment_method"] if subscription else None
    default: str | None = store.get("customer", customer_id)["invoice_settings"]["default_payment_method"]
    return own or default


def take_new_card(store: Store, customer_id: str, number: str) -> Object:
    """As the hosted pages do: attached, and from now on the one that pays for everything."""
    method = attach(store, {"customer": customer_id}, make_card(store, number)["id"])
    update_customer(store, {"invoice_settings": {"default_payment_method": method["id"]}}, customer_id)
    for subscription in store.where("subscription", customer=customer_id):
        if subscription["ended_at"] is None and subscription["default_payment_method"]:
            before = dict(subscription)
            subscription["default_payment_method"] = method["id"]
            store.emit_change("customer.subscription.updated", subscription, before)
    return method
