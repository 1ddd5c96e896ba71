"""Files to documents, several in flight: while one batch is written the next is embedded and later files are parsed.

What becomes of them does not depend on that: files count in the order in which they come.
"""

import asyncio
import hashlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import TypeAlias
from uuid import UUID

import msgspec
from msgspec import Struct

from server.core.database import Database
from server.core.errors import AisleError
from server.core.storable_text import storable_text
from server.knowledge import storage
from server.knowledge.document_writer import DocumentWriter, NewVersion, Outcome, PreparedDocuments, WrittenDocument
from server.knowledge.models import DocumentsResult, FailedFile
from server.knowledge.parsing import DocumentParser, SplitDocument, UnreadableFile
from server.knowledge.parsing.documents import PARSER_VERSION

MAX_IN_FLIGHT_BYTES = 32 * 2**20
LEAST_FILE_BYTES = 2**17
"""What a small file counts as: at most 256 files are in flight."""
HASHED_AT_ONCE_BYTES = 2**20
"""A millisecond of hashing; more is done in a thread."""
BATCH_FILES = 128
BATCH_PASSAGES = 256
"""Embedded and written together: a few seconds of work, so that a job's lease is renewed in time."""

Report = Callable[[DocumentsResult], Awaitable[None]]


class IncomingFile(Struct, frozen=True, kw_only=True):
    """A file or page to read. `name` tells its type and becomes the document's id when it has no better one. With an
    `external_id` only its first document is taken, under this id; `title` stands in for the document's own."""

    name: str
    data: bytes
    url: str | None = None
    external_id: str | None = None
    title: str | None = None


Arrived: TypeAlias = IncomingFile | FailedFile


class _Item(Struct):
    """A file on its way: first known or to be parsed, then its documents or why there are none."""

    file: Arrived
    file_hash: bytes = b""
    known: Sequence[str] = ()
    """External ids of its documents, where all of them are there and it has not changed."""
    parsing: asyncio.Task[tuple[SplitDocument, ...] | FailedFile] | None = None
    failed: FailedFile | None = None
    versions: Sequence[NewVersion] = ()


class _Batch(Struct):
    """Files whose documents are written together."""

    items: list[_Item]
    prepared: PreparedDocuments | None


class DocumentImport:
    """One import into one shop."""

    def __init__(
        self,
        database: Database,
        parser: DocumentParser,
        writer: DocumentWriter,
        shop_id: UUID,
        source: str,
        report: Report,
    ) -> None:
        self._database, self._parser, self._writer = database, parser, writer
        self._shop_id, self._source, self._report = shop_id, source, report
        self._window = _Window()
        self._arrived: asyncio.Queue[Arrived | None] = asyncio.Queue()
        self._checked: asyncio.Queue[_Item | None] = asyncio.Queue()
        self._next: _Item | None = None
        self._ready: asyncio.Queue[_Batch | None] = asyncio.Queue(1)
        self._parsing: set[asyncio.Task[tuple[SplitDocument, ...] | FailedFile]] = set()
        self._met: set[str] = set()
        self._given: set[str] = set()
        """External ids of all documents that were read out of files so far."""
        self._being_written: set[str] = set()
        self._started = time.monotonic()
        self.result = DocumentsResult()
        self.refused: list[AisleError] = []
        """Why documents did not go in that could be read."""

    async def run(self, files: AsyncIterator[Arrived]) -> DocumentsResult:
        """Bring files in; one that cannot be read, or is beyond the plan, is named and the rest goes in. Raises what
        `files` and the report raise; what was written by then stays."""
        stages = [
            asyncio.create_task(stage)
            for stage in (self._receive(files), self._check(), self._prepare(), self._write())
        ]
        try:
            await asyncio.gather(*stages)
        finally:
            tasks = (*stages, *self._parsing)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        self.result.seconds = self._seconds()
        return self.result

    async def _receive(self, files: AsyncIterator[Arrived]) -> None:
        async for file in files:
            await self._window.enter(_size(file))
            self._arrived.put_nowait(_storable(file))
        self._arrived.put_nowait(None)

    async def _check(self) -> None:
        """Separate files that are known from files to parse, before they are read."""
        while batch := await _take(self._arrived, BATCH_FILES):
            items = [_Item(file) for file in batch]
            for item in items:
                if isinstance(item.file, IncomingFile):
                    item.file_hash = await _file_hash(item.file)
            async with self._database.connection(self._shop_id) as connection:
                hashes = [item.file_hash for item in items if item.file_hash]
                known = await storage.find_documents_of_files(connection, self._shop_id, hashes)
                unchanged = [external_id for each in known.values() for external_id in each]
                await storage.touch_documents(connection, self._shop_id, unchanged, datetime.now(UTC))
            for item in items:
                self._begin(item, known.get(item.file_hash, ()))
                self._checked.put_nowait(item)
        self._checked.put_nowait(None)

    def _begin(self, item: _Item, known: Sequence[str]) -> None:
        file = item.file
        if isinstance(file, FailedFile):
            item.failed = file
            return
        name = _external_id(file)
        is_first = name not in self._met  # a second one of that name replaces the first, whatever was there before
        self._met.add(name)
        if known and is_first:
            item.known = known
            return
        self._begin_parsing(item, file)

    def _begin_parsing(self, item: _Item, file: IncomingFile) -> None:
        item.parsing = asyncio.create_task(self._parse(file))
        self._parsing.add(item.parsing)
        item.parsing.add_done_callback(self._parsing.discard)

    def _read_if_overwritten(self, item: _Item) -> None:
        """An earlier file gives a document of this unchanged one, which would win now; the later has to."""
        if isinstance(item.file, IncomingFile) and not self._given.isdisjoint(item.known):
            item.known = ()
            self._begin_parsing(item, item.file)

    async def _parse(self, file: IncomingFile) -> tuple[SplitDocument, ...] | FailedFile:
        try:
            return await self._parser.parse(file.data, file.name, title=file.title, url=file.url)
        except UnreadableFile as reason:
            return FailedFile(file.external_id or file.name, str(reason))

    async def _prepare(self) -> None:
        """Embed together what is parsed."""
        while items := await self._take_parsed():
            versions = {version.external_id: version for item in items for version in item.versions}
            if not self._being_written.isdisjoint(versions):  # what they are compared with has to be there first
                await self._ready.join()
            self._being_written |= versions.keys()
            prepared = await self._writer.prepare(self._shop_id, list(versions.values())) if versions else None
            await self._ready.put(_Batch(items, prepared))
        await self._ready.put(None)

    async def _take_parsed(self) -> list[_Item]:
        """The next files in their order: one, and those behind it that are parsed by now. None at the end."""
        items: list[_Item] = []
        passages = 0
        while len(items) < BATCH_FILES and passages < BATCH_PASSAGES:
            if self._next is None:
                if items and self._checked.empty():
                    break
                self._next = await self._checked.get()
            item = self._next
            if item is None:
                self._checked.put_nowait(None)
                break
            self._read_if_overwritten(item)
            if items and item.parsing and not item.parsing.done():
                break
            self._next = None
            await _finish_parsing(item)
            items.append(item)
            self._given.update(version.external_id for version in item.versions)
            passages += sum(len(version.document.passages) for version in item.versions)
        return items

    async def _write(self) -> None:
        while batch := await self._ready.get():
            outcomes: dict[str, Outcome] = {}
            if batch.prepared:
                outcomes = await self._writer.write(self._shop_id, batch.prepared, self._source)
                self._being_written -= outcomes.keys()
            counted: set[str] = set()
            for item in batch.items:
                self._count(item, outcomes, counted)
                await self._window.leave(_size(item.file))
            self.result.seconds = self._seconds()
            self._ready.task_done()
            await self._report(self.result)

    def _count(self, item: _Item, outcomes: Mapping[str, Outcome], counted: set[str]) -> None:
        """Add a file to the result. `counted`: documents that earlier files of the batch gave as well."""
        result = self.result
        result.read += 1
        result.unchanged += len(item.known)
        if item.failed:
            result.failed.append(item.failed)
        for version in item.versions:
            match outcomes[version.external_id]:
                case WrittenDocument(state=state, passages=passages):
                    if version.external_id in counted:
                        state, passages = "updated", 0
                    setattr(result, state, getattr(result, state) + 1)
                    result.passages += passages
                case reason:
                    assert isinstance(item.file, IncomingFile)
                    name = item.file.external_id or item.file.name
                    name = name if len(item.versions) == 1 else f"{name}: {version.document.title}"
                    result.failed.append(FailedFile(name, reason.detail))
                    self.refused.append(reason)
            counted.add(version.external_id)

    def _seconds(self) -> float:
        return round(time.monotonic() - self._started, 2)


