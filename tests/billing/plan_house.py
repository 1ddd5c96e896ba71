"""A shop on a small plan that is nearly full, and a catalog and a knowledge that keep to it."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import asyncpg
import numpy as np

from integrations.platform import Product
from server.billing.entitlement_service import EntitlementService
from server.billing.plan_limits import PlanLimits
from server.catalog.service import Catalog
from server.core.database import Database
from server.knowledge.index import SearchIndex
from server.knowledge.service import Knowledge
from server.models.protocol import Vector

MB = 2**20


class OneDirection:
    """Every text means the same."""

    name = "one-direction"

    async def embed_query(self, text: str) -> Vector:
        return (await self.embed_passages([text]))[0]

    async def embed_passages(self, texts: Sequence[str]) -> list[Vector]:
        return [np.full(384, 1 / 384**0.5, dtype=np.float32) for _ in texts]

    async def close(self) -> None:
        return None


@dataclass
class PlanShop:
    """A shop whose plan is the trial's."""

    id: UUID
    database: Database
    entitlements: EntitlementService
    owner_url: str

    def __post_init__(self) -> None:
        embedder = OneDirection()
        index = SearchIndex(self.database, embedder, self.owner_url)
        self.plan_limits = PlanLimits(self.entitlements)
        self.catalog = Catalog(self.database, index, self.plan_limits)
        self.knowledge = Knowledge(self.database, embedder, index, self.plan_limits)

    async def products(self) -> set[str]:
        async with self.database.connection(self.id) as connection:
            rows = await connection.fetch("SELECT external_id FROM product WHERE shop_id = $1", self.id)
        return {row["external_id"] for row in rows}

    async def orphans(self) -> int:
        """Passages of products that are not there."""
        owner = await asyncpg.connect(self.owner_url)
        count: int = await owner.fetchval(
            "SELECT count(*) FROM passage WHERE shop_id = $1 AND kind = 'product' AND NOT EXISTS "
            "(SELECT FROM product WHERE product.shop_id = $1 AND product.external_id = owner_external_id)",
            self.id,
        )
        await owner.close()
        return count


async def fill(
    owner_url: str, shop_id: UUID, *, products: int = 0, documents: int = 0, text_bytes: int = 0, tokens: int = 0
) -> None:
    """What the shop has had for long; products are called old-1, old-2 ..."""
    owner = await asyncpg.connect(owner_url)
    for table, count in (("product", products), ("document", documents)):
        await owner.execute(
            f"INSERT INTO {table} (shop_id, id, external_id, title, content_hash, source, fetched_at) "
            "SELECT $1, gen_random_uuid(), 'old-' || n, 'Old ' || n, '\\x00', 'file', now() "
            "FROM generate_series(1, $2::integer) AS n",
            shop_id,
            count,
        )
    if text_bytes:
        await owner.execute(
            "WITH manual AS (INSERT INTO document (shop_id, id, external_id, title, content_hash, source, fetched_at) "
            "VALUES ($1, gen_random_uuid(), 'manual', '', '\\x00', 'file', now()) RETURNING id) "
            "INSERT INTO passage "
            "(shop_id, id, kind, document_id, owner_external_id, title, body, content_hash, search) "
            "SELECT $1, gen_random_uuid(), 'document', id, 'manual', '', repeat('a', $2::integer), '\\x00', '' "
            "FROM manual",
            shop_id,
            text_bytes,
        )
    if tokens:
        await owner.execute(
            "INSERT INTO quota_period (shop_id, scope, period_start, tokens_used) "
            "SELECT id, '', created_at, $2 FROM shop WHERE id = $1",
            shop_id,
            tokens,
        )
    await owner.close()


def chairs(*numbers: int, title: str = "Walnut chair") -> list[Product]:
    """Products called new-1, new-2 ..."""
    return [Product(external_id=f"new-{number}", title=f"{title} {number}") for number in numbers]
