"""The public pages over HTTP, with the handlers mounted in an app of their own."""

import re
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from litestar import Litestar, Request, Response
from litestar.di import Provide
from litestar.plugins.jinja import JinjaTemplateEngine
from litestar.template import TemplateConfig
from litestar.testing import TestClient

from integrations.demo import load_store
from server.core.errors import AisleError
from server.pages import TEMPLATE_FOLDERS
from server.pages.endpoints import pages_router, render_markdown
from server.pages.models import DemoPage, slug_of
from server.shops.identity import customer_signature, is_signed_customer

BASE = "http://testserver.local"
SECRET = "a secret of the test shop"  # never printed into a page


def problem(_: Request[Any, Any, Any], error: AisleError) -> Response[dict[str, object]]:
    return Response({"code": error.code, "detail": error.detail}, status_code=error.status)


def build(demo: DemoPage | None) -> Litestar:
    return Litestar(
        [pages_router()],
        dependencies={"demo": Provide(lambda: demo, sync_to_thread=False)},
        template_config=TemplateConfig(directory=list(TEMPLATE_FOLDERS), engine=JinjaTemplateEngine),
        exception_handlers={AisleError: problem},
    )


@pytest.fixture(scope="module")
def demo() -> DemoPage:
    return DemoPage(
        base_url=BASE,
        publishable_key="pk_test",
        mailbox_url="http://127.0.0.1:8025",
        store=load_store(base_url=BASE),
        sign_customer=lambda id, email: customer_signature(SECRET, id, email),
    )


@pytest.fixture(scope="module")
def client(demo: DemoPage) -> Iterator[TestClient[Litestar]]:
    with TestClient(build(demo), base_url=BASE) as running:
        yield running


@pytest.fixture(autouse=True)
def signed_out(client: TestClient[Litestar]) -> None:
    client.cookies.clear()


def test_every_link_and_picture_of_the_storefront_works(client: TestClient[Litestar]) -> None:
    elsewhere = {"/console", "/docs"}
    seen: set[str] = set()
    waiting = ["/", "/demo"]
    while waiting:
        path = waiting.pop()
        response = client.get(path)
        assert response.status_code == 200, path
        seen.add(path)
        if response.headers["content-type"].startswith("text/html"):
            links = set(re.findall(r'(?:href|src)="(/[^"#]*)', response.text)) - elsewhere
            waiting.extend(links - seen - set(waiting))
    assert len([path for path in seen if path.startswith("/demo/products/")]) >= 130
    assert len([path for path in seen if path.startswith("/demo/images/")]) >= 130
    assert len([path for path in seen if path.startswith("/demo/policies/")]) >= 8


@pytest.mark.parametrize("path", ["/demo", "/demo/products/fell-2-tent", "/demo/policies/shipping"])
def test_the_widget_is_embedded_by_the_public_snippet(client: TestClient[Litestar], path: str) -> None:
    assert f'<script async src="{BASE}/widget.js" data-key="pk_test"></script>' in client.get(path).text


@pytest.mark.parametrize("path", ["/", "/demo", "/demo/products/fell-2-tent", "/demo/policies/shipping"])
def test_nothing_on_a_page_needs_more_than_the_strict_policy(client: TestClient[Litestar], path: str) -> None:
    response = client.get(path)
    policy = response.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert f"script-src 'self' {BASE};" in policy
    assert f"frame-src {BASE};" in policy
    assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)", response.text)
    assert set(re.findall(r'(?:src|href)="(https?://[^/"]+)', response.text)) <= {BASE, "http://127.0.0.1:8025"}


def test_a_product_page_shows_prices_stock_and_tells_the_product(client: TestClient[Litestar]) -> None:
    page = client.get("/demo/products/ridge-bottle").text
    assert 'data-product-id="ridge-bottle"' in page
    assert 'value="TW-BTL-RDG-20-INK" data-price="$34.00" data-compare="" data-stock="Sold out"' in page
    assert "$45.00" in page


def test_a_pre_order_says_so(client: TestClient[Litestar]) -> None:
    page = client.get("/demo/products/cinder-winter-bag").text
    assert "ships in about 4 weeks" in page
    assert "charged only when it ships" in page


