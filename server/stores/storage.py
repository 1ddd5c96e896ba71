"""SQL of connected stores, of attempts to connect one, and of which shop has or had which store."""

from collections.abc import Mapping
from datetime import timedelta
from uuid import UUID

import msgspec

from server.core.database import Connection, Database
from server.stores.models import ConnectAttempt, NewStore, Settings, StoreConnection, StoreRef

_READ = (
    "shop_id, id, platform, name, settings, state, sync_state, synced_at, full_synced_at, next_sync_at, every_s, "
    "problem, result, created_at"
)


async def create_store(connection: Connection, shop_id: UUID, store_id: UUID, store: NewStore, sealed: bytes) -> None:
    """Insert a connected store, due to be read at once unless it has no schedule."""
    await connection.execute(
        "INSERT INTO connection (shop_id, id, platform, name, settings, credentials, every_s, next_sync_at) "
        "VALUES ($1, $2, $3, $4, $5::jsonb, $6, coalesce($7, 3600), CASE WHEN $7::integer IS NOT NULL THEN now() END)",
        shop_id,
        store_id,
        store.platform,
        store.name,
        _json(store.settings),
        sealed,
        store.every_s,
    )


async def replace_store(connection: Connection, shop_id: UUID, store_id: UUID, store: NewStore, sealed: bytes) -> None:
    """Replace what is stored of a store that is connected again; the merchant's own settings stay, its problem is
    cleared."""
    await connection.execute(
        "UPDATE connection SET name = $3, credentials = $5, settings = $4::jsonb || "
        "jsonb_strip_nulls(jsonb_build_object('customer_client_id', settings -> 'customer_client_id')), "
        "every_s = coalesce($6, 3600), state = 'active', problem = NULL, next_sync_at = now() "
        "WHERE shop_id = $1 AND id = $2",
        shop_id,
        store_id,
        store.name,
        _json(store.settings),
        sealed,
        store.every_s,
    )


async def renew_store(connection: Connection, shop_id: UUID, store_id: UUID, settings: Settings, sealed: bytes) -> None:
    """Replace the credentials and add these settings to the others; a store that had revoked our access becomes active
    and due."""
    await connection.execute(
        "UPDATE connection SET settings = settings || $3::jsonb, credentials = $4, state = 'active', "
        "problem = CASE WHEN state = 'revoked' THEN NULL ELSE problem END, "
        "next_sync_at = CASE WHEN state = 'revoked' THEN now() ELSE next_sync_at END WHERE shop_id = $1 AND id = $2",
        shop_id,
        store_id,
        _json(settings),
        sealed,
    )


async def count_products(connection: Connection, shop_id: UUID, source: str) -> int:
    """The number of products with this source."""
    found: int = await connection.fetchval(
        "SELECT count(*) FROM product WHERE shop_id = $1 AND source = $2", shop_id, source
    )
    return found


async def update_setting(connection: Connection, shop_id: UUID, store_id: UUID, name: str, value: str | None) -> None:
    """Set one setting of a store; None removes it."""
    await connection.execute(
        "UPDATE connection SET settings = CASE WHEN $4::text IS NULL THEN settings - $3::text "
        "ELSE settings || jsonb_build_object($3::text, $4::text) END WHERE shop_id = $1 AND id = $2",
        shop_id,
        store_id,
        name,
        value,
    )


async def delete_proofs(connection: Connection, shop_id: UUID) -> None:
    """Delete what shoppers have proven and the codes on their way: the same order number may belong to somebody else at
    the store that answers from now on."""
    await connection.execute("DELETE FROM proof WHERE shop_id = $1", shop_id)
    await connection.execute("DELETE FROM one_time_code WHERE shop_id = $1", shop_id)


async def list_stores(connection: Connection, shop_id: UUID) -> list[StoreConnection]:
    """The connected stores of a shop, oldest first."""
    rows = await connection.fetch(f"SELECT {_READ} FROM connection WHERE shop_id = $1 ORDER BY id", shop_id)
    return [_store(row) for row in rows]


