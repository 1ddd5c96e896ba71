"""SQL of conversations: begun, listed, rated and added to by staff; and of widget reports. Each for one shop."""

from collections.abc import Sequence
from uuid import UUID

import msgspec

from server.chat.conversations.models import ConversationLine, WidgetReport
from server.chat.models import MessageMetadata, MessagePart
from server.core.database import Connection
from server.shops.identity import Shopper

MAX_LISTED = 50
MAX_WORDS = 120
_WORDS = (
    "(SELECT left(jsonb_path_query_first(said.parts, '$[*] ? (@.type == \"text\").text') #>> '{{}}', "
    f"{MAX_WORDS}) FROM message AS said WHERE said.shop_id = $1 AND said.conversation_id = conversation.id "
    "AND {which} LIMIT 1)"
)
_TITLE = _WORDS.format(which="said.author = 'shopper' AND said.parts @> '[{\"type\": \"text\"}]' ORDER BY said.seq")
_PREVIEW = _WORDS.format(which='said.parts @> \'[{"type": "text"}]\' ORDER BY said.seq DESC')


async def create_conversation(connection: Connection, shop_id: UUID, shopper: Shopper) -> bool:
    """Add the shopper's conversation where it has no row yet; False where it is another shopper's, or where this
    shopper had everything of theirs erased."""
    is_own: bool = await connection.fetchval(
        "WITH created AS ("
        "INSERT INTO conversation (shop_id, id, shopper_id, customer_id, customer_email, locale, origin) "
        "SELECT $1, $2, $3, $4, $5, $6, $7 "
        "WHERE NOT EXISTS (SELECT FROM forgotten_shopper WHERE shop_id = $1 AND shopper_id = $3) "
        "ON CONFLICT (shop_id, id) DO NOTHING RETURNING id) "
        "SELECT EXISTS (SELECT FROM created) "
        "OR EXISTS (SELECT FROM conversation WHERE shop_id = $1 AND id = $2 AND shopper_id = $3)",
        shop_id,
        shopper.conversation_id,
        shopper.shopper_id,
        shopper.customer.id if shopper.customer else None,
        shopper.customer.email if shopper.customer else None,
        shopper.locale,
        shopper.origin,
    )
    return is_own


async def list_conversations(
    connection: Connection, shop_id: UUID, shopper_id: UUID, customer_id: str | None
) -> list[ConversationLine]:
    """A shopper's conversations as this customer (None: as nobody signed in), newest first, at most MAX_LISTED."""
    rows = await connection.fetch(
        "SELECT conversation.id, conversation.state, conversation.last_message_at, "
        f"coalesce({_TITLE}, '') AS title, coalesce({_PREVIEW}, '') AS preview "
        "FROM conversation WHERE conversation.shop_id = $1 "
        "AND conversation.shopper_id = $2 AND conversation.customer_id IS NOT DISTINCT FROM $3 "
        "AND (conversation.last_seq > 0 OR conversation.state <> 'open') "
        f"ORDER BY conversation.last_message_at DESC, conversation.id DESC LIMIT {MAX_LISTED}",
        shop_id,
        shopper_id,
        customer_id,
    )
    return [ConversationLine(**dict(row)) for row in rows]


async def is_owner(
    connection: Connection, shop_id: UUID, conversation_id: UUID, shopper_id: UUID, customer_id: str | None
) -> bool:
    """Whether a conversation is this shopper's, as this customer (None: as nobody signed in)."""
    is_own: bool = await connection.fetchval(
        "SELECT EXISTS (SELECT FROM conversation WHERE shop_id = $1 AND id = $2 AND shopper_id = $3 "
        "AND customer_id IS NOT DISTINCT FROM $4)",
        shop_id,
        conversation_id,
        shopper_id,
        customer_id,
    )
    return is_own


async def add_message(
    connection: Connection,
    shop_id: UUID,
    conversation_id: UUID,
    message_id: str,
    author: str,
    parts: Sequence[MessagePart],
    metadata: MessageMetadata,
) -> None:
    """Add a message of staff or of the system at the end of a conversation."""
    await connection.execute(
        "WITH updated AS (UPDATE conversation SET last_seq = last_seq + 1, last_message_at = now() "
        "WHERE shop_id = $1 AND id = $2 RETURNING last_seq) "
        "INSERT INTO message (shop_id, conversation_id, id, seq, author, parts, metadata) "
        "SELECT $1, $2, $3, last_seq, $4, $5::jsonb, $6::jsonb FROM updated",
        shop_id,
        conversation_id,
        message_id,
        author,
        msgspec.json.encode(parts).decode(),
        msgspec.json.encode(metadata).decode(),
    )


async def save_feedback(
    connection: Connection, shop_id: UUID, conversation_id: UUID, message_id: str, rating: str, comment: str | None
) -> bool:
    """Save the latest rating of an answer (up or down); False where the conversation has no such answer."""
    status: str = await connection.execute(
        "INSERT INTO feedback (shop_id, conversation_id, message_id, rating, comment) "
        "SELECT shop_id, conversation_id, id, $4, $5 FROM message "
        "WHERE shop_id = $1 AND conversation_id = $2 AND id = $3 AND author IN ('assistant', 'staff') "
        "ON CONFLICT (shop_id, conversation_id, message_id) "
        "DO UPDATE SET rating = excluded.rating, comment = excluded.comment",
        shop_id,
        conversation_id,
        message_id,
        rating,
        comment,
    )
    return status.endswith(" 1")


async def add_report(connection: Connection, shop_id: UUID, kind: str, origin: str) -> None:
    """Count one report of a widget on a page of this origin."""
    await connection.execute(
        "INSERT INTO widget_report (shop_id, kind, origin) VALUES ($1, $2, $3) "
        "ON CONFLICT (shop_id, kind, origin) DO UPDATE SET seen = widget_report.seen + 1, last_at = now()",
        shop_id,
        kind,
        origin,
    )


async def list_reports(connection: Connection, shop_id: UUID, within_s: float, limit: int) -> list[WidgetReport]:
    """The reports of the last `within_s` seconds, newest first."""
    rows = await connection.fetch(
        "SELECT kind, origin, seen, first_at, last_at FROM widget_report "
        "WHERE shop_id = $1 AND last_at > now() - $2 * interval '1 s' ORDER BY last_at DESC LIMIT $3",
        shop_id,
        within_s,
        limit,
    )
    return [WidgetReport(**dict(row)) for row in rows]
