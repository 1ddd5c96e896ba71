"""Shops as their hosts have them: headers dropped, guests kept out, warnings in the data, lists cut short."""

import logging
from typing import Any

import httpx
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.platform import PagesUnreadable, PlatformRevoked, PlatformUnavailable, Product, RemovedProduct
from integrations.store_http import StoreHttp
from integrations.woocommerce.client import Page, WooClient, is_last
from integrations.woocommerce.platform import WooCommercePlatform
from server.embedded.standins.woocommerce.store import Failure, Store
from server.embedded.standins.woocommerce_server import WooCommerceStandin
from tests.integrations.woocommerce.woo_shop import HTTPS_URL, Connect, HeldCredentials

NOTICES = (
    b"<br />\n<b>Warning</b>:  Undefined array key in <b>/srv/plugins/x.php</b> on line <b>12</b><br />\n",
    b"<br />\n<b>Notice</b>:  Function _load_textdomain was called [doing_it_wrong] in <b>/srv/f.php</b>\n",
    b"<br />\n<b>Deprecated</b>:  Creation of dynamic property {x} is deprecated in <b>/srv/p.php</b><br />",
    b"\nWarning: foreach() argument must be of type array in /srv/themes/t.php on line 3\n",
    b"PHP Deprecated: Optional parameter before required [a] in /srv/y.php\n",
    b"<br />\n<b>Strict Standards</b>: x<br />\n<br />\n<b>Warning</b>: y<br />\n\xef\xbb\xbf",
)


def client_over(answer: Any, url: str = HTTPS_URL) -> WooClient:
    """A client whose requests `answer` gets."""

    def streamed(request: httpx.Request) -> httpx.Response:
        made: httpx.Response = answer(request)
        return httpx.Response(made.status_code, headers=made.headers, stream=httpx.ByteStream(made.content))

    http = StoreHttp(httpx.AsyncClient(transport=httpx.MockTransport(streamed)), "the shop's WooCommerce")
    return WooClient(url, http, HeldCredentials(consumer_key="ck_" + "a" * 40, consumer_secret="cs_" + "b" * 40))


async def rows_of(client: WooClient) -> list[dict[str, Any]]:
    return [row async for page in client.pages("wc/v3/products", {}) for row in page.rows]


