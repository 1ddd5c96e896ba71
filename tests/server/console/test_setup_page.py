"""The guided set-up: what is done and what is missing, and the visit that says what keeps the widget from working."""

from uuid import uuid4

import httpx
import pytest
from selectolax.lexbor import LexborHTMLParser

from integrations.platform import Product
from server.console.setup_steps import setup_steps
from server.console.snippet_check import Expected, SnippetCheck, check_snippet, judge_page
from server.core.egress import EgressFailed, FetchedResponse
from server.shops.models import ShopChanges, ShopView
from server.shops.service import ShopService
from tests.server.console.house import KnownThings, ShopUnderTest

pytestmark = pytest.mark.enable_socket

PAGE = "/console/setup"
AISLE = "https://aisle.example"
KEY = "pk_0123456789abcdef"
SHOP = "https://fern.example"
EXPECTED = Expected(base_url=AISLE, keys=frozenset({KEY}), origins=frozenset({SHOP}))
LINE = f'<script async src="{AISLE}/widget.js" data-key="{KEY}"></script>'


def page(
    html: str, *, url: str = f"{SHOP}/", status: int = 200, csp: str = "", kind: str = "text/html"
) -> SnippetCheck:
    headers = {"content-type": kind} | ({"content-security-policy": csp} if csp else {})
    return judge_page(FetchedResponse(status, url, headers, f"<!doctype html><body>{html}".encode()), EXPECTED)


@pytest.mark.parametrize(
    ("html", "csp"),
    [
        (LINE, ""),
        (f'<script src="{AISLE}/widget.js?key={KEY}"></script>', ""),
        (f'<base href="{AISLE}/x/"><script src="/widget.js" data-key="{KEY}"></script>', ""),
        (f'<script src="https://chat.fern.example/widget.js" data-key="{KEY}"></script>', ""),
        (LINE, f"default-src 'self'; script-src {AISLE}; frame-src {AISLE}; connect-src {AISLE}"),
        (LINE, "default-src 'self' https:"),
        (LINE, "default-src *"),
        (LINE, "img-src 'none'; default-src *.example"),
        (LINE.replace("<script", "<script nonce='n1'"), f"script-src 'nonce-n1' 'strict-dynamic'; frame-src {AISLE}"),
        (LINE, f"script-src {AISLE}/widget.js; frame-src {AISLE}/"),
        ("<script src='https://other.example/widget.js' data-key='pk_other'></script>" + LINE, ""),
        (f"<!-- <script src='{AISLE}/widget.js'></script> -->{LINE}", ""),
        (f"<![odd]><![if !IE]>{LINE}<![endif]>", ""),
        (f"<script src='https://x.example:99999/widget.js' data-key='{KEY}'></script>{LINE}", "default-src *"),
        (f"<script src='https://x.example:port/widget.js'></script>{LINE}", ""),
    ],
)
def test_a_page_with_the_line_works(html: str, csp: str) -> None:
    found = page(html, csp=csp)
    assert found.blockers == ()
    assert found.works


@pytest.mark.parametrize(
    ("html", "csp", "words"),
    [
        ("<p>Hello</p>", "", "The line is not on this page."),
        (f"<!-- {LINE} -->", "", "The line is not on this page."),
        (f"<script>load('{AISLE}/widget.js')</script>", "", "tag manager"),
        (f'<script src="{AISLE}/widget.js"></script>', "", "without its key"),
        (f'<script src="{AISLE}/widget.js" data-key="pk_otherotherother"></script>', "", "not a live key of this shop"),
        (LINE, "default-src 'self'", f"add {AISLE} to script-src"),
        (LINE, f"default-src 'self'; script-src {AISLE}; connect-src *", f"add {AISLE} to frame-src"),
        (LINE, f"script-src {AISLE}; frame-src {AISLE}; connect-src 'self'", f"add {AISLE} to connect-src"),
        (LINE, "script-src 'strict-dynamic' https:", "script-src"),
        (LINE, "script-src https://aisle.example.evil.example", "script-src"),
        (LINE, f"script-src *, script-src 'none'; frame-src {AISLE}", "script-src"),
        (f'<meta http-equiv="Content-Security-Policy" content="script-src \'self\'">{LINE}', "", "script-src"),
    ],
)
def test_what_blocks_is_named(html: str, csp: str, words: str) -> None:
    found = page(html, csp=csp)
    assert not found.works
    assert words in " ".join(found.blockers)


