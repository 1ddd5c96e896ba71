"""Jobs of the knowledge: uploaded documents, crawled sites, vectors that are missing."""

from collections.abc import AsyncIterator
from uuid import UUID

import msgspec

from server.core.database import Database
from server.core.egress import Egress
from server.core.errors import NotFound
from server.core.jobs import ClaimedJob, delete_upload, enqueue_once, find_upload
from server.knowledge import storage
from server.knowledge.crawl import CrawledPage, CrawlProblem, crawl
from server.knowledge.document_import import IncomingFile, Report
from server.knowledge.evidence.storage import list_shops_to_read
from server.knowledge.models import DocumentsResult, FailedFile
from server.knowledge.service import Knowledge
from server.knowledge.sources import Sources
from server.models.protocol import ModelUnavailable

EMBED_RETRY_S = 60.0


class ImportDocument:
    """Handler of `knowledge.import`: reads an uploaded document."""

    def __init__(self, database: Database, knowledge: Knowledge) -> None:
        self._database, self._knowledge = database, knowledge

    async def __call__(self, job: ClaimedJob) -> None:
        upload = await find_upload(self._database, job)
        if upload is None:
            return await job.finish("done")

        async def files() -> AsyncIterator[IncomingFile | FailedFile]:
            about = {"external_id": job.payload.get("document_id"), "url": job.payload.get("url")}
            yield IncomingFile(name=upload.name, data=upload.data, **about)

        result = await self._knowledge.import_files(job.shop_id, files(), "upload", _reporter(job))
        await job.finish("failed" if result.failed else "done")
        return await delete_upload(self._database, job)


class CrawlSource:
    """Handler of `knowledge.crawl`: reads a site. Pages seen before and unchanged cost no embedding."""

    def __init__(self, knowledge: Knowledge, sources: Sources, egress: Egress) -> None:
        self._knowledge, self._sources, self._egress = knowledge, sources, egress

    async def __call__(self, job: ClaimedJob) -> None:
        source_id = UUID(job.payload["source_id"])
        try:
            source = await self._sources.get(job.shop_id, source_id)
        except NotFound:
            return await job.finish("failed")
        await self._sources.set_state(job.shop_id, source_id, "syncing")
        pages = crawled_files(source.url, self._egress, source.max_pages)
        result = await self._knowledge.import_files(job.shop_id, pages, "site", _reporter(job))
        read_nothing = result.read == len(result.failed)
        await self._sources.set_state(job.shop_id, source_id, "failed" if read_nothing else "synced")
        return await job.finish("failed" if read_nothing else "done")


class EmbedMissing:
    """Handler of `knowledge.embed`: after a change of the embedder, or when it was away during an import."""

    def __init__(self, knowledge: Knowledge) -> None:
        self._knowledge = knowledge

    async def __call__(self, job: ClaimedJob) -> None:
        try:
            await self._knowledge.embed_missing(job.shop_id, job.renew)
        except ModelUnavailable:
            return await job.postpone(EMBED_RETRY_S)
        return await job.finish("done")


class ReadUnits:
    """Handler of `knowledge.read`: after an upgrade that reads documents into other units, or brings the first ones."""

    def __init__(self, knowledge: Knowledge) -> None:
        self._knowledge = knowledge

    async def __call__(self, job: ClaimedJob) -> None:
        await self._knowledge.read_units(job.shop_id, job.renew)
        await job.finish("done")


class Restem:
    """Handler of `knowledge.restem`: after a change of the shop's language."""

    def __init__(self, knowledge: Knowledge) -> None:
        self._knowledge = knowledge

    async def __call__(self, job: ClaimedJob) -> None:
        await self._knowledge.restem(job.shop_id, job.renew)
        await job.finish("done")


async def crawled_files(url: str, egress: Egress, max_pages: int) -> AsyncIterator[IncomingFile | FailedFile]:
    """A site's pages as files to import."""
    async for found in crawl(url, fetch=egress, max_pages=max_pages):
        match found:
            case CrawledPage():
                yield IncomingFile(name=found.url, data=found.data, url=found.url)
            case CrawlProblem():
                yield FailedFile(found.url, found.reason)


def _reporter(job: ClaimedJob) -> Report:
    async def report(result: DocumentsResult) -> None:
        summary = msgspec.structs.asdict(result) | {"failed": len(result.failed)}
        errors = [msgspec.to_builtins(failed) for failed in result.failed]
        await job.save_progress(result.read, None, errors, summary)

    return report


async def enqueue_missing_vectors(database: Database, main: str, multilingual: str | None) -> None:
    """Enqueue `knowledge.embed` for every shop with passages that miss a vector of these embedders."""
    for shop_id in await storage.list_shops_to_embed(database, main, multilingual):
        async with database.connection(shop_id) as connection:
            await enqueue_once(connection, shop_id, "knowledge.embed", {})


async def enqueue_reading(database: Database) -> None:
    """Enqueue `knowledge.read` for every shop with documents whose units are missing or out of date."""
    for shop_id in await list_shops_to_read(database):
        async with database.connection(shop_id) as connection:
            await enqueue_once(connection, shop_id, "knowledge.read", {})


async def enqueue_restemming(database: Database) -> None:
    """Enqueue `knowledge.restem` for every shop whose language has changed."""
    for shop_id in await storage.list_shops_to_restem(database):
        async with database.connection(shop_id) as connection:
            await enqueue_once(connection, shop_id, "knowledge.restem", {})
