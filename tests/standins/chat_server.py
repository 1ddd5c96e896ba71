"""A small server of our own wire with ready answers: the widget's other half for its tests and for looking at it.

One port, two origins: the shop's pages are asked for as `127.0.0.1`, Aisle itself as `localhost`. What a shopper
writes picks the answer (see `chat_answers`). `POST /_control {"cut_after": n}` breaks the next answer's connection
after n events, `{"refuse": status}` refuses the next question. Start it in the project's root with
`python -m tests.standins.chat_server --port 8900`.
"""

import argparse
import asyncio
import json
import pathlib
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from tests.standins import chat_answers as answers

ROOT = pathlib.Path(__file__).parents[2]
CDN = ROOT / "cdn"
PAGES = ROOT / "widget" / "test" / "pages"
HEADERS: dict[str, dict[str, str]] = json.loads((CDN / "headers.json").read_text())
PAGE_HEADERS = {
    "strict": {
        "Content-Security-Policy": "default-src 'none'; script-src 'nonce-shop' {aisle}; style-src 'nonce-shop'; "
        "frame-src {aisle}; require-trusted-types-for 'script'; trusted-types 'none'; base-uri 'none'"
    },
    "isolated": {
        "Cross-Origin-Embedder-Policy": "require-corp",
        "Cross-Origin-Opener-Policy": "same-origin",
    },
}


@dataclass
class Turn:
    """The events of one answer, kept so that a reader may come back for them."""

    events: list[dict[str, Any]] = field(default_factory=list)
    done: bool = False
    stopped: bool = False
    news: asyncio.Condition = field(default_factory=asyncio.Condition)


@dataclass
class Talk:
    """One conversation: its messages, the proof level reached, and the running turn."""

    id: str
    messages: list[dict[str, Any]] = field(default_factory=list)
    seen: dict[str, Turn] = field(default_factory=dict)
    level: int = 0
    turn: Turn | None = None
    state: str = "open"


