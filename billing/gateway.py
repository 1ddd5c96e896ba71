"""What the house asks of a payment provider. Money is in minor units of its currency; times are aware, in UTC.

PaymentsError
├── PaymentsUnavailable   nobody knows what became of it: ask again later, with the same key
├── PaymentsRefused       the provider said no: `message` may be shown, `code` is the provider's word
└── BadSignature          a webhook nobody should believe
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal, Protocol

import msgspec

Proration = Literal["always_invoice", "none"]


class PaymentsError(Exception):
    """Any of the three below. Never holds a key or a secret."""


class PaymentsUnavailable(PaymentsError):
    """No answer, a broken one, or too many requests."""


class PaymentsRefused(PaymentsError):
    """`code` is a word such as card_declined, insufficient_funds, resource_missing, idempotency_error, or ""."""

    def __init__(self, message: str, code: str = "") -> None:
        super().__init__(message)
        self.message, self.code = message, code


class BadSignature(PaymentsError):
    """Not signed with our secret, too old, too new, or not an event."""


class Price(msgspec.Struct, frozen=True):
    """`amount_minor` is None for a price in fractions of a unit; `is_metered`: billed by usage, without a quantity."""

    id: str
    lookup_key: str | None
    amount_minor: int | None
    currency: str
    interval: str
    is_metered: bool = False


class SubscriptionState(msgspec.Struct, frozen=True):
    """A subscription as it is now. `status` is the provider's word, also one that is new to us.

    `cancel_at` is when it will end; `cancel_at_period_end` may be False even so, as it is after a cancellation in the
    provider's portal: whoever wants to know whether it ends asks `ends`. `overage_item_id` and `overage_price_id` are
    those of what is billed by use, whichever meter counts it."""

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
        """Whether it is over or will be at a known time."""
        return self.cancel_at_period_end or self.cancel_at is not None or self.ended_at is not None


class InvoiceLine(msgspec.Struct, frozen=True):
    """`amount_minor` is after discounts and without tax that comes on top; negative for time given back."""

    description: str
    amount_minor: int
    quantity: int | None
    lookup_key: str | None
    price_id: str | None
    is_proration: bool
    period_start: datetime
    period_end: datetime


class Invoice(msgspec.Struct, frozen=True):
    """The lines and `tax_minor` add up to `total_minor`. A customer's credit lowers `amount_due_minor` only.

    `status` is draft, open, paid, void, uncollectible, or a word new to us. Refunds leave it paid: what went back is
    in `amount_refunded_minor`. `disputed` stays True when a dispute was won."""

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
    """What pays: `kind` is the provider's word (card, sepa_debit, link, or one new to us)."""

    kind: str
    brand: str | None = None
    last4: str | None = None
    expires_month: int | None = None
    expires_year: int | None = None


class Preview(msgspec.Struct, frozen=True):
    """What a change of plan costs: `due_now_minor` at once, for `lines`; then `next_total_minor` each period.

    Given to `change_plan` as `proration_at`, the time makes the invoice equal to what was shown."""

    currency: str
    due_now_minor: int
    next_total_minor: int
    lines: tuple[InvoiceLine, ...]
    proration_at: datetime
    waits: bool = False
    """Until the period ends."""


class Event(msgspec.Struct, frozen=True):
    """That something happened to an object, and no more: what is true now is fetched.

    `object_kind` is a word such as subscription or invoice. A dispute names its charge, not its customer."""

    id: str
    type: str
    created: datetime
    object_id: str
    object_kind: str
    customer_id: str | None
    charge_id: str | None = None


class Payments(Protocol):
    """Every method may raise PaymentsUnavailable and PaymentsRefused."""

    async def prices(self, lookup_keys: Sequence[str]) -> dict[str, Price]:
        """Active prices by lookup key; unknown keys are missing from the answer."""

    async def create_customer(self, shop_id: str, email: str | None, name: str) -> str:
        """The customer's id: the same one however often it is asked for within a day."""

    async def checkout(
        self,
        customer_id: str,
        price_ids: Sequence[str],
        trial_days: int | None,
        success_url: str,
        cancel_url: str,
        shop_id: str,
    ) -> str:
        """The address of a page where the merchant subscribes to all these prices."""

    async def portal(self, customer_id: str, return_url: str) -> str:
        """The address of a page where the merchant changes card or plan, and cancels."""

    async def subscription(self, subscription_id: str) -> SubscriptionState | None:
        """As it is now, None when there is no such subscription."""

    async def subscriptions_of(self, customer_id: str) -> tuple[SubscriptionState, ...]:
        """Newest first, ended ones as well."""

    async def preview_change(
        self, subscription: SubscriptionState, price_id: str, overage_price_id: str | None
    ) -> Preview:
        """What changing to these prices now would cost, with usage that is billed at once; changes nothing."""

    async def change_plan(
        self,
        subscription: SubscriptionState,
        price_id: str,
        overage_price_id: str | None,
        proration: Proration,
        key: str,
        proration_at: datetime | None = None,
    ) -> SubscriptionState:
        """Changes the prices at once (no overage price: none is sold from now on); refused without any change when a
        payment due now fails. Usage so far is billed at the old price, but not with "none". One `key` is one change."""

    async def schedule_downgrade(
        self, subscription: SubscriptionState, price_id: str, overage_price_id: str | None
    ) -> SubscriptionState:
        """Changes both prices when the period ends, without proration; replaces an earlier such wish."""

    async def release_schedule(self, subscription: SubscriptionState) -> SubscriptionState:
        """Takes back a downgrade that waits."""

    async def cancel_at_period_end(self, subscription: SubscriptionState, cancels: bool) -> SubscriptionState:
        """Ends it with the period and drops a waiting downgrade; False: lets it go on."""

    async def invoices(self, customer_id: str, limit: int = 24) -> tuple[Invoice, ...]:
        """Newest first, at most `limit` (1 to 100)."""

    async def payment_method(self, subscription: SubscriptionState) -> PaymentMethod | None:
        """What the next payment is taken from; None where nothing is known."""

    async def send_meter_event(self, meter: str, customer_id: str, value: int, identifier: str, at: datetime) -> None:
        """Reports usage to the meter of this event name. One identifier counts once within a day; `at` is at most 35
        days ago; negative corrects."""

    async def meter_total(self, meter: str, customer_id: str, start: datetime, end: datetime) -> int:
        """Usage that a meter has counted so far in [start, end), both cut to the minute; some minutes late."""

    async def customer_of(self, event: Event) -> str | None:
        """The event's customer, through its charge when it names none itself."""

    def read_event(self, body: bytes, signature_header: str, secrets: Sequence[str], now: float) -> Event:
        """A webhook's event, signed with one of the secrets at most 300 s from `now` (Unix seconds), before or after.
        Raises BadSignature."""

    async def close(self) -> None:
        """Closes the connections."""
