"""SQL of a pass over a connected store: its state, and what a store's products and documents are at present."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from server.core.database import Connection
from server.stores.models import SyncSummary


async def begin_sync(connection: Connection, shop_id: UUID, store_id: UUID) -> None:
    """Mark a store as being read; the next pass is due one interval from now, however this one ends."""
    await connection.execute(
        "UPDATE connection SET sync_state = 'syncing', next_sync_at = now() + make_interval(secs => every_s) "
        "WHERE shop_id = $1 AND id = $2",
        shop_id,
        store_id,
    )


async def end_sync(
    connection: Connection,
    shop_id: UUID,
    store_id: UUID,
    *,
    began: datetime,
    full: bool,
    problem: str | None,
    result: SyncSummary,
) -> None:
    """Store the outcome of a complete pass that began at `began` (aware)."""
    await connection.execute(
        "UPDATE connection SET sync_state = 'synced', synced_at = $3, problem = $5, result = $6::jsonb, "
        "full_synced_at = CASE WHEN $4 THEN $3 ELSE full_synced_at END WHERE shop_id = $1 AND id = $2",
        shop_id,
        store_id,
        began,
        full,
        problem,
        msgspec.json.encode(result).decode(),
    )


async def fail_sync(connection: Connection, shop_id: UUID, store_id: UUID, problem: str) -> None:
    """Store why a pass ended early; products already written stay."""
    await connection.execute(
        "UPDATE connection SET sync_state = 'failed', problem = $3 WHERE shop_id = $1 AND id = $2",
        shop_id,
        store_id,
        problem,
    )


async def list_stale_products(
    connection: Connection, shop_id: UUID, source: str, not_seen_since: datetime, limit: int
) -> list[str]:
    """External ids of at most `limit` products of a source that were last read before `not_seen_since`."""
    rows = await connection.fetch(
        "SELECT external_id FROM product WHERE shop_id = $1 AND source = $2 AND fetched_at < $3 LIMIT $4",
        shop_id,
        source,
        not_seen_since,
        limit,
    )
    return [row["external_id"] for row in rows]


async def list_documents(connection: Connection, shop_id: UUID, source: str) -> list[str]:
    """External ids of the documents of a source."""
    rows = await connection.fetch(
        "SELECT external_id FROM document WHERE shop_id = $1 AND source = $2", shop_id, source
    )
    return [row["external_id"] for row in rows]


async def list_taken_ids(connection: Connection, shop_id: UUID, source: str, external_ids: Sequence[str]) -> set[str]:
    """Those of `external_ids` that belong to a product of another connected store, or to one written through the API.

    A product imported from a file does not count: the file was a copy of the store, and the store takes it over.
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


async def list_products_of_variants(
    connection: Connection, shop_id: UUID, source: str, variant_ids: Sequence[str]
) -> list[str]:
    """External ids of a source's products that have one of these ids among their variants, and not as their own."""
    if not variant_ids:
        return []
    rows = await connection.fetch(
        "SELECT external_id FROM product WHERE shop_id = $1 AND source = $2 AND external_id <> ALL($3) AND EXISTS "
        "(SELECT FROM jsonb_array_elements(variants) AS variant WHERE variant ->> 'id' = ANY($3))",
        shop_id,
        source,
        list(variant_ids),
    )
    return [row["external_id"] for row in rows]


async def delete_products(connection: Connection, shop_id: UUID, source: str, external_ids: Sequence[str]) -> int:
    """Delete products of a source and return their number."""
    status: str = await connection.execute(
        "DELETE FROM product WHERE shop_id = $1 AND source = $2 AND external_id = ANY($3)",
        shop_id,
        source,
        list(external_ids),
    )
    return int(status.rpartition(" ")[2])
