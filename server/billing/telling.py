"""Mails to a shop's owners about plan and limits: what has happened, what shoppers see, and the way on."""

from billing.entitlement import Entitlement
from billing.plans import OFFERED, Plan
from server.billing.entitlements import Entitlements
from server.billing.service import PAGE
from server.billing.tasks import RETRY_S
from server.core.jobs import ClaimedJob
from server.core.logging import get_logger
from server.core.mail import MailDelayed, MailRefused, SendsMail
from server.core.money import format_money
from server.shops.members import Members
from server.shops.models import Role
from server.shops.service import ShopService

STOCK_WORDS = {"products": "products", "documents": "documents", "storage_mb": "text and pictures"}

log = get_logger("billing")


class SendBillingNotice:
    """Handler of `billing.notice`: the owners learn by mail, and the shop's record keeps it."""

    def __init__(
        self,
        entitlements: Entitlements,
        shops: ShopService,
        members: Members,
        mailer: SendsMail | None,
        base_url: str,
    ) -> None:
        self._entitlements, self._shops, self._members = entitlements, shops, members
        self._mailer, self._page = mailer, f"{base_url}{PAGE}"

    async def __call__(self, job: ClaimedJob) -> None:
        profile = await self._shops.profile(job.shop_id)
        holds, notice = await self._entitlements.of(job.shop_id), str(job.payload.get("kind", ""))
        if notice.startswith("state:") and notice != f"state:{holds.state}":
            return await job.finish("done")  # it has passed meanwhile: a payment came, a plan was chosen
        subject, text = words_of(notice, holds)
        await self._shops.note(job.shop_id, "billing", "billing.notice", dict(job.payload))
        owners = [each.email for each in await self._members.list_of(job.shop_id) if each.role == Role.OWNER]
        try:
            if self._mailer:
                for address in owners:
                    await self._mailer.send(address, f"{profile.name}: {subject}", f"{text}\n{self._page}\n")
        except MailDelayed:
            return await job.postpone(RETRY_S)
        except MailRefused as reason:
            log.warning("notice_refused", shop_id=str(job.shop_id), reason=str(reason))
        return await job.finish("done")


def words_of(notice: str, holds: Entitlement) -> tuple[str, str]:
    """(subject, text) of a notice of `server.billing.notices`; the address of the plan's page follows the text."""
    kind, _, value = notice.partition(":")
    plan, until = holds.plan, f"{holds.period.end:%-d %B %Y}"
    match kind:
        case "share":
            return (
                f"{value}% of this period's answers are used",
                f"Of the {plan.answers or 0:,} answers in your plan {plan.name} until {until}, {value}% are used.\n"
                "Upgrade, pay for further answers, or change these alerts:",
            )
        case "spent":
            spent = format_money(int(value), plan.currency)
            return (
                f"charges by usage have reached {spent}",
                f"In the period until {until}, your plan {plan.name} has charged {spent} by usage so far.\n"
                "Set a spending cap or change the plan:",
            )
        case "stock":
            what = STOCK_WORDS.get(value, value)
            return (
                f"your plan's limit of {what} is reached",
                f"Aisle kept all it had, but does not use what goes beyond your plan {plan.name}. Each import and the "
                "page Stores list what was left out.\nUpgrade:",
            )
        case "state":
            return _state_words(value, holds)
        case "key":
            return (
                "a key has reached its limit",
                f"Until {until}, shoppers with this key see your contact details instead of answers.\nIts limit:",
            )
    return (
        "no answers are left in this period",
        f"Until {until}, shoppers see your contact details instead of answers.{_bigger(plan)}\nUpgrade:",
    )


def _state_words(state: str, holds: Entitlement) -> tuple[str, str]:
    if state == "grace":
        until = f"{holds.ends_at:%-d %B %Y}" if holds.ends_at else "further notice"
        return (
            "the last payment failed",
            f"Aisle keeps answering until {until}. Please check your card and pay the open invoice:",
        )
    why = "the last payment failed several times" if state == "past_due" else "the trial or subscription has ended"
    return (
        "the shop no longer has a plan",
        f"Shoppers see your contact details instead of answers because {why}. Nothing was deleted. To continue:",
    )


def _bigger(plan: Plan) -> str:
    """The next plan up whose answers are what is paid for, in one sentence."""
    counted = [each for each in OFFERED if each.resolution_minor is None]
    bigger = next((each for each in counted if (each.answers or 0) > (plan.answers or 0)), None)
    return f" {bigger.name} has {bigger.answers:,} answers." if bigger else ""
