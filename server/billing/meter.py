"""Answers beyond a plan on their way to the payment provider's meter, each told once.

They travel in batches; a batch is sent under the same identifier until it is known to have arrived, and the meter
counts an identifier once. It forgets identifiers after a day: an older batch is looked for in the meter's sum first."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from billing.gateway import Payments, PaymentsUnavailable
from billing.period import months_after
from server.billing.ledger import storage
from server.core.database import Database
from server.core.ids import new_id

MOST_IN_A_BATCH = 10_000
IDENTIFIERS_LIVE_S = 23 * 3600
SUMS_LAG_S = 900.0
"""How late the meter's sum may be, at most."""


class Meter:
    """The meter of all shops."""

    def __init__(self, database: Database, payments: Payments) -> None:
        self._database, self._payments = database, payments

    async def tell(self, shop_id: UUID, customer_id: str) -> int:
        """Send what the meter was not told of; how many answers. Raises PaymentsError: what was sent is kept in mind,
        the rest goes another time."""
        while await self._gather(shop_id):
            pass
        async with self._database.fast(shop_id) as connection:
            batches = await storage.unsent_batches(connection, shop_id)
        for batch in batches:
            if batch["age_s"] < IDENTIFIERS_LIVE_S or not await self._has_arrived(shop_id, customer_id, batch):
                await self._payments.send_meter_event(
                    customer_id, batch["quantity"], f"aisle-{batch['id']}", _within_period(batch)
                )
            async with self._database.fast(shop_id) as connection:
                await storage.end_batch(connection, shop_id, batch["id"])
        return sum(batch["quantity"] for batch in batches)

    async def _gather(self, shop_id: UUID) -> int:
        async with self._database.fast(shop_id) as connection:
            return await storage.add_meter_batch(connection, shop_id, new_id(), MOST_IN_A_BATCH)

    async def _has_arrived(self, shop_id: UUID, customer_id: str, batch: Any) -> bool:
        """By the meter's sum of the whole period: a sum up to now would leave the running minute out."""
        start = batch["period_start"]
        async with self._database.fast(shop_id) as connection:
            sent, last_at = await storage.sent_quantity(connection, shop_id, start)
        if last_at and (datetime.now(UTC) - last_at).total_seconds() < SUMS_LAG_S:
            raise PaymentsUnavailable("the meter may not have added up yet what it was told last")
        total = await self._payments.meter_total(customer_id, start, months_after(start, 1))
        return total >= sent + int(batch["quantity"])


def _within_period(batch: Any) -> datetime:
    """When the meter is to count a batch: in the period whose answers it holds, also where the last of them ended after
    it. The end is cut to the minute, as the meter's sums are."""
    start: datetime = batch["period_start"]
    last = months_after(start, 1).replace(second=0, microsecond=0) - timedelta(seconds=1)
    at: datetime = max(start, min(batch["at"], last))
    return at
