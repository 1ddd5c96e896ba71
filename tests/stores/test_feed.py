"""A house-made shop: its feed is read and read again, its orders are asked for with a signature."""

import gzip
from functools import cache

import httpx
import pytest

from tests.installation import Installation, ShopAccess
from tests.stores.conftest import await_sync
from tests.stores.house_made import HouseMadeShop
from tests.waiting import await_that

FEED = b"""id,title,price,link,availability
k1,Copper kettle,49.00 USD,https://house.example/k1,in stock
k2,Tin kettle,19.00 USD,https://house.example/k2,in stock
k3,,12.00 USD,https://house.example/k3,in stock
"""
ORDER = {
    "number": "H-77",
    "status": "shipped",
    "placed_at": "2026-11-10T09:00:00Z",
    "email": "mira@example.com",
    "customer_id": "c1",
    "items": [{"title": "Copper kettle", "quantity": 1, "unit_price": {"amount": 4900, "currency": "USD"}}],
    "shipments": [{"status": "shipped", "tracking": [{"carrier": "DHL", "number": "JD01"}]}],
    "total": {"amount": 4900, "currency": "USD"},
}


@pytest.fixture(autouse=True)
def as_at_first(own_shop: HouseMadeShop) -> None:
    own_shop.feed, own_shop.feed_type, own_shop.status = FEED, "text/csv", 200
    own_shop.orders = {"H77": ORDER}


def connect(merchant: httpx.Client, own_shop: HouseMadeShop, **more: object) -> dict[str, object]:
    body = {"platform": "feed", "name": "House", "feed_url": own_shop.feed_url, "orders_url": own_shop.orders_url}
    response = merchant.post("/v1/connections", json=body | more)
    assert response.status_code == 201, response.text
    own_shop.secret = response.json()["orders_secret"]
    return dict(response.json())


def titles(merchant: httpx.Client) -> list[str]:
    return sorted(product["title"] for product in merchant.get("/v1/products").json()["data"])


def test_a_feed_is_read_with_its_bad_row_named(merchant: httpx.Client, own_shop: HouseMadeShop) -> None:
    made = connect(merchant, own_shop)
    connection = await_sync(merchant, str(made["id"]))
    assert titles(merchant) == ["Copper kettle", "Tin kettle"]
    assert connection["problem"] == "1 of 3 could not be imported"
    assert connection["result"]["created"] == 2
    assert "orders_secret" not in merchant.get("/v1/connections").text


def test_a_product_that_left_the_feed_goes_and_a_broken_feed_takes_nothing_out(
    merchant: httpx.Client, own_shop: HouseMadeShop
) -> None:
    made = connect(merchant, own_shop)
    await_sync(merchant, str(made["id"]))
    own_shop.status = 500
    job = merchant.post(f"/v1/connections/{made['id']}/sync", json={"full": True}).json()["job_id"]
    failed = await_sync(merchant, str(made["id"]), state="failed")
    assert "500" in failed["problem"]
    assert titles(merchant) == ["Copper kettle", "Tin kettle"]
    own_shop.status, own_shop.feed = 200, FEED.replace(b"k2,Tin kettle,19.00", b"k4,Steel kettle,29.00")
    again = merchant.post(f"/v1/connections/{made['id']}/sync", json={"full": True}).json()["job_id"]
    assert again != job
    await_that(lambda: titles(merchant) == ["Copper kettle", "Steel kettle"], "the new feed")


def test_orders_come_from_the_shops_own_endpoint(
    stores: Installation, shop: ShopAccess, merchant: httpx.Client, own_shop: HouseMadeShop
) -> None:
    connect(merchant, own_shop)
    shopper = stores.shopper(shop)
    asked = {"order_number": "H-77", "email": "wrong@example.com"}
    assert shopper.verify(**asked).json()["level"] == 0
    assert shopper.verify(**asked | {"email": "mira@example.com"}).json()["level"] == 1
    answer = shopper.ask("Where is my order H-77?")
    assert answer.order
    assert answer.order["status"] == "shipped"
    assert own_shop.asked
    assert own_shop.refused == 0


@pytest.mark.parametrize("status", [500, 502, 404, 302])
def test_an_endpoint_in_trouble_is_never_a_missing_order(
    stores: Installation, shop: ShopAccess, merchant: httpx.Client, own_shop: HouseMadeShop, status: int
) -> None:
    connect(merchant, own_shop)
    own_shop.status = status
    refused = stores.shopper(shop).verify(order_number="H-77", email="mira@example.com")
    assert refused.status_code == 503
    assert refused.json()["code"] == "unavailable"


