"""What staff see: conversations in a list, one conversation with the trace of each answer, figures by day."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from msgspec import Raw, Struct

from server.shops.models import Role

STATES = ("open", "requested", "waiting", "joined", "closed")
UNANSWERED_KINDS = ("unknown", "product_none", "product_silent")
"""Kinds of answer that admit we do not know, or have nothing that fits (named by the drivers in `Concluded.kind`)."""
BROKEN_STATES = ("failed", "interrupted")


class Only(StrEnum):
    """Conversations that need somebody to look."""

    FAILED = "failed"
    """An answer broke off or its process was lost."""
    UNANSWERED = "unanswered"
    """The answer was that we do not know."""
    THUMBS_DOWN = "thumbs_down"
    HANDOFF = "handoff"
    """The shopper has requested staff who have not answered yet."""


class Wanted(Struct, frozen=True, kw_only=True):
    """Which conversations to list; `since` and `until` bound the last message, the turns of `only` too."""

    state: str | None = None
    only: Only | None = None
    text: str = ""
    since: datetime | None = None
    until: datetime | None = None


class Position(Struct, frozen=True):
    """A place in the list, newest first: the conversation before which the page ended."""

    at: datetime
    id: UUID


class Assignee(Struct, frozen=True):
    """Whom a conversation is assigned to."""

    merchant_id: UUID
    name: str


class StaffMember(Struct, frozen=True):
    """Somebody who may be assigned."""

    merchant_id: UUID
    name: str
    email: str
    role: Role


class Ratings(Struct, frozen=True):
    """Thumbs of the answers of one conversation."""

    up: int
    down: int


class ConversationItem(Struct, frozen=True, kw_only=True):
    """One line of `GET /v1/conversations`."""

    id: UUID
    state: str
    preview: str
    locale: str
    customer_email: str | None
    contact_email: str | None
    tags: list[str]
    assignee: Assignee | None
    created_at: datetime
    last_message_at: datetime
    messages: int
    last_author: str | None
    answered_by: str | None
    """Who gave the newest answer: model, engine or staff."""
    failed: bool
    unanswered: bool
    ratings: Ratings


class ConversationPage(Struct, frozen=True):
    """A page of conversations, and the position at which the next one begins; None at the end."""

    items: list[ConversationItem]
    next_position: Position | None = None


class Feedback(Struct, frozen=True, kw_only=True):
    """What the shopper thinks of one answer."""

    rating: str
    comment: str | None
    created_at: datetime


class MessageView(Struct, frozen=True, kw_only=True):
    """One message, with its parts as they were shown."""

    id: str
    author: str
    role: str
    turn_id: UUID | None
    parts: Raw
    metadata: Raw
    created_at: datetime
    feedback: Feedback | None = None


class TurnView(Struct, frozen=True, kw_only=True):
    """Why an answer is as it is. Times are seconds from acceptance; `cost` is null while no price list is set."""

    id: UUID
    question_id: str
    answer_id: str
    state: str
    answered_by: str | None
    usage_state: str
    started_at: datetime
    ended_at: datetime | None
    kind: str | None
    tools: list[dict[str, Any]]
    sources: list[dict[str, Any]]
    receipts: list[dict[str, Any]]
    notes: list[str]
    first_text_s: float | None
    seconds: float | None
    prompt_tokens: int
    completion_tokens: int
    cost: None = None


class ConversationDetail(Struct, frozen=True, kw_only=True):
    """`GET /v1/conversations/{id}`; the newest messages, oldest first."""

    id: UUID
    state: str
    preview: str
    locale: str
    origin: str | None
    customer_id: str | None
    customer_email: str | None
    contact_email: str | None
    tags: list[str]
    assignee: Assignee | None
    created_at: datetime
    last_message_at: datetime
    messages: list[MessageView]
    turns: list[TurnView]
    has_earlier: bool
    """Older messages exist than are shown."""


class Glance(Struct, frozen=True, kw_only=True):
    """`GET /v1/conversations/{id}/typing`. `messages` counts those that are there, answers once they are whole."""

    shopper_typing: bool
    messages: int


class Overnight(Struct, frozen=True, kw_only=True):
    """What there is to look at since `since`; `handoffs` counts those waiting now, whenever they requested staff."""

    since: datetime
    conversations: int
    failed: int
    unanswered: int
    thumbs_down: int
    handoffs: int


class Day(Struct, frozen=True, kw_only=True):
    """One day's figures. `conversations` had a turn that day; p50 and p95 are seconds of whole turns."""

    date: str
    conversations: int
    turns: int
    answered_by: dict[str, int]
    failed: int
    unknown: int
    thumbs_up: int
    thumbs_down: int
    p50_s: float | None
    p95_s: float | None


class KindCount(Struct, frozen=True):
    """How often one kind of answer was given."""

    kind: str
    turns: int


class OpenQuestion(Struct, frozen=True, kw_only=True):
    """A question we had no answer to; the conversation is the newest that asked it."""

    question: str
    count: int
    asked_at: datetime
    conversation_id: UUID


class Analytics(Struct, frozen=True, kw_only=True, rename={"since": "from", "until": "to"}):
    """`GET /v1/analytics`. The end is not included."""

    since: datetime
    until: datetime
    days: list[Day]
    kinds: list[KindCount]
    unanswered: list[OpenQuestion]


IMPORTS = {
    "catalog.import": "Product file",
    "knowledge.import": "Document",
    "knowledge.crawl": "Site",
    "knowledge.embed": "Search index",
    "knowledge.read": "Search index",
    "knowledge.restem": "Search language",
    "stores.sync": "Store",
    "stores.changes": "Store changes",
}
"""Jobs that a merchant has started, by kind, in the setup page's words."""


class JobLine(Struct, frozen=True, kw_only=True):
    """An import or crawl, as the setup page lists it."""

    id: UUID
    kind: str
    state: str
    done: int
    total: int | None
    failed: int
    first_error: str | None
    errors: list[str]
    """All of them, in words."""
    file: str
    """The uploaded file's name; empty for other jobs."""
    source_id: str
    """The site that a crawl reads; empty for other jobs."""
    created_at: datetime
    ended_at: datetime | None

    @property
    def name(self) -> str:
        """What it is, in words."""
        return IMPORTS[self.kind]
