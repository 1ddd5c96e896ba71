"""SQL of erased shoppers and of outdated rows. Each for one shop."""

from datetime import timedelta
from uuid import UUID

from server.core.database import Connection, Database


async def list_conversations_of_shopper(connection: Connection, shop_id: UUID, shopper_id: UUID) -> list[UUID]:
    """All conversations of a shopper."""
    rows = await connection.fetch(
        "SELECT id FROM conversation WHERE shop_id = $1 AND shopper_id = $2", shop_id, shopper_id
    )
    return [row["id"] for row in rows]


async def add_erased_shopper(connection: Connection, shop_id: UUID, shopper_id: UUID) -> None:
    """Record that everything of a shopper is to be erased: nothing of theirs is saved from now on."""
    await connection.execute(
        "INSERT INTO forgotten_shopper (shop_id, shopper_id) VALUES ($1, $2) ON CONFLICT DO NOTHING",
        shop_id,
        shopper_id,
    )


async def list_erased_shoppers(connection: Connection, shop_id: UUID, within_s: float) -> list[UUID]:
    """The shoppers who were erased in the last `within_s` seconds."""
    rows = await connection.fetch(
        "SELECT shopper_id FROM forgotten_shopper WHERE shop_id = $1 AND forgotten_at > now() - $2 * interval '1 s'",
        shop_id,
        within_s,
    )
    return [row["shopper_id"] for row in rows]


async def list_remaining_conversations(connection: Connection, shop_id: UUID) -> list[UUID]:
    """Conversations of erased shoppers that are still there: begun while the shopper was being erased, or left when
    the database went away before the end."""
    rows = await connection.fetch(
        "SELECT conversation.id FROM forgotten_shopper JOIN conversation ON conversation.shop_id = $1 "
        "AND conversation.shopper_id = forgotten_shopper.shopper_id WHERE forgotten_shopper.shop_id = $1",
        shop_id,
    )
    return [row["id"] for row in rows]


async def delete_outdated(connection: Connection, shop_id: UUID, unused_s: float, kept_s: float) -> None:
    """Delete pictures that no message took within `unused_s` seconds, with conversations that hold nothing else, and
    reports and ids of erased shoppers that are older than `kept_s` seconds."""
    for query in (
        "DELETE FROM conversation WHERE shop_id = $1 AND last_seq = 0 AND state = 'open' AND id IN ("
        "SELECT conversation_id FROM picture WHERE shop_id = $1 AND message_id IS NULL "
        "GROUP BY conversation_id HAVING max(created_at) <= now() - $2 * interval '1 s')",
        "DELETE FROM picture WHERE shop_id = $1 AND message_id IS NULL AND created_at <= now() - $2 * interval '1 s'",
    ):
        await connection.execute(query, shop_id, unused_s)
    for query in (
        "DELETE FROM widget_report WHERE shop_id = $1 AND last_at <= now() - $2 * interval '1 s'",
        "DELETE FROM forgotten_shopper WHERE shop_id = $1 AND forgotten_at <= now() - $2 * interval '1 s'",
    ):
        await connection.execute(query, shop_id, kept_s)


async def list_shops_with_outdated(database: Database, unused: timedelta, kept: timedelta) -> list[UUID]:
    """The shops with rows that `delete_outdated` would delete."""
    rows = await database.fetch("SELECT shops_to_tidy_of_shoppers($1, $2) AS shop_id", unused, kept)
    return [row["shop_id"] for row in rows]
