"""SQL of subscriptions, alerts, notices, Stripe events, statements and what a plan limits.

It is plain: the account is read before each answer, what is written goes with a reservation, a ledger entry or a job
in one transaction, and the rest counts (decisions/0003).
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from msgspec import Struct

from server.core.database import Connection, Database


class AccountRow(Struct, frozen=True, kw_only=True):
    """A shop's subscription and choices; all but the two times are None before anybody has subscribed or chosen."""

    created_at: datetime
    """When the shop was created."""
    customer_id: str | None
    state: str | None
    """`billing.gateway.SubscriptionState` as JSON."""
    unpaid_since: datetime | None
    spending_cap_minor: int | None
    overage: bool | None
    refreshed_at: datetime | None
    read_at: datetime
    """The database's clock when the row was read."""
    key_limits: str | None
    """A JSON object of answers per period by the key's id."""
    at_percents: Sequence[int] | None
    spent_minor: int | None


async def find_account(connection: Connection, shop_id: UUID) -> AccountRow | None:
    """The shop's account; None for a shop that does not exist."""
    row = await connection.fetchrow(
        "SELECT shop.created_at, customer_id, state, unpaid_since, spending_cap_minor, overage, refreshed_at, "
        "clock_timestamp() AS read_at, (SELECT jsonb_object_agg(id, answers_per_period) FROM api_key "
        "WHERE shop_id = $1 AND answers_per_period IS NOT NULL AND revoked_at IS NULL) AS key_limits, "
        "at_percents, spent_minor FROM shop LEFT JOIN subscription ON subscription.shop_id = $1 "
        "LEFT JOIN billing_alert ON billing_alert.shop_id = $1 WHERE shop.id = $1",
        shop_id,
    )
    return AccountRow(**row) if row else None


async def add_customer(connection: Connection, shop_id: UUID, customer_id: str) -> None:
    """Save the shop's customer id at the payment provider; does nothing when the shop has one."""
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
    connection: Connection, shop_id: UUID, state: str | None, unpaid_since: datetime | None, read_at: datetime
) -> None:
    """Replace the stored subscription with the one fetched at `read_at` (the database's clock); does nothing when a
    later one is stored. Choices made for another subscription are reset, so that nobody pays for answers beyond a plan
    because of an old choice."""
    await connection.execute(
        "UPDATE subscription SET state = $2::jsonb, unpaid_since = $3, refreshed_at = $4, "
        "overage = overage AND coalesce(state ->> 'id' = $2::jsonb ->> 'id', true), spending_cap_minor = "
        "CASE WHEN coalesce(state ->> 'id' = $2::jsonb ->> 'id', true) THEN spending_cap_minor END "
        "WHERE shop_id = $1 AND (refreshed_at < $4 OR state IS NULL)",
        shop_id,
        state,
        unpaid_since,
        read_at,
    )


async def save_choices(connection: Connection, shop_id: UUID, *, overage: bool, spending_cap_minor: int | None) -> bool:
    """Save whether overage is paid for and up to which sum; False when the shop has no subscription."""
    done = await connection.execute(
        "UPDATE subscription SET overage = $2, spending_cap_minor = $3 WHERE shop_id = $1",
        shop_id,
        overage,
        spending_cap_minor,
    )
    return str(done) == "UPDATE 1"


# alerts and notices ---------------------------------------------------------------------------------------------------


async def save_alerts(
    connection: Connection, shop_id: UUID, at_percents: Sequence[int], spent_minor: int | None
) -> None:
    """Replace the shop's alerts; see `billing.alerts.Alerts`."""
    await connection.execute(
        "INSERT INTO billing_alert (shop_id, at_percents, spent_minor) VALUES ($1, $2, $3) ON CONFLICT (shop_id) "
        "DO UPDATE SET at_percents = excluded.at_percents, spent_minor = excluded.spent_minor",
        shop_id,
        list(at_percents),
        spent_minor,
    )


async def add_notice(connection: Connection, shop_id: UUID, period_start: datetime, kind: str) -> bool:
    """Record that the owners are sent a notice in a period; False when they were sent it before."""
    done = await connection.execute(
        "INSERT INTO billing_notice (shop_id, period_start, kind) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
        shop_id,
        period_start,
        kind,
    )
    return str(done) == "INSERT 0 1"


# events of the payment provider ---------------------------------------------------------------------------------------


async def add_event(connection: Connection, shop_id: UUID, event_id: str, kind: str) -> bool:
    """Store a delivered event; False when it was delivered before."""
    done = await connection.execute(
        "INSERT INTO payment_event (shop_id, event_id, type) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
        shop_id,
        event_id,
        kind,
    )
    return str(done) == "INSERT 0 1"


async def list_open_events(connection: Connection, shop_id: UUID) -> list[str]:
    """Ids of at most 1,000 events that are not processed yet."""
    rows = await connection.fetch(
        "SELECT event_id FROM payment_event WHERE shop_id = $1 AND done_at IS NULL LIMIT 1000", shop_id
    )
    return [row["event_id"] for row in rows]


