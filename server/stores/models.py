"""Connected stores, stores about to be connected, and the result of reading one."""

from datetime import datetime
from typing import Any, TypeAlias
from uuid import UUID

from msgspec import Struct

Settings: TypeAlias = dict[str, Any]
"""A connection's settings as JSON: each platform has its own."""

CUSTOMER_CLIENT_ID = "customer_client_id"
"""In the settings of a Shopify connection: the client of the store's Customer Account API that the merchant made for
us. Shoppers of a store that has one may sign in at their account."""


class StoreConnection(Struct, frozen=True, kw_only=True):
    """A shop's link to a store. Its credentials are never part of it."""

    shop_id: UUID
    id: UUID
    platform: str
    name: str
    settings: Settings
    state: str
    """active; revoked (the store refuses us until the merchant connects again); paused."""
    sync_state: str
    """new, syncing, synced, failed."""
    synced_at: datetime | None
    full_synced_at: datetime | None
    next_sync_at: datetime | None
    every_s: int
    """Seconds between two passes; without meaning where `next_sync_at` is None and nothing was ever read."""
    problem: str | None
    result: dict[str, Any]
    created_at: datetime


class NewStore(Struct, frozen=True, kw_only=True):
    """A store about to be connected: tried and found good."""

    platform: str
    name: str
    settings: Settings = {}
    credentials: dict[str, str] = {}
    address: str | None = None
    """The platform's name for the store, where all stores' webhooks come to one address: one shop only may have it."""
    every_s: int | None = 3600
    """How often it is read; None for a store with nothing to be read from."""
    shown_once: tuple[str, ...] = ()
    """Names of credentials that we made and the merchant needs: shown in the response to connecting and never again."""


class StoreRef(Struct, frozen=True):
    """A connected store and the shop that has it; `store_id` is the id of the connection."""

    shop_id: UUID
    store_id: UUID


class ConnectAttempt(Struct, frozen=True):
    """Somebody (`actor`) of a shop who left for a store's consent page to connect it; `store` is its address."""

    shop_id: UUID
    platform: str
    store: str
    actor: str


class FailedItem(Struct, frozen=True):
    """One product or page that could not be stored, and why."""

    id: str
    title: str
    reason: str


class SyncResult(Struct, kw_only=True):
    """What one pass has read and written so far. `seconds` is wall time."""

    full: bool = False
    read: int = 0
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    removed: int = 0
    pages: int = 0
    failed: list[FailedItem] = []
    mended: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    """What the merchant should know of what could not be read."""
    seconds: float = 0.0


class SyncSummary(Struct, frozen=True, kw_only=True):
    """A `SyncResult` as it is stored: failures as their number."""

    full: bool
    read: int
    created: int
    updated: int
    unchanged: int
    removed: int
    pages: int
    failed: int
    mended: tuple[str, ...]
    notes: tuple[str, ...]
    seconds: float


def source_of(store_id: UUID) -> str:
    """The `source` of products and documents that come from a connected store."""
    return f"store:{store_id}"