def test_another_secret_is_refused_by_the_shop(
    stores: Installation, shop: ShopAccess, merchant: httpx.Client, own_shop: HouseMadeShop
) -> None:
    connect(merchant, own_shop)
    own_shop.secret = "another"
    before = own_shop.refused
    assert stores.shopper(shop).verify(order_number="H-77", email="mira@example.com").status_code == 503
    assert own_shop.refused == before + 1


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "feed_url"),
        ({"feed_url": "ftp://house.example/x"}, "feed_url"),
        ({"orders_url": "http://house.example/orders"}, "orders_url"),
        ({"feed_url": "https://a.example/f", "every_s": 5}, "every_s"),
    ],
)
def test_what_cannot_be_connected_is_named(merchant: httpx.Client, body: dict[str, object], field: str) -> None:
    refused = merchant.post("/v1/connections", json={"platform": "feed"} | body)
    assert refused.status_code == 422
    assert field in str(refused.json()["errors"])


def test_a_feed_on_this_machine_is_not_fetched(merchant: httpx.Client, stores: Installation) -> None:
    body = {"platform": "feed", "feed_url": f"{stores.base_url}/metrics"}
    made = merchant.post("/v1/connections", json=body).json()
    failed = await_sync(merchant, made["id"], state="failed")
    assert "did not answer" in failed["problem"]
    assert titles(merchant) == []


def test_a_disconnected_store_keeps_its_products(merchant: httpx.Client, own_shop: HouseMadeShop) -> None:
    made = connect(merchant, own_shop)
    await_sync(merchant, str(made["id"]))
    assert merchant.delete(f"/v1/connections/{made['id']}").status_code == 204
    assert merchant.get(f"/v1/connections/{made['id']}").status_code == 404
    assert titles(merchant) == ["Copper kettle", "Tin kettle"]


def test_two_stores_of_one_shop_never_take_each_others_products(
    merchant: httpx.Client, own_shop: HouseMadeShop
) -> None:
    first = connect(merchant, own_shop)
    await_sync(merchant, str(first["id"]))
    own_shop.feed = b"id,title,price\nk1,Stranger,1.00 USD\nk9,Newcomer,2.00 USD\n"
    second = connect(merchant, own_shop, name="Second")
    told = await_sync(merchant, str(second["id"]))
    assert told["problem"] == "1 of 2 could not be imported"
    assert titles(merchant) == ["Copper kettle", "Newcomer", "Tin kettle"]
    own_shop.feed = FEED
    merchant.delete(f"/v1/connections/{first['id']}")
    merchant.post(f"/v1/connections/{second['id']}/sync", json={"full": True})
    await_that(lambda: titles(merchant) == ["Copper kettle", "Tin kettle"], "the heir")


def test_a_store_leaves_what_the_shops_own_system_wrote(merchant: httpx.Client, own_shop: HouseMadeShop) -> None:
    mine = {"id": "k1", "title": "Our own kettle"}
    merchant.put("/v1/products/k1", json=mine).raise_for_status()
    told = await_sync(merchant, str(connect(merchant, own_shop)["id"]))
    assert told["problem"] == "2 of 3 could not be imported"
    assert titles(merchant) == ["Our own kettle", "Tin kettle"]


@cache
def packed_bomb() -> bytes:
    """310 MB of one letter."""
    return gzip.compress(b"x" * (310 * 1024 * 1024), 1)


@pytest.mark.parametrize(
    ("encoding", "reason"),
    [
        ("gzip", "is larger than"),
        pytest.param("gzip, gzip", "was not requested", marks=pytest.mark.exhaustive),
        ("br", "was not requested"),
    ],
)
def test_a_packed_bomb_is_no_feed(merchant: httpx.Client, own_shop: HouseMadeShop, encoding: str, reason: str) -> None:
    own_shop.feed = packed_bomb()
    own_shop.feed_encoding = encoding
    try:
        made = merchant.post("/v1/connections", json={"platform": "feed", "feed_url": own_shop.feed_url}).json()
        failed = await_sync(merchant, made["id"], state="failed")
    finally:
        own_shop.feed_encoding = None
    assert reason in failed["problem"]
    assert titles(merchant) == []


def test_a_token_in_a_feeds_address_is_not_shown(merchant: httpx.Client, own_shop: HouseMadeShop) -> None:
    made = connect(merchant, own_shop, feed_url=f"{own_shop.feed_url}?token=hush")
    assert "hush" not in merchant.get("/v1/connections").text
    await_sync(merchant, str(made["id"]))


def test_a_proof_does_not_outlive_the_order_system_it_was_given_to(
    stores: Installation, shop: ShopAccess, merchant: httpx.Client, own_shop: HouseMadeShop
) -> None:
    made = connect(merchant, own_shop)
    shopper = stores.shopper(shop)
    assert shopper.verify(order_number="H-77", email="mira@example.com").json()["level"] == 1
    merchant.delete(f"/v1/connections/{made['id']}")
    connect(merchant, own_shop, name="Another system")
    assert shopper.ask("Where is my order H-77?").order is None
