"""A shop's connected stores: connecting, renewing and disconnecting them, and when they are read."""

import re
from collections.abc import Awaitable, Callable, Collection
from datetime import UTC, datetime, timedelta
from typing import TypeAlias
from uuid import UUID

import msgspec
from msgspec import Struct

from integrations.platform import PlatformRevoked
from server.core.crypto import Vault, digest, new_secret
from server.core.database import Database
from server.core.errors import Conflict, FieldError, Invalid, NotFound
from server.core.ids import new_id
from server.core.jobs import JobService, enqueue_once
from server.shops.models import Caller, Role
from server.shops.service import ShopService
from server.stores import attempt_storage, storage
from server.stores.credentials import find_opened, seal
from server.stores.models import (
    CUSTOMER_CLIENT_ID,
    ConnectAttempt,
    NewStore,
    Settings,
    StoreConnection,
    StoreRef,
    source_of,
)

SYNC = "stores.sync"
CLIENT_ID = re.compile(r"[A-Za-z0-9_-]{1,100}")
ATTEMPT_LIFETIME = timedelta(hours=1)
LEFT_STORE_RETENTION = timedelta(days=60)
"""How long a shop's former stores are known: Shopify sends the privacy requests of a store within 48 hours after it has
uninstalled the app, and allows 30 days to answer them."""


class Renewed(Struct, frozen=True):
    """New credentials of a store, and the settings that change with them."""

    credentials: dict[str, str]
    settings: Settings

    def __repr__(self) -> str:
        """Without the credentials."""
        return "Renewed()"


Renewal: TypeAlias = Callable[[StoreConnection, dict[str, str]], Awaitable[Renewed | None]]
"""Returns the new credentials of a store from its present ones (empty where they are lost); None to change nothing."""


