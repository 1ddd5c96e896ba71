"""The units of documents, read and embedded before a transaction, and written in that of the document."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence, Set
from uuid import UUID

import msgspec
from msgspec import Struct

from server.core.database import Connection, Database
from server.core.logging import get_logger
from server.knowledge.evidence import storage
from server.knowledge.evidence.extraction import document_units
from server.knowledge.evidence.models import UnitRow
from server.knowledge.evidence.vectors import UnitText, document_text, embed_units
from server.knowledge.passages import PassageDraft
from server.models.embedders import Embedders, language_of
from server.models.protocol import Embedder, ModelUnavailable, Vector

EMBED_BATCH = 256
READ_BATCH = 50

Renew = Callable[[], Awaitable[None]]
log = get_logger("evidence")


class DocumentText(Struct, frozen=True):
    """What the units of a document are read from."""

    title: str
    passages: Sequence[PassageDraft]


class EvidenceIndex:
    """Writes the units of documents, and embeds those that miss a vector."""

    def __init__(self, database: Database, embedders: Embedders) -> None:
        self._database, self._embedders = database, embedders

    async def prepare(self, shop_id: UUID, documents: Mapping[UUID, DocumentText], locale: str) -> list[UnitRow]:
        """The units of these documents with their vectors: known ones from the database, the rest from the embedders;
        without vectors while those do not answer."""
        rows: list[UnitRow] = []
        texts: dict[bytes, UnitText] = {}
        for document_id, document in documents.items():
            # in a thread: a book of four million characters is read for seconds
            for read in await asyncio.to_thread(document_units, document.title, document.passages, locale):
                text = document_text(read.unit)
                texts[text.digest] = text
                rows.append(
                    UnitRow(document_id=document_id, position=read.passage, unit=read.unit, content_hash=text.digest)
                )
        if not rows:
            return []
        language = language_of(locale)
        main, multilingual = self._embedders.of_passages(language)
        ids = list(documents)
        vectors = await self._vectors(shop_id, ids, texts, main, language) if main else {}
        others = await self._vectors(shop_id, ids, texts, multilingual, language) if multilingual else {}
        return [
            msgspec.structs.replace(
                row, vector=vectors.get(row.content_hash), multilingual_vector=others.get(row.content_hash)
            )
            for row in rows
        ]

    async def _vectors(
        self,
        shop_id: UUID,
        document_ids: Sequence[UUID],
        texts: Mapping[bytes, UnitText],
        embedder: Embedder,
        language: str,
    ) -> dict[bytes, Vector]:
        async with self._database.connection(shop_id) as connection:
            known = await storage.find_unit_vectors(
                connection, shop_id, document_ids, embedder.name, multilingual=self._is_multilingual(embedder)
            )
        missing = {digest: text for digest, text in texts.items() if digest not in known}
        if not missing:
            return known
        try:
            vectors = await embed_units(embedder, list(missing.values()), language)
        except ModelUnavailable as reason:
            log.warning("units_without_vectors", units=len(missing), reason=str(reason))
            return known
        return known | dict(zip(missing, vectors, strict=True))

    def _is_multilingual(self, embedder: Embedder) -> bool:
        return embedder is self._embedders.multilingual

    async def write(
        self, connection: Connection, shop_id: UUID, rows: Sequence[UnitRow], written: Set[UUID], language: str
    ) -> None:
        """Put prepared units in the place of the old ones, of the documents in `written`. `language` is the text search
        configuration."""
        kept = [row for row in rows if row.document_id in written]
        multilingual = self._embedders.multilingual
        models = (self._embedders.main.name, multilingual.name if multilingual else None)
        await storage.replace_units(connection, shop_id, list(written), kept, language, models)

    async def read_missing(self, shop_id: UUID, locale: str, language: str, renew: Renew) -> int:
        """Read the units of documents that have none of their present version; how many documents."""
        count = 0
        while True:
            async with self._database.connection(shop_id) as connection:
                unread = await storage.list_unread_documents(connection, shop_id, READ_BATCH)
            if not unread:
                return count
            texts = {
                each.id: DocumentText(
                    each.title,
                    [
                        PassageDraft(position=position, text=body, heading_path=heading)
                        for position, heading, body in each.passages
                    ],
                )
                for each in unread
            }
            rows = await self.prepare(shop_id, texts, locale)
            async with self._database.connection(shop_id) as connection:
                unchanged = await storage.lock_unchanged_documents(connection, shop_id, unread)
                await self.write(connection, shop_id, rows, unchanged, language)
            count += len(unchanged)
            await renew()

    async def embed_missing(self, shop_id: UUID, language: str, renew: Renew) -> int:
        """Embed units of documents that miss a vector of today's embedders; how many vectors. `language` (ISO 639-1) is
        the shop's. Raises ModelUnavailable."""
        count = 0
        for embedder in self._embedders.of_passages(language):
            if embedder:
                count += await self._embed_all(shop_id, embedder, language, renew)
        return count

    async def _embed_all(self, shop_id: UUID, embedder: Embedder, language: str, renew: Renew) -> int:
        count, multilingual = 0, self._is_multilingual(embedder)
        while True:
            async with self._database.connection(shop_id) as connection:
                found = await storage.list_unembedded_units(
                    connection, shop_id, embedder.name, EMBED_BATCH, multilingual=multilingual
                )
            if not found:
                return count
            vectors = await embed_units(embedder, [document_text(each.unit) for each in found], language)
            rows = list(zip(found, vectors, strict=True))
            async with self._database.connection(shop_id) as connection:
                await storage.set_unit_vectors(connection, shop_id, rows, embedder.name, multilingual=multilingual)
            count += len(rows)
            await renew()
