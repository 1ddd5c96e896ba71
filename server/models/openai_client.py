"""Chat models and embedders of any OpenAI-compatible server. The only importer of the openai package.

The package gives the configuration (address, key, organisation and project headers) and does the embeddings. Chat
streams go over aiohttp with its headers, and msgspec reads them, because that is the hot path. One turn of 40
tokens, 10 at once, measured in CPU milliseconds on one core of a shared 2.5 GHz machine:

    openai, typed stream                       25.3
    openai, raw stream over httpx2              8.2
    openai, raw stream over its aiohttp client  5.6
    aiohttp and msgspec, as here                1.7   (0.8 where the server sends its chunks in bursts)
"""

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing, asynccontextmanager
from typing import TYPE_CHECKING
from urllib.request import getproxies, proxy_bypass

import aiohttp
import stamina

from integrations.circuit_breaker import CircuitBreaker
from server.models.chat_wire import Dialect, StreamDecoder, encode_request
from server.models.circuit import model_circuit
from server.models.deadlines import AFTER_LAST_EVENT_S, AFTER_LAST_WORD_S, Deadlines, StepClock
from server.models.embedding_wire import batches, dimensions_reason, read_vectors, sendable_text
from server.models.protocol import (
    EMBEDDING_DIMENSIONS,
    ChatMessage,
    FailureKind,
    ModelEvent,
    TextDelta,
    ToolSpec,
    Vector,
)
from server.models.query_cache import QueryCache
from server.models.upstream_errors import RequestRefused, UpstreamError, connection_error, cut_error, status_error

if TYPE_CHECKING:
    import openai

_NO_ADDRESS = "OPENAI_BASE_URL is not a web address such as https://api.openai.com/v1"
_MAX_CONNECTIONS = 1024
_MAX_ERROR_BYTES = 16 * 1024
_QUERY_TIMEOUT_S, _PASSAGES_TIMEOUT_S = 5.0, 60.0


def _retry_pause_s(error: Exception) -> float | bool:
    """The seconds to wait before the second attempt; False where it cannot help."""
    pause_s = error.retry_after_s if isinstance(error, UpstreamError) else None
    return False if pause_s is None else pause_s


_retrying = stamina.AsyncRetryingCaller(attempts=2, timeout=None).on(_retry_pause_s)