async def find_store(connection: Connection, shop_id: UUID, store_id: UUID) -> StoreConnection | None:
    """One connected store; None for an id that the shop does not have."""
    row = await connection.fetchrow(f"SELECT {_READ} FROM connection WHERE shop_id = $1 AND id = $2", shop_id, store_id)
    return _store(row) if row else None


async def delete_store(connection: Connection, shop_id: UUID, store_id: UUID) -> bool:
    """Delete a store with its credentials and webhook address; False where the shop has no such store."""
    status: str = await connection.execute("DELETE FROM connection WHERE shop_id = $1 AND id = $2", shop_id, store_id)
    return status.endswith(" 1")


async def list_due_stores(connection: Connection, shop_id: UUID) -> list[UUID]:
    """Ids of active stores that are due to be read."""
    rows = await connection.fetch(
        "SELECT id FROM connection WHERE shop_id = $1 AND state = 'active' AND next_sync_at <= now()", shop_id
    )
    return [row["id"] for row in rows]


async def schedule_sync(
    connection: Connection, shop_id: UUID, store_id: UUID, *, full: bool, within: timedelta = timedelta()
) -> None:
    """Bring the next pass forward to `within` from now; `full` makes it read everything. Active stores only."""
    await connection.execute(
        "UPDATE connection SET next_sync_at = least(next_sync_at, now() + $3::interval), "
        "full_synced_at = CASE WHEN $4 THEN NULL ELSE full_synced_at END "
        "WHERE shop_id = $1 AND id = $2 AND state = 'active'",
        shop_id,
        store_id,
        within,
        full,
    )


async def revoke_store(connection: Connection, shop_id: UUID, store_id: UUID, problem: str) -> bool:
    """Mark a store as revoked and delete its credentials; False where it was revoked already."""
    status: str = await connection.execute(
        "UPDATE connection SET state = 'revoked', problem = $3, credentials = NULL "
        "WHERE shop_id = $1 AND id = $2 AND state <> 'revoked'",
        shop_id,
        store_id,
        problem,
    )
    return status.endswith(" 1")


async def find_credentials(
    connection: Connection, shop_id: UUID, store_id: UUID, *, lock: bool = False
) -> bytes | None:
    """The sealed credentials, if any; with `lock` the row is locked until the transaction ends."""
    sealed: bytes | None = await connection.fetchval(
        "SELECT credentials FROM connection WHERE shop_id = $1 AND id = $2" + (" FOR UPDATE" if lock else ""),
        shop_id,
        store_id,
    )
    return sealed


async def update_credentials(connection: Connection, shop_id: UUID, store_id: UUID, sealed: bytes) -> None:
    """Replace the sealed credentials."""
    await connection.execute(
        "UPDATE connection SET credentials = $3 WHERE shop_id = $1 AND id = $2", shop_id, store_id, sealed
    )


async def register_store(connection: Connection, shop_id: UUID, store_id: UUID, platform: str, address: str) -> bool:
    """Make the store reachable by this address for webhooks; False where the address belongs to another shop."""
    status: str = await connection.execute(
        "INSERT INTO store_directory (shop_id, connection_id, platform, address) VALUES ($1, $2, $3, $4) "
        "ON CONFLICT (platform, address) DO NOTHING",
        shop_id,
        store_id,
        platform,
        address,
    )
    return status.endswith(" 1")


async def find_store_id(connection: Connection, shop_id: UUID, platform: str, store: str) -> UUID | None:
    """The id under which the shop has this store already; `store` is its address as in the settings."""
    found: UUID | None = await connection.fetchval(
        "SELECT id FROM connection WHERE shop_id = $1 AND platform = $2 AND settings ->> 'store' = $3",
        shop_id,
        platform,
        store,
    )
    return found


