"""SQL of the console's figures: turns by day, kinds, open questions, usage. Statements are of one shop each.

It is plain, since nearly every column is an aggregate with a condition of its own (decisions/0003).
"""

from datetime import datetime
from uuid import UUID

from server.console.models import Day, KindCount, OpenQuestion, Overnight
from server.console.storage import FAILED, UNANSWERED
from server.core.database import Connection, Row

TOP_KINDS = 12
TOP_QUESTIONS = 20
HANDOFFS_LOOKED_AT = 10_000
"""Among so many of the newest conversations those that still wait for staff are counted."""

_THUMBS = (
    "LEFT JOIN feedback ON feedback.shop_id = $1 AND feedback.conversation_id = turn.conversation_id "
    "AND feedback.message_id = turn.answer_id"
)
_PERIOD = "turn.shop_id = $1 AND turn.started_at >= $2 AND turn.started_at < $3"


async def count_since(connection: Connection, shop_id: UUID, since: datetime) -> Overnight:
    """How many conversations had a message since then, and how many have an answer that staff should look at."""
    [row] = await connection.fetch(
        f"""
        SELECT (SELECT count(*) FROM conversation WHERE shop_id = $1 AND last_message_at >= $2) AS conversations,
            (SELECT count(*) FROM (SELECT state FROM conversation WHERE shop_id = $1
                ORDER BY last_message_at DESC, id DESC LIMIT {HANDOFFS_LOOKED_AT}) AS newest
                WHERE state IN ('requested', 'waiting')) AS handoffs,
            count(DISTINCT turn.conversation_id) FILTER (WHERE {FAILED}) AS failed,
            count(DISTINCT turn.conversation_id) FILTER (WHERE {UNANSWERED}) AS unanswered,
            count(DISTINCT turn.conversation_id) FILTER (WHERE rating = 'down') AS thumbs_down
        FROM turn {_THUMBS} WHERE turn.shop_id = $1 AND turn.started_at >= $2
        """,
        shop_id,
        since,
    )
    return Overnight(since=since, **row)


async def count_by_day(connection: Connection, shop_id: UUID, since: datetime, until: datetime, zone: str) -> list[Day]:
    """Figures of each day that has turns, oldest first; days begin at midnight of the zone."""
    rows = await connection.fetch(
        f"""
        SELECT (turn.started_at AT TIME ZONE $4)::date AS day, count(*) AS turns,
            count(DISTINCT turn.conversation_id) AS conversations,
            count(*) FILTER (WHERE answered_by = 'model') AS by_model,
            count(*) FILTER (WHERE answered_by = 'engine') AS by_engine,
            count(*) FILTER (WHERE {FAILED}) AS failed,
            count(*) FILTER (WHERE {UNANSWERED}) AS unknown,
            count(*) FILTER (WHERE rating = 'up') AS thumbs_up,
            count(*) FILTER (WHERE rating = 'down') AS thumbs_down,
            percentile_cont(0.5) WITHIN GROUP (ORDER BY (trace ->> 'seconds')::float8) AS p50_s,
            percentile_cont(0.95) WITHIN GROUP (ORDER BY (trace ->> 'seconds')::float8) AS p95_s
        FROM turn {_THUMBS} WHERE {_PERIOD} GROUP BY 1 ORDER BY 1
        """,
        shop_id,
        since,
        until,
        zone,
    )
    return [_day(row) for row in rows]


async def count_by_kind(connection: Connection, shop_id: UUID, since: datetime, until: datetime) -> list[KindCount]:
    """The commonest kinds of answer, the commonest first."""
    rows = await connection.fetch(
        f"SELECT trace ->> 'kind' AS kind, count(*) AS turns FROM turn WHERE {_PERIOD} "
        f"AND trace ->> 'kind' IS NOT NULL GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT {TOP_KINDS}",
        shop_id,
        since,
        until,
    )
    return [KindCount(**row) for row in rows]


async def list_open_questions(
    connection: Connection, shop_id: UUID, since: datetime, until: datetime
) -> list[OpenQuestion]:
    """Questions without an answer, those asked most often first; the same words in another case are one question."""
    rows = await connection.fetch(
        f"""
        SELECT (array_agg(said ORDER BY started_at DESC))[1] AS question, count(*) AS count,
            max(started_at) AS asked_at, (array_agg(conversation_id ORDER BY started_at DESC))[1] AS conversation_id
        FROM (
            SELECT turn.started_at, turn.conversation_id, left(message.parts -> 0 ->> 'text', 300) AS said
            FROM turn JOIN message ON message.shop_id = $1 AND message.conversation_id = turn.conversation_id
                AND message.id = turn.question_id
            WHERE {_PERIOD} AND {UNANSWERED}
        ) AS asked
        WHERE said <> '' GROUP BY lower(trim(said)) ORDER BY count(*) DESC, max(started_at) DESC LIMIT {TOP_QUESTIONS}
        """,
        shop_id,
        since,
        until,
    )
    return [OpenQuestion(**row) for row in rows]


def _day(row: Row) -> Day:
    return Day(
        date=row["day"].isoformat(),
        conversations=row["conversations"],
        turns=row["turns"],
        answered_by={"model": row["by_model"], "engine": row["by_engine"]},
        failed=row["failed"],
        unknown=row["unknown"],
        thumbs_up=row["thumbs_up"],
        thumbs_down=row["thumbs_down"],
        p50_s=_seconds(row["p50_s"]),
        p95_s=_seconds(row["p95_s"]),
    )


def _seconds(value: float | None) -> float | None:
    return None if value is None else round(value, 3)
