"""Tenants as the API and the services see them; their rows are in `tables.py`."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from msgspec import UNSET, Struct, UnsetType

from server.core.errors import FieldError, RoleRefused
from server.shops.readability import AppearanceNote


class Role(StrEnum):
    """What staff may do; each may do all that the next may."""

    OWNER = "owner"
    ADMIN = "admin"
    AGENT = "agent"
    VIEWER = "viewer"


RANK = {Role.OWNER: 3, Role.ADMIN: 2, Role.AGENT: 1, Role.VIEWER: 0}


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
    """Signs customers (proof level 3); shown to admins and secret keys only."""


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
    """What a change of the shop would result in."""

    errors: tuple[FieldError, ...]
    notes: tuple[AppearanceNote, ...]
    appearance: dict[str, Any]
    """Resolved, with every setting that is valid."""


class KeyView(Struct, frozen=True, kw_only=True):
    """A key in a list; `key` is set for publishable keys, and for a secret one only in the response that made it."""

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
