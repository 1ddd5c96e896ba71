"""Plans and money. With STRIPE_SECRET_KEY set shops have plans; without it every shop has everything."""

from collections.abc import Mapping

from msgspec import Struct

from billing.gateway import Payments
from billing.quota import Quota, Unlimited
from server.billing.alerts.service import AlertService
from server.billing.audit import Auditor
from server.billing.closing.service import CLOSE, ClosePeriods, Closing
from server.billing.entitlements import Entitlements
from server.billing.events import REFRESH, PaymentInbox
from server.billing.meter import Meter
from server.billing.notices import NOTICE
from server.billing.overview import Overview
from server.billing.quota import ShopQuota
from server.billing.resolutions.service import Resolutions
from server.billing.service import Billing
from server.billing.tasks import METER, RESOLVE, CountResolutions, RefreshSubscription, ReportUsage
from server.billing.telling import SendBillingNotice
from server.core.database import Database
from server.core.jobs import Handler, JobNotifier
from server.core.mail import SendsMail
from server.core.settings import Settings
from server.shops.members import Members
from server.shops.service import ShopService


class BillingParts(Struct, frozen=True, kw_only=True):
    """What a process needs for plans and money."""

    payments: Payments | None
    meter: Meter | None
    entitlements: Entitlements
    quota: Quota
    billing: Billing
    overview: Overview
    auditor: Auditor
    payment_inbox: PaymentInbox
    alerts: AlertService
    closing: Closing
    resolutions: Resolutions


def build_billing(
    settings: Settings,
    database: Database,
    entitlements: Entitlements,
    shops: ShopService,
    members: Members,
    notify: JobNotifier,
) -> BillingParts:
    """The parts, with Stripe behind them where its key is set."""
    payments = _payments(settings)
    meter = Meter(database, payments) if payments else None
    resolutions = Resolutions(database, entitlements)
    auditor = Auditor(database, entitlements, payments)
    return BillingParts(
        payments=payments,
        meter=meter,
        entitlements=entitlements,
        quota=ShopQuota(entitlements) if payments else Unlimited(),
        billing=Billing(database, entitlements, payments, meter, shops, members, settings.base_url),
        overview=Overview(database, entitlements, resolutions),
        auditor=auditor,
        payment_inbox=PaymentInbox(database, notify, payments, settings.stripe_webhook_secrets),
        alerts=AlertService(database, entitlements, shops),
        closing=Closing(database, auditor),
        resolutions=resolutions,
    )


def billing_handlers(
    parts: BillingParts, database: Database, shops: ShopService, members: Members, mailer: SendsMail | None, url: str
) -> Mapping[str, Handler]:
    """What the worker runs about money, by the job's kind."""
    handlers: dict[str, Handler] = {
        REFRESH: RefreshSubscription(database, parts.billing),
        CLOSE: ClosePeriods(parts.closing),
        NOTICE: SendBillingNotice(parts.entitlements, shops, members, mailer, url),
    }
    if parts.meter:
        handlers[RESOLVE] = CountResolutions(parts.resolutions)
        handlers[METER] = ReportUsage(parts.entitlements, parts.meter)
    return handlers


def _payments(settings: Settings) -> Payments | None:
    if settings.stripe_secret_key is None:
        return None
    from billing.stripe_gateway import StripePayments  # costs more than half a second, and most have no use for it

    return StripePayments(settings.stripe_secret_key, api_base=settings.stripe_api_base)
