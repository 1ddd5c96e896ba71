"""Tenants as tables, and what the API says of them."""

from datetime import UTC, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from msgspec import UNSET, Struct, UnsetType
from sqlalchemy import Column, DateTime
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

from server.core.errors import FieldError, RoleRefused
from server.core.ids import new_id
from server.shops.readability import AppearanceNote


def _now() -> datetime:
    return datetime.now(UTC)


def _time(*, nullable: bool = False) -> Column[datetime]:
    return Column(DateTime(timezone=True), nullable=nullable)


class Role(StrEnum):
    """What staff may do; each may do all that the next may."""

    OWNER = "owner"
    ADMIN = "admin"
    AGENT = "agent"
    VIEWER = "viewer"


RANK = {Role.OWNER: 3, Role.ADMIN: 2, Role.AGENT: 1, Role.VIEWER: 0}


class Merchant(SQLModel, table=True):
    """Somebody who signs in to the console."""

    id: UUID = Field(default_factory=new_id, primary_key=True)
    email: str
    name: str = ""
    password_hash: str
    created_at: datetime = Field(default_factory=_now, sa_column=_time())
    signed_out_at: datetime | None = Field(default=None, sa_column=_time(nullable=True))


class Shop(SQLModel, table=True):
    """One storefront: the tenant."""

    id: UUID = Field(default_factory=new_id, primary_key=True)
    name: str
    status: str = "active"
    locale: str = "en"
    currency: str = "USD"
    storefront_url: str | None = None
    appearance: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSONB, nullable=False))
    greeting: str | None = None
    suggestions: list[str] = Field(default_factory=list, sa_column=Column(JSONB, nullable=False))
    tone: str | None = None
    contact: dict[str, str] = Field(default_factory=dict, sa_column=Column(JSONB, nullable=False))
    handoff: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSONB, nullable=False))
    order_access: str = "standard"
    identity_secret: bytes
    created_at: datetime = Field(default_factory=_now, sa_column=_time())
    updated_at: datetime = Field(default_factory=_now, sa_column=_time())


class Member(SQLModel, table=True):
    """A merchant's place in a shop."""

    shop_id: UUID = Field(primary_key=True, foreign_key="shop.id")
    merchant_id: UUID = Field(primary_key=True, foreign_key="merchant.id")
    role: str
    created_at: datetime = Field(default_factory=_now, sa_column=_time())


class ApiKey(SQLModel, table=True):
    """A key as its shop sees it; a secret key's text is known to nobody after it was shown once."""

    __tablename__ = "api_key"

    shop_id: UUID = Field(primary_key=True, foreign_key="shop.id")
    id: UUID = Field(default_factory=new_id, primary_key=True)
    kind: str
    name: str = ""
    prefix: str
    sealed: bytes | None = None
    """Of a customer key."""
    publishable: str | None = None
    answers_per_period: int | None = None
    created_at: datetime = Field(default_factory=_now, sa_column=_time())
    revoked_at: datetime | None = Field(default=None, sa_column=Column(DateTime(timezone=True)))


class KeyDirectory(SQLModel, table=True):
    """From a key's hash to its shop, for live keys only."""

    __tablename__ = "key_directory"

    key_hash: bytes = Field(primary_key=True)
    kind: str
    shop_id: UUID
    key_id: UUID


class ShopOrigin(SQLModel, table=True):
    """An origin whose pages may use the shop."""

    __tablename__ = "shop_origin"

    shop_id: UUID = Field(primary_key=True, foreign_key="shop.id")
    origin: str = Field(primary_key=True)


class OriginDirectory(SQLModel, table=True):
    """Whether any shop lists an origin: all that a preflight can ask."""

    __tablename__ = "origin_directory"

    origin: str = Field(primary_key=True)
    shop_id: UUID = Field(primary_key=True)


