"""What a merchant sees of plan and usage."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID

from msgspec import Struct

from billing.entitlement import Entitlement
from billing.forecast import runs_out_at
from billing.plans import NEVER, find_plan
from server.billing import quota_storage, resolution_storage, storage
from server.billing.entitlement_service import Account, EntitlementService
from server.billing.models import (
    AnswersView,
    BillingView,
    DayUsage,
    OverageView,
    PeriodView,
    ResolutionsView,
    UsageView,
    UsedView,
    offered_plans,
    plan_view,
)
from server.billing.resolution_service import ResolutionService
from server.core.cache import ExpiringCache
from server.core.database import Database

RESOLUTIONS_CACHE_TTL_S = 20.0


class _PeriodUsage(Struct, frozen=True):
    """Answers given in a period, the cost of those beyond the plan in minor units, and questions refused."""

    used: int
    spent_minor: int
    refused: int


class BillingOverview:
    """Plan and usage of all shops, for the API and the console. Reads only."""

    def __init__(self, database: Database, entitlements: EntitlementService, resolutions: ResolutionService) -> None:
        self._database, self._entitlements, self._resolutions = database, entitlements, resolutions
        self._resolutions_cache: ExpiringCache[tuple[UUID, datetime], ResolutionsView] = ExpiringCache(
            RESOLUTIONS_CACHE_TTL_S
        )
        self._resolutions_lock = asyncio.Lock()

    async def get_billing(self, shop_id: UUID) -> BillingView:
        """The shop's plan and how much of it is used. Raises NotFound."""
        now = datetime.now(UTC)
        account = await self._entitlements.get_account(shop_id)
        entitlement = await self._entitlements.get_entitlement(shop_id)
        usage = await self._count_usage(shop_id, entitlement)
        subscription = account.subscription
        next_plan = find_plan(subscription.scheduled_lookup_key) if subscription else None
        is_cancelled = subscription is not None and subscription.ends and not entitlement.is_suspended
        cancels_at = (subscription.cancel_at or entitlement.period.end) if subscription and is_cancelled else None
        return BillingView(
            billing="on" if self._entitlements.billing else "off",
            plan=plan_view(entitlement.plan),
            status=entitlement.state,
            period=PeriodView(entitlement.period.start, entitlement.period.end),
            ends_at=entitlement.ends_at,
            cancels_at=cancels_at,
            next_plan=next_plan.id if next_plan else None,
            free_until=subscription.trial_end if subscription and subscription.status == "trialing" else None,
            may_try=subscription is None,
            answers=AnswersView(
                used=usage.used,
                included=entitlement.plan.answers,
                limit=self._answer_limit(account, entitlement, usage),
                refused=usage.refused,
                lasts_until=runs_out_at(entitlement.period, usage.used, entitlement.plan.answers, now),
            ),
            overage=OverageView(
                on=entitlement.pays_overage,
                chosen=account.overage,
                each_minor=entitlement.plan.overage_minor,
                spent_minor=usage.spent_minor,
                spending_cap_minor=account.spending_cap_minor,
            ),
            resolutions=await self._find_resolutions(shop_id, entitlement, now),
            plans=offered_plans() if self._entitlements.billing else (),
        )

    async def get_usage(self, shop_id: UUID) -> UsageView:
        """The answers of the period, and the shop's products, documents and seats. Raises NotFound."""
        account = await self._entitlements.get_account(shop_id)
        entitlement = await self._entitlements.get_entitlement(shop_id)
        usage = await self._count_usage(shop_id, entitlement)
        async with self._database.connection(shop_id) as connection:
            resources = await storage.count_resources(connection, shop_id)
        return UsageView(
            plan=entitlement.plan.id,
            period=PeriodView(entitlement.period.start, entitlement.period.end),
            answers=UsedView(usage.used, self._answer_limit(account, entitlement, usage)),
            products=resources.products,
            documents=resources.documents,
            seats=resources.seats,
        )

    async def list_days(self, shop_id: UUID) -> Sequence[DayUsage]:
        """The answers of the current period by day (UTC), oldest first; days without answers are left out."""
        entitlement = await self._entitlements.get_entitlement(shop_id)
        list_days = quota_storage.list_ledger_days if self._entitlements.billing else quota_storage.list_logged_days
        async with self._database.connection(shop_id) as connection:
            return await list_days(connection, shop_id, entitlement.period.start)

    async def _count_usage(self, shop_id: UUID, entitlement: Entitlement) -> _PeriodUsage:
        start = entitlement.period.start
        async with self._database.connection(shop_id) as connection:
            if not self._entitlements.billing:
                return _PeriodUsage(await quota_storage.count_logged_answers(connection, shop_id, start), 0, 0)
            counters = await quota_storage.find_counters(connection, shop_id, "", start)
            refused = await quota_storage.count_refused_questions(connection, shop_id, start)
        return (
            _PeriodUsage(counters.answers_used, counters.minor_used, refused)
            if counters
            else _PeriodUsage(0, 0, refused)
        )

    async def _find_resolutions(self, shop_id: UUID, entitlement: Entitlement, now: datetime) -> ResolutionsView | None:
        each_minor = entitlement.plan.resolution_minor
        if each_minor is None:
            return None
        key = (shop_id, entitlement.period.start)
        if (view := self._resolutions_cache.get(key)) is None:
            async with self._resolutions_lock:  # it reads whole periods, which must not fill the connection pool
                view = self._resolutions_cache.get(key)
                view = view or self._resolutions_cache.put(
                    key, await self._count_resolutions(shop_id, entitlement, each_minor, now)
                )
        return view

    async def _count_resolutions(
        self, shop_id: UUID, entitlement: Entitlement, each_minor: int, now: datetime
    ) -> ResolutionsView:
        period = entitlement.period
        found = await self._resolutions.list_around(shop_id, period, now)
        async with self._database.connection(shop_id) as connection:
            billed = await resolution_storage.count_billed(connection, shop_id, period.start)
        return ResolutionsView(
            reached=sum(each.reached_at in period for each in found),
            returned=sum(each.returned_at in period for each in found),
            final=sum(each.final_at in period and each.final_at <= now and each.returned_at is None for each in found),
            each_minor=each_minor,
            spent_minor=billed * each_minor,
        )

    def _answer_limit(self, account: Account, entitlement: Entitlement, usage: _PeriodUsage) -> int | None:
        if not self._entitlements.billing:
            return None
        limit = account.limits(entitlement).answers_at(usage.used, usage.spent_minor)
        return None if limit >= NEVER else limit
