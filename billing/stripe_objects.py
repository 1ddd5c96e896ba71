"""Parses Stripe's objects, given as plain dicts, into those of `billing.gateway`. API version 2026-10-28.endive.

Enum values that this version does not have are passed on as they are.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from billing.gateway import Event, Invoice, InvoiceLine, PaymentMethod, Price, SubscriptionState

Json = Mapping[str, Any]
LookupKeys = Mapping[str, str | None]
"""The lookup key of each price, by price id."""


def parse_time(seconds: int) -> datetime:
    """Parse Unix seconds into an aware time."""
    return datetime.fromtimestamp(seconds, UTC)


def _parse_optional_time(seconds: int | None) -> datetime | None:
    return None if seconds is None else parse_time(seconds)


def id_of(reference: Any) -> str | None:
    """The id of a referenced object, whether Stripe sent its id or the expanded object."""
    found: str | None = reference["id"] if isinstance(reference, Mapping) else reference
    return found


def parse_payment_method(method: Json) -> PaymentMethod:
    """Parse a payment method. Its last digits and expiry are in the field that is named after its type."""
    kind = method["type"]
    details = method.get(kind) or {}
    return PaymentMethod(
        kind, details.get("brand"), details.get("last4"), details.get("exp_month"), details.get("exp_year")
    )


def is_metered(price: Json) -> bool:
    """Whether a price is billed by usage."""
    return (price.get("recurring") or {}).get("usage_type") == "metered"


def parse_price(price: Json) -> Price:
    """Parse a price."""
    recurring = price.get("recurring") or {}
    return Price(
        id=price["id"],
        lookup_key=price.get("lookup_key"),
        amount_minor=price.get("unit_amount"),
        currency=price["currency"],
        interval=recurring.get("interval", ""),
        is_metered=is_metered(price),
    )


def parse_subscription(found: Json, lookup_keys: LookupKeys) -> SubscriptionState:
    """Parse a subscription whose `schedule` is expanded; `lookup_keys` has the keys of its `scheduled_prices`."""
    items = found["items"]["data"]
    plan = next((item for item in items if not is_metered(item["price"])), None)
    overage = next((item for item in items if is_metered(item["price"])), None)
    timed = plan or overage or {"current_period_start": found["created"], "current_period_end": found["created"]}
    scheduled = scheduled_prices(found)
    return SubscriptionState(
        id=found["id"],
        customer_id=id_of(found["customer"]) or "",
        status=found["status"],
        plan_lookup_key=plan["price"].get("lookup_key") if plan else None,
        price_id=plan["price"]["id"] if plan else None,
        item_id=plan["id"] if plan else None,
        overage_item_id=overage["id"] if overage else None,
        overage_price_id=overage["price"]["id"] if overage else None,
        quantity=plan.get("quantity", 1) if plan else 0,
        currency=found["currency"],
        period_start=parse_time(timed["current_period_start"]),
        period_end=parse_time(timed["current_period_end"]),
        trial_end=_parse_optional_time(found.get("trial_end")),
        cancel_at=_parse_optional_time(found.get("cancel_at")),
        cancel_at_period_end=found.get("cancel_at_period_end", False),
        ended_at=_parse_optional_time(found.get("ended_at")),
        latest_invoice_id=id_of(found.get("latest_invoice")),
        schedule_id=id_of(found.get("schedule")),
        scheduled_lookup_key=next((lookup_keys.get(price) for price in scheduled), None),
        created=parse_time(found["created"]),
        metadata=dict(found.get("metadata") or {}),
    )


def scheduled_prices(subscription: Json) -> list[str]:
    """The ids of the prices that the schedule's next phase adds, plan first; empty without a schedule or phase."""
    schedule = subscription.get("schedule")
    current = schedule.get("current_phase") if isinstance(schedule, Mapping) else None
    if not isinstance(schedule, Mapping) or not current:
        return []
    later = (phase for phase in schedule["phases"] if phase["start_date"] >= current["end_date"])
    phase: Json = next(later, {"items": []})
    current_prices = {item["price"]["id"] for item in subscription["items"]["data"]}
    return [price for item in phase["items"] if (price := id_of(item["price"])) and price not in current_prices]


