"""Stripe's objects, as plain dicts, parsed into ours. API version 2026-10-28.endive.

Unknown values of an enum are passed through."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from billing.gateway import Event, Invoice, InvoiceLine, PaymentMethod, Price, SubscriptionState

Json = Mapping[str, Any]
LookupKeys = Mapping[str, str | None]  # of prices, by price id


def read_time(seconds: int) -> datetime:
    """Unix seconds as an aware time."""
    return datetime.fromtimestamp(seconds, UTC)


def _time(seconds: int | None) -> datetime | None:
    return None if seconds is None else read_time(seconds)


def id_of(reference: Any) -> str | None:
    """The id of a referenced object, whether Stripe sent its id or the expanded object."""
    found: str | None = reference["id"] if isinstance(reference, Mapping) else reference
    return found


def read_payment_method(method: Json) -> PaymentMethod:
    """Parse a payment method. Its number and expiry are in the field named after its kind."""
    kind = method["type"]
    details = method.get(kind) or {}
    return PaymentMethod(
        kind, details.get("brand"), details.get("last4"), details.get("exp_month"), details.get("exp_year")
    )


def is_metered(price: Json) -> bool:
    """Whether a price is billed by usage."""
    return (price.get("recurring") or {}).get("usage_type") == "metered"


def read_price(price: Json) -> Price:
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


def read_subscription(found: Json, lookup_keys: LookupKeys) -> SubscriptionState:
    """Parse a subscription whose `schedule` is expanded; `lookup_keys` has those of `scheduled_prices`."""
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
        period_start=read_time(timed["current_period_start"]),
        period_end=read_time(timed["current_period_end"]),
        trial_end=_time(found.get("trial_end")),
        cancel_at=_time(found.get("cancel_at")),
        cancel_at_period_end=found.get("cancel_at_period_end", False),
        ended_at=_time(found.get("ended_at")),
        latest_invoice_id=id_of(found.get("latest_invoice")),
        schedule_id=id_of(found.get("schedule")),
        scheduled_lookup_key=next((lookup_keys.get(price) for price in scheduled), None),
        created=read_time(found["created"]),
        metadata=dict(found.get("metadata") or {}),
    )


def scheduled_prices(subscription: Json) -> list[str]:
    """The ids of the prices of the schedule's next phase, plan first; empty without one."""
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


def read_lines(lines: Json, lookup_keys: LookupKeys) -> tuple[InvoiceLine, ...]:
    """Parse an invoice's list of lines."""
    return tuple(_read_line(line, lookup_keys) for line in lines["data"])


def _read_line(line: Json, lookup_keys: LookupKeys) -> InvoiceLine:
    price = _price_of(line)
    parent = line.get("parent") or {}
    details = parent.get("subscription_item_details") or parent.get("invoice_item_details") or {}
    included = sum(tax["amount"] for tax in line.get("taxes") or () if tax.get("tax_behavior") == "inclusive")
    off = sum(each["amount"] for each in line.get("discount_amounts") or ())
    return InvoiceLine(
        description=line.get("description") or "",
        amount_minor=line["amount"] - off - included,
        quantity=line.get("quantity"),
        lookup_key=lookup_keys.get(price) if price else None,
        price_id=price,
        is_proration=bool(details.get("proration")),
        period_start=read_time(line["period"]["start"]),
        period_end=read_time(line["period"]["end"]),
    )


def payment_intents_of(invoice: Json) -> set[str]:
    """The ids of the payments of an invoice whose `payments` are expanded."""
    payments = (invoice.get("payments") or {}).get("data") or ()
    return {intent for each in payments if (intent := id_of((each.get("payment") or {}).get("payment_intent")))}


def read_invoice(invoice: Json, charges: list[dict[str, Any]], lookup_keys: LookupKeys) -> Invoice:
    """Parse an invoice with expanded `payments`; `charges` are the customer's since it was made."""
    intents = payment_intents_of(invoice)
    own = [charge for charge in charges if id_of(charge.get("payment_intent")) in intents]
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
        amount_refunded_minor=sum(charge["amount_refunded"] for charge in own),
        created=read_time(invoice["created"]),
        period_start=read_time(invoice["period_start"]),
        period_end=read_time(invoice["period_end"]),
        next_attempt=_time(invoice.get("next_payment_attempt")),
        hosted_url=invoice.get("hosted_invoice_url"),
        pdf_url=invoice.get("invoice_pdf"),
        subscription_id=id_of(subscription),
        lines=read_lines(invoice["lines"], lookup_keys),
        disputed=any(charge["disputed"] for charge in own),
    )


def read_event(event: Json) -> Event:
    """Parse an event. Raises KeyError, TypeError or ValueError for anything else."""
    subject = event["data"]["object"]
    kind = str(subject["object"])
    customer = subject.get("id") if kind == "customer" else id_of(subject.get("customer"))
    charge = subject.get("id") if kind == "charge" else id_of(subject.get("charge"))
    return Event(
        id=str(event["id"]),
        type=str(event["type"]),
        created=read_time(event["created"]),
        object_id=str(subject.get("id", "")),
        object_kind=kind,
        customer_id=customer,
        charge_id=charge,
    )
