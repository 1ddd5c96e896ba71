"""What each shop may have now. Read on every turn, so remembered for seconds."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from uuid import UUID

import msgspec
from msgspec import Struct

from billing.alerts import Alerts
from billing.entitlement import Entitlement, entitlement_of, unlimited
from billing.gateway import SubscriptionState
from billing.plans import NEVER, NONE, Plan, has_feature
from server.billing import storage
from server.billing.notices import notify_once
from server.billing.stock import storage as stock_storage
from server.core.cache import ExpiringCache
from server.core.database import Connection, Database
from server.core.errors import NotFound
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


class Limits(Struct, frozen=True, kw_only=True):
    """Of a period. An answer beyond `included` costs `each_minor`, and all of them together `minor` at most. Where
    resolutions are billed any answer may come to one, so none is included."""

    answers: int
    tokens: int = NEVER
    included: int = NEVER
    each_minor: int = 0
    minor: int = NEVER

    def answers_at(self, used: int, spent_minor: int) -> int:
        """How many answers there can be in the period, of which `used` are given and came to `spent_minor`."""
        if self.answers < NEVER or self.minor >= NEVER:
            return self.answers
        left = max(0, self.minor - spent_minor) // self.each_minor
        return max(used, self.included) + left


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
    alerts: Alerts = Alerts()

    def entitlement(self, now: datetime) -> Entitlement:
        """What holds at `now`."""
        found = entitlement_of(self.subscription, trial_began=self.made_at, unpaid_since=self.unpaid_since, now=now)
        pays_overage = found.pays_overage and self.overage and found.plan.overage_minor is not None
        return msgspec.structs.replace(found, pays_overage=pays_overage)

    def resolution_minor(self, at: datetime) -> int | None:
        """What a resolution costs that becomes final at `at`; None where it is free: by the plan, or while it is tried
        out. There is nothing to choose: whoever has such a plan pays for them."""
        found = entitlement_of(self.subscription, trial_began=self.made_at, unpaid_since=self.unpaid_since, now=at)
        trial_end = self.subscription.trial_end if self.subscription else None
        was_tried = trial_end is not None and at < trial_end  # also where it is looked at only afterwards
        return found.plan.resolution_minor if found.pays_overage and not was_tried else None

    def limits(self, holds: Entitlement) -> Limits:
        """What the shop may use in the period."""
        plan = holds.plan
        cap = NEVER if self.spending_cap_minor is None else self.spending_cap_minor
        answers = NEVER if plan.answers is None else plan.answers
        tokens = NEVER if plan.tokens is None else plan.tokens
        if holds.is_cut:
            return Limits(answers=0, tokens=tokens)
        if each_minor := self.resolution_minor(datetime.now(UTC)):
            return Limits(answers=answers, tokens=tokens, included=0, each_minor=each_minor, minor=cap)
        if not holds.pays_overage or not plan.overage_minor:
            return Limits(answers=answers, tokens=tokens, included=answers)
        return Limits(answers=NEVER, tokens=tokens, included=answers, each_minor=plan.overage_minor, minor=cap)


class Entitlements:
    """The standing of all shops; with billing switched off every shop has everything."""

    def __init__(self, database: Database, *, billing: bool) -> None:
        self._database, self.billing = database, billing
        self._accounts: ExpiringCache[UUID, Account] = ExpiringCache(LIVES_S)

    async def account(self, shop_id: UUID, connection: Connection | None = None) -> Account:
        """At most a few seconds old. Whoever is in a transaction of the shop passes it on: a second connection beside
        it is one that all the others who are in one may be waiting for as well. Raises NotFound."""
        known = self._accounts.get(shop_id)
        return known or self._accounts.put(shop_id, await self.read(shop_id, connection))

    async def read(self, shop_id: UUID, connection: Connection | None = None) -> Account:
        """As it stands in the database now. Raises NotFound."""
        if connection is None:
            async with self._database.connection(shop_id) as own:
                return await self.read(shop_id, own)
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
            alerts=Alerts() if row["at_percents"] is None else Alerts(tuple(row["at_percents"]), row["spent_minor"]),
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

    async def get_remaining(self, connection: Connection, shop_id: UUID, allowance: Allowance, *, binding: bool) -> int:
        """See `Allowances`."""
        if binding:
            await stock_storage.hold_stock(connection, shop_id)
        left = allowance.limit - await _COUNTS[allowance.stock](connection, shop_id)
        if binding and left < 0:
            # undone with the caller's transaction where everything is refused: whoever is refused is told at once
            holds = (await self.account(shop_id, connection)).entitlement(datetime.now(UTC))
            await notify_once(connection, shop_id, holds.period.start, f"stock:{allowance.stock}")
        return left

    async def answer_rates(self, shop_id: UUID) -> AnswerRates | None:
        """See `Rates`."""
        if not self.billing:
            return None
        plan = (await self.of(shop_id)).plan
        # where each conversation may cost, what is included is a brake only
        a_day = LEAST_A_DAY if plan.resolution_minor else max(LEAST_A_DAY, (plan.answers or 0) // SHARES)
        return AnswerRates(per_minute=plan.answers_per_minute, per_network_a_day=a_day)

    def invalidate(self, shop_id: UUID) -> None:
        """Something has changed."""
        self._accounts.invalidate(shop_id)


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