class StoreService:
    """The connected stores of all shops."""

    def __init__(
        self,
        database: Database,
        vault: Vault,
        shops: ShopService,
        jobs: JobService,
        *,
        sign_in_platforms: Collection[str] = (),
    ) -> None:
        """`sign_in_platforms` are those whose stores have customer accounts."""
        self._database, self._vault, self._shops, self._jobs = database, vault, shops, jobs
        self._sign_in_platforms = frozenset(sign_in_platforms)

    async def list_stores(self, shop_id: UUID) -> list[StoreConnection]:
        """The connected stores of a shop, oldest first."""
        async with self._database.connection(shop_id) as connection:
            return await storage.list_stores(connection, shop_id)

    async def get(self, shop_id: UUID, store_id: UUID) -> StoreConnection:
        """One connected store of the shop. Raises NotFound."""
        found = await self.find(shop_id, store_id)
        if found is None:
            raise NotFound
        return found

    async def find(self, shop_id: UUID, store_id: UUID) -> StoreConnection | None:
        """One connected store of the shop; None where it has no such store."""
        async with self._database.session(shop_id) as session:
            return await storage.find_store(session, shop_id, store_id)

    async def connect(self, shop_id: UUID, store: NewStore, actor: str) -> StoreConnection:
        """Store a connection and enqueue its first pass. A store that is connected already has its row replaced.

        Raises Conflict when the store is connected to another shop of this installation.
        """
        # a part of the settings that changes with each connection, so that every process builds a new adapter
        added = {
            "connected_at": datetime.now(UTC).isoformat(),
            "currency": (await self._shops.profile(shop_id)).currency,
        }
        store = msgspec.structs.replace(store, settings=added | store.settings)
        sealed = seal(self._vault, shop_id, store.credentials)
        async with self._database.session(shop_id) as session:
            await storage.delete_proofs(session, shop_id)
            named = store.settings.get("store")
            known = await storage.find_store_of_address(session, shop_id, store.platform, named) if named else None
            store_id = known.id if known else new_id()
            if known:
                await storage.replace_store(session, shop_id, known, store, sealed)
            else:
                await storage.create_store(session, shop_id, store_id, store, sealed)
                for address in filter(None, (store.address, str(store_id))):
                    if not await storage.register_store(session, shop_id, store_id, store.platform, address):
                        raise Conflict("This store is already connected to another shop; disconnect it there first.")
        await self._shops.add_audit_entry(
            shop_id, actor, "connection.create", {"platform": store.platform, "name": store.name}
        )
        if store.every_s:
            await self.enqueue_sync(shop_id, store_id)
        return await self.get(shop_id, store_id)

    async def set_customer_client(self, caller: Caller, store_id: UUID, client_id: str | None) -> StoreConnection:
        """Set the client of the store's Customer Account API with which shoppers sign in; None turns signing in off.

        Raises NotFound, and Invalid for a store without customer accounts and for a malformed id.
        """
        caller.require(Role.ADMIN)
        store = await self.get(caller.shop_id, store_id)
        if store.platform not in self._sign_in_platforms:
            raise _invalid_client("only Shopify stores have customer accounts that shoppers can sign in at")
        if client_id is not None and not CLIENT_ID.fullmatch(client_id):
            raise _invalid_client("the client id as Shopify shows it: letters, digits, - and _")
        async with self._database.session(caller.shop_id) as session:
            await storage.update_setting(session, caller.shop_id, store_id, CUSTOMER_CLIENT_ID, client_id)
        details: dict[str, object] = {"id": str(store_id), "fields": [CUSTOMER_CLIENT_ID]}
        await self._shops.add_audit_entry(caller.shop_id, caller.actor, "connection.change", details)
        return await self.get(caller.shop_id, store_id)

    async def disconnect(self, caller: Caller, store_id: UUID) -> None:
        """Delete a store and its credentials; its products and documents stay. Raises NotFound."""
        caller.require(Role.ADMIN)
        async with self._database.session(caller.shop_id) as session:
            await storage.delete_proofs(session, caller.shop_id)
            await storage.create_left_store(session, caller.shop_id, store_id)
            if not await storage.delete_store(session, caller.shop_id, store_id):
                raise NotFound
        await self._shops.add_audit_entry(caller.shop_id, caller.actor, "connection.delete", {"id": str(store_id)})

    async def enqueue_sync(self, shop_id: UUID, store_id: UUID, *, full: bool = False) -> UUID:
        """Enqueue a job that reads the store now, and return its id. Raises NotFound."""
        await self.get(shop_id, store_id)
        return await self._jobs.enqueue(shop_id, SYNC, {"connection_id": str(store_id), "full": full})

    async def list_shops_to_sync(self) -> list[UUID]:
        """Shops with a store that is due to be read."""
        return await storage.list_shops_to_sync(self._database)

    async def enqueue_due_syncs(self, shop_id: UUID) -> None:
        """Enqueue a job for every store of the shop that is due to be read."""
        async with self._database.connection(shop_id) as connection:
            for store_id in await storage.list_due_stores(connection, shop_id):
                await enqueue_once(connection, shop_id, SYNC, {"connection_id": str(store_id), "full": False})

    async def schedule_sync(self, store: StoreConnection, *, full: bool, within: timedelta = timedelta()) -> None:
        """Bring the next pass over a store forward to `within` from now; `full` makes it read everything."""
        async with self._database.connection(store.shop_id) as connection:
            await storage.schedule_sync(connection, store.shop_id, store.id, full=full, within=within)

    async def delete_old_left_stores(self) -> None:
        """Delete the records of stores that shops left longer ago than LEFT_STORE_RETENTION."""
        for shop_id in await storage.list_shops_with_old_left_stores(self._database, LEFT_STORE_RETENTION):
            async with self._database.session(shop_id) as session:
                await storage.delete_left_stores(session, shop_id, LEFT_STORE_RETENTION)

    async def find_ref(self, platform: str, address: str) -> StoreRef | None:
        """The store that webhooks of this address belong to, in whichever shop."""
        return await storage.find_store_ref(self._database, platform, address)

    async def list_left_refs(self, platform: str, address: str) -> list[StoreRef]:
        """The connections by which shops had the store of this address and left it, the latest first."""
        return await storage.list_left_store_refs(self._database, platform, address)

    async def find_by_address(self, platform: str, address: str) -> StoreConnection | None:
        """The connected store of this address, in whichever shop."""
        ref = await self.find_ref(platform, address)
        return await self.find(ref.shop_id, ref.store_id) if ref else None

    async def count_products(self, store: StoreConnection) -> int:
        """The number of the shop's products that come from this store."""
        async with self._database.session(store.shop_id) as session:
            return await storage.count_products(session, store.shop_id, source_of(store.id))

    async def renew(self, store: StoreConnection, renewal: Renewal, actor: str) -> bool:
        """Replace a store's credentials by what `renewal` returns. False where it returns None or the store is gone.

        The row is locked meanwhile, so that one process at a time renews. A store that had revoked our access becomes
        active and is read at once. Raises what `renewal` raises.
        """
        key = (store.shop_id, store.id)
        async with self._database.session(store.shop_id) as session:
            current = await storage.find_store(session, *key, lock=True)
            sealed = await storage.find_sealed_credentials(session, *key)
            credentials = find_opened(self._vault, store.shop_id, sealed) or {}
            renewed = await renewal(current, credentials) if current else None
            if current is None or renewed is None:
                return False
            sealed = seal(self._vault, store.shop_id, renewed.credentials)
            await storage.renew_store(session, store.shop_id, current, renewed.settings, sealed)
        await self._shops.add_audit_entry(store.shop_id, actor, "connection.renew", {"id": str(store.id)})
        if current.state == "revoked":
            await self.enqueue_sync(*key)
        return True

    async def create_attempt(self, caller: Caller, platform: str, store: str) -> str:
        """Return a new secret `state` for the caller's way to the consent page of `store` (its address). It is valid
        once, within ATTEMPT_LIFETIME."""
        caller.require(Role.ADMIN)
        state = new_secret("st_")
        async with self._database.session(caller.shop_id) as session:
            await attempt_storage.create_attempt(
                session,
                caller.shop_id,
                state_hash=digest(state),
                platform=platform,
                store=store,
                actor=caller.actor,
                lifetime=ATTEMPT_LIFETIME,
            )
        return state

    async def consume_attempt(self, platform: str, state: str) -> ConnectAttempt | None:
        """Delete the attempt with this `state` and return it; None where the state is unknown, expired, used already or
        of another platform."""
        shop_id = await attempt_storage.find_shop_of_attempt(self._database, digest(state))
        if shop_id is None:
            return None
        async with self._database.session(shop_id) as session:
            attempt = await attempt_storage.consume_attempt(session, shop_id, digest(state))
        return attempt if attempt and attempt.platform == platform else None

    async def mark_revoked(self, shop_id: UUID, store_id: UUID, reason: PlatformRevoked) -> None:
        """Record that the store refuses us, in its row and once in the audit log, until it is connected again."""
        async with self._database.session(shop_id) as session:
            has_changed = await storage.revoke_store(session, shop_id, store_id, str(reason))
        if has_changed:
            await self._shops.add_audit_entry(shop_id, "platform", "connection.revoked", {"id": str(store_id)})


def _invalid_client(reason: str) -> Invalid:
    return Invalid("This sign-in cannot be set up.", errors=(FieldError(CUSTOMER_CLIENT_ID, reason),))
