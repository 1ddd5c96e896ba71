"""How the stand-in for OpenAI streams an answer, and the ways in which it can fail to."""

import asyncio
import json
import re
import time
from collections.abc import Awaitable, Callable
from hashlib import blake2b
from typing import Any

import msgspec

from tests.standins.openai_behaviour import Call, Turn
from tests.standins.openai_schema import SchemaCheck

Send = Callable[[dict[str, Any]], Awaitable[None]]

_HUGE_TOKEN = "x" * 1_000_000


class Config(msgspec.Struct):
    """How it behaves. `mode`: assistant, gullible, pick, quote, repeat, words, or a failure."""

    mode: str = "assistant"
    times: int | None = None  # so many requests fail, later ones are answered; None: all
    rules: list[dict[str, Any]] = []
    tokens: int = 40  # of an answer in the modes quote and words
    first_ms: float = 0
    token_ms: float = 0
    drip_ms: float = 1000  # between two bytes in mode drip
    retry_after: str | None = None
    key: str | None = None  # other keys are refused
    model: str | None = None  # other models are not known
    embedding: str = "ok"


class Cut(Exception):
    """Makes uvicorn break the connection."""


class ChatStream:
    """Writes one streamed answer, chunk by chunk."""

    def __init__(self, request: dict[str, Any], config: Config, schema: SchemaCheck, number: int, send: Send) -> None:
        self.config = config
        self.request = request
        self.send = send
        self._schema = schema
        self._options = request.get("stream_options") or {}
        self._frame = {
            "id": f"chatcmpl-{number}",
            "object": "chat.completion.chunk",
            "created": int(time.time()),
            "model": request["model"],
        }

    async def say(self, text: str, *, finish: bool = True, reason: str = "stop") -> None:
        """An answer word by word; without `finish` it stays open."""
        await self.open()
        await self.chunk({"role": "assistant", "content": ""})
        words = re.findall(r"\s*\S+\s*$|\s*\S+", text)
        for word in words:
            await self.chunk({"content": word})
            await asyncio.sleep(self.config.token_ms / 1000)
        if finish:
            await self.finish(reason, len(words))

    async def call(self, calls: list[Call]) -> None:
        """Arguments come in pieces, as they do from real models."""
        await self.open()
        await self.chunk({"role": "assistant", "content": None})
        for index, call in enumerate(calls):
            opening = {"name": call.name, "arguments": ""}
            call_id = f"call_{blake2b(f'{index}{call}'.encode(), digest_size=8).hexdigest()}"
            fragment = {"index": index, "id": call_id, "type": "function", "function": opening}
            await self.chunk({"tool_calls": [fragment]})
            for piece in re.findall(r"(?s).{1,8}", call.arguments):
                await self.chunk({"tool_calls": [{"index": index, "function": {"arguments": piece}}]})
        await self.finish("tool_calls", sum(count_tokens(call.arguments) for call in calls))

    async def open(self) -> None:
        headers = [(b"content-type", b"text/event-stream"), (b"cache-control", b"no-cache")]
        await self.send({"type": "http.response.start", "status": 200, "headers": headers})
        await asyncio.sleep(self.config.first_ms / 1000)

    async def chunk(self, delta: dict[str, Any], finish_reason: str | None = None) -> None:
        choice = {"index": 0, "delta": delta, "finish_reason": finish_reason}
        await self.frame(self._frame | {"choices": [choice]})

    async def frame(self, frame: dict[str, Any]) -> None:
        self._schema.check("CreateChatCompletionStreamResponse", frame)
        await self.raw(b"data: " + msgspec.json.encode(frame) + b"\n\n")

    async def raw(self, data: bytes) -> None:
        await self.send({"type": "http.response.body", "body": data, "more_body": True})

    async def finish(self, reason: str, tokens: int, usage: dict[str, Any] | None = None) -> None:
        await self.chunk({}, reason)
        if self._options.get("include_usage"):
            prompt = sum(count_tokens(json.dumps(message)) for message in self.request["messages"])
            told = {"prompt_tokens": prompt, "completion_tokens": tokens, "total_tokens": prompt + tokens}
            await self.frame(self._frame | {"choices": [], "usage": usage or told})
        await self.send({"type": "http.response.body", "body": b"data: [DONE]\n\n"})


