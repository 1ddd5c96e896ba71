"""A local server that speaks OpenAI's wire: streamed chat with tools, and embeddings.

    python -m tests.standins.openai_server --port 0 --port-file F [--no-validate]

POST /v1/chat/completions, POST /v1/embeddings, GET /v1/models. And for those who test with it:
POST /config    changes `Config` while it runs
POST /reset     back to the first state
GET  /stats     counts, streams open now, requests and answers validated against the published schema
GET  /requests  the last requests as they came, without their Authorization
POST /wait      {"open": n} is answered when so many chat streams are open

What it says is decided by the first rule whose `when` (a regular expression) is found in the last user message;
its `steps` are the rounds of one turn: {"reply": text}, {"calls": [{"name", "arguments"}]} or {"fail": mode};
{"reply": text, "then": "cut" or "stall"} breaks off after its text; {"reply": text, "finish": "length"} ends at the
token limit.
Without a rule it behaves as `Config.mode` says. Failures: see `fail` in openai_stream.py; of embeddings: `_embed`.
"""

import argparse
import asyncio
import base64
import contextlib
import json
import re
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections import deque
from collections.abc import Callable, Coroutine, Iterator, MutableMapping
from pathlib import Path
from typing import Any

import msgspec
import uvicorn

from tests.standins.openai_behaviour import Call, Turn, assist, embed, obey, pick, quote, read_turn, repeat, talk
from tests.standins.openai_schema import SchemaCheck
from tests.standins.openai_stream import ChatStream, Config, Send, break_off, count_tokens, fail, send_error, send_json

Receive = Callable[[], Coroutine[Any, Any, MutableMapping[str, Any]]]

ANSWERS = ("assistant", "gullible", "pick", "quote", "repeat", "words")
"""The modes that are no failure."""

_DIMENSIONS = 1536  # of an embedding model that is not asked for fewer
_KEPT_REQUESTS = 1000


class OpenAIStandin:
    """The ASGI application."""

    def __init__(self, *, validate: bool = True) -> None:
        self._validate = validate
        self._opened_or_closed = asyncio.Condition()
        self.reset()

    def reset(self) -> None:
        self.config = Config()
        self.schema = SchemaCheck(enabled=self._validate)
        self.requests: deque[dict[str, Any]] = deque(maxlen=_KEPT_REQUESTS)
        self.counts = {"chat": 0, "embeddings": 0, "embedded_texts": 0, "open": 0, "most_open": 0, "disconnected": 0}

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        body = await _body(receive)
        match scope["path"]:
            case "/config":
                given = msgspec.json.decode(body)
                current = msgspec.structs.asdict(self.config)
                self.config = msgspec.convert(current | given, Config)
                await send_json(send, msgspec.structs.asdict(self.config))
            case "/reset":
                self.reset()
                await send_json(send, {})
            case "/stats":
                checked = {"validated": self.schema.validated, "invalid": self.schema.invalid}
                await send_json(send, self.counts | checked | {"validates": self.schema.is_enabled})
            case "/wait":
                await self._wait_for_open(msgspec.json.decode(body)["open"])
                await send_json(send, {})
            case "/requests":
                await send_json(send, list(self.requests))
            case path:
                await self._api(path.removeprefix("/v1"), scope["client"], headers, body, receive, send)

    async def _wait_for_open(self, count: int) -> None:
        async with self._opened_or_closed:
            await self._opened_or_closed.wait_for(lambda: self.counts["open"] == count)

    async def _count_open(self, change: int) -> None:
        self.counts["open"] += change
        self.counts["most_open"] = max(self.counts["most_open"], self.counts["open"])
        async with self._opened_or_closed:
            self._opened_or_closed.notify_all()

    async def _api(
        self, path: str, client: Any, headers: dict[str, str], body: bytes, receive: Receive, send: Send
    ) -> None:
        authorization = headers.pop("authorization", "")
        came = {"path": path, "client": client, "headers": headers, "body": body.decode("utf-8", "replace")}
        self.requests.append(came)
        request = msgspec.json.decode(body) if body else {}
        if self.config.key and authorization != f"Bearer {self.config.key}":
            await send_error(send, 401, "invalid_api_key", f"Incorrect API key provided: {authorization[7:]}")
            return
        if self.config.model and request.get("model", self.config.model) != self.config.model:
            await send_error(send, 404, "model_not_found", f"The model {request['model']} does not exist")
            return
        match path:
            case "/chat/completions":
                self.schema.check("CreateChatCompletionRequest", request)
                await self._chat(request, receive, send)
            case "/embeddings":
                self.schema.check("CreateEmbeddingRequest", request)
                await self._embed(request, send)
            case "/models":
                await send_json(send, {"object": "list", "data": [{"id": self.config.model or "standin"}]})
            case _:
                await send_error(send, 404, "unknown_url", f"Unknown request URL: {path}")

    async def _chat(self, request: dict[str, Any], receive: Receive, send: Send) -> None:
        self.counts["chat"] += 1
        await self._count_open(+1)
        answer = asyncio.create_task(self._answer(request, send))
        leaving = asyncio.create_task(receive())
        try:
            await asyncio.wait((answer, leaving), return_when=asyncio.FIRST_COMPLETED)
            if answer.done():
                answer.result()
            else:
                self.counts["disconnected"] += 1
        finally:
            for task in (answer, leaving):
                task.cancel()
            await self._count_open(-1)

    async def _answer(self, request: dict[str, Any], send: Send) -> None:
        stream = ChatStream(request, self.config, self.schema, self.counts["chat"], send)
        turn = read_turn(request)
        step = self._rule_step(turn)
        failure = step.get("fail") or self._failure()
        if failure:
            await fail(failure, stream, turn)
        elif "calls" in step:
            await stream.call([Call(call["name"], _as_json(call["arguments"])) for call in step["calls"]])
        elif "then" in step:
            await stream.say(step["reply"], finish=False)
            await break_off(step["then"])
        elif "reply" in step:
            await stream.say(step["reply"], reason=step.get("finish", "stop"))
        else:
            await self._behave(stream, turn)

    async def _behave(self, stream: "ChatStream", turn: Turn) -> None:
        match self.config.mode:
            case "words":
                decision: list[Call] | str = talk(self.config.tokens)
            case "quote":
                decision = quote(turn, self.config.tokens)
            case "gullible":
                decision = obey(turn)
            case "pick":
                decision = pick(turn)
            case "repeat":
                decision = repeat(turn)
            case _:
                decision = assist(turn)
        await (stream.say(decision) if isinstance(decision, str) else stream.call(decision))

    def _rule_step(self, turn: Turn) -> dict[str, Any]:
        for rule in self.config.rules:
            if re.search(rule["when"], turn.said, re.I):
                steps: list[dict[str, Any]] = rule["steps"]
                return steps[min(turn.rounds, len(steps) - 1)]
        return {}

    def _failure(self) -> str | None:
        """The failure of this request, counted down."""
        if self.config.mode in ANSWERS or self.config.times == 0:
            return None
        if self.config.times is not None:
            self.config.times -= 1
        return self.config.mode

    async def _embed(self, request: dict[str, Any], send: Send) -> None:
        given = request["input"]
        texts = [given] if isinstance(given, str) else given
        self.counts["embeddings"] += 1
        self.counts["embedded_texts"] += len(texts)
        mode = self.config.embedding
        if mode.isdigit():
            await send_error(send, int(mode), "server_error", "scripted", self.config.retry_after)
            return
        if mode == "refuse_dimensions" and "dimensions" in request:
            await send_error(send, 400, None, "This model does not support specifying dimensions.")
            return
        dimensions = _DIMENSIONS if mode == "ignore_dimensions" else request.get("dimensions", _DIMENSIONS)
        vectors = [embed(text, dimensions) * (0 if mode == "zero" else 1) for text in texts]
        data = [{"object": "embedding", "index": i, "embedding": v.tolist()} for i, v in enumerate(vectors)]
        usage = {"prompt_tokens": sum(map(count_tokens, texts)), "total_tokens": sum(map(count_tokens, texts))}
        answer = {"object": "list", "data": data, "model": request["model"], "usage": usage}
        self.schema.check("CreateEmbeddingResponse", answer)
        if request.get("encoding_format") == "base64":
            for item, vector in zip(data, vectors, strict=True):
                item["embedding"] = base64.b64encode(vector.tobytes()).decode()
        await send_json(send, answer | {"data": data[:-1] if mode == "fewer" else data[::-1]})


