"""Shops and questions in different languages: which vectors a passage has, and what is found by meaning."""

from collections.abc import AsyncIterator
from uuid import UUID

import pytest

from integrations.platform import Product
from server.catalog.service import Catalog
from server.core.crypto import Vault, app_role_password
from server.core.database import Database, url_for_role
from server.knowledge import storage
from server.knowledge.index import SearchIndex
from server.knowledge.service import Knowledge
from server.models.local import LocalEmbedder
from server.models.multilingual import MultilingualEmbedder
from server.shops.service import ShopService
from tests.installation import Installation
from tests.models import BUILT_MODELS

ENGLISH = (
    ("boots", "Puddle Rubber Boot", ("Footwear", "Boots"), "Keeps feet dry in the wettest field."),
    ("skillet", "Cast Iron Skillet", ("Kitchen", "Cookware"), "A heavy pan that lasts for generations."),
    ("leash", "Trail Rope Leash", ("Pets",), "For walks with a strong dog."),
)
GERMAN = (
    ("boots", "Gummistiefel Pfütze", ("Schuhe", "Stiefel"), "Hält die Füße auf der nassesten Wiese trocken."),
    ("skillet", "Bratpfanne aus Gusseisen", ("Küche", "Kochgeschirr"), "Eine schwere Pfanne für Generationen."),
    ("leash", "Hundeleine Pfad", ("Haustiere",), "Für Spaziergänge mit einem kräftigen Hund."),
)
SWEDISH = (
    ("boots", "Gummistövlar Pöl", ("Skor", "Stövlar"), "Håller fötterna torra på den blötaste ängen."),
    ("skillet", "Stekpanna i gjutjärn", ("Kök",), "En tung panna som håller i generationer."),
    ("leash", "Hundkoppel Stig", ("Husdjur",), "För promenader med en stark hund."),
)
QUESTIONS = {
    "boots": {"en": "wellingtons", "de": "Stiefel aus Gummi", "fr": "bottes en caoutchouc", "sv": "stövlar av gummi"},
    "skillet": {"en": "a pan made of iron", "de": "eiserne Pfanne", "fr": "poêle en fonte", "sv": "en panna av järn"},
    "leash": {"en": "for my dog", "de": "etwas für den Hund", "fr": "pour mon chien", "sv": "något till hunden"},
}


class Parts:
    """Catalog and knowledge over both built-in embedders."""

    def __init__(self, database: Database, owner_url: str, multilingual: MultilingualEmbedder | None) -> None:
        main = LocalEmbedder(cache_dir=BUILT_MODELS)
        index = SearchIndex(database, main, owner_url, multilingual)
        self.catalog = Catalog(database, index)
        self.knowledge = Knowledge(database, main, index, multilingual=multilingual)


@pytest.fixture
async def database(installation: Installation) -> AsyncIterator[Database]:
    secret = (installation.data_dir / "secret.key").read_text().strip()
    database = Database(url_for_role(installation.owner_url, "aisle_app", app_role_password(secret)), pool_size=2)
    await database.open()
    yield database
    await database.close()


@pytest.fixture(scope="module")
async def multilingual() -> AsyncIterator[MultilingualEmbedder]:
    embedder = MultilingualEmbedder(cache_dir=BUILT_MODELS)
    yield embedder
    await embedder.close()


@pytest.fixture
def parts(database: Database, installation: Installation, multilingual: MultilingualEmbedder) -> Parts:
    return Parts(database, installation.owner_url, multilingual)


async def shop_in(database: Database, locale: str) -> UUID:
    shop_id = (await ShopService(database, Vault(("k" * 40,))).create("Languages", ())).shop_id
    async with database.connection(shop_id) as connection:
        await connection.execute("UPDATE shop SET locale = $2 WHERE id = $1", shop_id, locale)
    return shop_id


def products(rows: tuple[tuple[str, str, tuple[str, ...], str], ...]) -> list[Product]:
    return [
        Product(external_id=key, title=title, category=category, description=description)
        for key, title, category, description in rows
    ]


async def models_of(database: Database, shop_id: UUID) -> set[tuple[str | None, str | None]]:
    async with database.connection(shop_id) as connection:
        rows = await connection.fetch(
            "SELECT embedding_model, multilingual_model FROM passage WHERE shop_id = $1", shop_id
        )
    return {(row["embedding_model"], row["multilingual_model"]) for row in rows}


@pytest.mark.parametrize(
    ("locale", "rows", "models"),
    [
        ("en-GB", ENGLISH, (LocalEmbedder.name, MultilingualEmbedder.name)),
        ("de", GERMAN, (None, MultilingualEmbedder.name)),
        ("sv", SWEDISH, (None, MultilingualEmbedder.name)),
    ],
)
async def test_every_language_finds_the_products_of_every_shop(
    database: Database,
    parts: Parts,
    locale: str,
    rows: tuple[tuple[str, str, tuple[str, ...], str], ...],
    models: tuple[str | None, str | None],
) -> None:
    shop_id = await shop_in(database, locale)
    await parts.catalog.save(shop_id, products(rows), "test")
    assert await models_of(database, shop_id) == {models}
    assert shop_id not in await storage.list_shops_to_embed(database, LocalEmbedder.name, MultilingualEmbedder.name)
    for wanted, questions in QUESTIONS.items():
        for language, question in questions.items():
            best, *_ = await parts.knowledge.search(shop_id, question, language=language)
            assert (best.external_id, question) == (wanted, question)
            assert best.vector_score is not None


async def test_a_shop_from_before_gets_its_vectors_by_the_job(
    database: Database, installation: Installation, parts: Parts
) -> None:
    shop_id = await shop_in(database, "en")
    await Parts(database, installation.owner_url, None).catalog.save(shop_id, products(ENGLISH), "test")
    names = LocalEmbedder.name, MultilingualEmbedder.name
    assert shop_id in await storage.list_shops_to_embed(database, *names)
    assert await parts.knowledge.embed_missing(shop_id, nothing) == len(ENGLISH)
    assert await models_of(database, shop_id) == {names}
    assert shop_id not in await storage.list_shops_to_embed(database, *names)


async def test_a_shop_that_becomes_english_is_embedded_by_the_english_one(database: Database, parts: Parts) -> None:
    shop_id = await shop_in(database, "fr")
    await parts.catalog.save(shop_id, products(ENGLISH), "test")
    async with database.connection(shop_id) as connection:
        await connection.execute("UPDATE shop SET locale = 'en-US' WHERE id = $1", shop_id)
    names = LocalEmbedder.name, MultilingualEmbedder.name
    assert shop_id in await storage.list_shops_to_embed(database, *names)
    assert await parts.knowledge.embed_missing(shop_id, nothing) == len(ENGLISH)
    assert await models_of(database, shop_id) == {names}


async def test_the_same_products_embed_nothing(
    database: Database, parts: Parts, multilingual: MultilingualEmbedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop_id = await shop_in(database, "de")
    await parts.catalog.save(shop_id, products(GERMAN), "test")
    embedded: list[str] = []

    async def record(texts: list[str], language: str = "") -> list[object]:
        embedded.extend(texts)
        return []

    monkeypatch.setattr(multilingual, "embed_passages", record)
    changed = [Product(external_id=key, title=title, category=category, description=description, available=False)
               for key, title, category, description in GERMAN]  # fmt: skip
    assert (await parts.catalog.save(shop_id, changed, "test")).updated == len(GERMAN)
    assert embedded == []


async def nothing() -> None:
    """A lease nobody has to renew."""
