"""SQL of documents and of writing passages. Reading passages by meaning is `search.py`."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlmodel import col, func, select, update
from sqlmodel.ext.asyncio.session import AsyncSession

from server.core.database import Connection, Database
from server.core.errors import NotFound
from server.core.ids import new_id
from server.knowledge.models import DocumentDraft, DocumentView, Passage, UnembeddedPassage
from server.knowledge.tables import KnowledgeSourceRow
from server.models.protocol import Vector

ROWS_PER_STATEMENT = 200
_TYPES = (
    ("id", "uuid"),
    ("kind", "text"),
    ("product_id", "uuid"),
    ("document_id", "uuid"),
    ("owner_external_id", "text"),
    ("position", "integer"),
    ("title", "text"),
    ("heading_path", "text[]"),
    ("body", "text"),
    ("url", "text"),
    ("identifiers", "text[]"),
    ("price_minor", "bigint"),
    ("currency", "text"),
    ("available", "boolean"),
    ("content_hash", "bytea"),
    ("embedding", "halfvec"),
    ("embedding_model", "text"),
    ("embedding_multilingual", "halfvec"),
    ("multilingual_model", "text"),
)
_CATEGORY = "coalesce((SELECT category ->> -1 FROM product WHERE product.shop_id = $1 AND product.id = product_id), '')"
"""What a passage's product is filed under, most precisely."""
VECTORS = {False: ("embedding", "embedding_model"), True: ("embedding_multilingual", "multilingual_model")}
"""The columns of a passage's vector and of the name of its embedder; the key: whether the multilingual one's."""


async def find_vectors(
    connection: Connection, shop_id: UUID, owner_ids: Sequence[UUID], model: str, *, multilingual: bool
) -> dict[bytes, Vector]:
    """By content hash: the vectors these products or documents have already, of this embedder."""
    vector_column, model_column = VECTORS[multilingual]
    rows = await connection.fetch(
        f"SELECT content_hash, {vector_column} AS vector FROM passage WHERE shop_id = $1 AND {model_column} = $3 "
        f"AND {vector_column} IS NOT NULL AND (product_id = ANY($2) OR document_id = ANY($2))",
        shop_id,
        list(owner_ids),
        model,
    )
    return {row["content_hash"]: row["vector"] for row in rows}


async def replace_passages(
    connection: Connection, shop_id: UUID, owner_ids: Sequence[UUID], passages: Sequence[Passage], language: str
) -> None:
    """Replace all passages of these products or documents."""
    await connection.execute(
        "DELETE FROM passage WHERE shop_id = $1 AND (product_id = ANY($2) OR document_id = ANY($2))",
        shop_id,
        list(owner_ids),
    )
    columns = ", ".join(name for name, _ in _TYPES)
    for start in range(0, len(passages), ROWS_PER_STATEMENT):
        chunk = passages[start : start + ROWS_PER_STATEMENT]
        await connection.execute(
            f"INSERT INTO passage (shop_id, search, {columns}) "
            f"SELECT $1, passage_words($1, $2::text::regconfig, title, {_CATEGORY}, body, identifiers), {columns} "
            f"FROM (VALUES {_placeholders(len(chunk))}) AS given ({columns})",
            shop_id,
            language,
            *(value for passage in chunk for value in _values(passage)),
        )


def _placeholders(rows: int) -> str:
    width = len(_TYPES)
    return ", ".join(
        "(" + ", ".join(f"${3 + row * width + index}::{kind}" for index, (_, kind) in enumerate(_TYPES)) + ")"
        for row in range(rows)
    )


def _values(passage: Passage) -> tuple[object, ...]:
    is_product = passage.kind == "product"
    return (
        new_id(),
        passage.kind,
        passage.owner_id if is_product else None,
        None if is_product else passage.owner_id,
        passage.owner_external_id,
        passage.position,
        passage.title,
        list(passage.heading_path),
        passage.body,
        passage.url,
        list(passage.identifiers),
        passage.price_minor,
        passage.currency,
        passage.available,
        passage.content_hash,
        passage.vector,
        passage.embedding_model if passage.vector is not None else None,
        passage.multilingual_vector,
        passage.multilingual_model if passage.multilingual_vector is not None else None,
    )


async def list_unembedded_passages(
    connection: Connection, shop_id: UUID, model: str, limit: int, *, multilingual: bool
) -> list[UnembeddedPassage]:
    """Passages without a vector of this embedder."""
    _, model_column = VECTORS[multilingual]
    rows = await connection.fetch(
        "SELECT id, kind, title, heading_path, body FROM passage "
        f"WHERE shop_id = $1 AND {model_column} IS DISTINCT FROM $2 ORDER BY id LIMIT $3",
        shop_id,
        model,
        limit,
    )
    return [UnembeddedPassage(**row) for row in rows]