async def finish_events(connection: Connection, shop_id: UUID, event_ids: Sequence[str]) -> None:
    """Mark events as processed, and delete those processed more than 60 days ago."""
    await connection.execute(
        "UPDATE payment_event SET done_at = now() WHERE shop_id = $1 AND event_id = ANY($2)", shop_id, list(event_ids)
    )
    await connection.execute(
        "DELETE FROM payment_event WHERE shop_id = $1 AND done_at < now() - interval '60 days'", shop_id
    )


# statements -----------------------------------------------------------------------------------------------------------


async def list_periods_to_close(connection: Connection, shop_id: UUID, min_age: timedelta) -> list[datetime]:
    """Starts of at most 100 periods that ended at least `min_age` ago and have no statement, oldest first."""
    rows = await connection.fetch(
        "SELECT period_start FROM quota_period AS counted WHERE shop_id = $1 AND scope = '' "
        "AND coalesce(period_end, period_start + interval '1 month') + $2 <= now() "
        "AND NOT EXISTS (SELECT FROM billing_statement AS closed "
        "WHERE closed.shop_id = $1 AND closed.period_start = counted.period_start) ORDER BY period_start LIMIT 100",
        shop_id,
        min_age,
    )
    return [row["period_start"] for row in rows]


async def add_statement(connection: Connection, shop_id: UUID, start: datetime, end: datetime, statement: str) -> bool:
    """Store the statement (JSON) of a period; False when the period has one."""
    done = await connection.execute(
        "INSERT INTO billing_statement (shop_id, period_start, period_end, statement) VALUES ($1, $2, $3, $4::jsonb) "
        "ON CONFLICT DO NOTHING",
        shop_id,
        start,
        end,
        statement,
    )
    return str(done) == "INSERT 0 1"


async def list_statements(connection: Connection, shop_id: UUID, limit: int) -> list[str]:
    """Statements as JSON, newest first."""
    rows = await connection.fetch(
        "SELECT statement FROM billing_statement WHERE shop_id = $1 ORDER BY period_start DESC LIMIT $2", shop_id, limit
    )
    return [row["statement"] for row in rows]


# what a plan limits ---------------------------------------------------------------------------------------------------


class ResourceCounts(Struct, frozen=True):
    """How many products, documents and members a shop has."""

    products: int
    documents: int
    seats: int


async def count_resources(connection: Connection, shop_id: UUID) -> ResourceCounts:
    """The shop's products, documents and members."""
    [row] = await connection.fetch(
        "SELECT (SELECT count(*) FROM product WHERE shop_id = $1) AS products, "
        "(SELECT count(*) FROM document WHERE shop_id = $1) AS documents, "
        "(SELECT count(*) FROM member WHERE shop_id = $1) AS seats",
        shop_id,
    )
    return ResourceCounts(**row)


async def lock_resources(connection: Connection, shop_id: UUID) -> None:
    """Wait until no other transaction is adding to the shop, and make others wait until this one ends."""
    # the key is an older word for resources; a process of an earlier version may still be taking the same lock
    await connection.execute("SELECT pg_advisory_xact_lock(hashtextextended('stock:' || $1, 0))", str(shop_id))


async def count_products(connection: Connection, shop_id: UUID) -> int:
    """The number of the shop's products."""
    return int(await connection.fetchval("SELECT count(*) FROM product WHERE shop_id = $1", shop_id))


async def count_documents(connection: Connection, shop_id: UUID) -> int:
    """The number of the shop's documents."""
    return int(await connection.fetchval("SELECT count(*) FROM document WHERE shop_id = $1", shop_id))


async def count_seats(connection: Connection, shop_id: UUID) -> int:
    """The number of the shop's members."""
    return int(await connection.fetchval("SELECT count(*) FROM member WHERE shop_id = $1", shop_id))


async def count_bytes(connection: Connection, shop_id: UUID) -> int:
    """Bytes of searchable text and shoppers' pictures."""
    found = await connection.fetchval(
        "SELECT (SELECT coalesce(sum(octet_length(title) + octet_length(body)), 0) FROM passage WHERE shop_id = $1) "
        "+ (SELECT coalesce(sum(octet_length(data)), 0) FROM picture WHERE shop_id = $1)",
        shop_id,
    )
    return int(found)


# look-ups over all shops: ids only ----------------------------------------------------------------------------------


async def find_shop_of_customer(database: Database, customer_id: str) -> UUID | None:
    """The shop that the payment provider knows under this customer id; None for a customer of no shop here."""
    rows = await database.fetch("SELECT shop_of_payment_customer($1) AS shop_id", customer_id)
    return rows[0]["shop_id"] if rows else None


async def list_shops_with_stale_subscriptions(database: Database, max_age: timedelta) -> list[UUID]:
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
