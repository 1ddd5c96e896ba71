"""What was read from a message."""

from enum import StrEnum

from msgspec import Struct

from server.models.protocol import Vector


class Intent(StrEnum):
    """What a shopper wants. The names are the tables of `languages/<code>/intents.toml`."""

    GREETING = "greeting"
    THANKS = "thanks"
    GOODBYE = "goodbye"
    ASSENT = "assent"
    REFUSAL = "refusal"
    IDENTITY = "identity"
    HUMAN = "human"
    UPSET = "upset"
    OFF_TOPIC = "off_topic"
    LANGUAGE_SWITCH = "language_switch"
    NONSENSE = "nonsense"
    """Nothing that can be read. It has no phrases: it is recognised by its letters."""

    ORDER_STATUS = "order_status"
    ORDER_ITEMS = "order_items"
    ORDER_TOTAL = "order_total"
    ORDER_TRACKING = "order_tracking"
    ORDER_CHANGE = "order_change"
    CODE_REQUEST = "code_request"
    CODE_MISSING = "code_missing"
    CODE_GIVEN = "code_given"
    """A one-time code. It has no phrases: six digits where a code was asked for."""

    POLICY_RETURNS = "policy_returns"
    POLICY_SHIPPING = "policy_shipping"
    POLICY_PAYMENT = "policy_payment"
    POLICY_ACCOUNT = "policy_account"
    POLICY_WARRANTY = "policy_warranty"
    POLICY_STORE = "policy_store"
    POLICY_ORDERING = "policy_ordering"

    PRODUCT_SEARCH = "product_search"
    PRODUCT_DETAIL = "product_detail"
    PRODUCT_PRICE = "product_price"
    COMPARISON = "comparison"
    STOCK = "stock"
    SUPERLATIVE = "superlative"
    CATALOG_OVERVIEW = "catalog_overview"

    CRISIS = "crisis"
    MEDICAL_URGENT = "medical_urgent"
    MEDICAL = "medical"
    LEGAL = "legal"
    DANGEROUS = "dangerous"


POLICY = frozenset(intent for intent in Intent if intent.value.startswith("policy_"))
ORDER = frozenset({Intent.ORDER_STATUS, Intent.ORDER_ITEMS, Intent.ORDER_TOTAL, Intent.ORDER_TRACKING})
"""Questions about one order, or one's own orders."""
CODE = frozenset({Intent.CODE_REQUEST, Intent.CODE_MISSING, Intent.CODE_GIVEN})
ABOUT_PRODUCT = frozenset({Intent.PRODUCT_DETAIL, Intent.PRODUCT_PRICE, Intent.STOCK})
"""Questions about one product."""
CATALOG = frozenset({Intent.PRODUCT_SEARCH, Intent.SUPERLATIVE, Intent.CATALOG_OVERVIEW, Intent.COMPARISON})
PRODUCT = ABOUT_PRODUCT | CATALOG
SAFETY = frozenset({Intent.CRISIS, Intent.MEDICAL_URGENT, Intent.MEDICAL, Intent.LEGAL, Intent.DANGEROUS})
SOCIAL = frozenset({
    Intent.GREETING, Intent.THANKS, Intent.GOODBYE, Intent.ASSENT, Intent.REFUSAL, Intent.IDENTITY, Intent.HUMAN,
    Intent.UPSET, Intent.OFF_TOPIC, Intent.LANGUAGE_SWITCH, Intent.NONSENSE,
})  # fmt: skip


ASKED = (
    "time", "money", "place", "count", "size", "weight", "material", "temperature", "power", "duration", "yes_no",
)  # fmt: skip
"""The sorts of answer that a question may ask for: tables of `[questions]` in the language data."""
MEASURED = frozenset({"money", "size", "weight", "material", "temperature", "power", "duration"})
"""Those that attributes of a product answer."""


class Slots(Struct, frozen=True, kw_only=True):
    """What a message states outright. Prices are minor units of the shop's currency; `colours` and `sizes` are the
    keys of the language data ("red", "XL"), or a size as it is written ("42"); positions count from 1, -1 is the last.
    `order_number` is as written, without its sign."""

    order_number: str | None = None
    further_orders: tuple[str, ...] = ()
    """Numbers that are listed behind the first: "orders 1001, 1002 and 1003"."""
    email: str | None = None
    postcode: str | None = None
    name: str | None = None
    code: str | None = None
    """Six digits, where a one-time code was asked for or is named."""
    price_min: int | None = None
    price_max: int | None = None
    price_near: int | None = None
    cheapest: bool = False
    dearest: bool = False
    cheaper: bool = False
    reduced: bool = False
    in_stock: bool = False
    colours: tuple[str, ...] = ()
    sizes: tuple[str, ...] = ()
    audience: tuple[str, ...] = ()
    positions: tuple[int, ...] = ()
    excluded: tuple[str, ...] = ()
    """What is not wanted, normalised: "wool" of "without wool"."""
    superlative: str | None = None
    """The measure and the end that wins: "weight_min"."""
    asks: frozenset[str] = frozenset()
    """The sorts of answer asked for: "time", "money", "place" and the other keys of `[questions]`."""


ANGRY = 0.45
MIN_SHOUTED, SHOUTED_SHARE = 12, 0.8


class Reading(Struct, frozen=True, kw_only=True):
    """One message, or one question of it, with all that was read from it.

    `scores` are probabilities that sum to at most 1; `intent` is the likeliest. `query` is the text to search with.
    """

    text: str
    normalised: str
    language: str
    intent: Intent
    confidence: float
    scores: dict[Intent, float] = {}
    slots: Slots = Slots()
    query: str = ""
    vector: Vector | None = None
    is_follow_up: bool = False
    """Goes on with what was spoken of: "and in blue?"."""
    refers_back: bool = False
    """Points at what was shown or at the open page: "it", "this one"."""
    parts: tuple["Reading", ...] = ()
    """The questions of a message that asks several things, in their order; empty for one question."""

    @property
    def is_angry(self) -> bool:
        """Whether it is written in anger, whatever else it asks: by its words, or all in capitals."""
        letters = [letter for letter in self.text if letter.isalpha()]
        shouts = len(letters) >= MIN_SHOUTED and sum(map(str.isupper, letters)) > SHOUTED_SHARE * len(letters)
        return shouts or self.scores.get(Intent.UPSET, 0.0) >= ANGRY

    def probability(self, intents: frozenset[Intent]) -> float:
        """That the message is about one of them."""
        return sum(self.scores.get(intent, 0.0) for intent in intents)