async def test_a_server_that_drops_the_authorization_header_gets_the_keys_in_the_query(
    platform: WooCommercePlatform, store: Store, standin: WooCommerceStandin, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    store.drops_authorization = True
    made, order = store.add_variable(), store.add_order()
    facts = await platform.try_keys()
    assert (facts.name, facts.can_write) == ("Northwind Paper & Ink", True)
    (item,) = [each async for each in platform.fetch_products()]
    assert item.external_id == str(made["id"])
    assert await platform.find_order(order["number"]) is not None
    before = len(standin.requests)
    await platform.find_order(order["number"])
    assert not [each for each in list(standin.requests)[before:] if "authorization" in each.headers]
    assert store.key[1] not in caplog.text
    assert any(each.query.get("consumer_secret") == store.key[1] for each in standin.requests)


async def test_keys_are_never_in_a_query_over_plain_http(connect: Connect, standin: WooCommerceStandin) -> None:
    standin.store.keys.clear()
    with pytest.raises(PlatformRevoked):
        await connect().try_keys()
    assert not [each for each in standin.requests if "consumer_secret" in each.raw_query]


async def test_a_shop_that_closes_rest_to_guests_is_connected_and_read(
    platform: WooCommercePlatform, store: Store
) -> None:
    store.is_rest_closed_to_guests = True
    store.add_product()
    facts = await platform.try_keys()
    assert (facts.name, facts.currency) == ("", "USD")
    assert len([each async for each in platform.fetch_products()]) == 1
    with pytest.raises(PagesUnreadable, match="wp/v2/pages"):
        await platform.fetch_policies()


@pytest.mark.parametrize("mode", ["html", "inactive", "notice", "wall"])
async def test_pages_that_a_plugin_breaks_are_named_as_that(
    platform: WooCommercePlatform, store: Store, mode: str
) -> None:
    store.failure = Failure(mode, path="/wp/v2/pages")
    with pytest.raises(PagesUnreadable, match="pages were not read"):
        await platform.fetch_policies()


@pytest.mark.parametrize("notice", NOTICES)
async def test_data_behind_warnings_is_read(notice: bytes) -> None:
    row = {"id": 7, "name": "[x] {y}"}
    client = client_over(lambda _: httpx.Response(200, content=notice + msgspec.json.encode([row])))
    assert (await client.page("wc/v3/products", {})).rows == [row]


@pytest.mark.parametrize("notice", NOTICES)
@pytest.mark.parametrize("rest", [b"", b"[]", b"[{", b"</body>"])
async def test_warnings_without_data_are_named(notice: bytes, rest: bytes) -> None:
    client = client_over(lambda _: httpx.Response(200, content=notice + rest))
    with pytest.raises(PlatformUnavailable, match="WP_DEBUG_DISPLAY"):
        await client.page("wc/v3/products", {}, attempts=1)


@given(st.binary(max_size=200))
async def test_nothing_else_before_data_is_skipped(text: bytes) -> None:
    content = b"<!doctype html><p>" + text.replace(b"Warning", b"").replace(b"Notice", b"") + b'[{"id": 1}]'
    client = client_over(lambda _: httpx.Response(200, content=content))
    with pytest.raises(PlatformUnavailable):
        await client.page("wc/v3/products", {}, attempts=1)


async def test_maintenance_is_named(platform: WooCommercePlatform, store: Store) -> None:
    store.failure = Failure("maintenance")
    with pytest.raises(PlatformUnavailable, match="in maintenance and asks to come back in 10 minutes") as said:
        await platform.find_order("1")
    assert said.value.retry_after_s == 600


@pytest.mark.parametrize(
    ("count", "most_per_page", "headers"),
    [(130, 50, False), (130, 100, False), (50, 50, False), (100, 100, False), (101, 20, False), (3, 100, False),
     (0, 100, False), (130, 50, True)],
)  # fmt: skip
async def test_a_list_that_is_cut_short_is_read_to_its_end(
    platform: WooCommercePlatform, store: Store, count: int, most_per_page: int, headers: bool
) -> None:
    store.most_per_page, store.sends_paging_headers = most_per_page, headers
    for _ in range(count):
        store.add_product()
    found = [each.external_id async for each in platform.fetch_products()]
    assert found == [str(number) for number in sorted(store.products)]


async def test_a_server_that_ignores_the_page_number_is_no_whole_list() -> None:
    client = client_over(lambda _: httpx.Response(200, json=[{"id": 1}, {"id": 2}]))
    with pytest.raises(PlatformUnavailable, match="same page"):
        await rows_of(client)


async def test_wordpress_declines_a_page_behind_the_last() -> None:
    gone = {"code": "rest_post_invalid_page_number", "message": "x", "data": {"status": 400}}

    def answer(request: httpx.Request) -> httpx.Response:
        first = request.url.params["page"] == "1"
        return httpx.Response(200, json=[{"id": 1}]) if first else httpx.Response(400, json=gone)

    assert await rows_of(client_over(answer)) == [{"id": 1}]


@given(st.integers(0, 300), st.integers(1, 100), st.booleans())
def test_where_a_list_ends(count: int, most: int, headers: bool) -> None:
    """Every list is read whole, and with headers no page is asked for that is not there."""
    rows: list[dict[str, Any]] = [{"id": number} for number in range(count)]
    pages = -(-count // most)
    read: list[dict[str, Any]] = []
    number, first_rows = 1, 100
    while True:
        page = Page(rows[(number - 1) * most :][:most], count if headers else None, pages if headers else None)
        read += page.rows
        first_rows = len(page.rows) if number == 1 else first_rows
        if is_last(page, number, first_rows):
            break
        number += 1
    assert read == rows
    assert number <= max(1, pages + (not headers))


async def test_a_shop_that_takes_three_seconds_for_each_request_is_connected(
    platform: WooCommercePlatform, store: Store, standin: WooCommerceStandin
) -> None:
    """All requests are under way at the same time, so their number does not add up."""
    store.failure = Failure("slow", seconds=0.2)
    await platform.try_keys()
    assert standin.most_open >= 6


TAX = {"woocommerce_calc_taxes": "yes"}
NET_SHOWN_GROSS = TAX | {"woocommerce_prices_include_tax": "no", "woocommerce_tax_display_shop": "incl"}
GROSS_SHOWN_NET = TAX | {"woocommerce_prices_include_tax": "yes", "woocommerce_tax_display_shop": "excl"}
AS_ENTERED = TAX | {"woocommerce_prices_include_tax": "yes", "woocommerce_tax_display_shop": "incl"}
NO_TAXES = NET_SHOWN_GROSS | {"woocommerce_calc_taxes": "no"}


@pytest.mark.parametrize(
    ("settings", "entered", "shown"),
    [
        (NET_SHOWN_GROSS, "107.11", 12746),
        (NET_SHOWN_GROSS, "16.82", 2002),
        (GROSS_SHOWN_NET, "127.46", 10711),
        (AS_ENTERED, "107.11", 10711),
        (NO_TAXES, "107.11", 10711),
    ],
)
async def test_prices_are_told_as_the_shop_shows_them(
    platform: WooCommercePlatform, store: Store, settings: dict[str, str], entered: str, shown: int
) -> None:
    store.settings |= settings
    made = store.add_product(price=entered, regular_price="200.00", sale_price=entered, on_sale=True)
    parent = store.add_variable(("Red", "Green"))
    for number in store.variations[parent["id"]]:
        store.change_product(number, price=entered, regular_price=entered)
    for items in ([each async for each in platform.fetch_products()], [await platform.fetch_product(str(made["id"]))]):
        product = items[0]
        assert isinstance(product, Product)
        assert product.price
        assert product.price.amount == shown
        assert product.compare_at_price
        assert round(product.compare_at_price.amount / product.price.amount, 2) == round(200 / float(entered), 2)
    variable = await platform.fetch_product(str(parent["id"]))
    assert isinstance(variable, Product)
    assert [each.price.amount for each in variable.variants if each.price] == [shown, shown]
    assert platform.take_notes() == ()


async def test_what_the_list_of_the_store_api_leaves_out_is_asked_for_by_itself(
    platform: WooCommercePlatform, store: Store
) -> None:
    store.settings |= NET_SHOWN_GROSS
    store.hides_sold_out = True
    made = store.add_product(price="100.00", regular_price="100.00", stock_status="outofstock")
    product = await platform.fetch_product(str(made["id"]))
    assert isinstance(product, Product)
    assert product.price
    assert product.price.amount == 11900


async def test_where_shown_prices_cannot_be_read_none_is_told(platform: WooCommercePlatform, store: Store) -> None:
    store.settings |= NET_SHOWN_GROSS
    store.is_rest_closed_to_guests = True
    store.add_product(price="100.00", regular_price="100.00")
    (product,) = [each async for each in platform.fetch_products()]
    assert isinstance(product, Product)
    assert product.price is None
    (note,) = platform.take_notes()
    assert "Store API" in note


async def test_a_shop_whose_settings_are_not_ours_to_read_is_asked_for_what_it_shows(
    platform: WooCommercePlatform, store: Store
) -> None:
    store.settings |= NET_SHOWN_GROSS
    store.failure = Failure("inactive", path="/settings/")
    store.add_product(price="100.00", regular_price="100.00")
    (product,) = [each async for each in platform.fetch_products()]
    assert isinstance(product, Product)
    assert product.price
    assert product.price.amount == 11900


@pytest.mark.parametrize(
    ("suffix", "told"), [("incl. VAT", "incl. VAT"), ("<small>inkl. MwSt.</small>", "inkl. MwSt."), ("", None)]
)
async def test_the_words_behind_a_price_are_kept(
    platform: WooCommercePlatform, store: Store, suffix: str, told: str | None
) -> None:
    store.settings |= AS_ENTERED | {"woocommerce_price_display_suffix": suffix}
    store.add_product()
    (product,) = [each async for each in platform.fetch_products()]
    assert isinstance(product, Product)
    assert product.attributes.get("Price note") == told


async def test_webhooks_tell_what_is_deleted_for_good_and_end_with_the_connection(
    platform: WooCommercePlatform, store: Store
) -> None:
    await platform.ensure_webhooks("http://127.0.0.1:9/hook")
    store.webhooks[1] = msgspec.structs.replace(
        next(iter(store.webhooks.values())), id=1, delivery_url="http://o.example/"
    )
    topics = {each.topic for each in store.webhooks.values()}
    assert {f"action.woocommerce_delete_{what}" for what in ("product", "product_variation")} <= topics
    await platform.remove_webhooks("http://127.0.0.1:9/hook")
    assert list(store.webhooks) == [1]


async def test_a_variation_that_has_gone_is_reported_by_its_own_id(platform: WooCommercePlatform, store: Store) -> None:
    parent = store.add_variable()
    child = next(iter(store.variations[parent["id"]]))
    store.delete_variation(child)
    assert await platform.fetch_product(str(child)) == RemovedProduct(str(child))
