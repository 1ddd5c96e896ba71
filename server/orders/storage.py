"""Proofs, codes and counters in Postgres. Every function runs inside the caller's transaction of one shop."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from msgspec import Struct

from server.core.database import Connection, Database
from server.orders.limits import LONGEST_WINDOW, Attempt
from server.orders.models import OrderAccess, ProofLevel


class OrderRules(Struct, frozen=True):
    """How a shop treats an order, and the level that one conversation has proven for it and that is still valid."""

    shop_name: str
    access: OrderAccess
    proven: ProofLevel


async def get_rules(connection: Connection, shop_id: UUID, conversation_id: UUID, order_number: str) -> OrderRules:
    """The shop's rules, and what this conversation has proven for this order."""
    [row] = await connection.fetch(
        "SELECT name, order_access, coalesce((SELECT level FROM proof WHERE shop_id = $1 AND conversation_id = $2 "
        "AND order_number = $3 AND expires_at > now()), 0) AS level FROM shop WHERE id = $1",
        shop_id,
        conversation_id,
        order_number,
    )
    return OrderRules(row["name"], OrderAccess(row["order_access"]), ProofLevel(row["level"]))


async def find_locale(connection: Connection, shop_id: UUID, conversation_id: UUID) -> str:
    """The locale of the conversation's newest answer, else that in which it was opened, else the shop's."""
    return str(
        await connection.fetchval(
            "SELECT coalesce("
            "(SELECT metadata ->> 'locale' FROM message WHERE shop_id = $1 AND conversation_id = $2 "
            "AND author = 'assistant' AND metadata ->> 'locale' IS NOT NULL ORDER BY seq DESC LIMIT 1), "
            "(SELECT locale FROM conversation WHERE shop_id = $1 AND id = $2), locale) FROM shop WHERE id = $1",
            shop_id,
            conversation_id,
        )
    )


async def count_attempts(connection: Connection, shop_id: UUID, attempts: Sequence[Attempt]) -> dict[bytes, int]:
    """Count one attempt for each subject, and return the new counts of those that had one left.

    The counters are locked one by one in the order given. Callers give them in one order of scopes, so that no two wait
    for each other.
    """
    rows = ", ".join(f"($1, ${3 * n + 2}, ${3 * n + 3}, now(), 1)" for n in range(len(attempts)))
    free = " OR ".join(
        f"(attempt.scope = ${3 * n + 2} AND attempt.count < {attempt.limit.max_attempts})"
        for n, attempt in enumerate(attempts)
    )
    over = " OR ".join(
        f"(attempt.scope = ${3 * n + 2} AND attempt.window_start <= now() - ${3 * n + 4}::interval)"
        for n in range(len(attempts))
    )
    values = [part for attempt in attempts for part in (attempt.limit.scope, attempt.subject, attempt.limit.window)]
    counted = await connection.fetch(
        f"INSERT INTO attempt (shop_id, scope, subject, window_start, count) VALUES {rows} "
        "ON CONFLICT (shop_id, scope, subject) DO UPDATE SET "
        f"count = CASE WHEN {over} THEN 1 ELSE attempt.count + 1 END, "
        f"window_start = CASE WHEN {over} THEN now() ELSE attempt.window_start END "
        f"WHERE attempt.shop_id = $1 AND ({free} OR {over}) RETURNING subject, count",
        shop_id,
        *values,
    )
    return {row["subject"]: row["count"] for row in counted}


async def list_waits(connection: Connection, shop_id: UUID, attempts: Sequence[Attempt]) -> dict[bytes, float]:
    """Seconds until each of these subjects, which had no attempt left, has one again; at least 1."""
    rows = await connection.fetch(
        "SELECT subject, extract(epoch FROM now() - window_start)::float8 AS age_s FROM attempt "
        "WHERE shop_id = $1 AND subject = ANY($2)",
        shop_id,
        [attempt.subject for attempt in attempts],
    )
    ages = {row["subject"]: row["age_s"] for row in rows}
    return {
        attempt.subject: max(1.0, attempt.limit.window.total_seconds() - ages.get(attempt.subject, 0.0))
        for attempt in attempts
    }


