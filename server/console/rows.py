"""From database rows to what staff see."""

from typing import Any

import msgspec

from server.console.models import Assignee, ConversationItem, Feedback, MessageView, Ratings, TurnView

ROLES = {"shopper": "user", "assistant": "assistant", "staff": "assistant", "system": "system"}
_PLAIN = ("id", "question_id", "answer_id", "state", "answered_by", "usage_state", "started_at", "ended_at")


def assignee_of(row: Any) -> Assignee | None:
    """Who looks after a conversation; the name is empty for somebody who is gone."""
    return Assignee(row["assignee"], row["assignee_name"] or "") if row["assignee"] else None


def item_of(row: Any) -> ConversationItem:
    """A line of the list."""
    own = {"walked", "end_at", "end_id", "assignee_name", "up", "down"}
    fields = {name: value for name, value in row.items() if name not in own}
    return ConversationItem(
        **fields
        | {
            "tags": msgspec.json.decode(row["tags"]),
            "assignee": assignee_of(row),
            "ratings": Ratings(row["up"], row["down"]),
        }
    )


def message_of(row: Any) -> MessageView:
    """A message, with its rating where the statement has read one."""
    rating = row.get("rating")
    return MessageView(
        id=row["id"],
        author=row["author"],
        role=ROLES[row["author"]],
        turn_id=row["turn_id"],
        parts=msgspec.Raw(row["parts"].encode()),
        metadata=msgspec.Raw(row["metadata"].encode()),
        created_at=row["created_at"],
        feedback=Feedback(rating=rating, comment=row["comment"], created_at=row["rated_at"]) if rating else None,
    )


def turn_of(row: Any) -> TurnView:
    """A turn; an interrupted one has hardly any trace."""
    trace: dict[str, Any] = msgspec.json.decode(row["trace"])
    lists: dict[str, Any] = {name: trace.get(name) or [] for name in ("tools", "sources", "receipts", "notes")}
    plain: dict[str, Any] = {name: row[name] for name in _PLAIN}
    return TurnView(
        **plain | lists,
        kind=trace.get("kind"),
        first_text_s=trace.get("first_text_s"),
        seconds=trace.get("seconds"),
        prompt_tokens=trace.get("prompt_tokens") or 0,
        completion_tokens=trace.get("completion_tokens") or 0,
    )


def reason_of(error: str | None) -> str | None:
    """What a job says went wrong with its first bad row."""
    if error is None:
        return None
    decoded = msgspec.json.decode(error)
    return str(decoded.get("reason", decoded)) if isinstance(decoded, dict) else str(decoded)
