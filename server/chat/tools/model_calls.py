"""The tools as a model calls them: its arguments are a stranger's words, its results are plain data."""

from typing import Any

import msgspec
from msgspec import Struct

from server.chat.answering.grounding import Grounder
from server.chat.events import Transcript
from server.chat.models import HandoffState, OrderAnswer, ProductDetail, Receipt, StatusLine
from server.chat.phrases import phrase
from server.chat.tools.arguments import id_argument, parse_arguments, price_argument, text_argument
from server.chat.tools.toolbox import ShopToolbox
from server.models.protocol import ChatMessage, ToolCall

MAX_ORDER_NUMBER = 64
"""As in the verification form."""


class Progress(Struct):
    """What one answer has gathered."""

    messages: list[ChatMessage]
    grounder: Grounder
    hosts: frozenset[str]
    products: dict[str, ProductDetail]
    orders: list[OrderAnswer]
    receipts: list[Receipt]
    said: list[str]
    left_out: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    shopper_email: str | None = None
    """In this message: where staff may write to."""
    handed_off: HandoffState | None = None


async def call_tool(
    call: ToolCall, progress: Progress, tools: ShopToolbox, transcript: Transcript, locale: str
) -> dict[str, Any]:
    """Call the tool that the model wants; what it is told of the outcome. Raises Unavailable."""
    given = parse_arguments(call.arguments)
    if given is None:
        return {"error": "the arguments are not a JSON object"}
    match call.name:
        case "search_catalog":
            transcript.add(StatusLine(phrase("searching", locale)))
            found = await tools.search_catalog(
                text_argument(given, "query"),
                price_min=price_argument(given, "price_min"),
                price_max=price_argument(given, "price_max"),
                in_stock=given.get("in_stock") is True,
            )
            progress.products |= {detail.card.id: detail for detail in found.products}
            return {"products": [_product(detail) for detail in found.products]}
        case "get_product":
            detail = await tools.get_product(id_argument(given, "product_id"))
            if detail is None:
                return {"error": "there is no such product"}
            progress.products[detail.card.id] = detail
            return _product(detail)
        case "search_policies":
            transcript.add(StatusLine(phrase("reading", locale)))
            passages = await tools.search_policies(text_argument(given, "query"))
            return {"passages": [{"title": source.title, "text": source.text} for source in passages.sources]}
        case "order_status":
            number = text_argument(given, "order_number")[:MAX_ORDER_NUMBER]
            return await _order(number or None, progress, tools, transcript, locale)
        case "request_human":
            handed = await tools.request_human(text_argument(given, "reason"), progress.shopper_email)
            progress.handed_off = handed.state
            return {"state": handed.state, "contact": handed.contact}
    return {"error": f"there is no tool named {call.name[:40]}"}


async def _order(
    number: str | None, progress: Progress, tools: ShopToolbox, transcript: Transcript, locale: str
) -> dict[str, Any]:
    status = phrase("looking_up", locale, number=number) if number else phrase("looking_up_orders", locale)
    transcript.add(StatusLine(status))
    answer = await tools.order_status(number)
    progress.orders.append(answer)
    progress.grounder.add_order(answer)
    result: dict[str, Any] = msgspec.to_builtins(answer.outcome)
    return result


def _product(detail: ProductDetail) -> dict[str, Any]:
    """What a model reads of a product."""
    card = detail.card
    return {
        "product_id": card.id,
        "title": card.title,
        "brand": detail.brand,
        "price": msgspec.to_builtins(card.price),
        "available": card.available,
        "description": detail.description[:1200],
        "attributes": detail.attributes,
        "variants": [
            {"title": variant.title, "available": variant.available, "price": msgspec.to_builtins(variant.price)}
            for variant in card.variants[:20]
        ],
        "stock": detail.stock,
    }
