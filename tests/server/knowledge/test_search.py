"""The hybrid query on a real PostgreSQL, as the app role, among many shops."""

import hashlib
import uuid
from collections.abc import AsyncIterator, Sequence

import asyncpg
import numpy as np
import pytest
from msgspec import Struct
from pgvector.asyncpg import register_vector

from integrations.platform import Product
from server.core.database import Connection, Database
from server.knowledge import storage
from server.knowledge.models import Passage
from server.knowledge.search import (
    Hit,
    SearchQuery,
    ensure_shop_index,
    language_config,
    passage_identifiers,
    product_passages,
    refresh_statistics,
    search,
)
from server.models.protocol import Vector
from tests.servers import SharedServers, app_url

MODEL = "test-vectors"
SMALL_SHOPS = 30
SMALL_SIZE = 40
LARGE_SIZE = 5_200
NOUNS = ("kettle", "lamp", "chair", "mug", "rug", "clock", "tent", "scarf", "drill", "piano")
COLOURS = ("red", "blue", "green", "black", "white", "golden", "grey", "brown")


class Shops(Struct):
    """A database with small shops and a large one."""

    database: Database
    owner: Connection
    small: list[uuid.UUID]
    large: uuid.UUID


def vectors(count: int, seed: int) -> list[Vector]:
    """Unit vectors in clusters, as those of a catalog are."""
    noise = np.random.default_rng(seed)
    centres = noise.normal(size=(60, 384))
    raw = centres[noise.integers(60, size=count)] + 0.7 * noise.normal(size=(count, 384))
    return list((raw / np.linalg.norm(raw, axis=1, keepdims=True)).astype(np.float32))


