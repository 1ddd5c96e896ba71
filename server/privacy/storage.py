"""SQL of privacy requests: everything that hangs on a person's conversations."""

import re
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import msgspec

from server.core.database import Connection

GATHERED = {
    "conversations": "SELECT id, customer_id, customer_email, contact_email, state, locale, origin, created_at, "
    "last_message_at FROM conversation WHERE shop_id = $1 AND id = ANY($2) ORDER BY id",
    "messages": "SELECT conversation_id, author, parts::text AS parts, created_at FROM message "
    "WHERE shop_id = $1 AND conversation_id = ANY($2) ORDER BY conversation_id, seq",
    "feedback": "SELECT conversation_id, message_id, rating, comment, created_at FROM feedback "
    "WHERE shop_id = $1 AND conversation_id = ANY($2) ORDER BY conversation_id",
    "marks": "SELECT conversation_id, message_id, rating, at FROM conversation_mark "
    "WHERE shop_id = $1 AND conversation_id = ANY($2) ORDER BY conversation_id, id",
    "pictures": "SELECT conversation_id, message_id, media_type, width, height, encode(data, 'base64') AS data, "
    "created_at FROM picture WHERE shop_id = $1 AND conversation_id = ANY($2) ORDER BY conversation_id, id",
    "proofs": "SELECT conversation_id, order_number, level, proven_at, expires_at FROM proof "
    "WHERE shop_id = $1 AND conversation_id = ANY($2) ORDER BY conversation_id",
}
ERASED = {
    "proofs": "DELETE FROM proof WHERE shop_id = $1 AND conversation_id = ANY($2)",
    "codes": "DELETE FROM one_time_code WHERE shop_id = $1 AND conversation_id = ANY($2)",
    "feedback": "DELETE FROM feedback WHERE shop_id = $1 AND conversation_id = ANY($2)",
    "pictures": "DELETE FROM picture WHERE shop_id = $1 AND conversation_id = ANY($2)",
    "code_requests": "DELETE FROM job WHERE shop_id = $1 AND kind = 'orders.send_code' AND state IN ('done', 'failed') "
    "AND payload ->> 'conversation_id' = ANY($2::uuid[]::text[])",
    "messages": "DELETE FROM message WHERE shop_id = $1 AND conversation_id = ANY($2)",
    "turns": "DELETE FROM turn WHERE shop_id = $1 AND conversation_id = ANY($2)",
    "conversations": "DELETE FROM conversation WHERE shop_id = $1 AND id = ANY($2)",
}


async def conversations_of(
    connection: Connection, shop_id: UUID, customer_id: str | None, email: str | None, order_numbers: Sequence[str]
) -> list[UUID]:
    """Conversations of a person: signed in as them, with their e-mail (lower case) given or written, or about an
    order of theirs that was proven."""
    rows = await connection.fetch(
        "SELECT id FROM conversation WHERE shop_id = $1 AND (customer_id = $2 OR lower(customer_email) = $3 "
        "OR lower(contact_email) = $3) "
        "UNION SELECT conversation_id FROM message WHERE shop_id = $1 AND $5 <> '' AND EXISTS "
        "(SELECT FROM jsonb_path_query(parts, '$[*].text') AS said(words) WHERE words #>> '{}' ~* $5) "
        "UNION SELECT conversation_id FROM proof WHERE shop_id = $1 AND order_number = ANY($4)",
        shop_id,
        customer_id,
        email or "",
        list(order_numbers),
        _whole_address(email) if email else "",
    )
    return [row["id"] for row in rows]


def _whole_address(email: str) -> str:
    """A pattern for this address and no longer one that holds it: not joann@ for ann@, not .com.au for .com."""
    literal = re.sub(r"([^A-Za-z0-9@])", r"\\\1", email)
    return rf"(?<![A-Za-z0-9._%+-]){literal}(?![A-Za-z0-9-]|\.[A-Za-z0-9])"


