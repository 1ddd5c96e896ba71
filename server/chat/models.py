"""The shopper's question, the sources that an answer rests on, and the events that make an answer.

A driver (engine or model) yields answer events; the service checks them, gives them numbers and puts them on the
wire (`events.py`). Nothing here knows HTTP or SQL.
"""

from datetime import datetime
from typing import Any, Literal, TypeAlias
from uuid import UUID

from msgspec import Struct

from integrations.platform import Money
from server.knowledge.evidence import Unit
from server.models.protocol import Vector
from server.orders.models import OrderOutcome, OrderView
from server.shops.identity import Shopper

HandoffState = Literal["requested", "waiting", "joined", "ended"]

MessagePart: TypeAlias = dict[str, Any]
"""One part of a message as it is stored and sent, in JSON; its `type` says which of `stream_parts.DataPart` and the
text, tool and source parts of the AI SDK it is."""
MessageMetadata: TypeAlias = dict[str, Any]
"""`stream_parts.AnswerMetadata` as it is stored and sent, in JSON."""


class VariantCard(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One variant of a product, as a card shows it."""

    id: str
    title: str
    sku: str | None
    price: Money | None
    available: bool
    on_backorder: bool = False
    """It can be ordered, and ships later."""
    can_add_to_cart: bool = True
    """False for what is chosen or bought on its own page."""


class ProductCard(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The contract's `Product`. `fetched_at` is when it was read from the shop (ISO 8601)."""

    id: str
    title: str
    url: str | None
    image_url: str | None
    price: Money | None
    available: bool
    fetched_at: str
    variants: tuple[VariantCard, ...] = ()
    compare_at_price: Money | None = None


class ProductDetail(Struct, frozen=True, kw_only=True):
    """Everything the shop says of one product. Answers are made from it; it is never sent as a whole."""

    card: ProductCard
    description: str
    brand: str | None = None
    category: tuple[str, ...] = ()
    attributes: dict[str, str] = {}
    stock: dict[str, int | None] = {}
    """Items in stock by variant title; None where the shop gives no number."""


class Candidate(Struct, frozen=True, kw_only=True):
    """A unit of evidence that may answer, and where it was found. `similarity` is the cosine with the question; None
    without one. `source_id` is the id of the source to cite ("document:returns#2"). `lexical` is 0..1."""

    unit: Unit
    source_id: str
    similarity: float | None = None
    lexical: float = 0.0
    is_product: bool = False
    text_vector: Vector | None = None
    """Of the unit's text under its label, without its headings, by the multilingual embedder."""
    subjects: Vector | None = None
    """The probabilities of the subjects that the unit may be about."""
    heading_topics: Vector | None = None
    """The probabilities of the intents that the title and headings above the unit speak of."""


class Source(Struct, frozen=True, kw_only=True):
    """A passage, product or order fact that an answer rests on.

    `id` is stable within the conversation ("product:JP-1", "document:returns#2", "order:1001"); `text` is what the
    answer may claim from it and is not sent as a whole.
    """

    id: str
    kind: str
    title: str
    text: str
    url: str | None = None
    heading_path: tuple[str, ...] = ()
    fetched_at: str = ""
    score: float = 0.0


class CatalogResult(Struct, frozen=True, kw_only=True):
    """Products found, best first, each with its score (0..1) and its cosine with the question, where one was compared.
    `exact` says that an identifier matched."""

    products: tuple[ProductDetail, ...]
    scores: tuple[float, ...] = ()
    similarities: tuple[float | None, ...] = ()
    sources: tuple[Source, ...] = ()
    exact: bool = False


class EvidenceResult(Struct, frozen=True, kw_only=True):
    """Units that may answer, with the documents they are from."""

    candidates: tuple[Candidate, ...]
    sources: tuple[Source, ...] = ()


class CatalogOverview(Struct, frozen=True, kw_only=True):
    """What the shop has as a whole: its outermost kinds of products, those with most products first, and products at a
    reduced price."""

    categories: tuple[str, ...] = ()
    reduced: tuple[ProductDetail, ...] = ()


class PolicyResult(Struct, frozen=True, kw_only=True):
    """Passages of policies and documents, best first."""

    sources: tuple[Source, ...]


class HandoffResult(Struct, frozen=True, kw_only=True):
    """What asking for staff led to. state: requested (staff are on duty), waiting (none are; an e-mail helps) or
    joined (they answer already); the rest as in `handoff.QueuePlace`."""

    state: HandoffState
    contact: dict[str, str] = {}
    online: bool = False
    ahead: int | None = None
    wait_s: int | None = None
    opens_at: datetime | None = None


class Utterance(Struct, frozen=True):
    """One earlier message, as plain text. author: shopper, assistant or staff."""

    author: str
    text: str


class Question(Struct, frozen=True, kw_only=True):
    """One shopper message with what its answer may need to know."""

    text: str
    shopper: Shopper
    locale: str
    history: tuple[Utterance, ...] = ()
    """Oldest first, without this message; at most the last 12."""
    shown_products: tuple[str, ...] = ()
    """External ids of the products the last answers showed, newest first: what "it" and "the second one" mean."""
    last_shown: tuple[str, ...] = ()
    """Those of them that one answer showed, the newest that showed any: what "the cheapest" is looked for among."""
    order_in_question: str | None = None
    """The number of the order that the conversation was last about."""
    page_product_id: str | None = None
    """The product page the shopper is on."""
    picture_ids: tuple[UUID, ...] = ()
    """The pictures of the message, whose text may be empty then."""
    shop_name: str = ""
    shop_locale: str = ""
    """Of the shop's own texts; that of the question where it is empty."""
    currency: str = "USD"
    tone: str | None = None
    contact: dict[str, str] = {}


class AnswerIncomplete(Exception):
    """The answer broke off after its first words; these are saved and a retry is offered."""


class StatusLine(Struct, frozen=True, tag=True):
    """What is being done at this moment, shown until the answer begins."""

    text: str


class TextPiece(Struct, frozen=True, tag=True):
    """A piece of the answer's text (Markdown: paragraphs, bold, lists, links; nothing else)."""

    text: str


class ToolUsed(Struct, frozen=True, kw_only=True, tag=True):
    """A finished tool call; `output` is a short public summary, never a platform's payload."""

    name: str
    input: dict[str, Any]
    output: dict[str, Any]
    seconds: float = 0.0


class ShowProducts(Struct, frozen=True, tag=True):
    """Product cards, at most 8."""

    products: tuple[ProductCard, ...]


class ShowOrder(Struct, frozen=True, tag=True):
    """The order card."""

    order: OrderView


class AskProof(Struct, frozen=True, kw_only=True, tag=True):
    """The verification form. methods: email, postcode, code, sign_in."""

    order_number: str | None
    methods: tuple[str, ...]


class Suggest(Struct, frozen=True, tag=True):
    """Things to ask next, at most 4 short sentences in the shopper's own voice."""

    suggestions: tuple[str, ...]


class Cite(Struct, frozen=True, tag=True):
    """A source that the answer rests on."""

    source: Source


class HandedOff(Struct, frozen=True, kw_only=True, tag=True):
    """The conversation passes to staff, whose name is `staff` where it is known."""

    state: HandoffState
    staff: str | None = None


class Receipt(Struct, frozen=True):
    """A claim of the answer and the source field it rests on."""

    claim: str
    source_id: str
    field: str


class Concluded(Struct, frozen=True, kw_only=True, tag=True):
    """The last event of every answer. `confidence` is 0..1; `kind` names the sort of answer for staff and tests."""

    kind: str
    confidence: float
    receipts: tuple[Receipt, ...] = ()
    prompt_tokens: int = 0
    completion_tokens: int = 0
    locale: str | None = None
    """The language of the answer, where it is known (the engine's own words)."""


AnswerEvent = (
    StatusLine | TextPiece | ToolUsed | ShowProducts | ShowOrder | AskProof | Suggest | Cite | HandedOff | Concluded
)


class OrderAnswer(Struct, frozen=True, kw_only=True):
    """The outcome of an order look-up, and the source that an answer may rest on; None where it may claim nothing."""

    outcome: OrderOutcome
    source: Source | None = None
