"""How words are read: misspelt ones, compounds, what is left out, part numbers, and the filters of a search."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import httpx
import pytest

from integrations.demo.store import load_store
from integrations.platform import Money, Product, Variant
from server.catalog.service import Catalog
from server.core.crypto import Vault, app_role_password
from server.core.database import Database, url_for_role
from server.knowledge.index import SearchIndex
from server.knowledge.passages import identifier_windows, passage_identifiers
from server.knowledge.search import Hit, ProductFilter
from server.knowledge.service import Knowledge
from server.shops.service import ShopService
from tests.installation import Installation
from tests.server.knowledge.test_reembedding import NamedEmbedder

SHELF = {
    "en": ("Sleeping Bag Ember", "Laptop Sleeve", "Binoculars", "Muesli without nuts", "Muesli with nuts", "Jacket"),
    "de": ("Versandkosten", "Regenjacke Sturm", "Müsli ohne Nüsse", "Müsli mit Nüssen", "Kekse zuckerfrei", "Zucker"),
    "sv": ("Regnjacka", "Jacka", "Müsli utan nötter", "Müsli med nötter", "Regn"),
    "pl": ("Buty trekkingowe", "Kurtka zimowa", "Czapka wełniana", "Krem bez zapachu", "Krem o zapachu róż"),
}


class WordShop:
    """A shop whose embedder is away: words alone decide."""

    def __init__(self, database: Database, owner_url: str) -> None:
        self._database = database
        embedder = NamedEmbedder("away", away=True)
        self._index = SearchIndex(database, embedder, owner_url)
        self._catalog, self._knowledge = Catalog(database, self._index), Knowledge(database, embedder, self._index)
        self._shop_id = UUID(int=0)

    async def fill(self, products: list[Product], locale: str = "en") -> None:
        self._shop_id = (await ShopService(self._database, Vault(("k" * 40,))).create("Words", ())).shop_id
        async with self._database.connection(self._shop_id) as connection:
            await connection.execute("UPDATE shop SET locale = $2 WHERE id = $1", self._shop_id, locale)
        await self._catalog.save(self._shop_id, products, "test")
        await self._index.settle(self._shop_id)

    async def hits(self, text: str, **options: Any) -> list[Hit]:
        return await self._knowledge.search(self._shop_id, text, **options)

    async def titles(self, text: str, **options: Any) -> list[str]:
        return [hit.title for hit in await self.hits(text, **options) if hit.score > 0]


@pytest.fixture
async def shop(installation: Installation) -> AsyncIterator[WordShop]:
    secret = (installation.data_dir / "secret.key").read_text().strip()
    database = Database(url_for_role(installation.owner_url, "aisle_app", app_role_password(secret)), pool_size=2)
    await database.open()
    yield WordShop(database, installation.owner_url)
    await database.close()


def shelf(titles: tuple[str, ...]) -> list[Product]:
    return [Product(external_id=str(number), title=title) for number, title in enumerate(titles)]


@pytest.mark.parametrize(
    ("locale", "query", "first"),
    [
        ("en", "binoclars", "Binoculars"),
        ("en", "sleping bag", "Sleeping Bag Ember"),
        ("en", "slepeing bag", "Sleeping Bag Ember"),
        ("en", "sleepingbag", "Sleeping Bag Ember"),
        ("en", "jakcet", "Jacket"),
        ("de", "Regenjake", "Regenjacke Sturm"),
        ("de", "Versandkosten", "Versandkosten"),
        ("de", "Versand", "Versandkosten"),
        ("pl", "czapki", "Czapka wełniana"),
        ("pl", "kurtkę zimową", "Kurtka zimowa"),
    ],
)
async def test_words_are_read_through_the_shops_own(shop: WordShop, locale: str, query: str, first: str) -> None:
    extra = ("Versand", "Kosten") if query == "Versand" else ()
    await shop.fill(shelf((*SHELF[locale], *extra)), locale)
    assert first in (await shop.titles(query))[: 1 + len(extra)]


async def test_a_part_finds_the_words_made_of_it(shop: WordShop) -> None:
    await shop.fill(shelf(SHELF["sv"]), "sv")
    assert set(await shop.titles("jackor")) == {"Jacka", "Regnjacka"}


@pytest.mark.parametrize("query", ["xyzzy", "gumboots", "bin", "12345", "ä" * 60])
async def test_a_word_that_the_shop_has_nothing_like_finds_nothing(shop: WordShop, query: str) -> None:
    await shop.fill(shelf(SHELF["en"]))
    assert await shop.titles(query) == []


async def test_a_foreign_word_is_not_taken_for_a_misspelt_one(shop: WordShop) -> None:
    await shop.fill(shelf(SHELF["en"]))
    assert await shop.titles("jackets") == ["Jacket"]
    assert await shop.titles("jackett") == ["Jacket"]
    assert await shop.titles("jackett", language="de") == []


@pytest.mark.parametrize(
    ("locale", "query", "first", "last"),
    [
        ("en", "muesli without nuts", "Muesli without nuts", "Muesli with nuts"),
        ("en", "nuts free muesli", "Muesli without nuts", "Muesli with nuts"),
        ("de", "Müsli ohne Nüsse", "Müsli ohne Nüsse", "Müsli mit Nüssen"),
        ("de", "zuckerfreie Kekse", "Kekse zuckerfrei", "Zucker"),
        ("sv", "müsli utan nötter", "Müsli utan nötter", "Müsli med nötter"),
        ("pl", "krem bez zapachu", "Krem bez zapachu", "Krem o zapachu róż"),
    ],
)
async def test_what_is_left_out_counts_against(shop: WordShop, locale: str, query: str, first: str, last: str) -> None:
    await shop.fill(shelf(SHELF[locale]), locale)
    hits = {hit.title: hit.lexical_score for hit in await shop.hits(query)}
    assert max(hits, key=lambda title: hits[title]) == first
    assert hits.get(last, 0.0) < hits[first] / 2


def test_part_numbers_without_a_digit_are_found_by_all_ways_of_writing_them() -> None:
    boots = Product(
        external_id="b",
        title="Three-Ply Boots",
        attributes={"Item": "wool-blend"},
        variants=(Variant(id="v", title="", sku="TW-TNT-BIV"),),
    )
    assert passage_identifiers(boots) == ["twtntbiv"]
    for written in ("TW-TNT-BIV", "tw-tnt-biv", "TW TNT BIV", "twtntbiv", "is the TW-TNT-BIV in stock?"):
        assert "twtntbiv" in identifier_windows(written)
    assert identifier_windows("do you have a warm sleeping bag for winter") == []


async def test_every_part_number_of_the_demo_is_found_whole(shop: WordShop) -> None:
    products = list(load_store().products)
    await shop.fill(products)
    numbers = {variant.sku: product.external_id for product in products for variant in product.variants if variant.sku}
    assert len(numbers) > 400
    for number, wanted in numbers.items():
        best, *rest = await shop.hits(number, limit=2)
        assert (best.external_id, number) == (wanted, number)
        assert not any(hit.identifier_score for hit in rest)
    assert not any(hit.identifier_score for hit in await shop.hits("TW-TNT"))


SHIRTS = [
    Product(
        external_id="wool",
        title="Wool shirt",
        brand="Halden",
        category=("Clothing", "Shirts"),
        price=Money(4000, "EUR"),
        compare_at_price=Money(5000, "EUR"),
        attributes={"rating": "4.6"},
        variants=(
            Variant(id="1", title="", options={"Colour": "Forest green", "Size": "M"}),
            Variant(id="2", title="", options={"Colour": "Rust", "Size": "XL"}, available=False),
        ),
    ),
    Product(
        external_id="linen",
        title="Linen shirt",
        brand="Korpi",
        category=("Clothing", "Overshirts"),
        price=Money(9000, "EUR"),
        attributes={"rating": "3,9", "Colour": "Rust"},
    ),
]


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ({}, {"wool", "linen"}),
        ({"brand": "HALDEN"}, {"wool"}),
        ({"brand": "Hal"}, set()),
        ({"category": "shirt"}, {"wool"}),
        ({"category": "clothing"}, {"wool", "linen"}),
        ({"colour": "green"}, {"wool"}),
        ({"colour": "rust"}, {"wool", "linen"}),
        ({"size": "m"}, {"wool"}),
        ({"size": "L"}, set()),
        ({"colour": "green", "size": "XL"}, set()),
        ({"colour": "rust", "size": "XL"}, {"wool"}),
        ({"on_sale": True}, {"wool"}),
        ({"min_rating": 4.0}, {"wool"}),
        ({"min_rating": 3.9}, {"wool", "linen"}),
    ],
)
async def test_filters(shop: WordShop, given: dict[str, Any], found: set[str]) -> None:
    await shop.fill(SHIRTS)
    assert {hit.external_id for hit in await shop.hits("shirt", product_filter=ProductFilter(**given))} == found


async def test_stock_is_that_of_the_variant_asked_for(shop: WordShop) -> None:
    await shop.fill(SHIRTS)
    in_rust = await shop.hits("shirt", product_filter=ProductFilter(colour="rust"), available_only=True)
    assert [hit.external_id for hit in in_rust] == ["linen"]


def test_filters_over_http(installation: Installation) -> None:
    made = installation.create_shop("Shirts")
    with installation.merchant(made) as merchant:
        body = {"id": "wool", "title": "Wool shirt", "brand": "Halden", "price": {"amount": 4000, "currency": "EUR"}}
        merchant.put("/v1/products/wool", json=body).raise_for_status()

        def search(**filters: object) -> httpx.Response:
            return merchant.post("/v1/search", json={"query": "shirt", "filters": filters})

        assert [hit["id"] for hit in search(brand="halden", price_max=4000).json()["hits"]] == ["wool"]
        assert search(brand="Korpi").json()["hits"] == []
        assert search(price_min=4001).json()["hits"] == []
        for wrong in ({"price_min": -1}, {"min_rating": 6}, {"color": "red"}, {"brand": ""}, {"size": "M\x00"},
                      {"price_min": 5, "price_max": 4}, {"in_stock": "yes"}):  # fmt: skip
            assert search(**wrong).status_code == 422, wrong
        assert merchant.post("/v1/search", json={"query": "shirt", "language": "english"}).status_code == 422
