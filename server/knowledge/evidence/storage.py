"""SQL of units: those of documents, and the vectors of those of products."""

from collections.abc import Sequence
from uuid import UUID

import msgspec
from pgvector import HalfVector

from server.core.database import Connection, Database
from server.knowledge.evidence.models import READING_VERSION, UnembeddedUnit, UnitRow, UnreadDocument
from server.knowledge.evidence.unit import Unit, UnitKind
from server.models.protocol import Vector

VECTORS = {False: ("embedding", "embedding_model"), True: ("embedding_multilingual", "multilingual_model")}
"""The columns of a unit's vector and of the name of its embedder; the key: whether the multilingual one's."""


async def find_unit_vectors(
    connection: Connection, shop_id: UUID, document_ids: Sequence[UUID], model: str, *, multilingual: bool
) -> dict[bytes, Vector]:
    """By content hash: the vectors that units of these documents have already, of this embedder."""
    vector_column, model_column = VECTORS[multilingual]
    rows = await connection.fetch(
        f"SELECT content_hash, {vector_column} AS vector FROM evidence_unit WHERE shop_id = $1 "
        f"AND document_id = ANY($2) AND {model_column} = $3 AND {vector_column} IS NOT NULL",
        shop_id,
        list(document_ids),
        model,
    )
    return {row["content_hash"]: row["vector"] for row in rows}


async def replace_units(
    connection: Connection,
    shop_id: UUID,
    document_ids: Sequence[UUID],
    units: Sequence[UnitRow],
    language: str,
    models: tuple[str | None, str | None],
) -> None:
    """Replace all units of these documents, and store of which version of them they are. `models` are the names of the
    main embedder and of the multilingual one."""
    main, multilingual = models
    await connection.execute(
        "DELETE FROM evidence_unit WHERE shop_id = $1 AND document_id = ANY($2)", shop_id, list(document_ids)
    )
    await connection.executemany(
        "INSERT INTO evidence_unit (shop_id, document_id, position, place, embedding, embedding_model, kind, text, "
        "label, heading, before, after, content_hash, embedding_multilingual, multilingual_model, search) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10::text[], $11, $12, $13, $16, $17, "
        "unit_terms($14::text::regconfig, $9 || ' ' || $8, $15 || ' ' || array_to_string($10::text[], ' ')))",
        [
            (
                shop_id,
                row.document_id,
                row.position,
                row.unit.place,
                row.vector,
                main if row.vector is not None else None,
                row.unit.kind.value,
                row.unit.text,
                row.unit.label,
                list(row.unit.heading),
                row.unit.before,
                row.unit.after,
                row.content_hash,
                language,
                row.unit.title,
                row.multilingual_vector,
                multilingual if row.multilingual_vector is not None else None,
            )
            for row in units
        ],
    )
    await connection.execute(
        "UPDATE document SET units_of = content_hash, units_version = $3 WHERE shop_id = $1 AND id = ANY($2)",
        shop_id,
        list(document_ids),
        READING_VERSION,
    )


async def list_unread_documents(connection: Connection, shop_id: UUID, limit: int) -> list[UnreadDocument]:
    """Documents whose units are missing, of another version of theirs, or read in another way."""
    rows = await connection.fetch(
        "SELECT id, title, content_hash, (SELECT json_agg(json_build_array(position, heading_path, body) "
        "ORDER BY position) FROM passage WHERE passage.shop_id = $1 AND document_id = document.id) AS passages "
        "FROM document WHERE shop_id = $1 AND (units_of IS DISTINCT FROM content_hash "
        "OR units_version IS DISTINCT FROM $2) ORDER BY id LIMIT $3",
        shop_id,
        READING_VERSION,
        limit,
    )
    return [
        UnreadDocument(
            id=row["id"],
            title=row["title"],
            content_hash=row["content_hash"],
            passages=_PASSAGES.decode(row["passages"] or "[]"),
        )
        for row in rows
    ]


