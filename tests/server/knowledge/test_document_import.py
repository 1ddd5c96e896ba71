"""Many files at once: what is known is not read, and what becomes of the rest does not depend on who is quicker."""

import asyncio
import json
import os
import signal
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
import psutil
import pytest

from server.core.crypto import app_role_password
from server.core.database import Database, url_for_role
from server.knowledge.document_import import IncomingFile
from server.knowledge.document_writer import Outcome
from server.knowledge.index import SearchIndex
from server.knowledge.models import DocumentsResult, FailedFile
from server.knowledge.service import Knowledge
from tests.installation import Installation
from tests.server.knowledge.test_reembedding import NamedEmbedder

KILLER = b"<html><body>" + b"<b><i><u>" * 200_000


@pytest.fixture
async def database(installation: Installation) -> AsyncIterator[Database]:
    secret = (installation.data_dir / "secret.key").read_text().strip()
    database = Database(url_for_role(installation.owner_url, "aisle_app", app_role_password(secret)), pool_size=4)
    await database.open()
    yield database
    await database.close()


@pytest.fixture
def embedder() -> NamedEmbedder:
    return NamedEmbedder("import")


@pytest.fixture
async def knowledge(
    database: Database, embedder: NamedEmbedder, installation: Installation
) -> AsyncIterator[Knowledge]:
    knowledge = Knowledge(database, embedder, SearchIndex(database, embedder, installation.owner_url))
    yield knowledge
    await knowledge.close()


@pytest.fixture
def shop_id(installation: Installation) -> UUID:
    return UUID(installation.create_shop("Many files").shop_id)


def page(number: int, text: str = "Words of") -> IncomingFile:
    return IncomingFile(name=f"{number:03}.md", data=f"# Page {number}\n\n{text} {number}.".encode())


def three_entries() -> IncomingFile:
    body = "Words about it, more than the title has."
    entries = [{"id": f"e{number}", "title": f"Entry {number}", "body": body} for number in range(3)]
    return IncomingFile(name="several.json", data=json.dumps(entries).encode())


def one_entry(name: str) -> IncomingFile:
    entries = [{"id": "same", "title": f"Of {name}", "body": "Words about it, more than the title has."}]
    return IncomingFile(name=f"{name}.json", data=json.dumps(entries).encode())


async def bring(knowledge: Knowledge, shop_id: UUID, *files: IncomingFile | FailedFile) -> DocumentsResult:
    async def incoming() -> AsyncIterator[IncomingFile | FailedFile]:
        for file in files:
            yield file

    async def silent(_: DocumentsResult) -> None:
        """Nobody watches."""

    return await knowledge.import_files(shop_id, incoming(), "file", silent)


async def test_what_is_read_again_unchanged_has_the_time_of_that_reading(
    knowledge: Knowledge, database: Database, shop_id: UUID
) -> None:
    async def fetched() -> list[datetime]:
        return [document.fetched_at for document in await knowledge.list_documents(shop_id, "", 10)]

    await bring(knowledge, shop_id, page(1), page(2))
    before = await fetched()
    again = msgspec.structs.replace(page(1), data=page(1).data + b"\n")  # another file, the same text
    result = await bring(knowledge, shop_id, again, page(2))
    assert result.unchanged == 2
    assert all(later > earlier for later, earlier in zip(await fetched(), before, strict=True))


def counts(result: DocumentsResult) -> tuple[int, int, int, int]:
    return result.read, result.created, result.updated, result.unchanged


def server_pid(knowledge: Knowledge) -> int | None:
    """Of the process whose forks read files."""
    return knowledge._parser._server.pid


async def titles(knowledge: Knowledge, shop_id: UUID) -> dict[str, str]:
    return {each.id: each.title for each in await knowledge.list_documents(shop_id, "", 200)}


async def test_unchanged_files_are_not_read_at_all(knowledge: Knowledge, shop_id: UUID) -> None:
    several = three_entries()
    files = [*(page(number) for number in range(20)), several]
    assert counts(await bring(knowledge, shop_id, *files)) == (21, 23, 0, 0)
    await knowledge.close()
    assert counts(await bring(knowledge, shop_id, *files)) == (21, 0, 0, 23)
    assert server_pid(knowledge) is None, "no process was started to read them"
    changed = [page(0, "Other words of"), *files[1:]]
    assert counts(await bring(knowledge, shop_id, *changed)) == (21, 0, 1, 22)


async def test_a_file_is_read_again_when_a_document_of_it_is_missing(knowledge: Knowledge, shop_id: UUID) -> None:
    several = three_entries()
    await bring(knowledge, shop_id, several, page(1))
    for gone in ("e1", "001.md"):
        await knowledge.delete_document(shop_id, gone)
    assert counts(await bring(knowledge, shop_id, several, page(1))) == (2, 2, 0, 2)


async def test_of_two_files_with_one_document_the_later_wins_each_time(knowledge: Knowledge, shop_id: UUID) -> None:
    files = [page(1), *(one_entry(name) for name in ("a", "b"))]
    for _ in range(3):
        await bring(knowledge, shop_id, *files)
        assert await titles(knowledge, shop_id) == {"001.md": "Page 1", "same": "Of b"}


async def test_a_file_is_read_again_when_another_wrote_its_document(knowledge: Knowledge, shop_id: UUID) -> None:
    await bring(knowledge, shop_id, page(1))
    await knowledge.write_text(shop_id, "001.md", "By hand", "Other words.", "md", None)
    assert counts(await bring(knowledge, shop_id, page(1))) == (1, 0, 1, 0)
    assert await titles(knowledge, shop_id) == {"001.md": "Page 1"}


