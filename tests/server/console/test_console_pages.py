"""The console's pages: signing in, reading, acting; nothing a shopper writes becomes markup."""

import re
from collections.abc import Iterator

import httpx
import pytest
from litestar import Litestar
from redis.asyncio import Redis

from server.chat.conversations.presence import Presence
from server.core.rate_limit import RateLimiter
from server.core.tokens import TokenSigner
from server.shops.access import COOKIE, ConsoleClaims
from server.shops.identity import Customer
from server.shops.models import Role
from server.shops.service import ShopService
from server.shops.tables import MemberRow
from tests.server.console.house import OWN_ORIGIN, PASSWORD, SECRET, ShopUnderTest, console_app, hours_ago

pytestmark = pytest.mark.enable_socket

HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(2)>\"'><b>hi</b> {{7*7}}"
FORM = {"origin": OWN_ORIGIN}


def cookie_of(response: httpx.Response) -> str:
    """The console's cookie as it was set, with its attributes."""
    return next(value for value in response.headers.get_list("set-cookie") if value.startswith(COOKIE))


async def sign_in(client: httpx.AsyncClient, email: str, password: str = PASSWORD, **more: str) -> httpx.Response:
    """Send the form."""
    return await client.post("/console/sign-in", data={"email": email, "password": password} | more, headers=FORM)


async def test_sign_in_and_out(client: httpx.AsyncClient, shop: ShopUnderTest) -> None:
    assert (await client.get("/console")).headers["location"] == "/console/sign-in"
    response = await sign_in(client, f"  {shop.owner.email.upper()} ", next="/console/setup")
    assert (response.status_code, response.headers["location"]) == (303, "/console/setup")
    cookie = cookie_of(response).lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert "secure" not in cookie
    assert "Fern &amp; Field" in (await client.get("/console")).text
    gone = await client.post("/console/sign-out", headers=FORM)
    assert gone.headers["location"] == "/console/sign-in"
    assert (await client.get("/console")).status_code == 303


async def test_the_cookie_is_secure_where_the_console_is(
    client: httpx.AsyncClient, app: Litestar, shop: ShopUnderTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app.state, "own_origin", "https://aisle.test")
    data = {"email": shop.owner.email, "password": PASSWORD}
    response = await client.post("/console/sign-in", data=data, headers={"origin": "https://aisle.test"})
    assert "secure" in cookie_of(response).lower()


async def test_all_refusals_read_the_same(client: httpx.AsyncClient, shop: ShopUnderTest) -> None:
    wrong = await sign_in(client, shop.owner.email, "wrong")
    unknown = await sign_in(client, "nobody@example.com", "wrong")
    odd = [
        await sign_in(client, "a\x00b", "x"),
        await sign_in(client, "x" * 300, "x"),
        await sign_in(client, "a", "x" * 2000),
    ]
    texts = {re.sub(r'name="email" value="[^"]*"', "", answer.text) for answer in (wrong, unknown, *odd)}
    assert {answer.status_code for answer in (wrong, unknown, *odd)} == {401}
    assert len(texts) == 1
    assert "is not correct" in texts.pop()
    assert "set-cookie" not in wrong.headers


async def test_guessing_is_limited_by_email_and_by_address(client: httpx.AsyncClient, shop: ShopUnderTest) -> None:
    tries = [(await sign_in(client, shop.owner.email, "x" * 2000)).status_code for _ in range(9)]
    assert tries == [401] * 8 + [429]
    refused = await sign_in(client, shop.owner.email)
    assert refused.status_code == 429
    assert int(refused.headers["retry-after"]) >= 1
    others = [(await sign_in(client, f"{n}@example.com", "x" * 2000)).status_code for n in range(13)]
    assert others == [401] * 12 + [429]


@pytest.fixture
def behind_a_proxy(app: Litestar) -> Iterator[None]:
    """The last of X-Forwarded-For is the caller's address."""
    app.state.trusted_proxies = 1
    yield
    app.state.trusted_proxies = 0


@pytest.mark.usefixtures("behind_a_proxy")
async def test_a_stranger_elsewhere_does_not_lock_a_merchant_out(
    client: httpx.AsyncClient, shop: ShopUnderTest
) -> None:
    client.headers["X-Forwarded-For"] = "192.0.2.7"
    tries = [(await sign_in(client, shop.owner.email, "x" * 2000)).status_code for _ in range(12)]
    assert tries[-1] == 429
    client.headers["X-Forwarded-For"] = "198.51.100.1"
    assert (await sign_in(client, shop.owner.email)).status_code == 303


