"""Handlers of the billing jobs: fetch subscriptions, count resolutions, report usage, close periods."""

from billing.gateway import PaymentsRefused, PaymentsUnavailable
from server.billing import storage
from server.billing.entitlement_service import EntitlementService
from server.billing.resolution_service import ResolutionService
from server.billing.service import BillingService
from server.billing.statements import StatementService
from server.billing.usage_reporting import UsageReporter
from server.core.database import Database
from server.core.errors import Unavailable
from server.core.jobs import ClaimedJob
from server.core.logging import get_logger

REPORT_USAGE, COUNT_RESOLUTIONS = "billing.meter", "billing.resolve"
RETRY_S = 30.0
CLOSE_RETRY_S = 300.0

log = get_logger("billing")


class RefreshSubscription:
    """Handler of `billing.refresh`: fetches the shop's subscription from the payment provider."""

    def __init__(self, database: Database, billing: BillingService) -> None:
        self._database, self._billing = database, billing

    async def __call__(self, job: ClaimedJob) -> None:
        async with self._database.connection(job.shop_id) as connection:
            events = await storage.list_open_events(connection, job.shop_id)
        try:
            await self._billing.refresh(job.shop_id)
        except Unavailable:
            return await job.postpone(RETRY_S)
        async with self._database.connection(job.shop_id) as connection:
            await storage.finish_events(connection, job.shop_id, events)
        return await job.finish("done")


class CountResolutions:
    """Handler of `billing.resolve`: counts final resolutions. The schedule enqueues it again while any are left."""

    def __init__(self, resolutions: ResolutionService) -> None:
        self._resolutions = resolutions

    async def __call__(self, job: ClaimedJob) -> None:
        await self._resolutions.count_due(job.shop_id)
        await job.finish("done")


class ReportUsage:
    """Handler of `billing.meter`: reports paid usage to the payment provider."""

    def __init__(self, entitlements: EntitlementService, usage_reporter: UsageReporter) -> None:
        self._entitlements, self._usage_reporter = entitlements, usage_reporter

    async def __call__(self, job: ClaimedJob) -> None:
        account = await self._entitlements.read_account(job.shop_id)
        if account.customer_id is None:
            return await job.finish("done")
        try:
            await self._usage_reporter.report_usage(job.shop_id, account.customer_id)
        except PaymentsUnavailable:
            return await job.postpone(RETRY_S)
        except PaymentsRefused as reason:
            log.error("meter_refused", shop_id=str(job.shop_id), reason=reason.message)
            return await job.finish("failed")
        return await job.finish("done")


class ClosePeriods:
    """Handler of `billing.close`: stores the statements of periods that are over."""

    def __init__(self, statements: StatementService) -> None:
        self._statements = statements

    async def __call__(self, job: ClaimedJob) -> None:
        try:
            await self._statements.close_periods(job.shop_id)
        except PaymentsUnavailable:
            return await job.postpone(CLOSE_RETRY_S)
        return await job.finish("done")
