"""SQL of handoffs: the queue, its median waiting time, and what is mailed to a shopper. Each for one shop."""

from uuid import UUID

import msgspec

from server.chat.conversations.handoff.models import ConversationStatus, ReplyMail
from server.core.database import Connection

LATEST_HANDOFFS = 20
MAX_HANDOFF_AGE = "30 days"
"""The median waiting time is that of the latest handoffs, none of them older."""
MIN_HANDOFFS = 3
"""With fewer no median is shown."""
MAX_PREVIEW = 120

_AHEAD = (
    "CASE WHEN conversation.state IN ('requested', 'waiting') THEN (SELECT count(*) FROM conversation AS other "
    "WHERE other.shop_id = $1 AND other.state IN ('requested', 'waiting') "
    "AND other.handoff_at < conversation.handoff_at) END"
)


async def find_status(
    connection: Connection, shop_id: UUID, conversation_id: UUID, shopper_id: UUID
) -> ConversationStatus | None:
    """The state of a conversation of this shopper; None before its first message."""
    row = await connection.fetchrow(
        "SELECT conversation.state, conversation.handoff_at IS NOT NULL "
        "OR conversation.handoff_answered_at IS NOT NULL AS was_handed_off, "
        f"{_AHEAD} AS ahead FROM conversation WHERE conversation.shop_id = $1 AND conversation.id = $2 "
        "AND conversation.shopper_id = $3",
        shop_id,
        conversation_id,
        shopper_id,
    )
    return ConversationStatus(**dict(row)) if row else None


async def request_handoff(
    connection: Connection, shop_id: UUID, conversation_id: UUID, state: str, email: str | None
) -> str | None:
    """Hand a conversation off in this state (requested or waiting); the state it has now, None where it does not
    exist. A second request leaves its place in the queue as it is."""
    found: str | None = await connection.fetchval(
        "UPDATE conversation SET state = CASE state WHEN 'joined' THEN state ELSE $3 END, "
        "handoff_at = CASE WHEN state IN ('requested', 'waiting', 'joined') THEN coalesce(handoff_at, now()) "
        "ELSE now() END, "
        "handoff_answered_at = CASE WHEN state = 'joined' THEN handoff_answered_at END, "
        "contact_email = coalesce($4, contact_email) WHERE shop_id = $1 AND id = $2 RETURNING state",
        shop_id,
        conversation_id,
        state,
        email,
    )
    return found


async def find_median_wait_s(connection: Connection, shop_id: UUID) -> int | None:
    """The median of seconds from a handoff to the first reply, over the latest handoffs; None below MIN_HANDOFFS."""
    [row] = await connection.fetch(
        "SELECT count(*) AS known, percentile_cont(0.5) WITHIN GROUP (ORDER BY waited) AS median FROM ("
        "SELECT extract(epoch FROM handoff_answered_at - handoff_at)::float AS waited FROM conversation "
        f"WHERE shop_id = $1 AND handoff_at > now() - interval '{MAX_HANDOFF_AGE}' "
        f"AND handoff_answered_at >= handoff_at ORDER BY handoff_at DESC LIMIT {LATEST_HANDOFFS}) AS latest",
        shop_id,
    )
    return round(row["median"]) if row["known"] >= MIN_HANDOFFS else None


async def add_note(connection: Connection, shop_id: UUID, conversation_id: UUID, message_id: str, text: str) -> None:
    """Add what the shopper wrote for staff, once by its id: a message that starts no turn."""
    await connection.execute(
        "WITH updated AS (UPDATE conversation SET last_seq = last_seq + 1, last_message_at = now(), preview = $5 "
        "WHERE shop_id = $1 AND id = $2 AND NOT EXISTS (SELECT FROM message WHERE shop_id = $1 "
        "AND conversation_id = $2 AND id = $3) RETURNING last_seq) "
        "INSERT INTO message (shop_id, conversation_id, id, seq, author, parts) "
        "SELECT $1, $2, $3, last_seq, 'shopper', $4::jsonb FROM updated",
        shop_id,
        conversation_id,
        message_id,
        msgspec.json.encode([{"type": "text", "text": text}]).decode(),
        text[:MAX_PREVIEW],
    )


async def find_reply_mail(
    connection: Connection, shop_id: UUID, conversation_id: UUID, message_id: str
) -> ReplyMail | None:
    """A reply of staff and where to mail it; None where the shopper left no address or the reply is gone."""
    row = await connection.fetchrow(
        "SELECT conversation.contact_email, conversation.locale, shop.name, shop.storefront_url, "
        "message.parts -> 0 ->> 'text' AS text FROM conversation "
        "JOIN shop ON shop.id = $1 JOIN message ON message.shop_id = $1 "
        "AND message.conversation_id = conversation.id AND message.id = $3 "
        "WHERE conversation.shop_id = $1 AND conversation.id = $2 AND conversation.contact_email IS NOT NULL",
        shop_id,
        conversation_id,
        message_id,
    )
    return ReplyMail(**dict(row)) if row else None
