"""One-time codes for an order, asked for and typed in the chat. Only the engine uses them, never a model."""

import time

from server.chat.tools.context import ToolContext
from server.orders.models import ProofLevel


async def send_code(context: ToolContext, order_number: str) -> bool:
    """See `protocol.Toolbox.request_code`."""
    started = time.perf_counter()
    is_possible = context.orders.sends_codes
    if is_possible:
        await context.orders.request_code(context.shopper, order_number)
    context.record_call("request_code", {"order_number": order_number}, {"requested": is_possible}, started)
    return is_possible


async def check_code(context: ToolContext, order_number: str, code: str) -> bool:
    """See `protocol.Toolbox.verify_code`. The code itself is not recorded."""
    started = time.perf_counter()
    level = await context.orders.verify_code(context.shopper, order_number, code)
    is_right = level >= ProofLevel.READS_MAIL
    context.record_call("verify_code", {"order_number": order_number}, {"right": is_right}, started)
    return is_right
