"""SQL of connected stores, of stores about to be connected, and of what is no longer at its source."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec

from integrations.platform import PlatformChange
from server.core.database import Connection
from server.stores.models import Arrived, NewStore, StoreConnection

_READ = (
    "shop_id, id, platform, name, settings, state, sync_state, synced_at, full_synced_at, next_sync_at, every_s, "
    "problem, result, created_at"
)


_changes = msgspec.json.Decoder(PlatformChange)


async def add_connection(
    connection: Connection, shop_id: UUID, connection_id: UUID, store: NewStore, sealed: bytes
) -> None:
    """A new connection, to be synced at once."""
    await connection.execute(
        "INSERT INTO connection (shop_id, id, platform, name, settings, credentials, every_s, next_sync_at) "
        "VALUES ($1, $2, $3, $4, $5::jsonb, $6, coalesce($7, 3600), CASE WHEN $7::integer IS NOT NULL THEN now() END)",
        shop_id,
        connection_id,
        store.platform,
        store.name,
        _json(store.settings),
        sealed,
        store.every_s,
    )


async def replace_connection(
    connection: Connection, shop_id: UUID, connection_id: UUID, store: NewStore, sealed: bytes
) -> None:
    """A store that is connected again: new credentials, its troubles forgotten, the merchant's own settings kept."""
    await connection.execute(
        "UPDATE connection SET name = $3, credentials = $5, settings = $4::jsonb || "
        "jsonb_strip_nulls(jsonb_build_object('customer_client_id', settings -> 'customer_client_id')), "
        "every_s = coalesce($6, 3600), state = 'active', problem = NULL, next_sync_at = now() "
        "WHERE shop_id = $1 AND id = $2",
        shop_id,
        connection_id,
        store.name,
        _json(store.settings),
        sealed,
        store.every_s,
    )


async def renew_connection(
    connection: Connection, shop_id: UUID, connection_id: UUID, settings: dict[str, Any], sealed: bytes
) -> None:
    """New credentials and these settings, the others kept; a store that had refused us is read again."""
    await connection.execute(
        "UPDATE connection SET settings = settings || $3::jsonb, credentials = $4, state = 'active', "
        "problem = CASE WHEN state = 'revoked' THEN NULL ELSE problem END, "
        "next_sync_at = CASE WHEN state = 'revoked' THEN now() ELSE next_sync_at END WHERE shop_id = $1 AND id = $2",
        shop_id,
        connection_id,
        _json(settings),
        sealed,
    )


async def count_products(connection: Connection, shop_id: UUID, source: str) -> int:
    """How many products a source has."""
    found: int = await connection.fetchval(
        "SELECT count(*) FROM product WHERE shop_id = $1 AND source = $2", shop_id, source
    )
    return found


async def set_setting(connection: Connection, shop_id: UUID, connection_id: UUID, name: str, value: str | None) -> None:
    """Set one of a connection's settings, or take it out."""
    await connection.execute(
        "UPDATE connection SET settings = CASE WHEN $4::text IS NULL THEN settings - $3::text "
        "ELSE settings || jsonb_build_object($3::text, $4::text) END WHERE shop_id = $1 AND id = $2",
        shop_id,
        connection_id,
        name,
        value,
    )


async def forget_proofs(connection: Connection, shop_id: UUID) -> None:
    """What shoppers have proven was proven to another order system: the same number there may be a stranger's."""
    await connection.execute("DELETE FROM proof WHERE shop_id = $1", shop_id)
    await connection.execute("DELETE FROM one_time_code WHERE shop_id = $1", shop_id)


async def list_connections(connection: Connection, shop_id: UUID) -> list[StoreConnection]:
    """All of a shop, oldest first."""
    rows = await connection.fetch(f"SELECT {_READ} FROM connection WHERE shop_id = $1 ORDER BY id", shop_id)
    return [_connection(row) for row in rows]


async def find_connection(connection: Connection, shop_id: UUID, connection_id: UUID) -> StoreConnection | None:
    """One connection."""
    row = await connection.fetchrow(
        f"SELECT {_READ} FROM connection WHERE shop_id = $1 AND id = $2", shop_id, connection_id
    )
    return _connection(row) if row else None


async def delete_connection(connection: Connection, shop_id: UUID, connection_id: UUID) -> bool:
    """Forget a connection, its credentials and its way in."""
    status: str = await connection.execute(
        "DELETE FROM connection WHERE shop_id = $1 AND id = $2", shop_id, connection_id
    )
    return status.endswith(" 1")


async def due_connections(connection: Connection, shop_id: UUID) -> list[UUID]:
    """Active connections whose time for a sync has come."""
    rows = await connection.fetch(
        "SELECT id FROM connection WHERE shop_id = $1 AND state = 'active' AND next_sync_at <= now()", shop_id
    )
    return [row["id"] for row in rows]