@pytest.mark.usefixtures("behind_a_proxy")
async def test_strangers_everywhere_do_not_lock_a_merchant_out_and_get_two_tries_for_each_network(
    client: httpx.AsyncClient, shop: ShopUnderTest
) -> None:
    for n in range(140):
        client.headers["X-Forwarded-For"] = f"192.0.2.{n}"
        await sign_in(client, shop.owner.email, "x" * 2000)
    client.headers["X-Forwarded-For"] = "198.51.100.1"
    assert (await sign_in(client, shop.owner.email)).status_code == 303
    tries = []
    for n in range(4):
        client.headers["X-Forwarded-For"] = f"2001:db8:7:{n:x}::1"
        tries.append((await sign_in(client, shop.owner.email, "x" * 2000)).status_code)
    assert tries == [401, 401, 429, 429]


@pytest.mark.parametrize(
    "back", ["https://evil.example", "//evil.example", "/console\\@evil.example", "/consolex", "/v1/shop", ""]
)
async def test_the_way_back_stays_in_the_console(client: httpx.AsyncClient, shop: ShopUnderTest, back: str) -> None:
    assert (await sign_in(client, shop.owner.email, next=back)).headers["location"] == "/console"


async def test_forged_and_expired_sessions_lead_to_the_door(
    client: httpx.AsyncClient, shop: ShopUnderTest, other: ShopUnderTest, signer: TokenSigner[ConsoleClaims]
) -> None:
    own = ConsoleClaims(shop.owner.id, shop.id)
    tokens = {
        "expired": signer.sign(own, lifetime_s=-3600),
        "other key": TokenSigner(("k" * 40,), "console", ConsoleClaims).sign(own, lifetime_s=60),
        "other purpose": TokenSigner((SECRET,), "session", ConsoleClaims).sign(own, lifetime_s=60),
        "other shape": TokenSigner((SECRET,), "console", Customer).sign(Customer(id="1"), lifetime_s=60),
        "another's shop": signer.sign(ConsoleClaims(shop.owner.id, other.id), lifetime_s=60),
        "tampered": shop.owner.cookies[COOKIE][:-3] + "abc",
    }
    for name, token in tokens.items():
        headers = {"cookie": f"{COOKIE}={token}"}
        page = await client.get("/console/setup", headers=headers)
        assert (page.status_code, page.headers["location"]) == (
            303,
            "/console/sign-in?next=%2Fconsole%2Fsetup",
        ), name
        assert (await client.get("/v1/conversations", headers=headers)).status_code == 401, name


async def test_forms_from_elsewhere_do_nothing(client: httpx.AsyncClient, shop: ShopUnderTest) -> None:
    talk = (await shop.ask("Hello")).talk
    forms = {
        "/console/sign-in": {"email": shop.owner.email, "password": PASSWORD},
        "/console/sign-out": {},
        "/console/shop": {"shop_id": str(shop.id)},
        "/console/setup/origins": {"add": "https://evil.example"},
    } | {f"/console/conversations/{talk}/{action}": {"text": "x"} for action in ("reply", "assign", "tags", "close")}
    for path, data in forms.items():
        for origin in ({"origin": "https://evil.example"}, {"origin": "null"}, {}):
            response = await client.post(path, data=data, headers=shop.owner.headers | origin)
            assert response.status_code == 403, path
            assert "set-cookie" not in response.headers, path
    assert await shop.audit() == []
    assert "evil" not in (await client.get("/console/setup", headers=shop.owner.headers)).text


async def test_what_a_shopper_writes_is_only_text(client: httpx.AsyncClient, shop: ShopUnderTest) -> None:
    product = {
        "id": "1",
        "title": HOSTILE,
        "url": "javascript:alert(1)",
        "image_url": "data:text/html,x",
        "price": None,
    }
    answer = [
        {
            "type": "text",
            "text": f"**{HOSTILE}**\n- {HOSTILE}\n[click](javascript:alert(3)) [ok](https://fern.example/a?b=1&c=2)",
        },
        {"type": "data-products", "data": {"products": [product]}},
        {"type": "data-order", "data": {"order": {"number": HOSTILE, "status_text": HOSTILE}}},
        {"type": "source-url", "sourceId": "1", "url": "javascript:alert(4)", "title": HOSTILE},
    ]
    trace = {
        "tools": [{"name": HOSTILE, "input": {"query": HOSTILE}, "output": {}, "seconds": 0.1}],
        "sources": [{"id": "1", "title": HOSTILE, "url": "javascript:alert(5)"}],
        "receipts": [{"claim": HOSTILE, "source_id": HOSTILE, "field": HOSTILE}],
        "notes": [HOSTILE],
    }
    turn = await shop.ask(
        HOSTILE, email=HOSTILE, answer=answer, kind=HOSTILE, trace=trace, rating="down", comment=HOSTILE
    )
    await client.post(f"/v1/conversations/{turn.talk}/tags", json={"tags": ["<i>tag</i>"]}, headers=shop.api)
    for path in ("/console", f"/console/conversations/{turn.talk}", "/console?q=%3Cscript%3Ealert(1)"):
        page = await client.get(path, headers=shop.owner.headers)
        assert page.status_code == 200, page.text
        assert "&lt;script&gt;alert(1)" in page.text
        assert not re.search(r"<(script>|img src=x|b>hi|i>tag)", page.text), path
        assert not re.search(r"(href|src)=\"?(javascript|data):", page.text), path
        assert "{{7*7}}" in page.text or "q=" in path
    assert (
        'href="https://fern.example/a?b=1&amp;c=2"'
        in (await client.get(f"/console/conversations/{turn.talk}", headers=shop.owner.headers)).text
    )


