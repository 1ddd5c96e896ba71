"""SQL of resolutions: the conversations that wait for one, their events, and the ledger's entries."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Literal, TypeAlias
from uuid import UUID

from msgspec import Struct

from server.core.database import Connection

EventKind: TypeAlias = Literal["shopper", "assistant", "staff", "up", "down", "handoff_request"]


class DueConversation(Struct, frozen=True):
    """A conversation to look at, and the time by which its events are all written."""

    conversation_id: UUID
    now: datetime


class ConversationEvent(Struct, frozen=True, kw_only=True):
    """A message, a rating (up, down) or a request for a person. `state`, `kind` and `was_received` are those of the
    turn of an assistant's message; `was_received`: the shopper received any of the answer."""

    conversation_id: UUID
    at: datetime
    what: EventKind
    turn_id: UUID | None
    state: str | None
    kind: str | None
    was_received: bool | None


class ResolutionRow(Struct, frozen=True, kw_only=True):
    """A final resolution of the ledger. `is_logged`: its conversation has not been erased."""

    turn_id: UUID
    plan: str
    is_billed: bool
    is_returned: bool
    is_logged: bool


async def lock_next_due(connection: Connection, shop_id: UUID, min_age: timedelta) -> DueConversation | None:
    """The conversation due for longest, locked until the transaction ends; its `now` is `min_age` before the database's
    clock. None when no conversation is due that no other transaction has locked."""
    row = await connection.fetchrow(
        "SELECT conversation_id, now() - $2::interval AS now FROM resolution_due "
        "WHERE shop_id = $1 AND due_at <= now() - $2::interval ORDER BY due_at LIMIT 1 FOR UPDATE SKIP LOCKED",
        shop_id,
        min_age,
    )
    return DueConversation(**row) if row else None


async def reschedule(connection: Connection, shop_id: UUID, conversation_id: UUID, due_at: datetime | None) -> None:
    """Set when the conversation is looked at next; None: only after another answer."""
    if due_at is None:
        statement = "DELETE FROM resolution_due WHERE shop_id = $1 AND conversation_id = $2"
        await connection.execute(statement, shop_id, conversation_id)
        return
    await connection.execute(
        "UPDATE resolution_due SET due_at = $3 WHERE shop_id = $1 AND conversation_id = $2",
        shop_id,
        conversation_id,
        due_at,
    )


async def list_events(
    connection: Connection, shop_id: UUID, conversation_ids: Sequence[UUID]
) -> list[ConversationEvent]:
    """Everything in these conversations that decides about resolutions, in no order. A request for a person is a row of
    `conversation_mark` without a rating, or a turn of kind "human"."""
    rows = await connection.fetch(
        """
        SELECT message.conversation_id, message.created_at AS at, message.author AS what, message.turn_id,
            turn.state, turn.trace ->> 'kind' AS kind, jsonb_array_length(message.parts) > 0 AS was_received
        FROM message LEFT JOIN turn ON turn.shop_id = $1 AND turn.id = message.turn_id
        WHERE message.shop_id = $1 AND message.conversation_id = ANY($2) AND message.author <> 'system'
        UNION ALL
        SELECT mark.conversation_id, mark.at, coalesce(mark.rating, 'handoff_request'), message.turn_id,
            NULL, NULL, NULL
        FROM conversation_mark AS mark LEFT JOIN message ON message.shop_id = $1
            AND message.conversation_id = mark.conversation_id AND message.id = mark.message_id
        WHERE mark.shop_id = $1 AND mark.conversation_id = ANY($2)
        UNION ALL
        SELECT conversation_id, started_at, 'handoff_request', NULL, NULL, NULL, NULL
        FROM turn WHERE shop_id = $1 AND conversation_id = ANY($2) AND trace ->> 'kind' = 'human'
        """,
        shop_id,
        list(conversation_ids),
    )
    return [ConversationEvent(**row) for row in rows]


async def list_active_conversations(
    connection: Connection, shop_id: UUID, since: datetime, until: datetime, plans: Sequence[str]
) -> list[UUID]:
    """Conversations that began before `until` and had a message since `since`, with an answer that was counted under
    one of these plans (lookup keys)."""
    rows = await connection.fetch(
        "SELECT id FROM conversation WHERE shop_id = $1 AND last_message_at >= $2 AND created_at < $3 AND EXISTS ("
        "SELECT FROM turn JOIN usage_entry AS entry ON entry.shop_id = $1 AND entry.turn_id = turn.id "
        "AND entry.kind = 'answer' AND entry.plan = ANY($4) "
        "WHERE turn.shop_id = $1 AND turn.conversation_id = conversation.id)",
        shop_id,
        since,
        until,
        list(plans),
    )
    return [row["id"] for row in rows]