class OpenAIChatModel:
    """A chat model over /chat/completions. Bound to the event loop of its first call."""

    def __init__(
        self,
        base_url: str | None,
        api_key: str,
        model: str,
        *,
        deadlines: Deadlines | None = None,
        circuit: CircuitBreaker | None = None,
    ) -> None:
        """`base_url` usually ends with /v1; None is OpenAI itself. Raises ValueError when it is not an address."""
        self.name = model
        self._client = _client(base_url, api_key)
        self._deadlines = deadlines or Deadlines()
        self._circuit = circuit or model_circuit(f"the model {model}")
        self._headers = _headers(self._client)
        self._dialect = Dialect()
        self._session: aiohttp.ClientSession | None = None

    async def stream(
        self, messages: Sequence[ChatMessage], tools: Sequence[ToolSpec], *, max_tokens: int
    ) -> AsyncGenerator[ModelEvent, None]:
        """Stream one step. Closing the iterator closes the request.

        Raises ModelUnavailable. Before the first event the request is retried once (429, 5xx, a lost connection).
        """
        with self._circuit.guard():
            clock = StepClock(self._deadlines)
            first, rest = await _retrying(self._begin, messages, tools, max_tokens, clock)
            async with aclosing(rest):
                yield first
                async for event in rest:
                    yield event

    async def _begin(
        self, messages: Sequence[ChatMessage], tools: Sequence[ToolSpec], max_tokens: int, clock: StepClock
    ) -> tuple[ModelEvent, AsyncGenerator[ModelEvent, None]]:
        """The first event and the generator of the others: only what comes before the first one is ever retried."""
        events = self._attempt(messages, tools, max_tokens, clock)
        return await anext(events), events

    async def _attempt(
        self, messages: Sequence[ChatMessage], tools: Sequence[ToolSpec], max_tokens: int, clock: StepClock
    ) -> AsyncGenerator[ModelEvent, None]:
        """The events of one request, which is sent again in another dialect when the server refuses a parameter."""
        while True:
            dialect = self._dialect
            body = encode_request(self.name, messages, tools, max_tokens, dialect)
            try:
                async with self._post(body, clock) as response, aclosing(_events(response, clock)) as events:
                    async for event in events:
                        yield event
                return
            except RequestRefused as refusal:
                self._dialect = dialect.learn(refusal.about)
                if self._dialect == dialect:
                    raise

    async def check(self) -> str:
        """One short call; a sentence for the operator. Raises ModelUnavailable: what is wrong, how to mend it."""
        started = time.monotonic()
        messages = [ChatMessage(role="user", content="Say yes.")]
        async for _ in self.stream(messages, (), max_tokens=16):
            pass
        return f"the model {self.name} at {_host(self._client)} answers in {time.monotonic() - started:.1f} s"

    async def close(self) -> None:
        """Closes the connections; running streams end with ModelUnavailable."""
        await self._client.close()
        if self._session is not None:
            await self._session.close()

    @asynccontextmanager
    async def _post(self, body: bytes, clock: StepClock) -> AsyncIterator[aiohttp.ClientResponse]:
        response = await self._send(body, clock)
        try:
            if response.status != 200:
                raise await _refusal(response, self.name, clock)
            yield response
        finally:
            response.close()  # at once; a connection that was read to its end is back in the pool already

    async def _send(self, body: bytes, clock: StepClock) -> aiohttp.ClientResponse:
        url = f"{self._client.base_url}chat/completions"
        # A redirect would carry the key to another host.
        post = self._connections().post(url, data=body, headers=self._headers, allow_redirects=False)
        try:
            return await clock.within(post)
        except (aiohttp.ClientError, TimeoutError) as error:
            raise connection_error(error) from error

    def _connections(self) -> aiohttp.ClientSession:
        if self._session is None:
            timeout = aiohttp.ClientTimeout(total=None, connect=self._deadlines.connect_s)
            connector = aiohttp.TCPConnector(limit=_MAX_CONNECTIONS)
            self._session = aiohttp.ClientSession(connector=connector, timeout=timeout, proxy=_proxy(self._client))
        return self._session


async def _events(response: aiohttp.ClientResponse, clock: StepClock) -> AsyncGenerator[ModelEvent, None]:
    decoder = StreamDecoder()
    while data := await _read(response, clock, decoder):
        progress = decoder.progress
        for text in decoder.feed(data):
            yield TextDelta(text)
        if decoder.progress != progress:
            clock.progress()
    for event in decoder.finish():
        yield event


async def _read(response: aiohttp.ClientResponse, clock: StepClock, decoder: StreamDecoder) -> bytes:
    """Read the next bytes, empty at the end. After the model's last word a broken connection is no error."""
    if decoder.is_complete:
        clock.allow_at_most(AFTER_LAST_EVENT_S if decoder.is_done else AFTER_LAST_WORD_S)
    try:
        return await clock.within(response.content.readany())
    except (aiohttp.ClientError, UpstreamError) as error:
        if decoder.is_complete:
            return b""
        if isinstance(error, UpstreamError):
            raise
        raise cut_error() from error


async def _refusal(response: aiohttp.ClientResponse, model: str, clock: StepClock) -> UpstreamError:
    try:
        body = await clock.within(response.content.read(_MAX_ERROR_BYTES))
    except aiohttp.ClientError:
        body = b""
    retry_after = response.headers.get("retry-after")
    return status_error(response.status, body, retry_after=retry_after, model=model, setting="AISLE_CHAT_MODEL")


