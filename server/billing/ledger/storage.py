"""SQL of the ledger. Statements are of one shop each."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from server.core.database import Connection


async def add_meter_batch(
    connection: Connection, shop_id: UUID, batch_id: UUID, meter: str, kind: str, most: int
) -> int:
    """Gather entries of one kind that their meter was not told of, of the oldest period that has any; what they add up
    to."""
    quantity: int | None = await connection.fetchval(
        """
        WITH due AS (
            SELECT turn_id, kind, period_start, at, quantity FROM usage_entry AS entry
            WHERE shop_id = $1 AND is_overage AND kind = $5 AND NOT EXISTS (
                SELECT FROM metered_entry AS told
                WHERE told.shop_id = $1 AND told.turn_id = entry.turn_id AND told.kind = entry.kind)
            ORDER BY period_start, at LIMIT $3
        ), one_period AS (
            SELECT * FROM due WHERE period_start = (SELECT min(period_start) FROM due)
        ), batch AS (
            INSERT INTO meter_batch (shop_id, id, meter, period_start, quantity, at)
            SELECT $1, $2, $4, min(period_start), sum(quantity), max(at) FROM one_period HAVING count(*) > 0
            RETURNING quantity
        ), told AS (
            INSERT INTO metered_entry (shop_id, turn_id, kind, batch_id) SELECT $1, turn_id, kind, $2 FROM one_period
        )
        SELECT quantity FROM batch
        """,
        shop_id,
        batch_id,
        most,
        meter,
        kind,
    )
    return quantity or 0


async def unsent_batches(connection: Connection, shop_id: UUID) -> Sequence[Any]:
    """Batches that are not known to have arrived, oldest first; `age_s` since they were put together."""
    rows: Sequence[Any] = await connection.fetch(
        "SELECT id, meter, period_start, coalesce((SELECT period_end FROM quota_period AS counted WHERE shop_id = $1 "
        "AND scope = '' AND counted.period_start = meter_batch.period_start), period_start + interval '1 month') "
        "AS period_end, quantity, at, extract(epoch FROM now() - at)::float8 AS age_s FROM meter_batch "
        "WHERE shop_id = $1 AND sent_at IS NULL AND lost_at IS NULL ORDER BY at",
        shop_id,
    )
    return rows


async def end_batch(connection: Connection, shop_id: UUID, batch_id: UUID) -> None:
    """It has arrived."""
    await connection.execute(
        "UPDATE meter_batch SET sent_at = now() WHERE shop_id = $1 AND id = $2 AND sent_at IS NULL", shop_id, batch_id
    )


async def lose_batch(connection: Connection, shop_id: UUID, batch_id: UUID) -> None:
    """It is too old for the meter, and will never arrive."""
    await connection.execute("UPDATE meter_batch SET lost_at = now() WHERE shop_id = $1 AND id = $2", shop_id, batch_id)


async def sent_quantity(
    connection: Connection, shop_id: UUID, period_start: datetime, meter: str
) -> tuple[int, datetime | None]:
    """(what of a period has arrived at a meter, when the last of it did)."""
    [row] = await connection.fetch(
        "SELECT coalesce(sum(quantity), 0)::bigint AS quantity, max(sent_at) AS last_at FROM meter_batch "
        "WHERE shop_id = $1 AND period_start = $2 AND meter = $3 AND sent_at IS NOT NULL",
        shop_id,
        period_start,
        meter,
    )
    return row["quantity"], row["last_at"]


# the log, counted anew ---------------------------------------------------------------------------------------------


async def logged_turns(
    connection: Connection, shop_id: UUID, period_start: datetime, period_end: datetime
) -> Sequence[Any]:
    """Every turn of a period as the conversation log has it, with what the ledger says of it."""
    rows: Sequence[Any] = await connection.fetch(
        """
        SELECT turn.id AS turn_id, turn.state, turn.trace ->> 'kind' AS kind, turn.ended_at,
            entry.is_overage, entry.plan, entry.at,
            coalesce(jsonb_array_length(answer.parts), 0) > 0 AS has_told
        FROM turn
        LEFT JOIN usage_entry AS entry
            ON entry.shop_id = $1 AND entry.turn_id = turn.id AND entry.kind = 'answer'
        LEFT JOIN message AS answer ON answer.shop_id = $1
            AND answer.conversation_id = turn.conversation_id AND answer.id = turn.answer_id
        WHERE turn.shop_id = $1 AND turn.state <> 'running' AND (
            entry.period_start = $2 OR (entry.turn_id IS NULL AND turn.started_at >= $2 AND turn.started_at < $3))
        ORDER BY entry.at, turn.ended_at
        """,
        shop_id,
        period_start,
        period_end,
    )
    return rows


async def erased_entries(connection: Connection, shop_id: UUID, period_start: datetime) -> Sequence[Any]:
    """Entries of a period whose turns are in no log any more: plan and time."""
    rows: Sequence[Any] = await connection.fetch(
        "SELECT plan, at FROM usage_entry WHERE shop_id = $1 AND period_start = $2 AND kind = 'answer' AND NOT EXISTS ("
        "SELECT FROM turn WHERE turn.shop_id = $1 AND turn.id = usage_entry.turn_id)",
        shop_id,
        period_start,
    )
    return rows


async def ledger_totals(connection: Connection, shop_id: UUID, period_start: datetime) -> Any:
    """What the ledger says of a period."""
    return await connection.fetchrow(
        """
        SELECT coalesce(sum(quantity), 0)::bigint AS answers,
            coalesce(sum(quantity) FILTER (WHERE is_overage), 0)::bigint AS overage
        FROM usage_entry WHERE shop_id = $1 AND period_start = $2 AND kind = 'answer'
        """,
        shop_id,
        period_start,
    )


async def find_period_end(connection: Connection, shop_id: UUID, start: datetime) -> datetime | None:
    """When a period ends that began then; None where nothing was counted in it."""
    end: datetime | None = await connection.fetchval(
        "SELECT coalesce(period_end, period_start + interval '1 month') FROM quota_period "
        "WHERE shop_id = $1 AND scope = '' AND period_start = $2",
        shop_id,
        start,
    )
    return end


async def periods_with_entries(connection: Connection, shop_id: UUID) -> list[datetime]:
    """When the periods began in which anything was counted, newest first."""
    rows = await connection.fetch(
        "SELECT DISTINCT period_start FROM usage_entry WHERE shop_id = $1 ORDER BY period_start DESC LIMIT 120", shop_id
    )
    return [row["period_start"] for row in rows]
