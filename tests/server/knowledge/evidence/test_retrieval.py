"""Evidence from a real database, as the app role: written with its document, found for its shop only."""

import re
from collections.abc import AsyncIterator, Sequence
from uuid import UUID

import asyncpg
import numpy as np
import pytest

from integrations.platform import Product
from server.catalog.service import Catalog
from server.core.crypto import Vault
from server.core.database import Database
from server.knowledge.evidence import UnitKind, storage
from server.knowledge.evidence.models import Evidence
from server.knowledge.evidence.search import find_evidence
from server.knowledge.index import SearchIndex
from server.knowledge.parsing import ParsedDocument, Section
from server.knowledge.service import Knowledge
from server.knowledge.storage import list_shops_to_embed
from server.models.multilingual import MultilingualEmbedder
from server.models.protocol import ModelUnavailable, Vector
from server.shops.service import ShopService
from tests.servers import SharedServers, app_url


class WordEmbedder:
    """A text's vector is the sum of its words' vectors, so that texts with the same words are near."""

    dimensions = 384

    def __init__(self, name: str = "words") -> None:
        self.name, self.away = name, False
        self.embedded: list[str] = []

    async def embed_query(self, text: str) -> Vector:
        if self.away:
            raise ModelUnavailable("away")
        return self._vector(text)

    async def embed_passages(self, texts: Sequence[str]) -> list[Vector]:
        if self.away:
            raise ModelUnavailable("away")
        self.embedded += texts
        return [self._vector(text) for text in texts]

    def _vector(self, text: str) -> Vector:
        words = re.findall(r"\w+", text.lower()) or ["?"]
        seeds = [int.from_bytes(f"{self.name}{word}".encode()[-8:], "big") for word in words]
        vector = sum(np.random.default_rng(seed).standard_normal(self.dimensions) for seed in seeds)
        return np.asarray(vector / np.linalg.norm(vector), np.float32)

    async def close(self) -> None:
        return None


class MultilingualWords(MultilingualEmbedder):
    """The same in the dimensions of the multilingual embedder; notes the languages that it is told."""

    def __init__(self) -> None:
        self.words = WordEmbedder("multilingual words")
        self.words.dimensions = self.dimensions
        self.name, self.languages = self.words.name, set[str]()

    async def embed_query(self, text: str, language: str = "") -> Vector:
        return await self.words.embed_query(text)

    async def embed_passages(self, texts: Sequence[str], language: str = "") -> list[Vector]:
        self.languages.add(language)
        return await self.words.embed_passages(texts)


class Parts:
    """Catalog and knowledge over one embedder, or over two."""

    def __init__(
        self,
        database: Database,
        embedder: WordEmbedder | None = None,
        multilingual: MultilingualEmbedder | None = None,
    ) -> None:
        self.database, self.embedder = database, embedder or WordEmbedder()
        index = SearchIndex(database, self.embedder, "", multilingual)
        self.catalog = Catalog(database, index)
        self.knowledge = Knowledge(database, self.embedder, index, multilingual=multilingual)

    async def count(self, shop_id: UUID, where: str = "true") -> int:
        async with self.database.connection(shop_id) as connection:
            count: int = await connection.fetchval(
                f"SELECT count(*) FROM evidence_unit WHERE shop_id = $1 AND {where}", shop_id
            )
        return count


async def nothing() -> None:
    """A lease nobody has to renew."""


@pytest.fixture(scope="module")
async def database(servers: SharedServers) -> AsyncIterator[Database]:
    database = Database(app_url(await servers.create_database()), pool_size=2)
    await database.open()
    yield database
    await database.close()


@pytest.fixture
def parts(database: Database) -> Parts:
    return Parts(database)


async def create_shop(parts: Parts, locale: str = "en") -> UUID:
    shop_id = (await ShopService(parts.database, Vault(("k" * 40,))).create("Evidence", ())).shop_id
    async with parts.database.connection(shop_id) as connection:
        await connection.execute("UPDATE shop SET locale = $2 WHERE id = $1", shop_id, locale)
    return shop_id


@pytest.fixture
async def shop_id(parts: Parts) -> UUID:
    return await create_shop(parts)


