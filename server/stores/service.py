"""A shop's connected stores: added when tried and found good, shown with how their sync goes, taken away."""

import re
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any, TypeAlias
from uuid import UUID

import msgspec
from msgspec import Struct

from integrations.platform import PlatformRevoked
from server.core.crypto import Vault, digest, new_secret
from server.core.database import Database
from server.core.errors import Conflict, FieldError, Invalid, NotFound
from server.core.ids import new_id
from server.core.jobs import JobDesk, enqueue_once
from server.shops.models import Caller, Role
from server.shops.service import ShopService
from server.stores import storage
from server.stores.credentials import find_opened, seal
from server.stores.left.storage import forget_old, note_left
from server.stores.models import CUSTOMER_CLIENT_ID, NewStore, StoreConnection

SYNC = "stores.sync"
CLIENT_ID = re.compile(r"[A-Za-z0-9_-]{1,100}")
ATTEMPT_LIVES = timedelta(hours=1)
LEFT_STORES_KEPT = timedelta(days=60)
"""A store's privacy requests come within days of its leaving (Shopify's within 48 hours) and have a month's time."""


class Renewed(Struct, frozen=True):
    """Credentials in place of the old ones, and what is known with them."""

    credentials: dict[str, str]
    settings: dict[str, Any]

    def __repr__(self) -> str:
        """Without the credentials."""
        return "Renewed()"


Renewal: TypeAlias = Callable[[StoreConnection, dict[str, str]], Awaitable[Renewed | None]]
"""From a connection and its present credentials (empty where they are gone) to new ones; None where they may stay."""


