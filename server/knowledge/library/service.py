"""The merchant's documents: listed, read as text, written by hand, deleted."""

from collections.abc import Sequence
from uuid import UUID

from server.core.addresses import MAX_URL_CHARS, is_web_address
from server.core.database import Database
from server.core.errors import FieldError, Invalid, NotFound
from server.core.ids import new_id
from server.knowledge.library import storage
from server.knowledge.library.models import DocumentQuery, DocumentText, LibraryItem, LibrarySource
from server.knowledge.library.text import join_passages, sections_of
from server.knowledge.parsing import ParsedDocument
from server.knowledge.service import Knowledge
from server.shops.models import Caller, Role

MAX_TITLE = 500
MAX_TEXT = 500_000
"""Characters of a text that is edited as a whole."""
BY_HAND = "api"
"""The `source` of a text that was written in the console, as of one sent by API."""
MAX_AUDITED = 100


class Library:
    """All that a merchant does with documents one by one."""

    def __init__(self, database: Database, knowledge: Knowledge) -> None:
        self._database, self._knowledge = database, knowledge

    async def search(self, shop_id: UUID, query: DocumentQuery) -> list[LibraryItem]:
        """A page of the list, by external id."""
        async with self._database.connection(shop_id) as connection:
            return await storage.search_documents(connection, shop_id, query)

    async def list_sources(self, shop_id: UUID) -> list[LibrarySource]:
        """Where the shop's documents came from, those of most documents first."""
        async with self._database.connection(shop_id) as connection:
            return await storage.list_document_sources(connection, shop_id)

    async def get(self, shop_id: UUID, external_id: str) -> DocumentText:
        """A document with what was understood of it. Raises NotFound."""
        if "\x00" in external_id:
            raise NotFound
        async with self._database.connection(shop_id) as connection:
            item = await storage.find_document(connection, shop_id, external_id)
            if item is None:
                raise NotFound
            passages = await storage.list_passage_texts(connection, shop_id, external_id)
        return DocumentText(item=item, sections=join_passages(passages))

    async def create(self, caller: Caller, title: str, text: str, url: str) -> str:
        """Write a new text; its external id. Raises Invalid naming each wrong field, QuotaExceeded, RoleRefused."""
        external_id = f"text-{new_id()}"
        await self._write(caller, external_id, title, text, url, BY_HAND, "documents.create")
        return external_id

    async def edit(self, caller: Caller, external_id: str, title: str, text: str, url: str) -> None:
        """Write a document anew from an edited text; it keeps its source. Raises NotFound, and as `create` does."""
        known = await self.get(caller.shop_id, external_id)
        await self._write(caller, external_id, title, text, url, known.item.source, "documents.edit", known)

    async def delete_many(self, caller: Caller, external_ids: Sequence[str]) -> int:
        """Take documents out; how many were there. Raises RoleRefused below admin."""
        caller.require(Role.ADMIN)
        async with self._database.connection(caller.shop_id) as connection:
            count = await storage.delete_documents(connection, caller.shop_id, external_ids)
            details: dict[str, object] = {"count": count, "ids": list(external_ids[:MAX_AUDITED])}
            await storage.add_audit_entry(connection, caller.shop_id, caller.actor, "documents.delete", details)
        return count

    async def _write(
        self,
        caller: Caller,
        external_id: str,
        title: str,
        text: str,
        url: str,
        source: str,
        action: str,
        known: DocumentText | None = None,
    ) -> None:
        caller.require(Role.ADMIN)
        title, text, url = (each.replace("\x00", "").replace("\r\n", "\n").strip() for each in (title, text, url))
        sections = sections_of(text, known.sections if known else ())
        _require_fields(title, text, url, has_text=bool(sections))
        document = ParsedDocument(title=title, sections=sections, url=url or None)
        await self._knowledge.save_document(caller.shop_id, external_id, document, source)
        async with self._database.connection(caller.shop_id) as connection:
            await storage.add_audit_entry(connection, caller.shop_id, caller.actor, action, {"id": external_id})


def _require_fields(title: str, text: str, url: str, *, has_text: bool) -> None:
    errors = []
    if not 1 <= len(title) <= MAX_TITLE:
        errors.append(FieldError("title", f"1 to {MAX_TITLE} characters"))
    if not has_text:
        errors.append(FieldError("text", "has nothing to answer from: write more than headings"))
    if len(text) > MAX_TEXT:
        errors.append(FieldError("text", f"at most {MAX_TEXT:,} characters"))
    if url and not (is_web_address(url) and len(url) <= MAX_URL_CHARS):
        errors.append(FieldError("url", "must be a web address such as https://shop.example/returns"))
    if errors:
        raise Invalid("Nothing was saved.", errors=tuple(errors))
