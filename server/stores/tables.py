"""The tables of connected stores."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, func, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from server.core.table_model import ShopTableModel, TableModel, is_one_of, now, references


class StoreConnectionRow(ShopTableModel, table=True):
    """A shop's link to a platform."""

    __tablename__ = "connection"
    __table_args__ = (
        is_one_of("state", ("active", "revoked", "paused")),
        is_one_of("sync_state", ("new", "syncing", "synced", "failed")),
        CheckConstraint("every_s BETWEEN 300 AND 604800"),
        Index("connection_due", "next_sync_at", postgresql_where=text("state = 'active' AND next_sync_at IS NOT NULL")),
    )

    id: UUID = Field(primary_key=True)
    platform: str
    name: str
    settings: dict[str, Any] = Field(default_factory=dict, sa_type=JSONB)
    credentials: bytes | None = None
    state: str = "active"
    created_at: datetime = Field(default_factory=now)
    sync_state: str = "new"
    synced_at: datetime | None = None
    full_synced_at: datetime | None = None
    next_sync_at: datetime | None = Field(default=None, sa_column_kwargs={"server_default": func.now()})
    every_s: int = 3600
    problem: str | None = None
    result: dict[str, Any] = Field(default_factory=dict, sa_type=JSONB)


class StoreDirectoryRow(TableModel, table=True):
    """From a store's address to the shop and connection that its webhooks belong to."""

    __tablename__ = "store_directory"
    __table_args__ = (
        references("connection", ("shop_id", "connection_id"), ("shop_id", "id")),
        Index("store_directory_connection", "shop_id", "connection_id"),
    )

    platform: str = Field(primary_key=True)
    address: str = Field(primary_key=True)
    shop_id: UUID = Field(foreign_key="shop.id", ondelete="CASCADE")
    connection_id: UUID


class ConnectAttemptRow(TableModel, table=True):
    """A store about to be connected, under the hash of a secret that comes back once."""

    __tablename__ = "connect_attempt"

    state_hash: bytes = Field(primary_key=True)
    shop_id: UUID = Field(foreign_key="shop.id", ondelete="CASCADE")
    platform: str
    store: str
    actor: str
    expires_at: datetime


class LeftStoreRow(ShopTableModel, table=True):
    """A store that the shop once had: privacy requests about it still arrive."""

    __tablename__ = "left_store"
    __table_args__ = (
        Index("left_store_address", "platform", "address"),
        Index("left_store_left_at", "left_at"),
    )

    platform: str = Field(primary_key=True)
    address: str = Field(primary_key=True)
    connection_id: UUID = Field(primary_key=True)
    left_at: datetime = Field(default_factory=now)
