"""The inbox: a webhook is verified, stored once as what it tells, and worked through by a job.

Bodies are not kept: what is written comes from the store when it is asked again (see `tasks`).
"""

import asyncio
import hashlib
from collections.abc import Callable, Mapping
from uuid import UUID

from msgspec import Struct

from integrations.platform import PlatformChange, PlatformRevoked
from server.core.crypto import Vault
from server.core.database import Database
from server.core.errors import AisleError
from server.core.ids import new_id
from server.core.jobs import Wake, enqueue_once
from server.core.logging import get_logger
from server.core.remember import Remembered
from server.stores import storage
from server.stores.credentials import SealedCredentials

CHANGES = "stores.changes"
DIRECTORY_LIVES_S = 5.0
LARGE_BYTES = 128 * 1024
"""Bodies beyond this are read in a thread, so that one of 10 MB holds nobody up."""

log = get_logger("webhooks")


class Forged(AisleError):
    """The signature does not fit the body."""

    status, code, title = 401, "bad_signature", "Bad signature"


class Delivery(Struct, frozen=True, kw_only=True):
    """A webhook as it came: header names in lower case."""

    headers: Mapping[str, str]
    body: bytes


class Reading(Struct, frozen=True, kw_only=True):
    """What a delivery tells. `change` is None for what does not concern us; `key` is the same for repeats."""

    topic: str
    key: str
    change: PlatformChange | None


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

    def __init__(self, database: Database, vault: Vault, wake: Wake) -> None:
        self._database, self._vault, self._wake = database, vault, wake
        self._directory: Remembered[tuple[str, str], tuple[UUID, UUID] | None] = Remembered(DIRECTORY_LIVES_S)
        self._secrets: Remembered[UUID, tuple[str, ...]] = Remembered(DIRECTORY_LIVES_S)

    async def take_of_app(self, source: Source, secrets: tuple[str, ...], address: str, delivery: Delivery) -> None:
        """From a platform where one secret signs for all stores: the signature first, then whose store it is."""
        if not secrets or not source.verify(delivery, secrets):
            raise Forged("The signature does not fit.")
        place = await self._place(source.platform, address)
        if place is None:
            log.info("webhook_of_unknown_store", platform=source.platform)
            return
        await self._put(source, *place, delivery)

    async def take_of_store(self, source: Source, connection_id: str, delivery: Delivery) -> None:
        """From a platform where every connection has a secret of its own. An unknown address looks like a forgery."""
        place = await self._place(source.platform, connection_id)
        if source.is_ping(delivery):
            return
        if place is None or not source.verify(delivery, await self._secret(*place)):
            raise Forged("The signature does not fit.")
        await self._put(source, *place, delivery)

    async def _put(self, source: Source, shop_id: UUID, connection_id: UUID, delivery: Delivery) -> None:
        if len(delivery.body) > LARGE_BYTES:
            reading = await asyncio.to_thread(source.read, delivery)
        else:
            reading = source.read(delivery)
        if reading.change is None:
            return
        async with self._database.fast(shop_id) as connection:
            is_new = await storage.receive(
                connection,
                shop_id,
                arrived_id=new_id(),
                connection_id=connection_id,
                delivery_key=hashlib.sha256(reading.key.encode()).hexdigest(),
                topic=reading.topic[:200],
                change=reading.change,
            )
            job_id = await enqueue_once(connection, shop_id, CHANGES, {}) if is_new else None
        if job_id:
            await self._wake(shop_id, job_id)

    async def _place(self, platform: str, address: str) -> tuple[UUID, UUID] | None:
        known = self._directory.get((platform, address))
        if known is None:
            found = await self._database.connection_of_store(platform, address[:255])
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
