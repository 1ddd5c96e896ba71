"""A Shopify store from the console's button to the first right answer, and its webhooks, privacy ones among them."""

import base64
import json
import time
import urllib.parse
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from server.embedded.standins.shopify.records import order
from server.embedded.standins.shopify.shop import Shop
from server.embedded.standins.shopify.signing import callback_query, proxy_query
from server.embedded.standins.shopify.tokens import SECRET
from tests.installation import Installation
from tests.stores.shopify_steps import agree, begin, install, post_compliance, product_titles, tell
from tests.waiting import await_that


@pytest.fixture
def merchant(stores: Installation) -> Iterator[httpx.Client]:
    """The merchant of this test's own shop."""
    with stores.merchant() as client:
        yield client


def test_from_the_button_to_the_first_answer(
    stores: Installation, console: httpx.Client, merchant: httpx.Client, store: Shop
) -> None:
    first = next(iter(store.products.values()))
    connection = install(console, merchant, store)
    assert connection["store"] == store.domain
    assert connection["notes"] == [
        "Orders older than 60 days cannot be looked up until Shopify grants read_all_orders."
    ]
    assert console.get("/console/stores").text.count(connection["notes"][0]) == 1
    assert first["title"] in product_titles(merchant)
    assert connection["result"]["pages"] == 1
    assert len(store.subscriptions) > 10
    shopper = stores.shopper()
    answer = shopper.ask(f"Tell me about the {first['title']}")
    assert first["title"] in [product["title"] for product in answer.products]
    assert merchant.delete(f"/v1/connections/{connection['id']}").status_code == 204


def test_an_install_that_is_not_ours_connects_nothing(
    stores: Installation, console: httpx.Client, merchant: httpx.Client, store: Shop
) -> None:
    asked = begin(console, store)
    good = agree(store, asked)
    before = len(merchant.get("/v1/connections").json()["data"])
    with httpx.Client(base_url=stores.base_url) as stranger:
        assert stranger.get(f"/integrations/shopify/callback?{good}").status_code == 401
    for wrong in (
        good.replace("hmac=", "hmac=0"),
        agree(store, asked, shop="another.myshopify.com"),
        agree(store, asked, timestamp="1700000000"),
        agree(store, asked | {"state": asked["state"][:-2]}),
    ):
        assert console.get(f"/integrations/shopify/callback?{wrong}").status_code == 422
    jar = httpx.Cookies({name: value for name, value in console.cookies.items() if "install" not in name})
    with httpx.Client(base_url=stores.base_url, cookies=jar) as other_browser:
        assert other_browser.get(f"/integrations/shopify/callback?{good}").status_code == 422
    assert console.get("/integrations/shopify/install", params={"shop": "evil.example"}).status_code == 422
    assert len(merchant.get("/v1/connections").json()["data"]) == before


def test_a_change_is_searchable_soon_and_a_forgery_never(
    stores: Installation, console: httpx.Client, merchant: httpx.Client, store: Shop
) -> None:
    connection = install(console, merchant, store)
    product = next(iter(store.products.values()))
    number = int(product["id"].rpartition("/")[2])
    store.add({**product, "title": f"Renamed {store.domain}"})
    assert tell(store, "products/update", {"id": number, "title": "not what is written"}) == [200]
    await_that(lambda: f"Renamed {store.domain}" in product_titles(merchant), "the new title")
    assert post_compliance(stores, store, "app/uninstalled", {}, secret="guess") == 401
    assert merchant.get(f"/v1/connections/{connection['id']}").json()["state"] == "active"
    del store.products[product["id"]]
    assert tell(store, "products/delete", {"id": number}) == [200]
    await_that(lambda: f"Renamed {store.domain}" not in product_titles(merchant), "its end")
    merchant.delete(f"/v1/connections/{connection['id']}")


def test_an_order_is_found_and_told_to_its_owner_only(
    stores: Installation, console: httpx.Client, merchant: httpx.Client, store: Shop
) -> None:
    store.place(order(5001))
    connection = install(console, merchant, store)
    email = order(5001)["email"]
    shopper = stores.shopper()
    assert shopper.verify(order_number="#5001", email="someone@else.example").json()["level"] == 0
    assert shopper.verify(order_number="#5001", email=email).json()["level"] == 1
    assert shopper.verify(order_number="#500", email=email).json()["level"] == 0
    store.fail("html", 1)
    assert stores.shopper().verify(order_number="5001", email=email).status_code == 503
    merchant.delete(f"/v1/connections/{connection['id']}")


