"""SQL of plans, quotas and the ledger. Statements are of one shop each."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from server.core.database import Connection, Database


async def find_account(connection: Connection, shop_id: UUID) -> Any:
    """When the shop was made, its subscription's row (nulls before anybody has paid) and what it chose; None for no
    shop."""
    return await connection.fetchrow(
        "SELECT shop.created_at, customer_id, state, unpaid_since, spending_cap_minor, overage, refreshed_at, "
        "clock_timestamp() AS read_at, (SELECT jsonb_object_agg(id, answers_per_period) FROM api_key "
        "WHERE shop_id = $1 AND answers_per_period IS NOT NULL AND revoked_at IS NULL) AS key_limits, "
        "at_percents, spent_minor FROM shop LEFT JOIN subscription ON subscription.shop_id = $1 "
        "LEFT JOIN billing_alert ON billing_alert.shop_id = $1 WHERE shop.id = $1",
        shop_id,
    )


async def add_customer(connection: Connection, shop_id: UUID, customer_id: str) -> None:
    """Remember the shop's customer at the payment provider; nothing happens when it has one."""
    await connection.execute(
        "INSERT INTO subscription (shop_id, customer_id) VALUES ($1, $2) ON CONFLICT (shop_id) DO NOTHING",
        shop_id,
        customer_id,
    )
    await connection.execute(
        "INSERT INTO payment_customer (shop_id, customer_id) VALUES ($1, $2) ON CONFLICT (customer_id) DO NOTHING",
        shop_id,
        customer_id,
    )


async def save_subscription(
    connection: Connection, shop_id: UUID, state: str | None, unpaid_since: datetime | None, asked_at: datetime
) -> None:
    """What the payment provider was asked for at `asked_at` (by the database's clock) and has told, whole; ignored
    where something asked for later is kept. What was chosen for an earlier subscription ends with it: nobody pays for
    answers beyond a plan because of a choice of long ago."""
    await connection.execute(
        "UPDATE subscription SET state = $2::jsonb, unpaid_since = $3, refreshed_at = $4, "
        "overage = overage AND coalesce(state ->> 'id' = $2::jsonb ->> 'id', true), spending_cap_minor = "
        "CASE WHEN coalesce(state ->> 'id' = $2::jsonb ->> 'id', true) THEN spending_cap_minor END "
        "WHERE shop_id = $1 AND (refreshed_at < $4 OR state IS NULL)",
        shop_id,
        state,
        unpaid_since,
        asked_at,
    )


async def save_choices(connection: Connection, shop_id: UUID, *, overage: bool, spending_cap_minor: int | None) -> bool:
    """What the merchant has chosen; False where there is no subscription."""
    done = await connection.execute(
        "UPDATE subscription SET overage = $2, spending_cap_minor = $3 WHERE shop_id = $1",
        shop_id,
        overage,
        spending_cap_minor,
    )
    return str(done) == "UPDATE 1"


# quota ------------------------------------------------------------------------------------------------------------


async def reserve(
    connection: Connection,
    shop_id: UUID,
    turn_id: UUID,
    scope: str,
    period_start: datetime,
    *,
    answers: int,
    tokens: int,
    token_limit: int,
    lives_s: float,
    included: int,
    each_minor: int,
    minor_limit: int,
    period_end: datetime,
) -> bool:
    """Hold one answer in a scope ('' is the shop's own); False when `answers` or `token_limit` would be passed, or
    `minor_limit` by what the answers beyond `included` cost."""
    held: bool = await connection.fetchval(
        "SELECT reserve_answer(of_shop => $1, of_turn => $2, of_scope => $3, of_period => $4, answer_limit => $5, "
        "wanted_tokens => $6, token_limit => $7, lives => make_interval(secs => $8), included => $9, "
        "each_minor => $10, minor_limit => $11, of_period_end => $12)",
        shop_id,
        turn_id,
        scope,
        period_start,
        answers,
        tokens,
        token_limit,
        lives_s,
        included,
        each_minor,
        minor_limit,
        period_end,
    )
    return held


async def settle(
    connection: Connection,
    shop_id: UUID,
    turn_id: UUID,
    period_start: datetime,
    *,
    plan: str,
    included: int,
    each_minor: int,
    tokens: int,
    counts: bool,
    period_end: datetime,
) -> tuple[int, int] | None:
    """Give back what a turn held and count it; (answers used in the period, what those beyond the plans have come to),
    None when nothing was counted now."""
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
        counts,
        period_end,
    )
    return (row["used"], row["minor"]) if row["used"] is not None else None


async def give_back_expired(connection: Connection, shop_id: UUID) -> int:
    """Free what no process can be making any more; how many."""
    freed: int = await connection.fetchval("SELECT give_back_expired(of_shop => $1)", shop_id)
    return freed


async def find_counts(connection: Connection, shop_id: UUID, scope: str, period_start: datetime) -> Any:
    """The counters of a period; None before anything was counted."""
    return await connection.fetchrow(
        "SELECT answers_used, answers_reserved, tokens_used, minor_used FROM quota_period "
        "WHERE shop_id = $1 AND scope = $2 AND period_start = $3",
        shop_id,
        scope,
        period_start,
    )


async def count_stock(connection: Connection, shop_id: UUID) -> Any:
    """What is kept for the shop, in pieces, bytes of text, and people."""
    return await connection.fetchrow(
        "SELECT (SELECT count(*) FROM product WHERE shop_id = $1) AS products, "
        "(SELECT count(*) FROM document WHERE shop_id = $1) AS documents, "
        "(SELECT count(*) FROM member WHERE shop_id = $1) AS seats",
        shop_id,
    )