async def lock_unchanged_documents(
    connection: Connection, shop_id: UUID, documents: Sequence[UnreadDocument]
) -> set[UUID]:
    """The ids of those that are still as they were read; nobody changes them before the transaction ends."""
    rows = await connection.fetch(
        "SELECT id FROM document WHERE shop_id = $1 AND (id, content_hash) IN "
        "(SELECT * FROM unnest($2::uuid[], $3::bytea[])) ORDER BY external_id FOR UPDATE",
        shop_id,
        [each.id for each in documents],
        [each.content_hash for each in documents],
    )
    return {row["id"] for row in rows}


async def list_unembedded_units(
    connection: Connection, shop_id: UUID, model: str, limit: int, *, multilingual: bool
) -> list[UnembeddedUnit]:
    """Units of documents without a vector of this embedder."""
    _, model_column = VECTORS[multilingual]
    rows = await connection.fetch(
        "SELECT u.document_id, u.position, u.place, u.kind, u.text, u.label, u.heading, u.before, u.after, d.title "
        "FROM evidence_unit AS u JOIN document AS d ON d.shop_id = $1 AND d.id = u.document_id "
        f"WHERE u.shop_id = $1 AND u.{model_column} IS DISTINCT FROM $2 ORDER BY u.document_id, u.place LIMIT $3",
        shop_id,
        model,
        limit,
    )
    return [
        UnembeddedUnit(
            document_id=row["document_id"],
            position=row["position"],
            unit=Unit(
                kind=UnitKind(row["kind"]),
                text=row["text"],
                label=row["label"],
                heading=tuple(row["heading"]),
                title=row["title"],
                before=row["before"],
                after=row["after"],
                place=row["place"],
            ),
        )
        for row in rows
    ]


async def set_unit_vectors(
    connection: Connection,
    shop_id: UUID,
    units: Sequence[tuple[UnembeddedUnit, Vector]],
    model: str,
    *,
    multilingual: bool,
) -> None:
    """Give units of documents their vectors, unless their text has changed meanwhile."""
    vector_column, model_column = VECTORS[multilingual]
    await connection.executemany(
        f"UPDATE evidence_unit SET {vector_column} = $4, {model_column} = $5 WHERE shop_id = $1 "
        "AND document_id = $2 AND (position, place, text) = ($3, $6, $7)",
        [
            (shop_id, each.document_id, each.position, vector, model, each.unit.place, each.unit.text)
            for each, vector in units
        ],
    )


async def restem_units(connection: Connection, shop_id: UUID, language: str) -> None:
    """Write the lexical forms of all units anew, in this text search configuration."""
    await connection.execute(
        "UPDATE evidence_unit AS u SET search = unit_terms($2::text::regconfig, u.label || ' ' || u.text, "
        "d.title || ' ' || array_to_string(u.heading, ' ')) FROM document AS d "
        "WHERE u.shop_id = $1 AND d.shop_id = $1 AND d.id = u.document_id",
        shop_id,
        language,
    )


async def save_product_vectors(
    connection: Connection,
    shop_id: UUID,
    product_id: UUID,
    hashes: Sequence[bytes],
    vectors: dict[bytes, Vector],
    embedding_model: str,
) -> None:
    """Store new vectors of a product's units; `hashes` are those of all its units, the vectors of others go."""
    await connection.execute(
        "DELETE FROM product_unit_vector WHERE shop_id = $1 AND product_id = $2 AND content_hash <> ALL($3)",
        shop_id,
        product_id,
        list(hashes),
    )
    await connection.execute(
        "INSERT INTO product_unit_vector (shop_id, product_id, content_hash, embedding, embedding_model) "
        "SELECT $1, product.id, given.*, $5 FROM product, unnest($3::bytea[], $4::halfvec[]) AS given "
        "WHERE product.shop_id = $1 AND product.id = $2 ON CONFLICT DO NOTHING",
        shop_id,
        product_id,
        list(vectors),
        [HalfVector(vector) for vector in vectors.values()],
        embedding_model,
    )


_PASSAGES = msgspec.json.Decoder(list[tuple[int, tuple[str, ...], str]])


# over all shops: ids only


async def list_shops_to_read(database: Database) -> list[UUID]:
    """Shops with documents whose units have to be read."""
    return [row["shop_id"] for row in await database.fetch("SELECT shops_to_read($1) AS shop_id", READING_VERSION)]
