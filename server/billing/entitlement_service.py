"""What each shop may use now. It is read on every turn, so a process caches it for some seconds."""

from collections.abc import Mapping
from datetime import UTC, datetime
from uuid import UUID

import msgspec
from msgspec import Struct

from billing.alerts import Alerts
from billing.entitlement import Entitlement, entitlement_of, unlimited
from billing.gateway import SubscriptionState
from billing.plans import NEVER, has_feature
from server.billing import storage
from server.core.cache import ExpiringCache
from server.core.database import Connection, Database
from server.core.errors import NotFound
from server.shops.features import AnswerRates

CACHE_TTL_S = 5.0
DAILY_NETWORK_SHARE = 10
"""One network may have a tenth of a period's answers per day. That is more than a household or an office needs, and in
an attack it leaves the merchant more than a week to notice."""
MIN_DAILY_NETWORK_ANSWERS = 100
"""Answers per day that a network has on every plan, because merchants test a lot and phones share an address."""


class AnswerLimits(Struct, frozen=True, kw_only=True):
    """What a shop or a key may use in a period.

    An answer beyond `included` costs `each_minor`, and all answers beyond it together cost at most `minor`, both in
    minor units. On a plan that bills by resolution `included` is 0, because every answer may lead to a resolution.
    """

    answers: int
    tokens: int = NEVER
    included: int = NEVER
    each_minor: int = 0
    minor: int = NEVER

    def answers_at(self, used: int, spent_minor: int) -> int:
        """The number of answers possible in the period when `used` were given and those beyond cost `spent_minor`."""
        if self.answers < NEVER or self.minor >= NEVER:
            return self.answers
        left = max(0, self.minor - spent_minor) // self.each_minor
        return max(used, self.included) + left


class Account(Struct, frozen=True, kw_only=True):
    """A shop's subscription and the choices of its merchant."""

    created_at: datetime
    customer_id: str | None = None
    subscription: SubscriptionState | None = None
    unpaid_since: datetime | None = None
    spending_cap_minor: int | None = None
    overage: bool = False
    refreshed_at: datetime | None = None
    key_limits: Mapping[UUID, int] = {}
    """Answers per period of the keys that have a limit of their own."""
    alerts: Alerts = Alerts()

    def entitlement(self, now: datetime) -> Entitlement:
        """What the shop may use at `now`."""
        found = entitlement_of(self.subscription, trial_began=self.created_at, unpaid_since=self.unpaid_since, now=now)
        pays_overage = found.pays_overage and self.overage and found.plan.overage_minor is not None
        return msgspec.structs.replace(found, pays_overage=pays_overage)

    def resolution_minor(self, at: datetime) -> int | None:
        """The price of a resolution that becomes final at `at`, in minor units; None on another plan or during a
        trial, when it is free. A merchant on such a plan cannot choose not to pay for resolutions."""
        found = entitlement_of(self.subscription, trial_began=self.created_at, unpaid_since=self.unpaid_since, now=at)
        trial_end = self.subscription.trial_end if self.subscription else None
        was_in_trial = trial_end is not None and at < trial_end  # also when it is counted only after the trial
        return found.plan.resolution_minor if found.pays_overage and not was_in_trial else None

    def limits(self, entitlement: Entitlement) -> AnswerLimits:
        """What the shop may use in the entitlement's period."""
        plan = entitlement.plan
        cap = NEVER if self.spending_cap_minor is None else self.spending_cap_minor
        answers = NEVER if plan.answers is None else plan.answers
        tokens = NEVER if plan.tokens is None else plan.tokens
        if entitlement.is_suspended:
            return AnswerLimits(answers=0, tokens=tokens)
        if each_minor := self.resolution_minor(datetime.now(UTC)):
            return AnswerLimits(answers=answers, tokens=tokens, included=0, each_minor=each_minor, minor=cap)
        if not entitlement.pays_overage or not plan.overage_minor:
            return AnswerLimits(answers=answers, tokens=tokens, included=answers)
        return AnswerLimits(answers=NEVER, tokens=tokens, included=answers, each_minor=plan.overage_minor, minor=cap)


class EntitlementService:
    """Reads and caches accounts and entitlements. With billing switched off every shop is unlimited."""

    def __init__(self, database: Database, *, billing: bool) -> None:
        self._database, self.billing = database, billing
        self._accounts: ExpiringCache[UUID, Account] = ExpiringCache(CACHE_TTL_S)

    async def get_account(self, shop_id: UUID, connection: Connection | None = None) -> Account:
        """The shop's account, at most CACHE_TTL_S old. Raises NotFound.

        A caller inside a transaction of the shop passes its connection, because transactions that wait for a second
        connection beside their first could deadlock the pool.
        """
        cached = self._accounts.get(shop_id)
        return cached or self._accounts.put(shop_id, await self.read_account(shop_id, connection))

    async def read_account(self, shop_id: UUID, connection: Connection | None = None) -> Account:
        """The shop's account as it is in the database now. Raises NotFound."""
        if connection is None:
            async with self._database.connection(shop_id) as own_connection:
                return await self.read_account(shop_id, own_connection)
        row = await storage.find_account(connection, shop_id)
        if row is None:
            raise NotFound
        return Account(
            created_at=row.created_at,
            customer_id=row.customer_id,
            subscription=msgspec.json.decode(row.state, type=SubscriptionState) if row.state else None,
            unpaid_since=row.unpaid_since,
            spending_cap_minor=row.spending_cap_minor,
            overage=bool(row.overage),
            refreshed_at=row.refreshed_at,
            key_limits=msgspec.json.decode(row.key_limits or b"{}", type=dict[UUID, int]),
            alerts=Alerts() if row.at_percents is None else Alerts(tuple(row.at_percents), row.spent_minor),
        )

    async def get_entitlement(self, shop_id: UUID) -> Entitlement:
        """What the shop may use now. Raises NotFound."""
        now = datetime.now(UTC)
        return (await self.get_account(shop_id)).entitlement(now) if self.billing else unlimited(now)

    async def has_feature(self, shop_id: UUID, name: str) -> bool:
        """Whether the shop's plan has a feature of `billing.plans.FEATURES`. Every check of a feature is made here."""
        return has_feature((await self.get_entitlement(shop_id)).plan, name)

    @property
    def limits_keys(self) -> bool:
        """Whether answers are counted per key, which is so wherever billing is switched on."""
        return self.billing

    async def answer_rates(self, shop_id: UUID) -> AnswerRates | None:
        """The plan's rates; None when the installation's own limits apply. Raises NotFound."""
        if not self.billing:
            return None
        plan = (await self.get_entitlement(shop_id)).plan
        if plan.resolution_minor:  # the plan's number of answers only guards against abuse, and each may cost money
            per_day = MIN_DAILY_NETWORK_ANSWERS
        else:
            per_day = max(MIN_DAILY_NETWORK_ANSWERS, (plan.answers or 0) // DAILY_NETWORK_SHARE)
        return AnswerRates(per_minute=plan.answers_per_minute, per_network_a_day=per_day)

    def invalidate(self, shop_id: UUID) -> None:
        """Remove the shop's account from the cache, because it has changed."""
        self._accounts.invalidate(shop_id)
