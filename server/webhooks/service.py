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
from server.stores import storage
from server.stores.credentials import SealedCredentials
from server.webhooks.deduplication import Admission, Entry

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

    def __init__(self, database: Database, vault: Vault, wake: Wake, admission: Admission) -> None:
        self._database, self._vault, self._wake, self._admission = database, vault, wake, admission
        self._directory: ExpiringCache[tuple[str, str], tuple[UUID, UUID] | None] = ExpiringCache(DIRECTORY_LIVES_S)
        self._secrets: ExpiringCache[UUID, tuple[str, ...]] = ExpiringCache(DIRECTORY_LIVES_S)

    async def take_of_app(self, source: Source, secrets: tuple[str, ...], address: str, delivery: Delivery) -> None:
        """From a platform where one secret signs for all stores: the signature first, then whose store it is."""
        if not secrets or not source.verify(delivery, secrets):
            raise InvalidSignature("The signature does not fit.")
        reading = await _reading(source, delivery)
        if reading.change is None:
            return
        places = await self._places(source.platform, address, reading.change)
        if not places:
            log.info("webhook_of_unknown_store", platform=source.platform)
        for shop_id, connection_id in places:
            await self._put(shop_id, connection_id, reading, reading.change)

    async def take_of_store(self, source: Source, connection_id: str, delivery: Delivery) -> None:
        """From a platform where every connection has a secret of its own. An unknown address looks like a forgery."""
        place = await self._place(source.platform, connection_id)
        if source.is_ping(delivery):
            return
        if place is None or not source.verify(delivery, await self._secret(*place)):
            raise InvalidSignature("The signature does not fit.")
        reading = await _reading(source, delivery)
        if reading.change is not None:
            await self._put(*place, reading, reading.change)

    async def _put(self, shop_id: UUID, connection_id: UUID, reading: Reading, change: PlatformChange) -> None:
        entry = await self._admission.entry(connection_id, change, reading.key, reading.body_hash)
        async with self._database.connection(shop_id) as connection:
            waits_for_us = await storage.receive(
                connection,
                shop_id,
                arrived_id=new_id(),
                connection_id=connection_id,
                delivery_key=entry.key,
                topic=reading.topic[:200],
                change=entry.change,
                due_at=entry.due_at,
            )
            job_id = await _enqueue(connection, shop_id, entry) if waits_for_us else None
        self._admission.note(connection_id, change, reading.body_hash)
        if job_id and not entry.due_at:
            await self._wake(shop_id, job_id)

    async def _places(self, platform: str, address: str, change: PlatformChange) -> list[tuple[UUID, UUID]]:
        """Whom a change concerns: the shop that has the store, and with a privacy request those that once had it.

        A person is looked for in a whole shop, so once in each; a store's own data hangs on each of its connections.
        """
        place = await self._place(platform, address)
        here = [place] if place else []
        if not isinstance(change, COMPLIANCE):
            return here
        found = dict.fromkeys([*here, *await self._database.left_connections_of_store(platform, address[:MAX_ADDRESS])])
        if isinstance(change, ShopErasureAsked):
            return list(found)
        one_each: dict[UUID, UUID] = {}
        for shop_id, connection_id in found:
            one_each.setdefault(shop_id, connection_id)
        return list(one_each.items())

    async def _place(self, platform: str, address: str) -> tuple[UUID, UUID] | None:
        if len(address) > MAX_ADDRESS:
            return None  # nobody's, and too long to remember
        known = self._directory.get((platform, address))
        if known is None:
            found = await self._database.connection_of_store(platform, address)
            known = self._directory.put((platform, address), found)
        return known

    async def _secret(self, shop_id: UUID, connection_id: UUID) -> tuple[str, ...]:
        known = self._secrets.get(connection_id)
        if known is None:
            try:
                values = await SealedCredentials(self._database, self._vault, shop_id, connection_id).read()
            except PlatformRevoked:
                values = {}
            secret = values.get("webhook_secret")
            known = self._secrets.put(connection_id, (secret,) if secret else ())
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


async def _enqueue(connection: Connection, shop_id: UUID, entry: Entry) -> UUID | None:
    payload = {"due_at": entry.due_at.isoformat()} if entry.due_at else {}
    return await enqueue_once(connection, shop_id, CHANGES, payload, due_at=entry.due_at)
