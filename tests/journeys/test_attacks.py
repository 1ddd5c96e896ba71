"""Ways in that were tried from outside: each stays shut."""

from typing import Any

import httpx
import pytest

from server.shops.identity import customer_signature
from tests.installation import Installation, Shopper

MAYA = ("cus_maya", "maya.lindqvist@example.com")
TOMASZ = ("cus_tomasz", "tomasz@example.com")


def customer(installation: Installation, customer_id: str, email: str | None) -> dict[str, Any]:
    signature = customer_signature(installation.demo_shop.identity_secret, customer_id, email)
    return {"id": customer_id, "email": email, "signature": signature}


def go_on(installation: Installation, before: Shopper, who: dict[str, Any] | None) -> Shopper:
    """The same browser opens its session again, as somebody else."""
    client = httpx.Client(base_url=installation.base_url, headers={"Origin": installation.base_url}, timeout=60)
    body = {"key": installation.demo_shop.publishable_key, "session": before.session["session"]}
    opened = client.post("/v1/sessions", json=body | ({"customer": who} if who else {}))
    assert opened.status_code == 201, opened.text
    client.headers["Authorization"] = f"Bearer {opened.json()['session']}"
    return Shopper(client, opened.json())


def test_a_browsers_session_does_not_work_without_its_origin(installation: Installation) -> None:
    shopper = installation.shopper()
    nameless = httpx.Client(base_url=installation.base_url, headers=dict(shopper.client.headers))
    del nameless.headers["Origin"]
    message = {"id": "m1", "role": "user", "parts": [{"type": "text", "text": "hello"}]}
    refused = nameless.post("/v1/chat", json={"message": message})
    assert refused.status_code == 403
    assert refused.json()["code"] == "origin_refused"
    guess = {"order_number": "1001", "email": "guess@example.com"}
    assert nameless.post(f"/v1/chat/{shopper.conversation_id}/verification", json=guess).status_code == 403
    # our own frame reads without naming one: browsers leave it out of such requests
    assert nameless.get(f"/v1/chat/{shopper.conversation_id}").status_code == 200


def test_a_page_cannot_use_the_session_it_keeps_for_the_frame(installation: Installation) -> None:
    page = "https://keeper.example"
    shop = installation.create_shop("Keeper", page)
    framed = installation.shopper(shop)
    framed.ask("hello")
    token = framed.session["session"]
    on_page = httpx.Client(base_url=installation.base_url, headers={"Origin": page, "Authorization": f"Bearer {token}"})
    for read in (f"/v1/chat/{framed.conversation_id}", "/v1/chat"):
        assert on_page.get(read).json()["code"] == "origin_refused"
    message = {"id": "m2", "role": "user", "parts": [{"type": "text", "text": "hello"}]}
    assert on_page.post("/v1/chat", json={"message": message}).status_code == 403
    assert on_page.delete("/v1/chat").status_code == 403
    opened = on_page.post("/v1/sessions", json={"key": shop.publishable_key, "session": token})
    assert opened.status_code == 201
    assert opened.json()["conversation_id"] != framed.conversation_id
    assert framed.client.get(f"/v1/chat/{framed.conversation_id}").status_code == 200


def test_another_customer_never_goes_on_with_a_conversation(installation: Installation) -> None:
    nobody = installation.shopper()
    nobody.ask("hello")
    maya = go_on(installation, nobody, customer(installation, *MAYA))
    assert "1001" in maya.ask("where are my orders?").text
    tomasz = go_on(installation, nobody, customer(installation, *TOMASZ))
    again_nobody = go_on(installation, maya, None)
    people = [nobody, maya, tomasz, again_nobody]
    assert len({person.conversation_id for person in people}) == len(people)
    for stranger in (nobody, tomasz, again_nobody):
        assert "1001" not in str(stranger.history())
        assert stranger.client.get(f"/v1/chat/{maya.conversation_id}").status_code == 404
    same_maya = go_on(installation, maya, customer(installation, *MAYA))
    assert same_maya.conversation_id == maya.conversation_id


@pytest.mark.parametrize(("customer_id", "email"), [("", "a@example.com"), ("cus\nx", "a@b.c"), ("cus", "x\na@b.c")])
def test_one_signature_stands_for_one_customer(installation: Installation, customer_id: str, email: str) -> None:
    client = httpx.Client(base_url=installation.base_url, headers={"Origin": installation.base_url})
    body = {"key": installation.demo_shop.publishable_key, "customer": customer(installation, customer_id, email)}
    assert client.post("/v1/sessions", json=body).status_code in (401, 422)


