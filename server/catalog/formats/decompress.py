"""Product files as byte streams: progress counted, compression undone within bounds, text decoded."""

import gzip
import io
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from .row_result import Progress, UnreadableFile
from .text_encoding import guess_encoding

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

HEAD_BYTES = 262_144
"""The bytes of a file that are read to detect its format."""
MAX_UNPACKED_BYTES = 8 * 2**30
MAX_UNPACK_RATIO = 200
RATIO_GRACE_BYTES = 8 * 2**20
"""A small file may expand by any ratio up to this size."""
MAX_LINE_CHARS = 8 * 2**20
MAX_EMPTY_LINES = 100_000

_NOT_PRODUCTS = {
    b"PK\x03\x04": "this is an Excel workbook or a zip archive; save or unpack it as CSV and import that",
    b"\xd0\xcf\x11\xe0": "this is an old Excel workbook; save it as CSV (UTF-8) and import that",
    b"%PDF": "this is a PDF, not a list of products; export the products as CSV or JSONL",
    b"\x89PNG": "this is a picture, not a list of products",
    b"\xff\xd8\xff": "this is a picture, not a list of products",
    b"PAR1": "this is a Parquet file; export it as CSV or JSONL",
    b"7z\xbc\xaf": "this is a 7z archive; unpack it first",
    b"BZh": "this is packed with bzip2; unpack it, or pack it with gzip",
    b"\xfd7zXZ": "this is packed with xz; unpack it, or pack it with gzip",
    b"\x28\xb5\x2f\xfd": "this is packed with zstd; unpack it, or pack it with gzip",
}


class _CountedFile(io.RawIOBase):
    """The bytes of a file on disk; reading them advances `progress`."""

    def __init__(self, path: Path, progress: Progress) -> None:
        self._file = path.open("rb")
        self._progress = progress
        progress.total_bytes = path.stat().st_size

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        count = self._file.readinto(buffer)
        self._progress.done_bytes += count
        return count

    def close(self) -> None:
        self._file.close()
        super().close()


class _Decompressed(io.RawIOBase):
    """A gzip stream that stops when it expands to more than a real catalog does."""

    def __init__(self, packed: BinaryIO, progress: Progress) -> None:
        self._gzip = gzip.GzipFile(fileobj=packed)
        self._packed = packed
        self._progress = progress
        self._unpacked_bytes = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        try:
            data = self._gzip.read1(len(buffer))
        except (OSError, EOFError, zlib.error) as error:
            at = self._unpacked_bytes
            raise UnreadableFile(f"the gzip file is damaged or cut off after {at:,} unpacked bytes") from error
        buffer[: len(data)] = data
        self._count(len(data))
        return len(data)

    def _count(self, more: int) -> None:
        self._unpacked_bytes += more
        limit = max(RATIO_GRACE_BYTES, self._progress.done_bytes * MAX_UNPACK_RATIO)
        if self._unpacked_bytes > min(limit, MAX_UNPACKED_BYTES):
            raise UnreadableFile(
                "the gzip file is far larger than a catalog once unpacked; unpack it and import it in parts"
            )

    def close(self) -> None:
        self._packed.close()
        super().close()


class LimitReached(Exception):
    """As much of a stream was read as was allowed, and there may be more."""


class _Cut(io.RawIOBase):
    """The beginning of a stream. Reading on raises LimitReached. It does not close the stream."""

    def __init__(self, stream: io.BufferedReader, max_bytes: int) -> None:
        self._stream = stream
        self._left = max_bytes

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "WriteableBuffer", /) -> int:
        if self._left <= 0:
            raise LimitReached
        view = memoryview(buffer)
        data = self._stream.read1(min(len(view), self._left))
        view[: len(data)] = data
        self._left -= len(data)
        return len(data)


def cut_bytes(stream: io.BufferedReader, max_bytes: int) -> io.BufferedReader:
    """The stream, of which at most `max_bytes` are read: then LimitReached is raised in the place of its end."""
    return io.BufferedReader(_Cut(stream, max_bytes), HEAD_BYTES)


def open_bytes(path: Path, progress: Progress) -> io.BufferedReader:
    """Open a file as bytes, decompressed when it is gzip. Raises UnreadableFile. Closing the stream closes the file."""
    try:
        stream = io.BufferedReader(cast(Any, _CountedFile(path, progress)), HEAD_BYTES)
    except OSError as error:
        raise UnreadableFile(f"the file {path.name} cannot be opened: {error.strerror}") from error
    if stream.peek(2)[:2] != b"\x1f\x8b":
        return stream
    unpacked = io.BufferedReader(cast(Any, _Decompressed(stream, progress)), HEAD_BYTES)
    if unpacked.peek(2)[:2] == b"\x1f\x8b":
        raise UnreadableFile("the file is compressed with gzip twice; decompress it once")
    return unpacked


def read_head(path: Path) -> bytes:
    """Return the first HEAD_BYTES, decompressed. Raises UnreadableFile for what cannot be a product file."""
    with open_bytes(path, Progress()) as stream:
        head = stream.read(HEAD_BYTES)
    _require_text(head)
    return head


def _require_text(head: bytes) -> None:
    if not head.strip(b" \t\r\n\0\xef\xbb\xbf"):
        raise UnreadableFile("the file is empty")
    for magic, reason in _NOT_PRODUCTS.items():
        if head.startswith(magic):
            raise UnreadableFile(reason)
    if guess_encoding(head).startswith("utf-16"):
        return
    odd = sum(head.count(byte) for byte in range(32) if byte not in b"\t\n\r\f")
    if odd > max(len(head) // 50, 8):
        raise UnreadableFile("the file is binary, not text; export the products as CSV, JSONL, JSON or XML")


def text_lines(stream: io.BufferedReader, head: bytes) -> Iterator[str]:
    """Lines with their ends, NUL removed, each at most MAX_LINE_CHARS long (longer ones come in pieces).

    A file that is UTF-8 but for some lines (pasted together, edited by old programs) keeps those lines.
    """
    encoding = guess_encoding(head)
    is_utf8 = encoding.startswith("utf-8") and not _has_old_mac_lines(head)
    empty = 0
    for line in _utf8_lines(stream) if is_utf8 else _lines(stream, encoding, head):
        empty = 0 if len(line) > 2 else empty + 1
        if empty > MAX_EMPTY_LINES:
            raise UnreadableFile(f"the file has more than {MAX_EMPTY_LINES:,} empty lines in a row; it is damaged")
        yield line


def _lines(stream: io.BufferedReader, encoding: str, head: bytes) -> Iterator[str]:
    newline = None if _has_old_mac_lines(head) else ""
    text = io.TextIOWrapper(stream, encoding, errors="replace", newline=newline)
    while line := text.readline(MAX_LINE_CHARS):
        yield line.replace("\0", "").replace("\ufeff", "")


def _utf8_lines(stream: io.BufferedReader) -> Iterator[str]:
    is_first = True
    while line := stream.readline(MAX_LINE_CHARS):
        if is_first:
            line = line.removeprefix(b"\xef\xbb\xbf")
            is_first = False
        try:
            yield line.decode().replace("\0", "")
        except UnicodeDecodeError:
            yield line.decode("cp1252", errors="replace").replace("\0", "")


def _has_old_mac_lines(head: bytes) -> bool:
    return b"\r" in head and b"\n" not in head
