"""Invoices: composed from lines, numbered when finalized, with discounts and credit that add up to the cent."""

from typing import Any

from server.embedded.standins.stripe import money
from server.embedded.standins.stripe.faults import Fault
from server.embedded.standins.stripe.listing import listed, whole_list, within
from server.embedded.standins.stripe.store import Object, Store


def make_line(
    store: Store,
    price: Object,
    amount: int,
    period: tuple[int, int],
    description: str,
    *,
    subscription: str | None,
    item: str | None,
    quantity: int | None = 1,
    is_proration: bool = False,
) -> Object:
    """One line, before discounts."""
    details = {
        "invoice_item": None,
        "proration": is_proration,
        "proration_details": None,
        "subscription": subscription,
        "subscription_item": item,
    }
    return {
        "id": store.new_id("il"),
        "object": "line_item",
        "amount": amount,
        "currency": price["currency"],
        "description": description,
        "discount_amounts": [],
        "discountable": not is_proration,
        "discounts": [],
        "invoice": None,
        "livemode": False,
        "metadata": {},
        "parent": {
            "invoice_item_details": None,
            "subscription_item_details": details,
            "type": "subscription_item_details",
        },
        "period": {"start": period[0], "end": period[1]},
        "pretax_credit_amounts": [],
        "pricing": {
            "price_details": {"price": price["id"], "product": price["product"]},
            "type": "price_details",
            "unit_amount_decimal": price["unit_amount_decimal"],
        },
        "quantity": quantity,
        "subtotal": amount,
        "taxes": [],
    }


def discount_of(store: Store, subscription: Object | None) -> tuple[str, float] | None:
    """The id and the percentage of the discount that holds now."""
    for discount_id in subscription["discounts"] if subscription else ():
        discount = store.get("discount", discount_id)
        if discount["end"] is None or discount["end"] > store.now():
            return discount_id, store.get("coupon", discount["source"]["coupon"])["percent_off"]
    return None


def compose(
    store: Store,
    customer_id: str,
    lines: list[Object],
    reason: str,
    period: tuple[int, int],
    subscription: Object | None,
) -> Object:
    """A draft that nobody keeps yet."""
    invoice_id, now = store.new_id("in"), store.now()
    customer = store.get("customer", customer_id)
    for line in lines:
        line.update(invoice=invoice_id, discounts=[], discount_amounts=[])
    discounts = _discount(store, lines, subscription)
    subtotal = sum(line["amount"] for line in lines)
    total = subtotal - sum(each["amount"] for each in discounts)
    due = total + customer["balance"]
    return {
        "id": invoice_id,
        "object": "invoice",
        "account_country": "US",
        "account_name": "Aisle (stand-in)",
        "amount_due": max(0, due),
        "amount_overpaid": 0,
        "amount_paid": 0,
        "amount_remaining": max(0, due),
        "amount_shipping": 0,
        "attempt_count": 0,
        "attempted": False,
        "auto_advance": True,
        "automatic_tax": _tax(subscription),
        "automatically_finalizes_at": None,
        "billing_reason": reason,
        "collection_method": "charge_automatically",
        "created": now,
        "currency": lines[0]["currency"] if lines else "usd",
        "customer": customer_id,
        "customer_address": customer["address"],
        "customer_email": customer["email"],
        "customer_name": customer["name"],
        "customer_tax_exempt": customer["tax_exempt"],
        "customer_tax_ids": [],
        "default_payment_method": None,
        "description": None,
        "discounts": [each["discount"] for each in discounts],
        "due_date": None,
        "effective_at": None,
        "ending_balance": None,
        "hosted_invoice_url": None,
        "invoice_pdf": None,
        "lines": whole_list(f"/v1/invoices/{invoice_id}/lines", lines),
        "livemode": False,
        "metadata": {},
        "next_payment_attempt": None,
        "number": None,
        "parent": _parent(subscription),
        "period_end": period[1],
        "period_start": period[0],
        "post_payment_credit_notes_amount": 0,
        "pre_payment_credit_notes_amount": 0,
        "starting_balance": customer["balance"],
        "status": "draft",
        "status_transitions": {
            "finalized_at": None,
            "marked_uncollectible_at": None,
            "paid_at": None,
            "voided_at": None,
        },
        "subtotal": subtotal,
        "subtotal_excluding_tax": subtotal,
        "total": total,
        "total_discount_amounts": discounts,
        "total_excluding_tax": total,
        "total_taxes": [],
        "webhooks_delivered_at": None,
    }


def _tax(subscription: Object | None) -> Object:
    enabled = bool(subscription and subscription["automatic_tax"]["enabled"])
    status, liability = ("complete", {"type": "self"}) if enabled else (None, None)
    return {"disabled_reason": None, "enabled": enabled, "liability": liability, "provider": None, "status": status}


