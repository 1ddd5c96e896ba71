"""SQL of hand-offs: who waits, since when, and how long it took lately. Statements are of one shop each."""

from typing import Any
from uuid import UUID

import msgspec

from server.chat.conversations.handoff.models import Talk
from server.core.database import Connection

LATEST = 20
"""Hand-offs that the median is taken of, none older than WITHIN."""
WITHIN = "30 days"
FEWEST = 3
"""With fewer there is no saying how long it takes."""

_AHEAD = (
    "CASE WHEN talk.state IN ('requested', 'waiting') THEN (SELECT count(*) FROM conversation AS other "
    "WHERE other.shop_id = $1 AND other.state IN ('requested', 'waiting') AND other.handoff_at < talk.handoff_at) END"
)


async def find_talk(connection: Connection, shop_id: UUID, conversation_id: UUID, shopper_id: UUID) -> Talk | None:
    """A conversation of this shopper; None when there is none (yet)."""
    row = await connection.fetchrow(
        "SELECT talk.state, talk.handoff_at IS NOT NULL OR talk.handoff_answered_at IS NOT NULL AS was_passed_on, "
        f"{_AHEAD} AS ahead FROM conversation AS talk WHERE talk.shop_id = $1 AND talk.id = $2 "
        "AND talk.shopper_id = $3",
        shop_id,
        conversation_id,
        shopper_id,
    )
    return Talk(**dict(row)) if row else None


async def request_handoff(
    connection: Connection, shop_id: UUID, conversation_id: UUID, state: str, email: str | None
) -> str | None:
    """Mark that the shopper wants staff; the state it is in now, None when there is no such conversation. Asking
    again keeps the place in the queue."""
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


async def usual_wait_s(connection: Connection, shop_id: UUID) -> int | None:
    """The median of seconds from asking to the first reply, of the newest hand-offs; None when there were too few."""
    row = await connection.fetchrow(
        "SELECT count(*) AS known, percentile_cont(0.5) WITHIN GROUP (ORDER BY waited) AS median FROM ("
        "SELECT extract(epoch FROM handoff_answered_at - handoff_at)::float AS waited FROM conversation "
        f"WHERE shop_id = $1 AND handoff_at > now() - interval '{WITHIN}' AND handoff_answered_at >= handoff_at "
        f"ORDER BY handoff_at DESC LIMIT {LATEST}) AS latest",
        shop_id,
    )
    return round(row["median"]) if row["known"] >= FEWEST else None


async def add_note(
    connection: Connection, shop_id: UUID, conversation_id: UUID, message_id: str, parts: list[dict[str, Any]]
) -> None:
    """What the shopper wrote for staff: a message that starts no turn, kept once by its id."""
    await connection.execute(
        "WITH talk AS (UPDATE conversation SET last_seq = last_seq + 1, last_message_at = now(), preview = $5 "
        "WHERE shop_id = $1 AND id = $2 AND NOT EXISTS (SELECT FROM message WHERE shop_id = $1 "
        "AND conversation_id = $2 AND id = $3) RETURNING last_seq) "
        "INSERT INTO message (shop_id, conversation_id, id, seq, author, parts) "
        "SELECT $1, $2, $3, last_seq, 'shopper', $4::jsonb FROM talk",
        shop_id,
        conversation_id,
        message_id,
        msgspec.json.encode(parts).decode(),
        parts[0]["text"][:120],
    )


async def find_addressee(connection: Connection, shop_id: UUID, conversation_id: UUID, message_id: str) -> Any:
    """Whom a reply of staff may be mailed to, with the reply; None where no address was left or nothing is there."""
    return await connection.fetchrow(
        "SELECT conversation.contact_email, conversation.locale, shop.name, shop.storefront_url, "
        "message.parts -> 0 ->> 'text' AS text FROM conversation "
        "JOIN shop ON shop.id = $1 JOIN message ON message.shop_id = $1 "
        "AND message.conversation_id = conversation.id AND message.id = $3 "
        "WHERE conversation.shop_id = $1 AND conversation.id = $2 AND conversation.contact_email IS NOT NULL",
        shop_id,
        conversation_id,
        message_id,
    )
