"""The stand-in's own page: its clock to move, who subscribes, and what happened last."""

import html
from datetime import UTC, datetime

from server.embedded.standins.stripe import lifecycle, portal
from server.embedded.standins.stripe.pages import frame
from server.embedded.standins.stripe.store import DAY, Store

_EVENTS = 15
_STEPS = {"day": DAY, "week": 7 * DAY, "month": 31 * DAY}


def act(store: Store, action: str) -> None:
    """Moves the clock by a step, or to what happens next."""
    moment = lifecycle.next_moment(store) if action == "next" else store.now() + _STEPS.get(action, 0)
    if moment is not None:
        lifecycle.advance_to(store, moment)


def page(store: Store) -> str:
    """Everything at a glance."""
    upcoming = lifecycle.next_moment(store)
    told = f"Next by itself: {_time(upcoming)}." if upcoming else "Nothing happens by itself."
    names = (("next", "To what happens next"), ("day", "A day on"), ("week", "A week on"), ("month", "A month on"))
    buttons = "".join(f'<button class="plain" name="action" value="{key}">{text}</button>' for key, text in names)
    who = "".join(_customer(store, each["id"]) for each in store.all("customer")) or "<p>Nobody yet.</p>"
    events = "".join(
        f'<div class="row"><span>{html.escape(each["type"])}</span><span>{_time(each["created"])}</span></div>'
        for each in store.all("event")[:_EVENTS]
    )
    clock = f'<h1>{_time(store.now())}</h1><p class="soft">{told}</p><form method="post">{buttons}</form>'
    sections = (clock, f"<h2>Customers</h2>{who}", f"<h2>Latest events</h2>{events or '<p>None yet.</p>'}")
    return frame("Stripe stand-in", "".join(f"<section>{each}</section>" for each in sections), wide=True)


def _customer(store: Store, customer_id: str) -> str:
    customer, subscription = store.get("customer", customer_id), portal.current(store, customer_id)
    name = html.escape(customer["name"] or customer["email"] or customer_id)
    return (
        f'<div class="row"><span>{name}</span><span>{subscription["status"] if subscription else "none"}</span></div>'
    )


def _time(at: int) -> str:
    return f"{datetime.fromtimestamp(at, UTC):%-d %B %Y, %H:%M} UTC"
