"""Requests of a browser: which page, which button."""

from urllib.parse import parse_qsl

import msgspec

from server.embedded.standins.stripe import checkout, dunning, home, pages, pdf, portal
from server.embedded.standins.stripe.faults import Fault
from server.embedded.standins.stripe.store import Store


class Page(msgspec.Struct, frozen=True):
    body: bytes = b""
    status: int = 200
    content_type: str = "text/html; charset=utf-8"
    location: str | None = None


def is_page(path: str) -> bool:
    return path == "/" or path.startswith(("/c/pay/", "/p/session/", "/i/"))


def respond(store: Store, method: str, path: str, body: bytes) -> Page:
    """A page, a PDF, or a redirect after a button."""
    form = dict(parse_qsl(body.decode())) if method == "POST" else {}
    try:
        match path.strip("/").split("/"):
            case [""]:
                home.act(store, form.get("action", ""))
                return _html(home.page(store))
            case ["c", "pay", session_id]:
                return _checkout(store, session_id, form)
            case ["p", "session", session_id]:
                return _portal(store, session_id, form)
            case ["i", invoice_id, *rest]:
                return _invoice(store, invoice_id, form, wants_pdf=rest == ["pdf"])
    except Fault as fault:
        return _html(f"<!doctype html><title>Stand-in</title><p>{fault}</p>", fault.status)
    return _html("<!doctype html><title>Not found</title>", 404)


def _html(text: str, status: int = 200) -> Page:
    return Page(text.encode(), status)


def _checkout(store: Store, session_id: str, form: dict[str, str]) -> Page:
    session = store.get("checkout.session", session_id)
    try:
        if form.get("action") == "pay":
            done = checkout.submit(store, session_id, form.get("number", ""), form.get("code", ""))
            return Page(status=303, location=checkout.back_to_shop(done))
        return _html(pages.checkout_page(store, session, form))
    except Fault as fault:
        said = "This code is invalid." if "promotion" in str(fault) else str(fault)
        return _html(pages.checkout_page(store, session, form, said), fault.status)


def _portal(store: Store, session_id: str, form: dict[str, str]) -> Page:
    session = store.get("billing_portal.session", session_id)
    if not form:
        return _html(pages.portal_page(store, session))
    try:
        return _html(pages.portal_page(store, session, notice=portal.act(store, session_id, form)))
    except Fault as fault:
        return _html(pages.portal_page(store, session, error=str(fault)), fault.status)


def _invoice(store: Store, invoice_id: str, form: dict[str, str], *, wants_pdf: bool) -> Page:
    invoice = store.get("invoice", invoice_id)
    if wants_pdf:
        return Page(pdf.invoice_pdf(invoice), content_type="application/pdf")
    try:
        if form.get("action") == "pay":
            dunning.pay(store, {}, invoice_id)
        return _html(pages.invoice_page(invoice))
    except Fault as fault:
        return _html(pages.invoice_page(invoice, str(fault)), fault.status)
