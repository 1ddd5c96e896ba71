"""Search, and the documents it searches besides products."""

import asyncio
import hashlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid5

import msgspec
from msgspec import Struct

from server.core.addresses import MAX_URL_CHARS
from server.core.database import Connection, Database
from server.core.errors import FieldError, Invalid, NotFound, QuotaExceeded, Unavailable
from server.core.ids import new_id
from server.core.logging import get_logger
from server.knowledge import search as hybrid
from server.knowledge import storage
from server.knowledge.index import SearchIndex, document_passages, embedded_text
from server.knowledge.models import DocumentsResult, DocumentView, FailedFile
from server.knowledge.parsing import ParsedDocument, UnreadableFile, parse_in_child, split_sections
from server.knowledge.search import Hit, SearchQuery
from server.models.protocol import Embedder, ModelUnavailable, Vector
from server.shops.features import ASK_AGAIN_S, Allowance, Allowances, EveryFeature, Stock

EMBED_BATCH = 256
RESTEM_BATCH = 500
WARM_UP_S = 5.0
STOCKS: tuple[Stock, ...] = ("documents", "storage_mb")
log = get_logger("knowledge")


class IncomingFile(Struct, frozen=True, kw_only=True):
    """A file or page to read. `name` tells its type and becomes the document's id when it has no better one."""

    name: str
    data: bytes
    url: str | None = None


Report = Callable[[DocumentsResult], Awaitable[None]]


