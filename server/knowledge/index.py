"""Search's side of a change: passages with their vectors, written in the same transaction as their owner.

Embedding happens before the transaction is opened. A passage whose text is known is not embedded again, and while no
embedder answers passages go in without a vector: words find them at once, a later job adds the vectors.
"""

import asyncio
import hashlib
from collections import Counter
from collections.abc import AsyncIterator, Coroutine, Mapping, Sequence, Set
from contextlib import asynccontextmanager
from uuid import UUID

import asyncpg
import msgspec
from msgspec import Struct

from server.catalog.models import ProductDraft
from server.core.database import Connection, Database, owner_connection
from server.core.logging import get_logger
from server.knowledge import storage
from server.knowledge.models import Passage
from server.knowledge.passages import PassageDraft, passage_identifiers, product_passages
from server.knowledge.search import ensure_shop_index, language_config, refresh_planner, refresh_statistics
from server.knowledge.vectors import EmbeddedText, embedded_text, multilingual_vectors
from server.models.embedders import Embedders, language_of
from server.models.multilingual import MultilingualEmbedder
from server.models.protocol import Embedder, ModelUnavailable, Vector

INDEX_LOCK = 0x6169736C66
INDEX_RETRY_S = 0.5

log = get_logger("index")


class Prepared(Struct, frozen=True):
    """Passages ready to be written, the shop's locale, and how its words are stemmed."""

    passages: tuple[Passage, ...]
    language: str
    locale: str


class SearchIndex:
    """Implements `catalog.ProductIndex`, and does the same for documents."""

    def __init__(
        self,
        database: Database,
        embedder: Embedder,
        owner_url: str,
        multilingual: MultilingualEmbedder | None = None,
    ) -> None:
        self._database, self._owner_url = database, owner_url
        self._embedders = Embedders(embedder, multilingual)

    async def prepare(self, shop_id: UUID, rows: Sequence[ProductDraft]) -> Prepared:
        """See `catalog.ProductIndex`."""
        passages = [passage for row in rows for passage in _product_passages(row)]
        return await self.embed(shop_id, passages)

    async def embed(self, shop_id: UUID, passages: Sequence[Passage]) -> Prepared:
        """Give passages their vectors: known ones from the database, the rest from the embedders."""
        async with self._database.connection(shop_id) as connection:
            locale = await storage.get_locale(connection, shop_id)
        language = language_of(locale)
        main, multilingual = self._embedders.of_passages(language)
        texts = {each.content_hash: _embedded_text(each) for each in passages}
        vectors: dict[bytes, Vector] = {}
        others: dict[bytes, Vector] = {}
        if main:
            vectors = await self._known(shop_id, passages, main.name, multilingual=False)
            missing = _missing(texts, vectors)
            vectors |= await _computed(missing, main.embed_passages([text.text for text in missing.values()]))
        if multilingual:
            others = await self._known(shop_id, passages, multilingual.name, multilingual=True)
            missing = _missing(texts, others)
            others |= await _computed(missing, multilingual_vectors(multilingual, list(missing.values()), language))
        return Prepared(
            tuple(
                msgspec.structs.replace(
                    passage,
                    vector=vectors.get(passage.content_hash),
                    embedding_model=main and main.name,
                    multilingual_vector=others.get(passage.content_hash),
                    multilingual_model=multilingual and multilingual.name,
                )
                for passage in passages
            ),
            language_config(locale),
            locale,
        )

    async def _known(
        self, shop_id: UUID, passages: Sequence[Passage], model: str, *, multilingual: bool
    ) -> dict[bytes, Vector]:
        owners = list({passage.owner_id for passage in passages})
        async with self._database.connection(shop_id) as connection:
            return await storage.find_vectors(connection, shop_id, owners, model, multilingual=multilingual)

    async def write(self, connection: Connection, shop_id: UUID, prepared: Prepared, written: Set[UUID]) -> None:
        """See `catalog.ProductIndex`."""
        passages = [passage for passage in prepared.passages if passage.owner_id in written]
        await storage.replace_passages(connection, shop_id, list(written), passages, prepared.language)
        await storage.set_language(connection, shop_id, prepared.language, restemmed=False)

    def sizes(self, prepared: Prepared) -> Mapping[UUID, int]:
        """See `catalog.ProductIndex`."""
        sizes: Counter[UUID] = Counter()
        for passage in prepared.passages:
            sizes[passage.owner_id] += len(passage.title.encode()) + len(passage.body.encode())
        return sizes

    async def settle(self, shop_id: UUID) -> None:
        """See `catalog.ProductIndex`."""
        async with self._database.connection(shop_id) as connection:
            await refresh_statistics(connection, shop_id)
        try:
            async with owner_connection(self._owner_url) as owner, _one_at_a_time(owner):
                await ensure_shop_index(owner, shop_id)
                await refresh_planner(owner)
        except (asyncpg.PostgresError, OSError) as reason:  # an exact scan is slower and finds the same
            log.warning("no_vector_index", shop_id=str(shop_id), reason=type(reason).__name__)