async def test_pages_are_locked_down_and_assets_kept_for_ever(client: httpx.AsyncClient, shop: ShopUnderTest) -> None:
    talk = (await shop.ask("Hello")).talk
    for path in (
        "/console/sign-in",
        "/console",
        "/console/setup",
        f"/console/conversations/{talk}",
        "/console/conversations/0",
    ):
        page = await client.get(path, headers=shop.owner.headers)
        policy = page.headers["content-security-policy"]
        assert policy.startswith("default-src 'none'; style-src 'self'; script-src 'self'"), path
        assert "unsafe" not in policy
        assert page.headers["cache-control"] == "private, no-store"
        assert not re.search(r"<style|\sstyle=|\son[a-z]+=|<script>", page.text), path
        assert re.search(r"<title>[^<]+ · Aisle</title>", page.text), path
        assert '<main id="main"' in page.text
        for asset in set(re.findall(r"/console/assets/[^\"]+", page.text)):
            found = await client.get(asset)
            assert found.status_code == 200, asset
            assert "immutable" in found.headers["cache-control"]
    for wrong in ("console.css", "console.0.css", "house.py", "..%2Fservice.py"):
        assert (await client.get(f"/console/assets/{wrong}")).status_code == 404


async def test_the_morning_page_counts_and_leads_to_what_went_wrong(
    client: httpx.AsyncClient, shop: ShopUnderTest
) -> None:
    await shop.ask("It broke", state="interrupted", by=None, answer=[])
    await shop.ask("Do you sell stars?", kind="unknown")
    await shop.ask("A poor answer", rating="down")
    await shop.want_person((await shop.ask("A person, please")).talk)
    await shop.ask("Last week", at=hours_ago(24 * 7), state="failed", by=None)
    page = (await client.get("/console", headers=shop.viewer.headers)).text
    tiles = re.findall(r'<a href="([^"]+)"><b>(\d+)</b><span>([^<]+)</span>', page)
    assert [(int(count), words) for _, count, words in tiles] == [
        (4, "conversations"),
        (1, "failed or interrupted"),
        (1, "“I don’t know”"),
        (1, "thumbs down"),
        (1, "waiting for a person"),
    ]
    shown = ["Last week", "It broke", "Do you sell stars?", "A poor answer", "A person, please"]
    for (link, _, _), fits in zip(tiles, [shown[1:], *([text] for text in shown[1:])], strict=True):
        rows = (await client.get(link.replace("&amp;", "&"), headers=shop.viewer.headers)).text
        assert [text for text in shown if f'"preview">{text}<' in rows] == fits


async def test_staff_act_on_the_page(client: httpx.AsyncClient, shop: ShopUnderTest) -> None:
    path = f"/console/conversations/{(await shop.ask('Hello')).talk}"
    page = (await client.get(path, headers=shop.agent.headers)).text
    key = re.search(r'name="key" value="([^"]+)"', page)
    assert key
    for _ in range(2):
        sent = await client.post(
            f"{path}/reply", data={"text": "I am <b>here</b>", "key": key[1]}, headers=shop.agent.form
        )
        assert (sent.status_code, sent.headers["location"]) == (303, f"{path}#end")
    await client.post(f"{path}/tags", data={"tags": "late, urgent"}, headers=shop.agent.form)
    await client.post(f"{path}/assign", data={"merchant_id": str(shop.owner.id)}, headers=shop.agent.form)
    page = (await client.get(path, headers=shop.agent.headers)).text
    assert page.count("I am &lt;b&gt;here&lt;/b&gt;") == 1
    assert "With staff" in page
    assert 'value="late, urgent"' in page
    assert f'value="{shop.owner.id}" selected' in page
    assert (await client.post(f"{path}/close", headers=shop.agent.form)).headers["location"] == "/console"
    assert "Closed" in (await client.get(path, headers=shop.agent.headers)).text
    empty = await client.post(f"{path}/reply", data={"text": " "}, headers=shop.agent.form)
    assert (empty.status_code, empty.headers["content-type"]) == (422, "text/html; charset=utf-8")


