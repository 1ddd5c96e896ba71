"""What `chat_server` remembers: shoppers, their conversations, and the turns in them."""

import asyncio
import json
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from aiohttp import web


@dataclass
class Turn:
    """The events of one answer, kept so that a reader may come back for them."""

    events: list[dict[str, Any]] = field(default_factory=list)
    done: bool = False
    stopped: bool = False
    news: asyncio.Condition = field(default_factory=asyncio.Condition)


@dataclass
class Talk:
    """One conversation: its messages, the proof level reached, the running turn, what staff do in it."""

    id: str
    messages: list[dict[str, Any]] = field(default_factory=list)
    seen: dict[str, Turn] = field(default_factory=dict)
    level: int = 0
    turn: Turn | None = None
    state: str = "open"
    handoff: dict[str, Any] | None = None
    pictures: dict[str, tuple[str, bytes]] = field(default_factory=dict)

    def listed(self) -> dict[str, Any]:
        """As `GET /v1/chat` shows it."""
        words = [part["text"] for message in self.messages for part in message["parts"] if part["type"] == "text"]
        said = {"title": words[0] if words else "", "preview": words[-1][:80] if words else ""}
        return {"id": self.id, "state": self.state, "last_message_at": datetime.now(UTC).isoformat(), **said}

    def say(self, role: str, *parts: dict[str, Any], **metadata: Any) -> None:
        """One more message, as it is in the history."""
        self.messages.append({"id": str(uuid.uuid4()), "role": role, "parts": list(parts), "metadata": metadata})


@dataclass
class Shopper:
    """One token and the conversations it opens, oldest first."""

    token: str
    talks: list[Talk] = field(default_factory=list)

    def talk(self, wanted: str | None) -> Talk | None:
        """A conversation by its id, a "new" one, or the latest; None for anybody else's."""
        if wanted == "new" or not self.talks:
            self.talks.append(Talk(str(uuid.uuid4())))
        if wanted in (None, "new"):
            return self.talks[-1]
        return next((talk for talk in self.talks if talk.id == wanted), None)


async def followed(turn: Turn, start: int) -> AsyncIterator[tuple[int, dict[str, Any]]]:
    """Numbered events after `start`, as they come, to the end of the turn."""
    at = start
    while True:
        async with turn.news:
            while len(turn.events) <= at and not turn.done:
                await turn.news.wait()
        if at >= len(turn.events):
            return
        at += 1
        yield at, turn.events[at - 1]


def wired(number: int, event: dict[str, Any]) -> bytes:
    """One event as it goes over the line."""
    return f"id: t-{number}\ndata: {json.dumps(event, ensure_ascii=False)}\n\n".encode()


def problem(status: int, code: str) -> web.Response:
    """A refusal in the form of RFC 9457."""
    body = {"type": f"https://aisle.example/problems/{code}", "title": code, "status": status, "code": code}
    return web.json_response(body, status=status, content_type="application/problem+json")
