"""`aisle import ...` and `aisle crawl`: the same code as the jobs, run here with a progress bar."""

import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import click
import msgspec
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from server.catalog.formats import MappingError, UnreadableFile, parse_mapping, read_understood_products
from server.catalog.formats import Progress as FileProgress
from server.catalog.models import ImportResult
from server.catalog.tasks import estimated_total
from server.commands.context import require_shop, services_for_command
from server.knowledge.document_import import IncomingFile
from server.knowledge.models import DocumentsResult, FailedFile
from server.knowledge.tasks import crawled_files
from server.shops.hours import time_zone
from server.wiring import Services

SHOWN_FAILURES = 20
LINE_EVERY_S = 5.0
MAX_DOCUMENT_BYTES = 20 * 1024 * 1024


async def import_product_file(
    file: str, shop_id: str, mapping: tuple[str, ...], as_json: bool, prune: bool, yes: bool
) -> None:
    """Import products; bad rows are named and the rest goes in. Pruning takes out, once it is agreed to, what earlier
    imports brought in and this file has no longer."""
    async with services_for_command(embedder_threads=2) as services:
        shop = await require_shop(services, shop_id)
        profile = await services.shops.profile(shop)
        position, met = FileProgress(), set[str]()
        with _progress("products") as advance:

            async def report(result: ImportResult) -> None:
                advance(result.read, estimated_total(result.read, position))

            try:
                rows = read_understood_products(
                    Path(file),
                    mapping=parse_mapping(mapping),
                    default_currency=profile.currency,
                    progress=position,
                    zone=time_zone(profile.handoff),
                    storefront_url=profile.storefront_url,
                )
                result = await services.catalog.import_rows(shop, rows, "file", report, met=met)
            except (UnreadableFile, MappingError) as reason:
                raise click.ClickException(f"{Path(file).name}: {reason}") from None
        if prune:
            await _prune(services, shop, result, met, yes=yes)
    failures = [f"row {row.row}: {row.reason}" for row in (*result.failed, *result.skipped)]
    _print(result, as_json, failures)


async def _prune(services: Services, shop: UUID, result: ImportResult, met: set[str], *, yes: bool) -> None:
    """Show what the file has no longer, and take it out when that is agreed to. A file with rows that could not be read
    is not taken for the whole catalog."""
    if result.failed:
        click.echo(
            f"nothing was pruned: {len(result.failed)} rows could not be read, so their products may only seem missing",
            err=True,
        )
        return
    unlisted = await services.catalog.find_unlisted(shop, "file", met)
    if not unlisted:
        return
    click.echo(f"{len(unlisted)} products are no longer in the file:", err=True)
    for product in unlisted[:SHOWN_FAILURES]:
        click.echo(f"  {product.external_id}: {product.title}", err=True)
    if len(unlisted) > SHOWN_FAILURES:
        click.echo(f"  and {len(unlisted) - SHOWN_FAILURES} more", err=True)
    if yes or click.confirm("Take them out of the catalog?", err=True):
        result.removed += await services.catalog.remove_unlisted(shop, "file", unlisted)


async def import_document_paths(paths: tuple[str, ...], shop_id: str, as_json: bool) -> None:
    """Import documents from files and folders. Folders without files and links that lead nowhere are failures."""
    files = sorted(file for path in paths for file in _files(Path(path)))

    async def incoming() -> AsyncIterator[IncomingFile | FailedFile]:
        for name, file in files:
            yield _read(name, file)

    await _import_documents(shop_id, lambda _services: incoming(), "file", len(files), as_json)


async def crawl_site(url: str, shop_id: str, max_pages: int, as_json: bool) -> None:
    """Read a site."""
    await _import_documents(
        shop_id, lambda services: crawled_files(url, services.egress, max_pages), "site", None, as_json
    )


async def _import_documents(
    shop_id: str,
    files_of: Callable[[Any], AsyncIterator[IncomingFile | FailedFile]],
    source: str,
    total: int | None,
    as_json: bool,
) -> None:
    async with services_for_command(embedder_threads=2) as services:
        shop = await require_shop(services, shop_id)
        with _progress("documents") as advance:

            async def report(result: DocumentsResult) -> None:
                advance(result.read, total)

            result = await services.knowledge.import_files(shop, files_of(services), source, report)
    _print(result, as_json, [f"{failed.name}: {failed.reason}" for failed in result.failed])
    if result.read and result.read == len(result.failed):
        sys.exit(1)


def _files(path: Path) -> list[tuple[str, Path]]:
    """(name, file): the name is what stays the same wherever the folder lies."""
    if path.is_file():
        return [(path.name, path)]
    found = (
        file for file in path.rglob("*") if not file.name.startswith(".") and (file.is_file() or file.is_symlink())
    )
    return [(str(file.relative_to(path)), file) for file in found] or [(str(path), path)]


def _read(name: str, file: Path) -> IncomingFile | FailedFile:
    if file.is_dir():
        what = "links to folders are not followed" if file.is_symlink() else "the folder has no files to import"
        return FailedFile(name, what)
    if not file.exists():
        return FailedFile(name, "the link leads to no file")
    if file.stat().st_size > MAX_DOCUMENT_BYTES:
        return FailedFile(name, f"the file is larger than {MAX_DOCUMENT_BYTES // 2**20} MB; split it")
    return IncomingFile(name=name, data=file.read_bytes())


@contextmanager
def _progress(what: str) -> Iterator[Callable[[int, int | None], None]]:
    """A progress bar on a terminal, a line every few seconds elsewhere; on stderr, so that --json stays clean."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield _line_printer(what)
        return
    columns = (SpinnerColumn(), TextColumn("{task.completed} " + what), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console) as progress:
        task = progress.add_task(what, total=None)
        yield lambda done, total: progress.update(task, completed=done, total=total)


def _line_printer(what: str) -> Callable[[int, int | None], None]:
    last = time.monotonic()

    def advance(done: int, total: int | None) -> None:
        nonlocal last
        if time.monotonic() - last > LINE_EVERY_S:
            last = time.monotonic()
            click.echo(f"{done} {what}" + (f" of about {total}" if total else ""), err=True)

    return advance


def _print(result: ImportResult | DocumentsResult, as_json: bool, failures: list[str]) -> None:
    if as_json:
        click.echo(msgspec.json.encode(result).decode())
        return
    further = ""
    if isinstance(result, ImportResult):
        counts = {"skipped": len(result.skipped), "removed": result.removed}
        further = "".join(f"{count} {what}, " for what, count in counts.items() if count)
    click.echo(
        f"read {result.read}: {result.created} created, {result.updated} updated, {result.unchanged} unchanged, "
        f"{further}{len(result.failed)} failed, in {result.seconds} s"
    )
    for line in failures[:SHOWN_FAILURES]:
        click.echo(f"  {line}", err=True)
    if len(failures) > SHOWN_FAILURES:
        click.echo(f"  and {len(failures) - SHOWN_FAILURES} more (use --json to see all)", err=True)
