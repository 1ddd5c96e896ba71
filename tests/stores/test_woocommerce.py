"""A WooCommerce shop from the pasted keys to the first right answer, and every way its webhooks come."""

import urllib.request
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from server.embedded.standins.woocommerce.hooks import signature
from server.embedded.standins.woocommerce.store import Failure, Store
from server.embedded.standins.woocommerce_server import WooCommerceStandin
from tests.installation import Installation, ShopAccess
from tests.stores.conftest import await_sync
from tests.waiting import await_that

"""From a webhook to the search."""


@pytest.fixture
def store(woo: WooCommerceStandin) -> Iterator[Store]:
    """Empty but for what a test puts in."""
    fresh = Store()
    fresh.url = woo.store.url
    woo.store = fresh
    yield fresh
    fresh.failure = None


def connect(merchant: httpx.Client, store: Store, **more: Any) -> dict[str, Any]:
    key, secret = store.key
    body = {"platform": "woocommerce", "store": store.url, "consumer_key": key, "consumer_secret": secret} | more
    response = merchant.post("/v1/connections", json=body)
    assert response.status_code == 201, response.text
    return dict(response.json())


def titles(merchant: httpx.Client) -> list[str]:
    return sorted(product["title"] for product in merchant.get("/v1/products").json()["data"])


def deliver(store: Store) -> None:
    """As the shop's own queue does it."""
    urllib.request.urlopen(urllib.request.Request(f"{store.url}/_control/queue", b"")).close()


def post_signed(merchant: httpx.Client, store: Store, body: bytes, topic: str, **headers: str) -> httpx.Response:
    hook = next(each for each in store.webhooks.values() if each.topic == topic)
    sent = {
        "X-WC-Webhook-Topic": topic,
        "X-WC-Webhook-Signature": signature(body, hook.secret),
        "X-WC-Webhook-Delivery-ID": "d1",
    }
    return httpx.post(hook.delivery_url, content=body, headers=sent | headers)


def test_from_keys_to_the_first_answer(
    stores: Installation, shop: ShopAccess, merchant: httpx.Client, store: Store
) -> None:
    store.add_product(name="Oak Desk Tidy", regular_price="39.00", price="39.00")
    store.add_variable(name="Canvas Satchel")
    store.add_product(name="Secret Draft", status="draft")
    store.add_product(name="Hidden Thing", catalog_visibility="hidden")
    store.add_page("returns", "Returns policy", "<p>You may send things back within 45 days.</p>")
    order = store.add_order(status="completed")
    connection = await_sync(merchant, connect(merchant, store)["id"])
    assert titles(merchant) == ["Canvas Satchel", "Oak Desk Tidy"]
    assert connection["result"]["pages"] == 1
    assert any("Webhooks set up" in line for line in connection["result"]["mended"])
    shopper = stores.shopper(shop)
    answer = shopper.ask("Do you have a desk tidy?")
    assert answer.products[0]["title"] == "Oak Desk Tidy"
    assert answer.products[0]["price"] == {"amount": 3900, "currency": "USD"}
    assert "45 days" in shopper.ask("What is your return policy?").text
    asked = {"order_number": str(order["id"])}
    assert shopper.verify(**asked, email="nobody@mail.example").json()["level"] == 0
    assert shopper.verify(**asked, email=order["billing"]["email"]).json()["level"] == 1
    told = shopper.ask(f"Where is my order {order['id']}?").order
    assert told
    assert told["number"] == str(order["id"])
    assert "555-0100" not in str(shopper.history())


def test_changes_arrive_by_webhook_whatever_their_bodies_say(merchant: httpx.Client, store: Store) -> None:
    lamp = store.add_product(name="Brass Lamp")
    await_sync(merchant, connect(merchant, store)["id"])
    store.change_product(lamp["id"], name="Copper Lamp")
    store.add_product(name="Felt Mat")
    deliver(store)
    await_that(lambda: titles(merchant) == ["Copper Lamp", "Felt Mat"], "the changes")
    stale = b'{"id": %d, "name": "An old name", "status": "publish"}' % lamp["id"]
    for repeat in range(3):
        told = post_signed(merchant, store, stale, "product.updated", **{"X-WC-Webhook-Delivery-ID": f"late{repeat}"})
        assert told.status_code == 200
    store.trash_product(lamp["id"])
    deliver(store)
    await_that(lambda: titles(merchant) == ["Felt Mat"], "the lamp's end")


