"""Queries of the console: what staff read of conversations, and the little they write. Each is of one shop.

The list of conversations is plain SQL, since it walks a window of an index and counts per line; so is what a reply
writes in the transaction of the chat's message and of a job (decisions/0003).
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from sqlmodel import and_, col, func, select
from sqlmodel.ext.asyncio.session import AsyncSession

from server.chat.tables import ConversationRow, FeedbackRow, MessageRow, TurnRow
from server.console.models import (
    BROKEN_STATES,
    UNANSWERED_KINDS,
    Assignee,
    ConversationPage,
    Only,
    Position,
    StaffMember,
    Wanted,
)
from server.console.rows import item_of
from server.core.database import Connection
from server.core.errors import NotFound
from server.core.ids import new_id
from server.core.tables import JobRow
from server.shops.models import Role
from server.shops.tables import AuditEntryRow, MemberRow, MerchantRow

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
) -> ConversationPage:
    """Up to `limit` conversations, newest first, and where the next page begins if the window ended first."""
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
    items = [item_of(row) for row in rows if row["id"]]
    if rows and len(items) < limit and rows[0]["walked"] == window:
        return ConversationPage(items, Position(rows[0]["end_at"], rows[0]["end_id"]))
    return ConversationPage(items)


async def get_conversation(session: AsyncSession, shop_id: UUID, conversation_id: UUID) -> ConversationRow:
    """One conversation; what is changed of it is written when the transaction ends. Raises NotFound."""
    talk = ConversationRow
    query = select(talk).where(talk.shop_id == shop_id, talk.id == conversation_id)
    found = (await session.exec(query)).first()
    if found is None:
        raise NotFound
    return found


async def find_assignee(session: AsyncSession, shop_id: UUID, conversation_id: UUID) -> Assignee | None:
    """Whom a conversation is assigned to; the name is empty for somebody who is gone."""
    talk, merchant = ConversationRow, MerchantRow
    query = (
        select(talk.assignee, merchant)
        .outerjoin(merchant, col(merchant.id) == talk.assignee)
        .where(talk.shop_id == shop_id, talk.id == conversation_id)
    )
    merchant_id, found = (await session.exec(query)).first() or (None, None)
    return Assignee(merchant_id, (found.name or found.email) if found else "") if merchant_id else None


async def count_messages(session: AsyncSession, shop_id: UUID, conversation_id: UUID) -> int:
    """How many messages a conversation has. Raises NotFound without such a conversation."""
    await get_conversation(session, shop_id, conversation_id)
    message = MessageRow
    query = select(func.count()).where(message.shop_id == shop_id, message.conversation_id == conversation_id)
    return (await session.exec(query)).one()


async def list_messages(
    session: AsyncSession, shop_id: UUID, conversation_id: UUID
) -> Sequence[tuple[MessageRow, FeedbackRow | None]]:
    """The newest messages with their ratings, newest first; one more than is shown, to know that there are more."""
    message, feedback = MessageRow, FeedbackRow
    is_rated = and_(
        col(feedback.shop_id) == message.shop_id,
        col(feedback.conversation_id) == message.conversation_id,
        col(feedback.message_id) == message.id,
    )
    query = (
        select(message, feedback)
        .outerjoin(feedback, is_rated)
        .where(message.shop_id == shop_id, message.conversation_id == conversation_id)
        .order_by(col(message.seq).desc())
        .limit(MAX_MESSAGES + 1)
    )
    return [(said, rated) for said, rated in (await session.exec(query)).all()]


async def list_turns(session: AsyncSession, shop_id: UUID, conversation_id: UUID) -> Sequence[TurnRow]:
    """The newest turns with their traces, newest first."""
    turn = TurnRow
    query = (
        select(turn)
        .where(turn.shop_id == shop_id, turn.conversation_id == conversation_id)
        .order_by(col(turn.id).desc())
        .limit(MAX_MESSAGES)
    )
    return (await session.exec(query)).all()


async def get_message(session: AsyncSession, shop_id: UUID, conversation_id: UUID, message_id: str) -> MessageRow:
    """One message. Raises NotFound."""
    message = MessageRow
    query = select(message).where(
        message.shop_id == shop_id, message.conversation_id == conversation_id, message.id == message_id
    )
    found = (await session.exec(query)).first()
    if found is None:
        raise NotFound
    return found


async def has_message(connection: Connection, shop_id: UUID, conversation_id: UUID, message_id: str) -> bool:
    """Whether a conversation has this message already."""
    found: bool = await connection.fetchval(
        "SELECT EXISTS (SELECT FROM message WHERE shop_id = $1 AND conversation_id = $2 AND id = $3)",
        shop_id,
        conversation_id,
        message_id,
    )
    return found


async def join_conversation(
    connection: Connection, shop_id: UUID, conversation_id: UUID, merchant_id: UUID | None
) -> bool:
    """Let staff answer; the first to do so is assigned. Locks the row. False without such a conversation."""
    status: str = await connection.execute(
        "UPDATE conversation SET state = 'joined', assignee = coalesce(assignee, $3), "
        "handoff_answered_at = coalesce(handoff_answered_at, now()) WHERE shop_id = $1 AND id = $2",
        shop_id,
        conversation_id,
        merchant_id,
    )
    return status.endswith(" 1")


async def find_staff_name(connection: Connection, shop_id: UUID, merchant_id: UUID | None) -> str | None:
    """The name of somebody of the shop; None when they have none, and for a key."""
    name: str | None = await connection.fetchval(
        "SELECT nullif(name, '') FROM member JOIN merchant ON merchant.id = member.merchant_id "
        "WHERE member.shop_id = $1 AND merchant.id = $2",
        shop_id,
        merchant_id,
    )
    return name


async def list_staff(session: AsyncSession, shop_id: UUID) -> list[StaffMember]:
    """Everybody of the shop, first joined first."""
    member, merchant = MemberRow, MerchantRow
    query = (
        select(merchant.id, merchant.name, merchant.email, member.role)
        .join(member, col(member.merchant_id) == merchant.id)
        .where(member.shop_id == shop_id)
        .order_by(col(member.created_at), col(merchant.id))
    )
    found = (await session.exec(query)).all()
    return [StaffMember(merchant_id, name, email, Role(role)) for merchant_id, name, email, role in found]


async def list_jobs(session: AsyncSession, shop_id: UUID, kinds: Sequence[str], limit: int) -> Sequence[JobRow]:
    """The newest jobs of these kinds, newest first."""
    job = JobRow
    query = (
        select(job).where(job.shop_id == shop_id, col(job.kind).in_(kinds)).order_by(col(job.id).desc()).limit(limit)
    )
    return (await session.exec(query)).all()


async def list_origins_written_on(connection: Connection, shop_id: UUID, origins: Sequence[str]) -> set[str]:
    """Those of these origins on which a conversation began."""
    rows = await connection.fetch(
        "SELECT origin FROM unnest($2::text[]) AS origin WHERE EXISTS (SELECT FROM conversation "
        "WHERE conversation.shop_id = $1 AND conversation.origin = origin.origin)",
        shop_id,
        list(origins),
    )
    return {row["origin"] for row in rows}


async def list_batch(session: AsyncSession, shop_id: UUID, batch: str, limit: int) -> Sequence[JobRow]:
    """The jobs of files that were uploaded together, in the order of their upload."""
    job = JobRow
    query = (
        select(job)
        .where(job.shop_id == shop_id, col(job.payload)["batch"].as_string() == batch)
        .order_by(col(job.id))
        .limit(limit)
    )
    return (await session.exec(query)).all()


async def add_staff_action(
    session: AsyncSession, shop_id: UUID, actor: str, action: str, details: dict[str, object]
) -> None:
    """Write into the audit what staff did, when the transaction that does it ends."""
    session.add(AuditEntryRow(shop_id=shop_id, actor=actor, action=action, details=details))


async def add_audit_entry(
    connection: Connection, shop_id: UUID, actor: str, action: str, details: dict[str, Any]
) -> None:
    """Write into the audit what staff did, in the transaction that does it."""
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
