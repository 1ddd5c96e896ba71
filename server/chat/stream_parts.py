"""The parts of an answer's stream as they are sent: the AI SDK UI message stream (v1) and the contract's data parts.

`widget/src/protocol.gen.ts` is made of these by `.ci/protocol`; a part that is missing there fails a test.
"""

from typing import Any, Literal

from msgspec import UNSET, Struct, UnsetType

from server.chat.models import HandoffState, ProductCard, Receipt
from server.orders.models import OrderView


class _Part(Struct, frozen=True, kw_only=True, tag_field="type", rename="camel"):
    """One part; the names of its fields follow the protocol (camelCase), those inside `data` are our own."""


class StatusData(Struct, frozen=True):
    """What is being done at this moment, in the shopper's language."""

    text: str


class ProductsData(Struct, frozen=True):
    """Product cards."""

    products: tuple[ProductCard, ...]


class OrderData(Struct, frozen=True):
    """An order as the proof level allows."""

    order: OrderView


class VerificationData(Struct, frozen=True, kw_only=True):
    """How the shopper can prove that an order is theirs."""

    methods: tuple[str, ...]
    order_number: str | UnsetType = UNSET


class SuggestionsData(Struct, frozen=True):
    """What the shopper may ask next."""

    suggestions: tuple[str, ...]


class HandoffData(Struct, frozen=True, kw_only=True):
    """The state of a hand-off; `staff` is the name of whoever of them has joined."""

    state: HandoffState
    staff: str | UnsetType = UNSET


class FallbackData(Struct, frozen=True):
    """Why there is no answer; `contact` is how the shop can be reached, by kind (e-mail, phone and others)."""

    reason: str
    contact: dict[str, str]


class SourceNote(Struct, frozen=True, kw_only=True):
    """A source of the answer, as its readers see it."""

    id: str
    kind: str
    title: str
    url: str | None
    fetched_at: str


class AnswerMetadata(Struct, frozen=True, kw_only=True):
    """What is sent with an answer besides its parts. `kind` names the sort of answer."""

    answered_by: Literal["model", "engine", "staff"]
    confidence: float
    kind: str | UnsetType = UNSET
    sources: tuple[SourceNote, ...] = ()
    receipts: tuple[Receipt, ...] = ()
    staff: str | None | UnsetType = UNSET
    """The name of the member of staff who answered."""
    locale: str | UnsetType = UNSET
    """The language of the answer (BCP 47), where it is known."""
    stopped: bool | UnsetType = UNSET
    """Whether the shopper stopped the answer."""
    interrupted: bool | UnsetType = UNSET
    """Whether the answer was cut off because its process was lost."""


class StartPart(_Part, frozen=True, kw_only=True, tag="start"):
    """The first part of every answer."""

    message_id: str


class TextStartPart(_Part, frozen=True, kw_only=True, tag="text-start"):
    """A text begins."""

    id: str


class TextDeltaPart(_Part, frozen=True, kw_only=True, tag="text-delta"):
    """More of a text."""

    id: str
    delta: str


class TextEndPart(_Part, frozen=True, kw_only=True, tag="text-end"):
    """The text is complete."""

    id: str


class ToolInputPart(_Part, frozen=True, kw_only=True, tag="tool-input-available"):
    """A tool was called."""

    tool_call_id: str
    tool_name: str
    input: dict[str, Any]


class ToolOutputPart(_Part, frozen=True, kw_only=True, tag="tool-output-available"):
    """The result of a tool call: a short public summary."""

    tool_call_id: str
    output: dict[str, Any]


class SourceUrlPart(_Part, frozen=True, kw_only=True, tag="source-url"):
    """A source with an address."""

    source_id: str
    url: str
    title: str


class SourceDocumentPart(_Part, frozen=True, kw_only=True, tag="source-document"):
    """A source without one."""

    source_id: str
    media_type: str = "text/plain"
    title: str


class StatusPart(_Part, frozen=True, kw_only=True, tag="data-status"):
    """What is being done at this moment; not stored with the message."""

    data: StatusData
    transient: Literal[True] = True


class ProductsPart(_Part, frozen=True, kw_only=True, tag="data-products"):
    """Shows products."""

    data: ProductsData


class OrderPart(_Part, frozen=True, kw_only=True, tag="data-order"):
    """Shows an order."""

    data: OrderData


class VerificationPart(_Part, frozen=True, kw_only=True, tag="data-verification"):
    """Asks the shopper to prove an order."""

    data: VerificationData


class SuggestionsPart(_Part, frozen=True, kw_only=True, tag="data-suggestions"):
    """Offers questions."""

    data: SuggestionsData


class HandoffPart(_Part, frozen=True, kw_only=True, tag="data-handoff"):
    """The conversation passes to staff or comes back."""

    data: HandoffData


class FallbackPart(_Part, frozen=True, kw_only=True, tag="data-fallback"):
    """Instead of an answer."""

    data: FallbackData


class MetadataPart(_Part, frozen=True, kw_only=True, tag="message-metadata"):
    """The metadata of the answer, before its last part."""

    message_metadata: AnswerMetadata


class ErrorPart(_Part, frozen=True, kw_only=True, tag="error"):
    """The answer broke off; the text is for the shopper."""

    error_text: str


class AbortPart(_Part, frozen=True, kw_only=True, tag="abort"):
    """The shopper stopped the answer."""


class FinishPart(_Part, frozen=True, kw_only=True, tag="finish"):
    """The last part of every answer that was not stopped."""


DataPart = StatusPart | ProductsPart | OrderPart | VerificationPart | SuggestionsPart | HandoffPart | FallbackPart
StreamPart = (
    StartPart
    | TextStartPart
    | TextDeltaPart
    | TextEndPart
    | ToolInputPart
    | ToolOutputPart
    | SourceUrlPart
    | SourceDocumentPart
    | DataPart
    | MetadataPart
    | ErrorPart
    | AbortPart
    | FinishPart
)