def test_uninstalled_is_told_and_the_privacy_webhooks_act(
    stores: Installation, console: httpx.Client, merchant: httpx.Client, store: Shop
) -> None:
    connection = install(console, merchant, store)
    shopper = stores.shopper()
    shopper.ask("My address is wanda.finch@example.com, do you sell tents?")
    person = {"customer": {"id": 77, "email": "Wanda.Finch@example.com"}, "shop_domain": store.domain}
    assert post_compliance(stores, store, "customers/data_request", person | {"data_request": {"id": 5}}) == 200

    def records(kind: str) -> list[dict[str, Any]]:
        asked = merchant.get("/v1/privacy/requests").json()["data"]
        ours = [each for each in asked if connection["id"] in each["asked_by"]]
        return [each for each in ours if each["kind"] == kind]

    export = await_that(lambda: records("export"), "the export")[0]
    assert export["counts"]["conversations"] == 1
    told = merchant.get(f"/v1/privacy/exports/{export['id']}")
    assert "wanda.finch@example.com" in told.text
    assert post_compliance(stores, store, "customers/redact", person) == 200
    [erased] = await_that(lambda: records("erase"), "the erasure")
    assert erased["counts"]["messages"] >= 2
    assert erased["person"] == export["person"]
    assert merchant.get(f"/v1/privacy/exports/{export['id']}").status_code == 404
    assert shopper.history()["messages"] == []
    store.uninstall()
    assert post_compliance(stores, store, "app/uninstalled", {"id": 1}) == 200
    path = f"/v1/connections/{connection['id']}"
    await_that(lambda: merchant.get(path).json()["state"] == "revoked", "the end")
    assert "Connect it again" in merchant.get(path).json()["problem"]
    merchant.delete(path)


def proxied(stores: Installation, store: Shop, **params: str) -> httpx.Response:
    told = {"shop": store.domain, "timestamp": str(int(time.time())), "path_prefix": "/apps/aisle"} | params
    return httpx.get(f"{stores.base_url}/integrations/shopify/proxy/customer?{proxy_query(told, SECRET)}")


def test_whom_shopify_has_signed_in_sees_their_own_orders(
    stores: Installation, console: httpx.Client, merchant: httpx.Client, store: Shop
) -> None:
    connection = install(console, merchant, store)
    told = proxied(stores, store, logged_in_customer_id="4711")
    assert told.headers["cache-control"] == "private, no-store"
    claims = told.json()["customer"]["token"].split(".")[1]
    assert json.loads(base64.urlsafe_b64decode(claims + "=="))["aisle_connection"] == connection["id"]
    shopper = stores.shopper(customer=told.json()["customer"])
    assert shopper.session["session"]
    assert proxied(stores, store, logged_in_customer_id="").json() == {"customer": None}
    forged = f"{stores.base_url}/integrations/shopify/proxy/customer?shop={store.domain}&logged_in_customer_id=1"
    assert httpx.get(f"{forged}&timestamp={int(time.time())}&signature=0").status_code == 401
    assert proxied(stores, store, logged_in_customer_id="1", timestamp="1700000000").status_code == 401
    merchant.delete(f"/v1/connections/{connection['id']}")
    assert proxied(stores, store, logged_in_customer_id="4711").status_code == 401


def test_a_consent_page_signs_nobody_in(
    stores: Installation, console: httpx.Client, merchant: httpx.Client, store: Shop
) -> None:
    """Both signatures are of one key and one form; only the way of joining differs, and a proxied call joins by
    nothing. So whoever may choose a `state` can have almost any text signed."""
    connection = install(console, merchant, store)
    now = str(int(time.time()))
    smuggled = f"logged_in_customer_id=501shop={store.domain}timestamp={now}z="
    told = {"code": "abc", "shop": "attacker.myshopify.com", "state": smuggled, "timestamp": now}
    signature = dict(urllib.parse.parse_qsl(callback_query(told, SECRET)))["hmac"]
    cut = {
        "code": "abc&shop=attacker.myshopify.com&state=",
        "logged_in_customer_id": "501",
        "shop": store.domain,
        "timestamp": now,
        "z": f"&timestamp={now}",
        "signature": signature,
    }
    assert httpx.get(f"{stores.base_url}/integrations/shopify/proxy/customer", params=cut).status_code == 401
    merchant.delete(f"/v1/connections/{connection['id']}")


def test_privacy_requests_that_name_nobody_or_another_shop_stop_nothing(
    stores: Installation, console: httpx.Client, merchant: httpx.Client, store: Shop
) -> None:
    connection = install(console, merchant, store)
    for body in ({}, {"customer": {}}, {"customer": {"phone": "1"}}):
        assert post_compliance(stores, store, "customers/redact", body | {"shop_domain": store.domain}) == 200
    assert post_compliance(stores, store, "shop/redact", {"shop_domain": "another.myshopify.com"}) == 200
    product = next(iter(store.products.values()))
    store.add({**product, "title": f"Still listened to {store.domain}"})
    tell(store, "products/update", {"id": int(product["id"].rpartition("/")[2])})
    await_that(lambda: f"Still listened to {store.domain}" in product_titles(merchant), "the change")
    assert merchant.get(f"/v1/connections/{connection['id']}").json()["state"] == "active"
    merchant.delete(f"/v1/connections/{connection['id']}")


def test_a_store_of_another_shop_is_refused_before_its_token_is_replaced(
    stores: Installation, console: httpx.Client, merchant: httpx.Client, store: Shop
) -> None:
    other = stores.create_shop("Latecomer", stores.base_url)
    connection = install(console, merchant, store)
    token = store.tokens.access
    with stores.sign_in(other) as late:
        assert late.get(f"/integrations/shopify/callback?{agree(store, begin(late, store))}").status_code == 409
    assert store.tokens.access == token
    merchant.delete(f"/v1/connections/{connection['id']}")
