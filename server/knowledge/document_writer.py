"""Writes documents and their passages: embeds them together, then saves in one transaction what the plan allows."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Literal, TypeAlias
from uuid import UUID, uuid5

import msgspec
from msgspec import Struct

from server.core.addresses import MAX_URL_CHARS
from server.core.database import Connection, Database
from server.core.errors import AisleError, FieldError, Invalid, QuotaExceeded
from server.knowledge import storage
from server.knowledge.evidence.index import DocumentText, EvidenceIndex
from server.knowledge.evidence.models import UnitRow
from server.knowledge.index import Prepared, SearchIndex, document_passages
from server.knowledge.models import DocumentDraft
from server.knowledge.parsing import SplitDocument
from server.shops.features import LIMIT_RETRY_AFTER_S, Allowance, Allowances, Resource

RESOURCES: tuple[Resource, ...] = ("documents", "storage_mb")
State: TypeAlias = Literal["created", "updated", "unchanged"]


class NewVersion(Struct, frozen=True, kw_only=True):
    """A document to write. `file_hash` and `file_documents` say which file it came from, if any."""

    external_id: str
    document: SplitDocument
    file_hash: bytes | None = None
    file_documents: int | None = None


class WrittenDocument(Struct, frozen=True):
    """Whether a document was created, updated or already the same, and how many passages were written."""

    state: State
    passages: int = 0


Outcome: TypeAlias = WrittenDocument | AisleError


class PreparedDocuments(Struct, frozen=True):
    """Documents with vectors, ready to be written.

    `known` has the external ids of documents that exist already. `settled` has the outcomes that are certain before
    anything is written, of unchanged and of refused documents, by external id.
    """

    changed: tuple[DocumentDraft, ...]
    unchanged: tuple[DocumentDraft, ...]
    known: frozenset[str]
    passages: Prepared
    units: tuple[UnitRow, ...]
    limits: tuple[Allowance, ...]
    settled: dict[str, Outcome]


class DocumentWriter:
    """Writes documents of one shop, a batch at a time: `prepare` outside any transaction, then `write`."""

    def __init__(self, database: Database, index: SearchIndex, evidence: EvidenceIndex, allowances: Allowances) -> None:
        self._database, self._index, self._evidence, self._allowances = database, index, evidence, allowances

    async def prepare(self, shop_id: UUID, versions: Sequence[NewVersion]) -> PreparedDocuments:
        """Embed the documents that have changed and seem to fit the plan. `versions` are of different documents."""
        limits = [limit for each in RESOURCES if (limit := await self._allowances.find_allowance(shop_id, each))]
        settled: dict[str, Outcome] = {}
        async with self._database.connection(shop_id) as connection:
            known = await storage.find_document_hashes(connection, shop_id, [each.external_id for each in versions])
            remaining = await self._count_remaining_documents(connection, shop_id, limits)
        changed: list[NewVersion] = []
        for version in versions:
            try:
                _require_short_url(version.document.url)
                if version.external_id not in known:  # saves embedding what will not fit; `write` decides
                    remaining -= 1
                    if remaining < 0:
                        raise QuotaExceeded(limits[0].reason, retry_after_s=LIMIT_RETRY_AFTER_S)
            except (Invalid, QuotaExceeded) as reason:
                settled[version.external_id] = reason
                continue
            if known.get(version.external_id) == version.document.content_hash:
                settled[version.external_id] = WrittenDocument("unchanged")
            else:
                changed.append(version)
        unchanged = [each for each in versions if settled.get(each.external_id) == WrittenDocument("unchanged")]
        rows = {each.external_id: _draft_of(shop_id, each) for each in (*changed, *unchanged)}
        passages = [
            passage
            for each in changed
            for passage in document_passages(
                rows[each.external_id].id, each.external_id, each.document.title, each.document.url,
                each.document.passages,
            )
        ]  # fmt: skip
        embedded = await self._index.embed(shop_id, passages)
        texts = {
            rows[each.external_id].id: DocumentText(each.document.title, each.document.passages) for each in changed
        }
        return PreparedDocuments(
            changed=tuple(rows[each.external_id] for each in changed),
            unchanged=tuple(rows[each.external_id] for each in unchanged),
            known=frozenset(known),
            passages=embedded,
            units=tuple(await self._evidence.prepare(shop_id, texts, embedded.locale)),
            limits=tuple(limits),
            settled=settled,
        )

    async def write(self, shop_id: UUID, prepared: PreparedDocuments, source: str) -> dict[str, Outcome]:
        """Write the documents and return the outcome of each by its external id, which for a refused one is the error.

        All are written in one transaction. If they do not fit the plan together, each gets a transaction of its own, so
        that as many as possible are written; the stored version of a refused document stays.
        """
        outcomes = dict(prepared.settled)
        try:
            outcomes |= await self._write_together(shop_id, prepared, prepared.changed, source)
        except QuotaExceeded:
            for row in prepared.changed:
                try:
                    outcomes |= await self._write_together(shop_id, prepared, (row,), source)
                except QuotaExceeded as reason:
                    outcomes[row.external_id] = reason
        if prepared.unchanged:
            async with self._database.connection(shop_id) as connection:
                await storage.set_files(connection, shop_id, prepared.unchanged)
                ids = [row.external_id for row in prepared.unchanged]
                await storage.touch_documents(connection, shop_id, ids, datetime.now(UTC))
        return outcomes

    async def _write_together(
        self, shop_id: UUID, prepared: PreparedDocuments, rows: Sequence[DocumentDraft], source: str
    ) -> dict[str, Outcome]:
        """Write all of `rows`, or none of them and raise QuotaExceeded."""
        if not rows:
            return {}
        ids = {row.id for row in rows}
        passages = [passage for passage in prepared.passages.passages if passage.owner_id in ids]
        embedded = msgspec.structs.replace(prepared.passages, passages=tuple(passages))
        counts = dict.fromkeys(ids, 0)
        for passage in passages:
            counts[passage.owner_id] += 1
        async with self._database.connection(shop_id) as connection:
            old_sizes = await storage.count_bytes(connection, shop_id, list(ids))
            created = await storage.upsert_documents(connection, shop_id, rows, source, datetime.now(UTC))
            await self._index.write(connection, shop_id, embedded, ids)
            await self._evidence.write(connection, shop_id, prepared.units, ids, embedded.language)
            has_grown = any(size > old_sizes.get(each, 0) for each, size in self._index.sizes(embedded).items())
            limits = [limit for limit in prepared.limits if created or (has_grown and limit.resource == "storage_mb")]
            await self._require_capacity(connection, shop_id, limits)
        return {
            row.external_id: WrittenDocument(
                "updated" if row.external_id in prepared.known else "created", counts[row.id]
            )
            for row in rows
        }

    async def _count_remaining_documents(
        self, connection: Connection, shop_id: UUID, limits: Sequence[Allowance]
    ) -> float:
        """How many new documents the plan still allows; infinity without a limit."""
        if limits and limits[0].resource == "documents":
            return await self._allowances.count_remaining(connection, shop_id, limits[0], locks=False)
        return float("inf")

    async def _require_capacity(self, connection: Connection, shop_id: UUID, limits: Sequence[Allowance]) -> None:
        """Raise QuotaExceeded if what this transaction has written exceeds one of the limits."""
        for limit in limits:
            if await self._allowances.count_remaining(connection, shop_id, limit, locks=True) < 0:
                raise QuotaExceeded(limit.reason, retry_after_s=LIMIT_RETRY_AFTER_S)


def _draft_of(shop_id: UUID, version: NewVersion) -> DocumentDraft:
    return DocumentDraft(
        id=uuid5(shop_id, f"document:{version.external_id}"),
        external_id=version.external_id,
        title=version.document.title,
        url=version.document.url,
        content_hash=version.document.content_hash,
        file_hash=version.file_hash,
        file_documents=version.file_documents,
    )


def _require_short_url(url: str | None) -> None:
    """Raise Invalid for a long address: each passage stores a copy, which does not count towards the plan's storage."""
    if url and len(url) > MAX_URL_CHARS:
        raise Invalid(
            f"its address (url) has {len(url):,} characters; at most {MAX_URL_CHARS:,} are kept",
            errors=(FieldError("url", f"at most {MAX_URL_CHARS:,} characters"),),
        )
