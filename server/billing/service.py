"""Subscribing to a plan, changing and cancelling it, and keeping the stored subscription up to date.

What a shop may use is always read from the newest subscription that was fetched. A webhook is only a reason to fetch it
again, so its order, repetition or loss does not matter; every subscription is also fetched once a day.
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
from server.billing.entitlement_service import EntitlementService
from server.billing.models import PAGE
from server.billing.notifications import enqueue_state_notice
from server.billing.usage_reporting import UsageReporter
from server.core.database import Database
from server.core.errors import Conflict, FieldError, Invalid, Unavailable
from server.core.ids import new_id
from server.shops.members import Members
from server.shops.models import Caller, Role
from server.shops.service import ShopService

MAX_INVOICES = 24
CHANGEABLE_STATUSES = ("trialing", "active", "past_due")
PREVIEW_VALIDITY = timedelta(hours=1)
"""How long a plan can be changed at the price that the preview showed."""
CONFIRMATION_CODES = frozenset({"authentication_required", "subscription_payment_intent_requires_action"})
"""Codes of a payment that the card's holder has to confirm with the bank (3-D Secure)."""


class BillingService:
    """The subscriptions of all shops. `payments` is None when billing is switched off."""

    def __init__(
        self,
        database: Database,
        entitlements: EntitlementService,
        payments: Payments | None,
        usage_reporter: UsageReporter | None,
        shops: ShopService,
        members: Members,
        base_url: str,
    ) -> None:
        self._database, self._entitlements, self._payments = database, entitlements, payments
        self._usage_reporter, self._shops, self._members = usage_reporter, shops, members
        self._base_url = base_url

    async def create_checkout(self, caller: Caller, plan_id: str) -> str:
        """The address of the payment provider's page for subscribing to a plan. Raises Conflict when the shop has a
        subscription, Invalid for an unknown plan, and Unavailable."""
        caller.require(Role.OWNER if caller.merchant_id else Role.ADMIN)
        payments, plan = self._require_payments(), _require_offered(plan_id)
        account = await self._entitlements.read_account(caller.shop_id)
        if account.subscription and account.subscription.status in CHANGEABLE_STATUSES:
            raise Conflict("The shop already has a subscription. Change its plan instead.")
        async with translate_payment_errors():
            customer_id = account.customer_id or await self._create_customer(caller)
            price_ids = await self._get_price_ids(plan)
            return await payments.checkout(
                customer_id,
                [price_id for price_id in price_ids if price_id],
                (plan.trial_days or None) if account.subscription is None else None,
                f"{self._base_url}{PAGE}?subscribed=1",
                f"{self._base_url}{PAGE}",
                str(caller.shop_id),
            )

    async def create_portal(self, caller: Caller) -> str:
        """The address of the payment provider's page for cards, addresses and receipts. Raises Conflict for a shop that
        never subscribed, and Unavailable."""
        caller.require(Role.ADMIN)
        payments = self._require_payments()
        account = await self._entitlements.read_account(caller.shop_id)
        if account.customer_id is None:
            raise Conflict("The shop has never had a subscription. Choose a plan first.")
        async with translate_payment_errors():
            return await payments.portal(account.customer_id, f"{self._base_url}{PAGE}")

    async def preview_change(self, caller: Caller, plan_id: str) -> Preview:
        """What a change to another plan would cost now and at the next renewal. Raises Conflict without a subscription,
        Invalid for an unknown plan, and Unavailable."""
        caller.require(Role.ADMIN)
        subscription, plan = await self._require_subscription(caller.shop_id), _require_offered(plan_id)
        if _is_cheaper(plan, find_plan(subscription.plan_lookup_key)):
            return _preview_of_downgrade(subscription, plan)
        async with translate_payment_errors():
            await self._report_usage(caller.shop_id, subscription)
            price_id, overage_id = await self._get_price_ids(plan)
            return await self._require_payments().preview_change(subscription, price_id, overage_id)

    async def change_plan(self, caller: Caller, plan_id: str, shown_at: datetime | None = None) -> Entitlement:
        """Change to a more expensive plan at once, charging the difference, or to a cheaper one when the period ends.
        `shown_at` is the preview's `proration_at`: within PREVIEW_VALIDITY the charge is the one that was shown.
        Raises as `preview_change`, and Invalid when the payment is refused."""
        caller.require(Role.ADMIN)
        payments, plan = self._require_payments(), _require_offered(plan_id)
        subscription = await self._require_subscription(caller.shop_id)
        current = find_plan(subscription.plan_lookup_key)
        async with translate_payment_errors():
            price_id, overage_id = await self._get_price_ids(plan)
            if _is_cheaper(plan, current):
                await payments.schedule_downgrade(subscription, price_id, overage_id)
            elif current != plan:
                # the change bills the usage so far, as far as it has been reported
                await self._report_usage(caller.shop_id, subscription)
                at = await self._find_proration_time(subscription, price_id, overage_id, shown_at)
                key = f"aisle-plan-{subscription.id}-{plan.lookup_key}-{new_id()}"
                await payments.change_plan(subscription, price_id, overage_id, "always_invoice", key, at)
            elif subscription.scheduled_lookup_key:
                await payments.release_schedule(subscription)
        await self._shops.add_audit_entry(caller.shop_id, caller.actor, "billing.plan", {"plan": plan.lookup_key})
        return await self.refresh(caller.shop_id)

    async def _find_proration_time(
        self, subscription: SubscriptionState, price_id: str, overage_id: str | None, shown_at: datetime | None
    ) -> datetime | None:
        """The preview's time; None when by the provider's clock it is not within PREVIEW_VALIDITY, because a caller who
        can choose any time can choose the price."""
        if shown_at is None:
            return None
        now = (await self._require_payments().preview_change(subscription, price_id, overage_id)).proration_at
        return shown_at if now - PREVIEW_VALIDITY <= shown_at <= now else None

    async def _report_usage(self, shop_id: UUID, subscription: SubscriptionState) -> None:
        if self._usage_reporter:
            await self._usage_reporter.report_usage(shop_id, subscription.customer_id)

    async def set_cancellation(self, caller: Caller, *, cancels: bool) -> Entitlement:
        """Cancel the subscription at the end of the period, or take the cancellation back. Raises Conflict without a
        subscription, and Unavailable."""
        caller.require(Role.ADMIN)
        subscription = await self._require_subscription(caller.shop_id)
        async with translate_payment_errors():
            await self._require_payments().cancel_at_period_end(subscription, cancels)
        await self._shops.add_audit_entry(caller.shop_id, caller.actor, "billing.cancel", {"wanted": cancels})
        return await self.refresh(caller.shop_id)

    async def update_choices(self, caller: Caller, *, overage: bool, spending_cap_minor: int | None) -> None:
        """Set whether answers beyond the plan are paid for, and up to which sum in a period (None: without a cap).
        Raises Conflict without a subscription."""
        caller.require(Role.ADMIN)
        async with self._database.connection(caller.shop_id) as connection:
            is_saved = await storage.save_choices(
                connection, caller.shop_id, overage=overage, spending_cap_minor=spending_cap_minor
            )
        if not is_saved:
            raise Conflict("The shop has no subscription. Choose a plan before paying for further answers.")
        self._entitlements.invalidate(caller.shop_id)
        details: dict[str, object] = {"overage": overage, "spending_cap_minor": spending_cap_minor}
        await self._shops.add_audit_entry(caller.shop_id, caller.actor, "billing.choose", details)

    async def list_invoices(self, caller: Caller) -> tuple[Invoice, ...]:
        """The newest MAX_INVOICES invoices, newest first; none for a shop that never subscribed. Raises Unavailable."""
        caller.require(Role.ADMIN)
        account = await self._entitlements.get_account(caller.shop_id)
        if account.customer_id is None or self._payments is None:
            return ()
        async with translate_payment_errors():
            return await self._payments.invoices(account.customer_id, MAX_INVOICES)

    async def find_payment_method(self, caller: Caller) -> PaymentMethod | None:
        """The payment method of the next payment; None without a subscription. Raises Unavailable."""
        caller.require(Role.ADMIN)
        subscription = (await self._entitlements.get_account(caller.shop_id)).subscription
        if self._payments is None or subscription is None or subscription.status not in CHANGEABLE_STATUSES:
            return None
        async with translate_payment_errors():
            return await self._payments.payment_method(subscription)

    async def refresh(self, shop_id: UUID) -> Entitlement:
        """Fetch the shop's subscription and store it, unless one fetched later is stored already; returns what the shop
        may use now. Raises Unavailable, and then nothing has changed."""
        async with self._database.connection(shop_id) as connection:
            row = await storage.find_account(connection, shop_id)
        if row and row.customer_id:
            async with translate_payment_errors():
                state, unpaid_since = await self._fetch_subscription(row.customer_id)
                state = await self._release_finished_schedule(state, row.state)
            encoded = msgspec.json.encode(state).decode() if state else None
            async with self._database.connection(shop_id) as connection:
                await storage.save_subscription(connection, shop_id, encoded, unpaid_since, row.read_at)
        self._entitlements.invalidate(shop_id)
        entitlement = await self._entitlements.get_entitlement(shop_id)
        async with self._database.connection(shop_id) as connection:
            await enqueue_state_notice(connection, shop_id, entitlement)
        return entitlement

    async def _release_finished_schedule(
        self, state: SubscriptionState | None, before: str | None
    ) -> SubscriptionState | None:
        """Release the schedule of a downgrade that has taken place: it would prevent every change in the portal."""
        if state is None or before is None or not state.schedule_id or state.ended_at:
            return state
        scheduled = msgspec.json.decode(before, type=SubscriptionState).scheduled_lookup_key
        if scheduled and scheduled == state.plan_lookup_key:
            return await self._require_payments().release_schedule(state)
        return state

    async def _fetch_subscription(self, customer_id: str) -> tuple[SubscriptionState | None, datetime | None]:
        """(the newest subscription, when its oldest unpaid invoice was made)."""
        payments = self._require_payments()
        found = await payments.subscriptions_of(customer_id)
        newest = next((each for each in found if each.status in CHANGEABLE_STATUSES), found[0] if found else None)
        if newest is None or newest.status != "past_due":
            return newest, None
        invoices = await payments.invoices(customer_id, MAX_INVOICES)
        own = [invoice for invoice in invoices if invoice.subscription_id == newest.id]
        unpaid = [invoice.created for invoice in own if invoice.status == "open" and invoice.amount_due_minor > 0]
        return newest, min(unpaid, default=None)

    async def _get_price_ids(self, plan: Plan) -> tuple[str, str | None]:
        """(price, metered price). Raises PaymentsRefused when the provider does not have them."""
        found = await self._require_payments().prices(plan.price_keys)
        if missing := [key for key in plan.price_keys if key not in found]:
            raise PaymentsRefused(f"no price has the lookup key {missing[0]}; `aisle billing setup` creates it")
        return found[plan.lookup_key].id, found[plan.metered.lookup_key].id if plan.metered else None

    async def _create_customer(self, caller: Caller) -> str:
        merchant = await self._members.find_merchant(caller.merchant_id) if caller.merchant_id else None
        profile = await self._shops.profile(caller.shop_id)
        customer_id = await self._require_payments().create_customer(
            str(caller.shop_id), merchant.email if merchant else None, profile.name
        )
        async with self._database.connection(caller.shop_id) as connection:
            await storage.add_customer(connection, caller.shop_id, customer_id)
        self._entitlements.invalidate(caller.shop_id)
        return customer_id

    async def _require_subscription(self, shop_id: UUID) -> SubscriptionState:
        self._require_payments()
        found = (await self._entitlements.read_account(shop_id)).subscription
        if found is None or found.status not in CHANGEABLE_STATUSES:
            raise Conflict("The shop has no subscription. Subscribe to a plan first.")
        return found

    def _require_payments(self) -> Payments:
        if self._payments is None:
            raise Conflict("Billing is switched off on this installation.")
        return self._payments