async def set_vectors(
    connection: Connection, shop_id: UUID, vectors: Sequence[tuple[UUID, Vector]], model: str, *, multilingual: bool
) -> None:
    """Give passages their vectors."""
    vector_column, model_column = VECTORS[multilingual]
    await connection.executemany(
        f"UPDATE passage SET {vector_column} = $3, {model_column} = $4 WHERE shop_id = $1 AND id = $2",
        [(shop_id, passage_id, vector, model) for passage_id, vector in vectors],
    )


async def list_passage_ids(connection: Connection, shop_id: UUID, after: UUID, limit: int) -> list[UUID]:
    """The ids of the next passages after one, in their order."""
    rows = await connection.fetch(
        "SELECT id FROM passage WHERE shop_id = $1 AND id > $2 ORDER BY id LIMIT $3", shop_id, after, limit
    )
    return [row["id"] for row in rows]


async def restem_passages(connection: Connection, shop_id: UUID, passage_ids: Sequence[UUID], language: str) -> None:
    """Write the lexical form of these passages again, in this language."""
    await connection.execute(
        f"UPDATE passage SET search = passage_words($1, $3::text::regconfig, title, {_CATEGORY}, body, identifiers) "
        "WHERE shop_id = $1 AND id = ANY($2)",
        shop_id,
        list(passage_ids),
        language,
    )


async def set_language(connection: Connection, shop_id: UUID, language: str, *, restemmed: bool) -> None:
    """Store the language the shop's passages are stemmed in: for its first ones, or after all were `restemmed`."""
    await connection.execute(
        "INSERT INTO passage_statistics (shop_id, language) VALUES ($1, $2) ON CONFLICT (shop_id) "
        "DO UPDATE SET language = excluded.language WHERE $3 OR passage_statistics.language IS NULL",
        shop_id,
        language,
        restemmed,
    )


async def find_document_hashes(connection: Connection, shop_id: UUID, external_ids: Sequence[str]) -> dict[str, bytes]:
    """By external id: the content hash of the documents already there."""
    rows = await connection.fetch(
        "SELECT external_id, content_hash FROM document WHERE shop_id = $1 AND external_id = ANY($2)",
        shop_id,
        list(external_ids),
    )
    return {row["external_id"]: row["content_hash"] for row in rows}


async def find_documents_of_files(
    connection: Connection, shop_id: UUID, file_hashes: Sequence[bytes]
) -> dict[bytes, list[str]]:
    """By file hash, of the files whose documents are all there: their external ids."""
    rows = await connection.fetch(
        "SELECT file_hash, array_agg(external_id) AS documents FROM document "
        "WHERE shop_id = $1 AND file_hash = ANY($2) GROUP BY file_hash "
        "HAVING count(*) = min(file_documents) AND count(*) = max(file_documents)",
        shop_id,
        list(file_hashes),
    )
    return {row["file_hash"]: row["documents"] for row in rows}


async def count_bytes(connection: Connection, shop_id: UUID, document_ids: Sequence[UUID]) -> dict[UUID, int]:
    """By id: how many bytes of text each document has in its passages; without those that do not exist."""
    rows = await connection.fetch(
        "SELECT document_id, sum(octet_length(title) + octet_length(body))::bigint AS bytes FROM passage "
        "WHERE shop_id = $1 AND document_id = ANY($2) GROUP BY document_id",
        shop_id,
        list(document_ids),
    )
    return {row["document_id"]: row["bytes"] for row in rows}


async def upsert_documents(
    connection: Connection, shop_id: UUID, rows: Sequence[DocumentDraft], source: str, fetched_at: datetime
) -> set[UUID]:
    """Write documents, each of another external id; the ids of those that are new. They are written in the order of
    their external ids, so that two imports at once cannot deadlock."""
    written = await connection.fetch(
        "INSERT INTO document (shop_id, id, external_id, title, url, content_hash, file_hash, file_documents, source, "
        "fetched_at) SELECT $1, given.*, $9::text, $10::timestamptz FROM unnest($2::uuid[], $3::text[], $4::text[], "
        "$5::text[], $6::bytea[], $7::bytea[], $8::integer[]) AS given (id, external_id, title, url, content_hash, "
        "file_hash, file_documents) ORDER BY external_id ON CONFLICT (shop_id, external_id) DO UPDATE SET "
        "title = excluded.title, url = excluded.url, content_hash = excluded.content_hash, "
        "file_hash = excluded.file_hash, file_documents = excluded.file_documents, source = excluded.source, "
        "fetched_at = excluded.fetched_at RETURNING id, xmax = 0 AS is_new",
        shop_id,
        *([getattr(row, name) for row in rows] for name in DocumentDraft.__struct_fields__),
        source,
        fetched_at,
    )
    return {row["id"] for row in written if row["is_new"]}


