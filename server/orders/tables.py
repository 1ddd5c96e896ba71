"""The tables of what shoppers have proven about orders; no order is stored."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index
from sqlmodel import Field

from server.core.table_model import ShopTableModel, now


class ProofRow(ShopTableModel, table=True):
    """What a shopper has proven about an order in a conversation."""

    __tablename__ = "proof"
    __table_args__ = (
        CheckConstraint("level BETWEEN 1 AND 2"),
        Index("proof_expiry", "expires_at"),
    )

    conversation_id: UUID = Field(primary_key=True)
    order_number: str = Field(primary_key=True)
    level: int
    proven_at: datetime = Field(default_factory=now)
    expires_at: datetime


class OneTimeCodeRow(ShopTableModel, table=True):
    """A code that was sent to an order's e-mail."""

    __tablename__ = "one_time_code"
    __table_args__ = (Index("one_time_code_expiry", "expires_at"),)

    conversation_id: UUID = Field(primary_key=True)
    order_number: str = Field(primary_key=True)
    code_hash: bytes
    tries_left: int
    expires_at: datetime


class AttemptRow(ShopTableModel, table=True):
    """How often something was tried within a window; `subject` is a fingerprint."""

    __tablename__ = "attempt"
    __table_args__ = (Index("attempt_window", "window_start"),)

    scope: str = Field(primary_key=True)
    subject: bytes = Field(primary_key=True)
    window_start: datetime
    count: int