def test_forged_unknown_and_replayed_deliveries_change_nothing(merchant: httpx.Client, store: Store) -> None:
    lamp = store.add_product(name="Brass Lamp")
    made = connect(merchant, store)
    await_sync(merchant, made["id"])
    body = b'{"id": %d}' % lamp["id"]
    hook = next(iter(store.webhooks.values()))
    forged = {"X-WC-Webhook-Topic": "product.deleted", "X-WC-Webhook-Signature": signature(body, "guess")}
    assert httpx.post(hook.delivery_url, content=body, headers=forged).status_code == 401
    assert httpx.post(hook.delivery_url, content=body).status_code == 401
    elsewhere = hook.delivery_url.replace(made["id"], "0199aaaa-0000-7000-8000-000000000000")
    assert httpx.post(elsewhere, content=body, headers=forged).status_code == 401
    assert httpx.post(elsewhere, content=b"webhook_id=7").status_code == 200
    assert httpx.post(hook.delivery_url, content=b"webhook_id=7").status_code == 200
    error = b'{"code":"woocommerce_rest_product_invalid_id","message":"Invalid ID.","data":{"status":404}}'
    assert post_signed(merchant, store, error, "product.updated").status_code == 200
    large = b'{"id": %d, "pad": "%s"}' % (lamp["id"], b"x" * (10 * 1024 * 1024))
    assert post_signed(merchant, store, large, "product.updated").status_code == 200
    assert titles(merchant) == ["Brass Lamp"]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"consumer_secret": "cs_" + "0" * 40}, "consumer_key"),
        ({"store": "http://127.0.0.1:9"}, "store"),
        ({"store": "not a shop"}, "store"),
        ({"consumer_key": ""}, "consumer_key"),
    ],
)
def test_keys_are_tried_before_they_are_kept(
    merchant: httpx.Client, store: Store, change: dict[str, str], field: str
) -> None:
    key, secret = store.key
    body = {"platform": "woocommerce", "store": store.url, "consumer_key": key, "consumer_secret": secret} | change
    refused = merchant.post("/v1/connections", json=body)
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["field"] == field
    assert merchant.get("/v1/connections").json()["data"] == []
    assert secret not in refused.text


def test_lost_access_is_told_once_and_mended_by_connecting_again(merchant: httpx.Client, store: Store) -> None:
    store.add_product(name="Brass Lamp")
    made = connect(merchant, store)
    await_sync(merchant, made["id"])
    store.keys.clear()
    merchant.post(f"/v1/connections/{made['id']}/sync", json={}).raise_for_status()
    path = f"/v1/connections/{made['id']}"
    lost = await_that(lambda: (found := merchant.get(path).json())["state"] == "revoked" and found, "the loss")
    assert "refuses" in lost["problem"]
    assert titles(merchant) == ["Brass Lamp"]
    store.add_key()
    again = connect(merchant, store)
    assert again["id"] == made["id"]
    assert await_sync(merchant, made["id"])["state"] == "active"


def test_access_that_a_shoppers_question_finds_lost_is_told_to_the_merchant(
    stores: Installation, shop: ShopAccess, merchant: httpx.Client, store: Store
) -> None:
    order = store.add_order()
    made = connect(merchant, store)
    await_sync(merchant, made["id"])
    store.keys.clear()
    proof = {"order_number": str(order["id"]), "email": order["billing"]["email"]}
    assert stores.shopper(shop).verify(**proof).status_code == 503
    lost = merchant.get(f"/v1/connections/{made['id']}").json()
    assert lost["state"] == "revoked"
    assert "refuses" in lost["problem"]
    assert stores.shopper(shop).verify(**proof).status_code == 503, "still no word on whether there is such an order"


