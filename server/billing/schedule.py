"""Enqueues the billing jobs that are due; a worker runs it regularly."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from server.billing import quota_storage, storage
from server.billing.payment_inbox import REFRESH_SUBSCRIPTION
from server.billing.resolution_service import COMMIT_DELAY
from server.billing.statements import CLOSE_AFTER, CLOSE_PERIODS
from server.billing.tasks import COUNT_RESOLUTIONS, REPORT_USAGE
from server.core.database import Database
from server.core.jobs import enqueue_once

REFRESH_AFTER = timedelta(hours=24)
"""A subscription is fetched again when it was last fetched this long ago, which makes up for lost webhooks."""


class BillingSchedule:
    """Enqueues the billing jobs of all shops; several workers may run it at once. What may fail is done in a job of one
    shop, so that a failure does not stop the other shops."""

    def __init__(self, database: Database, *, has_payments: bool) -> None:
        self._database, self._has_payments = database, has_payments

    async def enqueue_due_jobs(self) -> None:
        """Release expired reservations, and enqueue the jobs that are due: fetch subscriptions, count resolutions,
        report usage, close periods."""
        database = self._database
        for shop_id in await storage.list_shops_with_expired_reservations(database):
            async with database.connection(shop_id) as connection:
                await quota_storage.release_expired_reservations(connection, shop_id)
        if not self._has_payments:
            return
        await self._enqueue(
            REFRESH_SUBSCRIPTION, await storage.list_shops_with_stale_subscriptions(database, REFRESH_AFTER)
        )
        await self._enqueue(COUNT_RESOLUTIONS, await storage.list_shops_with_due_resolutions(database, COMMIT_DELAY))
        await self._enqueue(REPORT_USAGE, await storage.list_shops_with_unreported_usage(database))
        await self._enqueue(CLOSE_PERIODS, await storage.list_shops_with_periods_to_close(database, CLOSE_AFTER))

    async def _enqueue(self, kind: str, shop_ids: Sequence[UUID]) -> None:
        for shop_id in shop_ids:
            async with self._database.connection(shop_id) as connection:
                await enqueue_once(connection, shop_id, kind, {})
