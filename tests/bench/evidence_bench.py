"""How long evidence takes to be found, and what it costs to keep: `python -m tests.bench.evidence_bench`.

Method. One process on embedded PostgreSQL with fsync on. A shop of invented products and documents (`corpus`,
`document_bench`) is written through catalog and knowledge as an import writes it. Vectors are sums of random vectors of
words, so that no embedder's time is in any figure; a real one adds its time to imports and to the first question about
a product. Questions are the corpus' own, each asked once after a warm-up, one at a time. "documents" finds the best 24
units of documents; "open page" those and all units of one product, whose vectors are kept; "first question" those of a
product that nobody asked about, with its vectors written; "passages" is today's search of documents, to compare. Bytes
are the growth of the database.
"""

import argparse
import asyncio
import random
import re
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from functools import lru_cache
from pathlib import Path
from uuid import UUID

import asyncpg
import msgspec
import numpy as np

from integrations.platform import Product
from server.catalog.service import Catalog
from server.core.crypto import Vault
from server.core.database import Database, url_for_role
from server.embedded import EmbeddedServers
from server.knowledge.document_import import IncomingFile
from server.knowledge.evidence.search import find_evidence
from server.knowledge.index import SearchIndex
from server.knowledge.models import DocumentsResult, FailedFile
from server.knowledge.service import Knowledge
from server.migrations.migrate import migrate
from server.models.protocol import Vector
from server.shops.service import ShopService
from tests.bench.corpus import questions, write_policies, write_products
from tests.bench.document_bench import write_documents
from tests.bench.report import quantile

ROLE, PASSWORD = "aisle_app", "bench"
QUESTIONS = 300
SAVED_AT_ONCE = 256


class WordVectors:
    """An embedder that costs next to nothing: a text is the sum of its words."""

    name = "bench-words"

    async def embed_query(self, text: str) -> Vector:
        return _vector(text)

    async def embed_passages(self, texts: Sequence[str]) -> list[Vector]:
        return [_vector(text) for text in texts]

    async def close(self) -> None:
        return None


def _vector(text: str) -> Vector:
    vector = np.sum([_word_vector(word) for word in re.findall(r"\w+", text.lower()) or ["?"]], axis=0)
    return np.asarray(vector / np.linalg.norm(vector), np.float32)


@lru_cache(maxsize=100_000)
def _word_vector(word: str) -> Vector:
    seed = int.from_bytes(word.encode()[-8:], "big")
    return np.asarray(np.random.default_rng(seed).standard_normal(384), np.float32)