async def count_refused(connection: Connection, shop_id: UUID, since: datetime) -> int:
    """Questions since then that met a limit."""
    refused: int = await connection.fetchval(
        "SELECT count(*) FROM turn WHERE shop_id = $1 AND started_at >= $2 AND trace ->> 'kind' = 'quota'",
        shop_id,
        since,
    )
    return refused


async def count_answers(connection: Connection, shop_id: UUID, since: datetime) -> int:
    """Billable answers since then by the turns alone: where billing is off nothing else counts them."""
    answers: int = await connection.fetchval(
        "SELECT count(*) FROM turn WHERE shop_id = $1 AND started_at >= $2 AND usage_state = 'settled'", shop_id, since
    )
    return answers


async def answers_by_day(connection: Connection, shop_id: UUID, since: datetime) -> Sequence[Any]:
    """`used_by_day` by the turns alone."""
    rows: Sequence[Any] = await connection.fetch(
        "SELECT (started_at AT TIME ZONE 'UTC')::date AS day, count(*) AS answers, 0::bigint AS overage FROM turn "
        "WHERE shop_id = $1 AND started_at >= $2 AND usage_state = 'settled' GROUP BY 1 ORDER BY 1",
        shop_id,
        since,
    )
    return rows


async def note_once(connection: Connection, shop_id: UUID, period_start: datetime, kind: str) -> bool:
    """Whether the merchant has not been told this in the period so far; from now on they have."""
    done = await connection.execute(
        "INSERT INTO billing_notice (shop_id, period_start, kind) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
        shop_id,
        period_start,
        kind,
    )
    return str(done) == "INSERT 0 1"


async def used_by_day(connection: Connection, shop_id: UUID, period_start: datetime) -> Sequence[Any]:
    """Answers of a period by day (UTC), oldest first."""
    rows: Sequence[Any] = await connection.fetch(
        "SELECT (at AT TIME ZONE 'UTC')::date AS day, sum(quantity)::bigint AS answers, "
        "coalesce(sum(quantity) FILTER (WHERE is_overage), 0)::bigint AS overage FROM usage_entry "
        "WHERE shop_id = $1 AND period_start = $2 AND kind = 'answer' GROUP BY 1 ORDER BY 1",
        shop_id,
        period_start,
    )
    return rows


# payment events ----------------------------------------------------------------------------------------------------


async def receive_event(connection: Connection, shop_id: UUID, event_id: str, kind: str) -> bool:
    """Whether this event is new; it waits from now on."""
    done = await connection.execute(
        "INSERT INTO payment_event (shop_id, event_id, type) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
        shop_id,
        event_id,
        kind,
    )
    return str(done) == "INSERT 0 1"


async def waiting_events(connection: Connection, shop_id: UUID) -> list[str]:
    """Events that nobody has acted upon."""
    rows = await connection.fetch(
        "SELECT event_id FROM payment_event WHERE shop_id = $1 AND done_at IS NULL LIMIT 1000", shop_id
    )
    return [row["event_id"] for row in rows]


async def end_events(connection: Connection, shop_id: UUID, event_ids: list[str]) -> None:
    """These are acted upon; those of long ago are forgotten."""
    await connection.execute(
        "UPDATE payment_event SET done_at = now() WHERE shop_id = $1 AND event_id = ANY($2)", shop_id, event_ids
    )
    await connection.execute(
        "DELETE FROM payment_event WHERE shop_id = $1 AND done_at < now() - interval '60 days'", shop_id
    )


# look-ups over all shops: ids only ----------------------------------------------------------------------------------


async def find_shop_of_customer(database: Database, customer_id: str) -> UUID | None:
    """The shop that the payment provider knows under this customer id; None for a customer of no shop here."""
    rows = await database.fetch("SELECT shop_of_payment_customer($1) AS shop_id", customer_id)
    return rows[0]["shop_id"] if rows else None


async def list_shops_to_reconcile(database: Database, max_age: timedelta) -> list[UUID]:
    """Shops whose subscription was last fetched longer than `max_age` ago, or before its period ended."""
    return [row["shop_id"] for row in await database.fetch("SELECT shops_to_reconcile($1) AS shop_id", max_age)]


async def list_shops_with_due_resolutions(database: Database, min_age: timedelta) -> list[UUID]:
    """Shops with conversations in which a resolution may have become final at least `min_age` ago."""
    rows = await database.fetch("SELECT shops_with_due_resolutions($1) AS shop_id", min_age)
    return [row["shop_id"] for row in rows]


async def list_shops_with_unreported_usage(database: Database) -> list[UUID]:
    """Shops with paid usage in the ledger that was not reported to the payment provider yet."""
    return [row["shop_id"] for row in await database.fetch("SELECT shops_to_meter() AS shop_id")]


async def list_shops_with_periods_to_close(database: Database, min_age: timedelta) -> list[UUID]:
    """Shops with a period that ended at least `min_age` ago and has no statement yet."""
    return [row["shop_id"] for row in await database.fetch("SELECT shops_to_close($1) AS shop_id", min_age)]


async def list_shops_with_expired_reservations(database: Database) -> list[UUID]:
    """Shops with reserved answers whose turn can no longer be running."""
    return [row["shop_id"] for row in await database.fetch("SELECT shops_with_expired_reservations() AS shop_id")]
