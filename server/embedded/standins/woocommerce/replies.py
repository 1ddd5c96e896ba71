"""Requests and replies, without a web framework."""

from typing import Any

import msgspec


class Request(msgspec.Struct):
    """`query` is the decoded form of `raw_query`; header names are lower-case; `path` is without the query."""

    method: str
    path: str
    raw_query: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes


class Reply(msgspec.Struct):
    """The response to a request."""

    status: int
    body: bytes
    headers: dict[str, str]


def data(value: Any, status: int = 200, **headers: str) -> Reply:
    """JSON."""
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    return Reply(status, msgspec.json.encode(value), {"content-type": "application/json; charset=UTF-8"} | named)


def error(status: int, code: str, message: str) -> Reply:
    """WordPress's error."""
    return data({"code": code, "message": message, "data": {"status": status}}, status)


def page(status: int, html: str, **headers: str) -> Reply:
    """HTML: what a proxy, a plugin or PHP itself says."""
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    return Reply(status, html.encode(), {"content-type": "text/html; charset=utf-8"} | named)
