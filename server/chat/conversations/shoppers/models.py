"""What a shopper sees of their conversations."""

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
