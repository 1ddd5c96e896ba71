"""The one hybrid query over products and documents: words (BM25), meaning (vectors) and exact part numbers.

The arithmetic lives in the SQL function `find_passages` (migrations/functions), so a search is one round trip;
why it is built so, with the measurements, is in decisions/0002-search-and-row-level-security.md.
"""

from typing import Any
from uuid import UUID

import msgspec
from msgspec import Struct

from server.core.database import Connection
from server.knowledge.passages import (
    PassageDraft,
    embedded_product_text,
    identifier_windows,
    passage_identifiers,
    product_passages,
    squash_identifier,
)
from server.models.protocol import Vector

__all__ = [
    "Hit",
    "PassageDraft",
    "ProductFilter",
    "SearchQuery",
    "embedded_product_text",
    "ensure_shop_index",
    "language_config",
    "passage_identifiers",
    "product_passages",
    "refresh_statistics",
    "search",
    "squash_identifier",
]

ALL_KINDS = {"product", "document"}
MAX_LIMIT = 100
MAX_QUERY_CHARS = 2_000
MAX_BIGINT = 2**63 - 1
INDEX_FROM_PASSAGES = 5_000
"""From here on an exact scan costs more than a third of the budget of a search."""
INDEX_UNTIL_PASSAGES = 4_000
STATISTICS_SAMPLE = 20_000

_SEARCH = "SELECT * FROM find_passages($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14::jsonb)"
_CONFIGS = {
    "ar": "arabic", "hy": "armenian", "eu": "basque", "ca": "catalan", "da": "danish", "nl": "dutch",
    "en": "english", "fi": "finnish", "fr": "french", "de": "german", "el": "greek", "hi": "hindi",
    "hu": "hungarian", "id": "indonesian", "ga": "irish", "it": "italian", "lt": "lithuanian", "ne": "nepali",
    "no": "norwegian", "nb": "norwegian", "nn": "norwegian", "pt": "portuguese", "ro": "romanian",
    "ru": "russian", "sr": "serbian", "es": "spanish", "sv": "swedish", "ta": "tamil", "tr": "turkish",
    "yi": "yiddish",
}  # fmt: skip


class Hit(Struct, frozen=True, kw_only=True):
    """One result. `score` is 0..1 and comparable between queries and shops; the other scores explain it:
    `lexical_score` the share of the query's words found, `vector_score` the cosine (None: no vector compared),
    `identifier_score` above 0 when the query names a part number of it."""

    kind: str
    external_id: str
    title: str
    heading_path: tuple[str, ...]
    text: str
    url: str | None
    score: float
    lexical_score: float
    vector_score: float | None
    identifier_score: float
    passage_id: UUID
    position: int


