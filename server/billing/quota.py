"""The quota of `billing.quota`, kept in Postgres inside the turn's own transactions.

reserve   one answer and the tokens it may take are held, in the shop's counter and in that of the key that has one
settle    they are given back; a billable answer is counted and written into the ledger, in one transaction with the
          answer itself
expiry    what a killed process held comes back after RESERVATION_LIVES_S, before anybody is refused for it
"""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from msgspec import structs

from billing.alerts import alerts_at
from billing.entitlement import Entitlement
from billing.plans import NEVER
from billing.quota import Spent
from server.billing import storage
from server.billing.entitlements import Entitlements, Limits
from server.billing.notices import notify_of_state, notify_once
from server.billing.resolutions.storage import count_pending
from server.core.cache import ExpiringCache

RESERVATION_LIVES_S = 180.0
"""Longer than a turn may take, with all tries of saving its answer."""
TOKENS_HELD = 4_000
"""What an answer may cost before it is known; the rest of a long one is counted when it ends."""
TOLD_LIVES_S = 600.0
"""How long a process knows that a merchant was told; the database knows it for good."""


class ShopQuota:
    """Quotas of all shops, by what their plans and their keys allow."""

    def __init__(self, entitlements: Entitlements) -> None:
        self._entitlements = entitlements
        self._told: ExpiringCache[tuple[UUID, str], bool] = ExpiringCache(TOLD_LIVES_S)

    async def reserve(self, connection: Any, shop_id: UUID, turn_id: UUID, key_id: UUID | None) -> bool:
        """See `billing.quota.Quota`."""
        account = await self._entitlements.account(shop_id, connection)
        holds = account.entitlement(datetime.now(UTC))
        scopes = {"": await self._with_pending(connection, shop_id, account.limits(holds), holds)}
        own = account.key_limits.get(key_id) if key_id else None
        if own is not None:
            scopes[str(key_id)] = Limits(answers=own)
        for scope, limits in scopes.items():
            held = await storage.reserve(
                connection,
                shop_id,
                turn_id,
                scope,
                holds.period.start,
                answers=limits.answers,
                tokens=TOKENS_HELD,
                token_limit=limits.tokens,
                lives_s=RESERVATION_LIVES_S,
                included=limits.included,
                each_minor=limits.each_minor,
                minor_limit=limits.minor,
                period_end=holds.period.end,
            )
            if not held:
                return await self._refuse(connection, shop_id, turn_id, holds, scope)
        return True

    async def settle(self, connection: Any, shop_id: UUID, turn_id: UUID, spent: Spent) -> None:
        """See `billing.quota.Quota`."""
        account = await self._entitlements.account(shop_id, connection)
        holds = account.entitlement(datetime.now(UTC))
        counted = await self._settle(connection, shop_id, turn_id, holds, spent)
        if counted is None:
            return
        for alert in alerts_at(account.alerts, holds.plan, *counted):
            await notify_once(connection, shop_id, holds.period.start, f"{alert.kind}:{alert.value}")

    async def _with_pending(self, connection: Any, shop_id: UUID, limits: Limits, holds: Entitlement) -> Limits:
        """Where resolutions are billed up to a cap, every one that may yet come is held against it: whoever has a cap
        has no answers for nothing beyond it."""
        if holds.plan.resolution_minor is None or limits.minor >= NEVER:
            return limits
        pending = await count_pending(connection, shop_id, limits.minor // holds.plan.resolution_minor + 1)
        return structs.replace(limits, minor=limits.minor - pending * holds.plan.resolution_minor)

    async def _refuse(self, connection: Any, shop_id: UUID, turn_id: UUID, holds: Entitlement, scope: str) -> bool:
        """Give back what the shop's own scope holds already, and have the merchant told, once in a period."""
        if scope:
            await self._settle(connection, shop_id, turn_id, holds, Spent(is_billable=False))
        told = (shop_id, f"{holds.period.start.isoformat()}:{scope}")
        if holds.is_cut:
            await notify_of_state(connection, shop_id, holds)
        elif not self._told.get(told):
            await notify_once(connection, shop_id, holds.period.start, f"key:{scope}" if scope else "limit")
        self._told.put(told, True)
        return False

    async def _settle(
        self, connection: Any, shop_id: UUID, turn_id: UUID, holds: Entitlement, spent: Spent
    ) -> tuple[int, int] | None:
        """What is counted in the period by now, see `storage.settle`."""
        included = holds.plan.answers if holds.pays_overage else None
        return await storage.settle(
            connection,
            shop_id,
            turn_id,
            holds.period.start,
            plan=holds.plan.lookup_key,
            # what a shop has not agreed to pay is never overage, also where an answer came after all
            included=NEVER if included is None else included,
            each_minor=holds.plan.overage_minor or 0,
            tokens=spent.tokens,
            counts=spent.is_billable,
            period_end=holds.period.end,
        )
