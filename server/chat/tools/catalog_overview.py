"""What the shop has as a whole, for the engine."""

import time

from server.chat.models import CatalogOverview, ProductDetail
from server.chat.tools.context import ToolContext
from server.chat.tools.product_facts import product_detail, product_source

MAX_REDUCED = 12


async def find_overview(context: ToolContext) -> CatalogOverview:
    """See `protocol.Toolbox.catalog_overview`."""
    started = time.perf_counter()
    categories, reduced = await context.catalog.overview(context.shopper.shop_id, limit=MAX_REDUCED)
    for product in reduced:
        context.add_source(product_source(product, 1.0))
    output: dict[str, object] = {"categories": list(categories[:8]), "reduced": len(reduced)}
    context.record_call("catalog_overview", {}, output, started)
    details = tuple(map(product_detail, reduced))
    context.add_details(details)
    return CatalogOverview(categories=tuple(categories), reduced=details)


async def find_extremes(context: ToolContext, *, dearest: bool, limit: int) -> tuple[ProductDetail, ...]:
    """See `protocol.Toolbox.catalog_extremes`."""
    started = time.perf_counter()
    found = await context.catalog.extremes(context.shopper.shop_id, limit, dearest=dearest)
    for product in found:
        context.add_source(product_source(product, 1.0))
    shown = [{"id": product.product.external_id, "title": product.product.title} for product in found]
    context.record_call("catalog_overview", {"dearest": dearest}, {"products": shown}, started)
    details = tuple(map(product_detail, found))
    context.add_details(details)
    return details