class ProductFilter(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What products have to be, beside their price. `brand` and `size` are compared whole, `category` and `colour` by
    their words; case and accents do not count. A product without a rating has none that is high enough."""

    brand: str | None = None
    category: str | None = None
    colour: str | None = None
    size: str | None = None
    on_sale: bool = False
    min_rating: float | None = None


class SearchQuery(Struct, frozen=True, kw_only=True):
    """What is looked for. Without a vector words alone decide. Prices bind products only, and leave out those whose
    price is unknown. `external_ids` narrows to these products or documents. `limit` (1..100) counts hits, or hits of
    each kind with `limit_per_kind`, which keeps a large catalog from crowding out the policies."""

    text: str
    vector: Vector | None = None
    embedding_model: str = ""
    kinds: tuple[str, ...] = ("product", "document")
    limit: int = 10
    limit_per_kind: bool = False
    price_min_minor: int | None = None
    price_max_minor: int | None = None
    available_only: bool = False
    external_ids: tuple[str, ...] | None = None
    is_foreign: bool = False
    """The text is in another language than the shop's: its words are no misspelt ones of the shop."""
    filter: ProductFilter | None = None


async def search(connection: Connection, shop_id: UUID, query: SearchQuery) -> list[Hit]:
    """The best passages, best first; of a product only its best one. `connection` is in a transaction of the shop.

    Raises asyncpg.InsufficientPrivilegeError when the transaction belongs to another shop or to none.
    """
    text = query.text.replace("\x00", " ")[:MAX_QUERY_CHARS]
    rows = await connection.fetch(
        _SEARCH,
        shop_id,
        text,
        query.vector,
        query.embedding_model,
        identifier_windows(text),
        None if set(query.kinds) == ALL_KINDS else list(query.kinds),
        None if query.external_ids is None else list(query.external_ids),
        _within_bigint(query.price_min_minor),
        _within_bigint(query.price_max_minor),
        query.available_only,
        min(max(query.limit, 1), MAX_LIMIT),
        query.limit_per_kind,
        query.is_foreign,
        _filter_json(query),
    )
    return [_hit(row) for row in rows]


def language_config(locale: str) -> str:
    """The PostgreSQL text search configuration of a locale such as "pt-BR"; "simple" where there is no stemmer."""
    return _CONFIGS.get(locale.replace("_", "-").partition("-")[0].lower(), "simple")


async def refresh_statistics(connection: Connection, shop_id: UUID) -> None:
    """Count a shop's passages and its words, after a large change. Search is right without it, only slower, and reads
    no misspelt words: words missing here are counted while searching. Counts words in a sample; took 0.6 s at 20,000
    passages, 4.6 s at 200,000 on a busy machine."""
    passages = await connection.fetchval("SELECT count(*) FROM passage WHERE shop_id = $1", shop_id)
    step = -(-passages // STATISTICS_SAMPLE) or 1
    sample = f"SELECT search FROM passage WHERE shop_id = '{UUID(str(shop_id))}'"
    if step > 1:
        sample += f" AND get_byte(content_hash, 0) % {step} = 0"
    await connection.execute(
        "INSERT INTO passage_statistics (shop_id, passages) VALUES ($1, $2) ON CONFLICT (shop_id) "
        "DO UPDATE SET passages = excluded.passages, refreshed_at = now()",
        shop_id,
        passages,
    )
    await connection.execute("DELETE FROM passage_frequency WHERE shop_id = $1", shop_id)
    await connection.execute(
        "INSERT INTO passage_frequency (shop_id, lexeme, passages) "
        "SELECT $1, substr(word, 5), ndoc * $3::integer FROM ts_stat($2) "
        "WHERE (ndoc * $3::integer > greatest(20, $4::integer / 2000) AND substr(word, 5, 1) NOT IN ('#', '=')) "
        "OR (ndoc >= $5 AND length(word) BETWEEN 7 AND 34 AND substr(word, 5) !~ '[0-9#^=]')",
        shop_id,
        sample,
        step,
        passages,
        2 if passages > STATISTICS_SAMPLE else 1,
    )
    await _refresh_compounds(connection, shop_id)


async def _refresh_compounds(connection: Connection, shop_id: UUID) -> None:
    """Find the shop's words that are made of two of its words, in languages that write them as one. Both parts have
    four letters or more; an "s" may join them."""
    await connection.execute("DELETE FROM passage_compound WHERE shop_id = $1", shop_id)
    await connection.execute("SELECT store_compounds($1)", shop_id)


async def refresh_planner(owner_connection: Connection) -> None:
    """Let the planner look at the passages again when many are new to it: until then a search costs up to twice the
    CPU, and the server's own look comes only after minutes. Needs the tables' owner."""
    is_stale = await owner_connection.fetchval(
        "SELECT n_mod_since_analyze > n_live_tup / 10 FROM pg_stat_user_tables WHERE relname = 'passage'"
    )
    if is_stale:
        await owner_connection.execute("ANALYZE passage, product, document, evidence_unit")


async def ensure_shop_index(owner_connection: Connection, shop_id: UUID) -> bool:
    """Give a large shop an HNSW index of its own for each kind of vector it has, take them from one that has become
    small; whether it has one now.

    Needs the tables' owner and no open transaction; building takes one to two milliseconds a passage, without blocking.
    """
    main = await _ensure_index(owner_connection, shop_id, f"passage_near_{shop_id.hex}", "embedding", "vector_index")
    multilingual = await _ensure_index(
        owner_connection, shop_id, f"passage_like_{shop_id.hex}", "embedding_multilingual", "multilingual_index"
    )
    return main or multilingual


async def _ensure_index(connection: Connection, shop_id: UUID, name: str, column: str, flag: str) -> bool:
    passages = await connection.fetchval(
        f"SELECT count(*) FROM passage WHERE shop_id = $1 AND {column} IS NOT NULL", shop_id
    )
    valid = await connection.fetchval("SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass($1)", name)
    wanted = passages >= (INDEX_UNTIL_PASSAGES if valid else INDEX_FROM_PASSAGES)
    if not wanted:
        await _note_index(connection, shop_id, passages, flag, present=False)
    if valid is not None and not (valid and wanted):
        await connection.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")
    if wanted and not valid:
        await connection.execute(
            f"CREATE INDEX CONCURRENTLY {name} ON passage USING hnsw ({column} halfvec_ip_ops) "
            f"WITH (m = 24, ef_construction = 128) WHERE shop_id = '{UUID(str(shop_id))}'"
        )
    if wanted:
        await _note_index(connection, shop_id, passages, flag, present=True)
    return bool(wanted)


async def _note_index(connection: Connection, shop_id: UUID, passages: int, flag: str, *, present: bool) -> None:
    await connection.execute(
        f"INSERT INTO passage_statistics (shop_id, passages, {flag}) VALUES ($1, $2, $3) "
        f"ON CONFLICT (shop_id) DO UPDATE SET {flag} = excluded.{flag}",
        shop_id,
        passages,
        present,
    )


def _filter_json(query: SearchQuery) -> str | None:
    """The filter as SQL takes it; whether stock is asked for belongs to it, because a variant has its own."""
    if query.filter is None or query.filter == ProductFilter():
        return None
    return msgspec.json.encode({**msgspec.to_builtins(query.filter), "in_stock": query.available_only}).decode()


def _within_bigint(price_minor: int | None) -> int | None:
    """A limit as the column can be compared with it: beyond all prices it still is one."""
    return None if price_minor is None else min(price_minor, MAX_BIGINT)


def _hit(row: Any) -> Hit:
    return Hit(
        kind=row["kind"],
        external_id=row["owner_external_id"],
        title=row["title"],
        heading_path=tuple(row["heading_path"]),
        text=row["body"],
        url=row["url"],
        score=min(max(row["score"], 0.0), 1.0),
        lexical_score=row["lexical"],
        vector_score=row["similarity"],
        identifier_score=row["identifier"],
        passage_id=row["id"],
        position=row["position"],
    )
