"""The protocol of a payment provider. Amounts are in minor units of their currency; times are aware, in UTC.

PaymentsError
├── PaymentsUnavailable   the outcome is unknown: try again later, with the same key
├── PaymentsRefused       the provider refused: `message` may be shown, `code` is the provider's
└── BadSignature          a webhook that the provider did not sign
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal, Protocol

import msgspec

Proration = Literal["always_invoice", "none"]


class PaymentsError(Exception):
    """The base of the three below. Its text never contains a key or a secret."""


class PaymentsUnavailable(PaymentsError):
    """The provider did not answer, answered wrongly, or received too many requests."""


class PaymentsRefused(PaymentsError):
    """The provider refused a request. `code` is for example card_declined, insufficient_funds, resource_missing or
    idempotency_error; it may be ""."""

    def __init__(self, message: str, code: str = "") -> None:
        super().__init__(message)
        self.message, self.code = message, code


class BadSignature(PaymentsError):
    """A webhook is not signed with our secret, is too old or too new, or is not an event."""


class Price(msgspec.Struct, frozen=True):
    """A price. `amount_minor` is None for a price in fractions of a minor unit; `is_metered`: billed by usage, without
    a quantity."""

    id: str
    lookup_key: str | None
    amount_minor: int | None
    currency: str
    interval: str
    is_metered: bool = False


class SubscriptionState(msgspec.Struct, frozen=True):
    """A subscription as it was when it was fetched. `status` is the provider's, and may be one that we do not know.

    `cancel_at` is when it will end. `cancel_at_period_end` may then still be False, as after a cancellation in the
    provider's portal; use `ends`. `overage_item_id` and `overage_price_id` are those of the metered price, whichever
    meter it uses."""

    id: str
    customer_id: str
    status: str
    plan_lookup_key: str | None
    price_id: str | None
    item_id: str | None
    overage_item_id: str | None
    overage_price_id: str | None
    quantity: int
    currency: str
    period_start: datetime
    period_end: datetime
    trial_end: datetime | None
    cancel_at: datetime | None
    cancel_at_period_end: bool
    ended_at: datetime | None
    latest_invoice_id: str | None
    schedule_id: str | None
    scheduled_lookup_key: str | None
    created: datetime
    metadata: dict[str, str]

    @property
    def ends(self) -> bool:
        """Whether it has ended or will end at a known time."""
        return self.cancel_at_period_end or self.cancel_at is not None or self.ended_at is not None


class InvoiceLine(msgspec.Struct, frozen=True):
    """A line of an invoice. `amount_minor` is after discounts and without exclusive tax; negative for a credit."""

    description: str
    amount_minor: int
    quantity: int | None
    lookup_key: str | None
    price_id: str | None
    is_proration: bool
    period_start: datetime
    period_end: datetime


class Invoice(msgspec.Struct, frozen=True):
    """An invoice. The lines and `tax_minor` add up to `total_minor`; a customer's credit lowers only
    `amount_due_minor`.

    `status` is draft, open, paid, void, uncollectible, or one that we do not know. A refunded invoice stays paid, with
    the refund in `amount_refunded_minor`. `disputed` stays True after a dispute was won."""

    id: str
    number: str | None
    status: str
    currency: str
    total_minor: int
    tax_minor: int
    amount_due_minor: int
    amount_paid_minor: int
    amount_refunded_minor: int
    created: datetime
    period_start: datetime
    period_end: datetime
    next_attempt: datetime | None
    hosted_url: str | None
    pdf_url: str | None
    subscription_id: str | None
    lines: tuple[InvoiceLine, ...]
    disputed: bool


class PaymentMethod(msgspec.Struct, frozen=True):
    """A payment method; `kind` is the provider's: card, sepa_debit, link, or one that we do not know."""

    kind: str
    brand: str | None = None
    last4: str | None = None
    expires_month: int | None = None
    expires_year: int | None = None


