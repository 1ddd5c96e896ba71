"""The table of webhooks that arrived."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from server.core.table_model import ShopTableModel, now


class InboxRow(ShopTableModel, table=True):
    """A webhook as it arrived, each once; never its body."""

    __tablename__ = "inbox"
    __table_args__ = (
        UniqueConstraint("shop_id", "connection_id", "delivery_key"),
        Index("inbox_waiting", "shop_id", "id", postgresql_where=text("done_at IS NULL")),
    )

    id: UUID = Field(primary_key=True)
    connection_id: UUID
    delivery_key: str
    topic: str
    change: dict[str, Any] = Field(sa_type=JSONB)
    received_at: datetime = Field(default_factory=now)
    done_at: datetime | None = None
