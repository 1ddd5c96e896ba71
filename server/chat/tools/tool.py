"""What a tool is, and what a model's call of one may use and change."""

from collections.abc import Awaitable, Callable
from typing import TypeAlias

from msgspec import Struct

from server.chat.models import HandoffState, OrderAnswer, ProductDetail
from server.chat.tools.arguments import Arguments
from server.chat.tools.context import ToolContext
from server.chat.tools.protocol import Toolbox
from server.chat.transcript import Transcript
from server.models.protocol import ToolSpec

ToolResult: TypeAlias = dict[str, object]
"""What a model reads of a call: a JSON object, with `error` where the call failed."""

QUERY: dict[str, object] = {
    "type": "string",
    "description": "What to look for, in the language of the shop's catalog",
}
"""The schema of a `query`, the same in every tool that searches."""


class ModelTurn(Struct, kw_only=True):
    """One turn that a model answers: what its calls may use, and what they have found so far."""

    tools: Toolbox
    """The tools that the engine calls too."""
    context: ToolContext
    """What they share; a tool that only a model calls finds the shop's services here."""
    transcript: Transcript
    locale: str
    shopper_email: str | None
    """An address that the shopper wrote in this message, to which staff may reply."""
    may_hand_off: bool = True
    """Whether the shopper has asked for a person; a model may not hand the conversation over by itself."""
    products: dict[str, ProductDetail] = {}
    """By external id."""
    orders: list[OrderAnswer] = []
    handed_off: HandoffState | None = None


class Tool(Struct, frozen=True):
    """One tool that a model may call: its schema, and the function that answers a call.

    The function takes arguments that a model wrote: every value is untrusted and read through `arguments.py`. It may
    raise Unavailable.
    """

    spec: ToolSpec
    answer: Callable[[ModelTurn, Arguments], Awaitable[ToolResult]]


def object_schema(properties: dict[str, object], *, required: tuple[str, ...] = ()) -> dict[str, object]:
    """The JSON Schema of an object with these properties and no others."""
    return {"type": "object", "properties": properties, "required": list(required), "additionalProperties": False}