class Stores:
    """The connected stores of all shops."""

    def __init__(self, database: Database, vault: Vault, shops: ShopService, jobs: JobDesk) -> None:
        self._database, self._vault, self._shops, self._jobs = database, vault, shops, jobs

    async def list(self, shop_id: UUID) -> list[StoreConnection]:
        """Oldest first."""
        async with self._database.connection(shop_id) as connection:
            return await storage.list_connections(connection, shop_id)

    async def get(self, shop_id: UUID, connection_id: UUID) -> StoreConnection:
        """One of the shop's. Raises NotFound."""
        async with self._database.connection(shop_id) as connection:
            found = await storage.find_connection(connection, shop_id, connection_id)
        if found is None:
            raise NotFound
        return found

    async def connect(self, shop_id: UUID, store: NewStore, actor: str) -> StoreConnection:
        """Keep a store and begin to read it; the same store again renews its connection.

        Raises Conflict when another shop of this installation has it.
        """
        # part of the settings, so that every process builds its adapter anew
        noted = {
            "connected_at": datetime.now(UTC).isoformat(),
            "currency": (await self._shops.profile(shop_id)).currency,
        }
        store = msgspec.structs.replace(store, settings=noted | store.settings)
        sealed = seal(self._vault, shop_id, store.credentials)
        async with self._database.connection(shop_id) as connection:
            await storage.forget_proofs(connection, shop_id)
            named = store.settings.get("store")
            known = await storage.connection_of_store(connection, shop_id, store.platform, named) if named else None
            connection_id = known or new_id()
            if known:
                await storage.replace_connection(connection, shop_id, connection_id, store, sealed)
            else:
                await storage.add_connection(connection, shop_id, connection_id, store, sealed)
                for address in filter(None, (store.address, str(connection_id))):
                    if not await storage.register_store(connection, shop_id, connection_id, store.platform, address):
                        raise Conflict("This store is connected to another shop here; disconnect it there first.")
        await self._shops.note(shop_id, actor, "connection.create", {"platform": store.platform, "name": store.name})
        if store.every_s:
            await self.sync(shop_id, connection_id)
        return await self.get(shop_id, connection_id)

    async def set_customer_client(self, caller: Caller, connection_id: UUID, client_id: str | None) -> StoreConnection:
        """With which client of the store's Customer Account API shoppers sign in; None for not at all. Raises NotFound,
        Invalid for a store of another platform, or for what is no such id."""
        caller.require(Role.ADMIN)
        store = await self.get(caller.shop_id, connection_id)
        if store.platform != "shopify":
            raise _wrong_client("only Shopify stores have customer accounts that shoppers can sign in at")
        if client_id is not None and not CLIENT_ID.fullmatch(client_id):
            raise _wrong_client("the client id as Shopify shows it: letters, digits, - and _")
        async with self._database.connection(caller.shop_id) as connection:
            await storage.set_setting(connection, caller.shop_id, connection_id, CUSTOMER_CLIENT_ID, client_id)
        details: dict[str, object] = {"id": str(connection_id), "fields": [CUSTOMER_CLIENT_ID]}
        await self._shops.note(caller.shop_id, caller.actor, "connection.change", details)
        return await self.get(caller.shop_id, connection_id)

    async def disconnect(self, caller: Caller, connection_id: UUID) -> None:
        """Forget a connection and its credentials; what was read stays. Raises NotFound."""
        caller.require(Role.ADMIN)
        async with self._database.connection(caller.shop_id) as connection:
            await storage.forget_proofs(connection, caller.shop_id)
            await note_left(connection, caller.shop_id, connection_id)
            if not await storage.delete_connection(connection, caller.shop_id, connection_id):
                raise NotFound
        await self._shops.note(caller.shop_id, caller.actor, "connection.delete", {"id": str(connection_id)})

    async def sync(self, shop_id: UUID, connection_id: UUID, *, full: bool = False) -> UUID:
        """Have the store read now; the job's id. Raises NotFound."""
        await self.get(shop_id, connection_id)
        return await self._jobs.enqueue(shop_id, SYNC, {"connection_id": str(connection_id), "full": full})

    async def ask_for_due_syncs(self, shop_id: UUID) -> None:
        """Have every connection read whose time has come."""
        async with self._database.connection(shop_id) as connection:
            for connection_id in await storage.due_connections(connection, shop_id):
                await enqueue_once(connection, shop_id, SYNC, {"connection_id": str(connection_id), "full": False})

    async def forget_left_stores(self) -> None:
        """Forget which stores shops had, where they left long ago."""
        for shop_id in await self._database.shops_with_old_left_stores(LEFT_STORES_KEPT):
            async with self._database.connection(shop_id) as connection:
                await forget_old(connection, shop_id, LEFT_STORES_KEPT)

    async def shop_of_store(self, platform: str, address: str) -> UUID | None:
        """The shop that has this store."""
        place = await self.place_of_store(platform, address)
        return place[0] if place else None

    async def place_of_store(self, platform: str, address: str) -> tuple[UUID, UUID] | None:
        """(shop, connection) of this store."""
        return await self._database.connection_of_store(platform, address)

    async def find_by_address(self, platform: str, address: str) -> StoreConnection | None:
        """The connection to this store, of whichever shop has it."""
        place = await self._database.connection_of_store(platform, address)
        if place is None:
            return None
        async with self._database.connection(place[0]) as connection:
            return await storage.find_connection(connection, *place)

    async def count_products(self, store: StoreConnection) -> int:
        """How many of the shop's products come from this store."""
        async with self._database.connection(store.shop_id) as connection:
            return await storage.count_products(connection, store.shop_id, f"store:{store.id}")

    async def renew(self, store: StoreConnection, renewal: Renewal, actor: str) -> bool:
        """Have a store's credentials renewed where `renewal` finds that they need it, by one process at a time; whether
        it did. A store that had refused us is active again and read at once. Raises what `renewal` raises."""
        place = (store.shop_id, store.id)
        async with self._database.connection(store.shop_id) as connection:
            sealed = await storage.read_credentials(connection, *place, alone=True)
            now = await storage.find_connection(connection, *place)
            known = find_opened(self._vault, store.shop_id, sealed) or {}
            renewed = await renewal(now, known) if now else None
            if now is None or renewed is None:
                return False
            sealed = seal(self._vault, store.shop_id, renewed.credentials)
            await storage.renew_connection(connection, *place, renewed.settings, sealed)
        await self._shops.note(store.shop_id, actor, "connection.renew", {"id": str(store.id)})
        if now.state == "revoked":
            await self.sync(*place)
        return True

    async def begin_attempt(self, caller: Caller, platform: str, store: str) -> str:
        """The unguessable state of somebody about to connect a store at the platform; good once, for an hour."""
        caller.require(Role.ADMIN)
        state = new_secret("st_")
        async with self._database.connection(caller.shop_id) as connection:
            await storage.add_attempt(
                connection,
                caller.shop_id,
                state_hash=digest(state),
                platform=platform,
                store=store,
                actor=caller.actor,
                lives=ATTEMPT_LIVES,
            )
        return state

    async def take_attempt(self, platform: str, state: str) -> tuple[UUID, str, str] | None:
        """(shop, store, actor) of a state that comes back for the first time and in time; None for any other."""
        shop_id = await self._database.shop_of_attempt(digest(state))
        if shop_id is None:
            return None
        async with self._database.connection(shop_id) as connection:
            taken = await storage.take_attempt(connection, shop_id, digest(state))
        return (shop_id, taken[1], taken[2]) if taken and taken[0] == platform else None

    async def note_revoked(self, shop_id: UUID, connection_id: UUID, reason: PlatformRevoked) -> None:
        """The store refuses us: said once and plainly, until it is connected again."""
        async with self._database.connection(shop_id) as connection:
            is_news = await storage.revoke(connection, shop_id, connection_id, str(reason))
        if is_news:
            await self._shops.note(shop_id, "platform", "connection.revoked", {"id": str(connection_id)})


def _wrong_client(reason: str) -> Invalid:
    return Invalid("This sign-in cannot be set up.", errors=(FieldError(CUSTOMER_CLIENT_ID, reason),))
