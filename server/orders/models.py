"""What a shopper may see of an order. `OrderView` is an allow-list: a field that is not in it is never sent."""

from enum import IntEnum, StrEnum

from msgspec import UNSET, Struct, UnsetType

from integrations.platform import Money, OrderStatus


class ProofLevel(IntEnum):
    """How well the shopper is known, for one order."""

    NOBODY = 0
    KNOWS_ORDER = 1
    """Knows the order number and the e-mail or postcode that belongs to it."""
    READS_MAIL = 2
    """Read a one-time code sent to the order's e-mail."""
    SIGNED_IN = 3
    """Signed in at the shop, and the order is theirs."""


class OrderAccess(StrEnum):
    """What number and e-mail (or postcode) show of an order: `shop.order_access`."""

    STANDARD = "standard"
    """Status and dates; a one-time code opens the rest."""
    OPEN = "open"
    """All that a one-time code would open."""
    STRICT = "strict"
    """Nothing: only a one-time code or signing in opens an order."""


class ItemView(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One order line. `available_from` is an ISO date, for pre-orders."""

    title: str
    quantity: int
    variant: str | None = None
    refunded_quantity: int = 0
    available_from: str | None = None


class TrackingView(Struct, frozen=True, kw_only=True):
    """One parcel number; `url` is https or None."""

    carrier: str | None
    number: str
    url: str | None = None


class ShippedItemView(Struct, frozen=True):
    """A line inside a parcel."""

    title: str
    quantity: int


class ShipmentView(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One parcel. Dates are ISO."""

    status: OrderStatus
    status_text: str
    items: tuple[ShippedItemView, ...] = ()
    tracking: tuple[TrackingView, ...] = ()
    shipped_on: str | None = None
    delivered_on: str | None = None
    estimated_delivery: str | None = None


class ShipToView(Struct, frozen=True):
    """Enough to recognise one's own address, not enough to find somebody else's."""

    city: str | None
    postcode_end: str | None


class RefundView(Struct, frozen=True):
    """Money given back, on an ISO date."""

    refunded_on: str
    amount: Money


class OtherOrderView(Struct, frozen=True):
    """A line of the signed-in shopper's own list."""

    number: str
    status: OrderStatus
    status_text: str
    placed_on: str


class OrderView(Struct, frozen=True, kw_only=True):
    """An order as one proof level may see it; fields above the level are UNSET and so not in the JSON at all."""

    number: str
    status: OrderStatus
    status_text: str
    placed_on: str
    estimated_delivery: str | None = None
    status_label: str | UnsetType = UNSET
    """The shop's own name for a status that it made itself, in the shop's language."""
    items: tuple[ItemView, ...] | UnsetType = UNSET
    tracking: tuple[TrackingView, ...] | UnsetType = UNSET
    shipments: tuple[ShipmentView, ...] | UnsetType = UNSET
    ship_to: ShipToView | UnsetType = UNSET
    refunds: tuple[RefundView, ...] | UnsetType = UNSET
    total: Money | UnsetType = UNSET
    other_orders: tuple[OtherOrderView, ...] | UnsetType = UNSET


class OrderFound(Struct, frozen=True, kw_only=True, tag=True):
    """The shopper may see this much. `fetched_at` is an ISO time; `more_with_code` says that a one-time
    code would show more."""

    view: OrderView
    level: ProofLevel
    fetched_at: str
    more_with_code: bool = False


class OrdersListed(Struct, frozen=True, tag=True):
    """A signed-in customer asked without a number: their newest orders."""

    orders: tuple[OtherOrderView, ...]
    fetched_at: str


class ProofNeeded(Struct, frozen=True, kw_only=True, tag=True):
    """We need to know who asks. The same for a wrong proof, an unknown order and somebody else's order.

    `refused` is True when a proof was given and did not fit. methods: email, postcode, code, sign_in.
    """

    order_number: str | None
    methods: tuple[str, ...]
    refused: bool = False


class TooManyTries(Struct, frozen=True, tag=True):
    """No attempts left for a while; the same for right and wrong proofs."""

    retry_after_s: int


class OrdersUnavailable(Struct, frozen=True, tag=True):
    """The shop's order system did not answer, or the shop has none connected. Never means "not found"."""

    connected: bool = True


OrderOutcome = OrderFound | OrdersListed | ProofNeeded | TooManyTries | OrdersUnavailable


def kind_of(outcome: OrderOutcome) -> str:
    """The kind under which an answer with this outcome is listed in the conversation log."""
    match outcome:
        case OrderFound():
            return "order_status"
        case OrdersListed():
            return "orders_listed"
        case ProofNeeded(refused=refused):
            return "order_refused" if refused else "order_proof"
        case TooManyTries():
            return "order_locked"
        case OrdersUnavailable():
            return "order_unavailable"
