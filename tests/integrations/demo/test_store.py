"""The packaged demo shop: whole, consistent, and dated from today."""

import re
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from itertools import combinations
from pathlib import Path

import pytest

from integrations.demo import DemoDataError, DemoPlatform, DemoStore, load_store
from integrations.platform import Money, OrderStatus, ShopPlatform

NOW = datetime(2026, 3, 14, 15, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def store() -> DemoStore:
    return load_store(base_url="https://shop.example/")


@pytest.fixture
def platform(store: DemoStore) -> ShopPlatform:
    return DemoPlatform(store, clock=lambda: NOW)


def test_the_shop_is_big_enough(store: DemoStore) -> None:
    assert len(store.products) >= 130
    assert len(store.policies) >= 8
    assert len(store.orders) >= 60
    assert 8 <= len({each.category[0] for each in store.products}) <= 10
    assert {each.external_id for each in store.products} == set(store.pictures)


def test_every_sku_and_product_is_unique(store: DemoStore) -> None:
    skus = Counter(each.sku for product in store.products for each in product.variants)
    ids = Counter(each.external_id for each in store.products)
    assert [key for key, count in (skus + ids).items() if count > 1] == []


def test_descriptions_are_written_one_by_one(store: DemoStore) -> None:
    for product in store.products:
        assert 40 <= len(product.description.split()) <= 95, product.external_id
    words = {each.external_id: set(re.findall(r"[a-z]{4,}", each.description.lower())) for each in store.products}
    for (one, left), (other, right) in combinations(words.items(), 2):
        assert len(left & right) / len(left | right) < 0.4, (one, other)


def test_the_catalog_has_every_kind_of_stock(store: DemoStore) -> None:
    variants = [each for product in store.products for each in product.variants]
    assert any(not each.available for each in variants)
    assert any(each.available and each.stock == 0 for each in variants), "a pre-order"
    assert any(each.compare_at_price for each in variants)
    assert any(not product.available for product in store.products)
    for each in variants:
        if each.compare_at_price and each.price:
            assert each.compare_at_price.amount > each.price.amount, each.sku


def test_a_product_says_what_the_file_says(store: DemoStore) -> None:
    tent = store.find_product("harbour-4-tent")
    assert tent is not None
    assert tent.price == Money(44900, "USD")
    assert tent.compare_at_price == Money(52900, "USD")
    assert tent.url == "https://shop.example/demo/products/harbour-4-tent"
    assert [(each.sku, each.stock, each.options) for each in tent.variants] == [
        ("TW-TNT-4P-SND", 5, {"Colour": "Sand"}),
        ("TW-TNT-4P-LAK", 3, {"Colour": "Lake"}),
    ]


def test_orders_cover_every_status_but_unknown(store: DemoStore) -> None:
    statuses = {each.status for each in store.orders.values()}
    assert statuses == {each.value for each in OrderStatus} - {"unknown"}
    records = store.orders.values()
    assert any(each.customer_id is None for each in records), "guests"
    assert {each.currency for each in records} >= {"EUR", "GBP"}
    assert all(each.email and each.email.endswith("@example.com") for each in records)


def test_every_order_adds_up(store: DemoStore) -> None:
    for record in store.orders.values():
        order = store.find_order(record.number, NOW)
        assert order is not None
        assert order.total is not None
        goods = sum(each.unit_price.amount * each.quantity for each in order.items if each.unit_price)
        assert order.total.amount == goods + round(float(record.shipping) * 100), record.number
        assert sum(each.amount.amount for each in order.refunds) <= order.total.amount, record.number


def test_us_orders_pay_the_shipping_that_the_policy_names(store: DemoStore) -> None:
    for record in store.orders.values():
        is_domestic = record.ship_to is not None and record.ship_to.country == "US"
        if is_domestic and record.status != "ready_for_pickup" and record.placed > -365:
            assert record.shipping in {"0.00", "6.95", "14.95", "24.95"}, record.number


def test_ordered_items_are_in_the_catalog_unless_long_gone(store: DemoStore) -> None:
    skus = {each.sku: product.title for product in store.products for each in product.variants}
    for record in store.orders.values():
        for item in record.items:
            assert record.placed < -1000 or skus.get(item.sku) == item.title, (record.number, item.sku)


def test_an_order_never_ages(store: DemoStore) -> None:
    early = store.find_order("1001", NOW)
    late = store.find_order("1001", NOW + timedelta(days=900))
    assert early is not None
    assert late is not None
    assert late.placed_at - early.placed_at == timedelta(days=900)
    assert early.placed_at.date() == date(2026, 3, 11)
    assert early.shipments[0].shipped_on == date(2026, 3, 12)
    assert early.estimated_delivery == date(2026, 3, 16)


def test_nothing_happens_before_it_was_ordered_or_in_the_future(store: DemoStore) -> None:
    dawn = NOW.replace(hour=0, minute=1)
    for number in store.orders:
        order = store.find_order(number, dawn)
        assert order is not None
        assert order.placed_at <= dawn
        for shipment in order.shipments:
            if shipment.shipped_on:
                assert order.placed_at.date() <= shipment.shipped_on <= dawn.date(), number
            if shipment.delivered_on and shipment.shipped_on:
                assert shipment.shipped_on <= shipment.delivered_on <= dawn.date(), number
        assert all(order.placed_at.date() <= each.refunded_on <= dawn.date() for each in order.refunds), number


@pytest.mark.parametrize("written", ["1002", "#1002", "# 1002", " 1-002 "])
async def test_an_order_is_found_however_its_number_is_written(platform: ShopPlatform, written: str) -> None:
    order = await platform.find_order(written)
    assert order is not None
    assert order.number == "1002"
    assert [each.status for each in order.shipments] == [OrderStatus.DELIVERED, OrderStatus.SHIPPED]


@pytest.mark.parametrize("written", ["100", "10021", "", "#", "1002x", "99999999", "९९९९९९९९"])
async def test_only_the_exact_number_is_found(platform: ShopPlatform, written: str) -> None:
    assert await platform.find_order(written) is None


async def test_a_customers_orders_come_newest_first_and_are_only_theirs(platform: ShopPlatform) -> None:
    orders = await platform.list_customer_orders("cus_maya", limit=3)
    assert [each.number for each in orders] == ["1001", "1002", "1005"]
    assert {each.customer_id for each in orders} == {"cus_maya"}
    assert await platform.list_customer_orders("nobody") == []


async def test_products_and_policies_come_in_a_stable_order(platform: ShopPlatform, store: DemoStore) -> None:
    assert [each async for each in platform.fetch_products()] == list(store.products)
    assert [each.external_id for each in await platform.fetch_policies()][:3] == [
        "shipping",
        "returns-and-exchanges",
        "refunds",
    ]


def write_shop(folder: Path, product: str = '{"id":"a","title":"A","variants":[{"sku":"A1","price":"5.00"}]}') -> Path:
    (folder / "products.jsonl").write_text(product + "\n", encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    ("product", "complaint"),
    [
        ("{", "products.jsonl line 1"),
        ('{"id":"a","title":"A","variants":[{"sku":"A1","price":"five"}]}', "'five' is not an amount"),
        ('{"id":"a","title":"A","variants":[{"sku":"A1","price":"5.001"}]}', "'5.001' is not an amount"),
        ('{"id":"a","title":"A","variants":[{"sku":"A1","price":"NaN"}]}', "'NaN' is not an amount"),
        ('{"id":"a","title":"A","variants":[],"colour":"red"}', "unknown field `colour`"),
        ("", "products.jsonl is missing or empty"),
    ],
)
def test_a_wrong_product_is_named_with_its_line(tmp_path: Path, product: str, complaint: str) -> None:
    with pytest.raises(DemoDataError, match=re.escape(complaint)):
        load_store(write_shop(tmp_path, product))


def test_a_wrong_order_is_named_with_its_line(tmp_path: Path) -> None:
    order = '{"number":"7","status":"lost","placed":-1,"email":null,"total":"5.00","items":[]}'
    (write_shop(tmp_path) / "orders.jsonl").write_text("\n" + order, encoding="utf-8")
    with pytest.raises(DemoDataError, match=r"orders.jsonl line 2: 'lost' is not a valid OrderStatus"):
        load_store(tmp_path)


def test_two_orders_with_one_number_are_refused(tmp_path: Path) -> None:
    order = '{"number":"%s","status":"pending","placed":-1,"email":null,"total":"5.00","items":[]}\n'
    (write_shop(tmp_path) / "orders.jsonl").write_text(order % "w-7" + order % "W7", encoding="utf-8")
    with pytest.raises(DemoDataError, match=r"orders.jsonl: two orders are numbered W7"):
        load_store(tmp_path)
