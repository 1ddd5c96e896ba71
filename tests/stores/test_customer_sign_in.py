"""A shopper signs in at their Shopify account from the chat; attacks on the way there and back."""

import html
import re
import urllib.parse
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from server.embedded.standins.shopify.customers import CLIENT_ID
from server.embedded.standins.shopify.records import order
from server.embedded.standins.shopify.shop import Shop
from tests.installation import Installation, ShopAccess, Shopper
from tests.stores.shopify_steps import install
from tests.waiting import await_that

CALLBACK = "/integrations/shopify/customer/callback"
METHODS = ["email", "postcode", "code"]


@pytest.fixture
def merchant(stores: Installation) -> Iterator[httpx.Client]:
    """The merchant of this test's own shop."""
    with stores.merchant() as client:
        yield client


@pytest.fixture
def connection(
    stores: Installation, console: httpx.Client, merchant: httpx.Client, store: Shop
) -> Iterator[dict[str, Any]]:
    """The demo shop's orders are this store's, whose customers may sign in."""
    store.place(order(5001))
    made = install(console, merchant, store)
    path = f"/v1/connections/{made['id']}"
    changed = merchant.patch(path, json={"customer_client_id": CLIENT_ID}).raise_for_status().json()
    await_offer(stores, store.domain)
    yield changed
    merchant.delete(path)


def await_offer(stores: Installation, words: str) -> None:
    """Until the process knows how the connection is now; a new shopper each time, since their tries are counted."""
    await_that(lambda: words in try_to_begin(stores.shopper()).text, f"an offer that says {words}", poll_s=0.5)


def try_to_begin(shopper: Shopper) -> httpx.Response:
    return shopper.client.post(f"/v1/chat/{shopper.conversation_id}/sign-in")


def begin(shopper: Shopper) -> str:
    """Shopify's address."""
    response = try_to_begin(shopper)
    assert response.status_code == 201, response.text
    return str(response.json()["url"])


def sign_in_at_shopify(address: str) -> str:
    """Whoever opens the address signs in there: where Shopify sends them back to."""
    response = httpx.get(address)
    assert response.status_code == 302, response.text
    return response.headers["location"]


def told(page: httpx.Response) -> str:
    """What the page hands to the page that opened it."""
    found = re.search(r'data-result="([^"]*)"', page.text)
    assert found
    return html.unescape(found[1])


def redeem(shopper: Shopper, result: str) -> httpx.Response:
    return shopper.client.post(f"/v1/chat/{shopper.conversation_id}/sign-in/result", json={"result": result})


def test_from_the_chat_to_ones_own_orders(stores: Installation, connection: dict[str, Any], store: Shop) -> None:
    shopper = stores.shopper()
    address = begin(shopper)
    asked = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(address).query))
    assert asked["client_id"] == CLIENT_ID
    assert asked["code_challenge_method"] == "S256"
    assert asked["redirect_uri"] == f"{stores.base_url}{CALLBACK}"
    back = sign_in_at_shopify(address)
    page = httpx.get(back)
    assert page.status_code == 200
    policy = page.headers["content-security-policy"]
    nonce = re.search(r"script-src 'nonce-([^']+)'", policy)
    assert nonce and f'<script nonce="{nonce[1]}">' in page.text
    assert "default-src 'none'" in policy and "frame-ancestors 'none'" in policy
    assert page.headers["cache-control"] == "no-store"
    assert page.headers["referrer-policy"] == "no-referrer"
    assert f'data-own="{stores.base_url}"' in page.text
    response = redeem(shopper, told(page))
    assert response.status_code == 200
    assert set(response.json()) == {"customer"}
    signed_in = stores.shopper(customer=response.json()["customer"])
    placed = signed_in.ask("Show me my orders")
    assert "5001" in placed.shown
    seen = signed_in.ask("Where is my order #5001?")
    assert seen.order and "total" in seen.order
    assert stores.shopper().ask("Where is my order #5001?").order is None


def test_a_forwarded_address_gives_its_sender_nothing(stores: Installation, connection: dict[str, Any]) -> None:
    """The victim signs in at an address that the attacker's chat began. The secret stands in the victim's browser
    only; even there it counts for no session but the attacker's, and it is told to our own origin alone."""
    attacker, victim = stores.shopper(), stores.shopper()
    page = httpx.get(sign_in_at_shopify(begin(attacker)))
    secret = told(page)
    assert 'postMessage({ type: "aisle:signed-in", result }, own)' in page.text
    assert f'data-own="{stores.base_url}"' in page.text
    wrong = redeem(attacker, "si_guess")
    assert wrong.status_code == 404
    assert redeem(victim, secret).status_code == 404
    used = redeem(attacker, secret)  # a second try of any session finds nothing: the first ended it
    assert used.status_code == 404
    assert {**wrong.json(), "request_id": ""} == {**used.json(), "request_id": ""}


def test_a_result_counts_once_and_for_the_session_that_began(
    stores: Installation, connection: dict[str, Any], shop: ShopAccess
) -> None:
    shopper, neighbour, stranger = stores.shopper(), stores.shopper(), stores.shopper(shop)
    for other in (neighbour, stranger):
        secret = told(httpx.get(sign_in_at_shopify(begin(shopper))))
        assert redeem(other, secret).status_code == 404
        path = f"/v1/chat/{shopper.conversation_id}/sign-in/result"
        assert other.client.post(path, json={"result": secret}).status_code == 404
    secret = told(httpx.get(sign_in_at_shopify(begin(shopper))))
    assert redeem(shopper, secret).status_code == 200
    assert redeem(shopper, secret).status_code == 404
    no_session = httpx.post(f"{stores.base_url}{path}", json={"result": secret}, headers={"Origin": stores.base_url})
    assert no_session.status_code == 401


