"""`request_human`: the conversation passes to the shop's staff."""

import time

from server.chat.models import HandoffResult
from server.chat.tools.arguments import Arguments, text_argument
from server.chat.tools.context import ToolContext
from server.chat.tools.tool import ModelTurn, Tool, ToolResult, object_schema
from server.models.protocol import ToolSpec


async def request_staff(context: ToolContext, reason: str, email: str | None = None) -> HandoffResult:
    """See `protocol.Toolbox.request_human`. Staff read the reason in the conversation itself."""
    started = time.perf_counter()
    result = await context.request_staff(email)
    context.record_call("request_human", {}, {"state": result.state}, started)
    return result


async def _answer(turn: ModelTurn, arguments: Arguments) -> ToolResult:
    if not turn.may_hand_off:
        return {"error": "the shopper has not asked for a person; offer one, and call this when they say yes"}
    handoff = await turn.tools.request_human(text_argument(arguments, "reason"), turn.shopper_email)
    turn.handed_off = handoff.state
    return {"state": handoff.state, "contact": handoff.contact}


TOOL = Tool(
    ToolSpec(
        "request_human",
        "Hand the conversation to the shop's staff.",
        object_schema({"reason": {"type": "string"}}),
    ),
    _answer,
)