async def set_files(connection: Connection, shop_id: UUID, rows: Sequence[DocumentDraft]) -> None:
    """Store the file that these unchanged documents came from this time, unless they were changed meanwhile."""
    await connection.execute(
        "UPDATE document SET file_hash = given.file_hash, file_documents = given.file_documents "
        "FROM (SELECT * FROM unnest($2::uuid[], $3::bytea[], $4::bytea[], $5::integer[]) "
        "AS given (id, content_hash, file_hash, file_documents)) AS given WHERE document.shop_id = $1 "
        "AND document.id = given.id AND document.content_hash = given.content_hash "
        "AND (document.file_hash, document.file_documents) IS DISTINCT FROM (given.file_hash, given.file_documents)",
        shop_id,
        [row.id for row in rows],
        [row.content_hash for row in rows],
        [row.file_hash for row in rows],
        [row.file_documents for row in rows],
    )


async def touch_documents(
    connection: Connection, shop_id: UUID, external_ids: Sequence[str], fetched_at: datetime
) -> None:
    """Set when documents that have not changed were last read."""
    await connection.execute(
        "UPDATE document SET fetched_at = $3 WHERE shop_id = $1 AND external_id = ANY($2)",
        shop_id,
        list(external_ids),
        fetched_at,
    )


async def list_documents(connection: Connection, shop_id: UUID, after: str, limit: int) -> list[DocumentView]:
    """Documents by external id, those after `after`."""
    rows = await connection.fetch(
        "SELECT external_id AS id, title, url, source, fetched_at, (SELECT count(*) FROM passage "
        "WHERE passage.shop_id = $1 AND passage.document_id = document.id) AS passages "
        "FROM document WHERE shop_id = $1 AND external_id > $2 ORDER BY external_id LIMIT $3",
        shop_id,
        after,
        limit,
    )
    return [DocumentView(**row) for row in rows]


async def delete_document(connection: Connection, shop_id: UUID, external_id: str) -> bool:
    """Delete a document and its passages; whether it was there."""
    status: str = await connection.execute(
        "DELETE FROM document WHERE shop_id = $1 AND external_id = $2", shop_id, external_id
    )
    return status.endswith(" 1")


async def get_locale(connection: Connection, shop_id: UUID) -> str:
    """The shop's locale, by which its words are stemmed."""
    return str(await connection.fetchval("SELECT locale FROM shop WHERE id = $1", shop_id) or "en")


async def add_source(session: AsyncSession, shop_id: UUID, url: str, max_pages: int) -> KnowledgeSourceRow:
    """Store a site to crawl."""
    source = KnowledgeSourceRow(shop_id=shop_id, id=new_id(), kind="site", url=url, max_pages=max_pages)
    session.add(source)
    await session.flush()
    return source


async def list_sources(session: AsyncSession, shop_id: UUID) -> Sequence[KnowledgeSourceRow]:
    """The shop's sources, oldest first."""
    query = select(KnowledgeSourceRow).where(KnowledgeSourceRow.shop_id == shop_id).order_by(col(KnowledgeSourceRow.id))
    return (await session.exec(query)).all()


async def get_source(session: AsyncSession, shop_id: UUID, source_id: UUID) -> KnowledgeSourceRow:
    """One source; what is changed of it is written when the transaction ends. Raises NotFound."""
    query = select(KnowledgeSourceRow).where(KnowledgeSourceRow.shop_id == shop_id, KnowledgeSourceRow.id == source_id)
    source = (await session.exec(query)).first()
    if source is None:
        raise NotFound
    return source


async def set_source_state(session: AsyncSession, shop_id: UUID, source_id: UUID, state: str) -> None:
    """Store where a source's crawl stands, if the source still exists; `synced` also stores when."""
    source = KnowledgeSourceRow
    synced_at = func.now() if state == "synced" else col(source.synced_at)
    await session.exec(
        update(source)
        .where(col(source.shop_id) == shop_id, col(source.id) == source_id)
        .values(state=state, synced_at=synced_at)
    )


# over all shops: ids only


async def list_shops_to_embed(database: Database, main: str, multilingual: str | None = None) -> list[UUID]:
    """Shops with passages that miss a vector of these embedders; beside a `multilingual` one only English shops need
    vectors of the `main` one."""
    rows = await database.fetch("SELECT shops_without_vectors($1, $2) AS shop_id", main, multilingual)
    return [row["shop_id"] for row in rows]


async def list_shops_to_restem(database: Database) -> list[UUID]:
    """Shops whose language has changed since the words of their passages were stemmed."""
    return [row["shop_id"] for row in await database.fetch("SELECT shops_to_restem() AS shop_id")]
