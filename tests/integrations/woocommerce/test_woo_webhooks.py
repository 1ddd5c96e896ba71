"""Webhooks: what the shop sends, what we read of it, and keeping them alive."""

import json
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from integrations.platform import (
    CatalogChanged,
    OrderChanged,
    PlatformChange,
    PlatformUnavailable,
    PoliciesChanged,
    Product,
    RemovedProduct,
)
from integrations.woocommerce.platform import WooCommercePlatform
from integrations.woocommerce.webhook_subscriptions import TOPICS
from integrations.woocommerce.webhooks import (
    SIGNATURE_HEADER,
    TOPIC_HEADER,
    delivery_key,
    is_ping,
    read_change,
    verify,
)
from server.embedded.standins.woocommerce import hooks
from server.embedded.standins.woocommerce.store import EPOCH, Failure, Store, Webhook
from tests.integrations.woocommerce.woo_receiver import Came, Receiver
from tests.integrations.woocommerce.woo_shop import Connect, HeldCredentials
from tests.waiting import await_that

SECRET = "s3cret"


def change_of(came: Came) -> PlatformChange | None:
    return read_change(came.headers[TOPIC_HEADER], came.body)


async def test_signatures(platform: WooCommercePlatform, store: Store, credentials: HeldCredentials) -> None:
    async with Receiver() as receiver:
        await platform.ensure_webhooks(f"{receiver.url}/hook")
        assert all(is_ping(each.body) and SIGNATURE_HEADER not in each.headers for each in receiver.came)
        receiver.came.clear()
        store.add_product()
        await hooks.run_queue(store)
        (came,) = receiver.came
    secret, signature = credentials.held["webhook_secret"], came.headers[SIGNATURE_HEADER]
    assert len(secret) >= 32
    assert verify(came.body, signature, secret)
    assert not verify(came.body + b" ", signature, secret)
    assert not verify(came.body, signature, "other")
    assert not verify(came.body, None, secret)
    assert not verify(came.body, hooks.signature(came.body, ""), "")
    assert not verify(came.body, "ünsigned", secret)


@pytest.mark.parametrize(
    ("body", "ping"), [(b"webhook_id=12", True), (b"webhook_id=12&x=1", False), (b'{"id":1}', False), (b"", False)]
)
def test_pings(body: bytes, ping: bool) -> None:
    assert is_ping(body) is ping


@pytest.mark.parametrize(
    ("topic", "body", "change"),
    [
        ("product.updated", {"id": 7, "type": "simple", "parent_id": 0}, CatalogChanged("7")),
        ("product.updated", {"id": 71, "type": "variation", "parent_id": 7}, CatalogChanged("7")),
        ("product.updated", {"id": 71, "type": "variation"}, CatalogChanged("71")),
        ("product.deleted", {"id": 7}, CatalogChanged("7")),
        ("product.restored", {"id": 7}, CatalogChanged("7")),
        ("product.updated", {"code": "woocommerce_rest_product_invalid_id", "data": {"status": 404}}, CatalogChanged()),
        ("product.updated", [], CatalogChanged()),
        ("order.created", {"id": 7, "number": "WEB-1", "status": "trash"}, OrderChanged("WEB-1")),
        ("order.deleted", {"id": 7}, OrderChanged()),
        ("order.updated", {"code": "woocommerce_rest_shop_order_invalid_id"}, OrderChanged()),
        ("customer.deleted", {"code": "wc_user_invalid_id"}, None),
        ("coupon.created", {"id": 1}, None),
        ("action.woocommerce_update_product", {"action": "woocommerce_update_product", "arg": 7}, CatalogChanged("7")),
        ("action.woocommerce_order_refunded", {"action": "woocommerce_order_refunded", "arg": 7}, OrderChanged()),
        ("action.save_post_page", {"action": "save_post_page", "arg": 7}, PoliciesChanged()),
        ("action.wp_login", {"action": "wp_login", "arg": 7}, None),
        ("", {"id": 7}, None),
    ],
)
def test_what_is_read_of_a_body(topic: str, body: object, change: PlatformChange | None) -> None:
    assert read_change(topic, json.dumps(body).encode()) == change


