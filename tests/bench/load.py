"""The load: visitors that ask, read the whole answer, and ask again (a closed loop), over plain HTTP/1.1."""

import asyncio
import json
import time
import uuid
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import cast

import httptools
import msgspec
from msgspec import Struct, field

from server.chat.languages import phrase

REFUSAL = phrase("unverified", "en").encode()
FIRST_TEXT = b'"type":"text-delta"'
END = b"data: [DONE]"
BROKEN = b'"type":"error"'
TURNS_PER_SESSION = 4
TIMEOUT_S = 60.0


class Session(Struct, frozen=True):
    """One shopper's token and conversation."""

    session: str
    conversation_id: str


class Sample(Struct):
    """The turns of one measurement: seconds to the first text and to the end of each, and of all together."""

    answered_by: str
    first_s: list[float] = field(default_factory=list)
    whole_s: list[float] = field(default_factory=list)
    errors: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0


class Exchange(asyncio.Protocol):
    """One connection, one request at a time. The parser calls `on_body` and `on_message_complete`."""

    def __init__(self) -> None:
        self.transport: asyncio.Transport | None = None
        self.body = bytearray()
        self.marked_at: float | None = None
        self._marked, self._ended = asyncio.Event(), asyncio.Event()
        self._marker = b""
        self._parser = httptools.HttpResponseParser(self)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)  # uvloop's is none by class

    def connection_lost(self, exc: Exception | None) -> None:
        self.transport = None
        self._marked.set()
        self._ended.set()

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_body(self, chunk: bytes) -> None:
        self.body += chunk
        if self.marked_at is None and self._marker in self.body:
            self.marked_at = time.perf_counter()
            self._marked.set()

    def on_message_complete(self) -> None:
        self._ended.set()

    def send(self, request: bytes, marker: bytes = b"") -> None:
        """Write a request; `marker` is what `marked` waits for in the answer's body."""
        if self.transport is None:
            raise ConnectionError("the server closed the connection")
        self.body, self.marked_at, self._marker = bytearray(), None, marker
        self._marked.clear()
        self._ended.clear()
        self._parser = httptools.HttpResponseParser(self)
        self.transport.write(request)

    async def marked(self) -> None:
        """Until the marker came, or the connection is gone."""
        await self._marked.wait()

    async def ended(self) -> int:
        """The status, once the whole answer is there. Raises ConnectionError when it was cut."""
        await self._ended.wait()
        if self.transport is None:
            raise ConnectionError("the server closed the connection")
        return int(self._parser.get_status_code())


async def connect(port: int) -> Exchange:
    """A connection to the API on this machine."""
    _, exchange = await asyncio.get_running_loop().create_connection(Exchange, "127.0.0.1", port)
    return exchange


def http_request(method: str, path: str, token: str, body: object = None) -> bytes:
    """A whole HTTP/1.1 request."""
    data = b"" if body is None else json.dumps(body).encode()
    head = (
        f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {token}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(data)}\r\n\r\n"
    )
    return head.encode() + data


def turn_request(session: Session, question: str) -> bytes:
    """One message of a shopper."""
    message = {"id": uuid.uuid4().hex, "role": "user", "parts": [{"type": "text", "text": question}]}
    return http_request("POST", "/v1/chat", session.session, {"id": session.conversation_id, "message": message})


async def open_sessions(port: int, publishable_key: str, secret_key: str, count: int) -> list[Session]:
    """New shoppers, as a shop's own server opens them."""
    exchange = await connect(port)
    found = []
    for _ in range(count):
        exchange.send(http_request("POST", "/v1/sessions", secret_key, {"key": publishable_key}))
        if await exchange.ended() != 201:
            raise RuntimeError(f"no session: {exchange.body.decode()}")
        found.append(msgspec.json.decode(exchange.body, type=Session))
    return found


async def run_turns(
    port: int, sessions: Sequence[Session], questions: Sequence[str], at_once: int, answered_by: str
) -> Sample:
    """Ask every question once, `at_once` at a time, a few to a session. There are enough sessions for that.

    Answers count when this driver made them: a model's that the engine had to replace is an error.
    """
    sample, left, shoppers = Sample(answered_by), iter(questions), iter(sessions)
    started = time.perf_counter()
    await asyncio.gather(*(_visit(port, shoppers, left, sample) for _ in range(at_once)))
    sample.seconds = time.perf_counter() - started
    return sample


async def _visit(port: int, shoppers: Iterator[Session], questions: Iterator[str], sample: Sample) -> None:
    exchange, session = await connect(port), None
    for asked, question in enumerate(questions):
        if session is None or asked % TURNS_PER_SESSION == 0:
            session = next(shoppers)
        try:
            async with asyncio.timeout(TIMEOUT_S):
                await _turn(exchange, turn_request(session, question), sample)
        except (OSError, TimeoutError) as reason:
            sample.errors[type(reason).__name__] += 1
            exchange, session = await connect(port), None
    if exchange.transport:
        exchange.transport.close()


async def _turn(exchange: Exchange, request: bytes, sample: Sample) -> None:
    started = time.perf_counter()
    exchange.send(request, FIRST_TEXT)
    status = await exchange.ended()
    if status != 200:
        sample.errors[f"status {status}"] += 1
    elif exchange.marked_at is None:
        sample.errors["no text"] += 1
    elif END not in exchange.body[-64:]:
        sample.errors["no end"] += 1
    elif BROKEN in exchange.body:
        sample.errors["broken answer"] += 1
    elif REFUSAL in exchange.body:
        sample.errors["a refusal for an answer"] += 1
    elif b'"answered_by":"%s"' % sample.answered_by.encode() not in exchange.body:
        sample.errors[f"not answered by the {sample.answered_by}"] += 1
    else:
        sample.first_s.append(exchange.marked_at - started)
        sample.whole_s.append(time.perf_counter() - started)


def sessions_needed(turns: int, at_once: int) -> int:
    """How many sessions `run_turns` may take."""
    return turns // TURNS_PER_SESSION + 2 * at_once


async def hold_streams(port: int, sessions: Sequence[Session], count: int) -> list[Exchange]:
    """`count` readers of these sessions' running answers, each of which has got its first event."""
    gate = asyncio.Semaphore(100)

    async def read(number: int) -> Exchange | None:
        session = sessions[number % len(sessions)]
        async with gate:
            exchange = await connect(port)
            exchange.send(http_request("GET", f"/v1/chat/{session.conversation_id}/stream", session.session), b"data:")
            await exchange.marked()
        return exchange

    readers = await asyncio.gather(*(read(number) for number in range(count)))
    return [reader for reader in readers if reader and reader.marked_at is not None]
