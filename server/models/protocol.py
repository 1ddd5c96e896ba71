"""What the rest of Aisle knows of a model: two protocols and the events a chat model streams."""

from collections.abc import AsyncGenerator, Sequence
from enum import StrEnum
from typing import Any, Protocol

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

EMBEDDING_DIMENSIONS = 384
"""Of every embedder: the column is halfvec(384), and other models are asked for the same."""

Vector = NDArray[np.float32]
"""Shape (384,), L2-normalised."""


class FailureKind(StrEnum):
    """Why a model gave no answer: few enough for a label of a metric."""

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
    """Nothing of the model's: our own code failed around it."""


class ModelUnavailable(Exception):
    """The model cannot answer now: time-out, refused, overloaded, circuit open, or it talks nonsense.

    The message is one sentence for staff and logs: no key, no address with a password, no shopper's words.
    """

    def __init__(self, reason: str, *, kind: FailureKind = FailureKind.UNAVAILABLE) -> None:
        super().__init__(reason)
        self.kind = kind


class Embedder(Protocol):
    """Turns text into vectors. Never blocks the event loop."""

    name: str
    """Stored beside each vector; vectors of different names are never compared."""

    async def embed_query(self, text: str) -> Vector:
        """One vector, from a cache when the same text was asked lately. Raises ModelUnavailable."""

    async def embed_passages(self, texts: Sequence[str]) -> list[Vector]:
        """One vector each, in order. Raises ModelUnavailable."""

    async def close(self) -> None:
        """Give threads or connections back."""


class ToolSpec(Struct, frozen=True):
    """A tool a chat model may call. `parameters` is a JSON Schema object."""

    name: str
    description: str
    parameters: dict[str, Any]


class ToolCall(Struct, frozen=True):
    """The model wants a tool. `arguments` is the raw JSON text: untrusted."""

    id: str
    name: str
    arguments: str


class PromptImage(Struct, frozen=True):
    """A picture in the prompt, for models that can see."""

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
    """A piece of the answer."""

    text: str


class ToolCallsReady(Struct, frozen=True, tag=True):
    """The step ended with tool calls, all complete."""

    calls: tuple[ToolCall, ...]


class StepFinished(Struct, frozen=True, tag=True):
    """The last event of a step. `reason`: stop, length, tool_calls, content_filter. Tokens: 0 when untold."""

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
        """One step. Closing the iterator closes the upstream call.

        Raises ModelUnavailable; before the first event it was retried once, afterwards never.
        """

    async def check(self) -> str:
        """One sentence for `aisle doctor`. Raises ModelUnavailable saying what to mend."""

    async def close(self) -> None:
        """Give connections back."""
