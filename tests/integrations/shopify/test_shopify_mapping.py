"""Mapping as a promise over all inputs: exact money or none, every order readable, no status that was not told."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from babel.numbers import get_currency_precision
from hypothesis import given
from hypothesis import strategies as st

from integrations.platform import CatalogItem, Money, OrderStatus, Product, RefusedProduct, RemovedProduct
from integrations.shopify.mapping import to_catalog_item
from integrations.shopify.money import find_money, to_money
from integrations.shopify.order_mapping import to_order
from integrations.text import html_to_text, one_line

CURRENCIES = st.sampled_from(["USD", "EUR", "JPY", "KWD", "CLP", "BHD", "CHF"])


@given(st.integers(-(10**14), 10**14), CURRENCIES, st.integers(0, 3))
def test_exact_amounts_are_kept_to_the_last_minor_unit(minor: int, currency: str, zeros: int) -> None:
    text = str(Decimal(minor).scaleb(-get_currency_precision(currency)))
    padded = text + ("0" * zeros if "." in text else "." + "0" * zeros if zeros else "")
    assert to_money(padded, currency) == Money(minor, currency)


@given(st.text(max_size=12), CURRENCIES)
def test_no_text_becomes_a_price_that_it_is_not(text: str, currency: str) -> None:
    money = find_money(text, currency)
    if money is not None:
        assert Decimal(text) == Decimal(money.amount).scaleb(-get_currency_precision(currency))


@pytest.mark.parametrize(
    ("text", "currency"),
    [
        ("19.999", "USD"),
        ("0.5", "JPY"),
        ("NaN", "USD"),
        ("Infinity", "USD"),
        ("1e40", "USD"),
        ("9" * 40, "USD"),
        ("", "USD"),
        ("ten", "USD"),
        ("1,50", "EUR"),
        ("-5.00", "USD"),
    ],
)
def test_a_price_is_never_rounded_or_made_up(text: str, currency: str) -> None:
    assert find_money(text, currency) is None


def test_no_currency_no_price() -> None:
    assert find_money("5.00", None) is None
    assert find_money(None, "USD") is None


ENUM = st.one_of(st.none(), st.text(max_size=20), st.sampled_from(["DELIVERED", "FULFILLED", "IN_TRANSIT", "ON_HOLD"]))
MOMENT = st.one_of(st.none(), st.just("2026-11-02T09:00:00Z"))
PARCELS = st.fixed_dictionaries(
    {"status": st.one_of(st.text(max_size=9), st.just("SUCCESS")), "displayStatus": ENUM, "deliveredAt": MOMENT}
)
FINANCIAL = st.one_of(ENUM, st.sampled_from(["PAID", "REFUNDED", "PARTIALLY_REFUNDED", "VOIDED"]))
RETURNS = st.one_of(ENUM, st.sampled_from(["NO_RETURN", "RETURNED", "IN_PROGRESS"]))


def order_node(**facts: Any) -> dict[str, Any]:
    return {"name": "#1", "processedAt": "2026-11-01T00:00:00Z", "displayFulfillmentStatus": "UNFULFILLED", **facts}


@given(ENUM, FINANCIAL, RETURNS, st.lists(PARCELS, max_size=4), MOMENT)
def test_every_order_has_a_status_whatever_shopify_invents(
    fulfillment: str | None,
    financial: str | None,
    returned: str | None,
    parcels: list[dict[str, Any]],
    over: str | None,
) -> None:
    order = to_order(
        order_node(
            displayFulfillmentStatus=fulfillment,
            displayFinancialStatus=financial,
            returnStatus=returned,
            fulfillments=parcels,
            cancelledAt=over,
        )
    )
    assert (order.status is OrderStatus.CANCELLED) == (over is not None)
    if order.status is OrderStatus.DELIVERED:
        assert order.shipments
        assert all(each.status in (OrderStatus.DELIVERED, OrderStatus.UNKNOWN) for each in order.shipments)
    if order.status is OrderStatus.REFUNDED:
        assert financial == "REFUNDED"


@pytest.mark.parametrize(
    ("fulfillment", "financial", "returned", "parcels", "status"),
    [
        ("UNFULFILLED", "PAID", "NO_RETURN", [], "pending"),
        ("UNFULFILLED", "PENDING", "NO_RETURN", [], "pending"),
        ("UNFULFILLED", "EXPIRED", "NO_RETURN", [], "on_hold"),
        ("UNFULFILLED", "VOIDED", "NO_RETURN", [], "on_hold"),
        ("IN_PROGRESS", "PAID", "NO_RETURN", [], "processing"),
        ("ON_HOLD", "PAID", "NO_RETURN", [], "on_hold"),
        ("ON_HOLD", "PAID", "NO_RETURN", ["DELIVERED"], "partially_shipped"),
        ("REQUEST_DECLINED", "PAID", "NO_RETURN", [], "on_hold"),
        ("SCHEDULED", "PAID", "NO_RETURN", [], "preorder"),
        ("SCHEDULED", "PAID", "NO_RETURN", ["IN_TRANSIT"], "partially_shipped"),
        ("PARTIALLY_FULFILLED", "PAID", "NO_RETURN", ["DELIVERED"], "partially_shipped"),
        ("PARTIALLY_FULFILLED", "PAID", "NO_RETURN", ["LABEL_PRINTED"], "processing"),
        ("FULFILLED", "PAID", "NO_RETURN", ["LABEL_PRINTED"], "processing"),
        ("FULFILLED", "PAID", "NO_RETURN", ["LABEL_PRINTED", "IN_TRANSIT"], "partially_shipped"),
        ("FULFILLED", "PAID", "NO_RETURN", ["IN_TRANSIT"], "shipped"),
        ("FULFILLED", "PAID", "NO_RETURN", ["DELAYED"], "shipped"),
        ("FULFILLED", "PAID", "NO_RETURN", [], "shipped"),
        ("FULFILLED", "PAID", "NO_RETURN", ["DELIVERED", "IN_TRANSIT"], "shipped"),
        ("FULFILLED", "PAID", "NO_RETURN", ["DELIVERED", "OUT_FOR_DELIVERY"], "out_for_delivery"),
        ("FULFILLED", "PAID", "NO_RETURN", ["READY_FOR_PICKUP"], "ready_for_pickup"),
        ("FULFILLED", "PAID", "NO_RETURN", ["PICKED_UP"], "delivered"),
        ("FULFILLED", "PAID", "NO_RETURN", ["DELIVERED", "NOT_DELIVERED"], "delivery_failed"),
        ("FULFILLED", "PAID", "NO_RETURN", ["DELIVERED"], "delivered"),
        ("FULFILLED", "PARTIALLY_REFUNDED", "NO_RETURN", ["DELIVERED"], "partially_refunded"),
        ("FULFILLED", "PARTIALLY_REFUNDED", "NO_RETURN", ["IN_TRANSIT"], "shipped"),
        ("FULFILLED", "PARTIALLY_REFUNDED", "RETURNED", ["DELIVERED"], "partially_refunded"),
        ("FULFILLED", "PAID", "RETURN_REQUESTED", ["DELIVERED"], "return_in_progress"),
        ("FULFILLED", "PAID", "INSPECTION_COMPLETE", ["DELIVERED"], "return_in_progress"),
        ("FULFILLED", "PAID", "RETURNED", ["DELIVERED"], "returned"),
        ("FULFILLED", "PAID", "RETURN_FAILED", ["DELIVERED"], "delivered"),
        ("FULFILLED", "REFUNDED", "RETURNED", ["DELIVERED"], "refunded"),
        ("FULFILLMENT_NOT_REQUIRED", "PAID", "NO_RETURN", [], "unknown"),
        ("RESTOCKED", "PAID", "NO_RETURN", [], "unknown"),
        ("TELEPORTED", "PAID", "NO_RETURN", [], "unknown"),
        ("TELEPORTED", "PAID", "NO_RETURN", ["DELIVERED"], "delivered"),
        ("FULFILLED", "PAID", "NO_RETURN", ["BEAMED_UP"], "shipped"),
    ],
)
def test_what_a_shopper_is_told(
    fulfillment: str, financial: str, returned: str, parcels: list[str], status: str
) -> None:
    order = to_order(
        order_node(
            displayFulfillmentStatus=fulfillment,
            displayFinancialStatus=financial,
            returnStatus=returned,
            fulfillments=[{"status": "SUCCESS", "displayStatus": each} for each in parcels],
        )
    )
    assert order.status == status


def product_node(**facts: Any) -> dict[str, Any]:
    return {
        "legacyResourceId": "1",
        "title": "Lamp",
        "status": "ACTIVE",
        "onlineStoreUrl": "https://x.example",
        **facts,
    }


PRICE = st.one_of(st.none(), st.text(max_size=6), st.decimals(0, 10**6, places=2).map(str))


@given(st.lists(st.tuples(PRICE, PRICE, st.booleans()), max_size=5), CURRENCIES)
def test_a_products_price_is_one_of_its_variants(prices: list[tuple[Any, Any, bool]], currency: str) -> None:
    nodes = [
        {"legacyResourceId": str(n), "price": price, "compareAtPrice": before, "availableForSale": for_sale}
        for n, (price, before, for_sale) in enumerate(prices)
    ]
    price_range = {"minVariantPrice": {"currencyCode": currency}}
    item = to_catalog_item(product_node(variants={"nodes": nodes}, priceRangeV2=price_range))
    assert isinstance(item, Product)
    assert item.price in {None, *(each.price for each in item.variants)}
    assert item.available == any(for_sale for *_, for_sale in prices)
    if item.compare_at_price:
        assert item.price
        assert item.compare_at_price.amount > item.price.amount


@given(
    st.dictionaries(st.sampled_from(["id", "legacyResourceId", "title", "status", "tags", "variants"]), st.integers())
)
def test_no_node_breaks_the_catalog(odd: dict[str, int]) -> None:
    item: CatalogItem = to_catalog_item(product_node(**odd))
    assert isinstance(item, Product | RemovedProduct | RefusedProduct)


@pytest.mark.parametrize("status", ["DRAFT", "ARCHIVED", "UNLISTED", "SUSPENDED_NEXT_YEAR"])
def test_a_status_that_is_not_active_is_not_shown(status: str) -> None:
    assert to_catalog_item(product_node(status=status)) == RemovedProduct("1")


def test_times_are_aware_utc() -> None:
    assert to_order(order_node(processedAt="2026-11-01T01:00:00+02:00")).placed_at == datetime(
        2026, 10, 31, 23, tzinfo=UTC
    )


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("", ""),
        ("plain &amp; simple", "plain & simple"),
        ("<p>One<br>two</p><script>three()</script>four", "One\ntwo\nfour"),
        ("<table><tr><td>Width</td><td>10&nbsp;cm</td></tr></table>", "Width 10 cm"),
        ("<p>not closed <b>bold", "not closed bold"),
        ("<div>\n  spread\n  out </div>", "spread out"),
    ],
)
def test_descriptions_are_what_a_shopper_reads(html: str, text: str) -> None:
    assert html_to_text(html, bullet="") == text


@given(st.text())
def test_no_description_breaks_the_reading(html: str) -> None:
    assert "\x1e" not in html_to_text(html, bullet="")
    assert "\n" not in one_line(html)