def _as_json(arguments: Any) -> str:
    return arguments if isinstance(arguments, str) else json.dumps(arguments)


async def _body(receive: Receive) -> bytes:
    body: bytes = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            return body


class RunningStandin:
    """A stand-in in a process of its own."""

    def __init__(self, port: int) -> None:
        self.root = f"http://127.0.0.1:{port}"
        self.base_url = f"{self.root}/v1"

    def configure(self, **config: Any) -> None:
        """Fields of `Config`."""
        self._call("/config", config)

    def reset(self) -> None:
        self._call("/reset", {})

    def stats(self) -> dict[str, Any]:
        found: dict[str, Any] = self._call("/stats")
        return found

    def wait_for_open(self, count: int) -> None:
        """Until so many chat streams are open; fails after 10 s. Blocks: give it a thread when the loop has work."""
        self._call("/wait", {"open": count})

    def requests(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self._call("/requests")
        return found

    def _call(self, path: str, body: Any = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        with urllib.request.urlopen(urllib.request.Request(self.root + path, data), timeout=10) as response:
            return json.load(response)


@contextlib.contextmanager
def running(*arguments: str) -> Iterator[RunningStandin]:
    """Starts one on a free port, stops it at the end."""
    with tempfile.TemporaryDirectory() as folder:
        port_file = Path(folder) / "port"
        command = [sys.executable, "-m", __spec__.name, "--port-file", str(port_file), *arguments]
        process = subprocess.Popen(command, cwd=Path(__file__).resolve().parents[2])
        try:
            yield RunningStandin(_wait_for_port(port_file, process))
        finally:
            process.terminate()
            process.wait(10)


def _wait_for_port(port_file: Path, process: subprocess.Popen[bytes]) -> int:
    deadline = time.monotonic() + 30
    while not port_file.exists():
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError("the OpenAI stand-in did not start")
        time.sleep(0.02)
    return int(port_file.read_text())


def main() -> None:
    """Serves until a signal comes."""
    parser = argparse.ArgumentParser(description="A local server that speaks OpenAI's wire")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--port-file", type=Path)
    parser.add_argument("--no-validate", action="store_true")
    options = parser.parse_args()
    listener = socket.create_server(("127.0.0.1", options.port), backlog=2048)
    standin = OpenAIStandin(validate=not options.no_validate)
    config = uvicorn.Config(
        standin, log_level="critical", access_log=False, lifespan="off", timeout_graceful_shutdown=1
    )
    server = uvicorn.Server(config)
    if options.port_file:  # connections wait in the backlog until the loop runs
        temporary = options.port_file.with_suffix(".tmp")
        temporary.write_text(str(listener.getsockname()[1]))
        temporary.replace(options.port_file)
    server.run(sockets=[listener])


if __name__ == "__main__":
    main()
