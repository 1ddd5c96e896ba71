"""Order look-ups: the exact number or nothing, no outage read as "not found", and less data is still an answer."""

from collections.abc import Callable
from datetime import UTC, date, datetime

import msgspec
import pytest

from integrations.platform import Money, Order, OrderStatus, PlatformRevoked, PlatformUnavailable, Tracking
from integrations.shopify import ShopifyPlatform, client
from integrations.shopify.orders import name_search
from server.embedded.standins.shopify.records import line, money, order, parcel, plan, refund
from server.embedded.standins.shopify.shop import Shop
from tests.integrations.shopify.connected import SharedCredentials


async def found(platform: ShopifyPlatform, number: str) -> Order:
    order = await platform.find_order(number)
    assert order is not None
    return order


@pytest.mark.parametrize("written", ["1001", "#1001", " # 10-01 ", "#1001\n"])
async def test_an_order_is_found_however_its_number_is_written(
    shop: Shop, platform: ShopifyPlatform, written: str
) -> None:
    shop.place(order(1001), order(11001), order(10010), order(5, name="#1001-B"))
    assert (await found(platform, written)).number == "#1001"


@pytest.mark.parametrize("written", ["100", "001", "1001B1", "", "#", "10015", "1" * 200, '1001" OR name:"11001'])
async def test_only_the_exact_number_is_found(shop: Shop, platform: ShopifyPlatform, written: str) -> None:
    shop.place(order(1001), order(11001), order(5, name="#1001-B"))
    assert await platform.find_order(written) is None


async def test_numbers_with_a_shops_own_prefix(shop: Shop, platform: ShopifyPlatform) -> None:
    shop.place(order(7, name="EN-2044/DE"))
    assert (await found(platform, "en2044de")).number == "EN-2044/DE"
    assert await platform.find_order("2044") is None


def test_what_is_typed_cannot_become_a_search_operator() -> None:
    assert (
        name_search('1001" OR email:*@* \\')
        == 'name:"1001 OR email" OR name:"1001OREMAIL" OR name:"#1001OREMAIL" OR name:"1001"'
    )


async def test_an_order_is_told_in_full(shop: Shop, platform: ShopifyPlatform) -> None:
    lamp, desk = line(1, "Lamp &amp; shade", 2, originalUnitPriceSet=money("49.50", "EUR")), line(2, "Desk")
    gone = line(3, "Taken off again", 1, currentQuantity=0)
    shop.place(
        order(
            1001,
            [lamp, desk, gone],
            displayFulfillmentStatus="PARTIALLY_FULFILLED",
            displayFinancialStatus="PARTIALLY_REFUNDED",
            totalPriceSet=money("149.00", "EUR"),
            processedAt="2026-10-30T23:30:00-05:00",
            parcels=[
                parcel(
                    "OUT_FOR_DELIVERY",
                    [(lamp, 2)],
                    tracking=[("DHL", "00340", "https://dhl.example/00340"), (None, None, None)],
                    estimatedDeliveryAt="2026-11-06T12:00:00Z",
                    inTransitAt="2026-11-03T08:00:00Z",
                ),
                parcel("CANCELED", [(desk, 1)], status="CANCELLED"),
            ],
            refunds=[refund("49.50", [(lamp, 1)], "EUR"), refund("0.0", [], "EUR")],
            plans=[
                plan("SCHEDULED", [(desk, 1)], fulfillAt="2026-12-01T00:00:00Z", promised="2026-12-05T00:00:00Z"),
                plan("CLOSED", [(lamp, 0)], promised="2027-01-01T00:00:00Z"),
            ],
        )
    )
    told = await found(platform, "1001")
    assert told.status is OrderStatus.PARTIALLY_SHIPPED
    assert told.placed_at == datetime(2026, 10, 31, 4, 30, tzinfo=UTC)
    assert told.placed_on == date(2026, 10, 30), "the day of the shop's mail"
    assert (told.email, told.customer_id, told.customer_name) == ("ada@example.com", "501", "Ada Byron")
    assert told.billing_postcode == "BA1 1AA"
    assert told.ship_to is not None
    assert (told.ship_to.city, told.ship_to.country) == ("Bath", "GB")
    assert told.total == Money(14900, "EUR")
    assert [(each.title, each.quantity, each.refunded_quantity) for each in told.items] == [
        ("Lamp & shade", 2, 1),
        ("Desk", 1, 0),
    ]
    assert [each.available_from for each in told.items] == [None, date(2026, 12, 1)]
    assert told.items[0].unit_price == Money(4950, "EUR")
    (sent,) = told.shipments
    assert sent.status is OrderStatus.OUT_FOR_DELIVERY
    assert (sent.shipped_on, sent.estimated_delivery) == (date(2026, 11, 3), date(2026, 11, 6))
    assert sent.tracking == (Tracking(carrier="DHL", number="00340", url="https://dhl.example/00340"),)
    assert sent.items == (("Lamp & shade", 2),)
    assert [(each.amount, each.items) for each in told.refunds] == [(Money(4950, "EUR"), (("Lamp & shade", 1),))]
    assert told.estimated_delivery == date(2026, 12, 5)


