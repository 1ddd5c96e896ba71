"""The pages a person clicks through: Checkout, the portal, an invoice. Plain forms, no script."""

import html
from datetime import UTC, datetime

from server.embedded.standins.stripe import checkout, portal
from server.embedded.standins.stripe.customers import FAILS_ON_CHARGE, GOOD_CARD, payer_of
from server.embedded.standins.stripe.faults import Fault
from server.embedded.standins.stripe.store import Object, Store
from server.embedded.standins.stripe.subscriptions import is_metered, name_of, period_of

_CARDS = (
    (GOOD_CARD, "4242 4242 4242 4242 (works)"),
    ("5555555555554444", "5555 5555 5555 4444 (works)"),
    (FAILS_ON_CHARGE, "4000 0000 0000 0341 (saved, fails when charged)"),
    ("4000000000000002", "4000 0000 0000 0002 (declined)"),
    ("4000000000009995", "4000 0000 0000 9995 (insufficient funds)"),
    ("4000002760003184", "4000 0027 6000 3184 (its bank asks, when charged)"),
)

_STYLE = """
:root { color-scheme: light; --ink: #1a1f36; --soft: #697386; --line: #e3e8ee; --accent: #4f46e5; }
* { box-sizing: border-box; }
body { margin: 0; background: #f6f8fa; color: var(--ink); font: 16px/1.5 system-ui, sans-serif; }
.banner { background: #fff4d6; color: #5c4400; padding: .5rem 1rem; text-align: center; font-size: .9rem; }
main { max-width: 30rem; margin: 1.5rem auto; padding: 0 1rem 3rem; }
main.wide { max-width: 44rem; }
section { background: #fff; border: 1px solid var(--line); border-radius: 12px; padding: 1.25rem; margin-bottom: 1rem; }
h1 { font-size: 1.35rem; margin: 0 0 1rem; } h2 { font-size: 1.05rem; margin: 0 0 .75rem; }
.row { display: flex; justify-content: space-between; gap: 1rem; padding: .35rem 0; }
.total { border-top: 1px solid var(--line); margin-top: .5rem; padding-top: .75rem; font-weight: 600; }
.soft { color: var(--soft); font-size: .9rem; margin: 0; }
.error { color: #a1122f; background: #fdecef; border-radius: 8px; padding: .6rem .9rem; }
.notice { color: #0b5a34; background: #e7f7ee; border-radius: 8px; padding: .6rem .9rem; }
label { display: block; font-size: .9rem; font-weight: 600; margin: .75rem 0 .25rem; }
input, select { width: 100%; padding: .65rem .75rem; border: 1px solid #c4cbd6; border-radius: 8px; font: inherit; }
input, select { background: #fff; }
button { width: 100%; padding: .75rem 1rem; margin-top: 1rem; border: 0; border-radius: 8px; font: inherit; }
button { font-weight: 600; background: var(--accent); color: #fff; cursor: pointer; }
button.plain { background: #fff; color: var(--ink); border: 1px solid #c4cbd6; }
a { color: var(--accent); } form { margin: 0; }
:focus-visible { outline: 3px solid #a5b4fc; outline-offset: 2px; }
"""


def frame(title: str, body: str, *, wide: bool = False) -> str:
    """A whole page, labelled for what it is."""
    shape = ' class="wide"' if wide else ""
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{html.escape(title)}</title><style>{_STYLE}</style></head><body>"
        '<div class="banner" role="note">Local stand-in for Stripe: no card is charged, no money moves.</div>'
        f"<main{shape}>{body}</main></body></html>"
    )


def money_text(minor: int, currency: str) -> str:
    """An amount as a person reads it; every currency here has two decimals."""
    sign, symbol = "-" if minor < 0 else "", {"usd": "$", "eur": "€", "gbp": "£"}.get(currency, f"{currency.upper()} ")
    return f"{sign}{symbol}{abs(minor) / 100:,.2f}"


def day_text(at: int) -> str:
    return f"{datetime.fromtimestamp(at, UTC):%-d %B %Y}"


def _row(left: str, right: str, kind: str = "row") -> str:
    return f'<div class="{kind}"><span>{html.escape(left)}</span><span>{html.escape(right)}</span></div>'


def _said(error: str, notice: str = "") -> str:
    told = f'<p class="error" role="alert">{html.escape(error)}</p>' if error else ""
    return told + (f'<p class="notice" role="status">{html.escape(notice)}</p>' if notice else "")


def _card_fields(chosen: str = GOOD_CARD) -> str:
    options = "".join(
        f'<option value="{number}"{" selected" if number == chosen else ""}>{html.escape(text)}</option>'
        for number, text in _CARDS
    )
    return f'<label for="number">Card</label><select id="number" name="number">{options}</select>'


def checkout_page(store: Store, session: Object, form: dict[str, str] | None = None, error: str = "") -> str:
    """What is bought, what is due today, a card, a promotion code, and the way back."""
    if session["status"] != "open":
        return frame("Checkout", f"<section><h1>This checkout is {html.escape(session['status'])}.</h1></section>")
    typed = form or {}
    currency, code = session["currency"], typed.get("code", "")
    lines = "".join(_bought(each) for each in checkout.lines_of(store, session["id"]))
    due = _due(store, session, code) if error else checkout.total_with(store, session, code)
    trial = store.note(session["id"])["data"].get("trial_period_days")
    free = f'<p class="soft">{trial} days free, then every month until you cancel.</p>' if trial else ""
    promotion = (
        '<label for="code">Promotion code</label>'
        f'<input id="code" name="code" value="{html.escape(code)}" autocomplete="off">'
        '<button class="plain" name="action" value="apply">Apply</button>'
        if session["allow_promotion_codes"]
        else ""
    )
    back = (
        f'<p><a href="{html.escape(session["cancel_url"])}">Back to the shop</a></p>' if session["cancel_url"] else ""
    )
    verb = "Start trial" if trial else "Subscribe"
    return frame(
        "Checkout",
        f"<section><h1>Subscribe</h1>{lines}{_row('Tax', money_text(0, currency))}"
        f"{_row('Due today', money_text(due, currency), 'row total')}{free}</section>"
        f'<section><form method="post">{_said(error)}{_card_fields(typed.get("number", GOOD_CARD))}{promotion}'
        f'<button name="action" value="pay">{verb}</button></form></section>{back}',
    )


