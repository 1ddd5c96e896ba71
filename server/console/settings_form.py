"""The settings page's form: from the shop to fields, and back. A field is named as the API names its error, such as
`handoff.hours.days.mon`, so an error finds its field by itself."""

from collections.abc import Iterator, Mapping
from typing import Any

from server.shops.hours import DAYS
from server.shops.models import ShopChanges, ShopView
from server.shops.settings import CONTACTS

TEXTS = ("name", "locale", "currency", "storefront_url", "tone", "order_access")


def fields_of(shop: ShopView) -> dict[str, str]:
    """What the form shows of a shop. A field without a value is not there."""
    fields = {name: value for name in TEXTS if (value := getattr(shop, name))}
    fields |= {f"contact.{name}": value for name, value in shop.contact.items()}
    return fields | dict(_handoff_fields(shop.handoff))


def changes_of(form: Mapping[str, str]) -> ShopChanges:
    """What the form asks for. What cannot be read stays as it was typed, for the settings' own checks to name."""
    given = {name: value.replace("\r\n", "\n").strip() for name, value in form.items()}
    return ShopChanges(
        name=given.get("name", ""),
        locale=given.get("locale", ""),
        currency=given.get("currency", "").upper(),
        storefront_url=given.get("storefront_url") or None,
        tone=given.get("tone") or None,
        contact={name: value for name in CONTACTS if (value := given.get(f"contact.{name}"))},
        handoff=_handoff(given),
        order_access=given.get("order_access", ""),
    )


def _handoff_fields(handoff: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    if handoff.get("online") is not None:
        yield "handoff.online", "yes" if handoff["online"] else "no"
    hours = handoff.get("hours") or {}
    if hours:
        yield "handoff.hours.timezone", str(hours.get("timezone", ""))
    for day, spans in (hours.get("days") or {}).items():
        yield f"handoff.hours.days.{day}", ", ".join("-".join(span) for span in spans)


def _handoff(given: Mapping[str, str]) -> dict[str, Any]:
    online = {"yes": True, "no": False}.get(given.get("handoff.online", ""))
    days = {day: _spans(given.get(f"handoff.hours.days.{day}", "")) for day in DAYS}
    days = {day: spans for day, spans in days.items() if spans}
    zone = given.get("handoff.hours.timezone", "")
    hours = {"hours": {"timezone": zone, "days": days}} if days or zone else {}
    return ({} if online is None else {"online": online}) | hours


def _spans(text: str) -> list[Any]:
    """`9:00-12:30, 14-18` as pairs of `HH:MM`."""
    spans = (span.replace("–", "-").split("-") for span in text.split(",") if span.strip())
    return [[_clock(time.strip()) for time in span] for span in spans]


def _clock(text: str) -> str:
    hours, colon, minutes = text.partition(":")
    return f"{hours:0>2}:{minutes if colon else '00'}" if hours.isdecimal() else text
