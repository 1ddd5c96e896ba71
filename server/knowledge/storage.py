"""SQL of documents and of writing passages. Reading passages by meaning is `search.py`."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from server.core.database import Connection, Database
from server.core.ids import new_id
from server.knowledge.models import DocumentRow, DocumentView, Passage
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
)


async def find_vectors(
    connection: Connection, shop_id: UUID, owner_ids: Sequence[UUID], embedding_model: str
) -> dict[bytes, Vector]:
    """By content hash: the vectors these products or documents have already, of this embedder."""
    rows = await connection.fetch(
        "SELECT content_hash, embedding FROM passage WHERE shop_id = $1 AND embedding_model = $3 "
        "AND embedding IS NOT NULL AND (product_id = ANY($2) OR document_id = ANY($2))",
        shop_id,
        list(owner_ids),
        embedding_model,
    )
    return {row["content_hash"]: row["embedding"] for row in rows}


async def replace_passages(
    connection: Connection, shop_id: UUID, owner_ids: Sequence[UUID], passages: Sequence[Passage], language: str
) -> None:
    """Put passages in the place of all that these products or documents had."""
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
            f"SELECT $1, passage_terms($1, $2::text::regconfig, title, body, identifiers), {columns} "
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


def _values(passage: Passage) -> tuple[Any, ...]:
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
    )


async def passages_to_embed(connection: Connection, shop_id: UUID, embedding_model: str, limit: int) -> list[Any]:
    """Passages without a vector of this embedder: id, title, heading path, body."""
    rows: list[Any] = await connection.fetch(
        "SELECT id, kind, title, heading_path, body FROM passage "
        "WHERE shop_id = $1 AND embedding_model IS DISTINCT FROM $2 ORDER BY id LIMIT $3",
        shop_id,
        embedding_model,
        limit,
    )
    return rows


async def set_vectors(
    connection: Connection, shop_id: UUID, vectors: Sequence[tuple[UUID, Vector]], embedding_model: str
) -> None:
    """Give passages their vectors."""
    await connection.executemany(
        "UPDATE passage SET embedding = $3, embedding_model = $4 WHERE shop_id = $1 AND id = $2",
        [(shop_id, passage_id, vector, embedding_model) for passage_id, vector in vectors],
    )


async def passage_ids_after(connection: Connection, shop_id: UUID, after: UUID, limit: int) -> list[UUID]:
    """The next passages in the order of their ids."""
    rows = await connection.fetch(
        "SELECT id FROM passage WHERE shop_id = $1 AND id > $2 ORDER BY id LIMIT $3", shop_id, after, limit
    )
    return [row["id"] for row in rows]


async def restem(connection: Connection, shop_id: UUID, passage_ids: Sequence[UUID], language: str) -> None:
    """Write the lexical form of these passages again, in this language."""
    await connection.execute(
        "UPDATE passage SET search = passage_terms($1, $3::text::regconfig, title, body, identifiers) "
        "WHERE shop_id = $1 AND id = ANY($2)",
        shop_id,
        list(passage_ids),
        language,
    )


async def note_language(connection: Connection, shop_id: UUID, language: str, *, anew: bool) -> None:
    """Note how the shop's passages are stemmed: for its first ones, or when all were stemmed `anew`."""
    await connection.execute(
        "INSERT INTO passage_statistics (shop_id, language) VALUES ($1, $2) ON CONFLICT (shop_id) "
        "DO UPDATE SET language = excluded.language WHERE $3 OR passage_statistics.language IS NULL",
        shop_id,
        language,
        anew,
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
    """Of the documents' text as it is searched; without those that are not there."""
    rows = await connection.fetch(
        "SELECT document_id, sum(octet_length(title) + octet_length(body))::bigint AS bytes FROM passage "
        "WHERE shop_id = $1 AND document_id = ANY($2) GROUP BY document_id",
        shop_id,
        list(document_ids),
    )
    return {row["document_id"]: row["bytes"] for row in rows}


async def upsert_documents(
    connection: Connection, shop_id: UUID, rows: Sequence[DocumentRow], source: str, fetched_at: datetime
) -> set[UUID]:
    """Write rows of documents, each of another external id; those that are new. In one order always, so that two
    imports at once wait for each other instead of for ever."""
    written = await connection.fetch(
        "INSERT INTO document (shop_id, id, external_id, title, url, content_hash, file_hash, file_documents, source, "
        "fetched_at) SELECT $1, given.*, $9::text, $10::timestamptz FROM unnest($2::uuid[], $3::text[], $4::text[], "
        "$5::text[], $6::bytea[], $7::bytea[], $8::integer[]) AS given (id, external_id, title, url, content_hash, "
        "file_hash, file_documents) ORDER BY external_id ON CONFLICT (shop_id, external_id) DO UPDATE SET "
        "title = excluded.title, url = excluded.url, content_hash = excluded.content_hash, "
        "file_hash = excluded.file_hash, file_documents = excluded.file_documents, source = excluded.source, "
        "fetched_at = excluded.fetched_at RETURNING id, xmax = 0 AS is_new",
        shop_id,
        *([getattr(row, name) for row in rows] for name in DocumentRow.__struct_fields__),
        source,
        fetched_at,
    )
    return {row["id"] for row in written if row["is_new"]}


async def set_files(connection: Connection, shop_id: UUID, rows: Sequence[DocumentRow]) -> None:
    """Note the file from which these unchanged documents came this time, where they are unchanged still."""
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
    return [DocumentView(**dict(row)) for row in rows]


async def delete_document(connection: Connection, shop_id: UUID, external_id: str) -> bool:
    """Take a document and its passages out; whether it was there."""
    status: str = await connection.execute(
        "DELETE FROM document WHERE shop_id = $1 AND external_id = $2", shop_id, external_id
    )
    return status.endswith(" 1")


async def shop_language(connection: Connection, shop_id: UUID) -> str:
    """The shop's locale, which settles how its words are stemmed."""
    return str(await connection.fetchval("SELECT locale FROM shop WHERE id = $1", shop_id) or "en")


async def add_source(connection: Connection, shop_id: UUID, source_id: UUID, url: str, max_pages: int) -> None:
    """A site to crawl."""
    await connection.execute(
        "INSERT INTO knowledge_source (shop_id, id, kind, url, max_pages) VALUES ($1, $2, 'site', $3, $4)",
        shop_id,
        source_id,
        url,
        max_pages,
    )


async def list_sources(connection: Connection, shop_id: UUID) -> list[Any]:
    """The shop's sources, oldest first."""
    rows: list[Any] = await connection.fetch(
        "SELECT id, kind, url, max_pages, state, synced_at FROM knowledge_source WHERE shop_id = $1 ORDER BY id",
        shop_id,
    )
    return rows


async def find_source(connection: Connection, shop_id: UUID, source_id: UUID) -> Any:
    """One source, or None."""
    return await connection.fetchrow(
        "SELECT id, kind, url, max_pages, state, synced_at FROM knowledge_source WHERE shop_id = $1 AND id = $2",
        shop_id,
        source_id,
    )


async def update_source(
    connection: Connection, shop_id: UUID, source_id: UUID, *, url: str | None, max_pages: int | None
) -> bool:
    """Change a source; whether it was there."""
    status: str = await connection.execute(
        "UPDATE knowledge_source SET url = coalesce($3, url), max_pages = coalesce($4, max_pages) "
        "WHERE shop_id = $1 AND id = $2",
        shop_id,
        source_id,
        url,
        max_pages,
    )
    return status.endswith(" 1")


async def set_source_state(connection: Connection, shop_id: UUID, source_id: UUID, state: str) -> None:
    """Note where a source's sync stands; `synced` also notes when."""
    await connection.execute(
        "UPDATE knowledge_source SET state = $3, synced_at = CASE $3 WHEN 'synced' THEN now() ELSE synced_at END "
        "WHERE shop_id = $1 AND id = $2",
        shop_id,
        source_id,
        state,
    )


async def delete_source(connection: Connection, shop_id: UUID, source_id: UUID) -> bool:
    """Forget a source; its documents stay. Whether it was there."""
    status: str = await connection.execute(
        "DELETE FROM knowledge_source WHERE shop_id = $1 AND id = $2", shop_id, source_id
    )
    return status.endswith(" 1")


# over all shops: ids only


async def list_shops_to_embed(database: Database, embedding_model: str) -> list[UUID]:
    """Shops with passages that have no vector of this embedder."""
    return [row["shop_id"] for row in await database.fetch("SELECT shops_to_embed($1) AS shop_id", embedding_model)]


async def list_shops_to_restem(database: Database) -> list[UUID]:
    """Shops whose language has changed since the words of their passages were stemmed."""
    return [row["shop_id"] for row in await database.fetch("SELECT shops_to_restem() AS shop_id")]
