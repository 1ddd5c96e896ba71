"""`get_product`: one product with all its attributes."""

import time

import msgspec

from server.chat.models import ProductDetail
from server.chat.tools.arguments import Arguments, id_argument
from server.chat.tools.context import ToolContext
from server.chat.tools.product_facts import product_detail, product_source
from server.chat.tools.tool import ModelTurn, Tool, ToolResult, object_schema
from server.models.protocol import ToolSpec

MAX_DESCRIPTION = 1_200
MAX_VARIANTS = 20
"""Bounds of what a model reads of one product; a search gives it up to six."""


async def find_product(context: ToolContext, product_id: str) -> ProductDetail | None:
    """See `protocol.Toolbox.get_product`."""
    started = time.perf_counter()
    stored = (await context.catalog.find(context.shopper.shop_id, [product_id])).get(product_id)
    context.record_call("get_product", {"product_id": product_id}, {"found": stored is not None}, started)
    if stored is None:
        return None
    context.add_source(product_source(stored, 1.0))
    detail = product_detail(stored)
    context.add_details((detail,))
    return detail


def product_result(detail: ProductDetail) -> ToolResult:
    """What a model reads of a product."""
    card = detail.card
    return {
        "product_id": card.id,
        "title": card.title,
        "brand": detail.brand,
        "price": msgspec.to_builtins(card.price),
        "available": card.available,
        "description": detail.description[:MAX_DESCRIPTION],
        "attributes": detail.attributes,
        "variants": [
            {
                "title": variant.title,
                "available": variant.available,
                "on_backorder": variant.on_backorder,
                "price": msgspec.to_builtins(variant.price),
            }
            for variant in card.variants[:MAX_VARIANTS]
        ],
        "stock": detail.stock,
    }


async def _answer(turn: ModelTurn, arguments: Arguments) -> ToolResult:
    detail = await turn.tools.get_product(id_argument(arguments, "product_id"))
    if detail is None:
        return {"error": "there is no such product"}
    turn.products[detail.card.id] = detail
    return product_result(detail)


TOOL = Tool(
    ToolSpec(
        "get_product",
        "One product with all its attributes.",
        object_schema({"product_id": {"type": "string"}}, required=("product_id",)),
    ),
    _answer,
)
