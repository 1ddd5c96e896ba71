"""Bulk operations: a document run without page sizes, its result as ungrouped JSON lines, children out of order."""

import itertools
import json
import random
from collections.abc import Iterator
from typing import Any

_numbers = itertools.count(1)


class Operation:
    """One bulk operation. It needs so many looks until it is done; `outcome` is its last status, or "SHORT" for a
    file that lacks its last root."""

    def __init__(self, data: dict[str, Any], base_url: str, looks: int, outcome: str) -> None:
        number = next(_numbers)
        self.id = f"gid://shopify/BulkOperation/{number}"
        self.lines = list(json_lines(data))
        self._roots = sum("__parentId" not in json.loads(each) for each in self.lines)
        if outcome == "SHORT":
            last = max(n for n, each in enumerate(self.lines) if "__parentId" not in json.loads(each))
            del self.lines[last]
        self.file = "".join(f"{each}\n" for each in self.lines).encode()
        self._looks, self._outcome = looks, "COMPLETED" if outcome == "SHORT" else outcome
        self.path = f"/files/bulk-{number}.jsonl"
        self._url = f"{base_url}{self.path}"

    def node(self) -> dict[str, Any]:
        """As `BulkOperation`, one look further."""
        self._looks -= 1
        is_done = self._looks <= 0
        is_complete = is_done and self._outcome == "COMPLETED"
        return {
            "id": self.id,
            "status": self._outcome if is_done else "RUNNING",
            "errorCode": "TIMEOUT" if is_done and self._outcome == "FAILED" else None,
            "fileSize": len(self.file) if is_complete else None,
            "rootObjectCount": self._roots,
            "url": self._url if is_complete and self.file else None,
        }


def json_lines(data: dict[str, Any]) -> Iterator[str]:
    """Roots in order, children shuffled among all that come after the first root, some before their parent."""
    lines = [
        line for connection in data.values() for edge in connection["edges"] for line in _lines(edge["node"], None)
    ]
    roots = [each for each in lines if "__parentId" not in each]
    children = [each for each in lines if "__parentId" in each]
    shuffled = random.Random(7)
    order = [True] * len(roots) + [False] * len(children)
    shuffled.shuffle(order)
    shuffled.shuffle(children)
    return (json.dumps(roots.pop(0) if is_root else children.pop()) for is_root in order)


def _lines(node: dict[str, Any], parent: str | None) -> Iterator[dict[str, Any]]:
    inner = {key: value for key, value in node.items() if isinstance(value, dict) and "edges" in value}
    own = {key: value for key, value in node.items() if key not in inner}
    yield own | ({"__parentId": parent} if parent else {})
    for connection in inner.values():
        for edge in connection["edges"]:
            yield from _lines(edge["node"], node["id"])
