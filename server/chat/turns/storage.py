"""SQL of turns: a message is accepted, its turn's lease is renewed, its answer is recorded. Each for one shop."""

from collections.abc import Sequence
from uuid import UUID

import asyncpg
import msgspec

from server.chat.models import MessageMetadata, MessagePart
from server.chat.turns.models import AbandonedTurn, Acceptance, AcceptanceState, TurnTrace
from server.core.database import Connection, Database
from server.shops.identity import Shopper

TURN_LEASE_S = 20
"""A running turn renews its lease; when the lease has expired the turn's process must have died."""
MAX_PREVIEW = 120


class MessageIdTaken(Exception):
    """The conversation already has a message with this id, and it is not the question of a turn."""


# One statement, so that accepting a message costs one round trip: a repeated message changes nothing, a running turn
# blocks, and two sequence numbers are taken, for the question and its answer. The conversation's row lock orders
# concurrent messages: the one that waited for it finds another last_seq than its snapshot had, and writes nothing.
_ACCEPT = f"""
WITH known AS (
    SELECT id, state, answer_id FROM turn WHERE shop_id = $1 AND conversation_id = $2 AND question_id = $4
), running AS (
    SELECT id FROM turn WHERE shop_id = $1 AND conversation_id = $2 AND state = 'running' AND lease_until > now()
), seen AS (
    SELECT last_seq, shopper_id FROM conversation WHERE shop_id = $1 AND id = $2
), erased AS (
    SELECT shopper_id FROM forgotten_shopper WHERE shop_id = $1 AND shopper_id = $3
), updated AS (
    INSERT INTO conversation (shop_id, id, shopper_id, customer_id, customer_email, locale, origin, preview, last_seq)
    SELECT $1, $2, $3, $7, $8, $9, $10, $11, 2
    WHERE NOT EXISTS (SELECT FROM known) AND NOT EXISTS (SELECT FROM running) AND NOT EXISTS (SELECT FROM erased)
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
    FROM updated
), started AS (
    INSERT INTO turn (shop_id, id, conversation_id, question_id, answer_id, lease_until)
    SELECT $1, $5, $2, $4, $6, now() + interval '{TURN_LEASE_S} seconds' FROM updated WHERE state <> 'joined'
)
SELECT (SELECT last_seq FROM updated) AS seq, (SELECT state FROM updated) AS conversation_state,
       known.id AS known_id, known.state AS known_state, known.answer_id AS known_answer,
       EXISTS (SELECT FROM running) AS is_busy, (SELECT shopper_id <> $3 FROM seen) AS is_not_owner,
       EXISTS (SELECT FROM erased) AS is_erased
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
) -> Acceptance:
    """Save the shopper's message once and start its turn; `parts` is JSON.

    Raises MessageIdTaken, after which the transaction can only be rolled back.
    """
    customer = shopper.customer
    try:
        [row] = await connection.fetch(
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
            text[:MAX_PREVIEW],
            parts,
        )
    except asyncpg.UniqueViolationError:
        raise MessageIdTaken from None
    if row["known_id"]:
        return Acceptance(
            state=AcceptanceState.REPEATED,
            turn_id=row["known_id"],
            turn_state=row["known_state"],
            answer_id=row["known_answer"],
        )
    if row["is_erased"]:
        return Acceptance(state=AcceptanceState.ERASED)
    if row["is_not_owner"]:
        return Acceptance(state=AcceptanceState.NOT_OWNER)
    if row["is_busy"]:
        return Acceptance(state=AcceptanceState.BUSY)
    if row["seq"] is None:
        return Acceptance(state=AcceptanceState.CONCURRENT)
    is_staffed = row["conversation_state"] == "joined"
    state = AcceptanceState.STAFF_HANDLING if is_staffed else AcceptanceState.NEW
    return Acceptance(state=state, seq=row["seq"], turn_id=turn_id, answer_id=answer_id)


async def renew_leases(connection: Connection, shop_id: UUID, turn_ids: Sequence[UUID]) -> None:
    """Renew the leases of running turns for TURN_LEASE_S."""
    await connection.execute(
        f"UPDATE turn SET lease_until = now() + interval '{TURN_LEASE_S} seconds' "
        "WHERE shop_id = $1 AND id = ANY($2) AND state = 'running'",
        shop_id,
        list(turn_ids),
    )


# An interrupted turn may still be recorded: its process was alive after all and has the whole answer.
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
    trace: TurnTrace,
    seq: int,
    parts: Sequence[MessagePart],
    metadata: MessageMetadata,
) -> None:
    """End a running turn and save its answer; nothing changes where the turn has ended already."""
    await connection.execute(
        _RECORD,
        shop_id,
        conversation_id,
        turn_id,
        state,
        answered_by,
        usage_state,
        msgspec.json.encode(trace).decode(),
        seq,
        msgspec.json.encode(parts).decode(),
        msgspec.json.encode(metadata).decode(),
    )


async def list_abandoned_turns(connection: Connection, shop_id: UUID) -> list[AbandonedTurn]:
    """The shop's running turns whose lease has expired."""
    rows = await connection.fetch(
        "SELECT turn.id, turn.conversation_id, conversation.locale, message.seq + 1 AS answer_seq FROM turn "
        "JOIN conversation ON conversation.shop_id = turn.shop_id AND conversation.id = turn.conversation_id "
        "JOIN message ON message.shop_id = turn.shop_id AND message.conversation_id = turn.conversation_id "
        "AND message.id = turn.question_id "
        "WHERE turn.shop_id = $1 AND turn.state = 'running' AND turn.lease_until < now()",
        shop_id,
    )
    return [AbandonedTurn(**dict(row)) for row in rows]


async def list_shops_with_abandoned_turns(database: Database) -> list[UUID]:
    """The shops with a running turn whose lease has expired."""
    return [row["shop_id"] for row in await database.fetch("SELECT shops_with_lost_turns() AS shop_id")]