def test_bodies_that_are_no_json() -> None:
    assert read_change("product.updated", b"<html>") == CatalogChanged()
    assert read_change("order.updated", b"\xff") == OrderChanged()
    assert read_change("coupon.updated", b"") is None


async def test_two_products_in_one_second_are_two_deliveries(platform: WooCommercePlatform, store: Store) -> None:
    first, second = store.add_product(), store.add_product()
    store.now = lambda: EPOCH
    async with Receiver() as receiver:
        await platform.ensure_webhooks(receiver.url)
        receiver.came.clear()
        store.change_product(first["id"], name="A")
        store.change_product(second["id"], name="B")
        await hooks.run_queue(store)
    one, two = receiver.came
    assert one.headers["x-wc-webhook-delivery-id"] == two.headers["x-wc-webhook-delivery-id"]
    assert delivery_key(one.headers, one.body) != delivery_key(two.headers, two.body)
    assert delivery_key(one.headers, one.body) == delivery_key(dict(one.headers), one.body)


async def test_late_and_merged_bodies_lead_to_the_shop_as_it_is(platform: WooCommercePlatform, store: Store) -> None:
    parent, gone = store.add_variable(), store.add_product()
    async with Receiver() as receiver:
        await platform.ensure_webhooks(receiver.url)
        receiver.came.clear()
        child = next(iter(store.variations[parent["id"]]))
        for price in ("1.00", "2.00", "3.00"):
            store.change_product(child, price=price)
        store.change_product(gone["id"], name="B")
        store.products.pop(gone["id"])
        order = store.add_order()
        store.change_order(order["id"], status="trash")
        assert await hooks.run_queue(store) == 4
    changes = [change_of(each) for each in receiver.came]
    assert changes == [
        CatalogChanged(str(parent["id"])),
        CatalogChanged(),
        OrderChanged(str(order["id"])),
        OrderChanged(str(order["id"])),
    ]
    item = await platform.fetch_product(str(parent["id"]))
    assert isinstance(item, Product)
    assert item.price is not None
    assert item.price.amount == 300
    assert await platform.fetch_product(str(gone["id"])) == RemovedProduct(str(gone["id"]))
    assert await platform.find_order(str(order["id"])) is None


async def test_refunds_tell_and_notes_do_not(platform: WooCommercePlatform, store: Store) -> None:
    order = store.add_order()
    async with Receiver() as receiver:
        await platform.ensure_webhooks(receiver.url)
        receiver.came.clear()
        store.add_note(order["id"], "x", to_customer=True)
        assert await hooks.run_queue(store) == 0
        store.refund(order["id"], "1.00")
        assert await hooks.run_queue(store) == 1
    assert change_of(receiver.came[0]) == OrderChanged(str(order["id"]))


@pytest.mark.parametrize("https", [False, True])
async def test_watch_sets_up_what_is_missing_once(connect: Connect, store: Store, *, https: bool) -> None:
    platform = connect(https=https)
    async with Receiver() as receiver:
        (told,) = await platform.ensure_webhooks(f"{receiver.url}/hook")
        assert "set up" in told
        assert sorted(each.topic for each in store.webhooks.values()) == sorted(TOPICS)
        assert await platform.ensure_webhooks(f"{receiver.url}/hook") == ()
        assert len(store.webhooks) == len(receiver.came) == len(TOPICS)


async def test_disabled_webhooks_are_replaced(
    platform: WooCommercePlatform, store: Store, credentials: HeldCredentials
) -> None:
    product = store.add_product()
    async with Receiver() as receiver:
        await platform.ensure_webhooks(receiver.url)
        secret = credentials.held["webhook_secret"]
        receiver.status = 500
        (webhook,) = (each for each in store.webhooks.values() if each.topic == "product.updated")
        for failures in range(1, 8):
            assert webhook.status == "active", failures
            store.change_product(product["id"], name=str(failures))
            await hooks.run_queue(store)
        assert webhook.status == "disabled"
        came = len(receiver.came)
        store.change_product(product["id"], name="lost")
        await hooks.run_queue(store)
        assert len(receiver.came) == came, "never sent again"
        receiver.status = 200
        (told,) = await platform.ensure_webhooks(receiver.url)
        assert "on again: product.updated" in told
        assert webhook.id not in store.webhooks
        (fresh,) = (each for each in store.webhooks.values() if each.topic == "product.updated")
        assert (fresh.status, fresh.failure_count, fresh.secret) == ("active", 0, secret)
        store.change_product(product["id"], name="heard")
        await hooks.run_queue(store)
        assert verify(receiver.came[-1].body, receiver.came[-1].headers[SIGNATURE_HEADER], secret)


