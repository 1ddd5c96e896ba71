"""The monthly close: a period that is over is audited once more, and what it came to is kept for good."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import msgspec

from billing.gateway import PaymentsRefused, PaymentsUnavailable
from server.billing.audit import Auditor
from server.billing.closing import storage
from server.billing.closing.models import Statement, statement_of
from server.core.database import Database
from server.core.jobs import ClaimedJob
from server.core.logging import get_logger
from server.shops.models import Caller, Role

CLOSE = "billing.close"
SETTLED = timedelta(days=2)
"""After a period's end: the meter has been told by then, and the invoice is final."""
RETRY_S = 300.0
MAX_STATEMENTS = 24

log = get_logger("billing")


class Closing:
    """The closed periods of all shops."""

    def __init__(self, database: Database, auditor: Auditor) -> None:
        self._database, self._auditor = database, auditor

    async def statements(self, caller: Caller) -> tuple[Statement, ...]:
        """Newest first."""
        caller.require(Role.ADMIN)
        async with self._database.connection(caller.shop_id) as connection:
            found = await storage.statements_of(connection, caller.shop_id, MAX_STATEMENTS)
        return tuple(msgspec.json.decode(each, type=Statement) for each in found)

    async def close(self, shop_id: UUID) -> int:
        """Close what is over; how many periods. Raises PaymentsUnavailable, and then the rest stays open.

        A period that does not add up is closed all the same, with the difference in its statement: it is a finding to
        be looked into, and no later look would find another."""
        async with self._database.connection(shop_id) as connection:
            starts = await storage.periods_to_close(connection, shop_id, SETTLED)
        for start in starts:
            await self.close_period(shop_id, start)
        return len(starts)

    async def close_period(self, shop_id: UUID, start: datetime) -> None:
        """Close the period that began at `start`, unless it is closed. Raises PaymentsUnavailable."""
        try:
            period, audit = await self._auditor.audit(shop_id, start)
        except PaymentsRefused as reason:  # no later try would be told more: what we know ourselves is kept
            log.error("close_refused", shop_id=str(shop_id), reason=reason.message)
            period, audit = await self._auditor.audit(shop_id, start, asks_provider=False)
        statement = statement_of(period, audit, datetime.now(UTC))
        encoded = msgspec.json.encode(statement).decode()
        async with self._database.connection(shop_id) as connection:
            is_new = await storage.add_statement(connection, shop_id, period.start, period.end, encoded)
        if is_new and (statement.difference or statement.difference_minor):
            log.error(
                "period_does_not_add_up",
                shop_id=str(shop_id),
                period=f"{period.start:%Y-%m-%d}",
                answers=statement.difference,
                minor=statement.difference_minor,
            )


class ClosePeriods:
    """Handler of `billing.close`."""

    def __init__(self, closing: Closing) -> None:
        self._closing = closing

    async def __call__(self, job: ClaimedJob) -> None:
        try:
            await self._closing.close(job.shop_id)
        except PaymentsUnavailable:
            return await job.postpone(RETRY_S)
        return await job.finish("done")
