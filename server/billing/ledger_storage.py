"""SQL of the usage ledger: its batches for the meter, and the conversation log that it is compared with."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from msgspec import Struct

from server.core.database import Connection


class UsageBatch(Struct, frozen=True, kw_only=True):
    """Ledger entries of one period that are reported to a meter as one event."""

    id: UUID
    meter: str
    period_start: datetime
    period_end: datetime
    quantity: int
    at: datetime
    """The time of its newest entry."""
    age_s: float
    """Seconds since then."""


class SentUsage(Struct, frozen=True):
    """What of a period has been reported to a meter, and when the last batch was."""

    quantity: int
    last_at: datetime | None


class LoggedTurnRow(Struct, frozen=True, kw_only=True):
    """A turn of the conversation log with its ledger entry; `is_overage`, `plan` and `at` are None without an entry."""

    turn_id: UUID
    state: str
    kind: str | None
    ended_at: datetime
    is_overage: bool | None
    plan: str | None
    at: datetime | None
    was_received: bool
    """Whether the shopper received any of the answer."""


class ErasedEntry(Struct, frozen=True):
    """The ledger entry of an answer whose conversation was erased."""

    plan: str
    at: datetime


class LedgerTotals(Struct, frozen=True):
    """The answers of a period by the ledger, and how many of them were beyond the plan."""

    answers: int
    overage: int


# batches for the meter ------------------------------------------------------------------------------------------------


async def add_usage_batch(
    connection: Connection, shop_id: UUID, batch_id: UUID, meter: str, kind: str, limit: int
) -> int:
    """Put at most `limit` paid entries of one kind that no batch contains into a new batch; returns their quantity, 0
    when there are none. All are of one period, the oldest that has any."""
    quantity: int | None = await connection.fetchval(
        """
        WITH due AS (
            SELECT turn_id, kind, period_start, at, quantity FROM usage_entry AS entry
            WHERE shop_id = $1 AND is_overage AND kind = $5 AND NOT EXISTS (
                SELECT FROM metered_entry AS reported
                WHERE reported.shop_id = $1 AND reported.turn_id = entry.turn_id AND reported.kind = entry.kind)
            ORDER BY period_start, at LIMIT $3
        ), one_period AS (
            SELECT * FROM due WHERE period_start = (SELECT min(period_start) FROM due)
        ), batch AS (
            INSERT INTO meter_batch (shop_id, id, meter, period_start, quantity, at)
            SELECT $1, $2, $4, min(period_start), sum(quantity), max(at) FROM one_period HAVING count(*) > 0
            RETURNING quantity
        ), batched AS (
            INSERT INTO metered_entry (shop_id, turn_id, kind, batch_id) SELECT $1, turn_id, kind, $2 FROM one_period
        )
        SELECT quantity FROM batch
        """,
        shop_id,
        batch_id,
        limit,
        meter,
        kind,
    )
    return quantity or 0


async def list_unsent_batches(connection: Connection, shop_id: UUID) -> list[UsageBatch]:
    """Batches that are not known to have arrived and are not given up, oldest first."""
    rows = await connection.fetch(
        "SELECT id, meter, period_start, coalesce((SELECT period_end FROM quota_period AS counted WHERE shop_id = $1 "
        "AND scope = '' AND counted.period_start = meter_batch.period_start), period_start + interval '1 month') "
        "AS period_end, quantity, at, extract(epoch FROM now() - at)::float8 AS age_s FROM meter_batch "
        "WHERE shop_id = $1 AND sent_at IS NULL AND lost_at IS NULL ORDER BY at",
        shop_id,
    )
    return [UsageBatch(**row) for row in rows]


async def mark_batch_sent(connection: Connection, shop_id: UUID, batch_id: UUID) -> None:
    """Record that a batch has arrived at the meter."""
    await connection.execute(
        "UPDATE meter_batch SET sent_at = now() WHERE shop_id = $1 AND id = $2 AND sent_at IS NULL", shop_id, batch_id
    )


async def mark_batch_lost(connection: Connection, shop_id: UUID, batch_id: UUID) -> None:
    """Record that a batch is too old for the meter and will not be sent."""
    await connection.execute("UPDATE meter_batch SET lost_at = now() WHERE shop_id = $1 AND id = $2", shop_id, batch_id)


async def get_sent_usage(connection: Connection, shop_id: UUID, period_start: datetime, meter: str) -> SentUsage:
    """What of a period has been reported to a meter."""
    [row] = await connection.fetch(
        "SELECT coalesce(sum(quantity), 0)::bigint AS quantity, max(sent_at) AS last_at FROM meter_batch "
        "WHERE shop_id = $1 AND period_start = $2 AND meter = $3 AND sent_at IS NOT NULL",
        shop_id,
        period_start,
        meter,
    )
    return SentUsage(**row)


# a period recomputed from the conversation log ------------------------------------------------------------------------


async def list_logged_turns(
    connection: Connection, shop_id: UUID, period_start: datetime, period_end: datetime
) -> list[LoggedTurnRow]:
    """The finished turns of a period: those that the ledger counts in it, and those without an entry that began in it.
    Ordered by the time of the entry."""
    rows = await connection.fetch(
        """
        SELECT turn.id AS turn_id, turn.state, turn.trace ->> 'kind' AS kind, turn.ended_at,
            entry.is_overage, entry.plan, entry.at,
            coalesce(jsonb_array_length(answer.parts), 0) > 0 AS was_received
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
    return [LoggedTurnRow(**row) for row in rows]


async def list_erased_entries(connection: Connection, shop_id: UUID, period_start: datetime) -> list[ErasedEntry]:
    """The answers of a period whose conversations were erased."""
    rows = await connection.fetch(
        "SELECT plan, at FROM usage_entry WHERE shop_id = $1 AND period_start = $2 AND kind = 'answer' AND NOT EXISTS ("
        "SELECT FROM turn WHERE turn.shop_id = $1 AND turn.id = usage_entry.turn_id)",
        shop_id,
        period_start,
    )
    return [ErasedEntry(**row) for row in rows]


async def get_ledger_totals(connection: Connection, shop_id: UUID, period_start: datetime) -> LedgerTotals:
    """The answers of a period by the ledger."""
    [row] = await connection.fetch(
        """
        SELECT coalesce(sum(quantity), 0)::bigint AS answers,
            coalesce(sum(quantity) FILTER (WHERE is_overage), 0)::bigint AS overage
        FROM usage_entry WHERE shop_id = $1 AND period_start = $2 AND kind = 'answer'
        """,
        shop_id,
        period_start,
    )
    return LedgerTotals(**row)


async def find_period_end(connection: Connection, shop_id: UUID, start: datetime) -> datetime | None:
    """When the period that began at `start` ends; None when nothing was counted in it."""
    end: datetime | None = await connection.fetchval(
        "SELECT coalesce(period_end, period_start + interval '1 month') FROM quota_period "
        "WHERE shop_id = $1 AND scope = '' AND period_start = $2",
        shop_id,
        start,
    )
    return end


async def list_period_starts(connection: Connection, shop_id: UUID) -> Sequence[datetime]:
    """Starts of the newest 120 periods in which anything was counted, newest first."""
    rows = await connection.fetch(
        "SELECT DISTINCT period_start FROM usage_entry WHERE shop_id = $1 ORDER BY period_start DESC LIMIT 120", shop_id
    )
    return [row["period_start"] for row in rows]
