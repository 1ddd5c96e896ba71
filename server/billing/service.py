"""Subscribing, changing, leaving: what a merchant does about money, and how what the payment provider knows gets here.

What holds is always read from the newest subscription object that was fetched. A webhook is only the reason to fetch it
again, so order, repeats and losses do not matter; a daily round fetches what no webhook told of.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from billing.entitlement import Entitlement
from billing.gateway import (
    Invoice,
    PaymentMethod,
    Payments,
    PaymentsRefused,
    PaymentsUnavailable,
    Preview,
    SubscriptionState,
)
from billing.plans import OFFERED, Plan, find_offered, find_plan
from server.billing import storage
from server.billing.entitlements import Entitlements
from server.billing.meter import Meter
from server.billing.notices import notify_of_state
from server.core.database import Database
from server.core.errors import Conflict, FieldError, Invalid, Unavailable
from server.core.ids import new_id
from server.shops.members import Members
from server.shops.models import Caller, Role
from server.shops.service import ShopService

PAGE = "/console/billing"
MAX_INVOICES = 24
LIVE = ("trialing", "active", "past_due")
"""Words for a subscription that can be changed."""
PREVIEW_HOLDS = timedelta(hours=1)
"""How long a change may be made at the price it was shown with."""
BANK_ASKS = frozenset({"authentication_required", "subscription_payment_intent_requires_action"})
"""Words for a card whose bank wants its holder to confirm (3-D Secure)."""


class Billing:
    """The subscriptions of all shops. `payments` is None where billing is switched off."""

    def __init__(
        self,
        database: Database,
        entitlements: Entitlements,
        payments: Payments | None,
        meter: Meter | None,
        shops: ShopService,
        members: Members,
        base_url: str,
    ) -> None:
        self._database, self._entitlements, self._payments = database, entitlements, payments
        self._meter, self._shops, self._members, self._base_url = meter, shops, members, base_url

    async def checkout(self, caller: Caller, plan_id: str) -> str:
        """The payment provider's page for subscribing to a plan. Raises Conflict when there is a subscription."""
        caller.require(Role.OWNER if caller.merchant_id else Role.ADMIN)
        payments, plan = self._require_payments(), _require_offered(plan_id)
        account = await self._entitlements.read(caller.shop_id)
        if account.subscription and account.subscription.status in LIVE:
            raise Conflict("The shop has a subscription; change its plan instead.")
        async with asking():
            customer_id = account.customer_id or await self._make_customer(caller)
            price_ids = await self._prices(plan)
            return await payments.checkout(
                customer_id,
                [price_id for price_id in price_ids if price_id],
                (plan.trial_days or None) if account.subscription is None else None,
                f"{self._base_url}{PAGE}?subscribed=1",
                f"{self._base_url}{PAGE}",
                str(caller.shop_id),
            )

    async def portal(self, caller: Caller) -> str:
        """The payment provider's page for cards, addresses and receipts."""
        caller.require(Role.ADMIN)
        payments = self._require_payments()
        account = await self._entitlements.read(caller.shop_id)
        if account.customer_id is None:
            raise Conflict("There is nothing to pay yet; choose a plan first.")
        async with asking():
            return await payments.portal(account.customer_id, f"{self._base_url}{PAGE}")

    async def preview(self, caller: Caller, plan_id: str) -> Preview:
        """What a change to another plan would cost now and at the next renewal."""
        caller.require(Role.ADMIN)
        subscription, plan = await self._require_subscription(caller.shop_id), _require_offered(plan_id)
        if _is_cheaper(plan, find_plan(subscription.plan_lookup_key)):
            return _later(subscription, plan)
        async with asking():
            await self._tell_meter(caller.shop_id, subscription)
            price_id, overage_id = await self._prices(plan)
            return await self._require_payments().preview_change(subscription, price_id, overage_id)

    async def change_plan(self, caller: Caller, plan_id: str, shown_at: datetime | None = None) -> Entitlement:
        """A dearer plan at once, with the difference charged; a cheaper one when the period ends. `shown_at` is the
        preview's `proration_at`: the charge is then the one that was shown, for an hour."""
        caller.require(Role.ADMIN)
        payments, plan = self._require_payments(), _require_offered(plan_id)
        subscription = await self._require_subscription(caller.shop_id)
        current = find_plan(subscription.plan_lookup_key)
        async with asking():
            price_id, overage_id = await self._prices(plan)
            if _is_cheaper(plan, current):
                await payments.schedule_downgrade(subscription, price_id, overage_id)
            elif current != plan:
                # what was used so far is billed with the change, as far as the meter knows of it
                await self._tell_meter(caller.shop_id, subscription)
                at = await self._proration_at(subscription, price_id, overage_id, shown_at)
                key = f"aisle-plan-{subscription.id}-{plan.lookup_key}-{new_id()}"
                await payments.change_plan(subscription, price_id, overage_id, "always_invoice", key, at)
            elif subscription.scheduled_lookup_key:
                await payments.release_schedule(subscription)
        await self._shops.note(caller.shop_id, caller.actor, "billing.plan", {"plan": plan.lookup_key})
        return await self.refresh(caller.shop_id)

    async def _proration_at(
        self, subscription: SubscriptionState, price_id: str, overage_id: str | None, shown_at: datetime | None
    ) -> datetime | None:
        """The preview's time, unless the provider's clock says that it is none of the last hour: whoever may name any
        time may name the price."""
        if shown_at is None:
            return None
        now = (await self._require_payments().preview_change(subscription, price_id, overage_id)).proration_at
        return shown_at if now - PREVIEW_HOLDS <= shown_at <= now else None

    async def _tell_meter(self, shop_id: UUID, subscription: SubscriptionState) -> None:
        if self._meter:
            await self._meter.tell(shop_id, subscription.customer_id)

    async def cancel(self, caller: Caller, *, wanted: bool) -> Entitlement:
        """Leave when the period ends, or stay after all."""
        caller.require(Role.ADMIN)
        subscription = await self._require_subscription(caller.shop_id)
        async with asking():
            await self._require_payments().cancel_at_period_end(subscription, wanted)
        await self._shops.note(caller.shop_id, caller.actor, "billing.cancel", {"wanted": wanted})
        return await self.refresh(caller.shop_id)

    async def choose(self, caller: Caller, *, overage: bool, spending_cap_minor: int | None) -> None:
        """Whether answers beyond the plan are paid for, and up to which sum in a period (None: without an end)."""
        caller.require(Role.ADMIN)
        async with self._database.connection(caller.shop_id) as connection:
            kept = await storage.save_choices(
                connection, caller.shop_id, overage=overage, spending_cap_minor=spending_cap_minor
            )
        if not kept:
            raise Conflict("Choose a plan first; only a subscription can pay for further answers.")
        self._entitlements.invalidate(caller.shop_id)
        details: dict[str, object] = {"overage": overage, "spending_cap_minor": spending_cap_minor}
        await self._shops.note(caller.shop_id, caller.actor, "billing.choose", details)

    async def invoices(self, caller: Caller) -> tuple[Invoice, ...]:
        """Newest first; none before anything was paid."""
        caller.require(Role.ADMIN)
        account = await self._entitlements.account(caller.shop_id)
        if account.customer_id is None or self._payments is None:
            return ()
        async with asking():
            return await self._payments.invoices(account.customer_id, MAX_INVOICES)

    async def payment_method(self, caller: Caller) -> PaymentMethod | None:
        """What the next payment is taken from; None without a subscription."""
        caller.require(Role.ADMIN)
        subscription = (await self._entitlements.account(caller.shop_id)).subscription
        if self._payments is None or subscription is None or subscription.status not in LIVE:
            return None
        async with asking():
            return await self._payments.payment_method(subscription)

    async def refresh(self, shop_id: UUID) -> Entitlement:
        """Fetch the shop's subscription and keep what it says, unless something asked for later is kept already.
        Raises Unavailable, and then nothing has changed."""
        async with self._database.connection(shop_id) as connection:
            row = await storage.find_account(connection, shop_id)
        if row and row["customer_id"]:
            async with asking():
                state, unpaid_since = await self._fetch(row["customer_id"])
                state = await self._let_go(state, row["state"])
            encoded = msgspec.json.encode(state).decode() if state else None
            async with self._database.connection(shop_id) as connection:
                await storage.save_subscription(connection, shop_id, encoded, unpaid_since, row["read_at"])
        self._entitlements.invalidate(shop_id)
        holds = await self._entitlements.of(shop_id)
        async with self._database.connection(shop_id) as connection:
            await notify_of_state(connection, shop_id, holds)
        return holds

    async def _let_go(self, state: SubscriptionState | None, before: str | None) -> SubscriptionState | None:
        """Once the plan that waited has come, its schedule is in the way of all that a merchant does in the portal."""
        if state is None or before is None or not state.schedule_id or state.ended_at:
            return state
        waited_for = msgspec.json.decode(before, type=SubscriptionState).scheduled_lookup_key
        if waited_for and waited_for == state.plan_lookup_key:
            return await self._require_payments().release_schedule(state)
        return state

    async def _fetch(self, customer_id: str) -> tuple[SubscriptionState | None, datetime | None]:
        payments = self._require_payments()
        found = await payments.subscriptions_of(customer_id)
        newest = next((each for each in found if each.status in LIVE), found[0] if found else None)
        if newest is None or newest.status != "past_due":
            return newest, None
        invoices = await payments.invoices(customer_id, MAX_INVOICES)
        own = [invoice for invoice in invoices if invoice.subscription_id == newest.id]
        unpaid = [invoice.created for invoice in own if invoice.status == "open" and invoice.amount_due_minor > 0]
        return newest, min(unpaid, default=None)

    async def _prices(self, plan: Plan) -> tuple[str, str | None]:
        """(price, price of what is billed by use). Raises PaymentsRefused where the provider has none such."""
        found = await self._require_payments().prices(plan.price_keys)
        if missing := [key for key in plan.price_keys if key not in found]:
            raise PaymentsRefused(f"no price has the lookup key {missing[0]}; `aisle billing setup` makes it")
        return found[plan.lookup_key].id, found[plan.metered.lookup_key].id if plan.metered else None

    async def _make_customer(self, caller: Caller) -> str:
        merchant = await self._members.find_merchant(caller.merchant_id) if caller.merchant_id else None
        profile = await self._shops.profile(caller.shop_id)
        made = await self._require_payments().create_customer(
            str(caller.shop_id), merchant.email if merchant else None, profile.name
        )
        async with self._database.connection(caller.shop_id) as connection:
            await storage.add_customer(connection, caller.shop_id, made)
        self._entitlements.invalidate(caller.shop_id)
        return made

    async def _require_subscription(self, shop_id: UUID) -> SubscriptionState:
        self._require_payments()
        found = (await self._entitlements.read(shop_id)).subscription
        if found is None or found.status not in LIVE:
            raise Conflict("The shop has no subscription; subscribe to a plan first.")
        return found

    def _require_payments(self) -> Payments:
        if self._payments is None:
            raise Conflict("Billing is switched off on this installation.")
        return self._payments


