"""SQL of the merchant's list of documents."""

from collections.abc import Sequence
from uuid import UUID

import msgspec

from server.core.database import Connection
from server.core.ids import new_id
from server.knowledge.library.models import DocumentQuery, LibraryItem, LibrarySource

_READ = (
    "external_id AS id, title, url, source, fetched_at, created_at, units_of IS NOT DISTINCT FROM content_hash AS "
    "is_read, (SELECT count(*) FROM passage WHERE passage.shop_id = $1 AND passage.document_id = document.id) AS "
    "passages, (SELECT count(*) FROM evidence_unit WHERE evidence_unit.shop_id = $1 AND evidence_unit.document_id = "
    "document.id) AS units"
)


async def search_documents(connection: Connection, shop_id: UUID, query: DocumentQuery) -> list[LibraryItem]:
    """The documents that the list shows, by external id."""
    backwards = query.before is not None
    rows = await connection.fetch(
        f"SELECT {_READ} FROM document WHERE shop_id = $1 AND external_id {'<' if backwards else '>'} $2 "
        "AND ($3 = '' OR title ILIKE $4 OR external_id ILIKE $4 OR url ILIKE $4) AND ($5 = '' OR source = $5) "
        f"ORDER BY external_id {'DESC' if backwards else 'ASC'} LIMIT $6",
        shop_id,
        query.before if query.before is not None else query.after,
        query.text,
        _like(query.text),
        query.source,
        query.limit,
    )
    found = [LibraryItem(**row) for row in rows]
    return found[::-1] if backwards else found


async def list_document_sources(connection: Connection, shop_id: UUID) -> list[LibrarySource]:
    """Where the shop's documents came from, those of most documents first."""
    rows = await connection.fetch(
        "SELECT source, count(*) AS documents FROM document WHERE shop_id = $1 GROUP BY source "
        "ORDER BY count(*) DESC, source LIMIT 50",
        shop_id,
    )
    return [LibrarySource(row["source"], row["documents"]) for row in rows]


async def find_document(connection: Connection, shop_id: UUID, external_id: str) -> LibraryItem | None:
    """A document of the list."""
    row = await connection.fetchrow(
        f"SELECT {_READ} FROM document WHERE shop_id = $1 AND external_id = $2", shop_id, external_id
    )
    return LibraryItem(**row) if row else None


async def list_passage_texts(
    connection: Connection, shop_id: UUID, external_id: str
) -> list[tuple[tuple[str, ...], str, str | None]]:
    """The passages of a document in their order: headings, text, and the address that leads to each."""
    rows = await connection.fetch(
        "SELECT heading_path, body, passage.url FROM passage JOIN document ON document.shop_id = passage.shop_id "
        "AND document.id = passage.document_id WHERE passage.shop_id = $1 AND document.external_id = $2 "
        "ORDER BY position",
        shop_id,
        external_id,
    )
    return [(tuple(row["heading_path"]), row["body"], row["url"]) for row in rows]


async def delete_documents(connection: Connection, shop_id: UUID, external_ids: Sequence[str]) -> int:
    """Delete documents and their passages; how many were there."""
    status: str = await connection.execute(
        "DELETE FROM document WHERE shop_id = $1 AND external_id = ANY($2)", shop_id, list(external_ids)
    )
    return int(status.rpartition(" ")[2])


async def add_audit_entry(
    connection: Connection, shop_id: UUID, actor: str, action: str, details: dict[str, object]
) -> None:
    """Write into the audit who changed what the shop knows, in the transaction that does it."""
    await connection.execute(
        "INSERT INTO audit_entry (shop_id, id, actor, action, details) VALUES ($1, $2, $3, $4, $5::jsonb)",
        shop_id,
        new_id(),
        actor,
        action,
        msgspec.json.encode(details).decode(),
    )


def _like(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{escaped}%"