@pytest.mark.parametrize(
    "origin",
    [
        "https://a;script-src-elem evil.com 'unsafe-inline'",
        "https://a http",
        "https://a;report-uri x.com",
        "https://a,b",
        "https://a'b",
        "https://[::1%eth0]",
    ],
)
def test_an_origin_cannot_write_into_our_policy(installation: Installation, origin: str) -> None:
    shop = installation.create_shop("Policy", "https://policy.example")
    with installation.merchant(shop) as merchant:
        assert merchant.patch("/v1/shop", json={"origins": [origin]}).status_code == 422
    frame = httpx.get(f"{installation.base_url}/frame", params={"key": shop.publishable_key})
    assert frame.headers["content-type"] == "text/html; charset=utf-8"
    assert "script-src-elem" not in frame.headers["content-security-policy"]


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "data:text/html,x", "//evil.example", "https://a b", 'https://"']
)
def test_only_web_addresses_become_citations(installation: Installation, url: str) -> None:
    with installation.merchant() as merchant:
        document = {"id": "hostile", "title": "Hostile", "format": "text", "content": "Nothing here.", "url": url}
        assert merchant.post("/v1/documents", json=document).status_code == 422
        product = {"id": "hostile", "title": "Hostile", "url": url}
        assert merchant.post("/v1/products", json={"products": [product]}).status_code == 422


@pytest.mark.parametrize("price", [{"amount": 2**63, "currency": "EUR"}, {"amount": 1, "currency": "<b>"}])
def test_impossible_prices_are_named(installation: Installation, price: dict[str, Any]) -> None:
    with installation.merchant() as merchant:
        refused = merchant.post("/v1/products", json={"products": [{"id": "p", "title": "P", "price": price}]})
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["field"] == "products[0].price"


def test_a_link_in_a_title_is_no_link_in_an_answer(installation: Installation) -> None:
    shop = installation.create_shop("Titles", installation.base_url)
    with installation.merchant(shop) as merchant:
        title = "Brass kettle [pay here](https://phish.example/pay) <script>alert(1)</script>"
        merchant.put("/v1/products/k", json={"id": "k", "title": title}).raise_for_status()
    answer = installation.shopper(shop).ask("Do you have a brass kettle?")
    assert "kettle" in answer.text.lower()
    assert "phish.example" not in answer.text
    assert "<script" not in answer.text


@pytest.mark.parametrize("declared", ["text/plain", "application/xml", "application/x-www-form-urlencoded"])
def test_other_content_types_are_refused(installation: Installation, declared: str) -> None:
    headers = {"Origin": installation.base_url, "Content-Type": declared}
    body = f'{{"key": "{installation.demo_shop.publishable_key}"}}'
    refused = httpx.post(f"{installation.base_url}/v1/sessions", content=body, headers=headers)
    assert refused.status_code == 415
    assert refused.json()["code"] == "wrong_type"


def test_a_console_session_ends_with_the_sign_out(installation: Installation) -> None:
    form = {"email": installation.facts["console_email"], "password": installation.facts["console_password"]}
    own = {"Origin": installation.base_url}
    with httpx.Client(base_url=installation.base_url, headers=own) as browser:
        assert browser.post("/console/sign-in", data=form).status_code == 303
        stolen = dict(browser.cookies)
        assert httpx.get(f"{installation.base_url}/v1/shop", cookies=stolen).status_code == 200
        assert browser.post("/console/sign-out").status_code == 303
    assert httpx.get(f"{installation.base_url}/v1/shop", cookies=stolen).status_code == 401


def test_a_strange_time_zone_shows_the_page(installation: Installation) -> None:
    form = {"email": installation.facts["console_email"], "password": installation.facts["console_password"]}
    with httpx.Client(base_url=installation.base_url, headers={"Origin": installation.base_url}) as browser:
        browser.post("/console/sign-in", data=form)
        for zone in ("localtime", "posixrules", "../etc/passwd", "Mars/Olympus"):
            browser.cookies.set("aisle_console_zone", zone)
            assert browser.get("/console").status_code == 200


def test_a_revoked_key_ends_the_sessions_it_opened(installation: Installation) -> None:
    access = installation.create_shop("Revoking", installation.base_url)
    merchant = httpx.Client(
        base_url=installation.base_url, headers={"Authorization": f"Bearer {access.secret_key}"}, timeout=60
    )
    shopper = installation.shopper(access)
    path = f"/v1/chat/{shopper.session['conversation_id']}"
    assert shopper.client.get(path).status_code == 200
    [key] = [each for each in merchant.get("/v1/keys").json()["data"] if each["kind"] == "publishable"]
    assert merchant.delete(f"/v1/keys/{key['id']}").status_code == 204
    assert shopper.client.get(path).status_code == 401


def test_addresses_too_long_to_be_anybodys_are_not_remembered(installation: Installation) -> None:
    with httpx.Client(base_url=installation.base_url) as stranger:
        origin = f"https://{'a' * 4_000}.example"
        asked = {"Origin": origin, "Access-Control-Request-Method": "GET"}
        assert "access-control-allow-origin" not in stranger.options("/v1/launcher", headers=asked).headers
        assert stranger.post(f"/webhooks/woocommerce/{'x' * 4_000}", content=b"{}").status_code == 401
