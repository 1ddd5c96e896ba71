"""SQL of the inbox."""

from collections.abc import Sequence
from uuid import UUID

import msgspec

from integrations.platform import PlatformChange
from server.core.database import Connection
from server.webhooks.models import InboxEntry, PendingChange

_changes = msgspec.json.Decoder(PlatformChange)


async def create_entry(
    connection: Connection, shop_id: UUID, entry: InboxEntry, *, entry_id: UUID, store_id: UUID, topic: str
) -> bool:
    """Insert a change into the inbox; False where an entry with its key is done, or not due yet.

    A reloadable entry with this key that is due and pending gets the new id: a job may be processing it that looked at
    the store before this delivery came, and `finish_entries` must not mark it as done then. Any other keeps its id,
    by which a privacy request is done once.
    """
    status: str = await connection.execute(
        "INSERT INTO inbox (shop_id, id, connection_id, delivery_key, topic, change, received_at) "
        "VALUES ($1, $2, $3, $4, $5, $6::jsonb, coalesce($7, now())) "
        "ON CONFLICT (shop_id, connection_id, delivery_key) "
        "DO UPDATE SET id = CASE WHEN $8 THEN EXCLUDED.id ELSE inbox.id END "
        "WHERE inbox.done_at IS NULL AND inbox.received_at <= now()",
        shop_id,
        entry_id,
        store_id,
        entry.key,
        topic,
        msgspec.json.encode(entry.change).decode(),
        entry.due_at,
        entry.is_reloadable,
    )
    return status.endswith(" 1")


async def list_pending_changes(connection: Connection, shop_id: UUID, limit: int) -> list[PendingChange]:
    """The oldest due changes of the inbox that are not processed."""
    rows = await connection.fetch(
        "SELECT id, connection_id, change FROM inbox "
        "WHERE shop_id = $1 AND done_at IS NULL AND received_at <= now() ORDER BY id LIMIT $2",
        shop_id,
        limit,
    )
    return [PendingChange(row["id"], row["connection_id"], _changes.decode(row["change"])) for row in rows]


async def finish_entries(
    connection: Connection, shop_id: UUID, *, done: Sequence[UUID], deleted: Sequence[UUID]
) -> None:
    """Mark the entries `done` as processed and clear what they say, since a privacy request names a person; delete the
    entries `deleted`, and those processed more than 7 days ago."""
    await connection.execute("DELETE FROM inbox WHERE shop_id = $1 AND id = ANY($2)", shop_id, list(deleted))
    await connection.execute(
        "UPDATE inbox SET done_at = now(), change = '{}' WHERE shop_id = $1 AND id = ANY($2)", shop_id, list(done)
    )
    await connection.execute("DELETE FROM inbox WHERE shop_id = $1 AND done_at < now() - interval '7 days'", shop_id)
