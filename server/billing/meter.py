"""Answers beyond a plan and final resolutions on their way to the payment provider's meters, each told once.

They travel in batches of one meter; a batch is sent under the same identifier until it is known to have arrived, and
the meter counts an identifier once. It forgets identifiers after a day: an older batch is looked for in the meter's sum
first."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from billing.gateway import Payments, PaymentsUnavailable
from billing.plans import ANSWERS, RESOLUTIONS
from server.billing.ledger import storage
from server.core.database import Database
from server.core.ids import new_id
from server.core.logging import get_logger

KINDS: Mapping[str, str] = {ANSWERS: "answer", RESOLUTIONS: "resolution"}
"""The ledger's kind of entry that each meter counts."""
MOST_IN_A_BATCH = 10_000
IDENTIFIERS_LIVE_S = 23 * 3600
TOO_OLD_S = 34.5 * 86_400
"""The meter refuses what is 35 days old."""
SUMS_LAG_S = 900.0
"""How late the meter's sum may be, at most."""

log = get_logger("billing")


class Meter:
    """The meters of all shops."""

    def __init__(self, database: Database, payments: Payments) -> None:
        self._database, self._payments = database, payments

    async def tell(self, shop_id: UUID, customer_id: str) -> int:
        """Send what the meters were not told of; how much in all. Raises PaymentsError: what was sent is kept in mind,
        the rest goes another time."""
        for meter, kind in KINDS.items():
            while await self._gather(shop_id, meter, kind):
                pass
        async with self._database.connection(shop_id) as connection:
            batches = await storage.unsent_batches(connection, shop_id)
        told = 0
        for batch in batches:
            is_old = batch["age_s"] >= IDENTIFIERS_LIVE_S
            if not (is_old and await self._has_arrived(shop_id, customer_id, batch)):
                if batch["age_s"] > TOO_OLD_S:
                    await self._lose(shop_id, batch)
                    continue
                await self._payments.send_meter_event(
                    batch["meter"], customer_id, batch["quantity"], f"aisle-{batch['id']}", _within_period(batch)
                )
            async with self._database.connection(shop_id) as connection:
                await storage.end_batch(connection, shop_id, batch["id"])
            told += batch["quantity"]
        return told

    async def _lose(self, shop_id: UUID, batch: Any) -> None:
        """Never told, so never billed: the audit shows the difference, and somebody has to look."""
        log.error("meter_batch_too_old", shop_id=str(shop_id), meter=batch["meter"], quantity=batch["quantity"])
        async with self._database.connection(shop_id) as connection:
            await storage.lose_batch(connection, shop_id, batch["id"])

    async def _gather(self, shop_id: UUID, meter: str, kind: str) -> int:
        async with self._database.connection(shop_id) as connection:
            return await storage.add_meter_batch(connection, shop_id, new_id(), meter, kind, MOST_IN_A_BATCH)

    async def _has_arrived(self, shop_id: UUID, customer_id: str, batch: Any) -> bool:
        """By the meter's sum of the whole period: a sum up to now would leave the running minute out."""
        start, end, meter = batch["period_start"], batch["period_end"], batch["meter"]
        async with self._database.connection(shop_id) as connection:
            sent, last_at = await storage.sent_quantity(connection, shop_id, start, meter)
        if last_at and (datetime.now(UTC) - last_at).total_seconds() < SUMS_LAG_S:
            raise PaymentsUnavailable("the meter may not have added up yet what it was told last")
        total = await self._payments.meter_total(meter, customer_id, start, end)
        return total >= sent + int(batch["quantity"])


def _within_period(batch: Any) -> datetime:
    """When the meter is to count a batch: in the period whose entries it holds, also where the last of them ended after
    it. The end is cut to the minute, as the meter's sums are."""
    start, end = batch["period_start"], batch["period_end"]
    last = end.replace(second=0, microsecond=0) - timedelta(seconds=1)
    at: datetime = max(start, min(batch["at"], last))
    return at
