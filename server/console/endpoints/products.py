"""The pages of products: what Aisle knows of each, where it came from, and how it is changed, hidden and deleted."""

from typing import Any
from urllib.parse import parse_qsl, urlencode

from litestar import Response, Router, get, post
from litestar.di import NamedDependency, Provide
from litestar.params import FromQuery, URLEncodedBody
from litestar.response import Redirect, Template

from server.catalog.models import Only, ProductQuery, StoredProduct
from server.catalog.service import Catalog
from server.console.endpoints.page import HEADERS, PAGE_ERRORS, Visitor, parameter_of, provide_visitor, render
from server.console.knowledge_words import source_words, store_names
from server.console.product_form import MAX_VARIANTS_SHOWN, fields_of, product_of
from server.console.view import web_url
from server.core.errors import Invalid, NotFound, QuotaExceeded
from server.core.http import AnyRequest
from server.core.money import format_money
from server.knowledge.evidence import product_units
from server.shops.service import ShopService
from server.stores.service import StoreService

LIST = "/console/knowledge"
PAGE = f"{LIST}/product"
PAGE_SIZE = 50
MAX_CHOSEN = 500
FILTERS = ("q", "only", "source")
ACTIONS = {"hide": "hidden", "show": "shown again", "delete": "deleted"}

Form = URLEncodedBody[dict[str, str]]


@get(LIST, include_in_schema=False)
async def show_products(
    request: AnyRequest,
    visitor: NamedDependency[Visitor],
    catalog: NamedDependency[Catalog],
    stores: NamedDependency[StoreService],
) -> Template:
    """All products, those that match a search, or those that want a look."""
    shop_id = visitor.caller.shop_id
    given = {name: parameter_of(request, name) for name in FILTERS}
    before = parameter_of(request, "before") or None
    products = await catalog.search(
        shop_id,
        ProductQuery(
            text=given["q"],
            only=Only(given["only"]) if given["only"] in set(Only) else None,
            source=given["source"],
            after=parameter_of(request, "after"),
            before=before,
            limit=PAGE_SIZE + 1,
        ),
    )
    is_more = len(products) > PAGE_SIZE
    shown = products[-PAGE_SIZE:] if before else products[:PAGE_SIZE]
    is_first = not before and "after" not in request.query_params
    names = store_names(await stores.list_stores(shop_id))
    return render(
        request,
        "products",
        visitor=visitor,
        rows=[(each, _picture(request, each), _price_text(each)) for each in shown],
        filters=given,
        is_filtered=any(given.values()),
        counts=await catalog.counts(shop_id),
        sources=[(source, source_words(source, names)) for source in await catalog.list_sources(shop_id)],
        source_words=lambda source: source_words(source, names),
        done=_done_words(request),
        query=urlencode({name: value for name, value in request.query_params.items() if name not in ("did", "n")}),
        earlier=_link(given, before=shown[0]) if shown and (is_more if before else not is_first) else None,
        later=_link(given, after=shown[-1]) if shown and (is_more or before) else None,
        is_first=is_first,
    )


@post(f"{LIST}/products", status_code=303, include_in_schema=False)
async def change_products(
    request: AnyRequest, visitor: NamedDependency[Visitor], catalog: NamedDependency[Catalog]
) -> Redirect:
    """Hide, show or delete the chosen products; then back to the list as it was."""
    visitor.require_set_up()
    form = await request.form()
    chosen = [str(each) for each in form.getall("id", []) if "\x00" not in str(each)][:MAX_CHOSEN]
    action = str(form.get("action", ""))
    match action:
        case "hide" | "show":
            count = await catalog.set_hidden(visitor.caller, chosen, hidden=action == "hide")
        case "delete":
            count = await catalog.delete_many(visitor.caller, chosen)
        case _:
            raise Invalid("There is no such action.")
    back = urlencode([*parse_qsl(str(form.get("back", ""))), ("did", action), ("n", str(count))])
    return Redirect(f"{LIST}?{back}", status_code=303, headers=HEADERS)


