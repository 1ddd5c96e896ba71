"""What a worker does about money: fetch what has changed, tell the meter, tell the merchant."""

from uuid import UUID

from billing.gateway import PaymentsRefused, PaymentsUnavailable
from billing.plans import find_offered
from server.billing import storage
from server.billing.entitlements import Entitlements
from server.billing.meter import Meter
from server.billing.service import PAGE, Billing
from server.core.database import Database
from server.core.errors import Unavailable
from server.core.jobs import ClaimedJob
from server.core.logging import get_logger
from server.core.mail import MailDelayed, MailRefused, SendsMail
from server.shops.members import Members
from server.shops.models import Role
from server.shops.service import ShopService

METER = "billing.meter"
RETRY_S = 30.0

log = get_logger("billing")


class RefreshSubscription:
    """Handler of `billing.refresh`: something has happened to the shop's money; look what holds now."""

    def __init__(self, database: Database, billing: Billing) -> None:
        self._database, self._billing = database, billing

    async def __call__(self, job: ClaimedJob) -> None:
        async with self._database.fast(job.shop_id) as connection:
            events = await storage.waiting_events(connection, job.shop_id)
        try:
            await self._billing.refresh(job.shop_id)
        except Unavailable:
            return await job.postpone(RETRY_S)
        async with self._database.fast(job.shop_id) as connection:
            await storage.end_events(connection, job.shop_id, events)
        return await job.finish("done")


class TellMeter:
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


class TellMerchant:
    """Handler of `billing.notice`: the owners learn by mail that a limit is near or reached, with the way on."""

    def __init__(
        self,
        entitlements: Entitlements,
        shops: ShopService,
        members: Members,
        mailer: SendsMail | None,
        base_url: str,
    ) -> None:
        self._entitlements, self._shops, self._members = entitlements, shops, members
        self._mailer, self._base_url = mailer, base_url

    async def __call__(self, job: ClaimedJob) -> None:
        profile = await self._shops.profile(job.shop_id)
        subject, text = await self._words(job.shop_id, profile.name, job.payload)
        await self._shops.note(job.shop_id, "billing", "billing.notice", dict(job.payload))
        owners = [each.email for each in await self._members.list_of(job.shop_id) if each.role == Role.OWNER]
        try:
            if self._mailer:
                for address in owners:
                    await self._mailer.send(address, subject, text)
        except MailDelayed:
            return await job.postpone(RETRY_S)
        except MailRefused as reason:
            log.warning("notice_refused", shop_id=str(job.shop_id), reason=str(reason))
        return await job.finish("done")

    async def _words(self, shop_id: UUID, name: str, payload: dict[str, object]) -> tuple[str, str]:
        """(subject, text)."""
        holds = await self._entitlements.of(shop_id)
        where = f"{self._base_url}{PAGE}"
        until = f"{holds.period.end:%-d %B %Y}"
        if payload.get("kind") == "soft":
            return (
                f"{name}: four of five answers of this period are used",
                f"The plan {holds.plan.name} has {holds.plan.answers:,} answers until {until}; 80 % of them are used.\n"
                f"More answers, or paying for those beyond the plan: {where}\n",
            )
        if payload.get("key_id"):
            return (
                f"{name}: a key has reached its limit",
                f"Shoppers who come by this key get the shop's contact instead of answers until {until}.\n{where}\n",
            )
        bigger = find_offered("pro") if holds.plan.id in ("trial", "starter") else None
        offer = f" {bigger.name} has {bigger.answers:,}." if bigger else ""
        return (
            f"{name}: no answers are left in this period",
            f"Shoppers get the shop's contact instead of answers until {until}.{offer}\n"
            f"Upgrade with one click: {where}\n",
        )