RETURNS = ParsedDocument(
    title="Returns",
    sections=(
        Section((), "Unworn shoes can be returned within 30 days. However, sale items are final."),
        Section(("Can I exchange a gift?",), "Yes, with the receipt. We need no reason."),
        Section(("Costs",), "Country: Spain; Fee: 4 EUR\nCountry: France; Fee: 6 EUR"),
    ),
)
TENT = Product(
    external_id="tent",
    title="Fell Tent",
    description="A tent for two people and a dog. Pitch it in four minutes.",
    attributes={"Weight": "1.9 kg"},
)


def texts(found: Sequence[Evidence]) -> list[str]:
    return [each.unit.text for each in found]


async def test_units_are_written_with_their_document(parts: Parts, shop_id: UUID) -> None:
    await parts.knowledge.save_document(shop_id, "returns", RETURNS, "test", url="https://shop.example/returns")
    found = await parts.knowledge.find_evidence(shop_id, "exchange a gift")
    best = found[0]
    assert (best.unit.kind, best.unit.label) == (UnitKind.ANSWER, "Can I exchange a gift?")
    assert best.unit.text == "Yes, with the receipt. We need no reason."
    assert best.unit.title == "Returns"
    assert best.unit.heading == ("Can I exchange a gift?",)
    assert (best.source, best.external_id, best.position) == ("document", "returns", 1)
    assert best.url == "https://shop.example/returns"
    assert best.passage_id in {hit.passage_id for hit in await parts.knowledge.search(shop_id, "gift")}
    assert best.similarity == pytest.approx(0.75, abs=0.3)
    assert best.lexical == pytest.approx(1.0)
    assert [each.score for each in found] == sorted((each.score for each in found), reverse=True)
    assert "Country: France, Fee: 6 EUR" in texts(await parts.knowledge.find_evidence(shop_id, "fee france"))[:1]


async def test_a_changed_document_has_its_new_units_only_and_embeds_only_those(parts: Parts, shop_id: UUID) -> None:
    await parts.knowledge.save_document(shop_id, "returns", RETURNS, "test")
    parts.embedder.embedded.clear()
    await parts.knowledge.save_document(shop_id, "returns", RETURNS, "test")
    assert parts.embedder.embedded == []
    changed = ParsedDocument(title="Returns", sections=(*RETURNS.sections[1:], Section((), "Write to us first.")))
    await parts.knowledge.save_document(shop_id, "returns", changed, "test")
    found = texts(await parts.knowledge.find_evidence(shop_id, "shoes returned within 30 days"))
    assert "Write to us first." in found
    assert not any("Unworn shoes" in text for text in found)
    assert len([text for text in parts.embedder.embedded if "receipt" in text]) == 0


async def test_units_go_with_their_document(parts: Parts, shop_id: UUID) -> None:
    await parts.knowledge.save_document(shop_id, "returns", RETURNS, "test")
    assert await parts.count(shop_id) == 4
    await parts.knowledge.delete_document(shop_id, "returns")
    assert await parts.count(shop_id) == 0
    assert await parts.knowledge.find_evidence(shop_id, "shoes") == []


async def test_all_units_of_the_named_product_and_the_best_of_the_policies(parts: Parts, shop_id: UUID) -> None:
    await parts.knowledge.save_document(shop_id, "returns", RETURNS, "test")
    await parts.catalog.save(shop_id, [TENT, Product(external_id="mug", title="Mug", description="A mug.")], "test")
    found = await parts.knowledge.find_evidence(shop_id, "how many minutes to pitch", product_ids=("tent",), limit=2)
    of_product = [each for each in found if each.source == "product"]
    assert [(each.unit.label, each.unit.text) for each in of_product] == [
        ("Weight", "1.9 kg"),
        ("", "A tent for two people and a dog."),
        ("", "Pitch it in four minutes."),
    ]
    assert max(of_product, key=lambda each: each.similarity or 0).unit.text == "Pitch it in four minutes."
    assert {each.external_id for each in of_product} == {"tent"}
    assert len(found) == len(of_product) + 2
    only = await parts.knowledge.find_evidence(shop_id, "pitch", product_ids=("mug", "tent"), documents=False)
    assert [each.external_id for each in only] == ["mug", "tent", "tent", "tent"]


