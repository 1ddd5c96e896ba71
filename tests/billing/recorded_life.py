"""A subscription's life at the Stripe stand-in, recorded step by step: what Stripe knew, and the events it left."""

import time
from dataclasses import dataclass, field
from datetime import UTC, datetime

import msgspec

from billing.gateway import Event, Invoice, SubscriptionState
from server.embedded.standins.stripe.webhooks import signature
from tests.billing.stripe_shop import FAILS_ON_CHARGE, GOOD, StripeShop, stripe_shop

SECRET = "whsec_recorded"


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """What Stripe knew after something had happened, and the events it left."""

    name: str
    at: datetime
    subscriptions: tuple[SubscriptionState, ...]
    invoices: tuple[Invoice, ...]
    events: tuple[Event, ...]
    by_merchant: bool
    """Done in our console, which looks at once."""


@dataclass
class Recorder:
    shop: StripeShop
    steps: list[Step] = field(default_factory=list)
    known: set[str] = field(default_factory=set)

    async def note(self, name: str, *, by_merchant: bool = False) -> None:
        new = [each for each in reversed(self.shop.standin.objects("event")) if each["id"] not in self.known]
        self.known |= {each["id"] for each in new}
        read = [self._read(each) for each in new]
        step = Step(
            name=name,
            at=datetime.fromtimestamp(self.shop.standin.store.now(), UTC),
            subscriptions=await self.shop.payments.subscriptions_of(self.shop.customer_id),
            invoices=await self.shop.payments.invoices(self.shop.customer_id),
            events=tuple([await self._named(event) for event in read]),
            by_merchant=by_merchant,
        )
        self.steps.append(step)

    def _read(self, event: dict[str, object]) -> Event:
        body, now = msgspec.json.encode(event).decode(), int(time.time())
        return self.shop.payments.read_event(body.encode(), signature(body, now, [SECRET]), [SECRET], now)

    async def _named(self, event: Event) -> Event:
        return msgspec.structs.replace(event, customer_id=await self.shop.payments.customer_of(event))


async def record() -> list[Step]:
    """From the trial through upgrade, a failing card, recovery, refund and dispute to the end, and a return."""
    async with stripe_shop() as shop:
        recorder = Recorder(shop)
        subscription = await shop.subscribe("starter", trial_days=14)
        await recorder.note("subscribed", by_merchant=True)
        shop.standin.advance(days=14.2)
        await recorder.note("first payment")
        subscription = await shop.now(subscription)
        await shop.payments.change_plan(subscription, shop.price("pro"), shop.overage("pro"), "always_invoice", "up")
        await recorder.note("upgrade", by_merchant=True)
        shop.standin.advance(days=31)
        await recorder.note("renewal")
        portal = await shop.payments.portal(shop.customer_id, "http://127.0.0.1:1/")
        await shop.click(portal, "card", number=FAILS_ON_CHARGE)
        shop.standin.advance(days=31)
        await recorder.note("the card fails")
        await shop.click(portal, "card", number=GOOD)
        await shop.click(portal, "pay")
        await recorder.note("recovered")
        paid = next(each for each in await shop.payments.invoices(shop.customer_id) if each.amount_paid_minor)
        shop.standin.refund(paid.id, 100)
        shop.standin.dispute(paid.id)
        await recorder.note("refund and dispute")
        await shop.click(portal, "cancel")
        await recorder.note("leaving")
        shop.standin.advance(days=31)
        await recorder.note("the end")
        await shop.subscribe("pro")
        await recorder.note("return", by_merchant=True)
        return recorder.steps


class Told:
    """Stripe as it was after one of the steps; nothing is asked of it but what a refresh asks."""

    def __init__(self, steps: list[Step], customer_id: str) -> None:
        self.steps, self.customer_id, self.now = steps, customer_id, 0

    async def subscriptions_of(self, customer_id: str) -> tuple[SubscriptionState, ...]:
        assert customer_id == self.customer_id
        return self.steps[self.now].subscriptions

    async def invoices(self, customer_id: str, limit: int = 24) -> tuple[Invoice, ...]:
        return self.steps[self.now].invoices

    async def customer_of(self, event: Event) -> str | None:
        return self.customer_id if event.customer_id else None

    def read_event(self, body: bytes, signature_header: str, secrets: object, now: float) -> Event:
        return msgspec.json.decode(body, type=Event)
