"""`/` and the demo storefront under `/demo`. Without a demo (`demo` is None) the storefront is not there: 404."""

from itertools import pairwise
from pathlib import Path

from litestar import Response, Router, get, post
from litestar.datastructures import Cookie
from litestar.di import NamedDependency
from litestar.params import FromPath, SkipValidation, URLEncodedBody
from litestar.response import Redirect, Template
from markdown_it import MarkdownIt

from integrations.demo.pictures import draw
from integrations.platform import Product
from server.core.errors import NotFound
from server.core.http import AnyRequest
from server.pages import models
from server.pages.models import DemoPage
from server.pages.not_found import on_not_found

ASSETS = Path(__file__).parent / "assets"

SIGNED_IN_COOKIE = "demo_shopper"
SIGNED_IN_S = 12 * 3600

_ASSET_TYPES = {
    "docs.css": "text/css",
    "shop.css": "text/css",
    "home.css": "text/css",
    "shop.js": "text/javascript",
    "icon.svg": "image/svg+xml",
}
_SHELF_PREVIEW = 4

Demo = NamedDependency[SkipValidation[DemoPage | None]]
Form = URLEncodedBody[dict[str, str]]


@get("/", include_in_schema=False)
async def show_home(request: AnyRequest, demo: NamedDependency[Demo]) -> Template:
    """What Aisle is, with links to everything it serves here and the snippet to paste."""
    base_url = demo.base_url if demo else str(request.base_url).rstrip("/")
    context = {
        "base_url": base_url,
        "key": demo.publishable_key if demo else "pk_your_key",
        "demo": demo,
        "demo_name": demo.store.shop.name if demo else "",
    }
    return Template("pages/home.html", context=context, headers=_headers(base_url))


@get("/demo", include_in_schema=False)
async def show_storefront(request: AnyRequest, demo: NamedDependency[Demo]) -> Template:
    """The store's front page: what is on sale, and a first look at every shelf."""
    page = _require(demo)
    on_sale = [each for each in page.store.products if models.badge_text(each) == "Sale"]
    return _page("pages/storefront.html", request, page, on_sale=on_sale, preview=_SHELF_PREVIEW)


@get("/demo/categories/{slug:str}", include_in_schema=False)
async def show_category(request: AnyRequest, demo: NamedDependency[Demo], slug: FromPath[str]) -> Template:
    """Every product of one shelf."""
    page = _require(demo)
    shelf = next((each for each in models.categories_of(page.store) if each.slug == slug), None)
    if shelf is None:
        raise NotFound("This store has no such category.")
    return _page("pages/category.html", request, page, shelf=shelf)


@get("/demo/products/{external_id:str}", include_in_schema=False)
async def show_product(request: AnyRequest, demo: NamedDependency[Demo], external_id: FromPath[str]) -> Template:
    """One product; the page tells the assistant which one the shopper looks at."""
    page = _require(demo)
    product = page.store.find_product(external_id)
    if product is None:
        raise NotFound("This store has no such product.")
    return _page(
        "pages/product.html",
        request,
        page,
        product=product,
        choices=models.variant_choices(product),
        related=_related(page, product),
    )


@get("/demo/policies/{slug:str}", include_in_schema=False)
async def show_policy(request: AnyRequest, demo: NamedDependency[Demo], slug: FromPath[str]) -> Template:
    """One policy page; its headings carry ids so that citations can point at them."""
    page = _require(demo)
    policy = page.store.find_policy(slug)
    if policy is None:
        raise NotFound("This store has no such page.")
    return _page("pages/policy.html", request, page, policy=policy, body=render_markdown(policy.body))


@get("/demo/images/{name:str}", media_type="image/svg+xml", include_in_schema=False)
async def show_picture(demo: NamedDependency[Demo], name: FromPath[str]) -> Response[str]:
    """The product's illustration, `{external_id}.svg`."""
    store = _require(demo).store
    product = store.find_product(name.removesuffix(".svg"))
    picture = store.pictures.get(product.external_id) if product else None
    if product is None or picture is None or not name.endswith(".svg"):
        raise NotFound("This store has no such picture.")
    return Response(
        draw(picture, product.category[0] if product.category else ""),
        media_type="image/svg+xml",
        headers={"Cache-Control": "public, max-age=86400", "Content-Security-Policy": "default-src 'none'"},
    )