async def fail(mode: str, stream: ChatStream, turn: Turn) -> None:
    """One of the ways in which a model server fails."""
    match mode:
        case "400" | "403" | "429" | "500" | "503":
            await send_error(stream.send, int(mode), "scripted", f"scripted for {turn.said}", stream.config.retry_after)
        case "no_credit":
            await send_error(stream.send, 429, "insufficient_quota", "You exceeded your current quota")
        case "refuse_stream_options" if "stream_options" in stream.request:
            await send_error(stream.send, 400, None, "Unrecognized request argument: stream_options")
        case "refuse_max_tokens" if "max_tokens" in stream.request:
            await send_error(stream.send, 400, "unsupported_parameter", "Use 'max_completion_tokens', not 'max_tokens'")
        case "refuse_stream_options" | "refuse_max_tokens":
            await stream.say("Yes.")
        case "stall":
            await stream.open()
            await asyncio.Event().wait()
        case "stall_after":
            await stream.say("Let me see", finish=False)
            await asyncio.Event().wait()
        case "drip":
            await _drip(stream)
        case "cut":
            await stream.say("Our jackets", finish=False)
            await stream.raw(b'data: {"choices":[{"index":0,"delta":{"content":"co')
            raise Cut
        case "cut_first":
            await stream.open()
            raise Cut
        case "garbage":
            await stream.say("Our", finish=False)
            await stream.raw(b"data: <html>502 Bad Gateway</html>\n\n")
        case "stream_error":
            await stream.say("Our", finish=False)
            error = {"message": f"overloaded while reading {turn.said}", "type": "server_error", "code": "overloaded"}
            await stream.raw(b"data: " + msgspec.json.encode({"error": error}) + b"\n\n")
        case "huge_token":
            await stream.say(_HUGE_TOKEN)
        case "wrong_usage":
            await stream.say("Yes.", finish=False)
            await stream.finish("stop", 1, {"prompt_tokens": -5, "completion_tokens": 10**15, "total_tokens": 0})
        case "loop":
            await stream.call([Call(next(iter(turn.tools), "search_catalog"), json.dumps({"query": turn.said}))])
        case "half_call":
            await stream.open()
            function = {"name": next(iter(turn.tools), "search_catalog"), "arguments": '{"query": "ha'}
            await stream.chunk({"tool_calls": [{"index": 0, "id": "c", "type": "function", "function": function}]})
            await stream.finish("length", 1)
        case "html":
            await send_json(stream.send, "<html>Welcome</html>")
        case _:
            raise ValueError(f"no such failure: {mode}")


async def break_off(how: str) -> None:
    """The end of an answer that has none: the connection is cut, or nothing more comes."""
    if how == "cut":
        raise Cut
    await asyncio.Event().wait()


async def _drip(stream: ChatStream) -> None:
    await stream.open()
    frame = msgspec.json.encode({"choices": [{"index": 0, "delta": {"content": "slow"}, "finish_reason": None}]})
    while True:
        for byte in b"data: " + frame + b"\n\n":
            await stream.raw(bytes([byte]))
            await asyncio.sleep(stream.config.drip_ms / 1000)


async def send_json(send: Send, value: Any, status: int = 200, headers: tuple[tuple[bytes, bytes], ...] = ()) -> None:
    start = [(b"content-type", b"application/json"), *headers]
    await send({"type": "http.response.start", "status": status, "headers": start})
    await send({"type": "http.response.body", "body": msgspec.json.encode(value)})


async def send_error(send: Send, status: int, code: str | None, message: str, retry_after: str | None = None) -> None:
    error = {"message": message, "type": "invalid_request_error", "param": None, "code": code}
    headers = ((b"retry-after", retry_after.encode()),) if retry_after else ()
    await send_json(send, {"error": error}, status, headers)


def count_tokens(text: str) -> int:
    return 1 + len(text) // 4
