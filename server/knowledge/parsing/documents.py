"""The data types between a file and its passages."""

from msgspec import Struct

from server.catalog.formats.row_result import UnreadableFile
from server.knowledge.passages import PassageDraft

__all__ = (
    "MAX_FILE_BYTES",
    "MAX_TEXT_CHARS",
    "PARSER_VERSION",
    "FileAbout",
    "Parsed",
    "ParsedDocument",
    "Refused",
    "Section",
    "SplitDocument",
    "UnreadableFile",
)

PARSER_VERSION = 2
"""To be raised when the same bytes are parsed or split differently: unchanged files are then read again."""
MAX_FILE_BYTES = 10 * 2**20
MAX_TEXT_CHARS = 4_000_000
"""The most text of all documents in one file: about eight thick books."""
MAX_DOCUMENTS = 20_000
MAX_SECTIONS = 50_000


class Section(Struct, frozen=True):
    """Text under one heading. `heading_path` is below the document's title, outermost first; `anchor` is what to
    put behind the document's address to get there, with its "#"."""

    heading_path: tuple[str, ...]
    text: str
    anchor: str | None = None


class ParsedDocument(Struct, frozen=True, kw_only=True):
    """One document of a file. `key` tells documents of one file apart: their own id, or None when there is one. `url`
    is as the file has it, whatever its length."""

    title: str
    sections: tuple[Section, ...]
    url: str | None = None
    key: str | None = None


class SplitDocument(Struct, frozen=True, kw_only=True):
    """A document cut into passages. `content_hash` is 16 bytes of its title, address and sections."""

    title: str
    url: str | None
    key: str | None
    content_hash: bytes
    passages: tuple[PassageDraft, ...]


class FileAbout(Struct, frozen=True):
    """The parameters of a parse request, besides the file's bytes."""

    name: str
    title: str | None
    url: str | None


class Parsed(Struct, frozen=True, tag=True):
    """The documents that a child process found in a file."""

    documents: tuple[SplitDocument, ...]


class Refused(Struct, frozen=True, tag=True):
    """Why a child process could not read a file."""

    reason: str
