"""What each shop may have now. Read on every turn, so remembered for seconds."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from uuid import UUID

import msgspec
from msgspec import Struct

from billing.entitlement import Entitlement, entitlement_of, unlimited
from billing.gateway import SubscriptionState
from billing.plans import NEVER, NONE, Plan, has_feature
from server.billing import storage
from server.billing.stock import storage as stock_storage
from server.core.database import Connection, Database
from server.core.errors import NotFound
from server.core.remember import Remembered
from server.shops.features import Allowance, AnswerRates, Stock

LIVES_S = 5.0
MB = 2**20
SHARES = 10
"""Of a period's answers one network may have one a day: more than a household or an office asks, and a week and more of
notice for the merchant where somebody means harm."""
LEAST_A_DAY = 100
"""Answers a day that one network has in any case: a merchant tries everything out, and phones share an address."""
_NAMES: Mapping[Stock, str] = {
    "products": "products",
    "documents": "documents",
    "storage_mb": "MB of text and pictures",
    "seats": "seats",
}


class Account(Struct, frozen=True, kw_only=True):
    """A shop's standing: what it has subscribed to, and what it chose beside."""

    made_at: datetime
    customer_id: str | None = None
    subscription: SubscriptionState | None = None
    unpaid_since: datetime | None = None
    spending_cap_minor: int | None = None
    overage: bool = False
    refreshed_at: datetime | None = None
    key_limits: Mapping[UUID, int] = {}
    """Answers a period, of the keys that have a limit of their own."""

    def entitlement(self, now: datetime) -> Entitlement:
        """What holds at `now`."""
        found = entitlement_of(self.subscription, trial_began=self.made_at, unpaid_since=self.unpaid_since, now=now)
        return msgspec.structs.replace(found, pays_overage=found.pays_overage and self.overage)

    def answer_limit(self, holds: Entitlement) -> int:
        """Answers in the period, those beyond the plan included that the shop pays for up to its spending cap."""
        plan = holds.plan
        if holds.is_cut:
            return 0
        if plan.answers is None:
            return NEVER
        if not holds.pays_overage or not plan.overage_minor:
            return plan.answers
        if self.spending_cap_minor is None:
            return NEVER
        return plan.answers + self.spending_cap_minor // plan.overage_minor


class Entitlements:
    """The standing of all shops; with billing switched off every shop has everything."""

    def __init__(self, database: Database, *, billing: bool) -> None:
        self._database, self.billing = database, billing
        self._accounts: Remembered[UUID, Account] = Remembered(LIVES_S)

    async def account(self, shop_id: UUID) -> Account:
        """At most a few seconds old. Raises NotFound."""
        known = self._accounts.get(shop_id)
        return known or self._accounts.put(shop_id, await self.read(shop_id))

    async def read(self, shop_id: UUID) -> Account:
        """As it stands in the database now. Raises NotFound."""
        async with self._database.fast(shop_id) as connection:
            row = await storage.find_account(connection, shop_id)
        if row is None:
            raise NotFound
        return Account(
            made_at=row["created_at"],
            customer_id=row["customer_id"],
            subscription=msgspec.json.decode(row["state"], type=SubscriptionState) if row["state"] else None,
            unpaid_since=row["unpaid_since"],
            spending_cap_minor=row["spending_cap_minor"],
            overage=bool(row["overage"]),
            refreshed_at=row["refreshed_at"],
            key_limits=msgspec.json.decode(row["key_limits"] or b"{}", type=dict[UUID, int]),
        )

    async def of(self, shop_id: UUID) -> Entitlement:
        """What holds for a shop now."""
        now = datetime.now(UTC)
        return (await self.account(shop_id)).entitlement(now) if self.billing else unlimited(now)

    async def has_feature(self, shop_id: UUID, name: str) -> bool:
        """Whether the shop's plan has a feature of `billing.plans.FEATURES`. The one place that is asked."""
        return has_feature((await self.of(shop_id)).plan, name)

    @property
    def limits_keys(self) -> bool:
        """See `Features`."""
        return self.billing

    async def limit_of(self, shop_id: UUID, stock: Stock) -> Allowance | None:
        """See `Allowances`."""
        plan = (await self.of(shop_id)).plan
        limit: int | None = getattr(plan, stock)
        if limit is None:
            return None
        return Allowance(stock, limit * MB if stock == "storage_mb" else limit, _reason(plan, stock, limit))

    async def room(self, connection: Connection, shop_id: UUID, allowance: Allowance, *, binding: bool) -> int:
        """See `Allowances`."""
        if binding:
            await stock_storage.hold_stock(connection, shop_id)
        return allowance.limit - await _COUNTS[allowance.stock](connection, shop_id)

    async def answer_rates(self, shop_id: UUID) -> AnswerRates | None:
        """See `Rates`."""
        if not self.billing:
            return None
        plan = (await self.of(shop_id)).plan
        a_day = max(LEAST_A_DAY, (plan.answers or 0) // SHARES)
        return AnswerRates(per_minute=plan.answers_per_minute, per_network_a_day=a_day)

    def forget(self, shop_id: UUID) -> None:
        """Something has changed."""
        self._accounts.forget(shop_id)


_COUNTS: Mapping[Stock, Callable[[Connection, UUID], Awaitable[int]]] = {
    "products": stock_storage.count_products,
    "documents": stock_storage.count_documents,
    "storage_mb": stock_storage.count_bytes,
    "seats": stock_storage.count_seats,
}


def _reason(plan: Plan, stock: Stock, limit: int) -> str:
    what = f"{limit:,} {_NAMES[stock]}"
    if plan == NONE:
        return f"without a plan a shop has {what}; subscribe at /console/billing"
    return f"the plan {plan.name} has {what}; upgrade at /console/billing"
