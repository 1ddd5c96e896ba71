"""SQL of the console: what staff read of conversations, and the little they write. Statements are of one shop each."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from server.console.models import BROKEN_STATES, UNANSWERED_KINDS, Only, Position, Wanted
from server.core.database import Connection
from server.core.ids import new_id

Row = Any
"""An asyncpg record (asyncpg ships no types)."""

SEARCH_WINDOW = 2_000
"""Conversations one page of a search or a filter looks through; the cursor goes on from there."""
MAX_MESSAGES = 500

_BROKEN = ", ".join(f"'{state}'" for state in BROKEN_STATES)
FAILED = f"(turn.state IN ({_BROKEN}) AND turn.trace ->> 'kind' IS DISTINCT FROM 'quota')"
"""Of a turn. A question that met the plan's limit is in such a state too, and got its fallback."""
UNANSWERED = f"turn.trace ->> 'kind' IN ({', '.join(repr(kind) for kind in UNANSWERED_KINDS)})"
"""Of a turn."""
_TURN_OF_TALK = "SELECT FROM turn WHERE turn.shop_id = $1 AND turn.conversation_id = talk.id AND turn.started_at >= $5"
_ONLY = {
    Only.FAILED: f"EXISTS ({_TURN_OF_TALK} AND {FAILED})",
    Only.UNANSWERED: f"EXISTS ({_TURN_OF_TALK} AND {UNANSWERED})",
    Only.THUMBS_DOWN: f"EXISTS ({_TURN_OF_TALK} AND EXISTS (SELECT FROM feedback WHERE feedback.shop_id = $1 "
    "AND feedback.conversation_id = talk.id AND feedback.message_id = turn.answer_id AND feedback.rating = 'down'))",
    Only.HANDOFF: "talk.state IN ('requested', 'waiting')",
}
_SAYS = (
    "(EXISTS (SELECT FROM message, jsonb_array_elements(message.parts) AS part WHERE message.shop_id = $1 "
    "AND message.conversation_id = talk.id AND part ->> 'text' ILIKE $7) "
    "OR talk.customer_email ILIKE $7 OR talk.contact_email ILIKE $7)"
)

# The window is walked on the index of newest conversations and only then filtered, so a page costs the same however
# rare the words are; what is counted per line is counted for the lines of one page only.
_LIST = """
WITH talk AS MATERIALIZED (
    SELECT * FROM conversation
    WHERE shop_id = $1 AND ($2::timestamptz IS NULL OR (last_message_at, id) < ($2, $3::uuid))
      AND last_message_at >= $5 AND last_message_at < $6
    ORDER BY last_message_at DESC, id DESC LIMIT {window}
), hit AS (
    SELECT * FROM talk WHERE ($4::text IS NULL OR state = $4) AND {condition}
    ORDER BY last_message_at DESC, id DESC LIMIT $8
), walked AS (
    SELECT last_message_at AS end_at, id AS end_id FROM talk ORDER BY last_message_at, id LIMIT 1
)
SELECT hit.id, hit.state, hit.preview, hit.locale, hit.customer_email, hit.contact_email, hit.tags, hit.assignee,
    hit.created_at, hit.last_message_at, (SELECT count(*) FROM talk) AS walked, walked.end_at, walked.end_id,
    (SELECT coalesce(nullif(name, ''), email) FROM merchant WHERE id = hit.assignee) AS assignee_name,
    (SELECT count(*) FROM message WHERE shop_id = $1 AND conversation_id = hit.id) AS messages,
    (SELECT author FROM message WHERE shop_id = $1 AND conversation_id = hit.id ORDER BY seq DESC LIMIT 1)
        AS last_author,
    (SELECT metadata ->> 'answered_by' FROM message WHERE shop_id = $1 AND conversation_id = hit.id
        AND author IN ('assistant', 'staff') ORDER BY seq DESC LIMIT 1) AS answered_by,
    coalesce(turns.failed, false) AS failed, coalesce(turns.unanswered, false) AS unanswered,
    thumbs.up, thumbs.down
FROM walked LEFT JOIN hit ON true
LEFT JOIN LATERAL (
    SELECT bool_or({failed}) AS failed, bool_or({unanswered}) AS unanswered
    FROM turn WHERE shop_id = $1 AND conversation_id = hit.id
) AS turns ON true
LEFT JOIN LATERAL (
    SELECT count(*) FILTER (WHERE rating = 'up') AS up, count(*) FILTER (WHERE rating = 'down') AS down
    FROM feedback WHERE shop_id = $1 AND conversation_id = hit.id
) AS thumbs ON true
ORDER BY hit.last_message_at DESC, hit.id DESC
"""


async def list_conversations(
    connection: Connection,
    shop_id: UUID,
    wanted: Wanted,
    after: Position | None,
    since: datetime,
    until: datetime,
    limit: int,
) -> tuple[list[Row], Position | None]:
    """Up to `limit` conversations newest first, and where to go on when the window ended before the list was full."""
    conditions = [_ONLY[wanted.only]] if wanted.only else []
    if wanted.text:
        conditions.append(_SAYS)
    window = SEARCH_WINDOW if conditions or wanted.state else limit
    query = _LIST.format(
        # every parameter has to appear, whatever is asked
        condition=" AND ".join(["$7::text IS NOT NULL", *conditions]),
        window=window,
        failed=FAILED,
        unanswered=UNANSWERED,
    )
    rows = await connection.fetch(
        query,
        shop_id,
        after.at if after else None,
        after.id if after else None,
        wanted.state,
        since,
        until,
        _like(wanted.text),
        limit,
    )
    found = [row for row in rows if row["id"]]
    if rows and len(found) < limit and rows[0]["walked"] == window:
        return found, Position(rows[0]["end_at"], rows[0]["end_id"])
    return found, None


