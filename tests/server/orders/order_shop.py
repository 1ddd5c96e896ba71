"""A shop with one order, its platform, and the order service in front of it."""

from typing import Any
from uuid import UUID

from msgspec import Struct

from integrations.platform import PlatformRevoked, ShopPlatform
from server.core.database import Database
from server.core.ids import new_id
from server.core.jobs import ClaimedJob, JobService, claim
from server.orders import storage
from server.orders.constant_time import DurationPadding
from server.orders.lookup import OrderSource
from server.orders.models import ProofLevel
from server.orders.service import PROOF_LIFETIME, OrderService
from server.shops.identity import Customer, Shopper
from tests.server.orders.memory_platform import MemoryPlatform, an_order

KEYS = ("a-test-secret-of-more-than-32-characters",)
AT_ONCE = DurationPadding(0.0, 0.001)


class ServiceOptions(Struct, frozen=True):
    """How the service is built. Most tests do not wait for padded answers."""

    codes: bool = True
    padding: DurationPadding = AT_ONCE
    platform_timeout_s: float = 2.0
    secret_keys: tuple[str, ...] = KEYS


class Wakes:
    """Implements `jobs.JobNotifier`: records the jobs that a worker was notified of."""

    def __init__(self) -> None:
        self.jobs: list[tuple[UUID, UUID]] = []

    async def __call__(self, shop_id: UUID, job_id: UUID) -> None:
        self.jobs.append((shop_id, job_id))


class OrderShop:
    """A shop with order 1001 in it. `platform` may be changed or taken away."""

    def __init__(self, database: Database, shop_id: UUID, options: ServiceOptions) -> None:
        self.database, self.shop_id, self.wakes = database, shop_id, Wakes()
        self.platform: MemoryPlatform = MemoryPlatform(an_order())
        self.other_platform: ShopPlatform | None = None
        self.connected, self.connection_id = True, "memory-1"
        self.revoked: list[tuple[str, str]] = []
        """(store, reason) of each revocation that was recorded."""
        self.service = self.build_service(options)

    def build_service(self, options: ServiceOptions) -> OrderService:
        """The order service of one more process for the same shop."""
        return OrderService(
            self.database,
            self.source_for,
            options.secret_keys,
            JobService(self.database, self.wakes),
            codes=options.codes,
            padding=options.padding,
            platform_timeout_s=options.platform_timeout_s,
        )

    async def source_for(self, _shop_id: UUID) -> OrderSource | None:
        connection_id = self.connection_id

        async def mark_revoked(reason: PlatformRevoked) -> None:
            self.revoked.append((connection_id, str(reason)))

        platform = self.other_platform or self.platform
        return OrderSource(platform, connection_id, mark_revoked) if self.connected else None

    def shopper(self, customer: Customer | None = None, **changes: Any) -> Shopper:
        """Somebody new, in a conversation and at an address of their own."""
        fields = {
            "shop_id": self.shop_id,
            "conversation_id": new_id(),
            "shopper_id": new_id(),
            "customer": customer,
            "address": f"2001:db8:{new_id().int & 0xFFFF:x}:{new_id().int & 0xFFFF:x}::1",
        }
        return Shopper(**(fields | changes))

    async def counts(self, scope: str) -> list[int]:
        """The counters of one scope, highest first."""
        async with self.database.connection(self.shop_id) as connection:
            rows = await connection.fetch(
                "SELECT count FROM attempt WHERE shop_id = $1 AND scope = $2 ORDER BY count DESC", self.shop_id, scope
            )
        return [row["count"] for row in rows]

    async def proofs(self) -> dict[UUID, ProofLevel]:
        """What was proven, by conversation."""
        async with self.database.connection(self.shop_id) as connection:
            rows = await connection.fetch("SELECT conversation_id, level FROM proof WHERE shop_id = $1", self.shop_id)
        return {row["conversation_id"]: ProofLevel(row["level"]) for row in rows}

    async def database_proof(self, shopper: Shopper, key: str, level: ProofLevel) -> None:
        """Let a conversation have proven an order (by its normalised number) in another way."""
        async with self.database.connection(self.shop_id) as connection:
            place = (self.shop_id, shopper.conversation_id, key)
            await storage.save_proof(connection, *place, level, PROOF_LIFETIME)

    async def age(self, table: str, column: str, by: str) -> None:
        """Let time pass: move one column of the shop's rows into the past."""
        async with self.database.connection(self.shop_id) as connection:
            await connection.execute(
                f"UPDATE {table} SET {column} = {column} - interval '{by}' WHERE shop_id = $1", self.shop_id
            )

    async def claim_job(self) -> ClaimedJob:
        """Take the job a worker was last told of."""
        shop_id, job_id = self.wakes.jobs.pop()
        job = await claim(self.database, shop_id, job_id)
        assert job is not None
        return job