@asynccontextmanager
async def asking() -> AsyncIterator[None]:
    """Around every question to the payment provider: what it says becomes an error of ours."""
    try:
        yield
    except PaymentsUnavailable:
        raise Unavailable("The payment provider does not answer; nothing was changed, try again.") from None
    except PaymentsRefused as reason:
        if reason.code in BANK_ASKS:
            hint = "confirm the card under Cards, address and receipts, or choose another one there; then try again"
            raise Invalid(
                "The card's bank wants you to confirm this payment (3-D Secure); nothing was charged or changed.",
                errors=(FieldError("card", hint),),
            ) from None
        raise Invalid("The payment provider refused this.", errors=(FieldError("plan", reason.message),)) from None


def _is_cheaper(plan: Plan, current: Plan | None) -> bool:
    return current is not None and (plan.price_minor or 0) < (current.price_minor or 0)


def _later(subscription: SubscriptionState, plan: Plan) -> Preview:
    """A change that waits for the period's end costs nothing before."""
    return Preview(subscription.currency, 0, plan.price_minor or 0, (), subscription.period_end, waits=True)


def _require_offered(plan_id: str) -> Plan:
    plan = find_offered(plan_id)
    if plan is None:
        raise Invalid(
            "There is no such plan.", errors=(FieldError("plan", f"one of {', '.join(each.id for each in OFFERED)}"),)
        )
    return plan
