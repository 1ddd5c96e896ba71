"""The sites that a shop wants read: stored, changed, and crawled as jobs."""

from uuid import UUID

from server.core.database import Database
from server.core.jobs import JobService
from server.knowledge import storage
from server.knowledge.models import SourceView
from server.knowledge.tables import KnowledgeSourceRow


class Sources:
    """The shop's list of sites."""

    def __init__(self, database: Database, jobs: JobService) -> None:
        self._database, self._jobs = database, jobs

    async def add(self, shop_id: UUID, url: str, max_pages: int) -> SourceView:
        """Store a site."""
        async with self._database.session(shop_id) as session:
            return _view(await storage.add_source(session, shop_id, url, max_pages))

    async def list(self, shop_id: UUID) -> list[SourceView]:
        """All sites, oldest first."""
        async with self._database.session(shop_id) as session:
            return [_view(source) for source in await storage.list_sources(session, shop_id)]

    async def get(self, shop_id: UUID, source_id: UUID) -> SourceView:
        """One site. Raises NotFound."""
        async with self._database.session(shop_id) as session:
            return _view(await storage.get_source(session, shop_id, source_id))

    async def change(self, shop_id: UUID, source_id: UUID, url: str | None, max_pages: int | None) -> SourceView:
        """Change what is given. Raises NotFound."""
        async with self._database.session(shop_id) as session:
            source = await storage.get_source(session, shop_id, source_id)
            source.url = source.url if url is None else url
            source.max_pages = source.max_pages if max_pages is None else max_pages
            return _view(source)

    async def set_state(self, shop_id: UUID, source_id: UUID, state: str) -> None:
        """Store where a site's crawl stands; `synced` also stores when. A site that was deleted meanwhile stays so."""
        async with self._database.session(shop_id) as session:
            await storage.set_source_state(session, shop_id, source_id, state)

    async def delete(self, shop_id: UUID, source_id: UUID) -> None:
        """Delete a site; its documents stay. Raises NotFound."""
        async with self._database.session(shop_id) as session:
            await session.delete(await storage.get_source(session, shop_id, source_id))

    async def sync(self, shop_id: UUID, source_id: UUID) -> UUID:
        """Enqueue a crawl; the job's id. Raises NotFound."""
        await self.get(shop_id, source_id)
        return await self._jobs.enqueue(shop_id, "knowledge.crawl", {"source_id": str(source_id)})


def _view(source: KnowledgeSourceRow) -> SourceView:
    return SourceView(
        id=source.id,
        kind=source.kind,
        url=source.url,
        max_pages=source.max_pages,
        state=source.state,
        synced_at=source.synced_at,
    )
