"""Hostile uploads in the child: it ends in time, in memory, with a reason, and the parent goes on."""

import asyncio
import gzip
import io
import time
import zipfile
from collections.abc import AsyncIterator, Callable

import psutil
import pytest

from server.core.child_process import ForkServer
from server.knowledge.parsing import DocumentParser, UnreadableFile


def zipped(**files: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name.replace("__", "/").replace("_xml", ".xml"), data)
    return out.getvalue()


@pytest.fixture(scope="module")
async def parser() -> AsyncIterator[DocumentParser]:
    parser = DocumentParser()
    yield parser
    await parser.close()


async def test_a_document_comes_back_whole(parser: DocumentParser) -> None:
    (document,) = await parser.parse(b"# Returns\n\n## Window\n\n30 days.\n", "returns.md")
    assert (document.title, document.passages[0].text) == ("Returns", "30 days.")
    (named,) = await parser.parse(b"# Returns\n\n30 days.\n", "returns.md", title="Sent back", url="https://a.example/")
    assert (named.title, named.url) == ("Sent back", "https://a.example/")


async def test_a_refusal_comes_back_as_its_reason(parser: DocumentParser) -> None:
    with pytest.raises(UnreadableFile, match="not valid JSON"):
        await parser.parse(b"{broken", "a.json")
    with pytest.raises(UnreadableFile, match="larger than 10 MB"):
        await parser.parse(b"x" * (10 * 2**20 + 1), "a.txt")


@pytest.mark.parametrize(
    "name", ["-rf", "--help", "../../etc/passwd", "a\0b.md", "x" * 5_000 + ".md", "\udcff.md", "\n;rm *"]
)
async def test_odd_file_names_are_only_names(parser: DocumentParser, name: str) -> None:
    (document,) = await parser.parse(b"# T\n\ntext", name)
    assert document.passages[0].text


HOSTILE: dict[str, tuple[Callable[[], bytes], str]] = {
    "deep divs": (lambda: b"<html><body>" + b"<div>" * 300_000 + b"x", "a.html"),
    "hidden depth": (lambda: b"<html><body>" + b"<div title='</div>'>" * 100_000 + b"x", "a.html"),
    "deep formatting": (lambda: b"<html><body>" + b"<b><i><u>" * 200_000 + b"x", "a.html"),
    "unfinished tags": (lambda: b"<html><body>" + b"<a " * 1_000_000, "a.html"),
    "table in table": (lambda: b"<html><body>" + b"<table><tr><td>" * 60_000, "a.html"),
    "deep quotes": (lambda: b">" * 200_000 + b" x", "a.md"),
    "deep brackets": (lambda: b"[" * 200_000 + b"x" + b"](" * 100_000, "a.md"),
    "billion laughs": (
        lambda: (
            b"a0: &a0 [x,x,x,x,x,x,x,x,x]\n"
            + b"".join(b"a%d: &a%d [%s]\n" % (n, n, b",".join([b"*a%d" % (n - 1)] * 9)) for n in range(1, 12))
        ),
        "a.yaml",
    ),
    "endless alias": (lambda: b"a: &a [*a]", "a.yaml"),
    "deep json": (lambda: b'{"a":' * 500_000, "a.json"),
    "zip bomb": (lambda: zipped(word__document_xml=b"<x>" + b"a" * 300_000_000), "a.docx"),
    "docx with a wide document": (
        lambda: zipped(word__document_xml=b"<x>" + b"<a/>" * 20_000_000, **{"[Content_Types]_xml": b"<Types/>"}),
        "a.docx",
    ),
    "xlsx bomb": (lambda: zipped(xl__workbook_xml=b"<x/>", xl__worksheets__sheet1_xml=b"0" * 90_000_000), "a.xlsx"),
    "gzip bomb": (lambda: gzip.compress(b"\0" * 200_000_000), "a.txt.gz"),
    "pdf that claims many pages": (
        lambda: (
            b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids["
            + b"2 0 R " * 60_000
            + b"]/Count 60000>>endobj\ntrailer<</Root 1 0 R>>"
        ),
        "a.pdf",
    ),
    "csv of quotes": (lambda: b'a,b\n"' + b'""' * 4_000_000, "a.csv"),
    "many numbered lines": (lambda: b"1.1.1 " * 1_000_000, "a.txt"),
}
"""How a file is made, which takes up to a second, and its name."""


LONGEST = frozenset({"hidden depth", "deep brackets"})
"""Files that take all the seconds of a processor that a child has, or half of them, as "unfinished tags" does too."""


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.exhaustive) if name in LONGEST else name for name in HOSTILE]
)
async def test_hostile_files_end_soon_and_leave_nothing_behind(parser: DocumentParser, name: str) -> None:
    data, file_name = _hostile(name)
    started = time.monotonic()
    ticks = 0

    async def tick() -> None:
        nonlocal ticks
        while True:
            await asyncio.sleep(0.01)
            ticks += 1

    ticking = asyncio.create_task(tick())
    try:
        told = await _told(parser, data, file_name)
    finally:
        ticking.cancel()
    assert told
    assert sum(map(len, told)) < 10 * 2**20
    assert ticks + 1 >= (time.monotonic() - started) * 10, "the event loop was held up"
    assert not _forks(parser)


def _hostile(name: str) -> tuple[bytes, str]:
    make, file_name = HOSTILE[name]
    return make(), file_name


async def _told(parser: DocumentParser, data: bytes, name: str) -> list[str]:
    """The texts of a file, or the reason why there are none."""
    try:
        documents = await parser.parse(data, name)
    except UnreadableFile as refused:
        return [str(refused)]
    return [passage.text for document in documents for passage in document.passages]


async def test_a_slow_child_is_killed_at_the_wall_time(parser: DocumentParser) -> None:
    data, file_name = _hostile("deep formatting")
    with pytest.raises(UnreadableFile, match=r"took longer than 0\.05 s"):
        await parser.parse(data, file_name, wall_time_s=0.05)
    assert not _forks(parser)


async def test_a_cancelled_parse_takes_its_child_along(parser: DocumentParser) -> None:
    data, file_name = _hostile("deep formatting")
    task = asyncio.create_task(parser.parse(data, file_name))
    while not _forks(parser):  # noqa: ASYNC110
        await asyncio.sleep(0.005)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not _forks(parser)


async def test_a_child_has_half_a_gigabyte_and_eight_seconds_of_a_processor(parser: DocumentParser) -> None:
    data, file_name = _hostile("deep formatting")
    task = asyncio.create_task(parser.parse(data, file_name))
    limits: set[tuple[int, int]] = set()
    while (512 * 2**20, 8) not in limits:
        assert not task.done()
        await asyncio.sleep(0.005)
        limits = {(each.rlimit(psutil.RLIMIT_AS)[1], each.rlimit(psutil.RLIMIT_CPU)[0]) for each in _forks(parser)}
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


def _forks(parser: DocumentParser) -> set[psutil.Process]:
    return set(psutil.Process(_server(parser).pid).children())


def _server(parser: DocumentParser) -> ForkServer:
    return parser._server


async def test_the_child_knows_no_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    from server.core.child_process import child_environment

    monkeypatch.setenv("OPENAI_API_KEY", "sk-very-secret")
    assert "sk-very-secret" not in str(child_environment())
