"""The pages of products: found, edited, hidden, deleted, and those of another shop not there."""

import re
from typing import Any

import httpx
import pytest

from integrations.platform import Money, Product, Variant
from server.catalog.models import ProductQuery
from server.console.product_form import MAX_ATTRIBUTES, fields_of, product_of
from tests.server.console.house import OWN_ORIGIN, KnownThings, ShopUnderTest

pytestmark = pytest.mark.enable_socket

LIST = "/console/knowledge"
KETTLE = Product(
    external_id="a/k 1",
    title="Kettle <b>& Co</b>",
    description="It boils water. It holds two litres.",
    brand="Fern",
    category=("Kitchen", "Kettles"),
    price=Money(1999, "EUR"),
    compare_at_price=Money(2499, "EUR"),
    attributes={"Material": "Steel", "Care": "Wipe.\nDo not soak."},
    identifiers=("KT-1",),
    variants=(Variant(id="1", title="Red", price=Money(1999, "EUR"), sku="KT-R", stock=3, options={"Colour": "Red"}),),
)


async def stock(known: KnownThings, shop: ShopUnderTest, count: int = 0) -> None:
    """The kettle, and so many plain products."""
    plain = [Product(external_id=f"p{number:03}", title=f"Plain thing {number}") for number in range(count)]
    await known.catalog.save(shop.id, [KETTLE, *plain], "file")


async def passages(known: KnownThings, shop: ShopUnderTest, external_id: str) -> int:
    async with shop.database.connection(shop.id) as connection:
        query = "SELECT count(*) FROM passage WHERE shop_id = $1 AND owner_external_id = $2"
        return int(await connection.fetchval(query, shop.id, external_id))


async def test_products_are_listed_by_pages_and_found(
    client: httpx.AsyncClient, shop: ShopUnderTest, known: KnownThings
) -> None:
    await stock(known, shop, 60)
    client.headers.update(shop.viewer.headers)
    first = (await client.get(LIST)).text
    assert first.count('class="row item') == 50
    assert "Kettle &lt;b&gt;&amp; Co&lt;/b&gt;" in first
    assert "Earlier" not in first
    later = re.search(r'rel="next" href="([^"]+)"', first)
    assert later
    second = (await client.get(later[1].replace("&amp;", "&"))).text
    assert second.count('class="row item') == 11
    assert 'rel="next"' not in second
    earlier = re.search(r'rel="prev" href="([^"]+)"', second)
    assert earlier
    assert (await client.get(earlier[1].replace("&amp;", "&"))).text.count('class="row item') == 50
    for words in ("kettle", "KT-R", "a/k", "kt-1", "fern"):
        found = (await client.get(LIST, params={"q": words})).text
        assert found.count('class="row item') == 1, words
    assert "No product matches" in (await client.get(LIST, params={"q": "100%"})).text
    assert (await client.get(LIST, params={"only": "no_price"})).text.count('class="row item') == 50
    assert (await client.get(LIST, params={"only": "wrong", "after": "\x00"})).status_code == 200
    assert 'name="action"' not in first, "a viewer changes nothing"


async def test_a_product_shows_what_the_assistant_knows(
    client: httpx.AsyncClient, shop: ShopUnderTest, known: KnownThings
) -> None:
    await stock(known, shop)
    page = (await client.get(f"{LIST}/product", params={"id": "a/k 1"}, headers=shop.owner.headers)).text
    assert "<dd>File</dd>" in page
    assert "<b>Material</b> Steel" in page
    assert "It holds two litres." in page
    assert 'value="19.99"' in page


async def test_a_picture_that_the_page_may_not_load_is_left_out(
    client: httpx.AsyncClient, shop: ShopUnderTest, known: KnownThings
) -> None:
    urls = {"plain": "http://shop.example/a.png", "good": "https://shop.example/b.png", "own": f"{OWN_ORIGIN}/c.png"}
    products = [Product(external_id=name, title=name, image_url=url) for name, url in urls.items()]
    await known.catalog.save(shop.id, products, "file")
    page = (await client.get(LIST, headers=shop.owner.headers)).text
    assert [url in page for url in urls.values()] == [False, True, True]


async def test_an_edit_is_saved_whole_or_named(
    client: httpx.AsyncClient, shop: ShopUnderTest, known: KnownThings
) -> None:
    await stock(known, shop)
    address = {"id": "a/k 1"}
    form = fields_of(KETTLE) | {"title": "New kettle", "price": "24,50", "compare_at_price": "", "available": ""}
    saved = await client.post(f"{LIST}/product", params=address, data=form, headers=shop.owner.form)
    assert saved.status_code == 303
    page = (await client.get(saved.headers["location"], headers=shop.owner.headers)).text
    assert "Saved." in page
    stored = (await known.catalog.find(shop.id, ["a/k 1"]))["a/k 1"]
    assert stored.product == Product(
        **{name: getattr(KETTLE, name) for name in KETTLE.__struct_fields__}
        | {"title": "New kettle", "price": Money(2450, "EUR"), "compare_at_price": None, "available": False}
    )
    assert stored.source == "file"
    wrong = form | {"title": " ", "price": "cheap", "url": "ftp://x", "variants[0].stock": "many", "attributes": "x"}
    refused = await client.post(f"{LIST}/product", params=address, data=wrong, headers=shop.owner.form)
    assert refused.status_code == 422
    for words in ("A product needs a title.", "cheap", "web address", "whole number", "this one is not: x"):
        assert words in refused.text, words
    assert (await known.catalog.find(shop.id, ["a/k 1"]))["a/k 1"].product.title == "New kettle"


