"""What a worker looks after about money without being asked."""

from datetime import timedelta

from server.billing import storage
from server.billing.closing.service import CLOSE, SETTLED
from server.billing.events import REFRESH
from server.billing.resolutions.service import SETTLES, Resolutions
from server.billing.tasks import METER
from server.core.database import Database
from server.core.jobs import enqueue_once

RECONCILE_AFTER = timedelta(hours=24)
"""Every subscription is fetched this often without a reason: whatever webhook was lost, this repairs it."""


class BillingRounds:
    """Rounds over all shops; several workers may make them at once."""

    def __init__(self, database: Database, resolutions: Resolutions, *, has_payments: bool) -> None:
        self._database, self._resolutions, self._has_payments = database, resolutions, has_payments

    async def look_around(self) -> None:
        """Give back what is held for nobody; have subscriptions fetched, resolutions counted, the meter told, periods
        closed."""
        for shop_id in await self._database.shops_with_expired_reservations():
            async with self._database.fast(shop_id) as connection:
                await storage.give_back_expired(connection, shop_id)
        if not self._has_payments:
            return
        for shop_id in await self._database.shops_to_reconcile(RECONCILE_AFTER):
            async with self._database.fast(shop_id) as connection:
                await enqueue_once(connection, shop_id, REFRESH, {})
        for shop_id in await self._database.shops_with_due_resolutions(SETTLES):
            await self._resolutions.count_due(shop_id)
        for shop_id in await self._database.shops_to_meter():
            async with self._database.fast(shop_id) as connection:
                await enqueue_once(connection, shop_id, METER, {})
        for shop_id in await self._database.shops_to_close(SETTLED):
            async with self._database.fast(shop_id) as connection:
                await enqueue_once(connection, shop_id, CLOSE, {})
