"""Webhooks: signed by us or nobody, read by meaning, subscribed to again when Shopify has dropped them."""

import json
from collections.abc import AsyncIterator

import pytest
import shopify
import uvicorn
from hypothesis import given
from hypothesis import strategies as st

from integrations.platform import (
    CatalogChanged,
    Disconnected,
    ErasureRequested,
    ExportRequested,
    NamedPerson,
    OrderChanged,
    PlatformChange,
    PoliciesChanged,
    Product,
    RemovedProduct,
    ShopErasureRequested,
)
from integrations.shopify import ShopifyPlatform
from integrations.shopify.webhooks import (
    COMPLIANCE,
    TOPIC_FIELDS,
    delivery_id,
    read_change,
    shop_domain,
    signature_of,
    topic_of,
    verify,
)
from server.embedded.standins.shopify.records import product, variant
from server.embedded.standins.shopify.shop import Shop
from server.embedded.standins.shopify.signing import body_signature
from server.embedded.standins.shopify.tokens import SECRET
from server.embedded.standins.shopify_server import in_this_process

ADDRESS = "https://aisle.example/webhooks/shopify"
BODY = b'{"id": 1}'


@pytest.mark.parametrize("secret", ["new", "old"])
def test_either_secret_signs(secret: str) -> None:
    assert verify(BODY, body_signature(BODY, secret), ("new", "old"))


@pytest.mark.parametrize(
    ("body", "signature"),
    [
        (BODY, body_signature(BODY, "other")),
        (BODY + b" ", body_signature(BODY, "new")),
        (BODY, ""),
        (BODY, "не подпись"),
        (BODY, body_signature(BODY, "new").rstrip("=")),
        (BODY, body_signature(BODY, "new").lower()),
    ],
)
def test_a_forgery_is_seen(body: bytes, signature: str) -> None:
    assert not verify(body, signature, ("new", "old"))


def test_no_secret_signs_nothing() -> None:
    assert not verify(BODY, body_signature(BODY, ""), ())


@pytest.mark.parametrize("prefix", ["X-Shopify-", "x-shopify-", "shopify-"])
def test_headers_old_and_new(prefix: str) -> None:
    headers = {
        f"{prefix}Topic": "Orders/Updated",
        f"{prefix}Hmac-Sha256": "c2ln",
        f"{prefix}Shop-Domain": "Acme.myshopify.com",
        f"{prefix}Webhook-Id": "d-1",
    }
    assert topic_of(headers) == "orders/updated"
    assert signature_of(headers) == "c2ln"
    assert shop_domain(headers) == "acme.myshopify.com"
    assert delivery_id(headers) == "d-1"


def test_headers_that_are_missing_or_odd() -> None:
    assert (topic_of({}), signature_of({}), shop_domain({}), delivery_id({})) == ("", "", None, None)
    assert shop_domain({"X-Shopify-Shop-Domain": "evil.example"}) is None


ADA = {"id": 501, "email": "ada@example.com", "phone": "555-625-1199"}
PERSON = NamedPerson(customer_id="501", email="ada@example.com", phone="555-625-1199")


@pytest.mark.parametrize(
    ("topic", "body", "change"),
    [
        ("products/create", {"id": 632910392}, CatalogChanged("632910392")),
        ("products/update", {"id": 632910392, "title": "x"}, CatalogChanged("632910392")),
        ("products/delete", {"id": 632910392}, CatalogChanged("632910392")),
        ("products/update", {}, CatalogChanged()),
        ("products/update", {"id": True}, CatalogChanged()),
        ("inventory_levels/update", {"inventory_item_id": 7}, CatalogChanged("gid://shopify/InventoryItem/7")),
        ("collections/update", {"id": 3}, CatalogChanged()),
        ("collections/create", {"id": 3}, CatalogChanged()),
        ("collections/delete", {"id": 3}, CatalogChanged()),
        ("orders/create", {"id": 1, "name": "#1001"}, OrderChanged("#1001")),
        ("ORDERS/UPDATED", {"id": 1, "name": "#1001"}, OrderChanged("#1001")),
        ("orders/cancelled", {"id": 1, "name": "#1001"}, OrderChanged("#1001")),
        ("orders/delete", {"id": 1}, OrderChanged()),
        ("fulfillments/create", {"id": 1, "order_id": 2, "name": "#1001.1"}, OrderChanged()),
        ("fulfillments/update", {"id": 1, "order_id": 2}, OrderChanged()),
        ("refunds/create", {"id": 1, "order_id": 2}, OrderChanged()),
        ("shop/update", {"id": 1}, PoliciesChanged()),
        ("app/uninstalled", {"id": 1}, Disconnected()),
        ("shop/redact", {"shop_id": 1, "shop_domain": "acme.myshopify.com"}, ShopErasureRequested()),
        ("customers/redact", {"customer": ADA, "orders_to_redact": [299938]}, ErasureRequested(PERSON)),
        ("customers/data_request", {"customer": ADA, "data_request": {"id": 9999}}, ExportRequested(PERSON, "9999")),
        ("customers/data_request", {"customer": None}, None),
        ("customers/redact", {"customer": {"phone": "1"}}, None),
        ("themes/publish", {"id": 1}, None),
        ("", {}, None),
    ],
)
def test_what_a_delivery_means(topic: str, body: dict[str, object], change: PlatformChange | None) -> None:
    assert read_change(topic, json.dumps(body).encode()) == change


