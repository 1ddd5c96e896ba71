"""Taking money for invoices, giving it back, and having it disputed."""

from server.embedded.standins.stripe import invoices
from server.embedded.standins.stripe.customers import card_error, decline_of, payer_of
from server.embedded.standins.stripe.faults import Fault
from server.embedded.standins.stripe.listing import listed, within
from server.embedded.standins.stripe.store import DAY, Object, Store


def collect(store: Store, invoice: Object, method: str | None = None) -> str | None:
    """Tries once to charge an open invoice; returns why it failed, or None when it is paid."""
    if not invoice["amount_due"]:
        invoices.mark_paid(store, invoice)
        return None
    subscription = store.find(invoices.subscription_of(invoice))
    payer = method or payer_of(store, invoice["customer"], subscription)
    decline = decline_of(store, payer)
    invoice["attempt_count"] += 1
    invoice["attempted"] = True
    payment = _payment_of(store, invoice)
    intent = store.get("payment_intent", payment["payment"]["payment_intent"])
    charge = _charge(store, invoice, intent, payer, decline)
    intent.update(latest_charge=charge["id"], payment_method=payer)
    if decline:
        _fail(store, invoice, intent, charge, decline)
        return decline
    intent.update(status="succeeded", amount_received=charge["amount"], last_payment_error=None)
    payment.update(status="paid", amount_paid=charge["amount"])
    payment["status_transitions"]["paid_at"] = store.now()
    store.get("customer", invoice["customer"])["delinquent"] = False
    store.emit("charge.succeeded", charge)
    store.emit("payment_intent.succeeded", intent)
    invoices.mark_paid(store, invoice)
    return None


def _fail(store: Store, invoice: Object, intent: Object, charge: Object, decline: str) -> None:
    intent.update(status="requires_payment_method", last_payment_error=card_error(decline, charge["id"]).body["error"])
    store.get("customer", invoice["customer"])["delinquent"] = True
    store.emit("charge.failed", charge)
    store.emit("payment_intent.payment_failed", intent)


def _payment_of(store: Store, invoice: Object) -> Object:
    """The invoice's payment, made with its intent at the first attempt."""
    found = next(store.where("invoice_payment", invoice=invoice["id"]), None)
    if found:
        return found
    intent = {
        "id": store.new_id("pi"),
        "object": "payment_intent",
        "amount": invoice["amount_due"],
        "amount_received": 0,
        "created": store.now(),
        "currency": invoice["currency"],
        "customer": invoice["customer"],
        "description": None,
        "last_payment_error": None,
        "latest_charge": None,
        "livemode": False,
        "metadata": {},
        "payment_method": None,
        "payment_method_types": ["card"],
        "status": "requires_payment_method",
    }
    payment = {
        "id": store.new_id("inpay"),
        "object": "invoice_payment",
        "amount_paid": None,
        "amount_requested": invoice["amount_due"],
        "created": store.now(),
        "currency": invoice["currency"],
        "invoice": invoice["id"],
        "is_default": True,
        "livemode": False,
        "payment": {"payment_intent": intent["id"], "type": "payment_intent"},
        "status": "open",
        "status_transitions": {"canceled_at": None, "paid_at": None},
    }
    store.add(intent)
    return store.add(payment)


def _charge(store: Store, invoice: Object, intent: Object, payer: str | None, decline: str | None) -> Object:
    return store.add(
        {
            "id": store.new_id("ch"),
            "object": "charge",
            "amount": invoice["amount_due"],
            "amount_captured": 0 if decline else invoice["amount_due"],
            "amount_refunded": 0,
            "captured": not decline,
            "created": store.now(),
            "currency": invoice["currency"],
            "customer": invoice["customer"],
            "description": "Subscription update",
            "disputed": False,
            "failure_code": "card_declined" if decline else None,
            "failure_message": card_error(decline).body["error"]["message"] if decline else None,
            "livemode": False,
            "metadata": {},
            "paid": not decline,
            "payment_intent": intent["id"],
            "payment_method": payer,
            "receipt_url": None,
            "refunded": False,
            "status": "failed" if decline else "succeeded",
        }
    )