def _due(store: Store, session: Object, code: str) -> int:
    try:
        return checkout.total_with(store, session, code)
    except Fault:
        return int(session["amount_subtotal"])


def _bought(line: Object) -> str:
    if line["quantity"] is None:
        unit = float(line["price"]["unit_amount_decimal"]) / 100
        return _row(line["description"], f"${unit:g} per unit used")
    return _row(line["description"], f"{money_text(line['amount_total'], line['currency'])} / month")


def portal_page(store: Store, session: Object, notice: str = "", error: str = "") -> str:
    """Plan, card, invoices, and the way back."""
    customer = store.get("customer", session["customer"])
    subscription = portal.current(store, customer["id"])
    plan = _plan(store, subscription) if subscription else "<p>No subscription.</p>"
    rows = [each for each in store.where("invoice", customer=customer["id"]) if each["status"] != "draft"]
    back = (
        f'<p><a href="{html.escape(session["return_url"])}">Return to the shop</a></p>' if session["return_url"] else ""
    )
    return frame(
        "Customer portal",
        f"<h1>{html.escape(customer['name'] or customer['email'] or 'Your account')}</h1>{_said(error, notice)}"
        f"<section><h2>Plan</h2>{plan}</section>"
        f"<section><h2>Payment method</h2>{_card(store, customer, subscription)}</section>"
        f"<section><h2>Invoices</h2>{''.join(map(_invoice_row, rows)) or '<p>None yet.</p>'}</section>{back}",
        wide=True,
    )


def _plan(store: Store, subscription: Object) -> str:
    item = next(each for each in subscription["items"]["data"] if not is_metered(each))
    price, (_, end) = item["price"], period_of(subscription)
    name = f"{name_of(store, price)} ({subscription['status'].replace('_', ' ')})"
    row = _row(name, f"{money_text(price['unit_amount'] * item['quantity'], price['currency'])} / month")
    if subscription["cancel_at"]:
        text, action, verb = f"Ends on {day_text(subscription['cancel_at'])}.", "resume", "Keep the subscription"
    else:
        text, action, verb = f"Renews on {day_text(end)}.", "cancel", "Cancel at the end of the period"
    return (
        f'{row}<p class="soft">{text}</p>{_plan_form(store, subscription, price["id"])}'
        f'<form method="post"><button class="plain" name="action" value="{action}">{verb}</button></form>'
    )


def _plan_form(store: Store, subscription: Object, chosen: str) -> str:
    if not portal.may_change_plan(subscription):
        return ""
    options = "".join(
        f'<option value="{each["id"]}"{" selected" if each["id"] == chosen else ""}>'
        f"{html.escape(name_of(store, each))} ({money_text(each['unit_amount'], each['currency'])} / month)</option>"
        for each in portal.offers(store)
    )
    return (
        f'<form method="post"><label for="price">Change plan</label><select id="price" name="price">{options}</select>'
        '<button class="plain" name="action" value="plan">Change plan</button></form>'
    )


def _card(store: Store, customer: Object, subscription: Object | None) -> str:
    method = store.find(payer_of(store, customer["id"], subscription))
    shown = f"{method['card']['brand'].title()} •••• {method['card']['last4']}" if method else "None"
    return (
        f'<p>{html.escape(shown)}</p><form method="post">{_card_fields()}'
        '<button class="plain" name="action" value="card">Save card</button></form>'
    )


def _invoice_row(invoice: Object) -> str:
    amount = money_text(invoice["amount_due"], invoice["currency"])
    pay = (
        f'<form method="post"><input type="hidden" name="invoice" value="{invoice["id"]}">'
        f'<button name="action" value="pay">Pay {amount}</button></form>'
        if invoice["status"] == "open"
        else ""
    )
    link = f'<a href="{invoice["hosted_invoice_url"]}">{invoice["number"]}</a>'
    when, state = day_text(invoice["created"]), f"{amount}, {invoice['status']}"
    return f'<div class="row"><span>{link}, {when}</span><span>{state}</span></div>{pay}'


def invoice_page(invoice: Object, error: str = "") -> str:
    """One invoice with its lines; an open one can be paid."""
    currency = invoice["currency"]
    lines = "".join(
        _row(each["description"], money_text(each["amount"], currency)) for each in invoice["lines"]["data"]
    )
    off = sum(each["amount"] for each in invoice["total_discount_amounts"])
    discount = _row("Discount", money_text(-off, currency)) if off else ""
    owed = invoice["status"] == "open"
    pay = '<form method="post"><button name="action" value="pay">Pay this invoice</button></form>' if owed else ""
    return frame(
        f"Invoice {invoice['number']}",
        f"<section><h1>Invoice {invoice['number']}</h1>{_said(error)}{lines}{discount}"
        f"{_row('Total', money_text(invoice['total'], currency), 'row total')}"
        f'{_row("Status", invoice["status"])}<p><a href="{invoice["invoice_pdf"]}">Download PDF</a></p>{pay}</section>',
        wide=True,
    )
