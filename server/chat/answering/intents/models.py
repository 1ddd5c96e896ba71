"""The result of routing."""

from enum import StrEnum

from msgspec import Struct


class IntentKind(StrEnum):
    """The sorts of questions Aisle tells apart."""

    PRODUCT_SEARCH = "product_search"
    PRODUCT_DETAIL = "product_detail"
    COMPARISON = "comparison"
    STOCK = "stock"
    POLICY = "policy"
    ORDER_STATUS = "order_status"
    ORDER_CHANGE = "order_change"
    """Cancelling, changing or sending back one order: what we may not do ourselves."""
    GREETING = "greeting"
    THANKS = "thanks"
    GOODBYE = "goodbye"
    HUMAN = "human"
    IDENTITY = "identity"
    OFF_TOPIC = "off_topic"
    NONSENSE = "nonsense"
    ASSENT = "assent"
    """A bare yes where nothing was offered; where the team was, it is HUMAN."""
    REFUSAL = "refusal"
    """A bare no."""
    UNKNOWN = "unknown"
    """Nothing fits well: search everything and be honest."""


class Topic(StrEnum):
    """What a policy question is about."""

    RETURNS = "returns"
    SHIPPING = "shipping"
    PAYMENT = "payment"
    ACCOUNT = "account"
    WARRANTY = "warranty"
    ORDERING = "ordering"
    STORE = "store"


class Intent(Struct, frozen=True, kw_only=True):
    """One routed question. `confidence` is 0..1; prices are minor units of the shop's currency.

    `query` is the text to search with: fillers and price limits removed, words of other languages glossed in English.
    `positions` are the shown products meant, from 1 ("the second one"); -1 is the last. `cheapest` and `dearest`
    ask for an order by price.
    """

    kind: IntentKind
    confidence: float
    query: str
    language: str
    wanted: str = ""
    """`query` as the shopper put it, without the glosses."""
    topic: Topic | None = None
    order_number: str | None = None
    email: str | None = None
    postcode: str | None = None
    name: str | None = None
    price_min: int | None = None
    price_max: int | None = None
    in_stock: bool = False
    compared: tuple[str, ...] = ()
    positions: tuple[int, ...] = ()
    refers_back: bool = False
    """"it", "this one", "and in blue?": the question is about what was shown."""
    cheapest: bool = False
    dearest: bool = False
    refines: bool = False
    """The last wish at another price: `wanted` is that wish's, empty where there was none."""
    cheaper: bool = False
    """For less than what was shown."""
    is_sure: bool = False
    """The words alone decide; an embedding would not change it."""
    embedded: str | None = None
    """The text that routing embedded, where its vector stands for that of `query` as well."""
    parts: tuple["Part", ...] = ()
    """The questions of a message that asks several things, in their order; empty for one question."""


class Part(Struct, frozen=True):
    """One of several questions of a message: the shopper's words for it, and what they ask."""

    text: str
    intent: Intent
