"""SQL of answers in a period: their reservations, their counters, and how many were given each day."""

from datetime import datetime
from uuid import UUID

from msgspec import Struct

from server.billing.models import DayUsage
from server.core.database import Connection


class PeriodCounters(Struct, frozen=True, kw_only=True):
    """What was counted in a period. `minor_used`: what usage beyond the plan has cost, in minor units."""

    answers_used: int
    answers_reserved: int
    tokens_used: int
    minor_used: int


class SettledUsage(Struct, frozen=True):
    """A period's counters after a billable answer: answers used, and the cost of those beyond the plan."""

    used: int
    spent_minor: int


async def reserve_answer(
    connection: Connection,
    shop_id: UUID,
    turn_id: UUID,
    scope: str,
    period_start: datetime,
    *,
    answer_limit: int,
    tokens: int,
    token_limit: int,
    ttl_s: float,
    included: int,
    each_minor: int,
    minor_limit: int,
    period_end: datetime,
) -> bool:
    """Reserve one answer in a scope ("" is the shop, otherwise a key's id) for `ttl_s` seconds.

    Returns False when the answer would exceed `answer_limit` or `token_limit`, or when the cost of the answers beyond
    `included` would exceed `minor_limit`.
    """
    is_reserved: bool = await connection.fetchval(
        "SELECT reserve_answer(of_shop => $1, of_turn => $2, of_scope => $3, of_period => $4, answer_limit => $5, "
        "wanted_tokens => $6, token_limit => $7, lives => make_interval(secs => $8), included => $9, "
        "each_minor => $10, minor_limit => $11, of_period_end => $12)",
        shop_id,
        turn_id,
        scope,
        period_start,
        answer_limit,
        tokens,
        token_limit,
        ttl_s,
        included,
        each_minor,
        minor_limit,
        period_end,
    )
    return is_reserved


async def settle_answer(
    connection: Connection,
    shop_id: UUID,
    turn_id: UUID,
    period_start: datetime,
    *,
    plan: str,
    included: int,
    each_minor: int,
    tokens: int,
    is_billable: bool,
    period_end: datetime,
) -> SettledUsage | None:
    """Release a turn's reservation and count the answer; None when nothing was counted, or was counted before."""
    [row] = await connection.fetch(
        "SELECT used, minor FROM settle_answer(of_shop => $1, of_turn => $2, of_period => $3, of_plan => $4, "
        "included => $5, each_minor => $6, spent_tokens => $7, counts => $8, of_period_end => $9)",
        shop_id,
        turn_id,
        period_start,
        plan,
        included,
        each_minor,
        tokens,
        is_billable,
        period_end,
    )
    return SettledUsage(row["used"], row["minor"]) if row["used"] is not None else None


async def release_expired_reservations(connection: Connection, shop_id: UUID) -> int:
    """Release the reservations of turns that can no longer be running; returns how many."""
    released: int = await connection.fetchval("SELECT give_back_expired(of_shop => $1)", shop_id)
    return released


async def find_counters(
    connection: Connection, shop_id: UUID, scope: str, period_start: datetime
) -> PeriodCounters | None:
    """The counters of a period; None before anything was counted."""
    row = await connection.fetchrow(
        "SELECT answers_used, answers_reserved, tokens_used, minor_used FROM quota_period "
        "WHERE shop_id = $1 AND scope = $2 AND period_start = $3",
        shop_id,
        scope,
        period_start,
    )
    return PeriodCounters(**row) if row else None


async def count_refused_questions(connection: Connection, shop_id: UUID, since: datetime) -> int:
    """Questions since then that were not answered because of a limit."""
    refused: int = await connection.fetchval(
        "SELECT count(*) FROM turn WHERE shop_id = $1 AND started_at >= $2 AND trace ->> 'kind' = 'quota'",
        shop_id,
        since,
    )
    return refused


async def count_logged_answers(connection: Connection, shop_id: UUID, since: datetime) -> int:
    """Billable answers since then by the conversation log, for installations without billing, which keep no ledger."""
    answers: int = await connection.fetchval(
        "SELECT count(*) FROM turn WHERE shop_id = $1 AND started_at >= $2 AND usage_state = 'settled'", shop_id, since
    )
    return answers


async def list_logged_days(connection: Connection, shop_id: UUID, since: datetime) -> list[DayUsage]:
    """`list_ledger_days` by the conversation log."""
    rows = await connection.fetch(
        "SELECT (started_at AT TIME ZONE 'UTC')::date AS day, count(*) AS answers, 0::bigint AS overage FROM turn "
        "WHERE shop_id = $1 AND started_at >= $2 AND usage_state = 'settled' GROUP BY 1 ORDER BY 1",
        shop_id,
        since,
    )
    return [DayUsage(**row) for row in rows]


async def list_ledger_days(connection: Connection, shop_id: UUID, period_start: datetime) -> list[DayUsage]:
    """The answers of a period by day, oldest first; days without answers are left out."""
    rows = await connection.fetch(
        "SELECT (at AT TIME ZONE 'UTC')::date AS day, sum(quantity)::bigint AS answers, "
        "coalesce(sum(quantity) FILTER (WHERE is_overage), 0)::bigint AS overage FROM usage_entry "
        "WHERE shop_id = $1 AND period_start = $2 AND kind = 'answer' GROUP BY 1 ORDER BY 1",
        shop_id,
        period_start,
    )
    return [DayUsage(**row) for row in rows]
