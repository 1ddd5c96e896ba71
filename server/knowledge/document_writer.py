"""Documents and their passages written: embedded together, then in one transaction, as far as the plan has room."""

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
from server.knowledge.index import Prepared, SearchIndex, document_passages
from server.knowledge.models import DocumentDraft
from server.knowledge.parsing import SplitDocument
from server.shops.features import ASK_AGAIN_S, Allowance, Allowances, Resource

RESOURCES: tuple[Resource, ...] = ("documents", "storage_mb")
State: TypeAlias = Literal["created", "updated", "unchanged"]


class NewVersion(Struct, frozen=True, kw_only=True):
    """A document to write. `file_hash` and `file_documents` say which file it came from, if any."""

    external_id: str
    document: SplitDocument
    file_hash: bytes | None = None
    file_documents: int | None = None


class WrittenDocument(Struct, frozen=True):
    """What became of a document, and how many passages were written."""

    state: State
    passages: int = 0


Outcome: TypeAlias = WrittenDocument | AisleError


class PreparedDocuments(Struct, frozen=True):
    """Documents with vectors, ready to be written; `settled` are outcomes that are known by now, by external id."""

    changed: tuple[DocumentDraft, ...]
    unchanged: tuple[DocumentDraft, ...]
    known: frozenset[str]
    passages: Prepared
    limits: tuple[Allowance, ...]
    settled: dict[str, Outcome]


class DocumentWriter:
    """Writes documents of one shop, a batch at a time: `prepare` outside any transaction, then `write`."""

    def __init__(self, database: Database, index: SearchIndex, allowances: Allowances) -> None:
        self._database, self._index, self._allowances = database, index, allowances

    async def prepare(self, shop_id: UUID, versions: Sequence[NewVersion]) -> PreparedDocuments:
        """Embed what has changed and seems to fit. Each version is of another document."""
        limits = [limit for each in RESOURCES if (limit := await self._allowances.find_allowance(shop_id, each))]
        settled: dict[str, Outcome] = {}
        async with self._database.connection(shop_id) as connection:
            known = await storage.find_document_hashes(connection, shop_id, [each.external_id for each in versions])
            fits = await self._fitting(connection, shop_id, limits)
        changed: list[NewVersion] = []
        for version in versions:
            try:
                _require_short(version.document.url)
                if version.external_id not in known:  # so that little is embedded in vain; what counts is asked later
                    fits -= 1
                    if fits < 0:
                        raise QuotaExceeded(limits[0].reason, retry_after_s=ASK_AGAIN_S)
            except (Invalid, QuotaExceeded) as reason:
                settled[version.external_id] = reason
                continue
            if known.get(version.external_id) == version.document.content_hash:
                settled[version.external_id] = WrittenDocument("unchanged")
            else:
                changed.append(version)
        unchanged = [each for each in versions if settled.get(each.external_id) == WrittenDocument("unchanged")]
        rows = {each.external_id: _row(shop_id, each) for each in (*changed, *unchanged)}
        passages = [
            passage
            for each in changed
            for passage in document_passages(
                rows[each.external_id].id, each.external_id, each.document.title, each.document.url,
                each.document.passages,
            )
        ]  # fmt: skip
        return PreparedDocuments(
            changed=tuple(rows[each.external_id] for each in changed),
            unchanged=tuple(rows[each.external_id] for each in unchanged),
            known=frozenset(known),
            passages=await self._index.embed(shop_id, passages),
            limits=tuple(limits),
            settled=settled,
        )

    async def write(self, shop_id: UUID, prepared: PreparedDocuments, source: str) -> dict[str, Outcome]:
        """By external id what became of each document. They are written in one transaction; where they do not all fit
        the plan, in one each, so that only those are left out that do not fit. An old version then stays."""
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
        return outcomes

    async def _write_together(
        self, shop_id: UUID, prepared: PreparedDocuments, rows: Sequence[DocumentDraft], source: str
    ) -> dict[str, Outcome]:
        """Raises QuotaExceeded, and has written nothing then."""
        if not rows:
            return {}
        ids = {row.id for row in rows}
        passages = [passage for passage in prepared.passages.passages if passage.owner_id in ids]
        mine = msgspec.structs.replace(prepared.passages, passages=tuple(passages))
        counts = dict.fromkeys(ids, 0)
        for passage in passages:
            counts[passage.owner_id] += 1
        async with self._database.connection(shop_id) as connection:
            had = await storage.count_bytes(connection, shop_id, list(ids))
            new = await storage.upsert_documents(connection, shop_id, rows, source, datetime.now(UTC))
            await self._index.write(connection, shop_id, mine, ids)
            has_grown = any(size > had.get(each, 0) for each, size in self._index.sizes(mine).items())
            limits = [limit for limit in prepared.limits if new or (has_grown and limit.resource == "storage_mb")]
            await self._require_capacity(connection, shop_id, limits)
        return {
            row.external_id: WrittenDocument(
                "updated" if row.external_id in prepared.known else "created", counts[row.id]
            )
            for row in rows
        }

    async def _fitting(self, connection: Connection, shop_id: UUID, limits: Sequence[Allowance]) -> float:
        """How many new documents the plan has room for."""
        if limits and limits[0].resource == "documents":
            return await self._allowances.count_remaining(connection, shop_id, limits[0], locks=False)
        return float("inf")

    async def _require_capacity(self, connection: Connection, shop_id: UUID, limits: Sequence[Allowance]) -> None:
        """Raises QuotaExceeded when what was just written does not fit."""
        for limit in limits:
            if await self._allowances.count_remaining(connection, shop_id, limit, locks=True) < 0:
                raise QuotaExceeded(limit.reason, retry_after_s=ASK_AGAIN_S)


def _row(shop_id: UUID, version: NewVersion) -> DocumentDraft:
    return DocumentDraft(
        id=uuid5(shop_id, f"document:{version.external_id}"),
        external_id=version.external_id,
        title=version.document.title,
        url=version.document.url,
        content_hash=version.document.content_hash,
        file_hash=version.file_hash,
        file_documents=version.file_documents,
    )


def _require_short(url: str | None) -> None:
    """Every passage has a copy of it, which counts as no storage. Raises Invalid."""
    if url and len(url) > MAX_URL_CHARS:
        raise Invalid(
            f"its address (url) has {len(url):,} characters; at most {MAX_URL_CHARS:,} are kept",
            errors=(FieldError("url", f"at most {MAX_URL_CHARS:,} characters"),),
        )
