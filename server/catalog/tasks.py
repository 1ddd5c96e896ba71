"""Jobs of the catalog."""

import tempfile
from pathlib import Path

import msgspec

from server.catalog.formats import MappingError, Progress, UnreadableFile, parse_mapping, read_understood_products
from server.catalog.models import ImportResult
from server.catalog.service import Catalog
from server.core.database import Database
from server.core.jobs import ClaimedJob, delete_upload, find_upload
from server.shops.hours import time_zone
from server.shops.service import ShopService


class ImportProducts:
    """Handler of `catalog.import`: reads an uploaded product file."""

    def __init__(self, database: Database, catalog: Catalog, shops: ShopService) -> None:
        self._database, self._catalog, self._shops = database, catalog, shops

    async def __call__(self, job: ClaimedJob) -> None:
        upload = await find_upload(self._database, job)
        if upload is None:
            return await job.finish("done")
        with tempfile.TemporaryDirectory(prefix="aisle-import-") as folder:
            path = Path(folder) / "file"
            path.write_bytes(upload.data)
            try:
                await self._read(job, path)
                state = "done"
            except (UnreadableFile, MappingError) as reason:
                await job.save_progress(0, 0, [{"row": 0, "reason": f"{upload.name}: {reason}"}])
                state = "failed"
        await job.finish(state)
        return await delete_upload(self._database, job)

    async def _read(self, job: ClaimedJob, path: Path) -> None:
        profile = await self._shops.profile(job.shop_id)
        progress = Progress()
        rows = read_understood_products(
            path,
            mapping=_mapping(job.payload.get("mapping", "")),
            default_currency=profile.currency,
            progress=progress,
            zone=time_zone(profile.handoff),
            storefront_url=profile.storefront_url,
        )

        async def report(result: ImportResult) -> None:
            await job.save_progress(
                result.read, estimated_total(result.read, progress), _errors(result), _summary(result)
            )

        result = await self._catalog.import_rows(job.shop_id, rows, "file", report)
        await job.save_progress(result.read, result.read, _errors(result), _summary(result))


def estimated_total(read: int, progress: Progress) -> int | None:
    """How many rows a file will have, judged by the share of its bytes that is read; None before anything is."""
    return max(read, read * progress.total_bytes // progress.done_bytes) if progress.done_bytes else None


def _mapping(given: str | dict[str, str]) -> dict[str, str]:
    """As the API takes it, `price=cost/100,title=name`, or already by target. Raises MappingError."""
    if isinstance(given, dict):
        return given
    return parse_mapping(part for part in given.split(",") if part.strip())


def _errors(result: ImportResult) -> list[object]:
    return [msgspec.to_builtins(row) for row in result.failed]


def _summary(result: ImportResult) -> dict[str, object]:
    summary: dict[str, object] = msgspec.structs.asdict(result)
    return summary | {"skipped": len(result.skipped), "failed": len(result.failed)}