class Preview(msgspec.Struct, frozen=True):
    """The cost of a change of plan: `due_now_minor` at once, for `lines`, then `next_total_minor` each period.

    With `proration_at` passed to `change_plan`, the invoice equals the preview."""

    currency: str
    due_now_minor: int
    next_total_minor: int
    lines: tuple[InvoiceLine, ...]
    proration_at: datetime
    waits: bool = False
    """Whether the change takes place only when the period ends."""


class Event(msgspec.Struct, frozen=True):
    """A webhook event: it says that an object has changed, and its present state is then fetched.

    `object_kind` is for example subscription or invoice. A dispute names its charge, not its customer."""

    id: str
    type: str
    created: datetime
    object_id: str
    object_kind: str
    customer_id: str | None
    charge_id: str | None = None


class Payments(Protocol):
    """A payment provider. Every method may raise PaymentsUnavailable and PaymentsRefused."""

    async def prices(self, lookup_keys: Sequence[str]) -> dict[str, Price]:
        """The active prices by lookup key; unknown keys are left out."""

    async def create_customer(self, shop_id: str, email: str | None, name: str) -> str:
        """Create the shop's customer and return its id; repeated within a day it returns the same one."""

    async def checkout(
        self,
        customer_id: str,
        price_ids: Sequence[str],
        trial_days: int | None,
        success_url: str,
        cancel_url: str,
        shop_id: str,
    ) -> str:
        """The address of a page where the merchant subscribes to these prices."""

    async def portal(self, customer_id: str, return_url: str) -> str:
        """The address of a page where the merchant changes card or plan, and cancels."""

    async def subscription(self, subscription_id: str) -> SubscriptionState | None:
        """The present state of a subscription; None when it does not exist."""

    async def subscriptions_of(self, customer_id: str) -> tuple[SubscriptionState, ...]:
        """The customer's subscriptions, newest first, including ended ones."""

    async def preview_change(
        self, subscription: SubscriptionState, price_id: str, overage_price_id: str | None
    ) -> Preview:
        """The cost of changing to these prices now, with the usage that is then billed. Changes nothing."""

    async def change_plan(
        self,
        subscription: SubscriptionState,
        price_id: str,
        overage_price_id: str | None,
        proration: Proration,
        key: str,
        proration_at: datetime | None = None,
    ) -> SubscriptionState:
        """Change the prices at once; without an overage price no overage is sold from then on. Refused without any
        change when a payment due now fails. Usage so far is billed at the old price, except with "none". `key` makes
        repeating the request safe."""

    async def schedule_downgrade(
        self, subscription: SubscriptionState, price_id: str, overage_price_id: str | None
    ) -> SubscriptionState:
        """Change both prices when the period ends, without proration. Replaces an earlier scheduled downgrade."""

    async def release_schedule(self, subscription: SubscriptionState) -> SubscriptionState:
        """Cancel a scheduled downgrade."""

    async def cancel_at_period_end(self, subscription: SubscriptionState, cancels: bool) -> SubscriptionState:
        """End the subscription with the period and cancel a scheduled downgrade; False takes the cancellation back."""

    async def invoices(self, customer_id: str, limit: int = 24) -> tuple[Invoice, ...]:
        """The customer's invoices, newest first, at most `limit` (1 to 100)."""

    async def payment_method(self, subscription: SubscriptionState) -> PaymentMethod | None:
        """The payment method of the next payment; None when there is none."""

    async def send_meter_event(self, meter: str, customer_id: str, value: int, identifier: str, at: datetime) -> None:
        """Report usage to the meter with this event name. An identifier counts once within a day; `at` is at most 35
        days ago; a negative value corrects."""

    async def meter_total(self, meter: str, customer_id: str, start: datetime, end: datetime) -> int:
        """The usage that a meter has counted in [start, end), both cut to the minute; some minutes late."""

    async def customer_of(self, event: Event) -> str | None:
        """The event's customer, taken from its charge when the event names none."""

    def read_event(self, body: bytes, signature_header: str, secrets: Sequence[str], now: float) -> Event:
        """A webhook's event, signed with one of the secrets at most 300 s from `now` (Unix seconds), before or after.
        Raises BadSignature."""

    async def close(self) -> None:
        """Close the connections."""