class OpenAIEmbedder:
    """An embedder over /embeddings, which is asked for 384 dimensions."""

    def __init__(
        self, base_url: str | None, api_key: str, model: str, *, circuit: CircuitBreaker | None = None
    ) -> None:
        """`base_url` usually ends with /v1; None is OpenAI itself. Raises ValueError when it is not an address."""
        self._model = model
        self._client = _client(base_url, api_key)
        self._circuit = circuit or model_circuit(f"the embedding model {model}")
        self._cache = QueryCache(self._embed_one)
        self.name = f"{model}@{_host(self._client)}"

    async def embed_query(self, text: str) -> Vector:
        """Return the vector of a text, from the cache if it is there. Raises ModelUnavailable."""
        return await self._cache.get(text)

    async def embed_passages(self, texts: Sequence[str]) -> list[Vector]:
        """Return one vector per text, in order; texts are cut at 8,000 characters. Raises ModelUnavailable."""
        vectors: list[Vector] = []
        for batch in batches([sendable_text(text) for text in texts]):
            vectors += await self._embed(batch, _PASSAGES_TIMEOUT_S)
        return vectors

    async def check(self) -> str:
        """One short call; a sentence for the operator. Raises ModelUnavailable: what is wrong, how to mend it."""
        await self._embed_one("Where is my order?")
        return f"the embedding model {self.name} answers"

    async def close(self) -> None:
        """Closes the connections."""
        await self._client.close()

    async def _embed_one(self, text: str) -> Vector:
        return (await self._embed([sendable_text(text)], _QUERY_TIMEOUT_S))[0]

    async def _embed(self, texts: list[str], timeout_s: float) -> list[Vector]:
        with self._circuit.guard():
            return await _retrying(self._request, texts, timeout_s)

    async def _request(self, texts: list[str], timeout_s: float) -> list[Vector]:
        import openai

        try:
            async with asyncio.timeout(timeout_s):
                answer = await self._client.embeddings.create(
                    model=self._model, input=texts, dimensions=EMBEDDING_DIMENSIONS
                )
            return read_vectors(answer, len(texts))
        except openai.APIStatusError as error:
            raise self._status_error(error) from error
        except TimeoutError as error:
            reason = f"the embedding model did not answer within {timeout_s:g} s"
            raise UpstreamError(reason, kind=FailureKind.TIMEOUT) from error
        except openai.APIConnectionError as error:
            raise connection_error(error.__cause__ or error) from error
        except (openai.OpenAIError, ValueError, TypeError, AttributeError) as error:
            raise UpstreamError("the embedding server sent something that is not a list of vectors") from error

    def _status_error(self, error: "openai.APIStatusError") -> UpstreamError:
        body = error.response.content[:_MAX_ERROR_BYTES]
        retry_after = error.response.headers.get("retry-after")
        refusal = status_error(
            error.status_code, body, retry_after=retry_after, model=self._model, setting="AISLE_EMBEDDING_MODEL"
        )
        if isinstance(refusal, RequestRefused) and "dimension" in refusal.about:
            return UpstreamError(dimensions_reason("its server refuses to be asked for them"))
        return refusal


def _client(base_url: str | None, api_key: str) -> "openai.AsyncOpenAI":
    import openai  # over a second: only an installation with a model pays it, when it starts

    try:
        # Servers on the own network often want no key; the package insists on one.
        client = openai.AsyncOpenAI(base_url=base_url, api_key=api_key or "none", max_retries=0)
    except Exception as error:  # the package lets its HTTP library's error through
        raise ValueError(_NO_ADDRESS) from error
    if client.base_url.scheme not in ("http", "https") or not client.base_url.host:
        raise ValueError(_NO_ADDRESS)
    if client.base_url.userinfo:
        raise ValueError("OPENAI_BASE_URL holds a user or password: put the key into OPENAI_API_KEY instead")
    return client


def _headers(client: "openai.AsyncOpenAI") -> dict[str, str]:
    """The package's headers (authorization, organisation, project, user agent) without its markers for omitted ones."""
    headers = {**client.default_headers, **client.auth_headers}
    return {name: value for name, value in headers.items() if isinstance(value, str)}


def _proxy(client: "openai.AsyncOpenAI") -> str | None:
    """The proxy of HTTPS_PROXY and NO_PROXY. aiohttp would read them, and ~/.netrc, for every request."""
    address = client.base_url
    return None if proxy_bypass(address.host) else getproxies().get(address.scheme)


def _host(client: "openai.AsyncOpenAI") -> str:
    """The host and port of the server."""
    return client.base_url.netloc.decode()
