"""A shop of the running installation whose plan and counters the tests set."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import msgspec

from billing.plans import STARTER
from billing.quota import Spent
from server.billing import quota_storage, storage
from server.billing.entitlement_service import EntitlementService
from server.billing.plan_limits import PlanLimits, ShopQuota
from server.core.crypto import app_role_password
from server.core.database import Database, url_for_role
from server.core.ids import new_id
from tests.billing.test_entitlement import subscription
from tests.installation import Installation

ANSWER = Spent(is_billable=True, tokens=10)
NOTHING = Spent(is_billable=False)


@dataclass
class CountedShop:
    """A shop of the running installation whose plan the tests set."""

    id: UUID
    database: Database
    entitlements: EntitlementService
    plan_limits: PlanLimits
    quota: ShopQuota
    owner_url: str

    async def reserve(self, turn_id: UUID | None = None, key_id: UUID | None = None) -> bool:
        async with self.database.connection(self.id) as connection:
            return await self.quota.reserve(connection, self.id, turn_id or new_id(), key_id)

    async def settle(self, turn_id: UUID, spent: Spent = ANSWER) -> None:
        async with self.database.connection(self.id) as connection:
            await self.quota.settle(connection, self.id, turn_id, spent)

    async def answer(self, turn_id: UUID) -> bool:
        held = await self.reserve(turn_id)
        if held:
            await self.settle(turn_id)
        return held

    async def counts(self, scope: str = "") -> tuple[int, int]:
        """(used, reserved)"""
        holds = await self.entitlements.get_entitlement(self.id)
        async with self.database.connection(self.id) as connection:
            row = await quota_storage.find_counters(connection, self.id, scope, holds.period.start)
        return (row.answers_used, row.answers_reserved) if row else (0, 0)

    async def subscribe(self, **changes: object) -> None:
        """As if Stripe had told us just now."""
        now = datetime.now(UTC)
        state = subscription(
            **{"plan_lookup_key": STARTER.lookup_key, "period_start": now, "period_end": now + timedelta(days=30)}
            | changes  # type: ignore[arg-type]
        )
        async with self.database.connection(self.id) as connection:
            await storage.add_customer(connection, self.id, f"cus_{self.id.hex}")
            row = await storage.find_account(connection, self.id)
            assert row
            await storage.save_subscription(connection, self.id, msgspec.json.encode(state).decode(), None, row.read_at)
        self.entitlements.invalidate(self.id)

    async def use(self, answers: int) -> None:
        """As many answers as if given long ago, without a ledger entry each."""
        holds = await self.entitlements.get_entitlement(self.id)
        await self.sql(
            "INSERT INTO quota_period (shop_id, scope, period_start, answers_used) VALUES ($1, '', $2, $3)",
            holds.period.start,
            answers,
        )

    async def expire(self) -> None:
        await self.sql("UPDATE quota_reservation SET expires_at = now() WHERE shop_id = $1")

    async def sql(self, query: str, *values: object) -> list[Any]:
        """As the owner of the database; $1 is the shop."""
        owner = await asyncpg.connect(self.owner_url)
        try:
            rows: list[Any] = await owner.fetch(query, self.id, *values)
            return rows
        finally:
            await owner.close()


@asynccontextmanager
async def counted_shop(installation: Installation) -> AsyncIterator[CountedShop]:
    """A new one, on the trial."""
    secret = (installation.data_dir / "secret.key").read_text().strip()
    database = Database(url_for_role(installation.owner_url, "aisle_app", app_role_password(secret)), pool_size=12)
    await database.open()
    entitlements = EntitlementService(database, billing=True)
    shop_id = UUID(installation.create_shop("Counted").shop_id)
    yield CountedShop(
        shop_id, database, entitlements, PlanLimits(entitlements), ShopQuota(entitlements), installation.owner_url
    )
    await database.close()