class ChatServer:
    """Holds every conversation in memory and plays the answers at `pace_s` seconds per event."""

    def __init__(self, pace_s: float) -> None:
        self.pace_s = pace_s
        self.talks: dict[str, Talk] = {}
        self.faults: dict[str, Any] = {}
        self.calls: list[dict[str, Any]] = []
        self.tasks: set[asyncio.Task[None]] = set()

    def app(self) -> web.Application:
        app = web.Application()
        app.add_routes(
            [
                web.get("/widget.js", self.asset),
                web.get("/frame", self.frame),
                web.get("/assets/{name}", self.asset),
                web.get("/pages/{name}", self.page),
                web.get("/pictures/{name}", self.picture),
                web.post("/v1/sessions", self.sessions),
                web.post("/v1/chat", self.chat),
                web.get("/v1/chat/{id}", self.history),
                web.get("/v1/chat/{id}/stream", self.stream),
                web.post("/v1/chat/{id}/{act:stop|feedback|verification|handoff}", self.act),
                web.post("/_control", self.control),
                web.get("/_calls", self.list_calls),
            ]
        )
        return app

    async def asset(self, request: web.Request) -> web.FileResponse:
        path = request.path.lstrip("/")
        headers = HEADERS["assets/" if path.startswith("assets/") else path]
        return web.FileResponse(CDN / path, headers=headers)

    async def frame(self, request: web.Request) -> web.Response:
        shop = f"http://127.0.0.1:{request.url.port}"
        headers = {name: value.format(frame_ancestors=shop) for name, value in HEADERS["frame.html"].items()}
        return web.Response(body=(CDN / "frame.html").read_bytes(), headers=headers)

    async def page(self, request: web.Request) -> web.Response:
        name = request.match_info["name"]
        aisle = f"http://localhost:{request.url.port}"
        headers = {key: value.format(aisle=aisle) for key, value in PAGE_HEADERS.get(name, {}).items()}
        text = (PAGES / f"{name}.html").read_text().replace("{{aisle}}", aisle)
        return web.Response(text=text, content_type="text/html", headers=headers)

    async def picture(self, request: web.Request) -> web.Response:
        picture = answers.picture(request.match_info["name"])
        return web.Response(text=picture, content_type="image/svg+xml", headers=HEADERS["assets/"])

    async def control(self, request: web.Request) -> web.Response:
        self.faults.update(await request.json())
        return web.json_response({})

    async def list_calls(self, _request: web.Request) -> web.Response:
        return web.json_response(self.calls)

    async def sessions(self, request: web.Request) -> web.Response:
        body = await self._noted(request)
        if body.get("session") and body["session"] not in self.talks:
            return problem(401, "session_unknown")
        talk = self.talks.get(body.get("session", "")) or Talk(str(uuid.uuid4()))
        self.talks[talk.id] = talk
        locale = str(body.get("locale", "en"))
        return web.json_response(answers.session(talk.id, locale, self.faults.get("appearance", {})), status=201)

    async def chat(self, request: web.Request) -> web.StreamResponse:
        body = await self._noted(request)
        if refuse := self.faults.pop("refuse", None):
            return problem(refuse, "refused")
        talk = self._talk(request)
        if talk is None:
            return problem(401, "session_unknown")
        message = body["message"]
        turn = talk.seen.get(message["id"])
        if turn is None:
            talk.turn = turn = talk.seen[message["id"]] = Turn()
            talk.messages.append(message)
            task = asyncio.create_task(self._play(talk, turn, message["parts"][0]["text"]))
            self.tasks.add(task)
            task.add_done_callback(self.tasks.discard)
        return await self._send(request, turn, 0, self.faults.pop("cut_after", None))

    async def stream(self, request: web.Request) -> web.StreamResponse:
        self.calls.append({"path": request.path, "after": request.headers.get("Last-Event-ID")})
        talk = self._talk(request)
        if talk is None or talk.turn is None or (talk.turn.done and "Last-Event-ID" not in request.headers):
            return web.Response(status=204)
        start = int(request.headers.get("Last-Event-ID", "t-0").split("-")[-1])
        return await self._send(request, talk.turn, start, self.faults.pop("cut_again", None))

    async def history(self, request: web.Request) -> web.Response:
        talk = self._talk(request)
        if talk is None:
            return problem(404, "not_found")
        return web.json_response({"id": talk.id, "state": talk.state, "messages": talk.messages})

    async def act(self, request: web.Request) -> web.Response:
        body = await self._noted(request)
        talk = self._talk(request)
        if talk is None:
            return problem(404, "not_found")
        match request.match_info["act"]:
            case "stop" if talk.turn:
                talk.turn.stopped = True
            case "verification" if body.get("send_code"):
                return web.json_response({}, status=202)
            case "verification":
                talk.level = max(talk.level, answers.level_of(body))
                return web.json_response({"level": answers.level_of(body), "status": "checked"})
            case "handoff":
                return web.json_response({"state": "requested"})
        return web.json_response({})

    async def _noted(self, request: web.Request) -> dict[str, Any]:
        body: dict[str, Any] = await request.json()
        self.calls.append({"path": request.path, "body": body})
        return body

    def _talk(self, request: web.Request) -> Talk | None:
        return self.talks.get(request.headers.get("Authorization", "").removeprefix("Bearer "))

    async def _play(self, talk: Talk, turn: Turn, text: str) -> None:
        answer: dict[str, Any] = {"id": str(uuid.uuid4()), "role": "assistant", "parts": [], "metadata": {}}
        talk.messages.append(answer)
        for event in [
            {"type": "start", "messageId": answer["id"]},
            *answers.events(text, talk.level, str(self.faults.get("base", ""))),
        ]:
            if turn.stopped:
                event = {"type": "abort"}
            answers.fold(answer, event)
            async with turn.news:
                turn.events.append(event)
                turn.done = event["type"] in ("finish", "abort", "error")
                turn.news.notify_all()
            if turn.done:
                return
            await asyncio.sleep(self.pace_s)

    async def _send(self, request: web.Request, turn: Turn, start: int, cut_after: int | None) -> web.StreamResponse:
        headers = {
            "Content-Type": "text/event-stream",
            "x-vercel-ai-ui-message-stream": "v1",
            "Cache-Control": "no-store",
        }
        response = web.StreamResponse(headers=headers)
        await response.prepare(request)
        async for number, event in followed(turn, start):
            if cut_after is not None and number > cut_after:
                assert request.transport is not None
                request.transport.abort()
                return response
            await response.write(f"id: t-{number}\ndata: {json.dumps(event, ensure_ascii=False)}\n\n".encode())
        await response.write(b"data: [DONE]\n\n")
        return response


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


def problem(status: int, code: str) -> web.Response:
    """A refusal in the form of RFC 9457."""
    body = {"type": f"https://aisle.example/problems/{code}", "title": code, "status": status, "code": code}
    return web.json_response(body, status=status, content_type="application/problem+json")


def main() -> None:
    """Serves until stopped; prints one line once it listens."""
    options = argparse.ArgumentParser()
    options.add_argument("--port", type=int, default=8900)
    options.add_argument("--pace", type=float, default=0.12, help="seconds between two events")
    chosen = options.parse_args()
    server = ChatServer(chosen.pace)
    server.faults["base"] = f"http://localhost:{chosen.port}"
    web.run_app(server.app(), host="127.0.0.1", port=chosen.port, access_log=None)


if __name__ == "__main__":
    main()