async def test_other_bytes_of_the_same_content_are_read_once(knowledge: Knowledge, shop_id: UUID) -> None:
    await bring(knowledge, shop_id, page(1))
    spaced = IncomingFile(name="001.md", data=page(1).data + b"\n\n")
    assert counts(await bring(knowledge, shop_id, spaced)) == (1, 0, 0, 1)
    await knowledge.close()
    assert counts(await bring(knowledge, shop_id, spaced)) == (1, 0, 0, 1)
    assert server_pid(knowledge) is None


async def test_a_file_is_read_again_when_its_document_changed_during_the_import(
    knowledge: Knowledge, shop_id: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    await bring(knowledge, shop_id, page(1))
    spaced = IncomingFile(name="001.md", data=page(1).data + b"\n\n")
    write = knowledge._writer.write

    async def write_after_another(*prepared: Any) -> dict[str, Outcome]:
        monkeypatch.undo()
        await knowledge.write_text(shop_id, "001.md", "By hand", "Other words.", "md", None)
        return await write(*prepared)

    monkeypatch.setattr(knowledge._writer, "write", write_after_another)
    await bring(knowledge, shop_id, spaced)
    assert counts(await bring(knowledge, shop_id, spaced)) == (1, 0, 1, 0)
    assert await titles(knowledge, shop_id) == {"001.md": "Page 1"}


async def test_a_file_whose_name_is_no_text_goes_in_with_the_others(knowledge: Knowledge, shop_id: UUID) -> None:
    named = IncomingFile(name=os.fsdecode(b"caf\xe9.md"), data=page(2).data)
    for expected in ((2, 2, 0, 0), (2, 0, 0, 2)):
        assert counts(await bring(knowledge, shop_id, named, page(1))) == expected
    assert await titles(knowledge, shop_id) == {"001.md": "Page 1", "caf\ufffd.md": "Page 2"}


async def test_the_last_of_two_files_with_one_name_counts(knowledge: Knowledge, shop_id: UUID) -> None:
    await bring(knowledge, shop_id, page(1))
    result = await bring(knowledge, shop_id, page(1, "Other words of"), *(page(n) for n in range(2, 40)), page(1))
    assert (result.read, result.created, len(result.failed)) == (40, 38, 0)
    found = await knowledge.search(shop_id, "Words of 1", kinds=("document",), limit=1)
    assert found[0].text == "Words of 1."


async def test_a_file_that_kills_its_child_is_named_in_its_place_and_the_others_go_in(
    knowledge: Knowledge, shop_id: UUID
) -> None:
    memory = IncomingFile(name="memory.html", data=KILLER)
    broken, unread = IncomingFile(name="broken.json", data=b"{broken"), FailedFile("far.md", "larger than 20 MB")
    good = [page(number) for number in range(12)]
    result = await bring(knowledge, shop_id, *good[:4], broken, *good[4:6], memory, unread, *good[6:])
    assert [failed.name for failed in result.failed] == ["broken.json", "memory.html", "far.md"]
    assert (result.read, result.created) == (15, 12)
    assert len(await titles(knowledge, shop_id)) == 12


async def test_files_go_on_when_the_process_they_are_forked_from_is_killed(knowledge: Knowledge, shop_id: UUID) -> None:
    await bring(knowledge, shop_id, page(0))
    first = server_pid(knowledge)
    assert first
    os.kill(first, signal.SIGKILL)
    assert counts(await bring(knowledge, shop_id, *(page(number) for number in range(1, 9)))) == (8, 8, 0, 0)
    assert server_pid(knowledge) != first


async def test_a_cancelled_import_leaves_no_child_behind(knowledge: Knowledge, shop_id: UUID) -> None:
    await bring(knowledge, shop_id, page(0))
    pid = server_pid(knowledge)
    slow = IncomingFile(name="slow.html", data=KILLER)
    importing = asyncio.create_task(bring(knowledge, shop_id, *(page(number) for number in range(1, 9)), slow))
    while not psutil.Process(pid).children():  # noqa: ASYNC110 (known to the system only)
        await asyncio.sleep(0.005)
    importing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await importing
    assert not psutil.Process(pid).children()
    await knowledge.close()
    assert pid
    assert not psutil.pid_exists(pid)


async def test_what_the_report_raises_ends_the_import(knowledge: Knowledge, shop_id: UUID) -> None:
    class Lost(Exception):
        """As when another worker has taken the job over."""

    async def report(_: DocumentsResult) -> None:
        raise Lost

    async def endless() -> AsyncIterator[IncomingFile | FailedFile]:
        number = 0
        while True:
            yield page(number := number + 1)
            await asyncio.sleep(0)

    with pytest.raises(Lost):
        await knowledge.import_files(shop_id, endless(), "file", report)
    assert len(await titles(knowledge, shop_id)) > 0


async def test_equal_passages_are_embedded_once(knowledge: Knowledge, embedder: NamedEmbedder, shop_id: UUID) -> None:
    markers = IncomingFile(name="markers.md", data=b"[a" * 10_000)
    result = await bring(knowledge, shop_id, markers)
    assert result.passages > 50
    assert embedder.embedded < 5
    async with knowledge._database.connection(shop_id) as connection:
        assert not await connection.fetchval(
            "SELECT count(*) FROM passage WHERE shop_id = $1 AND embedding IS NULL", shop_id
        )
