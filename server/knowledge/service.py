"""Search, and the documents it searches besides products."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from uuid import UUID

from server.core.database import Database
from server.core.errors import AisleError, FieldError, Invalid, NotFound, Unavailable
from server.core.ids import new_id
from server.core.logging import get_logger
from server.knowledge import search as hybrid
from server.knowledge import storage
from server.knowledge.document_import import DocumentImport, IncomingFile, Report
from server.knowledge.document_writer import DocumentWriter, NewVersion, WrittenDocument
from server.knowledge.index import SearchIndex, embedded_text
from server.knowledge.models import DocumentsResult, DocumentView, FailedFile, UnembeddedPassage
from server.knowledge.parsing import DocumentParser, ParsedDocument, split_document
from server.knowledge.search import Hit, SearchQuery
from server.models.protocol import Embedder, ModelUnavailable, Vector
from server.shops.features import Allowances, EveryFeature

EMBED_BATCH = 256
RESTEM_BATCH = 500
WARM_UP_S = 5.0
log = get_logger("knowledge")


class Knowledge:
    """All that concerns a shop's documents, and the one search over documents and products."""

    def __init__(
        self, database: Database, embedder: Embedder, index: SearchIndex, allowances: Allowances | None = None
    ) -> None:
        self._database, self._embedder, self._index = database, embedder, index
        self._parser = DocumentParser()
        self._writer = DocumentWriter(database, index, allowances or EveryFeature())

    async def search(
        self,
        shop_id: UUID,
        text: str,
        *,
        kinds: tuple[str, ...] = ("product", "document"),
        limit: int = 10,
        price_min_minor: int | None = None,
        price_max_minor: int | None = None,
        available_only: bool = False,
        limit_per_kind: bool = False,
        embedded: str | None = None,
    ) -> list[Hit]:
        """The best passages, best first; by words alone while no embedder answers. `embedded` is a text that means the
        same and was embedded a moment ago: its vector is taken."""
        query = SearchQuery(
            text=text,
            vector=await self._query_vector(embedded or text),
            embedding_model=self._embedder.name,
            kinds=kinds,
            limit=limit,
            price_min_minor=price_min_minor,
            price_max_minor=price_max_minor,
            available_only=available_only,
            limit_per_kind=limit_per_kind,
        )
        async with self._database.connection(shop_id) as connection:
            return await hybrid.search(connection, shop_id, query)

    async def warm_up(self) -> None:
        """Have every connection of the pool plan the search, with a shop that is none: the first visitors then need
        not wait for it."""
        query = SearchQuery(text="warm up", vector=await self._query_vector("warm up"), limit_per_kind=True)
        barrier = asyncio.Barrier(self._database.pool_size)  # so that no connection is taken twice

        async def plan() -> None:
            shop_id = new_id()
            async with self._database.connection(shop_id) as connection:
                await barrier.wait()
                await hybrid.search(connection, shop_id, query)

        try:
            async with asyncio.timeout(WARM_UP_S), asyncio.TaskGroup() as group:
                for _ in range(self._database.pool_size):
                    group.create_task(plan())
        except* (Unavailable, TimeoutError):
            log.info("search_not_warmed_up")  # somebody was quicker; the plans are made when they are needed

    async def _query_vector(self, text: str) -> Vector | None:
        try:
            return await self._embedder.embed_query(text)
        except ModelUnavailable as reason:
            log.warning("search_without_vectors", reason=str(reason))
            return None

    async def import_files(
        self, shop_id: UUID, files: AsyncIterator[IncomingFile | FailedFile], source: str, report: Report
    ) -> DocumentsResult:
        """Bring files in; one that cannot be read, or is beyond the plan, is named and the rest goes in. `report` is
        awaited for every few files. See `DocumentImport`."""
        result = await self._import(shop_id, source, report).run(files)
        if result.created or result.updated:
            await self._index.settle(shop_id)
        return result

    def _import(self, shop_id: UUID, source: str, report: Report) -> DocumentImport:
        return DocumentImport(self._database, self._parser, self._writer, shop_id, source, report)

    async def save_document(
        self, shop_id: UUID, external_id: str, document: ParsedDocument, source: str, *, url: str | None = None
    ) -> WrittenDocument:
        """Write a document and its passages in one transaction.

        Raises QuotaExceeded for what the plan has no room for: a new document, or more text than it had. It then stays
        as it was. Raises Invalid for a longer `url` than is kept.
        """
        split = await asyncio.to_thread(split_document, document, url=url)
        prepared = await self._writer.prepare(shop_id, [NewVersion(external_id=external_id, document=split)])
        outcome = (await self._writer.write(shop_id, prepared, source))[external_id]
        if isinstance(outcome, AisleError):
            raise outcome
        return outcome

    async def write_text(
        self, shop_id: UUID, external_id: str, title: str, content: str, extension: str, url: str | None
    ) -> DocumentsResult:
        """A document sent as text: one created, updated or unchanged. Raises Invalid, QuotaExceeded."""
        file = IncomingFile(
            name=f"{title}.{extension}", data=content.encode(), url=url, external_id=external_id, title=title
        )

        async def files() -> AsyncIterator[IncomingFile | FailedFile]:
            yield file

        writing = self._import(shop_id, "api", _no_report)
        result = await writing.run(files())
        for refused in writing.refused:
            raise refused
        for failed in result.failed:
            raise Invalid("The content cannot be read.", errors=(FieldError("content", failed.reason),))
        return result

    async def close(self) -> None:
        """End the process that reads files."""
        await self._parser.close()

    async def list_documents(self, shop_id: UUID, after: str, limit: int) -> list[DocumentView]:
        """A page of documents by external id."""
        async with self._database.connection(shop_id) as connection:
            return await storage.list_documents(connection, shop_id, after, limit)

    async def delete_document(self, shop_id: UUID, external_id: str) -> None:
        """Take a document out. Raises NotFound."""
        async with self._database.connection(shop_id) as connection:
            if not await storage.delete_document(connection, shop_id, external_id):
                raise NotFound

    async def embed_missing(self, shop_id: UUID, renew: Callable[[], Awaitable[None]]) -> int:
        """Embed passages that have no vector of today's embedder, batch by batch; how many. Raises ModelUnavailable."""
        count = 0
        while True:
            async with self._database.connection(shop_id) as connection:
                rows = await storage.list_unembedded_passages(connection, shop_id, self._embedder.name, EMBED_BATCH)
            if not rows:
                return count
            count += await self._embed_rows(shop_id, rows)
            await renew()

    async def restem(self, shop_id: UUID, renew: Callable[[], Awaitable[None]]) -> int:
        """After a change of the shop's language: stem the words of all its passages anew; how many passages."""
        async with self._database.connection(shop_id) as connection:
            language = hybrid.language_config(await storage.get_locale(connection, shop_id))
        count, after = 0, UUID(int=0)
        while True:
            async with self._database.connection(shop_id) as connection:
                ids = await storage.list_passage_ids(connection, shop_id, after, RESTEM_BATCH)
                await storage.restem_passages(connection, shop_id, ids, language)
            if not ids:
                break
            count, after = count + len(ids), ids[-1]
            await renew()
        async with self._database.connection(shop_id) as connection:
            await storage.set_language(connection, shop_id, language, restemmed=True)
        await self._index.settle(shop_id)
        return count

    async def _embed_rows(self, shop_id: UUID, passages: Sequence[UnembeddedPassage]) -> int:
        texts = [embedded_text(each.title, each.heading_path, each.body, each.kind) for each in passages]
        vectors = await self._embedder.embed_passages(texts)
        pairs = [(each.id, vector) for each, vector in zip(passages, vectors, strict=True)]
        async with self._database.connection(shop_id) as connection:
            await storage.set_vectors(connection, shop_id, pairs, self._embedder.name)
        return len(pairs)


async def _no_report(_: DocumentsResult) -> None:
    """Whoever waits for the result needs none on the way."""
