"""A small server of our own wire with ready answers: the widget's other half for its tests and for looking at it.

One port, two origins: the shop's pages are asked for as `127.0.0.1`, Aisle itself as `localhost`. What a shopper
writes picks the answer (see `chat_answers`). `POST /_control {"cut_after": n}` breaks the next answer's connection
after n events, `{"refuse": status}` refuses the next question, `{"say": [event, ...]}` is the next answer,
`{"hold_after": n}` keeps answers back after n events until it is null, `{"session": {...}}` changes what a session
opens with. `POST /_reset` forgets all of that and every shopper. Start it in the project's root with
`python -m tests.standins.chat_server --port 8900`.
"""

import argparse
import asyncio
import json
import pathlib
import uuid
from typing import Any

from aiohttp import web

from tests.standins import chat_answers as answers
from tests.standins.chat_edge import PAGE_HEADERS, guard, listed_origins
from tests.standins.chat_people import People
from tests.standins.chat_talks import Shopper, Talk, Turn, followed, problem, wired

ROOT = pathlib.Path(__file__).parents[2]
CDN = ROOT / "cdn"
PAGES = ROOT / "widget" / "test" / "pages"
HEADERS: dict[str, dict[str, str]] = json.loads((CDN / "headers.json").read_text())


class ChatServer(People):
    """Holds every conversation in memory and plays the answers at `pace_s` seconds per event."""

    def __init__(self, pace_s: float) -> None:
        super().__init__()
        self.pace_s = pace_s
        self.tasks: set[asyncio.Task[None]] = set()

    def app(self) -> web.Application:
        app = web.Application()
        app.add_routes(
            [
                web.get("/{name:widget.js|client.js}", self.asset),
                web.get("/frame", self.frame),
                web.get("/assets/{name}", self.asset),
                web.get("/pages/{name}", self.page),
                web.get("/pictures/{name}", self.picture),
                web.post("/v1/sessions", self.sessions),
                web.post("/v1/chat", self.chat),
                web.get("/v1/chat/{id}", self.history),
                web.get("/v1/chat/{id}/stream", self.stream),
                web.post("/v1/chat/{id}/{act:stop|feedback|verification|handoff|typing|reports}", self.act),
                web.post("/v1/chat/{id}/{act:sign-in}", self.act),
                web.post("/v1/chat/{id}/sign-in/{act:result}", self.act),
                *self.routes(),
                web.post("/_control", self.control),
                web.post("/_reset", self.reset),
                web.get("/_calls", self.list_calls),
            ]
        )
        guard(app, self.faults)
        return app

    async def asset(self, request: web.Request) -> web.FileResponse:
        path = request.path.lstrip("/")
        headers = HEADERS["assets/" if path.startswith("assets/") else path]
        return web.FileResponse(CDN / path, headers=headers)

    async def frame(self, request: web.Request) -> web.Response:
        listed = " ".join(listed_origins(request, self.faults))
        headers = {name: value.format(frame_ancestors=listed) for name, value in HEADERS["frame.html"].items()}
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

    async def reset(self, request: web.Request) -> web.Response:
        self.faults.clear()
        self.faults["base"] = f"http://localhost:{request.url.port}"
        self.shoppers.clear()
        self.calls.clear()
        return web.json_response({})

    async def list_calls(self, _request: web.Request) -> web.Response:
        return web.json_response(self.calls)

    async def sessions(self, request: web.Request) -> web.Response:
        body = await self.noted(request)
        token = body.get("session")
        if token and token not in self.shoppers:
            return problem(401, "session_unknown")
        shopper = self.shoppers.setdefault(token or str(uuid.uuid4()), Shopper(token or ""))
        shopper.token = next(key for key, known in self.shoppers.items() if known is shopper)
        talk = shopper.talk(body.get("conversation_id"))
        if talk is None:
            return problem(404, "not_found")
        locale = str(body.get("locale", "en"))
        said = answers.session(shopper.token, talk.id, locale, self.faults.get("appearance", {}))
        return web.json_response(said | self.faults.get("session", {}), status=201)

    async def chat(self, request: web.Request) -> web.StreamResponse:
        body = await self.noted(request)
        if refuse := self.faults.pop("refuse", None):
            return problem(refuse, "refused")
        talk = self.talk(request, body["id"])
        if talk is None:
            return problem(401, "session_unknown")
        message = body["message"]
        turn = talk.seen.get(message["id"])
        if turn is None:
            talk.turn = turn = talk.seen[message["id"]] = Turn()
            talk.messages.append(message)
            words = " ".join(part["text"] for part in message["parts"] if part["type"] == "text")
            task = asyncio.create_task(self._play(talk, turn, words))
            self.tasks.add(task)
            task.add_done_callback(self.tasks.discard)
        return await self._send(request, turn, 0, self.faults.pop("cut_after", None))

    async def stream(self, request: web.Request) -> web.StreamResponse:
        self.calls.append({"path": request.path, "after": request.headers.get("Last-Event-ID")})
        talk = self.talk(request)
        if talk is None or talk.turn is None or (talk.turn.done and "Last-Event-ID" not in request.headers):
            return web.Response(status=204)
        start = int(request.headers.get("Last-Event-ID", "t-0").split("-")[-1])
        if "poll" in request.query:
            so_far = [wired(at + 1, event) for at, event in enumerate(talk.turn.events)]
            return web.Response(body=b"".join(so_far[start:]), content_type="text/event-stream")
        return await self._send(request, talk.turn, start, self.faults.pop("cut_again", None))

    async def history(self, request: web.Request) -> web.Response:
        talk = self.talk(request)
        if talk is None:
            return problem(404, "not_found")
        self.calls.append({"path": request.path})
        known = {"id": talk.id, "state": talk.state, "messages": talk.messages}
        return web.json_response({**known, "presence": self.presence(talk)})

    async def act(self, request: web.Request) -> web.Response:
        body = await self.noted(request)
        talk = self.talk(request)
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
                return web.json_response(self.handoff(talk, body))
            case "typing" | "reports":
                return web.Response(status=204)
            case "sign-in":
                return web.json_response({"url": f"{request.url.origin()}/sign-in"})
            case "result":
                return web.json_response({"customer": {"token": "signed-in"}})
        return web.json_response({})

    async def _play(self, talk: Talk, turn: Turn, text: str) -> None:
        answer: dict[str, Any] = {"id": str(uuid.uuid4()), "role": "assistant", "parts": [], "metadata": {}}
        talk.messages.append(answer)
        for event in [
            {"type": "start", "messageId": answer["id"]},
            *(self.faults.pop("say", None) or answers.events(text, talk.level, str(self.faults.get("base", "")))),
        ]:
            if turn.stopped:
                event = {"type": "abort"}
                answer["metadata"]["stopped"] = True
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
        if self.faults.get("buffer"):
            whole = b"".join([wired(number, event) async for number, event in followed(turn, start)])
            return web.Response(body=whole + b"data: [DONE]\n\n", headers=headers)
        await response.prepare(request)
        async for number, event in followed(turn, start):
            while number > (self.faults.get("hold_after") or number):  # noqa: ASYNC110 - released by any request
                await asyncio.sleep(self.pace_s)
            if cut_after is not None and number > cut_after:
                assert request.transport is not None
                request.transport.abort()
                return response
            await response.write(wired(number, event))
        await response.write(b"data: [DONE]\n\n")
        return response


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
