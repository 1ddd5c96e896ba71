"""Stripe as an implementation of `Payments`. Importing this imports the SDK."""

import asyncio
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import msgspec

from billing import stripe_objects as objects
from billing import stripe_requests as requests
from billing.gateway import (
    BadSignature,
    Event,
    Invoice,
    PaymentMethod,
    PaymentsRefused,
    Preview,
    Price,
    Proration,
    SubscriptionState,
)
from billing.stripe_client import StripeClient, check_signature

TIMEOUT_S = 10.0
CHECKOUT_TIMEOUT_S = 20.0

_PAGE = 100
_MOST_LOOKUP_KEYS = 10  # per request, a limit of Stripe's API
_DUPLICATE_USAGE = "duplicate_meter_event"

Json = dict[str, Any]


class StripePayments:
    """Implements `Payments`. `api_base` replaces Stripe's address, for example with a stand-in's. A request times out
    after `timeout_s`, including retries. Connections are reused until `close`."""

    def __init__(
        self,
        api_key: str,
        *,
        api_base: str | None = None,
        timeout_s: float = TIMEOUT_S,
        checkout_timeout_s: float = CHECKOUT_TIMEOUT_S,
    ) -> None:
        self._checkout_timeout_s = checkout_timeout_s
        self._stripe = StripeClient(api_key, api_base, timeout_s, max(timeout_s, checkout_timeout_s))
        self._api = self._stripe.api
        self._ask, self._all = self._stripe.ask, self._stripe.all
        self._known_prices: dict[str, Price] = {}
        self._meter_ids: dict[str, str] = {}

    async def close(self) -> None:
        """Close the connections."""
        await self._stripe.close()

    async def prices(self, lookup_keys: Sequence[str]) -> dict[str, Price]:
        """The active prices by lookup key; unknown keys are left out."""
        found: dict[str, Price] = {}
        for first in range(0, len(lookup_keys), _MOST_LOOKUP_KEYS):
            keys = list(lookup_keys[first : first + _MOST_LOOKUP_KEYS])
            wanted = {"lookup_keys": keys, "active": True, "limit": _PAGE}
            page = await self._ask(self._api.prices.list_async(wanted))
            read = [objects.parse_price(price) for price in page["data"]]
            found |= {price.lookup_key: price for price in read if price.lookup_key}
        self._known_prices |= {price.id: price for price in found.values()}
        return found

    async def create_customer(self, shop_id: str, email: str | None, name: str) -> str:
        """Create the shop's customer and return its id. The request with the idempotency key is always the same, so a
        corrected address does not conflict with an earlier attempt."""
        made = await self._ask(
            self._api.customers.create_async(
                {"metadata": {"shop_id": shop_id}}, {"idempotency_key": f"aisle-customer-{shop_id}"}
            )
        )
        details = {"name": name, **({"email": email} if email else {})}
        await self._ask(self._api.customers.update_async(made["id"], details))
        return str(made["id"])

    async def checkout(
        self,
        customer_id: str,
        price_ids: Sequence[str],
        trial_days: int | None,
        success_url: str,
        cancel_url: str,
        shop_id: str,
    ) -> str:
        """The address of a Checkout page with promotion codes and automatic tax."""
        prices = [await self._price(price_id) for price_id in price_ids]
        session = requests.session(customer_id, prices, trial_days, success_url, cancel_url, shop_id)
        made = await self._ask(self._api.checkout.sessions.create_async(session), self._checkout_timeout_s)
        return str(made["url"])

    async def portal(self, customer_id: str, return_url: str) -> str:
        """The address of a Customer Portal page; which buttons it has is set in Stripe's dashboard."""
        wanted = {"customer": customer_id, "return_url": return_url}
        made = await self._ask(self._api.billing_portal.sessions.create_async(wanted), self._checkout_timeout_s)
        return str(made["url"])

    async def subscription(self, subscription_id: str) -> SubscriptionState | None:
        """The present state of a subscription; None when it does not exist."""
        try:
            return await self._fetch(subscription_id)
        except PaymentsRefused as refusal:
            if refusal.code == "resource_missing":
                return None
            raise

    async def subscriptions_of(self, customer_id: str) -> tuple[SubscriptionState, ...]:
        """The customer's subscriptions, newest first, including ended ones."""
        wanted = {"customer": customer_id, "status": "all", "limit": _PAGE, "expand": ["data.schedule"]}
        page = await self._ask(self._api.subscriptions.list_async(wanted))
        return tuple([await self._read(found) for found in page["data"]])

    async def preview_change(
        self, subscription: SubscriptionState, price_id: str, overage_price_id: str | None
    ) -> Preview:
        """The invoice of an immediate change, and the usual one after it: neither is kept."""
        items = requests.replaced_items(subscription, price_id, overage_price_id)
        change = {"items": items, "proration_behavior": "always_invoice"}
        wanted = {"subscription": subscription.id, "subscription_details": change}
        usual = {**wanted, "subscription_details": {"items": items}, "preview_mode": "recurring"}
        now, later = await asyncio.gather(
            self._ask(self._api.invoices.create_preview_async(wanted)),
            self._ask(self._api.invoices.create_preview_async(usual)),
        )
        details = (now.get("parent") or {}).get("subscription_details") or {}
        keys = await self._lookup_keys(objects.price_ids(now["lines"]))
        return Preview(
            currency=now["currency"],
            due_now_minor=now["amount_due"],
            next_total_minor=later["total"],
            lines=objects.parse_lines(now["lines"], keys),
            proration_at=objects.parse_time(details.get("subscription_proration_date") or now["created"]),
        )

    async def change_plan(
        self,
        subscription: SubscriptionState,
        price_id: str,
        overage_price_id: str | None,
        proration: Proration,
        key: str,
        proration_at: datetime | None = None,
    ) -> SubscriptionState:
        """Change the prices at once. A schedule would change them back later, so it is released first."""
        if subscription.schedule_id:
            await self.release_schedule(subscription)
        change: Json = {
            "items": requests.replaced_items(subscription, price_id, overage_price_id),
            "proration_behavior": proration,
            "payment_behavior": "error_if_incomplete",
        }
        if proration_at is not None and proration != "none":
            change["proration_date"] = int(proration_at.timestamp())
        return await self._update(subscription.id, change, idempotency_key=key)

    async def schedule_downgrade(
        self, subscription: SubscriptionState, price_id: str, overage_price_id: str | None
    ) -> SubscriptionState:
        """Schedule the present prices until the period ends and then the new ones, with which the schedule ends."""
        schedule = await self._schedule(subscription)
        phases = requests.phases(subscription, schedule, price_id, overage_price_id)
        wanted = {"end_behavior": "release", "phases": phases}
        await self._ask(self._api.subscription_schedules.update_async(schedule["id"], wanted))
        return await self._fetch(subscription.id)

    async def _schedule(self, subscription: SubscriptionState) -> Json:
        if subscription.schedule_id:
            return await self._ask(self._api.subscription_schedules.retrieve_async(subscription.schedule_id))
        return await self._ask(self._api.subscription_schedules.create_async({"from_subscription": subscription.id}))

    async def release_schedule(self, subscription: SubscriptionState) -> SubscriptionState:
        """Cancel a scheduled downgrade."""
        if subscription.schedule_id:
            await self._ask(self._api.subscription_schedules.release_async(subscription.schedule_id))
        return await self._fetch(subscription.id)

    async def cancel_at_period_end(self, subscription: SubscriptionState, cancels: bool) -> SubscriptionState:
        """End the subscription with the period, or take that back. Stripe refuses to cancel a subscription with a
        schedule, so that is released first. The portal sets only `cancel_at`, so that is cleared too."""
        if subscription.schedule_id:
            await self.release_schedule(subscription)
        state = await self._update(subscription.id, {"cancel_at_period_end": cancels})
        if not cancels and state.cancel_at is not None:
            state = await self._update(subscription.id, {"cancel_at": ""})
        return state

    async def invoices(self, customer_id: str, limit: int = 24) -> tuple[Invoice, ...]:
        """The customer's invoices, newest first. Refunds and disputes are read from the charges, which do not name
        their invoice."""
        wanted = {"customer": customer_id, "limit": limit, "expand": ["data.payments"]}
        found = (await self._ask(self._api.invoices.list_async(wanted)))["data"]
        if not found:
            return ()
        oldest = min(invoice["created"] for invoice in found)
        charges = await self._all(self._api.charges, {"customer": customer_id, "created": {"gte": oldest}})
        keys = await self._lookup_keys({price for each in found for price in objects.price_ids(each["lines"])})
        return tuple(objects.parse_invoice(invoice, charges, keys) for invoice in found)

    async def payment_method(self, subscription: SubscriptionState) -> PaymentMethod | None:
        """The payment method of the subscription, or else of its customer; None without either."""
        wanted = {"expand": ["default_payment_method", "customer.invoice_settings.default_payment_method"]}
        found = await self._ask(self._api.subscriptions.retrieve_async(subscription.id, wanted))
        own = found["default_payment_method"] or found["customer"]["invoice_settings"]["default_payment_method"]
        return objects.parse_payment_method(own) if own else None

    async def send_meter_event(self, meter: str, customer_id: str, value: int, identifier: str, at: datetime) -> None:
        """Report usage. When Stripe already knows the identifier, an earlier attempt has arrived."""
        event = {
            "event_name": meter,
            "identifier": identifier,
            "payload": {"stripe_customer_id": customer_id, "value": str(value)},
            "timestamp": int(at.timestamp()),
        }
        try:
            await self._ask(self._api.billing.meter_events.create_async(event))
        except PaymentsRefused as refusal:
            if refusal.code != _DUPLICATE_USAGE:
                raise

    async def meter_total(self, meter: str, customer_id: str, start: datetime, end: datetime) -> int:
        """The usage in [start, end). Both are cut to the minute, as Stripe requires; adjacent periods stay adjacent."""
        since, until = (int(each.timestamp()) // 60 * 60 for each in (start, end))
        if since >= until:
            return 0
        summaries = self._api.billing.meters.event_summaries
        wanted = {"customer": customer_id, "start_time": since, "end_time": until}
        rows = await self._all(summaries, wanted, await self._meter(meter))
        return int(sum(row["aggregated_value"] for row in rows))

    async def _meter(self, name: str) -> str:
        if name not in self._meter_ids:
            meters = await self._all(self._api.billing.meters, {"status": "active"})
            self._meter_ids |= {meter["event_name"]: meter["id"] for meter in meters}
        if name not in self._meter_ids:
            raise PaymentsRefused(f"There is no active meter for {name}.", "no_meter")
        return self._meter_ids[name]

    async def customer_of(self, event: Event) -> str | None:
        """The event's customer, taken from its charge when the event names none."""
        if event.customer_id or not event.charge_id:
            return event.customer_id
        charge = await self._ask(self._api.charges.retrieve_async(event.charge_id))
        return objects.id_of(charge.get("customer"))

    def read_event(self, body: bytes, signature_header: str, secrets: Sequence[str], now: float) -> Event:
        """The event of a webhook, whose signature is verified first. Raises BadSignature."""
        check_signature(body, signature_header, tuple(secrets), now)
        try:
            return objects.parse_event(msgspec.json.decode(body))
        except (
            msgspec.MsgspecError,
            LookupError,
            TypeError,
            ValueError,
            AttributeError,
            OverflowError,
            RecursionError,
        ):
            raise BadSignature("it is not an event") from None

    async def _fetch(self, subscription_id: str) -> SubscriptionState:
        return await self._read(
            await self._ask(self._api.subscriptions.retrieve_async(subscription_id, {"expand": ["schedule"]}))
        )

    async def _update(self, subscription_id: str, change: Json, **options: str) -> SubscriptionState:
        change = {**change, "expand": ["schedule"]}
        return await self._read(await self._ask(self._api.subscriptions.update_async(subscription_id, change, options)))

    async def _read(self, found: Json) -> SubscriptionState:
        keys = await self._lookup_keys(objects.scheduled_prices(found))
        return objects.parse_subscription(found, keys)

    async def _price(self, price_id: str) -> Price:
        """A price. Amount, currency and kind never change, so each is fetched once."""
        if price_id not in self._known_prices:
            found = await self._ask(self._api.prices.retrieve_async(price_id))
            self._known_prices[price_id] = objects.parse_price(found)
        return self._known_prices[price_id]

    async def _lookup_keys(self, price_ids: Iterable[str]) -> dict[str, str | None]:
        return {price_id: (await self._price(price_id)).lookup_key for price_id in price_ids}
