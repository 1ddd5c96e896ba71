"""What a worker does about money: fetch what has changed, count resolutions, tell the meter."""

from billing.gateway import PaymentsRefused, PaymentsUnavailable
from server.billing import storage
from server.billing.entitlements import Entitlements
from server.billing.meter import Meter
from server.billing.resolutions.service import Resolutions
from server.billing.service import Billing
from server.core.database import Database
from server.core.errors import Unavailable
from server.core.jobs import ClaimedJob
from server.core.logging import get_logger

METER, RESOLVE = "billing.meter", "billing.resolve"
RETRY_S = 30.0

log = get_logger("billing")


class RefreshSubscription:
    """Handler of `billing.refresh`: something has happened to the shop's money; look what holds now."""

    def __init__(self, database: Database, billing: Billing) -> None:
        self._database, self._billing = database, billing

    async def __call__(self, job: ClaimedJob) -> None:
        async with self._database.connection(job.shop_id) as connection:
            events = await storage.waiting_events(connection, job.shop_id)
        try:
            await self._billing.refresh(job.shop_id)
        except Unavailable:
            return await job.postpone(RETRY_S)
        async with self._database.connection(job.shop_id) as connection:
            await storage.end_events(connection, job.shop_id, events)
        return await job.finish("done")


class CountResolutions:
    """Handler of `billing.resolve`: conversations whose time has come. What is left after one go is asked for again."""

    def __init__(self, resolutions: Resolutions) -> None:
        self._resolutions = resolutions

    async def __call__(self, job: ClaimedJob) -> None:
        await self._resolutions.count_due(job.shop_id)
        await job.finish("done")


class ReportUsage:
    """Handler of `billing.meter`: answers beyond the plan, each told once."""

    def __init__(self, entitlements: Entitlements, meter: Meter) -> None:
        self._entitlements, self._meter = entitlements, meter

    async def __call__(self, job: ClaimedJob) -> None:
        account = await self._entitlements.read(job.shop_id)
        if account.customer_id is None:
            return await job.finish("done")
        try:
            await self._meter.tell(job.shop_id, account.customer_id)
        except PaymentsUnavailable:
            return await job.postpone(RETRY_S)
        except PaymentsRefused as reason:
            log.error("meter_refused", shop_id=str(job.shop_id), reason=reason.message)
            return await job.finish("failed")
        return await job.finish("done")