def test_signing_in_gives_a_signature_that_the_shop_accepts(client: TestClient[Litestar]) -> None:
    assert "data-customer" not in client.get("/demo").text
    form = {"as": "cus_maya", "back": "/demo/products/fell-2-tent"}
    page = client.post("/demo/sign-in", data=form)
    assert str(page.url).endswith("/demo/products/fell-2-tent")
    told = dict(re.findall(r'data-customer-(\w+)="([^"]*)"', page.text))
    assert is_signed_customer(SECRET, told["id"], told["email"], told["signature"])
    assert SECRET not in page.text
    assert "data-customer" not in client.post("/demo/sign-in", data={"as": "", "back": "/demo"}).text


def test_nobody_but_the_demo_shopper_can_be_signed_in(client: TestClient[Litestar]) -> None:
    assert "data-customer" not in client.post("/demo/sign-in", data={"as": "cus_leo"}).text
    client.cookies.set("demo_shopper", "cus_leo")
    assert "data-customer" not in client.get("/demo").text


@pytest.mark.parametrize(
    "back",
    [
        "https://evil.example",
        "//evil.example",
        "/demo/products/..//evil",
        "/demo\\@evil",
        "/demo/products/\r\nX: y",
        "",
    ],
)
def test_sign_in_never_leads_elsewhere(client: TestClient[Litestar], back: str) -> None:
    response = client.post("/demo/sign-in", data={"as": "cus_maya", "back": back}, follow_redirects=False)
    assert response.status_code == 303
    assert response.headers["location"].startswith("/demo")
    assert "\r" not in response.headers["location"]
    assert "x" not in {key for key in response.headers if len(key) == 1}


@pytest.mark.parametrize(
    "path",
    [
        "/demo/products/nothing",
        "/demo/policies/nothing",
        "/demo/categories/nothing",
        "/demo/images/nothing.svg",
        "/demo/images/fell-2-tent",
        "/demo/images/..%2F..%2Fshop.svg",
        "/demo/assets/..%2Fendpoints.py",
        "/demo/assets/endpoints.py",
    ],
)
def test_what_is_not_there_is_a_plain_404(client: TestClient[Litestar], path: str) -> None:
    assert client.get(path).status_code == 404


def test_without_a_demo_only_the_home_page_is_there() -> None:
    with TestClient(build(None), base_url=BASE) as bare:
        home = bare.get("/")
        assert home.status_code == 200
        assert 'href="/demo"' not in home.text
        assert f"{BASE}/widget.js" in home.text
        assert bare.get("/demo").json()["code"] == "not_found"
        for path in ("/demo/products/fell-2-tent", "/demo/policies/shipping", "/demo/images/fell-2-tent.svg"):
            assert bare.get(path).status_code == 404


def test_what_a_store_says_is_escaped(demo: DemoPage) -> None:
    hostile = '"><script>alert(1)</script>'
    product = msgspec.structs.replace(demo.store.products[0], title=hostile, description=hostile, brand=hostile)
    store = msgspec.structs.replace(demo.store, products=(product,))
    with TestClient(build(msgspec.structs.replace(demo, store=store)), base_url=BASE) as client:
        for path in ("/demo", f"/demo/products/{product.external_id}"):
            assert "<script>alert" not in client.get(path).text


def test_policies_are_rendered_without_raw_html_and_with_anchors() -> None:
    html = render_markdown(
        "# T\n\n## Rates & times\n\n<script>x</script> [a](javascript:alert(1))\n\n|a|b|\n|-|-|\n|1|2|\n"
    )
    assert '<h2 id="rates-times">' in html
    assert "<table>" in html
    assert "<script>" not in html
    assert 'href="javascript' not in html


@pytest.mark.parametrize(
    ("name", "slug"), [("Tents & Shelter", "tents-shelter"), ("Home", "home"), ("  À la  ", "à-la")]
)
def test_slugs(name: str, slug: str) -> None:
    assert slug_of(name) == slug


BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


def test_what_a_page_does_not_find_is_a_page_for_browsers_only(client: TestClient[Litestar]) -> None:
    shown = client.get("/demo/products/none", headers={"accept": BROWSER})
    assert (shown.status_code, shown.headers["content-type"]) == (404, "text/html; charset=utf-8")
    assert "There is no page at this address." in shown.text
    for accept in ("*/*", "application/json", "application/json, text/html;q=0.5"):
        told = client.get("/demo/products/none", headers={"accept": accept})
        assert (told.status_code, told.json()["code"]) == (404, "not_found"), accept
