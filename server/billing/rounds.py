"""What a worker looks after about money without being asked."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from server.billing import storage
from server.billing.closing.service import CLOSE, SETTLED
from server.billing.events import REFRESH
from server.billing.resolutions.service import SETTLES
from server.billing.tasks import METER, RESOLVE
from server.core.database import Database
from server.core.jobs import enqueue_once

RECONCILE_AFTER = timedelta(hours=24)
"""Every subscription is fetched this often without a reason: whatever webhook was lost, this repairs it."""


class BillingRounds:
    """Rounds over all shops; several workers may make them at once. What may fail is a job of the one shop."""

    def __init__(self, database: Database, *, has_payments: bool) -> None:
        self._database, self._has_payments = database, has_payments

    async def look_around(self) -> None:
        """Give back what is held for nobody; have subscriptions fetched, resolutions counted, the meter told, periods
        closed."""
        for shop_id in await storage.list_shops_with_expired_reservations(self._database):
            async with self._database.connection(shop_id) as connection:
                await storage.give_back_expired(connection, shop_id)
        if not self._has_payments:
            return
        await self._ask_for(REFRESH, await storage.list_shops_to_reconcile(self._database, RECONCILE_AFTER))
        await self._ask_for(RESOLVE, await storage.list_shops_with_due_resolutions(self._database, SETTLES))
        await self._ask_for(METER, await storage.list_shops_with_unreported_usage(self._database))
        await self._ask_for(CLOSE, await storage.list_shops_with_periods_to_close(self._database, SETTLED))

    async def _ask_for(self, kind: str, shop_ids: Sequence[UUID]) -> None:
        for shop_id in shop_ids:
            async with self._database.connection(shop_id) as connection:
                await enqueue_once(connection, shop_id, kind, {})
