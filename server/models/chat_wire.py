"""The wire format of /chat/completions: a prompt as JSON, the response's bytes as events. No network here."""

import base64
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec
from msgspec import Struct

from server.core.storable_text import storable_text
from server.models.protocol import (
    ChatMessage,
    FailureKind,
    ModelEvent,
    ModelUnavailable,
    StepFinished,
    ToolCall,
    ToolCallsReady,
    ToolSpec,
)
from server.models.upstream_errors import cut_error, stream_error

_MAX_LINE_BYTES = 64 * 1024
_MAX_STREAM_BYTES = 4 * 1024 * 1024
_MAX_TOOL_CALLS = 16
_MAX_ARGUMENT_CHARACTERS = 64 * 1024


class Dialect(Struct, frozen=True):
    """The parameters in which servers differ."""

    tokens_field: str = "max_tokens"
    """All compatible servers take max_tokens; OpenAI's newer models take max_completion_tokens only."""

    asks_usage: bool = True

    def learn(self, complaint: str) -> "Dialect":
        """The dialect to try after a server refused a parameter; the same one for any other complaint."""
        if self.asks_usage and "stream_options" in complaint:
            return msgspec.structs.replace(self, asks_usage=False)
        if self.tokens_field == "max_tokens" and "max_tokens" in complaint:
            return msgspec.structs.replace(self, tokens_field="max_completion_tokens")
        return self


def encode_request(
    model: str, messages: Sequence[ChatMessage], tools: Sequence[ToolSpec], max_tokens: int, dialect: Dialect
) -> bytes:
    """The JSON body of a streamed call."""
    body: dict[str, Any] = {
        "model": model,
        "messages": [_message(message) for message in messages],
        "stream": True,
        dialect.tokens_field: max_tokens,
    }
    if tools:
        body["tools"] = [{"type": "function", "function": tool} for tool in tools]
    if dialect.asks_usage:
        body["stream_options"] = {"include_usage": True}
    return msgspec.json.encode(body)


def _message(message: ChatMessage) -> dict[str, Any]:
    body: dict[str, Any] = {"role": message.role, "content": _content(message)}
    if message.tool_calls:
        body["tool_calls"] = [
            {
                "id": call.id,
                "type": "function",
                "function": {"name": call.name, "arguments": _json(call.arguments)},
            }
            for call in message.tool_calls
        ]
    if message.tool_call_id is not None:
        body["tool_call_id"] = message.tool_call_id
    return body


def _content(message: ChatMessage) -> Any:
    """The content of a message: plain text unless there are images, because many servers take nothing else."""
    text = message.content and _without_half_characters(message.content)
    if not message.images:
        return text
    parts: list[dict[str, Any]] = [{"type": "text", "text": text}] if text else []
    for image in message.images:
        url = f"data:{image.media_type};base64,{base64.b64encode(image.data).decode()}"
        parts.append({"type": "image_url", "image_url": {"url": url}})
    return parts


def _without_half_characters(text: str) -> str:
    """Return the text without half characters, which cannot be sent. A terminal may produce them."""
    return text.encode("utf-8", "replace").decode()


def _json(arguments: str) -> str:
    """The arguments of an earlier call, or {} if they are no JSON: some servers refuse the whole prompt for that."""
    try:
        msgspec.json.decode(arguments)
    except (ValueError, RecursionError):  # half a character, nested too deep
        return "{}"
    return arguments


def _malformed(reason: str) -> ModelUnavailable:
    return ModelUnavailable(reason, kind=FailureKind.INVALID_ANSWER)


class _Function(Struct):
    name: str | None = None
    arguments: str | None = None


class _ToolFragment(Struct):
    index: int | None = None
    id: str | None = None
    function: _Function | None = None


class _Delta(Struct):
    content: str | None = None
    refusal: str | None = None
    reasoning: str | None = None
    reasoning_content: str | None = None
    tool_calls: list[_ToolFragment] | None = None


class _Choice(Struct):
    index: int = 0
    delta: _Delta | None = None
    finish_reason: str | None = None


class _Chunk(Struct):
    choices: list[_Choice] | None = None
    usage: Any = None
    error: Any = None