async def list_turns_counted_under(
    connection: Connection, shop_id: UUID, turn_ids: Sequence[UUID], plans: Sequence[str]
) -> set[UUID]:
    """Those of these turns whose answers were counted under one of these plans (lookup keys)."""
    rows = await connection.fetch(
        "SELECT turn_id FROM usage_entry WHERE shop_id = $1 AND turn_id = ANY($2) AND kind = 'answer' "
        "AND plan = ANY($3)",
        shop_id,
        list(turn_ids),
        list(plans),
    )
    return {row["turn_id"] for row in rows}


async def add_resolution(
    connection: Connection,
    shop_id: UUID,
    turn_id: UUID,
    *,
    is_billed: bool,
    is_returned: bool,
    plan: str,
    period_start: datetime,
    at: datetime,
) -> bool:
    """Write a final resolution into the ledger, with its refund when it was taken back; False when it is there."""
    done = await connection.execute(
        "INSERT INTO usage_entry (shop_id, turn_id, kind, quantity, is_overage, plan, period_start, at) "
        "SELECT $1, $2, kind, quantity, kind = 'resolution' AND $3, $4, $5, $6 "
        "FROM (VALUES ('resolution', 1), ('resolution_refund', -1)) AS entry (kind, quantity) "
        "WHERE kind = 'resolution' OR $7 ON CONFLICT DO NOTHING",
        shop_id,
        turn_id,
        is_billed,
        plan,
        period_start,
        at,
        is_returned,
    )
    return str(done) != "INSERT 0 0"


async def add_spending(
    connection: Connection, shop_id: UUID, period_start: datetime, each_minor: int, minor_limit: int
) -> int | None:
    """Add the price of one resolution to a period's spending and return the sum; None, and nothing is added, when it
    would exceed `minor_limit`. Creates the period's counter in either case."""
    await connection.execute(
        "INSERT INTO quota_period (shop_id, scope, period_start) VALUES ($1, '', $2) ON CONFLICT DO NOTHING",
        shop_id,
        period_start,
    )
    spent_minor: int | None = await connection.fetchval(
        "UPDATE quota_period SET minor_used = minor_used + $3 "
        "WHERE shop_id = $1 AND scope = '' AND period_start = $2 AND minor_used + $3 <= $4 RETURNING minor_used",
        shop_id,
        period_start,
        each_minor,
        minor_limit,
    )
    return spent_minor


async def count_pending(connection: Connection, shop_id: UUID, limit: int) -> int:
    """Conversations that may still lead to a resolution, counted up to `limit`."""
    pending: int = await connection.fetchval(
        "SELECT count(*) FROM (SELECT FROM resolution_due WHERE shop_id = $1 LIMIT $2) AS pending", shop_id, limit
    )
    return pending


async def is_counted(connection: Connection, shop_id: UUID, turn_id: UUID) -> bool:
    """Whether the ledger has a resolution of this turn."""
    found: bool = await connection.fetchval(
        "SELECT EXISTS (SELECT FROM usage_entry WHERE shop_id = $1 AND turn_id = $2 AND kind = 'resolution')",
        shop_id,
        turn_id,
    )
    return found


async def count_billed(connection: Connection, shop_id: UUID, period_start: datetime) -> int:
    """Resolutions of a period that are billed."""
    billed: int = await connection.fetchval(
        "SELECT coalesce(sum(quantity), 0)::bigint FROM usage_entry "
        "WHERE shop_id = $1 AND period_start = $2 AND kind = 'resolution' AND is_overage",
        shop_id,
        period_start,
    )
    return billed


async def find_last_period_start(connection: Connection, shop_id: UUID, at: datetime) -> datetime | None:
    """The start of the newest period, not after `at`, in which anything was counted; None without one."""
    found: datetime | None = await connection.fetchval(
        "SELECT max(period_start) FROM usage_entry WHERE shop_id = $1 AND period_start <= $2", shop_id, at
    )
    return found


async def list_resolutions(connection: Connection, shop_id: UUID, period_start: datetime) -> list[ResolutionRow]:
    """The resolutions of a period by the ledger."""
    rows = await connection.fetch(
        "SELECT turn_id, plan, is_overage AS is_billed, EXISTS (SELECT FROM usage_entry AS refund "
        "WHERE refund.shop_id = $1 AND refund.turn_id = entry.turn_id AND refund.kind = 'resolution_refund') "
        "AS is_returned, EXISTS (SELECT FROM turn WHERE turn.shop_id = $1 AND turn.id = entry.turn_id) AS is_logged "
        "FROM usage_entry AS entry WHERE shop_id = $1 AND period_start = $2 AND kind = 'resolution'",
        shop_id,
        period_start,
    )
    return [ResolutionRow(**row) for row in rows]