@get("/demo/assets/{name:str}", include_in_schema=False)
async def show_asset(name: FromPath[str]) -> Response[bytes]:
    """The pages' own style sheets and script; there with or without a demo."""
    media_type = _ASSET_TYPES.get(name)
    if media_type is None:
        raise NotFound
    return Response(
        (ASSETS / name).read_bytes(), media_type=media_type, headers={"Cache-Control": "public, max-age=300"}
    )


@post("/demo/sign-in", include_in_schema=False)
async def change_sign_in(demo: NamedDependency[Demo], data: Form) -> Redirect:
    """Sign the demo shopper in (`as` names them) or out, and go back to the page it was asked from."""
    shopper = _require(demo).store.shop.shopper
    signed_in = shopper is not None and data.get("as") == shopper.id
    cookie = Cookie(
        SIGNED_IN_COOKIE,
        value=data["as"] if signed_in else "",
        path="/demo",
        max_age=SIGNED_IN_S if signed_in else 0,
        httponly=True,
        samesite="lax",
    )
    return Redirect(_safe_way_back(data.get("back", "")), status_code=303, cookies=[cookie])


def render_markdown(text: str) -> str:
    """HTML of a policy: no raw HTML passes, level-two headings get the slug of their words as id."""
    markdown = MarkdownIt("commonmark", {"html": False}).enable("table")
    tokens = markdown.parse(text)
    for heading, words in pairwise(tokens):
        if heading.type == "heading_open" and heading.tag != "h1":
            heading.attrSet("id", models.slug_of(words.content))
    return str(markdown.renderer.render(tokens, markdown.options, {}))


def _require(demo: DemoPage | None) -> DemoPage:
    if demo is None:
        raise NotFound("There is no demo store on this installation; start one with: aisle demo")
    return demo


def _related(page: DemoPage, product: Product) -> list[Product]:
    near = [each for each in page.store.products if each.category[:1] == product.category[:1]]
    near.sort(key=lambda each: each.category != product.category)
    return [each for each in near if each.external_id != product.external_id][:4]


def _page(template: str, request: AnyRequest, page: DemoPage, **extra: object) -> Template:
    shopper = page.store.shop.shopper
    is_signed_in = shopper is not None and request.cookies.get(SIGNED_IN_COOKIE) == shopper.id
    context = {
        "page": page,
        "shop": page.store.shop,
        "categories": models.categories_of(page.store),
        "shopper": shopper if is_signed_in else None,
        "signature": page.sign_customer(shopper.id, shopper.email) if shopper and is_signed_in else "",
        "here": request.url.path,
        "money": models.money_text,
        "price": models.price_text,
        "badge": models.badge_text,
        **extra,
    }
    return Template(template, context=context, headers=_headers(page.base_url))


def _headers(base_url: str) -> dict[str, str]:
    """A strict policy: nothing inline, nothing foreign. Aisle has to work under it, and the demo shows that it does."""
    policy = (
        f"default-src 'none'; script-src 'self' {base_url}; style-src 'self'; img-src 'self' {base_url}; "
        f"connect-src 'self' {base_url}; frame-src {base_url}; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'none'"
    )
    return {
        "Content-Security-Policy": policy,
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "strict-origin-when-cross-origin",
        "Cache-Control": "private, no-cache",
    }


def _safe_way_back(path: str) -> str:
    """Only a path of this storefront: anything else would let a link send shoppers elsewhere."""
    is_ours = path == "/demo" or path.startswith(("/demo/categories/", "/demo/products/", "/demo/policies/"))
    return path if is_ours and "\\" not in path and path.isprintable() else "/demo"


def pages_router() -> Router:
    """All public pages, to be mounted at the root; needs a dependency `demo` and `TEMPLATE_FOLDERS` in the engine."""
    return Router(
        path="/",
        route_handlers=[
            show_home,
            show_storefront,
            show_category,
            show_product,
            show_policy,
            show_picture,
            show_asset,
            change_sign_in,
        ],
        exception_handlers={NotFound: on_not_found},
    )
