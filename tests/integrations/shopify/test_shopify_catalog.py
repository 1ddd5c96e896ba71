"""The catalog by pages and in bulk: the same products, nothing missing, nothing that shoppers may not see."""

import tempfile
from collections.abc import AsyncGenerator, Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from integrations.platform import Money, PlatformUnavailable, Product, RefusedProduct, RemovedProduct
from integrations.shopify import ShopifyPlatform
from server.embedded.standins.shopify.records import generated, page, policy, product, variant
from server.embedded.standins.shopify.shop import Shop


async def test_pages_and_bulk_tell_the_same_catalog(shop: Shop, connect: Callable[..., ShopifyPlatform]) -> None:
    shop.add(*(generated(number, variants=3) for number in range(1, 61)))
    shop.add(generated(61, variants=130), product(62, []), product(63, status="DRAFT"))
    by_pages = [each async for each in connect(bulk_above=1_000).fetch_products()]
    in_bulk = [each async for each in connect(bulk_above=5).fetch_products()]
    assert len(shop.operations) == 1
    assert len(by_pages) == 62
    assert sorted(by_pages, key=_key) == sorted(in_bulk, key=_key)
    largest = next(each for each in by_pages if each.external_id == "61")
    assert isinstance(largest, Product)
    assert len({each.id for each in largest.variants}) == 130


def _key(item: object) -> str:
    assert isinstance(item, Product)
    return item.external_id