def test_a_form_that_is_sent_back_changes_nothing() -> None:
    assert product_of(fields_of(KETTLE), KETTLE, "USD") == (KETTLE, {})
    bare = Product(external_id="x", title="Bare")
    assert product_of(fields_of(bare), bare, "JPY") == (bare, {})
    yen, _ = product_of(fields_of(bare) | {"price": "1200"}, bare, "JPY")
    assert yen.price == Money(1200, "JPY")


@pytest.mark.parametrize(
    ("field", "value"),
    [("compare_at_price", "5"), ("price", "1.2.3"), ("attributes", "no colon"), ("brand", "b" * 201)],
)
def test_what_is_wrong_is_said_at_its_field(field: str, value: str) -> None:
    assert list(product_of(fields_of(KETTLE) | {field: value}, KETTLE, "EUR")[1]) == [field]


def test_lines_behind_the_allowed_number_of_attributes_are_not_read() -> None:
    _, problems = product_of(fields_of(KETTLE) | {"attributes": "no colon\n" * (MAX_ATTRIBUTES + 1)}, KETTLE, "EUR")
    assert problems == {"attributes": f"At most {MAX_ATTRIBUTES}."}


async def test_a_hidden_product_is_no_answer_and_stays_hidden(
    client: httpx.AsyncClient, shop: ShopUnderTest, known: KnownThings
) -> None:
    await stock(known, shop, 2)
    hide: dict[str, Any] = {"action": "hide", "id": ["a/k 1", "p000", "never"], "back": "q=k"}
    done = await client.post(f"{LIST}/products", data=hide, headers=shop.owner.form)
    assert done.headers["location"] == f"{LIST}?q=k&did=hide&n=2"
    assert "2 products are hidden." in (await client.get(done.headers["location"], headers=shop.owner.headers)).text
    assert await known.catalog.find(shop.id, ["a/k 1"]) == {}
    assert await passages(known, shop, "a/k 1") == 0
    assert (await known.catalog.overview(shop.id, 5))[0] == []
    assert await known.catalog.extremes(shop.id, 5, dearest=False) == []
    await known.catalog.save(shop.id, [Product(external_id="a/k 1", title="Kettle, read again")], "file")
    assert await passages(known, shop, "a/k 1") == 0
    found = await known.catalog.search(shop.id, ProductQuery(text="read again"))
    assert [each.is_hidden for each in found] == [True]
    show = {"action": "show", "id": "a/k 1"}
    assert (await client.post(f"{LIST}/products", data=show, headers=shop.owner.form)).status_code == 303
    assert await passages(known, shop, "a/k 1") > 0
    assert "a/k 1" in await known.catalog.find(shop.id, ["a/k 1"])


async def test_products_are_deleted(client: httpx.AsyncClient, shop: ShopUnderTest, known: KnownThings) -> None:
    await stock(known, shop, 3)
    chosen = {"action": "delete", "id": ["p000", "p001"]}
    assert (await client.post(f"{LIST}/products", data=chosen, headers=shop.owner.form)).status_code == 303
    left = await known.catalog.list_after(shop.id, "", 10)
    assert [each.product.external_id for each in left] == ["a/k 1", "p002"]
    async with shop.database.connection(shop.id) as connection:
        actions = await connection.fetch("SELECT action FROM audit_entry WHERE shop_id = $1 ORDER BY id", shop.id)
    assert "products.delete" in [row["action"] for row in actions]


async def test_roles_and_other_shops(
    client: httpx.AsyncClient, shop: ShopUnderTest, other: ShopUnderTest, known: KnownThings
) -> None:
    await stock(known, shop)
    address = {"id": "a/k 1"}
    for person, status in ((other.owner, 404), (shop.agent, 403)):
        form = fields_of(KETTLE)
        answer = await client.post(f"{LIST}/product", params=address, data=form, headers=person.form)
        assert answer.status_code == status
    assert (await client.get(f"{LIST}/product", params=address, headers=other.owner.headers)).status_code == 404
    assert "Kettle" not in (await client.get(LIST, headers=other.owner.headers)).text
    for action in ("hide", "delete"):
        data = {"action": action, "id": "a/k 1"}
        assert (await client.post(f"{LIST}/products", data=data, headers=shop.agent.form)).status_code == 403
        await client.post(f"{LIST}/products", data=data, headers=other.owner.form)
        foreign = await client.post(f"{LIST}/products", data=data, headers=shop.owner.headers | {"origin": "https://x"})
        assert foreign.status_code == 403
    assert "a/k 1" in await known.catalog.find(shop.id, ["a/k 1"])


async def test_a_file_becomes_a_job_that_only_its_shop_sees(
    client: httpx.AsyncClient, shop: ShopUnderTest, other: ShopUnderTest
) -> None:
    files = {"file": ("goods.csv", "id,title\na,A\n", "text/csv")}
    sent = await client.post(f"{LIST}/import", files=files, headers=shop.owner.form)
    assert sent.status_code == 303
    started = await client.post(sent.headers["location"], data={}, headers=shop.owner.form)
    page = await client.get(started.headers["location"], headers=shop.owner.headers)
    assert "Waiting for its turn" in page.text
    assert (await client.get(started.headers["location"], headers=other.owner.headers)).status_code == 404
    assert (await client.post(f"{LIST}/import", headers=shop.owner.form)).status_code == 422
    assert (await client.post(f"{LIST}/import", files=files, headers=shop.agent.form)).status_code == 403