async def test_a_products_units_are_embedded_on_the_first_question_and_kept(parts: Parts, shop_id: UUID) -> None:
    await parts.catalog.save(shop_id, [TENT], "test")
    parts.embedder.embedded.clear()
    first = await parts.knowledge.find_evidence(shop_id, "heavy", product_ids=("tent",))
    assert len(parts.embedder.embedded) == len(first) == 3
    second = await parts.knowledge.find_evidence(shop_id, "heavy", product_ids=("tent",))
    assert len(parts.embedder.embedded) == 3
    for before, after in zip(first, second, strict=True):
        assert before.similarity == pytest.approx(after.similarity, abs=0.01)
    lighter = Product(
        external_id="tent", title="Fell Tent", description=TENT.description, attributes={"Weight": "1 kg"}
    )
    await parts.catalog.save(shop_id, [lighter], "test")
    third = await parts.knowledge.find_evidence(shop_id, "heavy", product_ids=("tent",))
    assert "1 kg" in texts(third)
    assert parts.embedder.embedded[3:] == ["Weight: 1 kg"]  # the one that changed
    async with parts.database.connection(shop_id) as connection:
        kept = await connection.fetchval("SELECT count(*) FROM product_unit_vector WHERE shop_id = $1", shop_id)
        assert kept == 3
        await connection.execute("DELETE FROM product WHERE shop_id = $1", shop_id)
        assert await connection.fetchval("SELECT count(*) FROM product_unit_vector WHERE shop_id = $1", shop_id) == 0


async def test_a_long_page_is_embedded_over_several_questions(parts: Parts, shop_id: UUID) -> None:
    attributes = {f"Name {number}": f"value{number}" for number in range(40)}
    await parts.catalog.save(shop_id, [Product(external_id="p", title="P", attributes=attributes)], "test")
    parts.embedder.embedded.clear()
    first = await parts.knowledge.find_evidence(shop_id, "is value39 right", product_ids=("p",))
    assert len(first) == 40
    assert len(parts.embedder.embedded) == 32
    assert first[39].similarity is not None
    second = await parts.knowledge.find_evidence(shop_id, "is value39 right", product_ids=("p",))
    assert None not in {each.similarity for each in second}
    assert len(parts.embedder.embedded) == 40


async def test_without_an_embedder_words_find_and_vectors_follow(parts: Parts, shop_id: UUID) -> None:
    parts.embedder.away = True
    await parts.knowledge.save_document(shop_id, "returns", RETURNS, "test")
    await parts.catalog.save(shop_id, [TENT], "test")
    found = await parts.knowledge.find_evidence(shop_id, "which fee for Spain", product_ids=("tent",))
    assert [each.similarity for each in found] == [None] * len(found)
    assert next(each.unit.text for each in found if each.source == "document") == "Country: Spain, Fee: 4 EUR"
    assert len([each for each in found if each.source == "product"]) == 3
    assert shop_id in await _shops_to_embed(parts)
    parts.embedder.away = False
    assert await parts.knowledge.embed_missing(shop_id, nothing) >= 4
    assert await parts.count(shop_id, "embedding IS NULL") == 0
    assert shop_id not in await _shops_to_embed(parts)
    assert all(each.similarity is not None for each in await parts.knowledge.find_evidence(shop_id, "fee"))


async def _shops_to_embed(parts: Parts) -> list[UUID]:
    return await list_shops_to_embed(parts.database, parts.embedder.name)


async def test_vectors_of_another_embedder_are_not_compared(parts: Parts, shop_id: UUID) -> None:
    await parts.knowledge.save_document(shop_id, "returns", RETURNS, "test")
    other = Parts(parts.database, WordEmbedder("other"))
    assert {each.similarity for each in await other.knowledge.find_evidence(shop_id, "fee spain")} == {None}
    await other.knowledge.embed_missing(shop_id, nothing)
    assert None not in {each.similarity for each in await other.knowledge.find_evidence(shop_id, "fee spain")}