def test_pages_that_are_none_and_sites_that_are_not_listed() -> None:
    assert page(LINE, status=503).blockers[0].startswith("The page answered with status 503. It may be protected")
    assert page(LINE, status=404).blockers == ("The page answered with status 404.",)
    assert page("", kind="application/pdf").blockers == ("The address leads to application/pdf.",)
    elsewhere = page(LINE, url="https://www.fern.example/start")
    assert elsewhere.is_there
    assert elsewhere.blockers[0].startswith("https://www.fern.example is not on the list of sites")


async def test_a_page_that_cannot_be_reached_says_why() -> None:
    class Nowhere:
        async def get(self, url: str, *, max_bytes: int) -> FetchedResponse:
            raise EgressFailed("no-such.example has no address; check its spelling")

    found = await check_snippet(Nowhere(), "https://no-such.example", EXPECTED)
    assert found.blockers == ("The page could not be reached: no-such.example has no address; check its spelling.",)


def test_a_hostile_page_is_read_in_one_pass() -> None:
    deep = "<div>" * 300_000 + "<script src=" + "'" * 1000 + "<" * 100_000
    assert not page(deep).is_there


async def test_the_steps_say_what_is_missing(
    client: httpx.AsyncClient, shop: ShopUnderTest, shops: ShopService, known: KnownThings
) -> None:
    def missing(answer: httpx.Response) -> list[str]:
        steps = LexborHTMLParser(answer.text).css(".steps li:not(.done) a")
        return [step.text() for step in steps]

    before = await client.get(PAGE, headers=shop.owner.headers)
    assert missing(before) == ["Settings", "Products", "Policies and help", "Contact", "Branding", "On your page"]
    assert "5 steps left" in before.text
    await known.catalog.save(shop.id, [Product(external_id="a", title="A")], "file")
    written = {"title": "Returns", "text": "You may return things.", "url": ""}
    await client.post("/console/knowledge/documents/text", data=written, headers=shop.owner.form)
    changes = ShopChanges(storefront_url=SHOP, contact={"email": "a@fern.example"}, appearance={"accent": "#7c3aed"})
    await shops.change(await shops.caller_of_key(shop.secret_key), changes)
    await shop.ask("Hello")
    after = await client.get(PAGE, headers=shop.owner.headers)
    assert missing(after) == []
    assert "Everything is set up" in after.text
    assert "A shopper has written on https://fern.example." in after.text


def test_an_optional_step_is_not_counted_as_left() -> None:
    assert [
        step.name for step in setup_steps(_bare(), products=0, documents=0, answered_on=()) if step.is_optional
    ] == ["Branding"]


def _bare() -> ShopView:
    return ShopView(
        id=uuid4(),
        name="Fern",
        origins=(),
        locale="en",
        currency="USD",
        storefront_url=None,
        appearance={},
        greeting=None,
        suggestions=(),
        tone=None,
        contact={},
        handoff={},
        order_access="standard",
        appearance_notes=[],
    )


async def test_the_check_goes_through_the_guard(client: httpx.AsyncClient, shop: ShopUnderTest) -> None:
    for address, words in (
        ("fern.example", "fern.example is not a public address"),
        ("http://fern.example:22/", "port 22 is not a web port"),
        ("file:///etc/passwd", "only http:// and https:// addresses are fetched"),
        ("", "only http:// and https:// addresses are fetched"),
    ):
        checked = await client.post(f"{PAGE}/check", data={"address": address}, headers=shop.owner.form)
        assert checked.status_code == 200, address
        assert words in checked.text, address
    assert (await client.post(f"{PAGE}/check", data={"address": SHOP}, headers=shop.agent.form)).status_code == 403
    assert (await client.post(f"{PAGE}/check", data={"address": SHOP}, headers=shop.owner.headers)).status_code == 403
    statuses = [
        (await client.post(f"{PAGE}/check", data={"address": SHOP}, headers=shop.owner.form)).status_code
        for _ in range(10)
    ]
    assert statuses[-1] == 429
