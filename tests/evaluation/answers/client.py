"""Asks a running Aisle over its public HTTP interface."""

import json
import time
import uuid
from collections.abc import Iterable
from typing import Any

import httpx
from msgspec import Struct

from tests.evaluation.answers.verdict import SOLD_OUT, Answer

TRIES = 8
LONGEST_WAIT_S = 60.0


class Session(Struct, frozen=True):
    """A conversation as the widget holds it."""

    token: str
    conversation_id: str


class ShopClient:
    """One shop of a running Aisle."""

    def __init__(self, base_url: str, secret_key: str) -> None:
        self._http = httpx.Client(base_url=base_url, timeout=120)
        self._secret = {"Authorization": f"Bearer {secret_key}"}
        keys = self._http.get("/v1/keys", headers=self._secret).raise_for_status().json()["data"]
        self._publishable = next(each["key"] for each in keys if each["kind"] == "publishable" and each["key"])

    def open_session(self, locale: str) -> Session:
        """Begin a conversation of a visitor whose browser has that language."""
        body = {"key": self._publishable, "locale": locale}
        made = self._post("/v1/sessions", body, self._secret).json()
        return Session(made["session"], made["conversation_id"])

    def search(self, query: str, kind: str, limit: int) -> list[dict[str, Any]]:
        """The hits of `POST /v1/search`, best first."""
        body = {"query": query, "kinds": [kind], "limit": limit}
        hits: list[dict[str, Any]] = self._post("/v1/search", body, self._secret).json()["hits"]
        return hits

    def ask(self, session: Session, text: str) -> Answer:
        """Send a message and read the whole answer."""
        message = {"id": str(uuid.uuid4()), "role": "user", "parts": [{"type": "text", "text": text}]}
        body = {"id": session.conversation_id, "message": message}
        began = time.monotonic()
        reply = self._post("/v1/chat", body, {"Authorization": f"Bearer {session.token}"})
        return read_stream(reply.text.splitlines(), time.monotonic() - began)

    def _post(self, path: str, body: dict[str, Any], headers: dict[str, str]) -> httpx.Response:
        for attempt in range(TRIES):
            reply = self._http.post(path, json=body, headers=headers)
            if reply.status_code not in (429, 503) or attempt == TRIES - 1:
                break
            time.sleep(min(LONGEST_WAIT_S, float(reply.headers.get("Retry-After") or 2)))
        return reply.raise_for_status()


def read_stream(lines: Iterable[str], seconds: float = 0.0) -> Answer:
    """The answer of a chat stream: its text, the titles of its cards, its order, its sources and other parts."""
    text, order = "", ""
    cards: list[str] = []
    sources: list[str] = []
    parts: list[str] = []
    for line in lines:
        if not line.startswith("data:") or line == "data: [DONE]":
            continue
        part = json.loads(line.removeprefix("data:"))
        match part["type"]:
            case "text-delta":
                text += part["delta"]
            case "text-end":
                text += "\n"
            case "data-products":
                cards += [
                    each["title"] + ("" if each.get("available", True) else SOLD_OUT)
                    for each in part["data"]["products"]
                ]
            case "data-order":
                order += "[order] " + json.dumps(part["data"].get("order"), ensure_ascii=False) + "\n"
            case "source-document" | "source-url":
                sources.append(str(part.get("title") or part.get("url") or ""))
            case "data-handoff" | "data-verification" | "data-fallback":
                parts.append(part["type"].removeprefix("data-"))
            case "error":
                parts.append("error")
                text += f"[error: {part.get('errorText')}]"
    return Answer(
        text=text.strip(), cards=tuple(cards), order=order, sources=tuple(sources), parts=tuple(parts), seconds=seconds
    )
