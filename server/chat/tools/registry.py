"""The tools that a model may call, in the order in which it reads them."""

from server.chat.tools import get_product, order_status, request_human, search_catalog, search_policies
from server.chat.tools.arguments import parse_arguments
from server.chat.tools.tool import ModelTurn, Tool, ToolResult
from server.models.protocol import ToolCall

TOOLS: tuple[Tool, ...] = (
    search_catalog.TOOL,
    get_product.TOOL,
    search_policies.TOOL,
    order_status.TOOL,
    request_human.TOOL,
)
SPECS = tuple(tool.spec for tool in TOOLS)
_BY_NAME = {tool.spec.name: tool for tool in TOOLS}


async def call_tool(call: ToolCall, turn: ModelTurn) -> ToolResult:
    """Run the tool that a model has called; what the model reads of it. Raises Unavailable.

    Arguments that are no JSON object and the name of no tool give a result with an `error`.
    """
    arguments = parse_arguments(call.arguments)
    if arguments is None:
        return {"error": "the arguments are not a JSON object"}
    tool = _BY_NAME.get(call.name)
    if tool is None:
        return {"error": f"there is no tool named {call.name[:40]}"}
    return await tool.answer(turn, arguments)