def test_a_return_counts_once_and_only_with_its_own_code(stores: Installation, connection: dict[str, Any]) -> None:
    shopper = stores.shopper()
    back = sign_in_at_shopify(begin(shopper))
    assert told(httpx.get(back))
    again = httpx.get(back)
    assert (again.status_code, told(again)) == (404, "")
    assert "go back to the chat" in again.text
    first, second = sign_in_at_shopify(begin(shopper)), sign_in_at_shopify(begin(stores.shopper()))
    codes = [dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(each).query))["code"] for each in (first, second)]
    mixed = httpx.get(first.replace(codes[0], codes[1]))  # somebody else's code in one's own return
    assert (mixed.status_code, told(mixed)) == (404, "")
    for query in (
        "",
        "?state=x&code=y",
        "?error=access_denied&state=x",
        "?state=%00&code=%ff",
        "?state=a&state=b&code=c",
    ):
        odd = httpx.get(f"{stores.base_url}{CALLBACK}{query}")
        assert (odd.status_code, told(odd)) == (404, "")
    denied = sign_in_at_shopify(begin(shopper)).replace("code=", "error=")
    assert httpx.get(denied).status_code == 404
    assert httpx.get(denied.replace("error=", "code=")).status_code == 404, "a refusal ends the attempt"


def test_what_the_connection_no_longer_is_signs_nobody_in(
    stores: Installation, merchant: httpx.Client, connection: dict[str, Any]
) -> None:
    """Between begin, return and result the store may leave, or become another client's."""
    path = f"/v1/connections/{connection['id']}"
    shopper = stores.shopper()
    back, secret = sign_in_at_shopify(begin(shopper)), told(httpx.get(sign_in_at_shopify(begin(shopper))))
    merchant.patch(path, json={"customer_client_id": "another"}).raise_for_status()
    await_offer(stores, "client_id=another")
    assert told(httpx.get(back)) == ""
    assert redeem(shopper, secret).status_code == 404
    merchant.patch(path, json={"customer_client_id": None}).raise_for_status()
    await_offer(stores, '"code":"conflict"')


def test_the_offer_is_made_where_it_stands(
    stores: Installation,
    stores_demo: Installation,
    merchant: httpx.Client,
    connection: dict[str, Any],
    shop: ShopAccess,
) -> None:
    begin(stores.shopper())
    asked = stores.shopper().ask("Where is my order #5001?").of("data-verification")[-1]
    assert asked["methods"] == [*METHODS, "sign_in"]
    path = f"/v1/connections/{connection['id']}"
    assert merchant.get(path).json()["customer_client_id"] == CLIENT_ID
    assert merchant.patch(path, json={}).json()["customer_client_id"] == CLIENT_ID
    merchant.patch(path, json={"customer_client_id": None}).raise_for_status()
    assert merchant.get(path).json()["customer_client_id"] is None

    def methods() -> Any:
        return stores.shopper().ask("Where is my order #5001?").of("data-verification")[-1]["methods"]

    await_that(lambda: methods() == METHODS, "the end of the offer")
    for wrong in ("", "a b", "x" * 101, "<script>", 5):
        assert merchant.patch(path, json={"customer_client_id": wrong}).status_code in (400, 422)
    with stores_demo.merchant() as merchant_of_demo:
        connections = merchant_of_demo.get("/v1/connections").json()["data"]
        other = next(each for each in connections if each["platform"] == "demo")
        refused = merchant_of_demo.patch(f"/v1/connections/{other['id']}", json={"customer_client_id": "x"})
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["field"] == "customer_client_id"
    with stores.merchant(shop) as stranger:
        assert stranger.patch(path, json={"customer_client_id": "x"}).status_code == 404


def test_connecting_again_keeps_the_client(
    stores: Installation, console: httpx.Client, merchant: httpx.Client, connection: dict[str, Any], store: Shop
) -> None:
    again = install(console, merchant, store)
    assert again["id"] == connection["id"]
    assert again["customer_client_id"] == CLIENT_ID


def test_accounts_that_cannot_be_reached_are_said_so(
    stores: Installation, connection: dict[str, Any], store: Shop
) -> None:
    shopper = stores.shopper()
    back = sign_in_at_shopify(begin(shopper))
    store.accounts.is_discoverable = False
    response = try_to_begin(shopper)
    assert response.status_code == 503
    assert int(response.headers["retry-after"]) >= 1
    page = httpx.get(back, headers={"Accept-Language": "de-AT, en;q=0.5"})
    assert (page.status_code, told(page)) == (503, "")
    assert '<html lang="de" dir="ltr">' in page.text


def test_too_many_sign_ins_are_slowed(stores: Installation, connection: dict[str, Any]) -> None:
    shopper = stores.shopper()
    begin(shopper)
    answers = [redeem(shopper, f"si_{number}").status_code for number in range(15)]
    assert answers[-1] == 429
    assert set(answers) == {404, 429}


def test_the_console_sets_the_client(
    console: httpx.Client, merchant: httpx.Client, stores: Installation, connection: dict[str, Any]
) -> None:
    page = console.get("/console/stores").text
    assert f"{stores.base_url}{CALLBACK}" in page
    assert f'value="{CLIENT_ID}"' in page
    form = f"/console/stores/{connection['id']}/sign-in"
    assert console.post(form, data={"customer_client_id": "a b"}).status_code == 422
    assert console.post(form, data={"customer_client_id": " next-client "}).status_code == 303
    path = f"/v1/connections/{connection['id']}"
    assert merchant.get(path).json()["customer_client_id"] == "next-client"
    assert console.post(form, data={"customer_client_id": ""}).status_code == 303
    assert merchant.get(path).json()["customer_client_id"] is None