def price_ids(lines: Json) -> set[str]:
    """The ids of the prices in an invoice's lines."""
    return {price for line in lines["data"] if (price := _price_of(line))}


def _price_of(line: Json) -> str | None:
    details = (line.get("pricing") or {}).get("price_details") or {}
    return id_of(details.get("price"))


def parse_lines(lines: Json, lookup_keys: LookupKeys) -> tuple[InvoiceLine, ...]:
    """Parse an invoice's list of lines."""
    return tuple(_parse_line(line, lookup_keys) for line in lines["data"])


def _parse_line(line: Json, lookup_keys: LookupKeys) -> InvoiceLine:
    price = _price_of(line)
    parent = line.get("parent") or {}
    details = parent.get("subscription_item_details") or parent.get("invoice_item_details") or {}
    included_tax_minor = sum(tax["amount"] for tax in line.get("taxes") or () if tax.get("tax_behavior") == "inclusive")
    discount_minor = sum(each["amount"] for each in line.get("discount_amounts") or ())
    return InvoiceLine(
        description=line.get("description") or "",
        amount_minor=line["amount"] - discount_minor - included_tax_minor,
        quantity=line.get("quantity"),
        lookup_key=lookup_keys.get(price) if price else None,
        price_id=price,
        is_proration=bool(details.get("proration")),
        period_start=parse_time(line["period"]["start"]),
        period_end=parse_time(line["period"]["end"]),
    )


def payment_intents_of(invoice: Json) -> set[str]:
    """The ids of the payment intents of an invoice whose `payments` are expanded."""
    payments = (invoice.get("payments") or {}).get("data") or ()
    return {intent for each in payments if (intent := id_of((each.get("payment") or {}).get("payment_intent")))}


def parse_invoice(invoice: Json, charges: list[dict[str, Any]], lookup_keys: LookupKeys) -> Invoice:
    """Parse an invoice with expanded `payments`; `charges` are all the customer's charges since it was created."""
    intents = payment_intents_of(invoice)
    own_charges = [charge for charge in charges if id_of(charge.get("payment_intent")) in intents]
    subscription = ((invoice.get("parent") or {}).get("subscription_details") or {}).get("subscription")
    return Invoice(
        id=invoice["id"],
        number=invoice.get("number"),
        status=invoice.get("status") or "",
        currency=invoice["currency"],
        total_minor=invoice["total"],
        tax_minor=sum(tax["amount"] for tax in invoice.get("total_taxes") or ()),
        amount_due_minor=invoice["amount_due"],
        amount_paid_minor=invoice["amount_paid"],
        amount_refunded_minor=sum(charge["amount_refunded"] for charge in own_charges),
        created=parse_time(invoice["created"]),
        period_start=parse_time(invoice["period_start"]),
        period_end=parse_time(invoice["period_end"]),
        next_attempt=_parse_optional_time(invoice.get("next_payment_attempt")),
        hosted_url=invoice.get("hosted_invoice_url"),
        pdf_url=invoice.get("invoice_pdf"),
        subscription_id=id_of(subscription),
        lines=parse_lines(invoice["lines"], lookup_keys),
        disputed=any(charge["disputed"] for charge in own_charges),
    )


def parse_event(event: Json) -> Event:
    """Parse an event. Raises KeyError, TypeError or ValueError for what is not one."""
    subject = event["data"]["object"]
    kind = str(subject["object"])
    customer = subject.get("id") if kind == "customer" else id_of(subject.get("customer"))
    charge = subject.get("id") if kind == "charge" else id_of(subject.get("charge"))
    return Event(
        id=str(event["id"]),
        type=str(event["type"]),
        created=parse_time(event["created"]),
        object_id=str(subject.get("id", "")),
        object_kind=kind,
        customer_id=customer,
        charge_id=charge,
    )
