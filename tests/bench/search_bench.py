"""How long the hybrid query takes in a shop of a running database, and what PostgreSQL spends on it.

    python tests/bench/search_bench.py --database URL --shop ID [--queries FILE] [--rounds 3] [--limit 12]

URL is the app role's. Queries are one a line; without a file the titles of the shop's own passages serve. Vectors are
those of other passages of the shop, so no embedder is needed. CPU is read from /proc and needs a local server.
"""

import argparse
import asyncio
import os
import random
import time
from pathlib import Path
from uuid import UUID

import numpy as np

from server.core.database import Connection, Database
from server.knowledge.search import SearchQuery, search

TICK_MS = 1000 / os.sysconf("SC_CLK_TCK")


def cpu_ms(pid: int) -> float:
    """User and system time of a process so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) * TICK_MS


async def material(connection: Connection, shop_id: UUID, texts: list[str], limit: int) -> list[SearchQuery]:
    """Queries with vectors; by default a hundred."""
    rows = await connection.fetch(
        "SELECT title, embedding, embedding_model FROM passage WHERE shop_id = $1 AND embedding IS NOT NULL "
        "ORDER BY content_hash LIMIT 100",
        shop_id,
    )
    if not rows:
        raise SystemExit("that shop has no passages with vectors")
    chance = random.Random(1)
    return [
        SearchQuery(
            text=text,
            vector=np.asarray(chance.choice(rows)["embedding"].to_list(), np.float32),
            embedding_model=rows[0]["embedding_model"],
            limit=limit,
        )
        for text in texts or [row["title"] for row in rows]
    ]


async def bench(url: str, shop_id: UUID, texts: list[str], rounds: int, limit: int) -> None:
    """Print p50, p95 and CPU a query; the first round warms up."""
    database = Database(url, pool_size=1)
    await database.open()
    async with database.connection(shop_id) as connection:
        queries = await material(connection, shop_id, texts, limit)
        passages = await connection.fetchval("SELECT count(*) FROM passage WHERE shop_id = $1", shop_id)
        pid = await connection.fetchval("SELECT pg_backend_pid()")
    for number in range(rounds + 1):
        took, before = [], cpu_ms(pid)
        for query in queries:
            async with database.connection(shop_id) as connection:
                started = time.perf_counter()
                await search(connection, shop_id, query)
                took.append((time.perf_counter() - started) * 1000)
        if number:
            p50, p95 = np.percentile(took, [50, 95])
            spent = (cpu_ms(pid) - before) / len(queries)
            print(f"{passages} passages: p50 {p50:.1f} ms, p95 {p95:.1f} ms, PostgreSQL {spent:.1f} ms CPU a query")
    await database.close()


def main() -> None:
    """Read the command line and measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--database", required=True)
    parser.add_argument("--shop", required=True, type=UUID)
    parser.add_argument("--queries", type=Path)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--limit", type=int, default=12)
    given = parser.parse_args()
    texts = given.queries.read_text().splitlines() if given.queries else []
    asyncio.run(bench(given.database, given.shop, texts, given.rounds, given.limit))


if __name__ == "__main__":
    main()
