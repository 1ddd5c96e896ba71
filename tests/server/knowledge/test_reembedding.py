"""Changing the embedder: search goes on by words, vectors come back passage by passage, and none are mixed. Changing
the shop's language: its words are stemmed anew."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Sequence
from uuid import UUID

import asyncpg
import numpy as np
import pytest

from integrations.platform import Product
from server.catalog.models import Saved
from server.catalog.service import Catalog
from server.core.crypto import Vault, app_role_password
from server.core.database import Database, url_for_role
from server.knowledge import storage
from server.knowledge.index import SearchIndex
from server.knowledge.service import Knowledge
from server.models.protocol import ModelUnavailable, Vector
from server.shops.service import ShopService
from tests.installation import Installation

PATIENCE_S = 60.0


class NamedEmbedder:
    """Deterministic vectors that depend on the model's name, as those of two real models would."""

    def __init__(self, name: str, *, away: bool = False) -> None:
        self.name, self.away, self.embedded = name, away, 0

    async def embed_query(self, text: str) -> Vector:
        return (await self.embed_passages([text]))[0]

    async def embed_passages(self, texts: Sequence[str]) -> list[Vector]:
        if self.away:
            raise ModelUnavailable("away")
        self.embedded += len(texts)
        return [self._vector(text) for text in texts]

    def _vector(self, text: str) -> Vector:
        seed = int.from_bytes(hashlib.sha256(f"{self.name}{text}".encode()).digest()[:4], "big")
        vector = np.random.default_rng(seed).standard_normal(384).astype(np.float32)
        return vector / np.linalg.norm(vector)

    async def close(self) -> None:
        return None


class Parts:
    """Catalog and knowledge over one embedder."""

    def __init__(self, database: Database, embedder: NamedEmbedder, owner_url: str) -> None:
        index = SearchIndex(database, embedder, owner_url)
        self.catalog, self.knowledge = Catalog(database, index), Knowledge(database, embedder, index)


async def nothing() -> None:
    """A lease nobody has to renew."""


@pytest.fixture
async def database(installation: Installation) -> AsyncIterator[Database]:
    secret = (installation.data_dir / "secret.key").read_text().strip()
    database = Database(url_for_role(installation.owner_url, "aisle_app", app_role_password(secret)), pool_size=2)
    await database.open()
    yield database
    await database.close()


@pytest.fixture
async def shop_id(database: Database) -> UUID:
    return (await ShopService(database, Vault(("k" * 40,))).create("Re-embedded", ())).shop_id


PRODUCTS = [Product(external_id=f"p{number}", title=f"Walnut chair number {number}") for number in range(5)]


async def models_of(database: Database, shop_id: UUID) -> set[str | None]:
    async with database.connection(shop_id) as connection:
        rows = await connection.fetch("SELECT embedding_model FROM passage WHERE shop_id = $1", shop_id)
    return {row["embedding_model"] for row in rows}


async def test_a_new_embedder_takes_over_without_an_outage(
    database: Database, shop_id: UUID, installation: Installation
) -> None:
    old = Parts(database, NamedEmbedder("old"), installation.owner_url)
    await old.catalog.save(shop_id, PRODUCTS, "test")
    newcomer = NamedEmbedder("new")
    new = Parts(database, newcomer, installation.owner_url)
    before = await new.knowledge.search(shop_id, "walnut chair")
    assert len(before) == 5
    assert all(hit.vector_score is None for hit in before)
    assert shop_id in await storage.list_shops_to_embed(database, "new")
    assert await new.knowledge.embed_missing(shop_id, nothing) == 5
    after = await new.knowledge.search(shop_id, "walnut chair")
    assert all(hit.vector_score is not None for hit in after)
    assert await models_of(database, shop_id) == {"new"}
    assert shop_id not in await storage.list_shops_to_embed(database, "new")
    assert newcomer.embedded == 5 + 2


async def test_an_import_goes_in_while_the_embedder_is_away(
    database: Database, shop_id: UUID, installation: Installation
) -> None:
    embedder = NamedEmbedder("late", away=True)
    parts = Parts(database, embedder, installation.owner_url)
    await parts.catalog.save(shop_id, PRODUCTS, "test")
    assert len(await parts.knowledge.search(shop_id, "walnut chair")) == 5
    embedder.away = False
    assert await parts.knowledge.embed_missing(shop_id, nothing) == 5
    assert await models_of(database, shop_id) == {"late"}


async def test_the_same_products_embed_nothing(database: Database, shop_id: UUID, installation: Installation) -> None:
    embedder = NamedEmbedder("once")
    parts = Parts(database, embedder, installation.owner_url)
    await parts.catalog.save(shop_id, PRODUCTS, "test")
    embedder.embedded = 0
    assert await parts.catalog.save(shop_id, PRODUCTS, "test") == Saved(unchanged=5)
    cheaper = [Product(external_id="p0", title=PRODUCTS[0].title, available=False)]
    assert await parts.catalog.save(shop_id, cheaper, "test") == Saved(updated=1)
    assert embedder.embedded == 0


async def test_a_new_language_stems_the_words_anew(
    database: Database, shop_id: UUID, installation: Installation
) -> None:
    parts = Parts(database, NamedEmbedder("away", away=True), installation.owner_url)
    await parts.catalog.save(shop_id, [Product(external_id="p", title="Gefütterte Winterjacken")], "test")
    assert not await parts.knowledge.search(shop_id, "gefütterten")
    assert shop_id not in await storage.list_shops_to_restem(database)
    async with database.connection(shop_id) as connection:
        await connection.execute("UPDATE shop SET locale = 'de-AT' WHERE id = $1", shop_id)
    assert await parts.knowledge.restem(shop_id, nothing) == 1
    assert [hit.external_id for hit in await parts.knowledge.search(shop_id, "gefütterten")] == ["p"]
    assert shop_id not in await storage.list_shops_to_restem(database)


async def test_the_worker_notices_a_new_language(installation: Installation) -> None:
    shop = installation.create_shop("Wolle und Faden")
    with installation.merchant(shop) as merchant:
        merchant.put("/v1/products/p", json={"id": "p", "title": "Gefütterte Winterjacken"}).raise_for_status()
        merchant.patch("/v1/shop", json={"locale": "de"}).raise_for_status()
        async with asyncio.timeout(PATIENCE_S):
            while await _language_of(installation, shop.shop_id) != "german":  # noqa: ASYNC110 (another process)
                await asyncio.sleep(0.1)


async def _language_of(installation: Installation, shop_id: str) -> str | None:
    connection = await asyncpg.connect(installation.owner_url)
    try:
        language: str | None = await connection.fetchval(
            "SELECT language FROM passage_statistics WHERE shop_id = $1", UUID(shop_id)
        )
    finally:
        await connection.close()
    return language
