"""What a paid or failed invoice means for its subscription, and when the next attempt is."""

from server.embedded.standins.stripe import invoices, payments
from server.embedded.standins.stripe.customers import card_error
from server.embedded.standins.stripe.faults import Fault
from server.embedded.standins.stripe.store import Object, Store


def attempt(store: Store, invoice: Object, method: str | None = None) -> str | None:
    """Charges once, then moves the subscription; returns why the charge failed, or None."""
    decline = payments.collect(store, invoice, method)
    subscription = store.find(invoices.subscription_of(invoice))
    if decline is None:
        if subscription:
            _recover(store, subscription)
        return None
    _plan_next(store, invoice, subscription)
    store.emit("invoice.payment_failed", invoice)
    if subscription:
        _fall_behind(store, invoice, subscription)
    return decline


def _recover(store: Store, subscription: Object) -> None:
    """Only the latest invoice decides, as at Stripe."""
    before = dict(subscription)
    latest = store.find(subscription["latest_invoice"])
    if subscription["status"] in ("past_due", "unpaid", "incomplete") and latest and latest["status"] == "paid":
        subscription["status"] = "active"
        store.emit_change("customer.subscription.updated", subscription, before)


def _plan_next(store: Store, invoice: Object, subscription: Object | None) -> None:
    gaps, done = store.behaviour.retry_after_s, invoice["attempt_count"] - 1
    first_payment = subscription is not None and subscription["status"] == "incomplete"
    again = done < len(gaps) and not first_payment and (subscription is None or subscription["ended_at"] is None)
    invoice["next_payment_attempt"] = store.now() + gaps[done] if again else None


def _fall_behind(store: Store, invoice: Object, subscription: Object) -> None:
    if subscription["status"] in ("incomplete", "canceled", "unpaid"):
        return
    before = dict(subscription)
    subscription["status"] = "past_due"
    if invoice["next_payment_attempt"] is None:
        match store.behaviour.after_last_retry:
            case "cancel":
                _give_up(store, subscription)
                return
            case "unpaid":
                subscription["status"] = "unpaid"
    store.emit_change("customer.subscription.updated", subscription, before)


def _give_up(store: Store, subscription: Object) -> None:
    now = store.now()
    subscription.update(status="canceled", ended_at=now, canceled_at=now)
    subscription["cancellation_details"]["reason"] = "payment_failed"
    if schedule := store.find(subscription["schedule"]):
        schedule.update(status="canceled", canceled_at=now, current_phase=None)
    store.emit("customer.subscription.deleted", subscription)


def pay(store: Store, params: Object, invoice_id: str) -> Object:
    """POST /v1/invoices/{id}/pay: 402 when the card fails."""
    invoice = store.get("invoice", invoice_id)
    if invoice["status"] == "draft":
        invoices.finalize(store, invoice)
    if invoice["status"] != "open":
        raise Fault("Invoice is already paid", code="invoice_not_editable")
    if decline := attempt(store, invoice, params.get("payment_method")):
        raise card_error(decline)
    return invoice