class _Window:
    """Lets files in while not too much is in flight: their bytes, and what was read out of them."""

    def __init__(self) -> None:
        self._bytes, self._changed = 0, asyncio.Condition()

    async def enter(self, size: int) -> None:
        async with self._changed:
            await self._changed.wait_for(lambda: not self._bytes or self._bytes + size <= MAX_IN_FLIGHT_BYTES)
            self._bytes += size

    async def leave(self, size: int) -> None:
        async with self._changed:
            self._bytes -= size
            self._changed.notify_all()


async def _take(queue: asyncio.Queue[Arrived | None], most: int) -> list[Arrived]:
    """What has arrived, at least one. None at the end."""
    taken: list[Arrived] = []
    while not taken or (len(taken) < most and not queue.empty()):
        item = await queue.get()
        if item is None:
            queue.put_nowait(None)
            break
        taken.append(item)
    return taken


async def _finish_parsing(item: _Item) -> None:
    if item.parsing is None:
        return
    outcome, item.parsing = await item.parsing, None
    if isinstance(outcome, FailedFile):
        item.failed = outcome
        return
    file = item.file
    assert isinstance(file, IncomingFile)
    documents = outcome[:1] if file.external_id else outcome
    item.versions = [
        NewVersion(
            external_id=_external_id(file, document),
            document=document,
            file_hash=item.file_hash,
            file_documents=len(documents),
        )
        for document in documents
    ]


def _external_id(file: IncomingFile, document: SplitDocument | None = None) -> str:
    """The id it was sent with, a document's own id where its file gives one, else where the file came from."""
    return file.external_id or (document and document.key) or file.url or file.name


def _storable(file: Arrived) -> Arrived:
    """With names that can be stored: a file's name may be bytes of another encoding."""
    if isinstance(file, FailedFile):
        return file
    texts = {name: text for name in ("name", "url", "external_id", "title") if (text := getattr(file, name))}
    return msgspec.structs.replace(file, **{name: storable_text(text) for name, text in texts.items()})


async def _file_hash(file: IncomingFile) -> bytes:
    """16 bytes of all that decides what a file's documents are."""
    about = (PARSER_VERSION, file.name, file.url, file.external_id, file.title)
    digest = hashlib.blake2b(msgspec.msgpack.encode(about), digest_size=16)
    if len(file.data) > HASHED_AT_ONCE_BYTES:
        await asyncio.to_thread(digest.update, file.data)
    else:
        digest.update(file.data)
    return digest.digest()


def _size(file: Arrived) -> int:
    return max(LEAST_FILE_BYTES, len(file.data) if isinstance(file, IncomingFile) else 0)
