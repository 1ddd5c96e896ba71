"""Hostile uploads in the child: it ends in time, in memory, with a reason, and the parent goes on."""

import asyncio
import gzip
import io
import os
import time
import zipfile
from pathlib import Path

import psutil
import pytest

from server.knowledge.parsing import UnreadableFile, parse_in_child


def zipped(**files: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name.replace("__", "/").replace("_xml", ".xml"), data)
    return out.getvalue()


async def test_a_document_comes_back_whole(tmp_path: Path) -> None:
    path = tmp_path / "returns.md"
    path.write_text("# Returns\n\n## Window\n\n30 days.\n")
    for source in (path, path.read_bytes()):
        (document,) = await parse_in_child(source, path.name)
        assert (document.title, document.sections[0].text) == ("Returns", "30 days.")


async def test_a_refusal_comes_back_as_its_reason() -> None:
    with pytest.raises(UnreadableFile, match="no valid JSON"):
        await parse_in_child(b"{broken", "a.json")
    with pytest.raises(UnreadableFile, match="cannot be opened"):
        await parse_in_child(Path("nowhere") / "none.md", "none.md")
    with pytest.raises(UnreadableFile, match="larger than 10 MB"):
        await parse_in_child(b"x" * (10 * 2**20 + 1), "a.txt")


@pytest.mark.parametrize(
    "name", ["-rf", "--help", "../../etc/passwd", "a\0b.md", "x" * 5_000 + ".md", "\udcff.md", "\n;rm *"]
)
async def test_odd_file_names_are_only_names(name: str) -> None:
    (document,) = await parse_in_child(b"# T\n\ntext", name)
    assert document.sections[0].text


HOSTILE = {
    "deep divs": (b"<html><body>" + b"<div>" * 300_000 + b"x", "a.html"),
    "hidden depth": (b"<html><body>" + b"<div title='</div>'>" * 100_000 + b"x", "a.html"),
    "deep formatting": (b"<html><body>" + b"<b><i><u>" * 200_000 + b"x", "a.html"),
    "unfinished tags": (b"<html><body>" + b"<a " * 1_000_000, "a.html"),
    "table in table": (b"<html><body>" + b"<table><tr><td>" * 60_000, "a.html"),
    "deep quotes": (b">" * 200_000 + b" x", "a.md"),
    "deep brackets": (b"[" * 200_000 + b"x" + b"](" * 100_000, "a.md"),
    "billion laughs": (
        b"a0: &a0 [x,x,x,x,x,x,x,x,x]\n"
        + b"".join(b"a%d: &a%d [%s]\n" % (n, n, b",".join([b"*a%d" % (n - 1)] * 9)) for n in range(1, 12)),
        "a.yaml",
    ),
    "endless alias": (b"a: &a [*a]", "a.yaml"),
    "deep json": (b'{"a":' * 500_000, "a.json"),
    "zip bomb": (zipped(word__document_xml=b"<x>" + b"a" * 300_000_000), "a.docx"),
    "docx with a wide document": (
        zipped(word__document_xml=b"<x>" + b"<a/>" * 20_000_000, **{"[Content_Types]_xml": b"<Types/>"}),
        "a.docx",
    ),
    "xlsx bomb": (zipped(xl__workbook_xml=b"<x/>", xl__worksheets__sheet1_xml=b"0" * 90_000_000), "a.xlsx"),
    "gzip bomb": (gzip.compress(b"\0" * 200_000_000), "a.txt.gz"),
    "pdf that claims many pages": (
        b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids["
        + b"2 0 R " * 60_000
        + b"]/Count 60000>>endobj\ntrailer<</Root 1 0 R>>",
        "a.pdf",
    ),
    "csv of quotes": (b'a,b\n"' + b'""' * 4_000_000, "a.csv"),
    "many numbered lines": (b"1.1.1 " * 1_000_000, "a.txt"),
}


@pytest.mark.parametrize("name", HOSTILE)
async def test_hostile_files_end_soon_and_leave_nothing_behind(name: str) -> None:
    data, file_name = HOSTILE[name]
    started = time.monotonic()
    ticks = 0

    async def tick() -> None:
        nonlocal ticks
        while True:
            await asyncio.sleep(0.01)
            ticks += 1

    ticking = asyncio.create_task(tick())
    try:
        told = await _told(data, file_name)
    finally:
        ticking.cancel()
    assert told
    assert sum(map(len, told)) < 10 * 2**20
    assert time.monotonic() - started < 17
    assert ticks >= (time.monotonic() - started) * 10, "the event loop was held up"
    assert not [child for child in psutil.Process().children() if "parsing.child" in " ".join(child.cmdline())]


async def _told(data: bytes, name: str) -> list[str]:
    """The texts of a file, or the reason why there are none."""
    try:
        documents = await parse_in_child(data, name)
    except UnreadableFile as refused:
        return [str(refused)]
    return [section.text for document in documents for section in document.sections]


async def test_a_slow_child_is_killed_at_the_wall_time() -> None:
    data, file_name = HOSTILE["deep formatting"]
    started = time.monotonic()
    with pytest.raises(UnreadableFile, match=r"took longer than 0\.05 s"):
        await parse_in_child(data, file_name, wall_time_s=0.05)
    assert time.monotonic() - started < 3


async def test_a_cancelled_parse_takes_its_child_along() -> None:
    task = asyncio.create_task(parse_in_child(b"# x\n\ny" * 100_000, "a.md"))
    before = _children()  # other suites' servers may be running
    while not (born := _children() - before):  # noqa: ASYNC110
        await asyncio.sleep(0.005)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not born & _children()


def _children() -> set[psutil.Process]:
    return {child for child in psutil.Process(os.getpid()).children() if child.status() != psutil.STATUS_ZOMBIE}


async def test_the_child_knows_no_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    from server.core.child_process import child_environment

    monkeypatch.setenv("OPENAI_API_KEY", "sk-very-secret")
    assert "sk-very-secret" not in str(child_environment())