async def find_conversation(connection: Connection, shop_id: UUID, conversation_id: UUID) -> Row | None:
    """One conversation's row with its assignee's name."""
    return await connection.fetchrow(
        "SELECT id, state, preview, locale, origin, customer_id, customer_email, contact_email, tags, assignee, "
        "created_at, last_message_at, "
        "(SELECT coalesce(nullif(name, ''), email) FROM merchant WHERE merchant.id = assignee) AS assignee_name "
        "FROM conversation WHERE shop_id = $1 AND id = $2",
        shop_id,
        conversation_id,
    )


async def count_messages(connection: Connection, shop_id: UUID, conversation_id: UUID) -> int | None:
    """How many messages a conversation holds; None without such a conversation."""
    count: int | None = await connection.fetchval(
        "SELECT (SELECT count(*) FROM message WHERE shop_id = $1 AND conversation_id = $2) "
        "FROM conversation WHERE shop_id = $1 AND id = $2",
        shop_id,
        conversation_id,
    )
    return count


async def list_messages(connection: Connection, shop_id: UUID, conversation_id: UUID) -> list[Row]:
    """The newest messages with their ratings, newest first; one more than is shown, to know that there are more."""
    rows: list[Row] = await connection.fetch(
        "SELECT message.id, author, turn_id, parts, metadata, message.created_at, rating, comment, "
        "feedback.created_at AS rated_at FROM message LEFT JOIN feedback ON feedback.shop_id = $1 "
        "AND feedback.conversation_id = $2 AND feedback.message_id = message.id "
        "WHERE message.shop_id = $1 AND message.conversation_id = $2 ORDER BY seq DESC LIMIT $3",
        shop_id,
        conversation_id,
        MAX_MESSAGES + 1,
    )
    return rows


async def list_turns(connection: Connection, shop_id: UUID, conversation_id: UUID) -> list[Row]:
    """The newest turns with their traces, newest first."""
    rows: list[Row] = await connection.fetch(
        "SELECT id, question_id, answer_id, state, answered_by, usage_state, trace, started_at, ended_at FROM turn "
        "WHERE shop_id = $1 AND conversation_id = $2 ORDER BY id DESC LIMIT $3",
        shop_id,
        conversation_id,
        MAX_MESSAGES,
    )
    return rows


async def find_message(connection: Connection, shop_id: UUID, conversation_id: UUID, message_id: str) -> Row | None:
    """One message, without its rating."""
    return await connection.fetchrow(
        "SELECT id, author, turn_id, parts, metadata, created_at FROM message "
        "WHERE shop_id = $1 AND conversation_id = $2 AND id = $3",
        shop_id,
        conversation_id,
        message_id,
    )


async def join_conversation(
    connection: Connection, shop_id: UUID, conversation_id: UUID, merchant_id: UUID | None
) -> bool:
    """Staff have joined; whoever answers first looks after it. Locks the row. False without such a conversation."""
    status: str = await connection.execute(
        "UPDATE conversation SET state = 'joined', assignee = coalesce(assignee, $3), "
        "handoff_answered_at = coalesce(handoff_answered_at, now()) WHERE shop_id = $1 AND id = $2",
        shop_id,
        conversation_id,
        merchant_id,
    )
    return status.endswith(" 1")


async def set_state(connection: Connection, shop_id: UUID, conversation_id: UUID, state: str) -> bool:
    """False without such a conversation."""
    return await _set(connection, shop_id, conversation_id, "state = $3", state)


async def set_assignee(connection: Connection, shop_id: UUID, conversation_id: UUID, merchant_id: UUID | None) -> bool:
    """False without such a conversation."""
    return await _set(connection, shop_id, conversation_id, "assignee = $3", merchant_id)


async def set_tags(connection: Connection, shop_id: UUID, conversation_id: UUID, tags: list[str]) -> bool:
    """False without such a conversation."""
    return await _set(connection, shop_id, conversation_id, "tags = $3::jsonb", msgspec.json.encode(tags).decode())


async def _set(connection: Connection, shop_id: UUID, conversation_id: UUID, assignment: str, value: Any) -> bool:
    status: str = await connection.execute(
        f"UPDATE conversation SET {assignment} WHERE shop_id = $1 AND id = $2", shop_id, conversation_id, value
    )
    return status.endswith(" 1")


async def list_staff(connection: Connection, shop_id: UUID) -> list[Row]:
    """Everybody of the shop, first joined first."""
    rows: list[Row] = await connection.fetch(
        "SELECT merchant.id AS merchant_id, name, email, role FROM member JOIN merchant "
        "ON merchant.id = member.merchant_id WHERE member.shop_id = $1 ORDER BY member.created_at, merchant.id",
        shop_id,
    )
    return rows


async def list_jobs(connection: Connection, shop_id: UUID, kinds: Sequence[str], limit: int) -> list[Row]:
    """The newest jobs of these kinds, newest first."""
    rows: list[Row] = await connection.fetch(
        "SELECT id, kind, state, done, total, jsonb_array_length(errors) AS failed, errors -> 0 AS first_error, "
        "created_at, ended_at FROM job WHERE shop_id = $1 AND kind = ANY($2) ORDER BY id DESC LIMIT $3",
        shop_id,
        kinds,
        limit,
    )
    return rows


async def add_audit_entry(
    connection: Connection, shop_id: UUID, actor: str, action: str, details: dict[str, Any]
) -> None:
    """Write down what staff did, in the transaction that does it."""
    await connection.execute(
        "INSERT INTO audit_entry (shop_id, id, actor, action, details) VALUES ($1, $2, $3, $4, $5::jsonb)",
        shop_id,
        new_id(),
        actor,
        action,
        msgspec.json.encode(details).decode(),
    )


def _like(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{escaped}%"