def _embedded_text(passage: Passage) -> EmbeddedText:
    return embedded_text(passage.title, passage.heading_path, passage.body, passage.kind)


def _missing(texts: Mapping[bytes, EmbeddedText], known: Mapping[bytes, Vector]) -> dict[bytes, EmbeddedText]:
    """Each text once: a page of one repeated marker is hundreds of equal passages (94 KB took 17 s)."""
    return {content_hash: text for content_hash, text in texts.items() if content_hash not in known}


async def _computed(
    missing: Mapping[bytes, EmbeddedText], vectors: Coroutine[None, None, list[Vector]]
) -> dict[bytes, Vector]:
    """By content hash; nothing while the embedder does not answer."""
    try:
        return dict(zip(missing, await vectors, strict=True))
    except ModelUnavailable as reason:
        log.warning("indexed_without_vectors", passages=len(missing), reason=str(reason))
        return {}


@asynccontextmanager
async def _one_at_a_time(owner: Connection) -> AsyncIterator[None]:
    """Two indexes built concurrently wait for each other's transactions: a deadlock. Asking again, and not waiting in
    the database, because a session that waits there is itself a transaction to be waited for."""
    while not await owner.fetchval("SELECT pg_try_advisory_lock($1)", INDEX_LOCK):  # noqa: ASYNC110 (other processes)
        await asyncio.sleep(INDEX_RETRY_S)
    try:
        yield
    finally:
        await owner.execute("SELECT pg_advisory_unlock($1)", INDEX_LOCK)


def passage_hash(text: str) -> bytes:
    """16 bytes of what is embedded."""
    return hashlib.blake2b(text.encode(), digest_size=16).digest()


def document_passages(
    document_id: UUID, external_id: str, title: str, url: str | None, drafts: Sequence[PassageDraft]
) -> list[Passage]:
    """A document's passages, without vectors yet."""
    return [
        _passage(document_id, external_id, "document", title, draft, url=_anchored(url, draft.anchor))
        for draft in drafts
    ]


def _product_passages(row: ProductDraft) -> list[Passage]:
    product = row.product
    identifiers = tuple(passage_identifiers(product))
    return [
        _passage(
            row.id,
            product.external_id,
            "product",
            product.title,
            draft,
            url=product.url,
            identifiers=identifiers if draft.position == 0 else (),
            price_minor=product.price.amount if product.price else None,
            currency=product.price.currency if product.price else None,
            available=product.available,
        )
        for draft in product_passages(product)
    ]


def _passage(
    owner_id: UUID,
    external_id: str,
    kind: str,
    title: str,
    draft: PassageDraft,
    *,
    url: str | None,
    identifiers: tuple[str, ...] = (),
    price_minor: int | None = None,
    currency: str | None = None,
    available: bool = True,
) -> Passage:
    return Passage(
        owner_id=owner_id,
        owner_external_id=external_id,
        kind=kind,
        position=draft.position,
        title=title,
        heading_path=draft.heading_path,
        body=draft.text,
        url=url,
        identifiers=identifiers,
        price_minor=price_minor,
        currency=currency,
        available=available,
        content_hash=passage_hash(embedded_text(title, draft.heading_path, draft.text, kind).text),
    )


def _anchored(url: str | None, anchor: str | None) -> str | None:
    if not url or not anchor:
        return url
    return url.partition("#")[0] + "#" + anchor.lstrip("#")