async def create_attempt(
    connection: Connection,
    shop_id: UUID,
    *,
    state_hash: bytes,
    platform: str,
    store: str,
    actor: str,
    lifetime: timedelta,
) -> None:
    """Insert an attempt that expires after `lifetime`, and delete the shop's expired ones."""
    await connection.execute("DELETE FROM connect_attempt WHERE shop_id = $1 AND expires_at < now()", shop_id)
    await connection.execute(
        "INSERT INTO connect_attempt (shop_id, state_hash, platform, store, actor, expires_at) "
        "VALUES ($1, $2, $3, $4, $5, now() + $6::interval)",
        shop_id,
        state_hash,
        platform,
        store,
        actor,
        lifetime,
    )


async def consume_attempt(connection: Connection, shop_id: UUID, state_hash: bytes) -> ConnectAttempt | None:
    """Delete an attempt and return it; None where it has expired or was taken before."""
    row = await connection.fetchrow(
        "DELETE FROM connect_attempt WHERE shop_id = $1 AND state_hash = $2 AND expires_at >= now() "
        "RETURNING platform, store, actor",
        shop_id,
        state_hash,
    )
    return ConnectAttempt(shop_id, row["platform"], row["store"], row["actor"]) if row else None


async def create_left_store(connection: Connection, shop_id: UUID, store_id: UUID) -> None:
    """Copy a store's addresses to `left_store` before the store is deleted. An address that is only the store's id is
    not copied: no platform knows it."""
    await connection.execute(
        "INSERT INTO left_store (shop_id, platform, address, connection_id) "
        "SELECT shop_id, platform, address, connection_id FROM store_directory "
        "WHERE shop_id = $1 AND connection_id = $2 AND address <> connection_id::text "
        "ON CONFLICT (shop_id, platform, address, connection_id) DO UPDATE SET left_at = now()",
        shop_id,
        store_id,
    )


async def delete_left_stores(connection: Connection, shop_id: UUID, older_than: timedelta) -> None:
    """Delete the record of stores that the shop left longer ago than this."""
    await connection.execute(
        "DELETE FROM left_store WHERE shop_id = $1 AND left_at <= now() - $2::interval", shop_id, older_than
    )


async def list_shops_to_sync(database: Database) -> list[UUID]:
    """Shops with a store that is due to be read."""
    return [row["shop_id"] for row in await database.fetch("SELECT shops_to_sync() AS shop_id")]


async def list_shops_with_old_left_stores(database: Database, older_than: timedelta) -> list[UUID]:
    """Shops with a record of a store that they left longer ago than this."""
    rows = await database.fetch("SELECT shops_with_old_left_stores($1) AS shop_id", older_than)
    return [row["shop_id"] for row in rows]


async def find_store_ref(database: Database, platform: str, address: str) -> StoreRef | None:
    """The connected store to which webhooks of this address belong, in whichever shop."""
    rows = await database.fetch("SELECT shop_id, connection_id FROM connection_of_store($1, $2)", platform, address)
    return StoreRef(rows[0]["shop_id"], rows[0]["connection_id"]) if rows else None


async def list_left_store_refs(database: Database, platform: str, address: str) -> list[StoreRef]:
    """The connections by which shops had the store of this address and left it, the latest first."""
    rows = await database.fetch(
        "SELECT shop_id, connection_id FROM left_connections_of_store($1, $2)", platform, address
    )
    return [StoreRef(row["shop_id"], row["connection_id"]) for row in rows]


async def find_shop_of_attempt(database: Database, state_hash: bytes) -> UUID | None:
    """The shop that began to connect a store with this state."""
    rows = await database.fetch("SELECT shop_of_attempt($1) AS shop_id", state_hash)
    found: UUID | None = rows[0]["shop_id"]
    return found


def _store(row: Mapping[str, object]) -> StoreConnection:
    return msgspec.convert(
        dict(row) | {name: msgspec.json.decode(str(row[name])) for name in ("settings", "result")}, StoreConnection
    )


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()
