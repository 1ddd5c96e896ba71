"""What Aisle needs in a Stripe account before anybody can subscribe: meters, and the products and prices of each plan.

Everything is found by names that we choose (the meter's event, the product's id, the price's lookup key), so setting up
again changes nothing."""

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct

from billing.gateway import PaymentsRefused
from billing.plans import ANSWERS, RESOLUTIONS, MeteredPrice, Plan
from billing.stripe_client import StripeClient

TIMEOUT_S = 20.0
_MOST_LOOKUP_KEYS = 10  # per request, a limit of Stripe's API
_METER_NAMES: Mapping[str, str] = {ANSWERS: "Answers beyond the plan", RESOLUTIONS: "Resolutions"}
_PRODUCTS: Mapping[str, tuple[str, str]] = {
    ANSWERS: ("overage", "answers beyond the plan"),
    RESOLUTIONS: ("resolutions", "resolutions"),
}
"""The suffixes of the product's id and name, by meter."""

Json = dict[str, Any]


class CatalogEntry(Struct, frozen=True, kw_only=True):
    """A meter, product or price of the account. `problem` says how it differs from the plan; "" when it does not."""

    kind: str
    """meter, product or price."""
    name: str
    id: str
    is_new: bool
    problem: str = ""


class StripeCatalog:
    """The catalog of one Stripe account. `api_base` replaces Stripe's address. Close it after use."""

    def __init__(self, api_key: str, *, api_base: str | None = None) -> None:
        self._stripe = StripeClient(api_key, api_base, TIMEOUT_S, TIMEOUT_S)
        self._api, self._ask = self._stripe.api, self._stripe.ask

    async def close(self) -> None:
        """Close the connections."""
        await self._stripe.close()

    async def set_up(self, plans: Sequence[Plan]) -> list[CatalogEntry]:
        """Create what is missing of what the plans need, and return all of it. Changes nothing that exists, because
        prices at Stripe cannot be changed. Raises PaymentsError."""
        meters = await self._stripe.all(self._api.billing.meters, {"status": "active"})
        existing = {each["event_name"]: each for each in meters}
        entries = [await self._meter(name, existing.get(name)) for name in _METER_NAMES]
        ids = {meter.name: meter.id for meter in entries}
        known = await self._known_prices([key for plan in plans for key in plan.price_keys])
        for plan in plans:
            entries += await self._offer(plan, known)
            if plan.metered:
                entries += await self._offer_metered(plan, plan.metered, ids[plan.metered.meter], known)
        return entries

    async def _meter(self, name: str, found: Json | None) -> CatalogEntry:
        wanted = {
            "display_name": _METER_NAMES[name],
            "event_name": name,
            "default_aggregation": {"formula": "sum"},
        }
        meter = found or await self._ask(self._api.billing.meters.create_async(wanted))
        return CatalogEntry(kind="meter", name=name, id=meter["id"], is_new=found is None)

    async def _offer(self, plan: Plan, known: dict[str, Json]) -> list[CatalogEntry]:
        product = await self._product(f"aisle_{plan.id}", f"Aisle {plan.name}")
        monthly: Json = {"interval": "month"}
        return [product, await self._price(plan, plan.lookup_key, plan.price_minor or 0, product.id, monthly, known)]

    async def _offer_metered(
        self, plan: Plan, metered: MeteredPrice, meter_id: str, known: dict[str, Json]
    ) -> list[CatalogEntry]:
        ending, words = _PRODUCTS[metered.meter]
        product = await self._product(f"aisle_{plan.id}_{ending}", f"Aisle {plan.name}: {words}")
        by_use: Json = {"interval": "month", "usage_type": "metered", "meter": meter_id}
        price = await self._price(plan, metered.lookup_key, metered.unit_minor, product.id, by_use, known)
        return [product, price]

    async def _product(self, product_id: str, name: str) -> CatalogEntry:
        try:
            await self._ask(self._api.products.retrieve_async(product_id))
        except PaymentsRefused as refusal:
            if refusal.code != "resource_missing":
                raise
            await self._ask(self._api.products.create_async({"id": product_id, "name": name}))
            return CatalogEntry(kind="product", name=name, id=product_id, is_new=True)
        return CatalogEntry(kind="product", name=name, id=product_id, is_new=False)

    async def _price(
        self, plan: Plan, key: str, amount: int, product_id: str, recurring: Json, known: dict[str, Json]
    ) -> CatalogEntry:
        currency = plan.currency.lower()
        if found := known.get(key):
            problem = _problem(found, amount, currency, recurring)
            return CatalogEntry(kind="price", name=key, id=found["id"], is_new=False, problem=problem)
        wanted = {
            "product": product_id,
            "currency": currency,
            "unit_amount": amount,
            "lookup_key": key,
            "recurring": recurring,
            "tax_behavior": "exclusive",
        }
        made = await self._ask(self._api.prices.create_async(wanted))
        return CatalogEntry(kind="price", name=key, id=made["id"], is_new=True)

    async def _known_prices(self, keys: list[str]) -> dict[str, Json]:
        known: dict[str, Json] = {}
        for first in range(0, len(keys), _MOST_LOOKUP_KEYS):
            wanted = {"lookup_keys": keys[first : first + _MOST_LOOKUP_KEYS], "active": True}
            found = await self._stripe.all(self._api.prices, wanted)
            known |= {price["lookup_key"]: price for price in found}
        return known


def _problem(price: Json, amount: int, currency: str, recurring: Json) -> str:
    """How an existing price differs from the plan's; "" when it does not."""
    found = price.get("recurring") or {}
    actual = (price.get("unit_amount"), price["currency"], found.get("interval"), found.get("meter"))
    if actual == (amount, currency, recurring["interval"], recurring.get("meter")):
        return ""
    actual_amount, actual_currency, interval, meter = actual
    return (
        f"Stripe has {actual_amount} {actual_currency} each {interval} on {meter or 'no meter'}, "
        f"the plan {amount} {currency} each {recurring['interval']} on {recurring.get('meter') or 'no meter'}"
    )
