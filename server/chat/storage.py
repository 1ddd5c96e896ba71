"""SQL of conversations, messages and turns, on the turn's fast connection. Statements are of one shop each."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
import msgspec
from msgspec import Struct

from server.core.database import Connection
from server.shops.identity import Shopper

TURN_LEASE_S = 20
"""Renewed while a turn runs; a turn still running after this has lost its process."""
HISTORY_MESSAGES = 12


class IdTaken(Exception):
    """The conversation has a message of this id that is no question of a turn."""


class Accepted(Struct, frozen=True, kw_only=True):
    """What `accept_message` found: a new turn, or the one this message already has, or why there is none."""

    state: str
    """new; repeat (this message has a turn); busy (another answer is being written); taken (staff have joined);
    foreign (the conversation is somebody else's); forgotten (the shopper wanted to be); rivalled (another message came
    in the same moment: look again)."""
    seq: int = 0
    turn_id: UUID | None = None
    turn_state: str = ""
    answer_id: str = ""


class StoredMessage(Struct, frozen=True, kw_only=True):
    """One message of a conversation; `parts` and `metadata` are JSON."""

    id: str
    seq: int
    author: str
    parts: str
    metadata: str
    created_at: datetime


# One statement, so that accepting a message costs one round trip: a repeat changes nothing, a running turn blocks,
# and two sequence numbers are taken, for the question and its answer. The conversation's row lock orders rivals: who
# waited for it finds another last_seq than the statement saw at its start, writes nothing and looks again.
_ACCEPT = f"""
WITH known AS (
    SELECT id, state, answer_id FROM turn WHERE shop_id = $1 AND conversation_id = $2 AND question_id = $4
), running AS (
    SELECT id FROM turn WHERE shop_id = $1 AND conversation_id = $2 AND state = 'running' AND lease_until > now()
), seen AS (
    SELECT last_seq, shopper_id FROM conversation WHERE shop_id = $1 AND id = $2
), forgotten AS (
    SELECT shopper_id FROM forgotten_shopper WHERE shop_id = $1 AND shopper_id = $3
), talk AS (
    INSERT INTO conversation (shop_id, id, shopper_id, customer_id, customer_email, locale, origin, preview, last_seq)
    SELECT $1, $2, $3, $7, $8, $9, $10, $11, 2
    WHERE NOT EXISTS (SELECT FROM known) AND NOT EXISTS (SELECT FROM running) AND NOT EXISTS (SELECT FROM forgotten)
    ON CONFLICT (shop_id, id) DO UPDATE SET
        last_seq = conversation.last_seq + 2, last_message_at = now(), preview = excluded.preview,
        customer_id = coalesce(excluded.customer_id, conversation.customer_id),
        customer_email = coalesce(excluded.customer_email, conversation.customer_email),
        locale = excluded.locale,
        state = CASE conversation.state WHEN 'closed' THEN 'open' ELSE conversation.state END
    WHERE conversation.shop_id = $1 AND conversation.shopper_id = $3
        AND conversation.last_seq = (SELECT last_seq FROM seen)
    RETURNING last_seq, state
), question AS (
    INSERT INTO message (shop_id, conversation_id, id, seq, author, turn_id, parts)
    SELECT $1, $2, $4, last_seq - 1, 'shopper', CASE state WHEN 'joined' THEN NULL ELSE $5::uuid END, $12::jsonb
    FROM talk
), started AS (
    INSERT INTO turn (shop_id, id, conversation_id, question_id, answer_id, lease_until)
    SELECT $1, $5, $2, $4, $6, now() + interval '{TURN_LEASE_S} seconds' FROM talk WHERE state <> 'joined'
)
SELECT (SELECT last_seq FROM talk) AS seq, (SELECT state FROM talk) AS talk_state,
       known.id AS known_id, known.state AS known_state, known.answer_id AS known_answer,
       EXISTS (SELECT FROM running) AS busy, (SELECT shopper_id <> $3 FROM seen) AS is_foreign,
       EXISTS (SELECT FROM forgotten) AS is_forgotten
FROM (VALUES (1)) AS one LEFT JOIN known ON true
"""


async def accept_message(
    connection: Connection,
    shop_id: UUID,
    shopper: Shopper,
    *,
    message_id: str,
    turn_id: UUID,
    answer_id: str,
    text: str,
    parts: str,
) -> Accepted:
    """Save the shopper's message once and start its turn. Raises IdTaken, which ends the transaction."""
    customer = shopper.customer
    try:
        row = await connection.fetchrow(
            _ACCEPT,
            shop_id,
            shopper.conversation_id,
            shopper.shopper_id,
            message_id,
            turn_id,
            answer_id,
            customer.id if customer else None,
            customer.email if customer else None,
            shopper.locale,
            shopper.origin,
            text[:120],
            parts,
        )
    except asyncpg.UniqueViolationError:
        raise IdTaken from None
    if row["known_id"]:
        return Accepted(
            state="repeat", turn_id=row["known_id"], turn_state=row["known_state"], answer_id=row["known_answer"]
        )
    if row["is_forgotten"]:
        return Accepted(state="forgotten")
    if row["is_foreign"]:
        return Accepted(state="foreign")
    if row["busy"]:
        return Accepted(state="busy")
    if row["seq"] is None:
        return Accepted(state="rivalled")
    state = "taken" if row["talk_state"] == "joined" else "new"
    return Accepted(state=state, seq=row["seq"], turn_id=turn_id, answer_id=answer_id)


