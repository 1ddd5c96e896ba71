"""SQL of one shopper's conversations, and of shoppers who were forgotten. Statements are of one shop each."""

from typing import Any
from uuid import UUID

from server.chat.conversations.shoppers.models import ConversationLine
from server.core.database import Connection

MAX_LISTED = 50
MAX_WORDS = 120
_WORDS = (
    "(SELECT left(jsonb_path_query_first(said.parts, '$[*] ? (@.type == \"text\").text') #>> '{{}}', "
    f"{MAX_WORDS}) FROM message AS said WHERE said.shop_id = $1 AND said.conversation_id = talk.id "
    "AND {which} LIMIT 1)"
)
_TITLE = _WORDS.format(which="said.author = 'shopper' AND said.parts @> '[{\"type\": \"text\"}]' ORDER BY said.seq")
_PREVIEW = _WORDS.format(which='said.parts @> \'[{"type": "text"}]\' ORDER BY said.seq DESC')


async def list_conversations(
    connection: Connection, shop_id: UUID, shopper_id: UUID, customer_id: str | None
) -> list[ConversationLine]:
    """The newest conversations of a shopper, newest first, each with its first and its latest words."""
    rows = await connection.fetch(
        f"SELECT talk.id, talk.state, talk.last_message_at, coalesce({_TITLE}, '') AS title, "
        f"coalesce({_PREVIEW}, '') AS preview FROM conversation AS talk WHERE talk.shop_id = $1 "
        "AND talk.shopper_id = $2 AND talk.customer_id IS NOT DISTINCT FROM $3 "
        "AND (talk.last_seq > 0 OR talk.state <> 'open') "
        f"ORDER BY talk.last_message_at DESC, talk.id DESC LIMIT {MAX_LISTED}",
        shop_id,
        shopper_id,
        customer_id,
    )
    return [ConversationLine(**dict(row)) for row in rows]


async def is_conversation_of(
    connection: Connection, shop_id: UUID, conversation_id: UUID, shopper_id: UUID, customer_id: str | None
) -> bool:
    """Whether a conversation is this shopper's, as this customer."""
    mine: bool = await connection.fetchval(
        "SELECT EXISTS (SELECT FROM conversation WHERE shop_id = $1 AND id = $2 AND shopper_id = $3 "
        "AND customer_id IS NOT DISTINCT FROM $4)",
        shop_id,
        conversation_id,
        shopper_id,
        customer_id,
    )
    return mine


async def conversations_of_shopper(connection: Connection, shop_id: UUID, shopper_id: UUID) -> list[UUID]:
    """All of them."""
    rows: list[Any] = await connection.fetch(
        "SELECT id FROM conversation WHERE shop_id = $1 AND shopper_id = $2", shop_id, shopper_id
    )
    return [row["id"] for row in rows]


async def add_forgotten(connection: Connection, shop_id: UUID, shopper_id: UUID) -> None:
    """From now on this shopper's sessions hold no more."""
    await connection.execute(
        "INSERT INTO forgotten_shopper (shop_id, shopper_id) VALUES ($1, $2) ON CONFLICT DO NOTHING",
        shop_id,
        shopper_id,
    )


async def forgotten_within(connection: Connection, shop_id: UUID, seconds: float) -> list[UUID]:
    """Shoppers who were forgotten in the last `seconds`."""
    rows = await connection.fetch(
        "SELECT shopper_id FROM forgotten_shopper WHERE shop_id = $1 AND forgotten_at > now() - $2 * interval '1 s'",
        shop_id,
        seconds,
    )
    return [row["shopper_id"] for row in rows]


async def conversations_of_forgotten(connection: Connection, shop_id: UUID) -> list[UUID]:
    """Conversations that began in the same moment in which their shopper was forgotten."""
    rows = await connection.fetch(
        "SELECT conversation.id FROM forgotten_shopper JOIN conversation ON conversation.shop_id = $1 "
        "AND conversation.shopper_id = forgotten_shopper.shopper_id WHERE forgotten_shopper.shop_id = $1",
        shop_id,
    )
    return [row["id"] for row in rows]


async def delete_outdated(connection: Connection, shop_id: UUID, unused_s: float, kept_s: float) -> None:
    """Pictures that no message came to hold, conversations that hold nothing else, old reports, and the names of
    forgotten shoppers whose sessions have ended by themselves."""
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


async def add_report(connection: Connection, shop_id: UUID, kind: str, origin: str) -> None:
    """Count what a widget noticed on pages of an origin."""
    await connection.execute(
        "INSERT INTO widget_report (shop_id, kind, origin) VALUES ($1, $2, $3) "
        "ON CONFLICT (shop_id, kind, origin) DO UPDATE SET seen = widget_report.seen + 1, last_at = now()",
        shop_id,
        kind,
        origin,
    )


async def list_reports(connection: Connection, shop_id: UUID, within_s: float, limit: int) -> list[Any]:
    """kind, origin, seen, first_at, last_at, newest first."""
    rows: list[Any] = await connection.fetch(
        "SELECT kind, origin, seen, first_at, last_at FROM widget_report "
        "WHERE shop_id = $1 AND last_at > now() - $2 * interval '1 s' ORDER BY last_at DESC LIMIT $3",
        shop_id,
        within_s,
        limit,
    )
    return rows
