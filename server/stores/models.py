"""Connected stores as merchants see them, and what a sync came to."""

from datetime import datetime
from typing import Any
from uuid import UUID

from msgspec import Struct

from integrations.platform import PlatformChange

CUSTOMER_CLIENT_ID = "customer_client_id"
"""In the settings of a Shopify connection: the client of the store's Customer Account API that the merchant made for
us. Shoppers of a store that has one may sign in at their account."""


SIXTY_DAYS = "Orders older than 60 days cannot be looked up until Shopify grants read_all_orders."


class StoreConnection(Struct, frozen=True, kw_only=True):
    """A shop's link to a store. Its credentials are never part of it."""

    shop_id: UUID
    id: UUID
    platform: str
    name: str
    settings: dict[str, Any]
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

    @property
    def notes(self) -> tuple[str, ...]:
        """What the merchant should know of a store in good health."""
        is_short = self.platform == "shopify" and not self.settings.get("all_orders")
        return (SIXTY_DAYS,) if is_short else ()


class NewStore(Struct, frozen=True, kw_only=True):
    """A store about to be connected: tried and found good."""

    platform: str
    name: str
    settings: dict[str, Any] = {}
    credentials: dict[str, str] = {}
    address: str | None = None
    """The platform's name for the store, where all stores' webhooks come to one address: one shop only may have it."""
    every_s: int | None = 3600
    """How often it is read; None for a store with nothing to be read from."""
    told_once: tuple[str, ...] = ()
    """Credentials we made and the merchant needs: in the answer to connecting and nowhere else."""


class Arrived(Struct, frozen=True):
    """A change in the inbox that nobody has worked through yet."""

    id: UUID
    connection_id: UUID
    change: PlatformChange


class FailedItem(Struct, frozen=True):
    """One product or page that did not go in, and why."""

    id: str
    title: str
    reason: str


class SyncResult(Struct, kw_only=True):
    """What a pass came to so far. `seconds` is wall time."""

    full: bool = False
    read: int = 0
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    removed: int = 0
    pages: int = 0
    failed: list[FailedItem] = []
    mended: tuple[str, ...] = ()
    seconds: float = 0.0


def connection_view(connection: StoreConnection) -> dict[str, Any]:
    """What the API tells of a connection."""
    return {
        "id": connection.id,
        "platform": connection.platform,
        "name": connection.name,
        "store": shown_address(connection.settings),
        "state": connection.state,
        "sync_state": connection.sync_state,
        "synced_at": connection.synced_at,
        "next_sync_at": connection.next_sync_at,
        "every_s": connection.every_s,
        "problem": connection.problem,
        "notes": connection.notes,
        "customer_client_id": connection.settings.get(CUSTOMER_CLIENT_ID),
        "result": connection.result,
        "created_at": connection.created_at,
    }


def shown_address(settings: dict[str, Any]) -> str | None:
    """Where the store is, without a query: feeds carry their tokens there."""
    address = settings.get("store") or settings.get("feed_url")
    return str(address).partition("?")[0] if address else None
