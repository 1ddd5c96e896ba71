"""Reading a shop's catalog and pages, whole and as it changes."""

import asyncio
from datetime import UTC, datetime

import pytest

from integrations.platform import CatalogItem, Money, PlatformRevoked, PlatformUnavailable, Product, RemovedProduct
from integrations.woocommerce.catalog import VARIATION_READERS
from integrations.woocommerce.platform import WooCommercePlatform
from server.embedded.standins.woocommerce.store import EPOCH, Failure, Store
from server.embedded.standins.woocommerce_server import WooCommerceStandin
from tests.integrations.woocommerce.woo_shop import Connect

SINCE = datetime.fromtimestamp(EPOCH, UTC)


async def read(platform: WooCommercePlatform, since: datetime | None = None) -> list[CatalogItem]:
    return [item async for item in platform.fetch_products(since)]


async def ids(platform: WooCommercePlatform, since: datetime | None = None) -> list[str]:
    return [item.external_id for item in await read(platform, since)]


def paths(standin: WooCommerceStandin) -> list[str]:
    return [each.path for each in standin.requests]


@pytest.mark.parametrize("https", [False, True])
async def test_catalog_equals_the_source(connect: Connect, store: Store, *, https: bool) -> None:
    store.fill(120)
    for status in ("draft", "private", "pending", "trash"):
        store.add_variable(status=status)
    store.add_variable(catalog_visibility="hidden")
    store.add_product(post_password="x")
    items = await read(connect(https=https))
    shown = {
        number: body
        for number, body in store.products.items()
        if body["status"] == "publish" and body["catalog_visibility"] == "visible" and not body["post_password"]
    }
    assert [item.external_id for item in items] == [str(number) for number in sorted(shown)]
    for item in items:
        assert isinstance(item, Product)
        inner = store.variations[int(item.external_id)]
        assert [variant.id for variant in item.variants] == [str(number) for number in inner]
        assert [variant.price for variant in item.variants] == [Money(n * 100, "USD") for n in (12, 13, 14)]


async def test_variations_beyond_one_page(platform: WooCommercePlatform, store: Store) -> None:
    store.add_variable(tuple(f"Colour {n}" for n in range(130)))
    (item,) = await read(platform)
    assert isinstance(item, Product)
    assert len(item.variants) == 130


async def test_few_products_are_asked_about_at_the_same_time(
    platform: WooCommercePlatform, store: Store, standin: WooCommerceStandin
) -> None:
    store.fill(20)
    store.failure = Failure("slow", seconds=0.01)
    assert len(await read(platform)) == 20
    assert 1 < standin.most_open <= VARIATION_READERS


async def test_nothing_is_missed_when_the_list_shrinks(
    platform: WooCommercePlatform, store: Store, standin: WooCommerceStandin
) -> None:
    for _ in range(250):
        store.add_product()
    wanted = [str(number) for number in sorted(store.products)]
    seen: list[str] = []
    async for item in platform.fetch_products():
        seen.append(item.external_id)
        if len(seen) == 100:
            store.delete_product(int(seen[3]))
            store.trash_product(int(seen[7]))
    assert seen == wanted


async def test_nothing_is_missed_when_much_goes_at_once(platform: WooCommercePlatform, store: Store) -> None:
    for _ in range(600):
        store.add_product()
    wanted = {str(number) for number in sorted(store.products)[:100] + sorted(store.products)[290:]}
    seen: list[str] = []
    async for item in platform.fetch_products():
        seen.append(item.external_id)
        if len(seen) == 300:
            for number in sorted(store.products)[:290]:
                store.delete_product(number)
    assert len(seen) == len(set(seen))
    assert wanted <= set(seen)


async def test_a_page_that_fails_raises(connect: Connect, store: Store) -> None:
    store.fill(3)
    store.failure = Failure("html", path="/variations")
    with pytest.raises(PlatformUnavailable):
        await read(connect(https=True))
    assert not [each for each in asyncio.all_tasks() if "_item" in repr(each.get_coro()) and not each.cancelling()]
    store.failure = Failure("unavailable", times=2, path="/variations")
    assert len(await read(connect(https=True))) == 3


async def test_rate_limit_says_how_long(platform: WooCommercePlatform, store: Store) -> None:
    store.failure = Failure("rate_limit")
    with pytest.raises(PlatformUnavailable) as said:
        await read(platform)
    assert said.value.retry_after_s == 9


async def test_products_that_cannot_be_taken_do_not_stop_the_others(
    platform: WooCommercePlatform, store: Store
) -> None:
    store.add_product(price="8,75")
    store.add_product()
    assert [type(item).__name__ for item in await read(platform)] == ["RefusedProduct", "Product"]


