"""Billing over HTTP: the merchant's API, and the address of Stripe's webhook."""

from litestar import Response, Router, get, patch, post, put
from litestar.di import NamedDependency
from litestar.params import JSONBody

from billing.gateway import Invoice, PaymentMethod, Preview
from server.billing.models import (
    AlertChoices,
    BillingView,
    ChangeRequest,
    Choices,
    PlanRequest,
    Statement,
    UsageView,
)
from server.billing.notifications import AlertService
from server.billing.overview import BillingOverview
from server.billing.payment_inbox import PaymentInbox
from server.billing.service import BillingService
from server.billing.statements import StatementService
from server.core.http import AnyRequest
from server.shops.models import Caller

MAX_EVENT_BYTES = 1024 * 1024
"""Far more than any of Stripe's events."""


@get("/v1/usage", summary="Usage", tags=["billing"])
async def get_usage(caller: NamedDependency[Caller], overview: NamedDependency[BillingOverview]) -> UsageView:
    """The answers of the current period, and the shop's products, documents and seats."""
    return await overview.get_usage(caller.shop_id)


@get("/v1/billing", summary="Plan and usage", tags=["billing"])
async def get_billing(caller: NamedDependency[Caller], overview: NamedDependency[BillingOverview]) -> BillingView:
    """The shop's plan, what is used of it, and when the answers will run out."""
    return await overview.get_billing(caller.shop_id)


@patch("/v1/billing", summary="Answers beyond the plan", tags=["billing"])
async def choose_overage(
    data: JSONBody[Choices],
    caller: NamedDependency[Caller],
    billing: NamedDependency[BillingService],
    overview: NamedDependency[BillingOverview],
) -> BillingView:
    """Sets whether answers beyond the plan are paid for, and up to which sum in a period."""
    await billing.update_choices(caller, overage=data.overage, spending_cap_minor=data.spending_cap_minor)
    return await overview.get_billing(caller.shop_id)


@get("/v1/billing/alerts", summary="Alerts", tags=["billing"])
async def get_alerts(caller: NamedDependency[Caller], alerts: NamedDependency[AlertService]) -> AlertChoices:
    """At which share of the plan's answers, and at which sum spent beyond it, the owners get a mail."""
    return await alerts.get_alerts(caller.shop_id)


@put("/v1/billing/alerts", summary="Change the alerts", tags=["billing"])
async def choose_alerts(
    data: JSONBody[AlertChoices], caller: NamedDependency[Caller], alerts: NamedDependency[AlertService]
) -> AlertChoices:
    """Replaces the alerts. The owners always get a mail when no answers are left."""
    return await alerts.update_alerts(caller, data)


@post("/v1/billing/checkout", status_code=201, summary="Subscribe", tags=["billing"])
async def open_checkout(
    caller: NamedDependency[Caller], billing: NamedDependency[BillingService], data: JSONBody[PlanRequest | None] = None
) -> dict[str, str]:
    """The address of the payment provider's page for this plan."""
    return {"url": await billing.create_checkout(caller, data.plan if data else "")}


@post("/v1/billing/portal", status_code=201, summary="Cards and receipts", tags=["billing"])
async def open_portal(caller: NamedDependency[Caller], billing: NamedDependency[BillingService]) -> dict[str, str]:
    """The address of the payment provider's page for cards, addresses and receipts."""
    return {"url": await billing.create_portal(caller)}


@post("/v1/billing/preview", status_code=200, summary="Preview a change of plan", tags=["billing"])
async def preview_plan(
    caller: NamedDependency[Caller], billing: NamedDependency[BillingService], data: JSONBody[PlanRequest | None] = None
) -> Preview:
    """What the change would cost now and at the next renewal. Changes nothing."""
    return await billing.preview_change(caller, data.plan if data else "")


@post("/v1/billing/plan", status_code=200, summary="Change the plan", tags=["billing"])
async def change_plan(
    caller: NamedDependency[Caller],
    billing: NamedDependency[BillingService],
    overview: NamedDependency[BillingOverview],
    data: JSONBody[ChangeRequest | None] = None,
) -> BillingView:
    """A more expensive plan begins at once and the difference is charged; a cheaper one begins when the period ends."""
    await billing.change_plan(caller, data.plan if data else "", data.proration_at if data else None)
    return await overview.get_billing(caller.shop_id)


@post("/v1/billing/cancel", status_code=200, summary="Cancel at the end of the period", tags=["billing"])
async def cancel_plan(
    caller: NamedDependency[Caller],
    billing: NamedDependency[BillingService],
    overview: NamedDependency[BillingOverview],
) -> BillingView:
    """Ends the subscription with the period. All data is kept, and shoppers get no answers afterwards."""
    await billing.set_cancellation(caller, cancels=True)
    return await overview.get_billing(caller.shop_id)


@post("/v1/billing/resume", status_code=200, summary="Undo a cancellation", tags=["billing"])
async def resume_plan(
    caller: NamedDependency[Caller],
    billing: NamedDependency[BillingService],
    overview: NamedDependency[BillingOverview],
) -> BillingView:
    """Possible until the period has ended."""
    await billing.set_cancellation(caller, cancels=False)
    return await overview.get_billing(caller.shop_id)


@get("/v1/billing/invoices", summary="Invoices", tags=["billing"])
async def list_invoices(
    caller: NamedDependency[Caller], billing: NamedDependency[BillingService]
) -> dict[str, tuple[Invoice, ...] | None]:
    """The newest 24 invoices with the addresses of their PDFs, newest first."""
    return {"data": await billing.list_invoices(caller), "next_cursor": None}


@get("/v1/billing/payment-method", summary="Payment method", tags=["billing"])
async def get_payment_method(
    caller: NamedDependency[Caller], billing: NamedDependency[BillingService]
) -> dict[str, PaymentMethod | None]:
    """The payment method of the next payment; of a number only its last four digits."""
    return {"payment_method": await billing.find_payment_method(caller)}


@get("/v1/billing/statements", summary="Closed periods", tags=["billing"])
async def list_statements(
    caller: NamedDependency[Caller], statements: NamedDependency[StatementService]
) -> dict[str, tuple[Statement, ...] | None]:
    """The usage and charges of closed periods, and whether conversation log, ledger, meter and invoice agreed; newest
    first."""
    return {"data": await statements.list_statements(caller), "next_cursor": None}


@post("/webhooks/stripe", status_code=200, request_max_body_size=MAX_EVENT_BYTES, include_in_schema=False)
async def stripe_webhook(request: AnyRequest, payment_inbox: NamedDependency[PaymentInbox]) -> Response[None]:
    """Verifies and stores an event; a job then fetches the subscription."""
    await payment_inbox.receive(await request.body(), request.headers.get("stripe-signature", ""))
    return Response(None, status_code=200)


billing_router = Router(
    path="/",
    route_handlers=[
        get_usage,
        get_billing,
        choose_overage,
        get_alerts,
        choose_alerts,
        open_checkout,
        open_portal,
        preview_plan,
        change_plan,
        cancel_plan,
        resume_plan,
        list_invoices,
        list_statements,
        get_payment_method,
        stripe_webhook,
    ],
)
