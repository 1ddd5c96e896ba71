"""What is listed of a shop's conversations."""

from datetime import datetime
from uuid import UUID

from msgspec import Struct


class ConversationLine(Struct, frozen=True, kw_only=True):
    """One line of `GET /v1/chat`: `title` is the shopper's first words, `preview` the latest of anybody's."""

    id: UUID
    title: str
    state: str
    last_message_at: datetime
    preview: str


class WidgetReport(Struct, frozen=True, kw_only=True):
    """How often widgets on pages of one origin reported one kind of problem."""

    kind: str
    origin: str
    seen: int
    first_at: datetime
    last_at: datetime