class Knowledge:
    """All that concerns a shop's documents, and the one search over documents and products."""

    def __init__(
        self, database: Database, embedder: Embedder, index: SearchIndex, allowances: Allowances | None = None
    ) -> None:
        self._database, self._embedder, self._index = database, embedder, index
        self._allowances = allowances or EveryFeature()

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
        async with self._database.fast(shop_id) as connection:
            return await hybrid.search(connection, shop_id, query)

    async def warm_up(self) -> None:
        """Have every connection of the pool plan the search, with a shop that is none: the first visitors then need
        not wait for it."""
        query = SearchQuery(text="warm up", vector=await self._query_vector("warm up"), limit_per_kind=True)
        barrier = asyncio.Barrier(self._database.pool_size)  # so that no connection is taken twice

        async def plan() -> None:
            shop_id = new_id()
            async with self._database.fast(shop_id) as connection:
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
        """Bring files in one by one; one that cannot be read, or is beyond the plan, is named and the rest goes in."""
        result, started = DocumentsResult(), time.monotonic()
        async for file in files:
            result.read += 1
            if isinstance(file, FailedFile):
                result.failed.append(file)
            else:
                await self._import_file(shop_id, file, source, result)
            result.seconds = round(time.monotonic() - started, 2)
            await report(result)
        if result.created or result.updated:
            await self._index.settle(shop_id)
        result.seconds = round(time.monotonic() - started, 2)
        return result

    async def _import_file(self, shop_id: UUID, file: IncomingFile, source: str, result: DocumentsResult) -> None:
        try:
            documents = await parse_in_child(file.data, file.name)
        except UnreadableFile as reason:
            result.failed.append(FailedFile(file.name, str(reason)))
            return
        for document in documents:
            try:
                state, passages = await self.save_document(
                    shop_id, _external_id(file, document), document, source, url=document.url or file.url
                )
            except (QuotaExceeded, Invalid) as reason:
                name = file.name if len(documents) == 1 else f"{file.name}: {document.title}"
                result.failed.append(FailedFile(name, reason.detail))
                continue
            setattr(result, state, getattr(result, state) + 1)
            result.passages += passages

    async def save_document(
        self, shop_id: UUID, external_id: str, document: ParsedDocument, source: str, *, url: str | None = None
    ) -> tuple[str, int]:
        """Write a document and its passages in one transaction: (created, updated or unchanged; passages written).

        Raises QuotaExceeded for what the plan has no room for: a new document, or more text than it had. It then stays
        as it was. Raises Invalid for a longer `url` than is kept.
        """
        _require_short(url)
        limits = [limit for stock in STOCKS if (limit := await self._allowances.limit_of(shop_id, stock))]
        drafts = await asyncio.to_thread(split_sections, document)
        digest = _document_hash(document, url)
        async with self._database.fast(shop_id) as connection:
            known = (await storage.find_document_hashes(connection, shop_id, [external_id])).get(external_id)
            if known is None:  # so that little is embedded in vain; what counts is asked again below
                pieces = [limit for limit in limits if limit.stock == "documents"]
                await self._require_room(connection, shop_id, pieces, before=1)
        if known == digest:
            return "unchanged", 0
        document_id = uuid5(shop_id, f"document:{external_id}")
        passages = document_passages(document_id, external_id, document.title, url, drafts)
        prepared = await self._index.embed(shop_id, passages)
        async with self._database.fast(shop_id) as connection:
            had = await storage.count_bytes(connection, shop_id, document_id)
            is_new = await storage.upsert_document(
                connection,
                shop_id,
                document_id=document_id,
                external_id=external_id,
                title=document.title,
                url=url,
                content_hash=digest,
                source=source,
                fetched_at=datetime.now(UTC),
            )
            await self._index.write(connection, shop_id, prepared, {document_id})
            grown = self._index.sizes(prepared).get(document_id, 0) > had
            limits = [limit for limit in limits if is_new or (grown and limit.stock == "storage_mb")]
            await self._require_room(connection, shop_id, limits)
        return ("updated" if known else "created"), len(passages)

    async def _require_room(
        self, connection: Connection, shop_id: UUID, limits: Sequence[Allowance], *, before: int = 0
    ) -> None:
        """`before` asks for room for so many more, 0 whether what was just written fits. Raises QuotaExceeded."""
        for limit in limits:
            if await self._allowances.room(connection, shop_id, limit, binding=not before) < before:
                raise QuotaExceeded(limit.reason, retry_after_s=ASK_AGAIN_S)

    async def write_text(
        self, shop_id: UUID, external_id: str, title: str, content: str, extension: str, url: str | None
    ) -> tuple[str, int]:
        """A document sent as text: (created, updated or unchanged; passages written). Raises Invalid, QuotaExceeded."""
        try:
            documents = await parse_in_child(content.encode(), f"{title}.{extension}")
        except UnreadableFile as reason:
            raise Invalid("The content cannot be read.", errors=(FieldError("content", str(reason)),)) from None
        document = msgspec.structs.replace(documents[0], title=title)
        return await self.save_document(shop_id, external_id, document, "api", url=url)

    async def list_documents(self, shop_id: UUID, after: str, limit: int) -> list[DocumentView]:
        """A page of documents by external id."""
        async with self._database.fast(shop_id) as connection:
            return await storage.list_documents(connection, shop_id, after, limit)

    async def delete_document(self, shop_id: UUID, external_id: str) -> None:
        """Take a document out. Raises NotFound."""
        async with self._database.fast(shop_id) as connection:
            if not await storage.delete_document(connection, shop_id, external_id):
                raise NotFound

    async def embed_missing(self, shop_id: UUID, renew: Callable[[], Awaitable[None]]) -> int:
        """Embed passages that have no vector of today's embedder, batch by batch; how many. Raises ModelUnavailable."""
        count = 0
        while True:
            async with self._database.fast(shop_id) as connection:
                rows = await storage.passages_to_embed(connection, shop_id, self._embedder.name, EMBED_BATCH)
            if not rows:
                return count
            count += await self._embed_rows(shop_id, rows)
            await renew()

    async def restem(self, shop_id: UUID, renew: Callable[[], Awaitable[None]]) -> int:
        """After a change of the shop's language: stem the words of all its passages anew; how many passages."""
        async with self._database.fast(shop_id) as connection:
            language = hybrid.language_config(await storage.shop_language(connection, shop_id))
        count, after = 0, UUID(int=0)
        while True:
            async with self._database.fast(shop_id) as connection:
                ids = await storage.passage_ids_after(connection, shop_id, after, RESTEM_BATCH)
                await storage.restem(connection, shop_id, ids, language)
            if not ids:
                break
            count, after = count + len(ids), ids[-1]
            await renew()
        async with self._database.fast(shop_id) as connection:
            await storage.note_language(connection, shop_id, language, anew=True)
        await self._index.settle(shop_id)
        return count

    async def _embed_rows(self, shop_id: UUID, rows: Sequence[Any]) -> int:
        texts = [embedded_text(row["title"], row["heading_path"], row["body"], row["kind"]) for row in rows]
        vectors = await self._embedder.embed_passages(texts)
        pairs = [(row["id"], vector) for row, vector in zip(rows, vectors, strict=True)]
        async with self._database.fast(shop_id) as connection:
            await storage.set_vectors(connection, shop_id, pairs, self._embedder.name)
        return len(pairs)


def _require_short(url: str | None) -> None:
    """Every passage has a copy of it, which counts as no storage. Raises Invalid."""
    if url and len(url) > MAX_URL_CHARS:
        raise Invalid(
            f"its address (url) has {len(url):,} characters; at most {MAX_URL_CHARS:,} are kept",
            errors=(FieldError("url", f"at most {MAX_URL_CHARS:,} characters"),),
        )


def _external_id(file: IncomingFile, document: ParsedDocument) -> str:
    """A document's own id where its file gives one, else where the file came from."""
    return document.key or file.url or file.name


def _document_hash(document: ParsedDocument, url: str | None) -> bytes:
    digest = hashlib.blake2b(digest_size=16)
    for text in (document.title, url or "", *(f"{s.heading_path}{s.anchor}{s.text}" for s in document.sections)):
        digest.update(text.encode() + b"\x00")
    return digest.digest()