def product(number: int) -> Product:
    colour, noun = COLOURS[number % len(COLOURS)], NOUNS[number // len(COLOURS) % len(NOUNS)]
    return Product(
        external_id=str(number),
        title=f"{colour.title()} {noun} No {number}",
        description=f"A {noun} for every home, in {colour}.",
        identifiers=(f"PN-{number:05d}/X",),
    )


def passage(shop_id: uuid.UUID, item: Product, vector: Vector | None, **fields: object) -> Passage:
    draft = product_passages(item)[0]
    values = {
        "owner_id": uuid.uuid5(shop_id, item.external_id),
        "owner_external_id": item.external_id,
        "kind": "product",
        "position": draft.position,
        "title": item.title,
        "heading_path": (),
        "body": draft.text,
        "url": None,
        "identifiers": tuple(passage_identifiers(item)),
        "price_minor": None,
        "currency": None,
        "available": True,
        "content_hash": hashlib.blake2b(draft.text.encode(), digest_size=16).digest(),
        "vector": vector,
        "embedding_model": MODEL,
    }
    return Passage(**(values | fields))  # type: ignore[arg-type]


async def make_shop(owner: Connection, database: Database, passages: Sequence[Passage], shop_id: uuid.UUID) -> None:
    await owner.execute(
        "INSERT INTO shop (id, name, identity_secret) VALUES ($1, 'A shop', $2) ON CONFLICT DO NOTHING", shop_id, b"x"
    )
    products = [item for item in passages if item.kind == "product"]
    await owner.executemany(
        "INSERT INTO product (shop_id, id, external_id, title, content_hash, source, fetched_at) "
        "VALUES ($1, $2, $3, $4, $5, 'test', now())",
        [(shop_id, item.owner_id, item.owner_external_id, item.title, item.content_hash) for item in products],
    )
    await owner.executemany(
        "INSERT INTO document (shop_id, id, external_id, title, content_hash, source, fetched_at) "
        "VALUES ($1, $2, $3, $4, $5, 'test', now())",
        [
            (shop_id, item.owner_id, item.owner_external_id, item.title, item.content_hash)
            for item in passages
            if item.kind == "document"
        ],
    )
    async with database.connection(shop_id) as connection:
        await storage.replace_passages(connection, shop_id, [], passages, "english")


@pytest.fixture(scope="module")
async def shops(servers: SharedServers) -> AsyncIterator[Shops]:
    owner_url = await servers.create_database()
    owner = await asyncpg.connect(owner_url)
    await register_vector(owner)
    database = Database(app_url(owner_url), pool_size=2)
    await database.open()
    made = Shops(database, owner, [uuid.uuid4() for _ in range(SMALL_SHOPS)], uuid.uuid4())
    for seed, (shop_id, size) in enumerate([*((s, SMALL_SIZE) for s in made.small), (made.large, LARGE_SIZE)]):
        rows = [passage(shop_id, product(n), v) for n, v in enumerate(vectors(size, seed))]
        await make_shop(owner, database, rows, shop_id)
    await owner.execute("ANALYZE passage")
    yield made
    await database.close()
    await owner.close()


async def find(shops: Shops, shop_id: uuid.UUID, text: str, **fields: object) -> list[Hit]:
    query = SearchQuery(text=text, embedding_model=MODEL, **fields)  # type: ignore[arg-type]
    async with shops.database.connection(shop_id) as connection:
        return await search(connection, shop_id, query)


async def exact(shops: Shops, shop_id: uuid.UUID, vector: Vector, limit: int) -> set[str]:
    rows = await shops.owner.fetch(
        "SELECT owner_external_id FROM (SELECT * FROM passage WHERE shop_id = $1 OFFSET 0) AS every "
        "ORDER BY embedding <#> $2 LIMIT $3",
        shop_id,
        vector,
        limit,
    )
    return {row["owner_external_id"] for row in rows}


async def test_another_shop_is_refused(shops: Shops) -> None:
    mine, theirs = shops.small[:2]
    async with shops.database.connection(mine) as connection:
        with pytest.raises(asyncpg.InsufficientPrivilegeError, match=r"app\.shop_id"):
            await search(connection, theirs, SearchQuery(text="kettle"))


@pytest.mark.parametrize("setting", ["", None])
async def test_without_a_shop_it_is_refused(shops: Shops, setting: str | None) -> None:
    connection = await asyncpg.connect(shops.database._url)
    try:
        await register_vector(connection)
        async with connection.transaction():
            if setting is not None:
                await connection.execute(f"SET LOCAL app.shop_id = '{setting}'")
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await search(connection, shops.small[0], SearchQuery(text="kettle"))
    finally:
        await connection.close()


async def test_the_public_may_not_call_it(shops: Shops) -> None:
    granted = await shops.owner.fetchval(
        "SELECT bool_or(acl.grantee = 0) FROM pg_proc, aclexplode(proacl) AS acl WHERE proname = 'search_passages'"
    )
    assert granted is False


@pytest.mark.parametrize("size", ["small", "large"])
async def test_every_size_of_shop_fills_the_page_with_its_own(shops: Shops, size: str) -> None:
    shop_id = shops.large if size == "large" else shops.small[3]
    hits = await find(shops, shop_id, "red kettle", vector=vectors(1, 77)[0], limit=30)
    assert len(hits) == 30
    own = {row["id"] for row in await shops.owner.fetch("SELECT id FROM passage WHERE shop_id = $1", shop_id)}
    assert {hit.passage_id for hit in hits} <= own
    assert all(0 <= hit.score <= 1 for hit in hits)
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)


async def test_the_words_are_found_through_the_index_and_no_other_shop_is_read(shops: Shops) -> None:
    shop_id = shops.small[5]
    read = (
        "SELECT seq_scan, seq_tup_read + idx_tup_fetch AS rows FROM pg_stat_xact_user_tables WHERE relname = 'passage'"
    )
    async with shops.database.connection(shop_id) as connection:
        before = await connection.fetchrow(read)
        for _ in range(3):
            assert await search(connection, shop_id, SearchQuery(text="blue lamp for home"))
        after = await connection.fetchrow(read)
    assert after["seq_scan"] == before["seq_scan"]
    assert after["rows"] - before["rows"] <= 3 * 8 * SMALL_SIZE


