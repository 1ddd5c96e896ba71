"""The tables of conversations."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Identity, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from server.core.table_model import ShopTableModel, TableModel, is_one_of, now, references


class ConversationRow(ShopTableModel, table=True):
    """A thread between a shopper and the shop."""

    __tablename__ = "conversation"
    __table_args__ = (
        is_one_of("state", ("open", "requested", "waiting", "joined", "closed")),
        Index(
            "conversation_handoff", "shop_id", text("handoff_at DESC"), postgresql_where=text("handoff_at IS NOT NULL")
        ),
        Index("conversation_newest", "shop_id", text("last_message_at DESC"), text("id DESC")),
        Index("conversation_shopper", "shop_id", "shopper_id", text("last_message_at DESC")),
        Index(
            "conversation_waiting",
            "shop_id",
            text("last_message_at DESC"),
            postgresql_where=text("state IN ('requested', 'waiting')"),
        ),
    )

    id: UUID = Field(primary_key=True)
    shopper_id: UUID
    customer_id: str | None = None
    customer_email: str | None = None
    state: str = "open"
    locale: str = "en"
    origin: str | None = None
    assignee: UUID | None = None
    contact_email: str | None = None
    tags: list[str] = Field(default_factory=list, sa_type=JSONB)
    preview: str = ""
    last_seq: int = 0
    created_at: datetime = Field(default_factory=now)
    last_message_at: datetime = Field(default_factory=now)
    handoff_at: datetime | None = None
    handoff_answered_at: datetime | None = None


class MessageRow(TableModel, table=True):
    """One entry of a conversation. Its id is the client's where the client wrote it."""

    __tablename__ = "message"
    __table_args__ = (
        is_one_of("author", ("shopper", "assistant", "staff", "system")),
        references("conversation", ("shop_id", "conversation_id"), ("shop_id", "id")),
        UniqueConstraint("shop_id", "conversation_id", "seq"),
    )

    shop_id: UUID = Field(primary_key=True)
    conversation_id: UUID = Field(primary_key=True)
    id: str = Field(primary_key=True)
    seq: int
    author: str
    turn_id: UUID | None = None
    parts: list[dict[str, Any]] = Field(sa_type=JSONB)
    metadata_: dict[str, Any] = Field(default_factory=dict, sa_type=JSONB, sa_column_kwargs={"name": "metadata"})
    created_at: datetime = Field(default_factory=now)


class TurnRow(TableModel, table=True):
    """One shopper message with all that answers it."""

    __tablename__ = "turn"
    __table_args__ = (
        is_one_of("state", ("running", "done", "stopped", "failed", "interrupted")),
        is_one_of("usage_state", ("reserved", "settled", "released")),
        references("conversation", ("shop_id", "conversation_id"), ("shop_id", "id")),
        UniqueConstraint("shop_id", "conversation_id", "question_id"),
        Index("turn_lease", "lease_until", postgresql_where=text("state = 'running'")),
        Index("turn_running", "shop_id", "lease_until", postgresql_where=text("state = 'running'")),
        Index("turn_started", "shop_id", "started_at"),
    )

    shop_id: UUID = Field(primary_key=True)
    id: UUID = Field(primary_key=True)
    conversation_id: UUID
    question_id: str
    answer_id: str
    state: str = "running"
    answered_by: str | None = None
    usage_state: str = "reserved"
    trace: dict[str, Any] = Field(default_factory=dict, sa_type=JSONB)
    started_at: datetime = Field(default_factory=now)
    lease_until: datetime
    ended_at: datetime | None = None


class FeedbackRow(TableModel, table=True):
    """A shopper's newest rating of an answer."""

    __tablename__ = "feedback"
    __table_args__ = (
        is_one_of("rating", ("up", "down")),
        references("message", ("shop_id", "conversation_id", "message_id"), ("shop_id", "conversation_id", "id")),
    )

    shop_id: UUID = Field(primary_key=True)
    conversation_id: UUID = Field(primary_key=True)
    message_id: str = Field(primary_key=True)
    rating: str
    comment: str | None = None
    created_at: datetime = Field(default_factory=now)


class PictureRow(TableModel, table=True):
    """A picture that a shopper sent, re-encoded. One that no message refers to is deleted after a day."""

    __tablename__ = "picture"
    __table_args__ = (
        is_one_of("media_type", ("image/jpeg", "image/webp")),
        references("conversation", ("shop_id", "conversation_id"), ("shop_id", "id")),
        Index("picture_unused", "created_at", postgresql_where=text("message_id IS NULL")),
    )

    shop_id: UUID = Field(primary_key=True)
    conversation_id: UUID = Field(primary_key=True)
    id: UUID = Field(primary_key=True)
    media_type: str
    width: int
    height: int
    data: bytes
    message_id: str | None = None
    created_at: datetime = Field(default_factory=now)


class ErasedShopperRow(ShopTableModel, table=True):
    """A shopper who was erased: their sessions are no longer valid."""

    __tablename__ = "forgotten_shopper"
    __table_args__ = (Index("forgotten_shopper_at", "shop_id", "forgotten_at"),)

    shopper_id: UUID = Field(primary_key=True)
    forgotten_at: datetime = Field(default_factory=now)


class WidgetReportRow(ShopTableModel, table=True):
    """What widgets noticed on a merchant's pages, counted by origin."""

    __tablename__ = "widget_report"
    __table_args__ = (is_one_of("kind", ("buffered_stream",)),)

    kind: str = Field(primary_key=True)
    origin: str = Field(primary_key=True)
    seen: int = 1
    first_at: datetime = Field(default_factory=now)
    last_at: datetime = Field(default_factory=now)


class ConversationMarkRow(TableModel, table=True):
    """A rating or a request for staff, with its time; rows are only added."""

    __tablename__ = "conversation_mark"
    __table_args__ = (
        CheckConstraint("(message_id IS NULL) = (rating IS NULL)"),
        is_one_of("rating", ("up", "down")),
        references("conversation", ("shop_id", "conversation_id"), ("shop_id", "id")),
    )

    shop_id: UUID = Field(primary_key=True)
    conversation_id: UUID = Field(primary_key=True)
    id: int | None = Field(default=None, primary_key=True, sa_type=BigInteger, sa_column_args=(Identity(always=True),))
    message_id: str | None = None
    rating: str | None = None
    at: datetime