@asynccontextmanager
async def translate_payment_errors() -> AsyncIterator[None]:
    """Raise Unavailable or Invalid for an error of the payment provider."""
    try:
        yield
    except PaymentsUnavailable:
        raise Unavailable("The payment provider does not answer. Nothing was changed; please try again.") from None
    except PaymentsRefused as reason:
        if reason.code in CONFIRMATION_CODES:
            hint = "confirm the card under “Cards, address and receipts”, or add another one there, then try again"
            raise Invalid(
                "Your bank asks you to confirm this payment (3-D Secure). Nothing was charged or changed.",
                errors=(FieldError("card", hint),),
            ) from None
        raise Invalid("The payment provider refused this.", errors=(FieldError("plan", reason.message),)) from None


def _is_cheaper(plan: Plan, current: Plan | None) -> bool:
    return current is not None and (plan.price_minor or 0) < (current.price_minor or 0)


def _preview_of_downgrade(subscription: SubscriptionState, plan: Plan) -> Preview:
    """A cheaper plan begins when the period ends, so nothing is due now."""
    return Preview(subscription.currency, 0, plan.price_minor or 0, (), subscription.period_end, waits=True)


def _require_offered(plan_id: str) -> Plan:
    plan = find_offered(plan_id)
    if plan is None:
        raise Invalid(
            "There is no such plan.", errors=(FieldError("plan", f"one of {', '.join(each.id for each in OFFERED)}"),)
        )
    return plan
