"""The inbox: a webhook is verified, stored once as what it tells, and worked through by a job.

Bodies are not kept: what is written comes from the store when it is asked again (see `tasks`).
"""

import asyncio
import hashlib
from collections.abc import Callable, Mapping
from uuid import UUID

import msgspec
from msgspec import Struct

from integrations.platform import ErasureAsked, ExportAsked, PlatformChange, PlatformRevoked, ShopErasureAsked
from server.core.cache import ExpiringCache
from server.core.crypto import Vault
from server.core.database import Connection, Database
from server.core.errors import InvalidSignature
from server.core.ids import new_id
from server.core.jobs import Wake, enqueue_once
from server.core.logging import get_logger
from server.stores.credentials import SealedCredentials
from server.stores.models import StoreRef
from server.stores.service import StoreService
from server.webhooks import storage
from server.webhooks.deduplication import Admission
from server.webhooks.models import InboxEntry

CHANGES = "stores.changes"
DIRECTORY_LIVES_S = 5.0
COMPLIANCE = (ErasureAsked, ExportAsked, ShopErasureAsked)
"""What a store may still ask of shops that it has left, and that no longer have it."""
MAX_ADDRESS = 255
LARGE_BYTES = 128 * 1024
"""Bodies beyond this are read in a thread, so that one of 10 MB holds nobody up."""

log = get_logger("webhooks")


class Delivery(Struct, frozen=True, kw_only=True):
    """A webhook as it came: header names in lower case."""

    headers: Mapping[str, str]
    body: bytes


class Reading(Struct, frozen=True, kw_only=True):
    """What a delivery tells. `change` is None for what does not concern us; `key` is the same for repeats."""

    topic: str
    key: str
    change: PlatformChange | None
    body_hash: bytes = b""


Verify = Callable[[Delivery, tuple[str, ...]], bool]
"""Whether the body is signed with one of these secrets."""
Read = Callable[[Delivery], Reading]
"""What a verified delivery tells. Never raises: what cannot be understood concerns us as a change of everything."""


class Source(Struct, frozen=True, kw_only=True):
    """How one platform sends webhooks."""

    platform: str
    verify: Verify
    read: Read
    is_ping: Callable[[Delivery], bool] = lambda _: False
    """Unsigned and harmless: answered, and nothing done."""


class Inbox:
    """Takes deliveries of all platforms."""

    def __init__(
        self, database: Database, vault: Vault, stores: StoreService, wake: Wake, admission: Admission
    ) -> None:
        self._database, self._vault, self._stores = database, vault, stores
        self._wake, self._admission = wake, admission
        self._directory: ExpiringCache[tuple[str, str], StoreRef | None] = ExpiringCache(DIRECTORY_LIVES_S)
        self._secrets: ExpiringCache[UUID, tuple[str, ...]] = ExpiringCache(DIRECTORY_LIVES_S)

    async def take_of_app(self, source: Source, secrets: tuple[str, ...], address: str, delivery: Delivery) -> None:
        """From a platform where one secret signs for all stores: the signature first, then whose store it is."""
        if not secrets or not source.verify(delivery, secrets):
            raise InvalidSignature("The signature does not match.")
        reading = await _reading(source, delivery)
        if reading.change is None:
            return
        refs = await self._list_refs(source.platform, address, reading.change)
        if not refs:
            log.info("webhook_of_unknown_store", platform=source.platform)
        for ref in refs:
            await self._put(ref, reading, reading.change)

    async def take_of_store(self, source: Source, store_id: str, delivery: Delivery) -> None:
        """From a platform where every connection has a secret of its own. An unknown address looks like a forgery."""
        ref = await self._find_ref(source.platform, store_id)
        if source.is_ping(delivery):
            return
        if ref is None or not source.verify(delivery, await self._secret(ref)):
            raise InvalidSignature("The signature does not match.")
        reading = await _reading(source, delivery)
        if reading.change is not None:
            await self._put(ref, reading, reading.change)

    async def _put(self, ref: StoreRef, reading: Reading, change: PlatformChange) -> None:
        entry = await self._admission.entry(ref.store_id, change, reading.key, reading.body_hash)
        async with self._database.connection(ref.shop_id) as connection:
            is_pending = await storage.create_entry(
                connection, ref.shop_id, entry, entry_id=new_id(), store_id=ref.store_id, topic=reading.topic[:200]
            )
            job_id = await _enqueue(connection, ref.shop_id, entry) if is_pending else None
        self._admission.note(ref.store_id, change, reading.body_hash)
        if job_id and not entry.due_at:
            await self._wake(ref.shop_id, job_id)

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
        if isinstance(change, ShopErasureAsked):
            return found
        return list({ref.shop_id: ref for ref in reversed(found)}.values())

    async def _find_ref(self, platform: str, address: str) -> StoreRef | None:
        if len(address) > MAX_ADDRESS:
            return None  # no store has it, and it is too long for the cache
        known = self._directory.get((platform, address))
        if known is None:
            known = self._directory.put((platform, address), await self._stores.find_ref(platform, address))
        return known

    async def _secret(self, ref: StoreRef) -> tuple[str, ...]:
        known = self._secrets.get(ref.store_id)
        if known is None:
            try:
                values = await SealedCredentials(self._database, self._vault, ref.shop_id, ref.store_id).read()
            except PlatformRevoked:
                values = {}
            secret = values.get("webhook_secret")
            known = self._secrets.put(ref.store_id, (secret,) if secret else ())
        return known


async def _reading(source: Source, delivery: Delivery) -> Reading:
    if len(delivery.body) > LARGE_BYTES:
        return await asyncio.to_thread(_read, source, delivery)
    return _read(source, delivery)


def _read(source: Source, delivery: Delivery) -> Reading:
    reading = source.read(delivery)
    # the topic is part of it: what is created and soon deleted may be told in the same bytes
    told = reading.topic.encode() + b"\0" + delivery.body
    return msgspec.structs.replace(reading, body_hash=hashlib.sha256(told).digest())


async def _enqueue(connection: Connection, shop_id: UUID, entry: InboxEntry) -> UUID | None:
    payload = {"due_at": entry.due_at.isoformat()} if entry.due_at else {}
    return await enqueue_once(connection, shop_id, CHANGES, payload, due_at=entry.due_at)
