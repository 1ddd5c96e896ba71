"""Mails to a shop's owners about plan and limits.

A notice is enqueued in the transaction that is the reason for it, once per period. A worker then renders it, sends it
to every owner and writes it into the shop's audit log. Merchants choose some of them (`AlertService`).
"""

from datetime import datetime
from uuid import UUID

from msgspec import Struct

from billing.entitlement import Entitlement
from billing.plans import OFFERED, Plan
from server.billing import storage
from server.billing.entitlement_service import EntitlementService
from server.billing.models import PAGE, AlertChoices
from server.core.database import Connection, Database
from server.core.jobs import ClaimedJob, enqueue
from server.core.logging import get_logger
from server.core.mail import MailDelayed, MailRefused, SendsMail
from server.core.money import format_money
from server.shops.members import Members
from server.shops.models import Caller, Role
from server.shops.service import ShopService

NOTICE = "billing.notice"
"""The kind of job that sends a notice; its payload is {"kind": "share:80"}.

share:N         N percent of the plan's answers are used
spent:N         usage beyond the plan has cost N minor units
limit           no answers are left
key:ID          no answers are left for a key with a limit of its own
stock:RESOURCE  products, documents or storage have reached the plan's limit; the word is older than `Resource` and
                is in stored notices
state:NAME      a payment failed (grace), nothing was paid for too long (past_due), trial or subscription ended (ended)
"""
NOTIFIED_STATES = frozenset({"grace", "past_due", "ended"})
MAIL_RETRY_S = 30.0
_RESOURCE_NAMES = {"products": "products", "documents": "documents", "storage_mb": "text and pictures"}

log = get_logger("billing")


class NoticeMail(Struct, frozen=True):
    """The mail of a notice; the address of the page of plan and usage follows the text."""

    subject: str
    text: str


async def enqueue_notice(connection: Connection, shop_id: UUID, period_start: datetime, kind: str) -> None:
    """Enqueue a mail to the owners, unless this notice was enqueued in the period before."""
    if await storage.add_notice(connection, shop_id, period_start, kind):
        await enqueue(connection, shop_id, NOTICE, {"kind": kind})


async def enqueue_state_notice(connection: Connection, shop_id: UUID, entitlement: Entitlement) -> None:
    """Enqueue a mail to the owners when a payment failed or shoppers get no answers any more, once each time."""
    if entitlement.state in NOTIFIED_STATES:
        began_at = entitlement.ends_at or entitlement.period.start
        await enqueue_notice(connection, shop_id, began_at, f"state:{entitlement.state}")


class AlertService:
    """At which usage the owners of each shop get a mail."""

    def __init__(self, database: Database, entitlements: EntitlementService, shops: ShopService) -> None:
        self._database, self._entitlements, self._shops = database, entitlements, shops

    async def get_alerts(self, shop_id: UUID) -> AlertChoices:
        """The shop's alerts; the default ones when none were chosen. Raises NotFound."""
        alerts = (await self._entitlements.get_account(shop_id)).alerts
        return AlertChoices(at_percents=list(alerts.at_percents), spent_minor=alerts.spent_minor)

    async def update_alerts(self, caller: Caller, choices: AlertChoices) -> AlertChoices:
        """Replace the shop's alerts; a share that is named twice counts once."""
        caller.require(Role.ADMIN)
        percents = sorted(set(choices.at_percents))
        async with self._database.connection(caller.shop_id) as connection:
            await storage.save_alerts(connection, caller.shop_id, percents, choices.spent_minor)
        self._entitlements.invalidate(caller.shop_id)
        details: dict[str, object] = {"at_percents": percents, "spent_minor": choices.spent_minor}
        await self._shops.add_audit_entry(caller.shop_id, caller.actor, "billing.alerts", details)
        return await self.get_alerts(caller.shop_id)


