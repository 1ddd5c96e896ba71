"""The tables of jobs."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Index
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from server.core.table_model import ShopTableModel, TableModel, is_one_of, now


class JobRow(ShopTableModel, table=True):
    """Work to do; Redis only notifies a worker of it."""

    __tablename__ = "job"
    __table_args__ = (is_one_of("state", ("queued", "running", "done", "failed")),)

    id: UUID = Field(primary_key=True)
    kind: str
    payload: dict[str, Any] = Field(default_factory=dict, sa_type=JSONB)
    state: str = "queued"
    done: int = Field(default=0, sa_type=BigInteger)
    total: int | None = Field(default=None, sa_type=BigInteger)
    errors: list[dict[str, Any]] = Field(default_factory=list, sa_type=JSONB)
    result: dict[str, Any] = Field(default_factory=dict, sa_type=JSONB)
    attempts: int = 0
    lease: UUID | None = None
    lease_until: datetime | None = None
    created_at: datetime = Field(default_factory=now)
    ended_at: datetime | None = None


class OutboxRow(TableModel, table=True):
    """When a job is due: ids only, so that one sweep over all shops reads no shop's content."""

    __tablename__ = "outbox"
    __table_args__ = (Index("outbox_due", "due_at"),)

    shop_id: UUID = Field(primary_key=True)
    job_id: UUID = Field(primary_key=True)
    due_at: datetime = Field(default_factory=now)
    urgent: bool = False


class UploadRow(ShopTableModel, table=True):
    """A file that a job has yet to read."""

    __tablename__ = "upload"

    id: UUID = Field(primary_key=True)
    name: str
    data: bytes
    created_at: datetime = Field(default_factory=now)