@pytest.mark.parametrize(
    "mode",
    ["maintenance", "database", "proxy_limit", "rate_limit", "html", "not_found_html", "wall", "redirect", "slow"],
)
def test_a_store_in_trouble_is_never_a_missing_order(
    stores: Installation, shop: ShopAccess, merchant: httpx.Client, store: Store, mode: str
) -> None:
    order = store.add_order()
    connect(merchant, store)
    store.failure = Failure(mode, seconds=10)
    refused = stores.shopper(shop).verify(order_number=str(order["id"]), email=order["billing"]["email"])
    assert refused.status_code == 503
    assert refused.json()["code"] == "unavailable"


def test_the_consent_callback_counts_once_and_only_for_who_asked(
    stores: Installation, merchant: httpx.Client, store: Store
) -> None:
    key, secret = store.key
    body = {"key_id": 1, "user_id": "st_guess", "consumer_key": key, "consumer_secret": secret}
    refused = httpx.post(f"{stores.base_url}/integrations/woocommerce/callback", json=body)
    assert refused.status_code == 401
    assert merchant.get("/v1/connections").json()["data"] == []


def test_no_key_reaches_the_log(stores: Installation, merchant: httpx.Client, store: Store) -> None:
    key, secret = store.key
    await_sync(merchant, connect(merchant, store)["id"])
    log = (stores.data_dir / "demo.log").read_text()
    assert "Aisle is running" in log
    for text in (key, secret, "oauth_signature", next(iter(store.webhooks.values())).secret):
        assert text not in log


def test_a_deleted_variation_and_product_are_gone_within_a_minute(merchant: httpx.Client, store: Store) -> None:
    lamp, satchel = store.add_product(name="Brass Lamp"), store.add_variable(name="Canvas Satchel")
    await_sync(merchant, connect(merchant, store)["id"])

    def variants() -> list[str]:
        products = merchant.get("/v1/products").json()["data"]
        return [each["title"] for found in products if found["title"] == "Canvas Satchel" for each in found["variants"]]

    assert variants() == ["Red", "Green", "Blue"]
    store.delete_variation(next(iter(store.variations[satchel["id"]])))
    store.delete_product(lamp["id"])
    deliver(store)
    await_that(lambda: variants() == ["Green", "Blue"], "the variation's end")
    await_that(lambda: titles(merchant) == ["Canvas Satchel"], "the lamp's end")


def test_disconnecting_ends_what_the_shop_was_asked_to_send(merchant: httpx.Client, store: Store) -> None:
    made = connect(merchant, store)
    await_sync(merchant, made["id"])
    assert store.webhooks
    merchant.delete(f"/v1/connections/{made['id']}").raise_for_status()
    assert not store.webhooks


def test_a_shop_that_does_not_answer_is_disconnected_all_the_same(merchant: httpx.Client, store: Store) -> None:
    made = connect(merchant, store)
    await_sync(merchant, made["id"])
    store.failure = Failure("unavailable")
    merchant.delete(f"/v1/connections/{made['id']}").raise_for_status()
    assert merchant.get("/v1/connections").json()["data"] == []


def test_pages_that_cannot_be_read_are_a_note_and_what_was_read_before_stays(
    merchant: httpx.Client, store: Store
) -> None:
    store.add_page("returns", "Returns policy", "<p>You may send things back within 45 days.</p>")
    made = connect(merchant, store)
    await_sync(merchant, made["id"])
    store.is_rest_closed_to_guests = True
    store.add_product(name="Oak Desk Tidy")
    merchant.post(f"/v1/connections/{made['id']}/sync", json={}).raise_for_status()
    path = f"/v1/connections/{made['id']}"
    noted = await_that(lambda: (found := merchant.get(path).json())["notes"] and found, "the note")
    assert noted["sync_state"] == "synced"
    assert any("wp/v2/pages" in note for note in noted["notes"])
    assert titles(merchant) == ["Oak Desk Tidy"]
    assert [each["title"] for each in merchant.get("/v1/documents").json()["data"]] == ["Returns policy"]
