"""SQL of stores that a shop once had (see `sql/left_stores.sql`)."""

from datetime import timedelta
from uuid import UUID

from server.core.database import Connection


async def note_left(connection: Connection, shop_id: UUID, connection_id: UUID) -> None:
    """Remember which store a connection led to, before it is deleted; nothing for one without an address of its own."""
    await connection.execute(
        "INSERT INTO left_store (shop_id, platform, address, connection_id) "
        "SELECT shop_id, platform, address, connection_id FROM store_directory "
        "WHERE shop_id = $1 AND connection_id = $2 AND address <> connection_id::text "
        "ON CONFLICT (shop_id, platform, address, connection_id) DO UPDATE SET left_at = now()",
        shop_id,
        connection_id,
    )


async def forget_old(connection: Connection, shop_id: UUID, kept: timedelta) -> None:
    """Delete what was left longer ago."""
    await connection.execute(
        "DELETE FROM left_store WHERE shop_id = $1 AND left_at <= now() - $2::interval", shop_id, kept
    )
