"""Billing. With STRIPE_SECRET_KEY set shops have plans; without it every shop is unlimited."""

from collections.abc import Mapping

from msgspec import Struct

from billing.gateway import Payments
from billing.quota import Quota, Unlimited
from server.billing.entitlement_service import EntitlementService
from server.billing.notifications import NOTICE, AlertService, SendBillingNotice
from server.billing.overview import BillingOverview
from server.billing.payment_inbox import REFRESH_SUBSCRIPTION, PaymentInbox
from server.billing.plan_limits import ShopQuota
from server.billing.resolution_service import ResolutionService
from server.billing.service import BillingService
from server.billing.statements import CLOSE_PERIODS, AuditService, StatementService
from server.billing.tasks import (
    COUNT_RESOLUTIONS,
    REPORT_USAGE,
    ClosePeriods,
    CountResolutions,
    RefreshSubscription,
    ReportUsage,
)
from server.billing.usage_reporting import UsageReporter
from server.core.database import Database
from server.core.jobs import Handler
from server.core.mail import SendsMail
from server.core.settings import Settings
from server.shops.members import Members
from server.shops.service import ShopService
from server.wiring.foundation import Foundation


class BillingParts(Struct, frozen=True, kw_only=True):
    """The services of billing."""

    payments: Payments | None
    usage_reporter: UsageReporter | None
    entitlements: EntitlementService
    quota: Quota
    billing: BillingService
    overview: BillingOverview
    audits: AuditService
    payment_inbox: PaymentInbox
    alerts: AlertService
    statements: StatementService
    resolutions: ResolutionService


def build_billing(
    foundation: Foundation, entitlements: EntitlementService, shops: ShopService, members: Members
) -> BillingParts:
    """The services, connected to Stripe when its key is set."""
    settings, database = foundation.settings, foundation.database
    payments = _payments(settings)
    usage_reporter = UsageReporter(database, payments) if payments else None
    resolutions = ResolutionService(database, entitlements)
    audits = AuditService(database, entitlements, payments)
    return BillingParts(
        payments=payments,
        usage_reporter=usage_reporter,
        entitlements=entitlements,
        quota=ShopQuota(entitlements) if payments else Unlimited(),
        billing=BillingService(database, entitlements, payments, usage_reporter, shops, members, settings.base_url),
        overview=BillingOverview(database, entitlements, resolutions),
        audits=audits,
        payment_inbox=PaymentInbox(database, foundation.notify, payments, settings.stripe_webhook_secrets),
        alerts=AlertService(database, entitlements, shops),
        statements=StatementService(database, audits),
        resolutions=resolutions,
    )


def billing_handlers(
    parts: BillingParts, database: Database, shops: ShopService, members: Members, mailer: SendsMail | None, url: str
) -> Mapping[str, Handler]:
    """The worker's handlers of billing jobs, by the job's kind."""
    handlers: dict[str, Handler] = {
        REFRESH_SUBSCRIPTION: RefreshSubscription(database, parts.billing),
        CLOSE_PERIODS: ClosePeriods(parts.statements),
        NOTICE: SendBillingNotice(parts.entitlements, shops, members, mailer, url),
    }
    if parts.usage_reporter:
        handlers[COUNT_RESOLUTIONS] = CountResolutions(parts.resolutions)
        handlers[REPORT_USAGE] = ReportUsage(parts.entitlements, parts.usage_reporter)
    return handlers


def _payments(settings: Settings) -> Payments | None:
    if settings.stripe_secret_key is None:
        return None
    from billing.stripe_gateway import (
        StripePayments,  # takes more than half a second, and most installations do not bill
    )

    return StripePayments(settings.stripe_secret_key, api_base=settings.stripe_api_base)
