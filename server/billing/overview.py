"""What a merchant sees of plan and usage, put together from the entitlement and the counters."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from billing.entitlement import Entitlement
from billing.forecast import runs_out_at
from billing.plans import NEVER, find_plan
from server.billing import storage
from server.billing.entitlements import Account, Entitlements
from server.billing.models import (
    AnswersView,
    BillingView,
    OverageView,
    PeriodView,
    ResolutionsView,
    UsageView,
    UsedView,
    offered_plans,
    plan_view,
)
from server.billing.resolutions.service import Resolutions
from server.billing.resolutions.storage import count_billed
from server.core.cache import ExpiringCache
from server.core.database import Database

RESOLVED_LIVES_S = 20.0


class Overview:
    """Reads only."""

    def __init__(self, database: Database, entitlements: Entitlements, resolutions: Resolutions) -> None:
        self._database, self._entitlements, self._resolutions = database, entitlements, resolutions
        self._resolved_lately: ExpiringCache[tuple[UUID, datetime], ResolutionsView] = ExpiringCache(RESOLVED_LIVES_S)
        self._one_at_a_time = asyncio.Lock()

    async def of(self, shop_id: UUID) -> BillingView:
        """The shop's plan, and how much of it is used."""
        now = datetime.now(UTC)
        account, holds = await self._entitlements.account(shop_id), await self._entitlements.of(shop_id)
        used, spent_minor, refused = await self._counts(shop_id, holds)
        subscription = account.subscription
        following = find_plan(subscription.scheduled_lookup_key) if subscription else None
        leaving = subscription is not None and subscription.ends and not holds.is_cut
        cancels_at = (subscription.cancel_at or holds.period.end) if subscription and leaving else None
        return BillingView(
            billing="on" if self._entitlements.billing else "off",
            plan=plan_view(holds.plan),
            status=holds.state,
            period=PeriodView(holds.period.start, holds.period.end),
            ends_at=holds.ends_at,
            cancels_at=cancels_at,
            next_plan=following.id if following else None,
            free_until=subscription.trial_end if subscription and subscription.status == "trialing" else None,
            may_try=subscription is None,
            answers=AnswersView(
                used=used,
                included=holds.plan.answers,
                limit=self._limit(account, holds, used, spent_minor),
                refused=refused,
                lasts_until=runs_out_at(holds.period, used, holds.plan.answers, now),
            ),
            overage=_overage(account, holds, spent_minor),
            resolutions=await self._resolved(shop_id, holds, now),
            plans=offered_plans() if self._entitlements.billing else (),
        )

    async def usage(self, shop_id: UUID) -> UsageView:
        """The figures alone, and what there is to answer from."""
        account, holds = await self._entitlements.account(shop_id), await self._entitlements.of(shop_id)
        used, spent_minor, _ = await self._counts(shop_id, holds)
        async with self._database.connection(shop_id) as connection:
            stock = await storage.count_stock(connection, shop_id)
        return UsageView(
            plan=holds.plan.id,
            period=PeriodView(holds.period.start, holds.period.end),
            answers=UsedView(used, self._limit(account, holds, used, spent_minor)),
            products=stock["products"],
            documents=stock["documents"],
            seats=stock["seats"],
        )

    async def _counts(self, shop_id: UUID, holds: Entitlement) -> tuple[int, int, int]:
        """(answers used, what those beyond the plans have come to, questions refused) in the period."""
        async with self._database.connection(shop_id) as connection:
            if not self._entitlements.billing:
                return await storage.count_answers(connection, shop_id, holds.period.start), 0, 0
            counts = await storage.find_counts(connection, shop_id, "", holds.period.start)
            refused = await storage.count_refused(connection, shop_id, holds.period.start)
        return (counts["answers_used"], counts["minor_used"], refused) if counts else (0, 0, refused)

    async def _resolved(self, shop_id: UUID, holds: Entitlement, now: datetime) -> ResolutionsView | None:
        each_minor = holds.plan.resolution_minor
        if each_minor is None:
            return None
        key = (shop_id, holds.period.start)
        if (known := self._resolved_lately.get(key)) is None:
            async with self._one_at_a_time:  # whole periods are read for it: nobody is to fill the pool with that
                known = self._resolved_lately.get(key)
                known = known or self._resolved_lately.put(key, await self._judge(shop_id, holds, each_minor, now))
        return known

    async def _judge(self, shop_id: UUID, holds: Entitlement, each_minor: int, now: datetime) -> ResolutionsView:
        found = await self._resolutions.of_period(shop_id, holds.period, now)
        async with self._database.connection(shop_id) as connection:
            billed = await count_billed(connection, shop_id, holds.period.start)
        return ResolutionsView(
            reached=sum(each.reached_at in holds.period for each in found),
            returned=sum(each.returned_at in holds.period for each in found),
            final=sum(
                each.final_at in holds.period and each.final_at <= now and each.returned_at is None for each in found
            ),
            each_minor=each_minor,
            spent_minor=billed * each_minor,
        )

    def _limit(self, account: Account, holds: Entitlement, used: int, spent_minor: int) -> int | None:
        limit = account.limits(holds).answers_at(used, spent_minor) if self._entitlements.billing else NEVER
        return None if limit >= NEVER else limit

    async def by_day(self, shop_id: UUID) -> Sequence[Any]:
        """Answers of the running period by day, oldest first."""
        holds = await self._entitlements.of(shop_id)
        async with self._database.connection(shop_id) as connection:
            by_day = storage.used_by_day if self._entitlements.billing else storage.answers_by_day
            return await by_day(connection, shop_id, holds.period.start)


def _overage(account: Account, holds: Entitlement, spent_minor: int) -> OverageView:
    return OverageView(
        on=holds.pays_overage,
        chosen=account.overage,
        each_minor=holds.plan.overage_minor,
        spent_minor=spent_minor,
        spending_cap_minor=account.spending_cap_minor,
    )
