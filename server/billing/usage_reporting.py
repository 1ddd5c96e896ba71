"""Reports of paid usage, answers beyond a plan and final resolutions, to the payment provider's meters.

Ledger entries are sent in batches, one meter at a time. A batch is sent with the same identifier until it is known to
have arrived, and the meter counts an identifier once. The meter forgets identifiers after a day, so an older batch is
first looked for in the meter's total.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from uuid import UUID

from billing.gateway import Payments, PaymentsUnavailable
from billing.plans import ANSWERS, RESOLUTIONS
from server.billing import ledger_storage
from server.billing.ledger_storage import UsageBatch
from server.core.database import Database
from server.core.ids import new_id
from server.core.logging import get_logger

ENTRY_KINDS: Mapping[str, str] = {ANSWERS: "answer", RESOLUTIONS: "resolution"}
"""The kind of ledger entry that each meter counts."""
MAX_BATCH_ENTRIES = 10_000
IDENTIFIER_TTL_S = 23 * 3600
MAX_BATCH_AGE_S = 34.5 * 86_400
"""The meter refuses events that are 35 days old."""
TOTALS_DELAY_S = 900.0
"""How late the meter's total may be at most."""

log = get_logger("billing")


class UsageReporter:
    """Reports the usage of all shops."""

    def __init__(self, database: Database, payments: Payments) -> None:
        self._database, self._payments = database, payments

    async def report_usage(self, shop_id: UUID, customer_id: str) -> int:
        """Send what has not been reported yet; returns the quantity. Raises PaymentsError: what was sent stays
        recorded, and the rest is sent by the next call."""
        for meter, kind in ENTRY_KINDS.items():
            while await self._add_batch(shop_id, meter, kind):
                pass
        async with self._database.connection(shop_id) as connection:
            batches = await ledger_storage.list_unsent_batches(connection, shop_id)
        reported = 0
        for batch in batches:
            may_be_forgotten = batch.age_s >= IDENTIFIER_TTL_S
            if not (may_be_forgotten and await self._has_arrived(shop_id, customer_id, batch)):
                if batch.age_s > MAX_BATCH_AGE_S:
                    await self._give_up(shop_id, batch)
                    continue
                await self._payments.send_meter_event(
                    batch.meter, customer_id, batch.quantity, f"aisle-{batch.id}", _time_within_period(batch)
                )
            async with self._database.connection(shop_id) as connection:
                await ledger_storage.mark_batch_sent(connection, shop_id, batch.id)
            reported += batch.quantity
        return reported

    async def _give_up(self, shop_id: UUID, batch: UsageBatch) -> None:
        """Mark a batch as lost: it is never billed, and the period's audit shows the difference."""
        log.error("meter_batch_too_old", shop_id=str(shop_id), meter=batch.meter, quantity=batch.quantity)
        async with self._database.connection(shop_id) as connection:
            await ledger_storage.mark_batch_lost(connection, shop_id, batch.id)

    async def _add_batch(self, shop_id: UUID, meter: str, kind: str) -> int:
        async with self._database.connection(shop_id) as connection:
            return await ledger_storage.add_usage_batch(connection, shop_id, new_id(), meter, kind, MAX_BATCH_ENTRIES)

    async def _has_arrived(self, shop_id: UUID, customer_id: str, batch: UsageBatch) -> bool:
        """Whether the meter's total includes the batch. The total is of the whole period, because one up to now would
        leave out the current minute."""
        async with self._database.connection(shop_id) as connection:
            sent = await ledger_storage.get_sent_usage(connection, shop_id, batch.period_start, batch.meter)
        if sent.last_at and (datetime.now(UTC) - sent.last_at).total_seconds() < TOTALS_DELAY_S:
            raise PaymentsUnavailable("the meter's total may not include the last report yet")
        total = await self._payments.meter_total(batch.meter, customer_id, batch.period_start, batch.period_end)
        return total >= sent.quantity + batch.quantity


def _time_within_period(batch: UsageBatch) -> datetime:
    """The time a batch is counted at: within the period of its entries, even when the last of them ended after it. The
    period's end is cut to the minute, as in the meter's totals."""
    last = batch.period_end.replace(second=0, microsecond=0) - timedelta(seconds=1)
    return max(batch.period_start, min(batch.at, last))