async def find_message(
    connection: Connection, shop_id: UUID, conversation_id: UUID, message_id: str
) -> StoredMessage | None:
    """One message of a conversation."""
    row = await connection.fetchrow(
        "SELECT id, seq, author, parts, metadata, created_at FROM message "
        "WHERE shop_id = $1 AND conversation_id = $2 AND id = $3",
        shop_id,
        conversation_id,
        message_id,
    )
    return StoredMessage(**dict(row)) if row else None


async def last_messages(
    connection: Connection, shop_id: UUID, conversation_id: UUID, before_seq: int, limit: int = HISTORY_MESSAGES
) -> list[StoredMessage]:
    """The newest messages before a sequence number, oldest first. The first message's is 1."""
    if before_seq <= 1:
        return []
    rows = await connection.fetch(
        "SELECT id, seq, author, parts, metadata, created_at FROM message "
        "WHERE shop_id = $1 AND conversation_id = $2 AND seq < $3 ORDER BY seq DESC LIMIT $4",
        shop_id,
        conversation_id,
        before_seq,
        limit,
    )
    return [StoredMessage(**dict(row)) for row in reversed(rows)]


async def renew_turns(connection: Connection, shop_id: UUID, turn_ids: Sequence[UUID]) -> None:
    """Say that these turns' process lives."""
    await connection.execute(
        f"UPDATE turn SET lease_until = now() + interval '{TURN_LEASE_S} seconds' "
        "WHERE shop_id = $1 AND id = ANY($2) AND state = 'running'",
        shop_id,
        list(turn_ids),
    )


# An interrupted turn may still be recorded: its process was only thought dead, and knows the whole answer.
_RECORD = """
WITH ended AS (
    UPDATE turn SET state = $4, answered_by = $5, usage_state = $6, trace = $7::jsonb, ended_at = now()
    WHERE shop_id = $1 AND id = $3 AND state IN ('running', 'interrupted')
    RETURNING answer_id
)
INSERT INTO message (shop_id, conversation_id, id, seq, author, turn_id, parts, metadata)
SELECT $1, $2, answer_id, $8, 'assistant', $3, $9::jsonb, $10::jsonb FROM ended WHERE $9::jsonb <> '[]'::jsonb
ON CONFLICT (shop_id, conversation_id, id) DO UPDATE SET parts = excluded.parts, metadata = excluded.metadata
"""


async def record_answer(
    connection: Connection,
    shop_id: UUID,
    conversation_id: UUID,
    turn_id: UUID,
    *,
    state: str,
    answered_by: str | None,
    usage_state: str,
    trace: dict[str, Any],
    seq: int,
    parts: list[dict[str, Any]],
    metadata: dict[str, Any],
) -> None:
    """End a running turn and save its answer; does nothing when the turn has ended already."""
    await connection.execute(
        _RECORD,
        shop_id,
        conversation_id,
        turn_id,
        state,
        answered_by,
        usage_state,
        _json(trace),
        seq,
        _json(parts),
        _json(metadata),
    )


async def abandoned_turns(connection: Connection, shop_id: UUID) -> list[Any]:
    """Turns whose process is gone: id, conversation, its locale, the answer's sequence number."""
    rows: list[Any] = await connection.fetch(
        "SELECT turn.id, turn.conversation_id, conversation.locale, message.seq + 1 AS answer_seq FROM turn "
        "JOIN conversation ON conversation.shop_id = turn.shop_id AND conversation.id = turn.conversation_id "
        "JOIN message ON message.shop_id = turn.shop_id AND message.conversation_id = turn.conversation_id "
        "AND message.id = turn.question_id "
        "WHERE turn.shop_id = $1 AND turn.state = 'running' AND turn.lease_until < now()",
        shop_id,
    )
    return rows


async def add_system_message(
    connection: Connection,
    shop_id: UUID,
    conversation_id: UUID,
    message_id: str,
    author: str,
    parts: list[dict[str, Any]],
    metadata: dict[str, Any],
) -> None:
    """Put a message of staff or of the system at the end of a conversation."""
    await connection.execute(
        "WITH talk AS (UPDATE conversation SET last_seq = last_seq + 1, last_message_at = now() "
        "WHERE shop_id = $1 AND id = $2 RETURNING last_seq) "
        "INSERT INTO message (shop_id, conversation_id, id, seq, author, parts, metadata) "
        "SELECT $1, $2, $3, last_seq, $4, $5::jsonb, $6::jsonb FROM talk",
        shop_id,
        conversation_id,
        message_id,
        author,
        _json(parts),
        _json(metadata),
    )


async def save_feedback(
    connection: Connection, shop_id: UUID, conversation_id: UUID, message_id: str, rating: str, comment: str | None
) -> bool:
    """Keep the latest rating of an answer; False when the conversation has no such answer."""
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


async def open_conversation(connection: Connection, shop_id: UUID, shopper: Shopper) -> bool:
    """Make the conversation's row when there is none yet; False when it is somebody else's, or the shopper wanted to
    be forgotten."""
    mine: bool = await connection.fetchval(
        "WITH made AS ("
        "INSERT INTO conversation (shop_id, id, shopper_id, customer_id, customer_email, locale, origin) "
        "SELECT $1, $2, $3, $4, $5, $6, $7 "
        "WHERE NOT EXISTS (SELECT FROM forgotten_shopper WHERE shop_id = $1 AND shopper_id = $3) "
        "ON CONFLICT (shop_id, id) DO NOTHING RETURNING id) "
        "SELECT EXISTS (SELECT FROM made) "
        "OR EXISTS (SELECT FROM conversation WHERE shop_id = $1 AND id = $2 AND shopper_id = $3)",
        shop_id,
        shopper.conversation_id,
        shopper.shopper_id,
        shopper.customer.id if shopper.customer else None,
        shopper.customer.email if shopper.customer else None,
        shopper.locale,
        shopper.origin,
    )
    return mine


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()
