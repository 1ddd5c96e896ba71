"""The results of reading a product file, row by row, and the error that stops it."""

from typing import Any

from msgspec import Struct

from integrations.platform import Product


class UnreadableFile(Exception):
    """The file as a whole cannot be read. The message is one sentence for the person who sent it."""


class Record(Struct, frozen=True):
    """A raw row. `row` is the spreadsheet row with the header as 1, the line, or the item counted from 1."""

    row: int
    fields: dict[str, Any]


class ParsedProduct(Struct, frozen=True):
    """A product and the first of its rows."""

    row: int
    product: Product


class BadRow(Struct, frozen=True):
    """A row that was not imported (row 0 is the file), with what is wrong and how to mend it."""

    row: int
    reason: str


class SkippedRow(BadRow, frozen=True):
    """A row skipped on purpose, such as a draft. The shop may have `external_id` from an earlier import."""

    external_id: str | None = None


class ReplacedRow(BadRow, frozen=True):
    """A row that was read as a `ParsedProduct` and then replaced by a later row with the same id."""


Row = ParsedProduct | BadRow
"""`BadRow` comes plain, as `SkippedRow` or as `ReplacedRow` (which counts no further row of the file)."""


class Progress:
    """The position of a reader in bytes of the file on disk, which may be read from any thread."""

    def __init__(self) -> None:
        self.done_bytes = 0
        self.total_bytes = 0


class ReadLimit(Struct, kw_only=True):
    """How much of a file is read at most. `is_reached` says afterwards that there is more."""

    rows: int
    unpacked_bytes: int
    is_reached: bool = False