class AuditEntry(SQLModel, table=True):
    """Who changed what."""

    __tablename__ = "audit_entry"

    shop_id: UUID = Field(primary_key=True, foreign_key="shop.id")
    id: UUID = Field(default_factory=new_id, primary_key=True)
    actor: str
    action: str
    details: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSONB, nullable=False))
    at: datetime = Field(default_factory=_now, sa_column=_time())


class IdempotencyKey(SQLModel, table=True):
    """A write that was asked for with a key; `body` is the sealed answer once there is one."""

    __tablename__ = "idempotency_key"

    shop_id: UUID = Field(primary_key=True, foreign_key="shop.id")
    route: str = Field(primary_key=True)
    key: str = Field(primary_key=True)
    request_hash: bytes
    status: int | None = None
    body: bytes | None = None
    created_at: datetime = Field(default_factory=_now, sa_column=_time())


class ShopView(Struct, frozen=True, kw_only=True):
    """`GET /v1/shop`."""

    id: UUID
    name: str
    origins: tuple[str, ...]
    locale: str
    currency: str
    storefront_url: str | None
    appearance: dict[str, Any]
    """What was set; see `server/shops/appearance.py` for all settings and their defaults."""
    greeting: str | None
    suggestions: tuple[str, ...]
    tone: str | None
    contact: dict[str, str]
    handoff: dict[str, Any]
    order_access: str
    appearance_notes: list[AppearanceNote]
    """Colours that cannot be read on each other, and what the widget shows instead."""
    identity_secret: str | UnsetType = UNSET
    """Signs customers (proof level 3); told to admins and secret keys only."""


class ShopChanges(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`PATCH /v1/shop`: only what is given changes."""

    name: str | UnsetType = UNSET
    origins: tuple[str, ...] | UnsetType = UNSET
    locale: str | UnsetType = UNSET
    currency: str | UnsetType = UNSET
    storefront_url: str | None | UnsetType = UNSET
    appearance: dict[str, Any] | None | UnsetType = UNSET
    greeting: str | None | UnsetType = UNSET
    suggestions: tuple[str, ...] | UnsetType = UNSET
    tone: str | None | UnsetType = UNSET
    contact: dict[str, str] | UnsetType = UNSET
    handoff: dict[str, Any] | UnsetType = UNSET
    order_access: str | UnsetType = UNSET


class Trial(Struct, frozen=True, kw_only=True):
    """What a change of the shop would give."""

    errors: tuple[FieldError, ...]
    notes: tuple[AppearanceNote, ...]
    appearance: dict[str, Any]
    """Resolved, with every setting that can be kept."""


class KeyView(Struct, frozen=True, kw_only=True):
    """A key in a list; `key` is set for publishable keys, and for a secret one only in the answer that made it."""

    id: UUID
    kind: str
    name: str
    prefix: str
    key: str | None
    created_at: datetime
    answers_per_period: int | None
    """Of a publishable key: how many answers may be given by it in a period of the plan; None without such a limit."""


class MemberView(Struct, frozen=True, kw_only=True):
    """Somebody who may sign in to a shop's console."""

    email: str
    name: str
    role: str
    since: datetime


class Caller(Struct, frozen=True, kw_only=True):
    """A merchant-side request: whose shop, which role, who is written into the audit."""

    shop_id: UUID
    role: Role
    actor: str
    merchant_id: UUID | None = None

    def require(self, role: Role) -> None:
        """Raises RoleRefused below `role`."""
        if RANK[self.role] < RANK[role]:
            raise RoleRefused(f"This needs the role {role}; yours is {self.role}.")


class ShopProfile(Struct, frozen=True, kw_only=True):
    """What the turn needs of a shop, cached for seconds: no secrets."""

    id: UUID
    name: str
    active: bool
    locale: str
    currency: str
    origins: frozenset[str]
    storefront_url: str | None
    appearance: dict[str, Any]
    """Resolved: every setting has a value."""
    greeting: str | None
    suggestions: tuple[str, ...]
    tone: str | None
    contact: dict[str, str]
    handoff: dict[str, Any]
    order_access: str
    keys: frozenset[UUID] = frozenset()
    """Live ones of every kind."""