async def release_attempts(connection: Connection, shop_id: UUID, attempts: Sequence[Attempt]) -> None:
    """Take one attempt off each counter."""
    for attempt in attempts:  # one by one, in the order in which they are locked everywhere
        await connection.execute(
            "UPDATE attempt SET count = count - 1 WHERE shop_id = $1 AND scope = $2 AND subject = $3 AND count > 0",
            shop_id,
            attempt.limit.scope,
            attempt.subject,
        )


async def save_proof(
    connection: Connection,
    shop_id: UUID,
    conversation_id: UUID,
    order_number: str,
    level: ProofLevel,
    lifetime: timedelta,
) -> None:
    """Store what was proven for `lifetime`; a higher level that is still valid is not replaced by a lower one."""
    await connection.execute(
        "INSERT INTO proof (shop_id, conversation_id, order_number, level, expires_at) "
        "VALUES ($1, $2, $3, $4, now() + $5::interval) ON CONFLICT (shop_id, conversation_id, order_number) "
        "DO UPDATE SET level = excluded.level, proven_at = now(), expires_at = excluded.expires_at "
        "WHERE proof.shop_id = $1 AND (proof.level <= excluded.level OR proof.expires_at <= now())",
        shop_id,
        conversation_id,
        order_number,
        int(level),
        lifetime,
    )


async def save_code(
    connection: Connection,
    shop_id: UUID,
    conversation_id: UUID,
    order_number: str,
    code_hash: bytes,
    tries: int,
    lifetime: timedelta,
) -> None:
    """Store a code's hash in place of an earlier code for the same order and conversation."""
    await connection.execute(
        "INSERT INTO one_time_code (shop_id, conversation_id, order_number, code_hash, tries_left, expires_at) "
        "VALUES ($1, $2, $3, $4, $5, now() + $6::interval) ON CONFLICT (shop_id, conversation_id, order_number) "
        "DO UPDATE SET code_hash = excluded.code_hash, tries_left = excluded.tries_left, "
        "expires_at = excluded.expires_at WHERE one_time_code.shop_id = $1",
        shop_id,
        conversation_id,
        order_number,
        code_hash,
        tries,
        lifetime,
    )


async def consume_code_attempt(
    connection: Connection, shop_id: UUID, conversation_id: UUID, order_number: str
) -> bytes | None:
    """Use up one attempt at the code and return its hash, locked until commit; None where no valid code is left."""
    found: bytes | None = await connection.fetchval(
        "UPDATE one_time_code SET tries_left = tries_left - 1 WHERE shop_id = $1 AND conversation_id = $2 "
        "AND order_number = $3 AND tries_left > 0 AND expires_at > now() RETURNING code_hash",
        shop_id,
        conversation_id,
        order_number,
    )
    return found


async def delete_code(connection: Connection, shop_id: UUID, conversation_id: UUID, order_number: str) -> None:
    """Delete the code for an order of a conversation."""
    await connection.execute(
        "DELETE FROM one_time_code WHERE shop_id = $1 AND conversation_id = $2 AND order_number = $3",
        shop_id,
        conversation_id,
        order_number,
    )


async def delete_expired(connection: Connection, shop_id: UUID) -> None:
    """Delete expired proofs and codes, and counters older than any window."""
    for table in ("proof", "one_time_code"):
        await connection.execute(
            f"DELETE FROM {table} WHERE shop_id = $1 AND expires_at <= now()",
            shop_id,
        )
    await connection.execute(
        "DELETE FROM attempt WHERE shop_id = $1 AND window_start <= now() - $2::interval", shop_id, LONGEST_WINDOW
    )


async def list_shops_with_expired(database: Database) -> list[UUID]:
    """The shops with proofs or codes that have expired, or counters older than any window."""
    return [row["shop_id"] for row in await database.fetch("SELECT shops_to_tidy($1) AS shop_id", LONGEST_WINDOW)]
