"""From database rows to what staff see."""

from typing import Any

import msgspec

from server.chat.tables import FeedbackRow, MessageRow, TurnRow
from server.console.models import Assignee, ConversationItem, Feedback, JobLine, MessageView, Ratings, TurnView
from server.core.database import Row
from server.core.tables import JobRow

ROLES = {"shopper": "user", "assistant": "assistant", "staff": "assistant", "system": "system"}
_PLAIN = ("id", "question_id", "answer_id", "state", "answered_by", "usage_state", "started_at", "ended_at")


def item_of(row: Row) -> ConversationItem:
    """A line of the list."""
    own = {"walked", "end_at", "end_id", "assignee_name", "up", "down"}
    fields = {name: value for name, value in row.items() if name not in own}
    return ConversationItem(
        **fields
        | {
            "tags": msgspec.json.decode(row["tags"]),
            "assignee": Assignee(row["assignee"], row["assignee_name"] or "") if row["assignee"] else None,
            "ratings": Ratings(row["up"], row["down"]),
        }
    )


def message_of(message: MessageRow, feedback: FeedbackRow | None = None) -> MessageView:
    """A message with its rating."""
    return MessageView(
        id=message.id,
        author=message.author,
        role=ROLES[message.author],
        turn_id=message.turn_id,
        parts=msgspec.Raw(msgspec.json.encode(message.parts)),
        metadata=msgspec.Raw(msgspec.json.encode(message.metadata_)),
        created_at=message.created_at,
        feedback=Feedback(rating=feedback.rating, comment=feedback.comment, created_at=feedback.created_at)
        if feedback
        else None,
    )


def turn_of(turn: TurnRow) -> TurnView:
    """A turn; an interrupted one has hardly any trace."""
    trace = turn.trace
    lists: dict[str, Any] = {name: trace.get(name) or [] for name in ("tools", "sources", "receipts", "notes")}
    plain: dict[str, Any] = {name: getattr(turn, name) for name in _PLAIN}
    return TurnView(
        **plain | lists,
        kind=trace.get("kind"),
        first_text_s=trace.get("first_text_s"),
        seconds=trace.get("seconds"),
        prompt_tokens=trace.get("prompt_tokens") or 0,
        completion_tokens=trace.get("completion_tokens") or 0,
    )


def job_of(job: JobRow) -> JobLine:
    """A job, with what it says went wrong with its first bad row."""
    errors = [str(each.get("reason", each) if isinstance(each, dict) else each) for each in job.errors]
    return JobLine(
        id=job.id,
        kind=job.kind,
        state=job.state,
        done=job.done,
        total=job.total,
        failed=len(job.errors),
        first_error=errors[0] if errors else None,
        errors=errors,
        file=str(job.payload.get("name") or ""),
        source_id=str(job.payload.get("source_id") or ""),
        created_at=job.created_at,
        ended_at=job.ended_at,
    )
