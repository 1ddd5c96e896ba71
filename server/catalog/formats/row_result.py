"""What reading a product file yields, row by row, and what stops it."""

from typing import Any

from msgspec import Struct

from integrations.platform import Product


class UnreadableFile(Exception):
    """The file as a whole cannot be read. The message is one sentence for the person who sent it."""


class Record(Struct, frozen=True):
    """One raw row: `row` as people count it (spreadsheet row with the header as 1, line, or item from 1)."""

    row: int
    fields: dict[str, Any]


class ParsedProduct(Struct, frozen=True):
    """A product and the first row it stands in."""

    row: int
    product: Product


class BadRow(Struct, frozen=True):
    """A row that did not go in (row 0: the file), with what is wrong and how to mend it."""

    row: int
    reason: str


class SkippedRow(BadRow, frozen=True):
    """A row left out on purpose, such as a draft. `external_id` may be in the shop from an earlier import."""

    external_id: str | None = None


class ReplacedRow(BadRow, frozen=True):
    """A row that went in as a `ParsedProduct` before a later row with the same id took its place."""


Row = ParsedProduct | BadRow
"""`BadRow` comes plain, as `SkippedRow` or as `ReplacedRow` (which counts no further row of the file)."""


class Progress:
    """How far a reader is, in bytes of the file as it lies on disk; read it from anywhere at any time."""

    def __init__(self) -> None:
        self.done_bytes = 0
        self.total_bytes = 0