@pytest.mark.parametrize(
    "key", [' {"shop_domain":"victim.myshopify.com","x"', '{"shop_domain":"victim.myshopify.com","x"']
)
def test_an_address_that_shopify_signed_is_no_webhook(key: str) -> None:
    # a browser may be sent to a signed address with parameters of anybody's choice
    params = {key: ":", "host": "a", "shop": "evil.myshopify.com", "timestamp": "1", "z": "}"}
    message: str = shopify.Session._Session__encoded_params_for_signature(params)  # what calculate_hmac signs
    assert not verify(message.encode(), body_signature(message.encode(), "new"), ("new",))


@given(
    topic=st.sampled_from([each.lower().replace("_", "/", 1) for each in TOPIC_FIELDS] + [*COMPLIANCE]),
    body=st.binary(),
)
def test_no_body_breaks_the_reading(topic: str, body: bytes) -> None:
    read_change(topic, body)


def test_every_topic_we_watch_is_read() -> None:
    topics = {each.lower().replace("_", "/", 1) for each in TOPIC_FIELDS} - {"inventory/levels_update"}
    for topic in topics | {"inventory_levels/update", *COMPLIANCE}:
        assert read_change(topic, b'{"customer": {"id": 7}}') is not None, topic


async def test_watching_begins_once_and_is_mended(shop: Shop, platform: ShopifyPlatform) -> None:
    assert len(await platform.ensure_webhooks(ADDRESS)) == len(TOPIC_FIELDS)
    assert {each["topic"] for each in shop.subscriptions.values()} == set(TOPIC_FIELDS)
    assert await platform.ensure_webhooks(ADDRESS) == ()

    dropped = next(key for key, each in shop.subscriptions.items() if each["topic"] == "ORDERS_UPDATED")
    del shop.subscriptions[dropped]
    assert await platform.ensure_webhooks(ADDRESS) == ("Shopify now reports orders updated",)
    assert await platform.ensure_webhooks(ADDRESS) == ()


async def test_an_old_address_is_taken_off(shop: Shop, platform: ShopifyPlatform) -> None:
    await platform.ensure_webhooks("https://old.example/hooks")
    said = await platform.ensure_webhooks(ADDRESS)
    assert len(said) == 2 * len(TOPIC_FIELDS)
    assert {each["uri"] for each in shop.subscriptions.values()} == {ADDRESS}
    assert len(shop.subscriptions) == len(TOPIC_FIELDS)


async def test_a_topic_that_is_not_granted_is_named_and_the_rest_watched(shop: Shop, platform: ShopifyPlatform) -> None:
    shop.refused_topics = {"ORDERS_UPDATED"}
    said = await platform.ensure_webhooks(ADDRESS)
    assert [each for each in said if "will not report orders updated: This app is not approved" in each]
    assert len(shop.subscriptions) == len(TOPIC_FIELDS) - 1


class Receiver:
    """Takes webhooks as the server would."""

    def __init__(self) -> None:
        self.came: list[tuple[dict[str, str], bytes]] = []

    async def __call__(self, scope: dict[str, object], receive: object, send: object) -> None:
        assert callable(receive)
        assert callable(send)
        raw = scope["headers"]
        assert isinstance(raw, list)
        body = (await receive())["body"]
        headers = {key.decode(): value.decode() for key, value in raw}
        self.came.append((headers, body))
        is_genuine = verify(body, signature_of(headers), (SECRET,))
        await send({"type": "http.response.start", "status": 200 if is_genuine else 401, "headers": []})
        await send({"type": "http.response.body", "body": b""})


@pytest.fixture
async def receiver() -> AsyncIterator[tuple[Receiver, str]]:
    taker = Receiver()
    async with in_this_process(uvicorn.Config(taker, log_level="critical", lifespan="off")) as root:
        yield taker, root


async def test_a_change_is_told_and_leads_to_the_news(
    shop: Shop, platform: ShopifyPlatform, receiver: tuple[Receiver, str]
) -> None:
    taker, address = receiver
    await platform.ensure_webhooks(address)
    shop.add(product(5, [variant(50)], title="Before"))
    assert await shop.send_webhook("products/update", {"id": 5, "title": "what nobody needs", "vendor": "x"}) == [200]
    headers, body = taker.came[-1]
    assert json.loads(body) == {"id": 5}, "only the fields that were asked for are sent"
    assert shop_domain(headers) == shop.domain
    change = read_change(topic_of(headers), body)
    assert change == CatalogChanged("5")
    assert change.reference is not None
    found = await platform.fetch_product(change.reference)
    assert isinstance(found, Product)
    assert found.title == "Before"
    del shop.products["gid://shopify/Product/5"]
    assert await platform.fetch_product(change.reference) == RemovedProduct("5")


async def test_a_forged_delivery_is_refused(
    shop: Shop, platform: ShopifyPlatform, receiver: tuple[Receiver, str]
) -> None:
    await platform.ensure_webhooks(receiver[1])
    assert await shop.send_webhook("orders/updated", {"id": 1, "name": "#1"}, secret="not-ours") == [401]
