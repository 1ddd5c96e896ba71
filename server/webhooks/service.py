"""The inbox: a webhook is verified, what it means is stored once, and a job processes it.

Bodies are not stored: what is written is read from the store (see `tasks`).
"""

import asyncio
import hashlib
from uuid import UUID

from msgspec import Struct

from integrations.platform import (
    ErasureRequested,
    ExportRequested,
    PlatformChange,
    PlatformRevoked,
    ShopErasureRequested,
)
from server.core.cache import ExpiringCache
from server.core.crypto import Vault
from server.core.database import Connection, Database
from server.core.errors import InvalidSignature
from server.core.ids import new_id
from server.core.jobs import JobNotifier, enqueue_once
from server.core.logging import get_logger
from server.stores.credentials import SealedCredentials
from server.stores.models import StoreRef
from server.stores.service import StoreService
from server.stores.webhook_source import WebhookDelivery, WebhookReading, WebhookSource
from server.webhooks import storage
from server.webhooks.deduplication import Deduplicator
from server.webhooks.models import InboxEntry

CHANGES = "stores.changes"
CACHED_S = 5.0
COMPLIANCE = (ErasureRequested, ExportRequested, ShopErasureRequested)
"""Requests that a store may still send for shops that have disconnected it."""
MAX_ADDRESS = 255
LARGE_BYTES = 128 * 1024
"""Larger bodies are parsed in a thread: one of 10 MB would block the event loop."""

log = get_logger("webhooks")


class HashedReading(Struct, frozen=True):
    """What a delivery means, and the SHA-256 of its topic and body.

    The topic is part of the hash: a creation and a deletion soon after may have the same body.
    """

    reading: WebhookReading
    body_hash: bytes


class Inbox:
    """Receives the webhooks of all platforms."""

    def __init__(
        self, database: Database, vault: Vault, stores: StoreService, notify: JobNotifier, deduplicator: Deduplicator
    ) -> None:
        self._database, self._vault, self._stores = database, vault, stores
        self._notify, self._deduplicator = notify, deduplicator
        self._refs: ExpiringCache[tuple[str, str], StoreRef | None] = ExpiringCache(CACHED_S)
        self._secrets: ExpiringCache[UUID, tuple[str, ...]] = ExpiringCache(CACHED_S)

    async def receive_for_app(
        self, source: WebhookSource, secrets: tuple[str, ...], address: str, delivery: WebhookDelivery
    ) -> None:
        """Store a delivery of a platform whose app signs for all stores; `address` is the store it names.

        Raises InvalidSignature. A store that is not connected is logged and answered like any other.
        """
        if not secrets or not source.verify(delivery, secrets):
            raise InvalidSignature("The signature does not match.")
        hashed = await _read(source, delivery)
        change = hashed.reading.change
        if change is None:
            return
        refs = await self._list_refs(source.platform, address, change)
        if not refs:
            log.info("webhook_store_unknown", platform=source.platform)
        for ref in refs:
            await self._put(ref, hashed, change)

    async def receive_for_store(self, source: WebhookSource, store_id: str, delivery: WebhookDelivery) -> None:
        """Store a delivery of a platform whose stores each have a secret. Raises InvalidSignature, alike for a wrong
        signature and an unknown store."""
        ref = await self._find_ref(source.platform, store_id)
        if source.is_ping(delivery):
            return
        if ref is None or not source.verify(delivery, await self._find_secrets(ref)):
            raise InvalidSignature("The signature does not match.")
        hashed = await _read(source, delivery)
        if hashed.reading.change is not None:
            await self._put(ref, hashed, hashed.reading.change)

    async def _put(self, ref: StoreRef, hashed: HashedReading, change: PlatformChange) -> None:
        reading = hashed.reading
        entry = await self._deduplicator.create_entry(ref.store_id, change, reading.key, hashed.body_hash)
        async with self._database.connection(ref.shop_id) as connection:
            is_pending = await storage.create_entry(
                connection, ref.shop_id, entry, entry_id=new_id(), store_id=ref.store_id, topic=reading.topic[:200]
            )
            job_id = await _enqueue(connection, ref.shop_id, entry) if is_pending else None
        self._deduplicator.note_stored(ref.store_id, change, hashed.body_hash)
        if job_id and not entry.due_at:
            await self._notify(ref.shop_id, job_id)

    async def _list_refs(self, platform: str, address: str, change: PlatformChange) -> list[StoreRef]:
        """The stores that a change is for: the connected one, and for a privacy request also those of shops that left.

        A person is erased in a whole shop, so one store of each shop is enough; a store's own data is erased for each.
        """
        ref = await self._find_ref(platform, address)
        connected = [ref] if ref else []
        if not isinstance(change, COMPLIANCE):
            return connected
        left = await self._stores.list_left_refs(platform, address[:MAX_ADDRESS])
        found = list(dict.fromkeys([*connected, *left]))
        if isinstance(change, ShopErasureRequested):
            return found
        return list({ref.shop_id: ref for ref in reversed(found)}.values())

    async def _find_ref(self, platform: str, address: str) -> StoreRef | None:
        if len(address) > MAX_ADDRESS:
            return None  # no store has it, and it is too long for the cache
        known = self._refs.get((platform, address))
        if known is None:
            known = self._refs.put((platform, address), await self._stores.find_ref(platform, address))
        return known

    async def _find_secrets(self, ref: StoreRef) -> tuple[str, ...]:
        known = self._secrets.get(ref.store_id)
        if known is None:
            try:
                values = await SealedCredentials(self._database, self._vault, ref.shop_id, ref.store_id).read()
            except PlatformRevoked:
                values = {}
            secret = values.get("webhook_secret")
            known = self._secrets.put(ref.store_id, (secret,) if secret else ())
        return known


async def _read(source: WebhookSource, delivery: WebhookDelivery) -> HashedReading:
    if len(delivery.body) > LARGE_BYTES:
        return await asyncio.to_thread(_read_now, source, delivery)
    return _read_now(source, delivery)


def _read_now(source: WebhookSource, delivery: WebhookDelivery) -> HashedReading:
    reading = source.read(delivery)
    return HashedReading(reading, hashlib.sha256(reading.topic.encode() + b"\0" + delivery.body).digest())


async def _enqueue(connection: Connection, shop_id: UUID, entry: InboxEntry) -> UUID | None:
    payload = {"due_at": entry.due_at.isoformat()} if entry.due_at else {}
    return await enqueue_once(connection, shop_id, CHANGES, payload, due_at=entry.due_at)