async def test_a_disabled_webhook_that_is_only_switched_on_dies_with_the_next_failure(store: Store) -> None:
    product = store.add_product()
    async with Receiver(status=500) as receiver:
        webhook = store.webhooks[1] = Webhook(1, "x", "product.updated", receiver.url, SECRET, failure_count=6)
        store.change_product(product["id"], name="x")
        await hooks.run_queue(store)
    assert webhook.status == "disabled"


@pytest.mark.parametrize("status", [200, 204, 301, 302])
async def test_what_counts_as_received(store: Store, status: int) -> None:
    product = store.add_product()
    async with Receiver(status=status) as receiver:
        webhook = store.webhooks[1] = Webhook(1, "x", "product.updated", receiver.url, SECRET, failure_count=3)
        store.change_product(product["id"], name="x")
        await hooks.run_queue(store)
    assert webhook.failure_count == 0


async def test_doubles_go_and_others_stay(platform: WooCommercePlatform, store: Store) -> None:
    async with Receiver() as receiver:
        await platform.ensure_webhooks(receiver.url)
        store.webhooks[1] = Webhook(1, "theirs", "order.created", "https://other.example/hook", "x", status="disabled")
        store.webhooks[9001] = Webhook(9001, "double", "order.created", receiver.url, "x")
        assert await platform.ensure_webhooks(receiver.url) == ()
    assert 1 in store.webhooks
    assert 9001 not in store.webhooks
    assert len(store.webhooks) == len(TOPICS) + 1


async def test_webhooks_signed_with_a_lost_secret_are_made_anew(
    connect: Connect, store: Store, credentials: HeldCredentials
) -> None:
    async with Receiver() as receiver:
        await connect(https=True).ensure_webhooks(receiver.url)
        before = set(store.webhooks)
        del credentials.held["webhook_secret"]
        await connect(https=True).ensure_webhooks(receiver.url)
    assert len(store.webhooks) == len(TOPICS)
    assert not before & set(store.webhooks)
    assert {each.secret for each in store.webhooks.values()} == {credentials.held["webhook_secret"]}


async def test_read_only_keys_cannot_watch_and_stay_connected(connect: Connect, store: Store) -> None:
    key, secret = store.add_key("read")
    platform = connect(https=True, held=HeldCredentials(consumer_key=key, consumer_secret=secret))
    (told,) = await platform.ensure_webhooks("https://aisle.example/hook")
    assert "Read/Write" in told
    assert not store.webhooks


async def test_watch_does_not_hide_an_outage(platform: WooCommercePlatform, store: Store) -> None:
    store.failure = Failure("html", path="webhooks")
    with pytest.raises(PlatformUnavailable):
        await platform.ensure_webhooks("https://aisle.example/hook")


def test_stand_in_as_a_process(tmp_path: Path) -> None:
    """What others drive: started as a command, changed over HTTP, it sends its webhooks by itself."""
    port_file = tmp_path / "port"
    command = [
        sys.executable,
        "-m",
        "server.embedded.standins.woocommerce_server",
        "--port-file",
        str(port_file),
        "--products",
        "1",
    ]
    process = subprocess.Popen(command, cwd=Path(__file__).resolve().parents[3])
    try:
        await_that(lambda: port_file.exists() or process.poll() is not None, "the port")
        assert process.poll() is None
        url = f"http://127.0.0.1:{port_file.read_text()}/_control"

        def call(path: str, body: object) -> dict[str, object]:
            request = urllib.request.Request(f"{url}/{path}", json.dumps(body).encode())
            with urllib.request.urlopen(request, timeout=10) as answer:
                return dict(json.load(answer))

        made = call("call", {"method": "add_order", "arguments": {"number": "WEB-7"}})
        assert made["number"] == "WEB-7"
        assert str(call("state", {})["consumer_key"]).startswith("ck_")
        assert call("queue", {}) == {"sent": 0}
    finally:
        process.terminate()
        process.wait(10)
