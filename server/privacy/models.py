"""What an export of a person's data contains, and the record of a request."""

from datetime import datetime
from typing import Any
from uuid import UUID

from msgspec import Struct


class ConversationCopy(Struct, frozen=True, kw_only=True):
    """A conversation of the person."""

    id: UUID
    customer_id: str | None
    customer_email: str | None
    contact_email: str | None
    state: str
    locale: str
    origin: str | None
    created_at: datetime
    last_message_at: datetime


class MessageCopy(Struct, frozen=True, kw_only=True):
    """What was said in a conversation."""

    conversation_id: UUID
    author: str
    parts: list[dict[str, Any]]
    created_at: datetime


class FeedbackCopy(Struct, frozen=True, kw_only=True):
    """A rating of an answer."""

    conversation_id: UUID
    message_id: str
    rating: str
    comment: str | None
    created_at: datetime


class MarkCopy(Struct, frozen=True, kw_only=True):
    """A rating or a request for staff, with its time."""

    conversation_id: UUID
    message_id: str | None
    rating: str | None
    at: datetime


class PictureCopy(Struct, frozen=True, kw_only=True):
    """A picture that was sent; in JSON `data` is base64."""

    conversation_id: UUID
    message_id: str | None
    media_type: str
    width: int
    height: int
    data: bytes
    created_at: datetime


class ProofCopy(Struct, frozen=True, kw_only=True):
    """What was proven about an order."""

    conversation_id: UUID
    order_number: str
    level: int
    proven_at: datetime
    expires_at: datetime


class PersonalData(Struct, frozen=True, kw_only=True):
    """All that is stored of a person, by kind."""

    conversations: list[ConversationCopy]
    messages: list[MessageCopy]
    feedback: list[FeedbackCopy]
    marks: list[MarkCopy]
    pictures: list[PictureCopy]
    proofs: list[ProofCopy]

    def counts(self) -> dict[str, int]:
        """How many rows there are of each kind."""
        return {name: len(getattr(self, name)) for name in self.__struct_fields__}


class PrivacyRecord(Struct, frozen=True, kw_only=True):
    """What became of a request. `person` is a keyed hash: it shows whose request it was to whoever knows the person."""

    id: UUID
    kind: str
    person: str
    asked_by: str
    asked_at: datetime
    done_at: datetime | None
    counts: dict[str, int]
