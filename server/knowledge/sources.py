"""Sites a shop wants read: kept, changed, and crawled as jobs."""

from typing import Any
from uuid import UUID

from server.core.database import Database
from server.core.errors import NotFound
from server.core.ids import new_id
from server.core.jobs import JobService
from server.knowledge import storage


class Sources:
    """The shop's list of sites."""

    def __init__(self, database: Database, jobs: JobService) -> None:
        self._database, self._jobs = database, jobs

    async def add(self, shop_id: UUID, url: str, max_pages: int) -> dict[str, Any]:
        """Keep a site."""
        source_id = new_id()
        async with self._database.connection(shop_id) as connection:
            await storage.add_source(connection, shop_id, source_id, url, max_pages)
        return await self.get(shop_id, source_id)

    async def list(self, shop_id: UUID) -> list[dict[str, Any]]:
        """All sites, oldest first."""
        async with self._database.connection(shop_id) as connection:
            return [dict(row) for row in await storage.list_sources(connection, shop_id)]

    async def get(self, shop_id: UUID, source_id: UUID) -> dict[str, Any]:
        """One site. Raises NotFound."""
        async with self._database.connection(shop_id) as connection:
            row = await storage.find_source(connection, shop_id, source_id)
        if row is None:
            raise NotFound
        return dict(row)

    async def change(self, shop_id: UUID, source_id: UUID, url: str | None, max_pages: int | None) -> dict[str, Any]:
        """Change what is given. Raises NotFound."""
        async with self._database.connection(shop_id) as connection:
            if not await storage.update_source(connection, shop_id, source_id, url=url, max_pages=max_pages):
                raise NotFound
        return await self.get(shop_id, source_id)

    async def delete(self, shop_id: UUID, source_id: UUID) -> None:
        """Forget a site. Raises NotFound."""
        async with self._database.connection(shop_id) as connection:
            if not await storage.delete_source(connection, shop_id, source_id):
                raise NotFound

    async def sync(self, shop_id: UUID, source_id: UUID) -> UUID:
        """Ask for a crawl; the job's id. Raises NotFound."""
        await self.get(shop_id, source_id)
        return await self._jobs.enqueue(shop_id, "knowledge.crawl", {"source_id": str(source_id)})