async def test_row_security_alone_would_not_use_the_index(shops: Shops) -> None:
    """Why there is a function at all: drop it when this fails."""
    statement = "EXPLAIN SELECT id FROM passage WHERE shop_id = $1 AND search @@ passage_quote($1, 'kettl')::tsquery"
    async with shops.database.connection(shops.large) as connection:
        bound = "\n".join(row[0] for row in await connection.fetch(statement, shops.large))
    free = "\n".join(row[0] for row in await shops.owner.fetch(statement, shops.large))
    assert "passage_search" not in bound
    assert "passage_search" in free


async def test_a_large_shop_gets_an_index_of_its_own_that_finds_the_same(shops: Shops) -> None:
    queries = vectors(30, 5_000)
    assert await ensure_shop_index(shops.owner, shops.large) is True
    assert await ensure_shop_index(shops.owner, shops.small[0]) is False
    async with shops.database.connection(shops.large) as connection:
        await refresh_statistics(connection, shops.large)
    recall = []
    for vector in queries:
        found = {hit.external_id for hit in await find(shops, shops.large, "", vector=vector, limit=10)}
        assert len(found) == 10
        recall.append(len(found & await exact(shops, shops.large, vector, 10)) / 10)
    assert np.mean(recall) >= 0.95
    plan = await shops.owner.fetch(
        f"EXPLAIN SELECT id FROM passage WHERE shop_id = '{shops.large}' ORDER BY embedding <#> $1 LIMIT 40", queries[0]
    )
    assert f"passage_near_{shops.large.hex}" in "\n".join(row[0] for row in plan)


async def test_exact_search_is_exact(shops: Shops) -> None:
    for vector in vectors(5, 321):
        found = {hit.external_id for hit in await find(shops, shops.small[1], "", vector=vector, limit=10)}
        assert found == await exact(shops, shops.small[1], vector, 10)


async def test_an_index_that_is_no_longer_worth_it_goes(shops: Shops, monkeypatch: pytest.MonkeyPatch) -> None:
    shop_id = shops.small[2]
    name = f"passage_near_{shop_id.hex}"
    monkeypatch.setattr("server.knowledge.search.INDEX_FROM_PASSAGES", SMALL_SIZE)
    assert await ensure_shop_index(shops.owner, shop_id) is True
    monkeypatch.undo()
    assert await ensure_shop_index(shops.owner, shop_id) is False
    assert await shops.owner.fetchval("SELECT to_regclass($1)", name) is None
    assert len(await find(shops, shop_id, "lamp", vector=vectors(1, 3)[0])) == 10


async def test_words_alone_decide_without_a_vector(shops: Shops) -> None:
    hits = await find(shops, shops.small[4], "green lamps")
    assert hits[0].title.startswith("Green lamp")
    assert all(hit.vector_score is None for hit in hits)
    assert hits[0].score > hits[-1].score


async def test_vectors_of_another_model_are_not_compared(shops: Shops) -> None:
    query = SearchQuery(text="green lamp", vector=vectors(1, 9)[0], embedding_model="another")
    async with shops.database.connection(shops.small[4]) as connection:
        hits = await search(connection, shops.small[4], query)
    assert hits
    assert all(hit.vector_score is None for hit in hits)


@pytest.mark.parametrize("text", ["PN-00017/X", "pn 00017 x", "do you have the pn00017x and how much is it?"])
async def test_a_part_number_wins_however_it_is_written(shops: Shops, text: str) -> None:
    hits = await find(shops, shops.small[6], text, vector=vectors(1, 11)[0])
    assert hits[0].external_id == "17"
    assert hits[0].identifier_score == 1
    assert hits[1].identifier_score == 0


