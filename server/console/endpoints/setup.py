"""The set-up of the shop: what is done and what is missing, the snippet, its sites, and a visit to the page."""

from typing import Any

from litestar import Response, Router, get, post
from litestar.di import NamedDependency, Provide
from litestar.params import URLEncodedBody
from litestar.response import Redirect, Template

from server.catalog.service import Catalog
from server.console.endpoints.page import HEADERS, PAGE_ERRORS, Visitor, provide_visitor, render
from server.console.service import StaffService
from server.console.setup_steps import setup_steps
from server.console.snippet_check import Expected, SnippetCheck, check_snippet
from server.core.egress import Egress
from server.core.errors import Invalid
from server.core.http import AnyRequest
from server.core.rate_limit import Limit, RateLimiter
from server.knowledge.library.service import Library
from server.shops.models import ShopChanges
from server.shops.service import ShopService

PAGE = "/console/setup"
VISITS = Limit("snippet_check", per_minute=10, burst=10)
"""Of one shop: each fetches a page of somebody's server."""
MAX_ADDRESS = 2_048

Form = URLEncodedBody[dict[str, str]]


@get(PAGE, include_in_schema=False)
async def show_setup(
    request: AnyRequest,
    visitor: NamedDependency[Visitor],
    shops: NamedDependency[ShopService],
    staff_service: NamedDependency[StaffService],
    catalog: NamedDependency[Catalog],
    library: NamedDependency[Library],
) -> Template:
    """What is done and what is missing, the snippet to paste, where it may be pasted, keys, and how imports go."""
    return await _page(request, visitor, shops, staff_service, catalog, library)


@post(f"{PAGE}/origins", status_code=303, include_in_schema=False)
async def change_origins(
    request: AnyRequest,
    data: Form,
    visitor: NamedDependency[Visitor],
    shops: NamedDependency[ShopService],
    staff_service: NamedDependency[StaffService],
    catalog: NamedDependency[Catalog],
    library: NamedDependency[Library],
) -> Response[Any]:
    """Add or remove one origin."""
    origins = (await shops.view(visitor.caller)).origins
    if gone := data.get("remove"):
        changed = tuple(origin for origin in origins if origin != gone)
    else:
        changed = (*origins, data.get("add", "").strip())
    try:
        await shops.change(visitor.caller, ShopChanges(origins=changed))
    except Invalid as reason:
        problem = reason.errors[0].message if reason.errors else reason.detail
        return await _page(
            request, visitor, shops, staff_service, catalog, library, problem=problem, added=data.get("add", "")
        )
    return Redirect(f"{PAGE}#origins", status_code=303, headers=HEADERS)


@post(f"{PAGE}/check", status_code=200, include_in_schema=False)
async def check_page(
    request: AnyRequest,
    data: Form,
    visitor: NamedDependency[Visitor],
    shops: NamedDependency[ShopService],
    staff_service: NamedDependency[StaffService],
    catalog: NamedDependency[Catalog],
    library: NamedDependency[Library],
    egress: NamedDependency[Egress],
    limiter: NamedDependency[RateLimiter],
) -> Template:
    """Visit a page of the shop and say whether the snippet is there, or what blocks it."""
    visitor.require_set_up()
    shop_id = visitor.caller.shop_id
    address = data.get("address", "").strip()[:MAX_ADDRESS]
    address = address if "://" in address or not address else f"https://{address}"
    await limiter.require((VISITS, str(shop_id)))
    keys = await shops.list_keys(shop_id)
    expected = Expected(
        base_url=request.app.state.own_origin,
        keys=frozenset(key.key for key in keys if key.kind == "publishable" and key.key),
        origins=frozenset((await shops.view(visitor.caller)).origins),
    )
    check = await check_snippet(egress, address, expected)
    return await _page(request, visitor, shops, staff_service, catalog, library, check=check, address=address)


async def _page(
    request: AnyRequest,
    visitor: Visitor,
    shops: ShopService,
    staff_service: StaffService,
    catalog: Catalog,
    library: Library,
    *,
    problem: str = "",
    added: str = "",
    check: SnippetCheck | None = None,
    address: str = "",
) -> Template:
    shop_id = visitor.caller.shop_id
    keys = await shops.list_keys(shop_id)
    shop = await shops.view(visitor.caller)
    steps = setup_steps(
        shop,
        products=(await catalog.counts(shop_id)).products,
        documents=sum(each.documents for each in await library.list_sources(shop_id)),
        answered_on=await staff_service.origins_written_on(visitor.caller, shop.origins),
    )
    return render(
        request,
        "setup",
        visitor=visitor,
        status=422 if problem else 200,
        own_origin=request.app.state.own_origin,
        publishable=next((key.key for key in keys if key.kind == "publishable"), None),
        keys=keys if visitor.may_set_up else [],
        origins=shop.origins,
        steps=steps,
        left=sum(not step.is_done and not step.is_optional for step in steps),
        jobs=await staff_service.jobs(visitor.caller),
        reports=await staff_service.reports(visitor.caller),
        problem=problem,
        added=added,
        check=check,
        address=address or shop.storefront_url or next(iter(shop.origins), ""),
    )


setup_router = Router(
    path="/",
    route_handlers=[show_setup, change_origins, check_page],
    dependencies={"visitor": Provide(provide_visitor)},
    exception_handlers=PAGE_ERRORS,
)
