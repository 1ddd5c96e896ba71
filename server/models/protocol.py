"""The protocols of embedders and chat models, and the events that a chat model streams."""

from collections.abc import AsyncGenerator, Sequence
from enum import StrEnum
from typing import Any, Protocol

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

EMBEDDING_DIMENSIONS = 384
"""The dimensions of every embedder: the column is halfvec(384), and other models are asked for as many."""

Vector = NDArray[np.float32]
"""Shape (384,), L2-normalised."""


class FailureKind(StrEnum):
    """Why a model gave no answer: few values, for a label of a metric."""

    UNAVAILABLE = "unavailable"
    NO_CONNECTION = "no_connection"
    TIMEOUT = "timeout"
    RATE_LIMITED = "rate_limited"
    NO_CREDIT = "no_credit"
    MISCONFIGURED = "misconfigured"
    REQUEST_REFUSED = "request_refused"
    SERVER_ERROR = "server_error"
    BROKEN_OFF = "broken_off"
    INVALID_ANSWER = "invalid_answer"
    EMPTY_ANSWER = "empty_answer"
    CIRCUIT_OPEN = "circuit_open"
    INTERNAL_ERROR = "internal_error"
    """Not the model's fault: our own code failed."""


class ModelUnavailable(Exception):
    """The model cannot answer now: timed out, refused, overloaded, circuit open, or a malformed response.

    The message is one sentence for staff and logs: no key, no address with a password, no shopper's words.
    """

    def __init__(self, reason: str, *, kind: FailureKind = FailureKind.UNAVAILABLE) -> None:
        super().__init__(reason)
        self.kind = kind


class Embedder(Protocol):
    """Computes the vectors of texts without blocking the event loop."""

    name: str
    """Stored beside each vector; vectors of different names are never compared."""

    async def embed_query(self, text: str) -> Vector:
        """Return the vector of a text, from a cache if it is there. Raises ModelUnavailable."""

    async def embed_passages(self, texts: Sequence[str]) -> list[Vector]:
        """Return one vector per text, in order. Raises ModelUnavailable."""

    async def close(self) -> None:
        """Release threads or connections."""


class ToolSpec(Struct, frozen=True):
    """A tool a chat model may call. `parameters` is a JSON Schema object."""

    name: str
    description: str
    parameters: dict[str, Any]


class ToolCall(Struct, frozen=True):
    """A call of a tool by the model. `arguments` is raw JSON text, untrusted."""

    id: str
    name: str
    arguments: str


class PromptImage(Struct, frozen=True):
    """An image in the prompt, for models that take images."""

    media_type: str
    data: bytes


class ChatMessage(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One message of the prompt. role: system, user, assistant or tool; images come with a user's message only."""

    role: str
    content: str | None = None
    images: tuple[PromptImage, ...] = ()
    tool_calls: tuple[ToolCall, ...] = ()
    tool_call_id: str | None = None


class TextDelta(Struct, frozen=True, tag=True):
    """A piece of the answer's text."""

    text: str


class ToolCallsReady(Struct, frozen=True, tag=True):
    """The step ended with tool calls, all complete."""

    calls: tuple[ToolCall, ...]


class StepFinished(Struct, frozen=True, tag=True):
    """The last event of a step. `reason`: stop, length, tool_calls, content_filter.

    Token counts are 0 when the server does not report them.
    """

    reason: str
    prompt_tokens: int = 0
    completion_tokens: int = 0


ModelEvent = TextDelta | ToolCallsReady | StepFinished


class ChatModel(Protocol):
    """A chat model that streams."""

    name: str

    def stream(
        self, messages: Sequence[ChatMessage], tools: Sequence[ToolSpec], *, max_tokens: int
    ) -> AsyncGenerator[ModelEvent, None]:
        """Stream one step. Closing the iterator closes the request.

        Raises ModelUnavailable; before the first event it was retried once, afterwards never.
        """

    async def check(self) -> str:
        """Return one sentence for `aisle doctor`. Raises ModelUnavailable with what to mend."""

    async def close(self) -> None:
        """Close the connections."""