class SendBillingNotice:
    """Handler of `billing.notice`: mails a notice to every owner and writes it into the shop's audit log."""

    def __init__(
        self,
        entitlements: EntitlementService,
        shops: ShopService,
        members: Members,
        mailer: SendsMail | None,
        base_url: str,
    ) -> None:
        self._entitlements, self._shops, self._members = entitlements, shops, members
        self._mailer, self._page_url = mailer, f"{base_url}{PAGE}"

    async def __call__(self, job: ClaimedJob) -> None:
        profile = await self._shops.profile(job.shop_id)
        entitlement = await self._entitlements.get_entitlement(job.shop_id)
        kind = str(job.payload.get("kind", ""))
        if kind.startswith("state:") and kind != f"state:{entitlement.state}":
            return await job.finish("done")  # out of date: a payment arrived or a plan was chosen since
        mail = render_notice(kind, entitlement)
        await self._shops.add_audit_entry(job.shop_id, "billing", "billing.notice", dict(job.payload))
        owners = [each.email for each in await self._members.list_of(job.shop_id) if each.role == Role.OWNER]
        try:
            if self._mailer:
                for address in owners:
                    await self._mailer.send(
                        address, f"{profile.name}: {mail.subject}", f"{mail.text}\n{self._page_url}\n"
                    )
        except MailDelayed:
            return await job.postpone(MAIL_RETRY_S)
        except MailRefused as reason:
            log.warning("notice_refused", shop_id=str(job.shop_id), reason=str(reason))
        return await job.finish("done")


def render_notice(notice: str, entitlement: Entitlement) -> NoticeMail:
    """The mail of a notice; its kinds are listed at NOTICE. An unknown kind is taken for "limit"."""
    kind, _, value = notice.partition(":")
    plan, until = entitlement.plan, f"{entitlement.period.end:%-d %B %Y}"
    match kind:
        case "share":
            return NoticeMail(
                f"you have used {value}% of this period's answers",
                f"Your plan, {plan.name}, includes {plan.answers or 0:,} answers until {until}. You have used {value}% "
                "of them.\nTo change your plan, pay for further answers or choose when you get this mail:",
            )
        case "spent":
            spent = format_money(int(value), plan.currency)
            return NoticeMail(
                f"your usage charges have reached {spent}",
                f"In the period until {until}, charges by use on the plan {plan.name} have reached {spent}.\n"
                "To set a spending cap or change your plan:",
            )
        case "stock":
            return NoticeMail(
                f"your plan has no room for more {_RESOURCE_NAMES.get(value, value)}",
                f"Your shop has reached a limit of the plan {plan.name}. Everything you already have stays, but the "
                "assistant cannot use what was left out. Each import, and the Stores page, lists what that is.\n"
                "To upgrade:",
            )
        case "state":
            return _render_state(value, entitlement)
        case "key":
            return NoticeMail(
                "a key has reached its limit",
                f"Shoppers who use this key get your contact details instead of answers until {until}.\n"
                "To see your plan and usage:",
            )
    return NoticeMail(
        "you have no answers left in this period",
        f"Shoppers get your contact details instead of answers until {until}.{_next_plan_sentence(plan)}\nTo upgrade:",
    )


def _render_state(state: str, entitlement: Entitlement) -> NoticeMail:
    if state == "grace":
        until = f" until {entitlement.ends_at:%-d %B %Y}" if entitlement.ends_at else ""
        return NoticeMail(
            "your last payment failed",
            f"Your assistant keeps answering{until}. Please check your card and pay the open invoice:",
        )
    why = "your last payment failed several times" if state == "past_due" else "your trial or subscription has ended"
    return NoticeMail(
        "your shop no longer has a plan",
        f"Shoppers get your contact details instead of answers because {why}. All your data is still there. "
        "To continue:",
    )


def _next_plan_sentence(plan: Plan) -> str:
    """A sentence about the next larger plan that is sold by answers; "" when there is none."""
    by_answers = [each for each in OFFERED if each.resolution_minor is None]
    larger = next((each for each in by_answers if (each.answers or 0) > (plan.answers or 0)), None)
    return f" {larger.name} includes {larger.answers:,} answers." if larger else ""