class _Assembly:
    """A tool call whose fragments are still coming."""

    def __init__(self, fragment: _ToolFragment, number: int) -> None:
        self.id = fragment.id or f"call_{number}"
        self.name = ""
        self.arguments: list[str] = []
        self.size = 0

    def add(self, fragment: _ToolFragment) -> None:
        function = fragment.function or _Function()
        if function.name and function.name != self.name:  # some servers repeat the whole name in each fragment
            self.name += function.name
        self.arguments.append(function.arguments or "")
        self.size += len(self.arguments[-1])
        if self.size > _MAX_ARGUMENT_CHARACTERS:
            raise _malformed("the model wrote arguments of more than 64 KB for a tool")

    def complete(self) -> ToolCall:
        if not self.name:
            raise _malformed("the model called a tool without a name")
        return ToolCall(self.id, self.name, "".join(self.arguments) or "{}")


class StreamDecoder:
    """Decodes the bytes of one response as they arrive."""

    def __init__(self) -> None:
        self.progress = 0
        """The number of chunks with text, reasoning or tool calls. Keep-alives do not count."""

        self.is_done = False
        """The server has sent `[DONE]`: nothing more will come."""

        self.finish_reason: str | None = None
        self._chunk = msgspec.json.Decoder(_Chunk)
        self._rest = b""
        self._received = 0
        self._chunks = 0
        self._calls: dict[int, _Assembly] = {}
        self._usage: Any = None

    @property
    def is_complete(self) -> bool:
        """Whether the model has finished. Token counts may still follow."""
        return self.is_done or self.finish_reason is not None

    def feed(self, data: bytes) -> Iterator[str]:
        """Yield the pieces of text in these bytes. Raises ModelUnavailable for malformed data or a server's error."""
        self._received += len(data)
        if self._received > _MAX_STREAM_BYTES:
            raise _malformed("the model server sent more than 4 MB for one answer")
        *lines, self._rest = (self._rest + data).split(b"\n")
        if len(self._rest) > _MAX_LINE_BYTES:
            raise _malformed("the model server sent a piece of more than 64 KB")
        for line in lines:
            if line.startswith(b"data:") and not self.is_done:
                yield from self._read(line[5:].strip())

    def finish(self) -> Iterator[ModelEvent]:
        """Yield the last events of the step. Raises ModelUnavailable when the response ended too early."""
        if not self._chunks and not self.is_done and self._received:
            raise _malformed("the model server sent no chat stream: check OPENAI_BASE_URL, it usually ends with /v1")
        if not self.is_complete:
            raise cut_error()
        reason = self._reason()
        if reason == "tool_calls":
            yield ToolCallsReady(tuple(call.complete() for _, call in sorted(self._calls.items())))
        yield StepFinished(reason, self._tokens("prompt_tokens"), self._tokens("completion_tokens"))

    def _read(self, data: bytes) -> Iterator[str]:
        if data == b"[DONE]":
            self.is_done = True
            return
        if len(data) > _MAX_LINE_BYTES:
            raise _malformed("the model server sent a piece of more than 64 KB")
        try:
            chunk = self._chunk.decode(data)
        except (ValueError, RecursionError) as error:
            raise _malformed("the model server sent something that is not a chat chunk") from error
        if chunk.error:
            raise stream_error(chunk.error)
        self._chunks += 1
        self._usage = chunk.usage or self._usage
        for choice in chunk.choices or ():
            if choice.index == 0:
                yield from self._read_choice(choice)

    def _read_choice(self, choice: _Choice) -> Iterator[str]:
        delta = choice.delta or _Delta()
        text = delta.content or delta.refusal
        thought = delta.reasoning or delta.reasoning_content
        if text or thought or delta.tool_calls or choice.finish_reason:
            self.progress += 1
        for fragment in delta.tool_calls or ():
            self._assembly(fragment).add(fragment)
        self.finish_reason = choice.finish_reason or self.finish_reason
        if text:
            yield storable_text(text)

    def _assembly(self, fragment: _ToolFragment) -> _Assembly:
        index = fragment.index
        if index is None:  # some servers leave it out: an id then starts a new call
            index = len(self._calls) if fragment.id or not self._calls else max(self._calls)
        if index not in self._calls:
            if len(self._calls) == _MAX_TOOL_CALLS:
                raise _malformed("the model called more than 16 tools at once")
            self._calls[index] = _Assembly(fragment, index)
        return self._calls[index]

    def _reason(self) -> str:
        """Why the step ended. Tool calls of a response that was cut short are dropped, as they may be incomplete."""
        match self.finish_reason:
            case "length" | "content_filter" as reason:
                return reason
            case _:
                return "tool_calls" if self._calls else "stop"

    def _tokens(self, key: str) -> int:
        """A token count; 0 when it is missing or impossible, since no answer has a million tokens."""
        count = self._usage.get(key) if isinstance(self._usage, dict) else None
        return count if type(count) is int and 0 <= count <= 1_000_000 else 0
