"""Values that GraphQL resolves: plain dicts, with `Many` for connections and `Guarded` for what needs a grant."""

from collections.abc import Callable, Sequence
from typing import Any

from graphql import GraphQLError

MAX_PAGE = 250


class Many:
    """A connection. Cursors are places in the list; without `first` it is answered only to bulk operations."""

    def __init__(self, items: Sequence[Any]) -> None:
        self.items = list(items)

    def __call__(self, info: Any, first: int | None = None, after: str | None = None, **_: Any) -> dict[str, Any]:
        if first is None and not (isinstance(info.context, dict) and info.context.get("bulk")):
            raise GraphQLError("you must provide one of first or last")
        if first is not None and first > MAX_PAGE:
            raise GraphQLError("first cannot exceed 250")
        start = int(after) if after else 0
        end = len(self.items) if first is None else start + first
        page = self.items[start:end]
        edges = [{"node": node, "cursor": str(start + n + 1)} for n, node in enumerate(page)]
        return {
            "nodes": page,
            "edges": edges,
            "pageInfo": {"hasNextPage": end < len(self.items), "endCursor": str(start + len(page)) if page else None},
        }


class Some:
    """A plain list that takes `first`."""

    def __init__(self, items: Sequence[Any]) -> None:
        self.items = list(items)

    def __call__(self, info: Any, first: int | None = None, **_: Any) -> list[Any]:
        return self.items[:first]


class Guarded:
    """Answered when `is_granted`, else the error that Shopify gives."""

    def __init__(self, value: Any, is_granted: Callable[[], bool]) -> None:
        self.value, self._is_granted = value, is_granted

    def __call__(self, info: Any, **arguments: Any) -> Any:
        if not self._is_granted():
            raise denied(info.field_name)
        return self.value(info, **arguments) if callable(self.value) else self.value


def denied(field: str) -> GraphQLError:
    """This app may not read that."""
    return GraphQLError(f"Access denied for {field} field.", extensions={"code": "ACCESS_DENIED"})