def get_charge(store: Store, params: Object, charge_id: str) -> Object:
    return store.get("charge", charge_id)


def list_charges(store: Store, params: Object) -> Object:
    rows = store.where("charge", **{name: params[name] for name in ("customer", "payment_intent") if name in params})
    return listed("/v1/charges", (each for each in rows if within(each["created"], params.get("created"))), params)


def list_invoice_payments(store: Store, params: Object) -> Object:
    wanted = {name: params[name] for name in ("invoice", "status") if name in params}
    return listed("/v1/invoice_payments", store.where("invoice_payment", **wanted), params)


def create_refund(store: Store, params: Object) -> Object:
    """Changes the charge; the invoice stays paid, as at Stripe, where only a credit note would change it."""
    charge = store.get("charge", _charge_meant(store, params), "charge")
    left = charge["amount_captured"] - charge["amount_refunded"]
    amount = params.get("amount", left)
    if not left:
        raise Fault(f"Charge {charge['id']} has already been refunded.", code="charge_already_refunded")
    if not 0 < amount <= left:
        raise Fault(f"Refund amount (${amount / 100:.2f}) is greater than unrefunded amount on charge", param="amount")
    refund = {
        "id": store.new_id("re"),
        "object": "refund",
        "amount": amount,
        "balance_transaction": None,
        "charge": charge["id"],
        "created": store.now(),
        "currency": charge["currency"],
        "metadata": params.get("metadata", {}),
        "payment_intent": charge["payment_intent"],
        "reason": params.get("reason"),
        "status": "succeeded",
    }
    store.add(refund)
    before = {name: charge[name] for name in ("amount_refunded", "refunded")}
    charge["amount_refunded"] += amount
    charge["refunded"] = charge["amount_refunded"] == charge["amount_captured"]
    store.emit("refund.created", refund)
    store.emit("charge.refunded", charge, {name: old for name, old in before.items() if charge[name] != old})
    return refund


def _charge_meant(store: Store, params: Object) -> str:
    if "charge" in params:
        return str(params["charge"])
    if "payment_intent" not in params:
        raise Fault(
            "One of the following params should be provided: payment_intent or charge.", code="parameter_missing"
        )
    return str(store.get("payment_intent", params["payment_intent"], "payment_intent")["latest_charge"])


def list_refunds(store: Store, params: Object) -> Object:
    wanted = {name: params[name] for name in ("charge", "payment_intent") if name in params}
    return listed("/v1/refunds", store.where("refund", **wanted), params)


def open_dispute(store: Store, charge: Object, reason: str = "fraudulent") -> Object:
    """The shopper's bank takes the money back until somebody decides."""
    dispute = {
        "id": store.new_id("dp"),
        "object": "dispute",
        "amount": charge["amount"],
        "balance_transactions": [],
        "charge": charge["id"],
        "created": store.now(),
        "currency": charge["currency"],
        "evidence_details": {
            "due_by": store.now() + 9 * DAY,
            "has_evidence": False,
            "past_due": False,
            "submission_count": 0,
        },
        "is_charge_refundable": False,
        "livemode": False,
        "metadata": {},
        "payment_intent": charge["payment_intent"],
        "reason": reason,
        "status": "needs_response",
    }
    store.add(dispute)
    charge["disputed"] = True
    store.emit("charge.dispute.created", dispute)
    store.emit("charge.dispute.funds_withdrawn", dispute)
    return dispute


def close_dispute(store: Store, dispute_id: str, status: str) -> Object:
    """`status` is won or lost; the charge stays marked as disputed, as at Stripe."""
    dispute = store.get("dispute", dispute_id)
    before = {"status": dispute["status"]}
    dispute["status"] = status
    if status == "won":
        store.emit("charge.dispute.funds_reinstated", dispute)
    store.emit("charge.dispute.closed", dispute, before)
    return dispute


def get_dispute(store: Store, params: Object, dispute_id: str) -> Object:
    return store.get("dispute", dispute_id)


def list_disputes(store: Store, params: Object) -> Object:
    wanted = {name: params[name] for name in ("charge", "payment_intent") if name in params}
    return listed("/v1/disputes", store.where("dispute", **wanted), params)
