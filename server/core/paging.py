"""Cursor paging: `{"data": [...], "next_cursor": ...}`. A cursor is the last item's sort key, opaque to callers."""

import base64
import binascii
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from server.core.errors import FieldError, Invalid

DEFAULT_LIMIT = 50
MAX_LIMIT = 200

Item = TypeVar("Item")


def require_limit(limit: int | None) -> int:
    """The page size asked for. Raises Invalid outside 1 to MAX_LIMIT."""
    if limit is not None and not 1 <= limit <= MAX_LIMIT:
        raise Invalid("The page size is out of range.", errors=(FieldError("limit", f"1 to {MAX_LIMIT}"),))
    return limit or DEFAULT_LIMIT


def read_cursor(cursor: str | None) -> str:
    """The sort key inside a cursor; empty for the first page. Raises Invalid."""
    try:
        key = base64.urlsafe_b64decode((cursor or "").encode()).decode()
        if "\x00" not in key:
            return key
    except (binascii.Error, ValueError):
        pass
    raise Invalid("The cursor is not valid.", errors=(FieldError("cursor", "use the next_cursor of the last page"),))


def page(items: Sequence[Item], limit: int, key: Callable[[Item], str], view: Callable[[Item], Any]) -> dict[str, Any]:
    """A page of `limit` items out of up to `limit + 1` that were fetched."""
    shown = items[:limit]
    more = len(items) > limit
    cursor = base64.urlsafe_b64encode(key(shown[-1]).encode()).decode() if more else None
    return {"data": [view(item) for item in shown], "next_cursor": cursor}