async def test_a_guests_order_belongs_to_nobody(shop: Shop, platform: ShopifyPlatform) -> None:
    shop.place(order(1001, customer=None, shippingAddress=None))
    told = await found(platform, "1001")
    assert told.customer_id is None
    assert told.email == "ada@example.com"
    assert told.ship_to is None


async def test_without_approval_for_customer_data_the_order_is_told_without_it(
    shop: Shop, platform: ShopifyPlatform
) -> None:
    shop.approved_for_customer_data = False
    shop.place(order(1001))
    told = await found(platform, "1001")
    assert (told.email, told.customer_id, told.ship_to, told.billing_postcode) == (None, None, None, None)
    assert told.items


async def test_without_the_scope_for_plans_the_order_is_told_without_them(
    shop: Shop, platform: ShopifyPlatform
) -> None:
    shop.tokens.scopes.discard("read_merchant_managed_fulfillment_orders")
    shop.place(order(1001, plans=[plan("SCHEDULED", [], promised="2026-12-05T00:00:00Z")]))
    told = await found(platform, "1001")
    assert told.email == "ada@example.com"
    assert told.estimated_delivery is None
    before = len(shop.requests)
    await found(platform, "1001")
    assert len(shop.requests) - before == 2, "the refusal is remembered"


async def test_a_customers_orders_are_theirs_and_newest_first(shop: Shop, platform: ShopifyPlatform) -> None:
    numbers = range(1001, 1016)
    shop.place(*(order(each, createdAt=f"2026-10-{each - 1000:02d}T00:00:00Z") for each in numbers))
    shop.place(order(2001, customer={"legacyResourceId": "502"}), order(2002, customer=None))
    listed = await platform.list_customer_orders("501", 3)
    assert [each.number for each in listed] == ["#1015", "#1014", "#1013"]
    assert len(await platform.list_customer_orders("501", 50)) == 10
    for odd in ("", "501 OR 502", "gid://shopify/Customer/501", "-1"):
        assert await platform.list_customer_orders(odd) == []


async def test_what_the_search_says_of_a_customer_is_not_believed(
    shop: Shop, platform: ShopifyPlatform, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.place(order(1001), order(2001, customer={"legacyResourceId": "502"}))
    monkeypatch.setattr("server.embedded.standins.shopify.shop.match_orders", lambda query, orders: orders)
    assert [each.number for each in await platform.list_customer_orders("501")] == ["#1001"]


async def test_orders_whose_customer_is_kept_from_us_are_not_listed_as_theirs(
    shop: Shop, platform: ShopifyPlatform
) -> None:
    shop.place(order(1001))
    shop.approved_for_customer_data = False
    with pytest.raises(PlatformUnavailable):
        await platform.list_customer_orders("501")


@pytest.mark.parametrize("mode", ["429", "500", "502", "503", "html", "nonsense", "reset", "302", "402", "403", "404"])
async def test_an_outage_is_never_read_as_no_order(shop: Shop, platform: ShopifyPlatform, mode: str) -> None:
    shop.place(order(1001))
    shop.fail(mode)
    with pytest.raises(PlatformUnavailable):
        await platform.find_order("1001")
    assert len(shop.requests) == 1, "a shopper does not wait for a second attempt"
    assert (await found(platform, "1001")).number == "#1001"


async def test_a_slow_shop_does_not_hold_a_shopper(
    shop: Shop, platform: ShopifyPlatform, monkeypatch: pytest.MonkeyPatch
) -> None:

    monkeypatch.setattr("integrations.shopify.orders.SHOPPER", msgspec.structs.replace(client.SHOPPER, timeout_s=0.1))
    shop.fail("slow")
    with pytest.raises(PlatformUnavailable, match="too long"):
        await platform.find_order("1001")


async def test_an_uninstalled_app_says_that_it_must_be_installed_again(
    shop: Shop, platform: ShopifyPlatform, credentials: SharedCredentials
) -> None:
    shop.place(order(1001))
    shop.uninstall()
    with pytest.raises(PlatformRevoked, match="install Aisle again") as told:
        await platform.find_order("1001")
    assert not any(value in str(told.value) for key, value in credentials.kept.items() if "token" in key)


async def test_a_response_that_is_no_order_is_an_outage(
    shop: Shop, connect: Callable[..., ShopifyPlatform], monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.place(order(1001))
    monkeypatch.setattr(shop, "respond", lambda request: (200, {"data": {"orders": {"nodes": []}, "order": {}}}))
    assert await connect().find_order("1001") is None
    odd = {"data": {"orders": {"nodes": [{"id": "x", "name": "1001"}]}, "order": {"name": 5}}}
    monkeypatch.setattr(shop, "respond", lambda request: (200, odd))
    with pytest.raises(PlatformUnavailable):
        await connect().find_order("1001")