async def test_prices_are_in_the_shops_own_currency(platform: WooCommercePlatform, store: Store) -> None:
    store.currency = "JPY"
    store.add_product(price="1000", regular_price="1000")
    (item,) = await read(platform)
    assert isinstance(item, Product)
    assert item.price == Money(1000, "JPY")


async def test_changes_since(platform: WooCommercePlatform, store: Store) -> None:
    now = EPOCH - 60
    store.now = lambda: now
    quiet, drafted, hidden, trashed, parent, edited = (
        store.add_variable() if n == 4 else store.add_product() for n in range(6)
    )
    now = EPOCH + 60
    store.change_product(drafted["id"], status="draft")
    store.change_product(hidden["id"], catalog_visibility="hidden")
    store.change_product(next(iter(store.variations[parent["id"]])), price="1.00")
    store.change_product(edited["id"], name="New")
    store.trash_product(trashed["id"])
    items = {item.external_id: item for item in await read(platform, SINCE)}
    assert str(quiet["id"]) not in items
    assert {key for key, item in items.items() if isinstance(item, RemovedProduct)} == {
        str(each["id"]) for each in (drafted, hidden, trashed)
    }
    changed, cheaper = items[str(edited["id"])], items[str(parent["id"])]
    assert isinstance(changed, Product)
    assert changed.title == "New"
    assert isinstance(cheaper, Product)
    assert cheaper.price == Money(100, "USD")


async def test_changes_are_asked_for_in_utc(platform: WooCommercePlatform, store: Store) -> None:
    """The shop's local time is two hours ahead: read as local, the change of an hour ago would be missed or doubled."""
    store.now = lambda: EPOCH - 3600
    store.add_product()
    assert await ids(platform, SINCE) == []


async def test_older_shops_without_a_list_of_variations(platform: WooCommercePlatform, store: Store) -> None:
    store.has_variations_list = False
    made = store.add_product()
    assert await ids(platform, SINCE) == [str(made["id"])]


async def test_one_product(platform: WooCommercePlatform, store: Store) -> None:
    parent, hidden = store.add_variable(), store.add_product(catalog_visibility="hidden")
    child = next(iter(store.variations[parent["id"]]))
    for reference in (parent["id"], child):
        item = await platform.fetch_product(str(reference))
        assert isinstance(item, Product)
        assert (item.external_id, len(item.variants)) == (str(parent["id"]), 3)
    assert await platform.fetch_product(str(hidden["id"])) == RemovedProduct(str(hidden["id"]))
    assert await platform.fetch_product("999999") == RemovedProduct("999999")
    assert [await platform.fetch_product(odd) for odd in ("", "abc", "../orders", "9" * 30, "٣")] == [None] * 5


async def test_a_lost_page_is_no_removed_product(platform: WooCommercePlatform, store: Store) -> None:
    made = store.add_variable()
    for mode, path in (("not_found_html", ""), ("inactive", ""), ("inactive", "/variations")):
        store.failure = Failure(mode, path=path)
        with pytest.raises(PlatformUnavailable):
            await platform.fetch_product(str(made["id"]))


async def test_revoked_keys(platform: WooCommercePlatform, store: Store) -> None:
    store.keys.clear()
    with pytest.raises(PlatformRevoked):
        await read(platform)


async def test_policies(platform: WooCommercePlatform, store: Store, standin: WooCommerceStandin) -> None:
    store.add_page("shipping", "Shipping &amp; Delivery", "<h2>Two days</h2>")
    store.add_page("widerruf", "Widerrufsbelehrung", "<p>14 Tage</p>")
    store.add_page("cart", "Cart", "<p>Your cart</p>")
    store.add_page("privacy", "Privacy", "<p>x</p>", status="draft")
    store.add_page("faq", "FAQ", "<p>x</p>", content={"rendered": "", "protected": True})
    named = store.add_page("the-small-print", "The small print", "<p>Be kind</p>")
    store.settings["woocommerce_terms_page_id"] = str(named["id"])
    found = await platform.fetch_policies()
    assert [page.title for page in found] == ["Shipping & Delivery", "Widerrufsbelehrung", "The small print"]
    assert (found[0].body, found[0].media_type) == ("<h2>Two days</h2>", "text/html")
    assert found[0].updated_at == datetime(2026, 10, 1, 8, tzinfo=UTC)
    asked = next(each for each in standin.requests if each.path.endswith("/pages"))
    assert "authorization" not in asked.headers
    assert "oauth_consumer_key" not in asked.query


async def test_policies_without_a_look_into_settings(platform: WooCommercePlatform, store: Store) -> None:
    store.settings.clear()
    store.add_page("faq", "FAQ", "<p>x</p>")
    assert len(await platform.fetch_policies()) == 1
    store.failure = Failure("wall", path="wp/v2")
    with pytest.raises(PlatformUnavailable):
        await platform.fetch_policies()
