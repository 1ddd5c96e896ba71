"""`search_catalog`: products for a need, a name or a part number."""

import time

from server.chat.languages import phrase
from server.chat.models import CatalogResult, StatusLine
from server.chat.tools.arguments import Arguments, price_argument, text_argument
from server.chat.tools.context import BOTH_KINDS, ToolContext
from server.chat.tools.get_product import product_result
from server.chat.tools.product_facts import product_detail, product_source
from server.chat.tools.tool import QUERY, ModelTurn, Tool, ToolResult, object_schema
from server.models.protocol import ToolSpec


async def find_products(
    context: ToolContext,
    query: str,
    *,
    price_min: int | None = None,
    price_max: int | None = None,
    in_stock: bool = False,
    limit: int = 6,
) -> CatalogResult:
    """See `protocol.Toolbox.search_catalog`."""
    started = time.perf_counter()
    filters: dict[str, object] = {"price_min": price_min, "price_max": price_max, "in_stock": in_stock or None}
    given = {name: value for name, value in filters.items() if value is not None}
    # Without filters the search is the one that search_policies makes too, so that both cost one round trip.
    hits = await context.search(
        query, ("product",) if given else BOTH_KINDS, price_min=price_min, price_max=price_max, in_stock=in_stock
    )
    hits = [hit for hit in hits if hit.kind == "product"][:limit]
    stored = await context.catalog.find(context.shopper.shop_id, [hit.external_id for hit in hits])
    found = [(hit, stored[hit.external_id]) for hit in hits if hit.external_id in stored]
    details = tuple(product_detail(product) for _, product in found)
    sources = tuple(context.add_source(product_source(product, hit.score)) for hit, product in found)
    shown = [{"id": detail.card.id, "title": detail.card.title} for detail in details]
    context.record_call("search_catalog", {"query": query, **given}, {"products": shown}, started)
    return CatalogResult(
        products=details,
        scores=tuple(hit.score for hit, _ in found),
        sources=sources,
        exact=any(hit.identifier_score > 0 for hit, _ in found),
    )


async def _answer(turn: ModelTurn, arguments: Arguments) -> ToolResult:
    turn.transcript.add(StatusLine(phrase("searching", turn.locale)))
    found = await turn.tools.search_catalog(
        text_argument(arguments, "query"),
        price_min=price_argument(arguments, "price_min"),
        price_max=price_argument(arguments, "price_max"),
        in_stock=arguments.get("in_stock") is True,
    )
    turn.products |= {detail.card.id: detail for detail in found.products}
    return {"products": [product_result(detail) for detail in found.products]}


TOOL = Tool(
    ToolSpec(
        "search_catalog",
        "Find products for a need, a name or a part number. Prices are minor units (1999 = 19.99).",
        object_schema(
            {
                "query": QUERY,
                "price_min": {"type": "integer"},
                "price_max": {"type": "integer"},
                "in_stock": {"type": "boolean"},
            },
            required=("query",),
        ),
    ),
    _answer,
)