async def test_what_is_left_out_is_not_what_is_asked_for(shops: Shops) -> None:
    shop_id = uuid.uuid4()
    texts = ("Picnic basket with mugs", "Picnic basket without mugs", "Picnic basket, mug-free")
    items = [Product(external_id=str(n), title=text) for n, text in enumerate(texts)]
    await make_shop(shops.owner, shops.database, [passage(shop_id, item, None) for item in items], shop_id)
    wanted = [hit.external_id for hit in await find(shops, shop_id, "picnic basket without mugs")]
    assert wanted[-1] == "0"
    assert set(wanted[:2]) == {"1", "2"}


async def test_filters_bind_products_and_leave_documents(shops: Shops) -> None:
    shop_id = uuid.uuid4()
    near = vectors(4, 2)
    rows = [
        passage(shop_id, Product(external_id="dear", title="Oak table"), near[0], price_minor=90_000),
        passage(shop_id, Product(external_id="cheap", title="Pine table"), near[1], price_minor=9_000),
        passage(shop_id, Product(external_id="gone", title="Ash table"), near[2], price_minor=8_000, available=False),
        passage(shop_id, Product(external_id="care", title="How to oil a table"), near[3], kind="document"),
    ]
    await make_shop(shops.owner, shops.database, rows, shop_id)

    async def found(**fields: object) -> set[str]:
        return {hit.external_id for hit in await find(shops, shop_id, "table", vector=near[0], **fields)}

    assert await found() == {"dear", "cheap", "gone", "care"}
    assert await found(price_max_minor=10_000, available_only=True) == {"cheap", "care"}
    assert await found(price_min_minor=10_000) == {"dear", "care"}
    assert await found(kinds=("document",)) == {"care"}
    assert await found(external_ids=("dear", "care")) == {"dear", "care"}
    per_kind = await find(shops, shop_id, "table", vector=near[0], limit=1, limit_per_kind=True)
    assert {hit.kind for hit in per_kind} == {"product", "document"}


@pytest.mark.parametrize("text", ["", "the", "''' \\ & | ! <-> :*", "\x00", "🙂" * 700, "a " * 1000, "%s $1 {}"])
async def test_no_text_breaks_it(shops: Shops, text: str) -> None:
    assert isinstance(await find(shops, shops.small[0], text, vector=vectors(1, 1)[0]), list)


@pytest.mark.parametrize("locale", ["en", "en-US", "de", "pt_BR", "nb", "pl", "ja", "", "xx-YY"])
async def test_writing_and_searching_agree_on_the_language(shops: Shops, locale: str) -> None:
    config = await shops.owner.fetchval("SELECT passage_language($1)", locale)
    assert config == language_config(locale)
    assert await shops.owner.fetchval("SELECT true FROM pg_ts_config WHERE cfgname = $1", config)


async def test_accents_do_not_matter(shops: Shops) -> None:
    shop_id = uuid.uuid4()
    items = [Product(external_id="c", title="Café crème à Łódź"), Product(external_id="x", title="Tea")]
    await make_shop(shops.owner, shops.database, [passage(shop_id, item, None) for item in items], shop_id)
    assert [hit.external_id for hit in await find(shops, shop_id, "cafe creme lodz")] == ["c"]


async def test_an_impact_survives_its_spelling(shops: Shops) -> None:
    """A word once in a short title: 3 / (3 + 1.2 * (0.25 + 0.75 * 3 / 150)) = 0.90, to the nearest step."""
    rank = await shops.owner.fetchval(
        "SELECT ts_rank('{0.2,0.4,0.6,0.8}', passage_terms($1, 'english', 'kettle', '', '{}'), "
        "passage_quote($1, 'kettl')::tsquery) * pi() ^ 2 / 6",
        uuid.uuid4(),
    )
    assert rank == pytest.approx(0.90, abs=0.001)
