"""Queries of connected stores, and of which shop has or had which store.

What a merchant does to a store is written with SQLModel. The rest is plain: the list and the secrets, which an order
look-up reads in a turn, what is written with a job, and the functions that look over all shops (decisions/0003).
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, cast
from uuid import UUID

import msgspec
from sqlalchemy import Text, text
from sqlalchemy import cast as sql_cast
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import QueryableAttribute, defer
from sqlmodel import col, delete, func, select, update
from sqlmodel.ext.asyncio.session import AsyncSession

from server.catalog.tables import ProductRow
from server.core.database import Connection, Database
from server.stores.models import (
    CUSTOMER_CLIENT_ID,
    NewStore,
    Settings,
    StoreConnection,
    StoreRef,
)
from server.stores.tables import LeftStoreRow, StoreConnectionRow, StoreDirectoryRow

DEFAULT_EVERY_S = 3600
_READ = (
    "shop_id, id, platform, name, settings, state, sync_state, synced_at, full_synced_at, next_sync_at, every_s, "
    "problem, result, created_at"
)
_WITHOUT_CREDENTIALS = defer(cast(QueryableAttribute[bytes | None], StoreConnectionRow.credentials))


async def create_store(session: AsyncSession, shop_id: UUID, store_id: UUID, store: NewStore, sealed: bytes) -> None:
    """Insert a connected store, due to be read at once unless it has no schedule."""
    query = insert(StoreConnectionRow).values(
        shop_id=shop_id,
        id=store_id,
        platform=store.platform,
        name=store.name,
        settings=store.settings,
        credentials=sealed,
        every_s=store.every_s or DEFAULT_EVERY_S,
        next_sync_at=func.now() if store.every_s else None,
    )
    await session.exec(query)


async def replace_store(
    session: AsyncSession, shop_id: UUID, known: StoreConnection, store: NewStore, sealed: bytes
) -> None:
    """Replace what is stored of a store that is connected again; the merchant's own settings stay, its problem is
    cleared."""
    kept = {name: value for name, value in known.settings.items() if name == CUSTOMER_CLIENT_ID and value is not None}
    row = StoreConnectionRow
    values = {
        "name": store.name,
        "credentials": sealed,
        "settings": store.settings | kept,
        "every_s": store.every_s or DEFAULT_EVERY_S,
        "state": "active",
        "problem": None,
        "next_sync_at": func.now(),
    }
    await session.exec(update(row).where(col(row.shop_id) == shop_id, col(row.id) == known.id).values(values))


async def renew_store(
    session: AsyncSession, shop_id: UUID, known: StoreConnection, settings: Settings, sealed: bytes
) -> None:
    """Replace the credentials and add these settings to the others; a store that had revoked our access becomes active
    and due."""
    row = StoreConnectionRow
    values: dict[str, Any] = {"settings": known.settings | settings, "credentials": sealed, "state": "active"}
    if known.state == "revoked":
        values |= {"problem": None, "next_sync_at": func.now()}
    await session.exec(update(row).where(col(row.shop_id) == shop_id, col(row.id) == known.id).values(values))


async def update_setting(session: AsyncSession, shop_id: UUID, store_id: UUID, name: str, value: str | None) -> None:
    """Set one setting of a store; None removes it."""
    known = await find_store(session, shop_id, store_id, lock=True)
    if known is None:
        return
    others = {key: old for key, old in known.settings.items() if key != name}
    settings = others if value is None else others | {name: value}
    row = StoreConnectionRow
    await session.exec(
        update(row).where(col(row.shop_id) == shop_id, col(row.id) == store_id).values(settings=settings)
    )


async def count_products(session: AsyncSession, shop_id: UUID, source: str) -> int:
    """The number of products with this source."""
    query = select(func.count()).where(ProductRow.shop_id == shop_id, ProductRow.source == source)
    return (await session.exec(query)).one()


async def delete_proofs(session: AsyncSession, shop_id: UUID) -> None:
    """Delete what shoppers have proven and the codes on their way: the same order number may belong to somebody else at
    the store that answers from now on."""
    # as text: stores know nothing of orders, whose tables these are
    for statement in (
        "DELETE FROM proof WHERE shop_id = :shop_id",
        "DELETE FROM one_time_code WHERE shop_id = :shop_id",
    ):
        await (await session.connection()).execute(text(statement), {"shop_id": shop_id})


async def find_store(
    session: AsyncSession, shop_id: UUID, store_id: UUID, *, lock: bool = False
) -> StoreConnection | None:
    """One connected store; None for an id that the shop does not have. `lock` locks it until the transaction ends."""
    row = StoreConnectionRow
    query = select(row).options(_WITHOUT_CREDENTIALS).where(row.shop_id == shop_id, row.id == store_id)
    found = (await session.exec(query.with_for_update() if lock else query)).first()
    return _store_of(found) if found else None


async def find_store_of_address(
    session: AsyncSession, shop_id: UUID, platform: str, address: str
) -> StoreConnection | None:
    """The store of this address (as in its settings) if the shop has it already, locked until the transaction ends."""
    row = StoreConnectionRow
    query = (
        select(row)
        .options(_WITHOUT_CREDENTIALS)
        .where(
            row.shop_id == shop_id,
            row.platform == platform,
            func.jsonb_extract_path_text(col(row.settings), "store") == address,
        )
    )
    found = (await session.exec(query.with_for_update())).first()
    return _store_of(found) if found else None


async def find_sealed_credentials(session: AsyncSession, shop_id: UUID, store_id: UUID) -> bytes | None:
    """The sealed credentials, if any."""
    row = StoreConnectionRow
    return (await session.exec(select(row.credentials).where(row.shop_id == shop_id, row.id == store_id))).first()


async def delete_store(session: AsyncSession, shop_id: UUID, store_id: UUID) -> bool:
    """Delete a store with its credentials and webhook address; False where the shop has no such store."""
    row = StoreConnectionRow
    return bool((await session.exec(delete(row).where(col(row.shop_id) == shop_id, col(row.id) == store_id))).rowcount)


async def revoke_store(session: AsyncSession, shop_id: UUID, store_id: UUID, problem: str) -> bool:
    """Mark a store as revoked and delete its credentials; False where it was revoked already."""
    row = StoreConnectionRow
    where = (col(row.shop_id) == shop_id, col(row.id) == store_id, col(row.state) != "revoked")
    query = update(row).where(*where).values(state="revoked", problem=problem, credentials=None)
    return bool((await session.exec(query)).rowcount)


async def register_store(session: AsyncSession, shop_id: UUID, store_id: UUID, platform: str, address: str) -> bool:
    """Make the store reachable by this address for webhooks; False where the address belongs to another shop."""
    query = (
        insert(StoreDirectoryRow)
        .values(shop_id=shop_id, connection_id=store_id, platform=platform, address=address)
        .on_conflict_do_nothing(index_elements=("platform", "address"))
    )
    return bool((await session.exec(query)).rowcount)


async def create_left_store(session: AsyncSession, shop_id: UUID, store_id: UUID) -> None:
    """Copy a store's addresses to `left_store` before the store is deleted. An address that is only the store's id is
    not copied: no platform knows it."""
    known, left = StoreDirectoryRow, LeftStoreRow
    addresses = select(known.shop_id, known.platform, known.address, known.connection_id).where(
        known.shop_id == shop_id,
        known.connection_id == store_id,
        known.address != sql_cast(known.connection_id, Text),
    )
    query = insert(left).from_select(("shop_id", "platform", "address", "connection_id"), addresses)
    await session.exec(
        query.on_conflict_do_update(
            index_elements=("shop_id", "platform", "address", "connection_id"), set_={"left_at": func.now()}
        )
    )


async def delete_left_stores(session: AsyncSession, shop_id: UUID, older_than: timedelta) -> None:
    """Delete the record of stores that the shop left longer ago than this."""
    row = LeftStoreRow
    await session.exec(delete(row).where(col(row.shop_id) == shop_id, col(row.left_at) <= func.now() - older_than))


async def list_stores(connection: Connection, shop_id: UUID) -> list[StoreConnection]:
    """The connected stores of a shop, oldest first."""
    rows = await connection.fetch(f"SELECT {_READ} FROM connection WHERE shop_id = $1 ORDER BY id", shop_id)
    return [_store(row) for row in rows]


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


def _store(row: Mapping[str, object]) -> StoreConnection:
    return msgspec.convert(
        dict(row) | {name: msgspec.json.decode(str(row[name])) for name in ("settings", "result")}, StoreConnection
    )


def _store_of(row: StoreConnectionRow) -> StoreConnection:
    return msgspec.convert(row, StoreConnection, from_attributes=True)
