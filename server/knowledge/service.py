"""Search, and the documents it searches besides products."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from functools import partial
from uuid import UUID

import msgspec
from cachetools import TTLCache

from server.core.database import Database
from server.core.errors import AisleError, FieldError, Invalid, NotFound, Unavailable
from server.core.ids import new_id
from server.core.logging import get_logger
from server.knowledge import search as hybrid
from server.knowledge import storage
from server.knowledge.document_import import DocumentImport, IncomingFile, Report
from server.knowledge.document_writer import DocumentWriter, NewVersion, WrittenDocument
from server.knowledge.evidence.index import EvidenceIndex
from server.knowledge.evidence.models import Evidence
from server.knowledge.evidence.retrieval import EvidenceSearch
from server.knowledge.evidence.search import DEFAULT_LIMIT
from server.knowledge.evidence.storage import restem_units
from server.knowledge.index import SearchIndex
from server.knowledge.models import DocumentsResult, DocumentView, FailedFile
from server.knowledge.parsing import DocumentParser, ParsedDocument, split_document
from server.knowledge.search import Hit, ProductFilter, SearchQuery
from server.knowledge.vectors import EmbeddedText, embedded_text, multilingual_vectors
from server.languages.detection import detect_language
from server.models.embedders import Embedders, english_words, language_of
from server.models.multilingual import MultilingualEmbedder
from server.models.protocol import Embedder, ModelUnavailable, Vector
from server.shops.features import Allowances, EveryFeature

EMBED_BATCH = 256
RESTEM_BATCH = 500
WARM_UP_S = 5.0
LANGUAGE_KNOWN_S = 60.0
MAX_KNOWN_LANGUAGES = 4096
Compute = Callable[[Sequence[EmbeddedText]], Awaitable[list[Vector]]]
log = get_logger("knowledge")


class Knowledge:
    """All that concerns a shop's documents, and the one search over documents and products."""

    def __init__(
        self,
        database: Database,
        embedder: Embedder,
        index: SearchIndex,
        allowances: Allowances | None = None,
        multilingual: MultilingualEmbedder | None = None,
    ) -> None:
        self._database, self._index = database, index
        self._embedders = Embedders(embedder, multilingual)
        self._languages: TTLCache[UUID, str] = TTLCache(MAX_KNOWN_LANGUAGES, LANGUAGE_KNOWN_S)
        self._parser = DocumentParser()
        self._evidence, self._evidence_search = (
            EvidenceIndex(database, self._embedders),
            EvidenceSearch(database, self._embedders),
        )
        self._writer = DocumentWriter(database, index, self._evidence, allowances or EveryFeature())

    async def search(
        self,
        shop_id: UUID,
        text: str,
        *,
        language: str | None = None,
        kinds: tuple[str, ...] = ("product", "document"),
        limit: int = 10,
        price_min_minor: int | None = None,
        price_max_minor: int | None = None,
        available_only: bool = False,
        limit_per_kind: bool = False,
        embedded: str | None = None,
        product_filter: ProductFilter | None = None,
    ) -> list[Hit]:
        """The best passages, best first; by words alone while no embedder answers.

        `language` (ISO 639-1) is that of the text, by default the one it seems to be in; a text in another one is
        compared by meaning in both. `embedded` means the same and was embedded a moment ago: its vector is taken."""
        shop_language = await self._language(shop_id)
        language = language or detect_language(text, shop_language)
        query = await self._query(embedded or text, shop_language, language)
        query = msgspec.structs.replace(
            query,
            text=f"{text} {english_words(text, shop_language, language)}".rstrip(),
            kinds=kinds,
            limit=limit,
            price_min_minor=price_min_minor,
            price_max_minor=price_max_minor,
            available_only=available_only,
            limit_per_kind=limit_per_kind,
            filter=product_filter,
        )
        async with self._database.connection(shop_id) as connection:
            return await hybrid.search(connection, shop_id, query)

    async def find_evidence(
        self,
        shop_id: UUID,
        text: str,
        *,
        language: str | None = None,
        product_ids: Sequence[str] = (),
        documents: bool = True,
        limit: int = DEFAULT_LIMIT,
        wordings: Sequence[str] = (),
    ) -> list[Evidence]:
        """All units of these products (external ids) in their order, then the `limit` best units of documents.

        `language` (ISO 639-1) is that of the text, by default the shop's. `wordings` say the same in other words of
        that language: the nearest of all counts. The first question about a product embeds its units, the next ones
        compare what was stored.
        """
        shop_language = await self._language(shop_id)
        return await self._evidence_search.find(
            shop_id,
            text,
            shop_language=shop_language,
            language=language or shop_language,
            product_ids=product_ids,
            documents=documents,
            limit=limit,
            wordings=wordings,
        )

    async def warm_up(self) -> None:
        """Have every connection of the pool plan the search, with a shop that is none: the first visitors then need
        not wait for it."""
        query = msgspec.structs.replace(await self._query("warm up", "en", "en"), limit_per_kind=True)
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

    async def _query(self, text: str, shop_language: str, language: str) -> SearchQuery:
        """A query with the text's vector, if its embedder answers."""
        query = SearchQuery(text=text, is_foreign=language != shop_language)
        try:
            model, vector = await self._embedders.embed_query(text, shop_language, language)
        except ModelUnavailable as reason:
            log.warning("search_without_vectors", reason=str(reason))
            return query
        return msgspec.structs.replace(query, vector=vector, embedding_model=model)

    async def _language(self, shop_id: UUID) -> str:
        """The language of the shop's texts; a change is noticed after a minute."""
        language = self._languages.get(shop_id)
        if language is None:
            async with self._database.connection(shop_id) as connection:
                language = language_of(await storage.get_locale(connection, shop_id))
            self._languages[shop_id] = language
        return language

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
        """Embed passages and units of documents that miss a vector of today's embedders, batch by batch; how many
        vectors. Raises ModelUnavailable."""
        async with self._database.connection(shop_id) as connection:
            language = language_of(await storage.get_locale(connection, shop_id))
        main, multilingual = self._embedders.of_passages(language)
        count = 0
        if main:
            count += await self._embed_all(shop_id, main.name, False, partial(_main_vectors, main), renew)
        if multilingual:
            compute = partial(multilingual_vectors, multilingual, language=language)
            count += await self._embed_all(shop_id, multilingual.name, True, compute, renew)
        return count + await self._evidence.embed_missing(shop_id, language, renew)

    async def _embed_all(
        self, shop_id: UUID, model: str, multilingual: bool, compute: Compute, renew: Callable[[], Awaitable[None]]
    ) -> int:
        count = 0
        while True:
            async with self._database.connection(shop_id) as connection:
                rows = await storage.list_unembedded_passages(
                    connection, shop_id, model, EMBED_BATCH, multilingual=multilingual
                )
            if not rows:
                return count
            vectors = await compute([embedded_text(row.title, row.heading_path, row.body, row.kind) for row in rows])
            pairs = [(row.id, vector) for row, vector in zip(rows, vectors, strict=True)]
            async with self._database.connection(shop_id) as connection:
                await storage.set_vectors(connection, shop_id, pairs, model, multilingual=multilingual)
            count += len(pairs)
            await renew()

    async def read_units(self, shop_id: UUID, renew: Callable[[], Awaitable[None]]) -> int:
        """Read the units of documents that have none of their present version; how many documents."""
        async with self._database.connection(shop_id) as connection:
            locale = await storage.get_locale(connection, shop_id)
        return await self._evidence.read_missing(shop_id, locale, hybrid.language_config(locale), renew)

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
            await restem_units(connection, shop_id, language)
            await storage.set_language(connection, shop_id, language, restemmed=True)
        await self._index.settle(shop_id)
        return count


async def _main_vectors(embedder: Embedder, texts: Sequence[EmbeddedText]) -> list[Vector]:
    return await embedder.embed_passages([text.text for text in texts])


async def _no_report(_: DocumentsResult) -> None:
    """Whoever waits for the result needs none on the way."""
