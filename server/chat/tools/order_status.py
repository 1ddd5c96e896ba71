"""`order_status`: what this shopper may know of an order, and the check of a proof that they wrote."""

import time
from collections.abc import Mapping

import msgspec

from server.chat.languages import phrase
from server.chat.models import OrderAnswer, Source, StatusLine
from server.chat.tools.arguments import Arguments, text_argument
from server.chat.tools.context import ToolContext
from server.chat.tools.slow_lookup import StillWaiting, answer_or_wait
from server.chat.tools.tool import ModelTurn, Tool, ToolResult, object_schema
from server.models.protocol import ToolSpec
from server.orders.models import OrderFound, OrderOutcome, OrdersListed, OrdersUnavailable

MAX_ORDER_NUMBER = 64
"""The same as in the verification form."""


async def look_up_order(context: ToolContext, order_number: str | None) -> OrderAnswer:
    """See `protocol.Toolbox.order_status`."""
    started = time.perf_counter()
    outcome = await context.orders.look_up(context.shopper, order_number)
    return _order_answer(context, {"order_number": order_number} if order_number else {}, outcome, started)


async def check_proof(
    context: ToolContext,
    order_number: str,
    *,
    email: str | None = None,
    postcode: str | None = None,
    name: str | None = None,
) -> OrderAnswer:
    """See `protocol.Toolbox.prove`."""
    claim = (order_number, email, postcode, name)
    if claim not in context.proofs:  # the same words are one attempt, also when the engine takes over from a model
        started = time.perf_counter()
        outcome = await context.orders.prove(context.shopper, order_number, email=email, postcode=postcode, name=name)
        context.proofs[claim] = _order_answer(context, {"order_number": order_number}, outcome, started)
    return context.proofs[claim]


def _order_answer(
    context: ToolContext, arguments: Mapping[str, object], outcome: OrderOutcome, started: float
) -> OrderAnswer:
    source = _order_source(outcome)
    if source:
        context.add_source(source)
    context.record_call("order_status", arguments, {"outcome": type(outcome).__name__}, started)
    answer = OrderAnswer(outcome=outcome, source=source)
    context.order_answers.append(answer)
    return answer


def _order_source(outcome: OrderOutcome) -> Source | None:
    """An order as far as this shopper may see it, as a source; None where the answer may claim nothing."""
    match outcome:
        case OrderFound(view=view, fetched_at=fetched_at):
            return Source(
                id=f"order:{view.number}",
                kind="order",
                title=f"Order {view.number}",
                text=msgspec.json.encode(view).decode(),
                fetched_at=fetched_at,
                score=1.0,
            )
        case OrdersListed(orders=orders, fetched_at=fetched_at):
            return Source(
                id="orders",
                kind="order",
                title="Your orders",
                text=msgspec.json.encode(orders).decode(),
                fetched_at=fetched_at,
                score=1.0,
            )
        case _:
            return None


async def _answer(turn: ModelTurn, arguments: Arguments) -> ToolResult:
    number = text_argument(arguments, "order_number")[:MAX_ORDER_NUMBER]
    status = phrase("looking_up", turn.locale, number=number) if number else phrase("looking_up_orders", turn.locale)
    turn.transcript.add(StatusLine(status))
    answer = OrderAnswer(outcome=OrdersUnavailable())
    async for found in answer_or_wait(turn.tools.order_status(number or None)):
        if isinstance(found, StillWaiting):
            turn.transcript.add(StatusLine(phrase("still_looking", turn.locale)))
        else:
            answer = found
    turn.orders.append(answer)
    result: ToolResult = msgspec.to_builtins(answer.outcome)
    return result


TOOL = Tool(
    ToolSpec(
        "order_status",
        "What this shopper may know of an order. Leave the number out for a signed-in shopper's own orders.",
        object_schema({"order_number": {"type": "string"}}),
    ),
    _answer,
)
