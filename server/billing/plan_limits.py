"""A plan's limits, enforced inside the transaction that would exceed them: answers by `ShopQuota`; products, documents,
storage and seats by `PlanLimits`.

An answer is counted in three steps:

reserve   one answer and its tokens are reserved, in the shop's counter and in that of the key if it has a limit
settle    the reservation is released; a billable answer is counted and written into the ledger, in one transaction
          with the answer itself
expiry    what a killed process had reserved is released after RESERVATION_TTL_S, before any question is refused for it
"""

from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from uuid import UUID

from msgspec import structs

from billing.alerts import alerts_at
from billing.entitlement import Entitlement
from billing.plans import NEVER, NONE, Plan
from billing.quota import Spent
from server.billing import quota_storage, resolution_storage, storage
from server.billing.entitlement_service import AnswerLimits, EntitlementService
from server.billing.notifications import enqueue_notice, enqueue_state_notice
from server.core.cache import ExpiringCache
from server.core.database import Connection
from server.shops.features import Allowance, Resource

MB = 2**20
RESERVATION_TTL_S = 180.0
"""Longer than a turn may take, with all attempts to save its answer."""
RESERVED_TOKENS = 4_000
"""Reserved for an answer before its cost is known; the rest of a long one is counted when it ends."""
NOTICE_CACHE_TTL_S = 600.0
"""How long a process remembers that a notice was sent, to save the database a write per refused question."""
_RESOURCE_NAMES: Mapping[Resource, str] = {
    "products": "products",
    "documents": "documents",
    "storage_mb": "MB of text and pictures",
    "seats": "seats",
}
_RESOURCE_COUNTS: Mapping[Resource, Callable[[Connection, UUID], Awaitable[int]]] = {
    "products": storage.count_products,
    "documents": storage.count_documents,
    "storage_mb": storage.count_bytes,
    "seats": storage.count_seats,
}


class PlanLimits:
    """Implements `Allowances` by the plans of all shops."""

    def __init__(self, entitlements: EntitlementService) -> None:
        self._entitlements = entitlements

    async def find_allowance(self, shop_id: UUID, resource: Resource) -> Allowance | None:
        """See `Allowances`."""
        plan = (await self._entitlements.get_entitlement(shop_id)).plan
        limit: int | None = getattr(plan, resource)
        if limit is None:
            return None
        return Allowance(resource, limit * MB if resource == "storage_mb" else limit, _reason(plan, resource, limit))

    async def count_remaining(self, connection: Connection, shop_id: UUID, allowance: Allowance, *, locks: bool) -> int:
        """See `Allowances`."""
        if locks:
            await storage.lock_resources(connection, shop_id)
        remaining = allowance.limit - await _RESOURCE_COUNTS[allowance.resource](connection, shop_id)
        if locks and remaining < 0:
            # rolled back with the caller's transaction when everything is refused: then the caller sees the refusal
            account = await self._entitlements.get_account(shop_id, connection)
            period = account.entitlement(datetime.now(UTC)).period
            await enqueue_notice(connection, shop_id, period.start, f"stock:{allowance.resource}")
        return remaining


class ShopQuota:
    """Implements `billing.quota.Quota` by the limits of all shops' plans and keys."""

    def __init__(self, entitlements: EntitlementService) -> None:
        self._entitlements = entitlements
        self._sent_notices: ExpiringCache[tuple[UUID, str], bool] = ExpiringCache(NOTICE_CACHE_TTL_S)

    async def reserve(self, connection: Connection, shop_id: UUID, turn_id: UUID, key_id: UUID | None) -> bool:
        """See `billing.quota.Quota`."""
        account = await self._entitlements.get_account(shop_id, connection)
        entitlement = account.entitlement(datetime.now(UTC))
        limits = await self._subtract_pending(connection, shop_id, account.limits(entitlement), entitlement)
        limits_by_scope = {"": limits}
        key_limit = account.key_limits.get(key_id) if key_id else None
        if key_limit is not None:
            limits_by_scope[str(key_id)] = AnswerLimits(answers=key_limit)
        for scope, limits in limits_by_scope.items():
            is_reserved = await quota_storage.reserve_answer(
                connection,
                shop_id,
                turn_id,
                scope,
                entitlement.period.start,
                answer_limit=limits.answers,
                tokens=RESERVED_TOKENS,
                token_limit=limits.tokens,
                ttl_s=RESERVATION_TTL_S,
                included=limits.included,
                each_minor=limits.each_minor,
                minor_limit=limits.minor,
                period_end=entitlement.period.end,
            )
            if not is_reserved:
                await self._handle_refusal(connection, shop_id, turn_id, entitlement, scope)
                return False
        return True

    async def settle(self, connection: Connection, shop_id: UUID, turn_id: UUID, spent: Spent) -> None:
        """See `billing.quota.Quota`."""
        account = await self._entitlements.get_account(shop_id, connection)
        entitlement = account.entitlement(datetime.now(UTC))
        usage = await _settle(connection, shop_id, turn_id, entitlement, spent)
        if usage is None:
            return
        for alert in alerts_at(account.alerts, entitlement.plan, usage.used, usage.spent_minor):
            await enqueue_notice(connection, shop_id, entitlement.period.start, f"{alert.kind}:{alert.value}")

    async def _subtract_pending(
        self, connection: Connection, shop_id: UUID, limits: AnswerLimits, entitlement: Entitlement
    ) -> AnswerLimits:
        """The limits less what the resolutions that are still pending may cost, so that a spending cap is never
        exceeded and nobody gets free answers beyond it."""
        each_minor = entitlement.plan.resolution_minor
        if each_minor is None or limits.minor >= NEVER:
            return limits
        pending = await resolution_storage.count_pending(connection, shop_id, limits.minor // each_minor + 1)
        return structs.replace(limits, minor=limits.minor - pending * each_minor)

    async def _handle_refusal(
        self, connection: Connection, shop_id: UUID, turn_id: UUID, entitlement: Entitlement, scope: str
    ) -> None:
        """Release what the shop's own scope has reserved, and notify the owners once per period."""
        if scope:
            await _settle(connection, shop_id, turn_id, entitlement, Spent(is_billable=False))
        notice = (shop_id, f"{entitlement.period.start.isoformat()}:{scope}")
        if entitlement.is_suspended:
            await enqueue_state_notice(connection, shop_id, entitlement)
        elif not self._sent_notices.get(notice):
            await enqueue_notice(connection, shop_id, entitlement.period.start, f"key:{scope}" if scope else "limit")
        self._sent_notices.put(notice, True)


async def _settle(
    connection: Connection, shop_id: UUID, turn_id: UUID, entitlement: Entitlement, spent: Spent
) -> quota_storage.SettledUsage | None:
    included = entitlement.plan.answers if entitlement.pays_overage else None
    return await quota_storage.settle_answer(
        connection,
        shop_id,
        turn_id,
        entitlement.period.start,
        plan=entitlement.plan.lookup_key,
        # an answer that the shop has not agreed to pay for is never overage, even when one is given after all
        included=NEVER if included is None else included,
        each_minor=entitlement.plan.overage_minor or 0,
        tokens=spent.tokens,
        is_billable=spent.is_billable,
        period_end=entitlement.period.end,
    )


def _reason(plan: Plan, resource: Resource, limit: int) -> str:
    what = f"{limit:,} {_RESOURCE_NAMES[resource]}"
    if plan == NONE:
        return f"without a plan a shop has {what}; subscribe at /console/billing"
    return f"the plan {plan.name} has {what}; upgrade at /console/billing"
