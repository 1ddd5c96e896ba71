"""Documents in the merchant's list, and one document as text."""

from datetime import datetime

from msgspec import Struct

from server.knowledge.parsing.documents import Section


class DocumentQuery(Struct, frozen=True, kw_only=True):
    """Which documents to list: `text` is part of the title, the id or the address; `source` is the exact one.

    The list is ordered by external id: a page holds those after `after`, or the last ones before `before`.
    """

    text: str = ""
    source: str = ""
    after: str = ""
    before: str | None = None
    limit: int = 50


class LibraryItem(Struct, frozen=True, kw_only=True):
    """A document in the list. `is_read` says that the pieces which answers quote are those of the present text."""

    id: str
    title: str
    url: str | None
    source: str
    fetched_at: datetime
    created_at: datetime
    passages: int
    units: int
    is_read: bool


class LibrarySource(Struct, frozen=True):
    """A way by which documents came, and how many."""

    source: str
    documents: int


class DocumentText(Struct, frozen=True, kw_only=True):
    """What was understood of a document."""

    item: LibraryItem
    sections: tuple[Section, ...]