async def test_questions_in_other_languages_are_compared_by_the_multilingual_embedder(database: Database) -> None:
    multilingual = MultilingualWords()
    parts = Parts(database, multilingual=multilingual)
    english, german = await create_shop(parts), await create_shop(parts, "de-AT")
    for shop_id in (english, german):
        await parts.knowledge.save_document(shop_id, "returns", RETURNS, "test")
        await parts.catalog.save(shop_id, [TENT], "test")
    assert await parts.count(english, "embedding IS NOT NULL AND embedding_multilingual IS NOT NULL") == 4
    assert await parts.count(german, "embedding IS NULL AND embedding_multilingual IS NOT NULL") == 4
    assert multilingual.languages == {"en", "de"}
    assert "Returns > Costs" in multilingual.words.embedded
    assert "Spain: Country: Spain, Fee: 4 EUR" in multilingual.words.embedded
    multilingual.words.embedded.clear()
    parts.embedder.embedded.clear()
    asked = (("en", english), ("de", english), ("de", german), ("en", german))
    for language, shop_id in (*asked, *asked):
        found = await parts.knowledge.find_evidence(shop_id, "fee spain", language=language, product_ids=("tent",))
        assert None not in {each.similarity for each in found}
        best = max((each for each in found if each.source == "document"), key=lambda each: each.similarity or 0)
        assert best.unit.label == "Spain"
    assert len(parts.embedder.embedded) == 3
    assert len(multilingual.words.embedded) == 6


async def test_missing_vectors_of_both_embedders_follow(database: Database) -> None:
    before, multilingual = Parts(database), MultilingualWords()
    shop_id = await create_shop(before)
    await before.knowledge.save_document(shop_id, "returns", RETURNS, "test")
    after = Parts(database, before.embedder, multilingual)
    assert shop_id in await list_shops_to_embed(database, before.embedder.name, multilingual.name)
    await after.knowledge.embed_missing(shop_id, nothing)
    assert await after.count(shop_id, "embedding IS NOT NULL AND embedding_multilingual IS NOT NULL") == 4
    assert shop_id not in await list_shops_to_embed(database, before.embedder.name, multilingual.name)


async def test_a_document_of_an_older_server_is_answered_from_and_then_read(parts: Parts, shop_id: UUID) -> None:
    await parts.knowledge.save_document(shop_id, "returns", RETURNS, "test")
    async with parts.database.connection(shop_id) as connection:
        await connection.execute("UPDATE document SET content_hash = 'other' WHERE shop_id = $1", shop_id)
    before = await parts.knowledge.find_evidence(shop_id, "fee for spain")
    assert "Country: Spain, Fee: 4 EUR" in texts(before)
    assert {each.similarity for each in before} == {None}
    assert shop_id in await storage.list_shops_to_read(parts.database)
    assert await parts.knowledge.read_units(shop_id, nothing) == 1
    assert shop_id not in await storage.list_shops_to_read(parts.database)
    after = await parts.knowledge.find_evidence(shop_id, "fee for spain")
    assert after[0].unit.text == "Country: Spain, Fee: 4 EUR"
    assert after[0].similarity is not None


async def test_a_document_that_changes_while_it_is_read_is_left_for_the_next_time(parts: Parts, shop_id: UUID) -> None:
    await parts.knowledge.save_document(shop_id, "returns", RETURNS, "test")
    async with parts.database.connection(shop_id) as connection:
        await connection.execute("UPDATE document SET units_of = NULL WHERE shop_id = $1", shop_id)
        unread = await storage.list_unread_documents(connection, shop_id, 10)
        assert await storage.lock_unchanged_documents(connection, shop_id, unread) == {unread[0].id}
        await connection.execute("UPDATE document SET content_hash = 'other' WHERE shop_id = $1", shop_id)
        assert await storage.lock_unchanged_documents(connection, shop_id, unread) == set()


async def test_several_wordings_count_by_the_nearest(parts: Parts, shop_id: UUID) -> None:
    await parts.knowledge.save_document(shop_id, "returns", RETURNS, "test")
    alone = await parts.knowledge.find_evidence(shop_id, "umtausch geschenk")
    both = await parts.knowledge.find_evidence(shop_id, "umtausch geschenk", wordings=("exchange a gift",))
    assert both[0].unit.label == "Can I exchange a gift?"
    assert (both[0].similarity or 0) > max(each.similarity or 0 for each in alone)