async def begin_sync(connection: Connection, shop_id: UUID, connection_id: UUID) -> None:
    """A pass has begun; the next one is due after the usual time, whatever becomes of this one."""
    await connection.execute(
        "UPDATE connection SET sync_state = 'syncing', next_sync_at = now() + make_interval(secs => every_s) "
        "WHERE shop_id = $1 AND id = $2",
        shop_id,
        connection_id,
    )


async def end_sync(
    connection: Connection,
    shop_id: UUID,
    connection_id: UUID,
    *,
    began: datetime,
    full: bool,
    problem: str | None,
    result: dict[str, Any],
) -> None:
    """A pass was complete."""
    await connection.execute(
        "UPDATE connection SET sync_state = 'synced', synced_at = $3, problem = $5, result = $6::jsonb, "
        "full_synced_at = CASE WHEN $4 THEN $3 ELSE full_synced_at END WHERE shop_id = $1 AND id = $2",
        shop_id,
        connection_id,
        began,
        full,
        problem,
        _json(result),
    )


async def fail_sync(
    connection: Connection, shop_id: UUID, connection_id: UUID, problem: str, *, revoked: bool = False
) -> None:
    """A pass was not complete; what had gone in stays."""
    await connection.execute(
        "UPDATE connection SET sync_state = 'failed', problem = $3, "
        "state = CASE WHEN $4 THEN 'revoked' ELSE state END WHERE shop_id = $1 AND id = $2",
        shop_id,
        connection_id,
        problem,
        revoked,
    )


async def schedule_sync(
    connection: Connection, shop_id: UUID, connection_id: UUID, *, full: bool, within: timedelta = timedelta()
) -> None:
    """Have a pass begin by then; `full` reads everything again."""
    await connection.execute(
        "UPDATE connection SET next_sync_at = least(next_sync_at, now() + $3::interval), "
        "full_synced_at = CASE WHEN $4 THEN NULL ELSE full_synced_at END "
        "WHERE shop_id = $1 AND id = $2 AND state = 'active'",
        shop_id,
        connection_id,
        within,
        full,
    )


async def revoke(connection: Connection, shop_id: UUID, connection_id: UUID, problem: str) -> bool:
    """The store has taken our access away: its credentials are worth nothing any more and go. False when that was
    known."""
    status: str = await connection.execute(
        "UPDATE connection SET state = 'revoked', problem = $3, credentials = NULL "
        "WHERE shop_id = $1 AND id = $2 AND state <> 'revoked'",
        shop_id,
        connection_id,
        problem,
    )
    return status.endswith(" 1")


async def read_credentials(
    connection: Connection, shop_id: UUID, connection_id: UUID, *, alone: bool = False
) -> bytes | None:
    """The sealed credentials; `alone` keeps everybody else waiting until the transaction ends."""
    sealed: bytes | None = await connection.fetchval(
        "SELECT credentials FROM connection WHERE shop_id = $1 AND id = $2" + (" FOR UPDATE" if alone else ""),
        shop_id,
        connection_id,
    )
    return sealed


async def save_credentials(connection: Connection, shop_id: UUID, connection_id: UUID, sealed: bytes) -> None:
    """Put new ones in their place."""
    await connection.execute(
        "UPDATE connection SET credentials = $3 WHERE shop_id = $1 AND id = $2", shop_id, connection_id, sealed
    )


async def register_store(
    connection: Connection, shop_id: UUID, connection_id: UUID, platform: str, address: str
) -> bool:
    """Lead this address's webhooks to the connection; False when the store belongs to another shop."""
    status: str = await connection.execute(
        "INSERT INTO store_directory (shop_id, connection_id, platform, address) VALUES ($1, $2, $3, $4) "
        "ON CONFLICT (platform, address) DO NOTHING",
        shop_id,
        connection_id,
        platform,
        address,
    )
    return status.endswith(" 1")


async def connection_of_store(connection: Connection, shop_id: UUID, platform: str, store: str) -> UUID | None:
    """The connection that this shop has to a store already."""
    found: UUID | None = await connection.fetchval(
        "SELECT id FROM connection WHERE shop_id = $1 AND platform = $2 AND settings ->> 'store' = $3",
        shop_id,
        platform,
        store,
    )
    return found


async def add_attempt(
    connection: Connection,
    shop_id: UUID,
    *,
    state_hash: bytes,
    platform: str,
    store: str,
    actor: str,
    lives: timedelta,
) -> None:
    """Remember who is about to connect which store; attempts that nobody came back for go."""
    await connection.execute("DELETE FROM connect_attempt WHERE shop_id = $1 AND expires_at < now()", shop_id)
    await connection.execute(
        "INSERT INTO connect_attempt (shop_id, state_hash, platform, store, actor, expires_at) "
        "VALUES ($1, $2, $3, $4, $5, now() + $6::interval)",
        shop_id,
        state_hash,
        platform,
        store,
        actor,
        lives,
    )