async def test_children_are_out_of_order_in_the_file_that_was_joined(
    shop: Shop, connect: Callable[..., ShopifyPlatform], monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.add(*(generated(number) for number in range(1, 8)))
    monkeypatch.setattr("integrations.shopify.bulk.CHUNK_BYTES", 1_001)
    found = [each async for each in connect(bulk_above=0).fetch_products()]
    (operation,) = shop.operations.values()
    assert "__parentId" in operation.lines[0]
    assert [len(each.variants) for each in found if isinstance(each, Product)] == [3] * 7


@pytest.mark.parametrize("outcome", ["FAILED", "CANCELED", "EXPIRED", "SOMETHING_NEW"])
async def test_a_bulk_operation_that_failed_is_no_empty_catalog(
    shop: Shop, connect: Callable[..., ShopifyPlatform], outcome: str
) -> None:
    shop.add(generated(1))
    shop.bulk_outcome = outcome
    with pytest.raises(PlatformUnavailable):
        [each async for each in connect(bulk_above=0).fetch_products()]


async def test_a_bulk_file_that_is_short_of_a_product_is_refused(
    shop: Shop, connect: Callable[..., ShopifyPlatform]
) -> None:
    shop.add(generated(1), generated(2))
    shop.bulk_outcome = "SHORT"
    with pytest.raises(PlatformUnavailable, match="does not hold the 2 products"):
        [each async for each in connect(bulk_above=0).fetch_products()]


async def test_only_what_shoppers_may_see_is_told(shop: Shop, platform: ShopifyPlatform) -> None:
    shop.add(
        product(1),
        product(2, status="DRAFT"),
        product(3, status="ARCHIVED"),
        product(4, status="UNLISTED"),
        product(5, onlineStoreUrl=None),
    )
    assert [each async for each in platform.fetch_products()] == [await platform.fetch_product("1")]
    for number in ("2", "3", "4", "5"):
        assert await platform.fetch_product(number) == RemovedProduct(number)


async def test_since_tells_what_changed_and_what_went(shop: Shop, platform: ShopifyPlatform) -> None:
    shop.add(
        product(1, updatedAt="2026-11-01T00:00:00Z"),
        product(2, updatedAt="2026-11-03T00:00:00Z"),
        product(3, updatedAt="2026-11-02T12:00:00Z", status="DRAFT"),
    )
    told = [each async for each in platform.fetch_products(datetime(2026, 11, 2, tzinfo=UTC))]
    assert [each.external_id for each in told] == ["3", "2"]
    assert isinstance(told[0], RemovedProduct)
    assert isinstance(told[1], Product)


async def test_a_product_is_mapped_by_meaning(shop: Shop, platform: ShopifyPlatform) -> None:
    shop.add(
        product(
            632910392,
            [
                variant(
                    1, options={"Size": "M &amp; L"}, price="1200.5", compareAtPrice="1500.0", inventoryQuantity=-2
                ),
                variant(2, price="900.00", availableForSale=False, inventoryQuantity=0),
                variant(3, price="1300.00", tracked=False, barcode="4006381333931"),
                variant(4, price="1400.00", inventoryPolicy="CONTINUE", inventoryQuantity=0),
            ],
            title="Paper &amp; Ink",
            descriptionHtml="<style>p{}</style><p>Ink &amp; <b>paper</b>.</p><ul><li>A5</li><li>A4</li></ul>",
            vendor="Smith &amp; Sons",
            productType="Stationery",
            category={"fullName": "Office Supplies > Paper > Notebooks"},
            collections=["Home page", "Gifts"],
            tags=["new", "paper"],
            currency="EUR",
        )
    )
    found = await platform.fetch_product("gid://shopify/Product/632910392")
    assert isinstance(found, Product)
    assert found.external_id == "632910392"
    assert found.title == "Paper & Ink"
    assert found.description == "Ink & paper.\nA5\nA4"
    assert found.brand == "Smith & Sons"
    assert found.category == ("Stationery", "Notebooks", "Gifts")
    assert (found.price, found.compare_at_price) == (Money(120050, "EUR"), Money(150000, "EUR"))
    assert found.url == "https://store.example/products/product-632910392"
    assert found.image_url == "https://cdn.example/product-632910392.jpg"
    assert found.attributes == {"Tags": "new, paper"}
    assert [each.stock for each in found.variants] == [0, 0, None, None]
    assert [each.available for each in found.variants] == [True, False, True, True]
    assert found.variants[0].options == {"Size": "M & L"}
    assert found.variants[1].options == {}
    assert found.variants[2].barcode == "4006381333931"


@pytest.mark.parametrize(("currency", "text", "amount"), [("JPY", "1200.0", 1200), ("KWD", "1.250", 1250)])
async def test_minor_units_are_the_currencys_own(
    shop: Shop, platform: ShopifyPlatform, currency: str, text: str, amount: int
) -> None:
    shop.add(product(1, [variant(1, price=text)], currency=currency))
    found = await platform.fetch_product("1")
    assert isinstance(found, Product)
    assert found.price == Money(amount, currency)


async def test_references_of_webhooks_lead_to_their_product(shop: Shop, platform: ShopifyPlatform) -> None:
    shop.add(product(9, [variant(77)]))
    whole = await platform.fetch_product("9")
    assert isinstance(whole, Product)
    assert await platform.fetch_product("gid://shopify/InventoryItem/7000077") == whole
    assert await platform.fetch_product("gid://shopify/ProductVariant/77") == whole
    assert await platform.fetch_product("gid://shopify/InventoryItem/1") is None
    assert await platform.fetch_product("12345") == RemovedProduct("12345")
    for odd in ("", "gid://shopify/Order/1", "nine", "gid://shopify/Product/1 OR 1", "\u0661"):
        assert await platform.fetch_product(odd) is None


async def test_one_unreadable_product_does_not_stop_the_rest(shop: Shop, platform: ShopifyPlatform) -> None:
    shop.add(product(1, title=""), product(2))
    found = {each.external_id: each async for each in platform.fetch_products()}
    assert isinstance(found["2"], Product)
    assert isinstance(found["1"], RefusedProduct)


async def test_policies_and_published_pages(shop: Shop, platform: ShopifyPlatform) -> None:
    shop.policies += [policy("REFUND_POLICY", "<p>30 days</p>"), policy("LEGAL_NOTICE", " ")]
    shop.pages += [page(1, "Care guide", "<p>Wash cold</p>"), page(2, "Hidden", "<p>x</p>", is_published=False)]
    shop.pages += [page(number, f"Page {number}", "<p>more</p>") for number in range(3, 63)]
    found = await platform.fetch_policies()
    assert len(found) == 62
    assert [(each.external_id, each.url, each.body, each.media_type) for each in found[:2]] == [
        ("policy-refund-policy", "https://store.example/policies/refund-policy", "<p>30 days</p>", "text/html"),
        ("page-1", "https://store.example/pages/care-guide", "<p>Wash cold</p>", "text/html"),
    ]


async def test_a_page_that_fails_ends_the_catalog_with_an_error(shop: Shop, platform: ShopifyPlatform) -> None:
    shop.add(*(generated(number) for number in range(1, 31)))
    stream = platform.fetch_products()
    assert await anext(stream)
    shop.fail("html")
    with pytest.raises(PlatformUnavailable):
        [each async for each in stream]


async def test_a_sync_lives_through_passing_failures(shop: Shop, platform: ShopifyPlatform) -> None:
    shop.add(*(generated(number) for number in range(1, 31)))
    shop.fail("429")
    shop.fail("503")
    assert len([each async for each in platform.fetch_products()]) == 30


@pytest.mark.parametrize("scope", ["read_legal_policies", "read_online_store_pages"])
async def test_policies_that_are_not_granted_are_no_empty_list(
    shop: Shop, platform: ShopifyPlatform, scope: str
) -> None:
    shop.policies.append(policy("REFUND_POLICY", "<p>30 days</p>"))
    shop.tokens.scopes.discard(scope)
    with pytest.raises(PlatformUnavailable, match="does not grant"):
        await platform.fetch_policies()


async def test_a_sync_that_is_broken_off_leaves_nothing_on_disk(
    shop: Shop, connect: Callable[..., ShopifyPlatform], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    shop.add(*(generated(number) for number in range(1, 8)))
    stream = connect(bulk_above=0).fetch_products()
    assert isinstance(stream, AsyncGenerator)
    assert await anext(stream)
    assert left_in(tmp_path)
    await stream.aclose()
    assert left_in(tmp_path) == []


def left_in(folder: Path) -> list[str]:
    return [each.name for each in folder.iterdir()]