class EvidenceBench:
    """One shop, written and asked."""

    def __init__(self, owner_url: str, database: Database, shop_id: UUID) -> None:
        self._owner_url, self._database, self._shop_id = owner_url, database, shop_id
        self._embedder = WordVectors()
        index = SearchIndex(database, self._embedder, owner_url)
        self._catalog, self._knowledge = Catalog(database, index), Knowledge(database, self._embedder, index)
        self._questions = questions(QUESTIONS)

    async def write_products(self, folder: Path, count: int) -> None:
        """Import products; print seconds and bytes for a thousand."""
        file = folder / "products.jsonl"
        write_products(file, count)
        products = [_product(line) for line in file.read_bytes().splitlines()]
        before, started = await self._database_bytes(), time.perf_counter()
        for start in range(0, count, SAVED_AT_ONCE):
            await self._catalog.save(self._shop_id, products[start : start + SAVED_AT_ONCE], "bench")
        seconds = time.perf_counter() - started
        await self._catalog.settle(self._shop_id)
        grown = await self._database_bytes() - before
        thousands = count / 1_000
        print(
            f"{count} products: {seconds / thousands:.2f} s and {grown / thousands / 1e6:.2f} MB a thousand", flush=True
        )

    async def write_documents(self, folder: Path, count: int) -> None:
        """Import documents; print seconds, bytes and units."""
        files = folder / "documents"
        write_policies(files)
        write_documents(files, count - len(list(files.iterdir())))

        async def given() -> AsyncIterator[IncomingFile | FailedFile]:
            for file in sorted(files.iterdir()):
                yield IncomingFile(name=file.name, data=file.read_bytes())

        before, started = await self._database_bytes(), time.perf_counter()
        result = await self._knowledge.import_files(self._shop_id, given(), "bench", _no_report)
        grown, seconds = await self._database_bytes() - before, time.perf_counter() - started
        async with self._database.connection(self._shop_id) as connection:
            units = await connection.fetchval("SELECT count(*) FROM evidence_unit WHERE shop_id = $1", self._shop_id)
        print(
            f"{result.created} documents: {seconds:.1f} s, {grown / 1e6:.1f} MB, "
            f"{result.passages} passages, {units} units",
            flush=True,
        )

    async def ask(self) -> None:
        """Print p50 and p95 of each kind of question."""
        chance, ids = random.Random(9), await self._product_ids()
        opened, fresh = chance.sample(ids, 20), iter(chance.sample(ids, QUESTIONS + 10))
        for product_id in opened:
            await self._knowledge.find_evidence(self._shop_id, "weight", product_ids=(product_id,))

        async def passages(text: str) -> None:
            await self._knowledge.search(self._shop_id, text, kinds=("document",), limit=24)

        async def documents(text: str) -> None:
            await self._knowledge.find_evidence(self._shop_id, text)

        async def page(text: str) -> None:
            await self._knowledge.find_evidence(self._shop_id, text, product_ids=(chance.choice(opened),))

        async def page_only(text: str) -> None:
            product_id = chance.choice(opened)
            await self._knowledge.find_evidence(self._shop_id, text, product_ids=(product_id,), documents=False)

        async def first(text: str) -> None:
            await self._knowledge.find_evidence(self._shop_id, text, product_ids=(next(fresh),))

        for name, ask in (
            ("passages", passages), ("documents", documents), ("open page", page), ("open page only", page_only),
            ("first question", first),
        ):  # fmt: skip
            print(f"{name:<18}{await self._timed(ask)}", flush=True)
        print(f"{'the query alone':<18}{await self._timed(self._query_only)}", flush=True)

    async def _query_only(self, text: str) -> None:
        async with self._database.connection(self._shop_id) as connection:
            await find_evidence(
                connection, self._shop_id, text=text, vectors=[_vector(text)], embedding_model=self._embedder.name
            )

    async def _timed(self, ask: Callable[[str], Awaitable[None]]) -> str:
        for text in self._questions[:10]:
            await ask(text)
        seconds = []
        for text in self._questions:
            started = time.perf_counter()
            await ask(text)
            seconds.append(time.perf_counter() - started)
        return f"p50 {1000 * quantile(seconds, 0.5):6.1f} ms, p95 {1000 * quantile(seconds, 0.95):6.1f} ms"

    async def _product_ids(self) -> list[str]:
        async with self._database.connection(self._shop_id) as connection:
            rows = await connection.fetch("SELECT external_id FROM product WHERE shop_id = $1", self._shop_id)
        return sorted(row["external_id"] for row in rows)

    async def _database_bytes(self) -> int:
        owner = await asyncpg.connect(self._owner_url)
        try:
            await owner.execute("VACUUM")
            size: int = await owner.fetchval("SELECT pg_database_size(current_database())")
            return size
        finally:
            await owner.close()

    async def close(self) -> None:
        """End the process that reads files."""
        await self._knowledge.close()


def _product(line: bytes) -> Product:
    row = msgspec.json.decode(line)
    return Product(
        external_id=row["id"],
        title=row["title"],
        description=row["description"],
        brand=row["brand"],
        category=(row["category"],),
        url=row["url"],
        identifiers=(row["sku"],),
    )


async def _no_report(_: DocumentsResult) -> None:
    """Nobody waits for it."""


async def run(folder: Path, owner_url: str, products: int, documents: int) -> None:
    """Write a shop and ask."""
    await migrate(owner_url, ROLE, PASSWORD)
    database = Database(url_for_role(owner_url, ROLE, PASSWORD), pool_size=2)
    await database.open()
    shop_id = (await ShopService(database, Vault(("b" * 40,))).create("Evidence", ())).shop_id
    bench = EvidenceBench(owner_url, database, shop_id)
    try:
        await bench.write_products(folder, products)
        await bench.write_documents(folder, documents)
        await bench.ask()
    finally:
        await bench.close()
        await database.close()


def main() -> None:
    """Measure in servers of its own."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--products", type=int, default=26_000)
    parser.add_argument("--documents", type=int, default=700)
    options = parser.parse_args()
    print(__doc__)
    with tempfile.TemporaryDirectory() as folder, EmbeddedServers(Path(folder) / "data") as at:
        asyncio.run(run(Path(folder), at.database_url, options.products, options.documents))


if __name__ == "__main__":
    main()