def _parent(subscription: Object | None) -> Object | None:
    if subscription is None:
        return None
    told = {"metadata": dict(subscription["metadata"]), "subscription": subscription["id"]}
    return {"quote_details": None, "subscription_details": told, "type": "subscription_details"}


def _discount(store: Store, lines: list[Object], subscription: Object | None) -> list[Object]:
    found = discount_of(store, subscription)
    weights = [max(0, line["amount"]) if line["discountable"] else 0 for line in lines]
    if found is None or not sum(weights):
        return []
    discount_id, percent = found
    taken = money.percent_of(sum(weights), percent)
    for line, part in zip(lines, money.spread(taken, weights), strict=True):
        if part:
            line["discount_amounts"] = [{"amount": part, "discount": discount_id}]
            line["discounts"] = [discount_id]
    return [{"amount": taken, "discount": discount_id}]


def subscription_of(invoice: Object) -> str | None:
    """The id of the subscription an invoice is for."""
    parent = invoice["parent"]
    return parent["subscription_details"]["subscription"] if parent else None


def create_draft(store: Store, invoice: Object) -> Object:
    """Store a composed invoice as a draft, which becomes final by itself after `draft_for_s`."""
    store.add(invoice)
    invoice["automatically_finalizes_at"] = store.now() + store.behaviour.draft_for_s
    store.emit("invoice.created", invoice)
    return invoice


def finalize(store: Store, invoice: Object) -> None:
    """Numbers it and takes the customer's credit into account; nothing is charged yet."""
    if invoice["status"] != "draft":
        raise Fault("This invoice is already finalized.", code="invoice_not_editable")
    customer = store.get("customer", invoice["customer"])
    due = invoice["total"] + customer["balance"]
    invoice.update(
        number=f"{customer['invoice_prefix']}-{customer['next_invoice_sequence']:04d}",
        status="open",
        amount_due=max(0, due),
        amount_remaining=max(0, due),
        starting_balance=customer["balance"],
        ending_balance=min(0, due),
        effective_at=store.now(),
        automatically_finalizes_at=None,
        hosted_invoice_url=f"{store.url}/i/{invoice['id']}",
        invoice_pdf=f"{store.url}/i/{invoice['id']}/pdf",
    )
    invoice["status_transitions"]["finalized_at"] = store.now()
    customer["balance"], customer["currency"] = min(0, due), invoice["currency"]
    customer["next_invoice_sequence"] += 1
    _use_once_discounts(store, invoice)
    store.emit("invoice.finalized", invoice)


def _use_once_discounts(store: Store, invoice: Object) -> None:
    subscription = store.find(subscription_of(invoice))
    for taken in invoice["total_discount_amounts"] if subscription else ():
        discount = store.get("discount", taken["discount"])
        coupon = store.get("coupon", discount["source"]["coupon"])
        match coupon["duration"]:
            case "once":
                discount["end"] = store.now()
            case "repeating" if discount["end"] is None:
                discount["end"] = money.plus_months(store.now(), coupon["duration_in_months"])
        if subscription and discount["end"] is not None and discount["end"] <= store.now():
            subscription["discounts"] = []


def mark_paid(store: Store, invoice: Object) -> None:
    """Nothing is owed any more."""
    invoice.update(status="paid", amount_paid=invoice["amount_due"], amount_remaining=0, next_payment_attempt=None)
    invoice["attempted"] = True
    invoice["status_transitions"]["paid_at"] = store.now()
    store.emit("invoice.paid", invoice)
    store.emit("invoice.payment_succeeded", invoice)


def get_invoice(store: Store, params: Object, invoice_id: str) -> Object:
    return store.get("invoice", invoice_id)


def list_invoices(store: Store, params: Object) -> Object:
    rows: Any = store.where("invoice", **{name: params[name] for name in ("customer", "status") if name in params})
    if "subscription" in params:
        rows = (each for each in rows if subscription_of(each) == params["subscription"])
    return listed("/v1/invoices", (each for each in rows if within(each["created"], params.get("created"))), params)


def list_lines(store: Store, params: Object, invoice_id: str) -> Object:
    return listed(f"/v1/invoices/{invoice_id}/lines", store.get("invoice", invoice_id)["lines"]["data"], params)


def void_invoice(store: Store, params: Object, invoice_id: str) -> Object:
    return _close(store, invoice_id, "void", "voided_at", "invoice.voided")


def mark_uncollectible(store: Store, params: Object, invoice_id: str) -> Object:
    return _close(store, invoice_id, "uncollectible", "marked_uncollectible_at", "invoice.marked_uncollectible")


def _close(store: Store, invoice_id: str, status: str, moment: str, event: str) -> Object:
    invoice = store.get("invoice", invoice_id)
    if invoice["status"] != "open":
        raise Fault("Only open invoices can be closed so.", code="invoice_not_editable")
    invoice.update(status=status, next_payment_attempt=None)
    invoice["status_transitions"][moment] = store.now()
    store.emit(event, invoice)
    return invoice
