"""The tables of tenants: merchants, shops, members, keys, origins, the audit."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Index
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from server.core.ids import new_id
from server.core.table_model import ShopTableModel, TableModel, is_one_of, now


class MerchantRow(TableModel, table=True):
    """Somebody who signs in to the console."""

    __tablename__ = "merchant"
    __table_args__ = (CheckConstraint("email = lower(email)"),)

    id: UUID = Field(default_factory=new_id, primary_key=True)
    email: str = Field(unique=True)
    name: str = ""
    password_hash: str
    created_at: datetime = Field(default_factory=now)
    signed_out_at: datetime | None = None


class ShopRow(TableModel, table=True):
    """One storefront: the tenant."""

    __tablename__ = "shop"
    __table_args__ = (
        is_one_of("status", ("active", "suspended")),
        CheckConstraint("currency ~ '^[A-Z]{3}$'"),
        is_one_of("order_access", ("standard", "open", "strict")),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    name: str
    status: str = "active"
    locale: str = "en"
    currency: str = "USD"
    storefront_url: str | None = None
    appearance: dict[str, Any] = Field(default_factory=dict, sa_type=JSONB)
    greeting: str | None = None
    suggestions: list[str] = Field(default_factory=list, sa_type=JSONB)
    tone: str | None = None
    contact: dict[str, str] = Field(default_factory=dict, sa_type=JSONB)
    handoff: dict[str, Any] = Field(default_factory=dict, sa_type=JSONB)
    order_access: str = "standard"
    identity_secret: bytes
    created_at: datetime = Field(default_factory=now)
    updated_at: datetime = Field(default_factory=now)


class MemberRow(ShopTableModel, table=True):
    """A merchant's role in a shop."""

    __tablename__ = "member"
    __table_args__ = (
        is_one_of("role", ("owner", "admin", "agent", "viewer")),
        Index("member_merchant", "merchant_id"),
    )

    merchant_id: UUID = Field(primary_key=True, foreign_key="merchant.id", ondelete="CASCADE")
    role: str
    created_at: datetime = Field(default_factory=now)


class ApiKeyRow(ShopTableModel, table=True):
    """A key as its shop sees it. The text of a secret key is shown once and stored nowhere."""

    __tablename__ = "api_key"
    __table_args__ = (
        is_one_of("kind", ("publishable", "secret", "customer")),
        CheckConstraint("answers_per_period >= 0"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    kind: str
    name: str = ""
    prefix: str
    publishable: str | None = None
    created_at: datetime = Field(default_factory=now)
    revoked_at: datetime | None = None
    sealed: bytes | None = None
    answers_per_period: int | None = Field(default=None, sa_type=BigInteger)


class KeyDirectoryRow(TableModel, table=True):
    """From a key's hash to its shop, for live keys only."""

    __tablename__ = "key_directory"

    key_hash: bytes = Field(primary_key=True)
    kind: str
    shop_id: UUID
    key_id: UUID


class ShopOriginRow(ShopTableModel, table=True):
    """An origin whose pages may use the shop."""

    __tablename__ = "shop_origin"

    origin: str = Field(primary_key=True)


class OriginDirectoryRow(TableModel, table=True):
    """Whether any shop lists an origin: all that a preflight can ask."""

    __tablename__ = "origin_directory"

    origin: str = Field(primary_key=True)
    shop_id: UUID = Field(primary_key=True)


class AuditEntryRow(ShopTableModel, table=True):
    """Who changed what."""

    __tablename__ = "audit_entry"

    id: UUID = Field(default_factory=new_id, primary_key=True)
    actor: str
    action: str
    details: dict[str, Any] = Field(default_factory=dict, sa_type=JSONB)
    at: datetime = Field(default_factory=now)


class IdempotencyKeyRow(ShopTableModel, table=True):
    """A write that was sent with a key; `body` is the sealed response once there is one."""

    __tablename__ = "idempotency_key"

    route: str = Field(primary_key=True)
    key: str = Field(primary_key=True)
    request_hash: bytes
    status: int | None = None
    body: bytes | None = None
    created_at: datetime = Field(default_factory=now)
