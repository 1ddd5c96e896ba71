"""`search_catalog`: products for a need, a name or a part number."""

import time

from msgspec import structs

from server.chat.languages import phrase
from server.chat.models import CatalogResult, StatusLine
from server.chat.tools.arguments import Arguments, price_argument, text_argument
from server.chat.tools.context import BOTH_KINDS, HITS_PER_KIND, ToolContext
from server.chat.tools.get_product import product_result
from server.chat.tools.product_facts import product_detail, product_source
from server.chat.tools.tool import QUERY, ModelTurn, Tool, ToolResult, object_schema
from server.knowledge.search import ProductFilter
from server.models.protocol import ToolSpec

MAX_RATING = 5


async def find_products(
    context: ToolContext,
    query: str,
    *,
    price_min: int | None = None,
    price_max: int | None = None,
    in_stock: bool = False,
    limit: int = 6,
    product_filter: ProductFilter | None = None,
) -> CatalogResult:
    """See `protocol.Toolbox.search_catalog`."""
    started = time.perf_counter()
    filters: dict[str, object] = {"price_min": price_min, "price_max": price_max, "in_stock": in_stock or None}
    filters |= structs.asdict(product_filter) if product_filter else {}
    given = {name: value for name, value in filters.items() if value is not None and value is not False}
    # Without filters the search is the one that search_policies makes too, so that both cost one round trip.
    hits = await context.search(
        query,
        ("product",) if given or limit > HITS_PER_KIND else BOTH_KINDS,
        price_min=price_min,
        price_max=price_max,
        in_stock=in_stock,
        limit=max(limit, HITS_PER_KIND),
        product_filter=product_filter,
    )
    hits = [hit for hit in hits if hit.kind == "product"][:limit]
    stored = await context.catalog.find(context.shopper.shop_id, [hit.external_id for hit in hits])
    found = [(hit, stored[hit.external_id]) for hit in hits if hit.external_id in stored]
    details = tuple(product_detail(product) for _, product in found)
    context.add_details(details)
    sources = tuple(context.add_source(product_source(product, hit.score)) for hit, product in found)
    shown = [{"id": detail.card.id, "title": detail.card.title} for detail in details]
    context.record_call("search_catalog", {"query": query, **given}, {"products": shown}, started)
    return CatalogResult(
        products=details,
        scores=tuple(hit.score for hit, _ in found),
        similarities=tuple(hit.vector_score for hit, _ in found),
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
        product_filter=_filter(arguments),
    )
    turn.products |= {detail.card.id: detail for detail in found.products}
    return {"products": [product_result(detail) for detail in found.products]}


def _filter(arguments: Arguments) -> ProductFilter | None:
    """What the model has asked for beside price and stock; what is no text or number is left out."""
    texts = {name: text_argument(arguments, name) or None for name in ("brand", "category", "colour", "size")}
    rating = arguments.get("min_rating")
    wanted = ProductFilter(
        **texts,
        on_sale=arguments.get("on_sale") is True,
        min_rating=float(rating) if isinstance(rating, int | float) and 0 < rating <= MAX_RATING else None,
    )
    return None if wanted == ProductFilter() else wanted


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
                "on_sale": {"type": "boolean"},
                "brand": {"type": "string"},
                "category": {"type": "string"},
                "colour": {"type": "string"},
                "size": {"type": "string"},
                "min_rating": {"type": "number"},
            },
            required=("query",),
        ),
    ),
    _answer,
)