async def test_a_viewers_page_has_no_forms_and_refuses_them(client: httpx.AsyncClient, shop: ShopUnderTest) -> None:
    path = f"/console/conversations/{(await shop.ask('Hello')).talk}"
    page = (await client.get(path, headers=shop.viewer.headers)).text
    assert f'action="{path}' not in page
    for action in ("reply", "assign", "tags", "close"):
        refused = await client.post(f"{path}/{action}", data={"text": "x"}, headers=shop.viewer.form)
        assert refused.status_code == 403
    added = await client.post("/console/setup/origins", data={"add": "https://x.example"}, headers=shop.viewer.form)
    assert added.status_code == 403
    setup = (await client.get("/console/setup", headers=shop.viewer.headers)).text
    assert shop.publishable_key in setup
    assert "sk_" not in setup


async def test_another_shops_pages_are_not_there(
    client: httpx.AsyncClient, shop: ShopUnderTest, other: ShopUnderTest
) -> None:
    talk = (await other.ask("A secret question")).talk
    for wrong in (str(talk), "nonsense"):
        path = f"/console/conversations/{wrong}"
        answers = [await client.get(path, headers=shop.owner.headers)] + [
            await client.post(f"{path}/{action}", data={"text": "x"}, headers=shop.owner.form)
            for action in ("reply", "assign", "tags", "close")
        ]
        assert [answer.status_code for answer in answers] == [404] * 5
        assert not any("secret" in answer.text for answer in answers)
    switch = await client.post("/console/shop", data={"shop_id": str(other.id)}, headers=shop.owner.form)
    assert switch.status_code == 404


async def test_a_merchant_of_two_shops_switches(
    client: httpx.AsyncClient, shop: ShopUnderTest, other: ShopUnderTest
) -> None:
    async with shop.database.session(other.id) as session:
        session.add(MemberRow(shop_id=other.id, merchant_id=shop.owner.id, role=Role.VIEWER))
    await other.ask("Asked elsewhere")
    page = (await client.get("/console", headers=shop.owner.headers)).text
    assert f'<option value="{other.id}">Elsewhere</option>' in page
    assert "Asked elsewhere" not in page
    response = await client.post("/console/shop", data={"shop_id": str(other.id)}, headers=shop.owner.form)
    page = (await client.get("/console", headers={"cookie": cookie_of(response).partition(";")[0]})).text
    assert "Asked elsewhere" in page


async def test_origins_are_added_and_removed(client: httpx.AsyncClient, shop: ShopUnderTest) -> None:
    path = "/console/setup/origins"
    wrong = await client.post(path, data={"add": "shop.example/x"}, headers=shop.owner.form)
    assert wrong.status_code == 422
    assert "is not an origin" in wrong.text
    added = await client.post(path, data={"add": "https://Two.example/"}, headers=shop.owner.form)
    assert added.status_code == 303
    page = (await client.get("/console/setup", headers=shop.owner.headers)).text
    assert "<code>https://two.example</code>" in page
    assert "<code>https://fern.example</code>" in page
    assert f"data-key=&#34;{shop.publishable_key}&#34;" in page or f'data-key="{shop.publishable_key}"' in page
    await client.post(path, data={"remove": "https://fern.example"}, headers=shop.owner.form)
    page = (await client.get("/console/setup", headers=shop.owner.headers)).text
    assert "<code>https://fern.example</code>" not in page
    assert "<code>https://two.example</code>" in page


async def test_a_filter_that_cannot_be_read_is_said(client: httpx.AsyncClient, shop: ShopUnderTest) -> None:
    await shop.ask("Hello")
    for query in ("from=soon", "only=odd"):
        page = await client.get(f"/console?{query}", headers=shop.owner.headers)
        assert page.status_code == 422
        assert 'role="alert"' in page.text
        assert "Hello" in page.text


async def test_our_own_mistake_shows_no_detail(
    client: httpx.AsyncClient, shop: ShopUnderTest, shops: ShopService, signer: TokenSigner[ConsoleClaims], redis: Redis
) -> None:
    class Broken:
        def fast(self, _shop_id: object) -> object:
            raise RuntimeError("a secret detail")

    app = console_app(Broken(), RateLimiter.__new__(RateLimiter), shops, signer, Presence(redis))  # type: ignore[arg-type]
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url=OWN_ORIGIN) as broken:
        page = await broken.get("/console", headers=shop.owner.headers)
    assert page.status_code == 500
    assert "secret detail" not in page.text
    assert "Nothing was lost" in page.text