async def take_attempt(connection: Connection, shop_id: UUID, state_hash: bytes) -> tuple[str, str, str] | None:
    """(platform, store, actor) of an attempt that is still good: once."""
    row = await connection.fetchrow(
        "DELETE FROM connect_attempt WHERE shop_id = $1 AND state_hash = $2 AND expires_at >= now() "
        "RETURNING platform, store, actor",
        shop_id,
        state_hash,
    )
    return (row["platform"], row["store"], row["actor"]) if row else None


async def receive(
    connection: Connection,
    shop_id: UUID,
    *,
    arrived_id: UUID,
    connection_id: UUID,
    delivery_key: str,
    topic: str,
    change: PlatformChange,
    due_at: datetime | None = None,
) -> bool:
    """Put a change into the inbox, due now or at a later time (aware). False where it is there already, done or not
    due yet. One that waits gets the new id: somebody may be working on it who has looked before this delivery came,
    and `mark_done` must then miss it."""
    status: str = await connection.execute(
        "INSERT INTO inbox (shop_id, id, connection_id, delivery_key, topic, change, received_at) "
        "VALUES ($1, $2, $3, $4, $5, $6::jsonb, coalesce($7, now())) "
        "ON CONFLICT (shop_id, connection_id, delivery_key) DO UPDATE SET id = EXCLUDED.id "
        "WHERE inbox.done_at IS NULL AND inbox.received_at <= now()",
        shop_id,
        arrived_id,
        connection_id,
        delivery_key,
        topic,
        _json(change),
        due_at,
    )
    return status.endswith(" 1")


async def waiting(connection: Connection, shop_id: UUID, limit: int) -> list[Arrived]:
    """The oldest changes in the inbox that wait and are due."""
    rows = await connection.fetch(
        "SELECT id, connection_id, change FROM inbox "
        "WHERE shop_id = $1 AND done_at IS NULL AND received_at <= now() ORDER BY id LIMIT $2",
        shop_id,
        limit,
    )
    return [Arrived(row["id"], row["connection_id"], _changes.decode(row["change"])) for row in rows]


async def mark_done(
    connection: Connection, shop_id: UUID, arrived_ids: Sequence[UUID], *, forget: Sequence[UUID] = ()
) -> None:
    """Worked through; what a privacy request said of a person is forgotten, old deliveries go altogether, and those in
    `forget` at once."""
    await connection.execute("DELETE FROM inbox WHERE shop_id = $1 AND id = ANY($2)", shop_id, list(forget))
    await connection.execute(
        "UPDATE inbox SET done_at = now(), change = '{}' WHERE shop_id = $1 AND id = ANY($2)",
        shop_id,
        list(arrived_ids),
    )
    await connection.execute("DELETE FROM inbox WHERE shop_id = $1 AND done_at < now() - interval '7 days'", shop_id)


async def stale_products(
    connection: Connection, shop_id: UUID, source: str, not_seen_since: datetime, limit: int
) -> list[str]:
    """External ids of a source's products that a full pass since then has not met."""
    rows = await connection.fetch(
        "SELECT external_id FROM product WHERE shop_id = $1 AND source = $2 AND fetched_at < $3 LIMIT $4",
        shop_id,
        source,
        not_seen_since,
        limit,
    )
    return [row["external_id"] for row in rows]


async def documents_of(connection: Connection, shop_id: UUID, source: str) -> list[str]:
    """External ids of a source's documents."""
    rows = await connection.fetch(
        "SELECT external_id FROM document WHERE shop_id = $1 AND source = $2", shop_id, source
    )
    return [row["external_id"] for row in rows]


async def ids_of_other_stores(
    connection: Connection, shop_id: UUID, source: str, external_ids: Sequence[str]
) -> set[str]:
    """Those of these ids that products of other connected stores have, or products written by the shop's own system.

    What was imported from a file may be taken over: it was a copy of the store.
    """
    rows = await connection.fetch(
        "SELECT external_id FROM product WHERE shop_id = $1 AND external_id = ANY($3) AND source <> $2 "
        "AND (source = 'api' OR EXISTS "
        "(SELECT FROM connection WHERE shop_id = $1 AND 'store:' || connection.id::text = product.source))",
        shop_id,
        source,
        list(external_ids),
    )
    return {row["external_id"] for row in rows}


async def delete_of_source(connection: Connection, shop_id: UUID, source: str, external_ids: Sequence[str]) -> int:
    """Take products of a source out; how many were there."""
    status: str = await connection.execute(
        "DELETE FROM product WHERE shop_id = $1 AND source = $2 AND external_id = ANY($3)",
        shop_id,
        source,
        list(external_ids),
    )
    return int(status.rpartition(" ")[2])


def _connection(row: Any) -> StoreConnection:
    decoded = {name: msgspec.json.decode(row[name]) for name in ("settings", "result")}
    return StoreConnection(**(dict(row) | decoded))


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()