async def test_a_new_language_stems_units_too(parts: Parts, shop_id: UUID) -> None:
    german = ParsedDocument(title="Versand", sections=(Section((), "Gefütterte Winterjacken liefern wir kostenlos."),))
    await parts.knowledge.save_document(shop_id, "versand", german, "test")
    parts.embedder.away = True
    assert await parts.knowledge.find_evidence(shop_id, "gefütterten") == []
    async with parts.database.connection(shop_id) as connection:
        await connection.execute("UPDATE shop SET locale = 'de-AT' WHERE id = $1", shop_id)
    await parts.knowledge.restem(shop_id, nothing)
    assert (await parts.knowledge.find_evidence(shop_id, "gefütterten"))[0].lexical == pytest.approx(1.0)


async def test_copies_of_a_sentence_are_found_once(parts: Parts, shop_id: UUID) -> None:
    for name in ("a", "b", "c"):
        page = ParsedDocument(title=f"Page {name}", sections=(Section((), "We never sell your data to anybody."),))
        await parts.knowledge.save_document(shop_id, name, page, "test")
    assert texts(await parts.knowledge.find_evidence(shop_id, "sell data")) == ["We never sell your data to anybody."]


@pytest.mark.exhaustive
async def test_a_large_shop_is_scored_in_its_best_passages(parts: Parts, shop_id: UUID) -> None:
    rules = "\n\n".join(f"Rule {n} of the house is about item{n} and nothing else." for n in range(12_100))
    await parts.knowledge.save_document(
        shop_id, "rules", ParsedDocument(title="Rules", sections=(Section((), rules),)), "t"
    )
    assert await parts.count(shop_id) == 12_100
    found = await parts.knowledge.find_evidence(shop_id, "item12034", limit=5)
    assert "item12034" in found[0].unit.text
    assert len(found) == 5


async def test_another_shop_sees_nothing(parts: Parts, shop_id: UUID) -> None:
    await parts.knowledge.save_document(shop_id, "returns", RETURNS, "test")
    await parts.catalog.save(shop_id, [TENT], "test")
    await parts.knowledge.find_evidence(shop_id, "heavy", product_ids=("tent",))
    other = await create_shop(parts)
    assert await parts.knowledge.find_evidence(other, "fee spain", product_ids=("tent",)) == []
    vector = await parts.embedder.embed_query("fee spain")
    async with parts.database.connection(other) as connection:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await find_evidence(connection, shop_id, text="fee", vectors=[vector], embedding_model="words")
    async with parts.database.connection(other) as connection:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await find_evidence(connection, shop_id, text="fee", product_ids=("tent",), documents=False)
    async with parts.database.connection(other) as connection:
        for table in ("evidence_unit", "product_unit_vector"):
            assert await connection.fetchval(f"SELECT count(*) FROM {table} WHERE shop_id = $1", shop_id) == 0
    async with parts.database.connection(other) as connection:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(
                "INSERT INTO product_unit_vector (shop_id, product_id, content_hash, embedding, embedding_model) "
                "VALUES ($1, gen_random_uuid(), 'x', $2, 'words')",
                shop_id,
                vector,
            )


async def test_one_round_trip(parts: Parts, shop_id: UUID) -> None:
    await parts.knowledge.save_document(shop_id, "returns", RETURNS, "test")
    await parts.catalog.save(shop_id, [TENT], "test")
    vector = await parts.embedder.embed_query("fee spain")
    asked: list[str] = []
    async with parts.database.connection(shop_id) as connection:
        connection.add_query_logger(lambda record: asked.append(record.query))
        await find_evidence(
            connection, shop_id, text="fee", vectors=[vector], embedding_model="words", product_ids=("tent",)
        )
    assert len([query for query in asked if query.startswith("SELECT kind, record")]) == 1
    assert all(not query.startswith("SELECT") or "find_evidence" in query for query in asked)
