"""Groups the rows of one product, in any order and in bounded memory."""

import tempfile
from collections.abc import Callable, Iterator
from typing import IO

import msgspec

from .row_result import BadRow, Progress, Record

MEMORY_BYTES = 64 * 2**20
"""The bytes in memory before rows go to temporary files, which are then read one bucket at a time."""
_BUCKETS = 64

Group = list[Record]
_encoder = msgspec.msgpack.Encoder(enc_hook=str)
_decoder = msgspec.msgpack.Decoder(tuple[str, Record])


class _Groups:
    """Groups in memory, in order of first appearance."""

    def __init__(self) -> None:
        self.by_key: dict[str, Group] = {}

    def add(self, key: str, record: Record) -> None:
        self.by_key.setdefault(key, []).append(record)


class _Spill:
    """Rows in temporary files by hash of their key, so that each file holds whole groups."""

    def __init__(self) -> None:
        self._files: list[IO[bytes]] = [tempfile.TemporaryFile() for _ in range(_BUCKETS)]  # noqa: SIM115

    def add(self, key: str, record: Record) -> None:
        packed = _encoder.encode((key, record))
        file = self._files[hash(key) % _BUCKETS]
        file.write(len(packed).to_bytes(4, "big"))
        file.write(packed)

    def buckets(self) -> Iterator[_Groups]:
        for file in self._files:
            groups = _Groups()
            file.seek(0)
            while size := file.read(4):
                groups.add(*_decoder.decode(file.read(int.from_bytes(size, "big"))))
            file.close()
            yield groups

    def close(self) -> None:
        for file in self._files:
            file.close()


def group_records(
    records: Iterator[Record | BadRow], key_of: Callable[[Record], str], progress: Progress
) -> Iterator[Group | BadRow]:
    """Yield the groups of equal key, each in row order; bad rows are passed on as they are met.

    Reading the file is half of the progress, working through the groups the other half.
    """
    progress.total_bytes *= 2
    groups = _Groups()
    spill: _Spill | None = None
    held_bytes = 0
    try:
        for record in records:
            if isinstance(record, BadRow):
                yield record
                continue
            target = spill or groups
            target.add(key_of(record), record)
            held_bytes += _size(record) if spill is None else 0
            if spill is None and held_bytes > MEMORY_BYTES:
                spill = _spilled(groups)
                groups = _Groups()
        yield from _drain_buckets(spill.buckets() if spill else iter((groups,)), _BUCKETS if spill else 1, progress)
    finally:
        if spill:
            spill.close()


def _spilled(groups: _Groups) -> _Spill:
    spill = _Spill()
    for key, group in groups.by_key.items():
        for record in group:
            spill.add(key, record)
    return spill


def _size(record: Record) -> int:
    return 200 + sum(len(name) + len(str(value)) for name, value in record.fields.items() if value)


def _drain_buckets(buckets: Iterator[_Groups], count: int, progress: Progress) -> Iterator[Group]:
    start = progress.done_bytes
    left = progress.total_bytes - start
    for number, bucket in enumerate(buckets):
        size = len(bucket.by_key)
        for position, group in enumerate(bucket.by_key.values(), 1):
            progress.done_bytes = start + int(left * (number + position / size) / count)
            yield group
    progress.done_bytes = progress.total_bytes