async def conversations_without_a_store(connection: Connection, shop_id: UUID) -> list[UUID]:
    """All conversations of a shop that has neither a connection nor a product of its own left; none of any other."""
    rows = await connection.fetch(
        "SELECT id FROM conversation WHERE shop_id = $1 AND NOT EXISTS (SELECT FROM connection WHERE shop_id = $1) "
        "AND NOT EXISTS (SELECT FROM product WHERE shop_id = $1)",
        shop_id,
    )
    return [row["id"] for row in rows]


async def gather(connection: Connection, shop_id: UUID, conversation_ids: Sequence[UUID]) -> dict[str, list[Any]]:
    """All that is kept of these conversations, by kind."""
    found: dict[str, list[Any]] = {}
    for name, query in GATHERED.items():
        rows = [dict(row) for row in await connection.fetch(query, shop_id, list(conversation_ids))]
        found[name] = [row | ({"parts": msgspec.json.decode(row["parts"])} if "parts" in row else {}) for row in rows]
    return found


async def erase_conversations(
    connection: Connection, shop_id: UUID, conversation_ids: Sequence[UUID]
) -> dict[str, int]:
    """Take these conversations out with all that hangs on them; how many rows of each kind."""
    counts = {}
    for name, query in ERASED.items():
        status = await connection.execute(query, shop_id, list(conversation_ids))
        counts[name] = int(status.rpartition(" ")[2])
    return counts


async def erase_exports(connection: Connection, shop_id: UUID, person_hash: bytes) -> dict[str, int]:
    """Exports of the same person hold what is being erased."""
    status = await connection.execute(
        "UPDATE privacy_request SET export = NULL WHERE shop_id = $1 AND person_hash = $2 AND export IS NOT NULL",
        shop_id,
        person_hash,
    )
    return {"exports": int(status.rpartition(" ")[2])}


async def erase_store(connection: Connection, shop_id: UUID, connection_id: UUID, source: str) -> dict[str, int]:
    """Take out a connection and all that was read from it."""
    counts = {}
    for name in ("product", "document"):
        status = await connection.execute(f"DELETE FROM {name} WHERE shop_id = $1 AND source = $2", shop_id, source)
        counts[f"{name}s"] = int(status.rpartition(" ")[2])
    await connection.execute("DELETE FROM connection WHERE shop_id = $1 AND id = $2", shop_id, connection_id)
    await connection.execute("DELETE FROM left_store WHERE shop_id = $1 AND connection_id = $2", shop_id, connection_id)
    return counts


async def add_record(
    connection: Connection,
    shop_id: UUID,
    request_id: UUID,
    kind: str,
    person_hash: bytes,
    asked_by: str,
    counts: dict[str, int],
    sealed_export: bytes | None,
) -> None:
    """The record of a request that is done, in the transaction that did it."""
    await connection.execute(
        "INSERT INTO privacy_request (shop_id, id, kind, person_hash, asked_by, done_at, counts, export) "
        "VALUES ($1, $2, $3, $4, $5, now(), $6::jsonb, $7)",
        shop_id,
        request_id,
        kind,
        person_hash,
        asked_by,
        msgspec.json.encode(counts).decode(),
        sealed_export,
    )


async def list_records(connection: Connection, shop_id: UUID) -> list[Any]:
    """All requests, newest first."""
    rows: list[Any] = await connection.fetch(
        "SELECT id, kind, person_hash, asked_by, asked_at, done_at, counts FROM privacy_request "
        "WHERE shop_id = $1 ORDER BY id DESC LIMIT 500",
        shop_id,
    )
    return rows


async def find_export(connection: Connection, shop_id: UUID, request_id: UUID) -> bytes | None:
    """The sealed export of a request."""
    sealed: bytes | None = await connection.fetchval(
        "SELECT export FROM privacy_request WHERE shop_id = $1 AND id = $2", shop_id, request_id
    )
    return sealed