@get(PAGE, include_in_schema=False)
async def show_product(
    request: AnyRequest,
    id: FromQuery[str],
    visitor: NamedDependency[Visitor],
    catalog: NamedDependency[Catalog],
    shops: NamedDependency[ShopService],
    stores: NamedDependency[StoreService],
) -> Template:
    """One product: its form, and what the assistant makes of it."""
    stored = await _find(catalog, visitor, id)
    return await _page(request, visitor, shops, stores, stored, fields_of(stored.product), {})


@post(PAGE, status_code=303, include_in_schema=False)
async def save_product(
    request: AnyRequest,
    id: FromQuery[str],
    data: Form,
    visitor: NamedDependency[Visitor],
    catalog: NamedDependency[Catalog],
    shops: NamedDependency[ShopService],
    stores: NamedDependency[StoreService],
) -> Response[Any]:
    """Save all of the form, or nothing: then the page comes back with what is wrong beside each field."""
    visitor.require_set_up()
    stored = await _find(catalog, visitor, id)
    profile = await shops.profile(visitor.caller.shop_id)
    changed, problems = product_of(data, stored.product, profile.currency)
    if not problems:
        saved = await catalog.edit(visitor.caller, changed)
        if reason := saved.refused.get(id):
            raise QuotaExceeded(reason)
        return Redirect(f"{PAGE}?{urlencode({'id': id, 'saved': 1})}", status_code=303, headers=HEADERS)
    return await _page(request, visitor, shops, stores, stored, data, problems)


async def _find(catalog: Catalog, visitor: Visitor, external_id: str) -> StoredProduct:
    if "\x00" in external_id:
        raise NotFound
    found = await catalog.find(visitor.caller.shop_id, [external_id], with_hidden=True)
    if external_id not in found:
        raise NotFound
    return found[external_id]


async def _page(
    request: AnyRequest,
    visitor: Visitor,
    shops: ShopService,
    stores: StoreService,
    stored: StoredProduct,
    fields: dict[str, str],
    problems: dict[str, str],
) -> Template:
    shop_id = visitor.caller.shop_id
    profile = await shops.profile(shop_id)
    names = store_names(await stores.list_stores(shop_id))
    price = stored.product.price
    return render(
        request,
        "product",
        visitor=visitor,
        status=422 if problems else 200,
        stored=stored,
        product=stored.product,
        picture=_picture(request, stored),
        currency=price.currency if price else profile.currency,
        source=source_words(stored.source, names),
        is_from_store=stored.source in names,
        fields=fields,
        errors=problems,
        saved="saved" in request.query_params,
        units=product_units(stored.product, profile.locale),
        has_variant_fields=len(stored.product.variants) <= MAX_VARIANTS_SHOWN,
    )


def _picture(request: AnyRequest, stored: StoredProduct) -> str | None:
    """The product's picture, where the pages' own policy lets it through: over https, or from Aisle itself."""
    url = web_url(stored.product.image_url)
    own = f"{request.app.state.own_origin}/"
    return url if url and url.startswith(("https://", own)) else None


def _price_text(stored: StoredProduct) -> str:
    price = stored.product.price
    return format_money(price.amount, price.currency) if price else ""


def _done_words(request: AnyRequest) -> str:
    done, count = ACTIONS.get(parameter_of(request, "did")), parameter_of(request, "n")
    if done is None or not count.isdecimal():
        return ""
    return f"{int(count):,} product{' is' if count == '1' else 's are'} {done}."


def _link(given: dict[str, str], **place: StoredProduct) -> str:
    at = {name: stored.product.external_id for name, stored in place.items()}
    return f"{LIST}?{urlencode({name: value for name, value in given.items() if value} | at)}"


products_router = Router(
    path="/",
    route_handlers=[show_products, change_products, show_product, save_product],
    dependencies={"visitor": Provide(provide_visitor)},
    exception_handlers=PAGE_ERRORS,
)
