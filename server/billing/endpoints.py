"""Plans and money over HTTP: the merchant's side, and where Stripe tells of news."""

from typing import Any

from litestar import Request, Response, Router, get, patch, post, put
from litestar.di import NamedDependency
from litestar.params import JSONBody

from billing.gateway import Invoice, PaymentMethod, Preview
from server.billing.alerts.models import AlertChoices
from server.billing.alerts.service import AlertService
from server.billing.closing.models import Statement
from server.billing.closing.service import Closing
from server.billing.events import PaymentInbox
from server.billing.models import BillingView, ChangeRequest, Choices, PlanRequest, UsageView
from server.billing.overview import Overview
from server.billing.service import Billing
from server.shops.models import Caller

MAX_EVENT_BYTES = 1024 * 1024
"""Stripe's events stay far below; a larger body is nobody's."""

AnyRequest = Request[Any, Any, Any]


@get("/v1/usage", summary="Usage", tags=["billing"])
async def get_usage(caller: NamedDependency[Caller], overview: NamedDependency[Overview]) -> UsageView:
    """Answers of the running period, and what there is to answer from."""
    return await overview.usage(caller.shop_id)


@get("/v1/billing", summary="Plan and usage", tags=["billing"])
async def get_billing(caller: NamedDependency[Caller], overview: NamedDependency[Overview]) -> BillingView:
    """What the shop has subscribed to, what it has used, when that runs out."""
    return await overview.of(caller.shop_id)


@patch("/v1/billing", summary="Answers beyond the plan", tags=["billing"])
async def choose_overage(
    data: JSONBody[Choices],
    caller: NamedDependency[Caller],
    billing: NamedDependency[Billing],
    overview: NamedDependency[Overview],
) -> BillingView:
    """Whether they are paid for, and up to which sum in a period."""
    await billing.choose(caller, overage=data.overage, spending_cap_minor=data.spending_cap_minor)
    return await overview.of(caller.shop_id)


@get("/v1/billing/alerts", summary="Alerts", tags=["billing"])
async def get_alerts(caller: NamedDependency[Caller], alerts: NamedDependency[AlertService]) -> AlertChoices:
    """At which shares of the plan's answers, and at which sum beyond it, the owners get a mail."""
    return await alerts.of(caller.shop_id)


@put("/v1/billing/alerts", summary="Change the alerts", tags=["billing"])
async def choose_alerts(
    data: JSONBody[AlertChoices], caller: NamedDependency[Caller], alerts: NamedDependency[AlertService]
) -> AlertChoices:
    """From now on. That no answers are left is told in any case."""
    return await alerts.choose(caller, data)


@post("/v1/billing/checkout", status_code=201, summary="Subscribe", tags=["billing"])
async def open_checkout(
    caller: NamedDependency[Caller], billing: NamedDependency[Billing], data: JSONBody[PlanRequest | None] = None
) -> dict[str, str]:
    """The address of the payment provider's page for this plan."""
    return {"url": await billing.checkout(caller, data.plan if data else "")}


@post("/v1/billing/portal", status_code=201, summary="Cards and receipts", tags=["billing"])
async def open_portal(caller: NamedDependency[Caller], billing: NamedDependency[Billing]) -> dict[str, str]:
    """The address of the payment provider's page for cards, addresses and receipts."""
    return {"url": await billing.portal(caller)}


@post("/v1/billing/preview", status_code=200, summary="Preview a change of plan", tags=["billing"])
async def preview_plan(
    caller: NamedDependency[Caller], billing: NamedDependency[Billing], data: JSONBody[PlanRequest | None] = None
) -> Preview:
    """Nothing is changed."""
    return await billing.preview(caller, data.plan if data else "")


@post("/v1/billing/plan", status_code=200, summary="Change the plan", tags=["billing"])
async def change_plan(
    caller: NamedDependency[Caller],
    billing: NamedDependency[Billing],
    overview: NamedDependency[Overview],
    data: JSONBody[ChangeRequest | None] = None,
) -> BillingView:
    """A dearer plan holds at once, the difference is charged; a cheaper one follows when the period ends."""
    await billing.change_plan(caller, data.plan if data else "", data.proration_at if data else None)
    return await overview.of(caller.shop_id)


@post("/v1/billing/cancel", status_code=200, summary="Cancel at the end of the period", tags=["billing"])
async def cancel_plan(
    caller: NamedDependency[Caller], billing: NamedDependency[Billing], overview: NamedDependency[Overview]
) -> BillingView:
    """Everything is kept; nothing is answered afterwards."""
    await billing.cancel(caller, wanted=True)
    return await overview.of(caller.shop_id)


@post("/v1/billing/resume", status_code=200, summary="Undo a cancellation", tags=["billing"])
async def resume_plan(
    caller: NamedDependency[Caller], billing: NamedDependency[Billing], overview: NamedDependency[Overview]
) -> BillingView:
    """Takes a cancellation back, until the period has ended."""
    await billing.cancel(caller, wanted=False)
    return await overview.of(caller.shop_id)


@get("/v1/billing/invoices", summary="Invoices", tags=["billing"])
async def list_invoices(
    caller: NamedDependency[Caller], billing: NamedDependency[Billing]
) -> dict[str, tuple[Invoice, ...] | None]:
    """The newest, with their PDFs."""
    return {"data": await billing.invoices(caller), "next_cursor": None}


@get("/v1/billing/payment-method", summary="Payment method", tags=["billing"])
async def get_payment_method(
    caller: NamedDependency[Caller], billing: NamedDependency[Billing]
) -> dict[str, PaymentMethod | None]:
    """What the next payment is taken from: never more of a number than its end."""
    return {"payment_method": await billing.payment_method(caller)}


@get("/v1/billing/statements", summary="Closed periods", tags=["billing"])
async def list_statements(
    caller: NamedDependency[Caller], closing: NamedDependency[Closing]
) -> dict[str, tuple[Statement, ...] | None]:
    """What each period came to when it was closed, and whether log, ledger, meter and invoice agreed; newest first."""
    return {"data": await closing.statements(caller), "next_cursor": None}


@post("/webhooks/stripe", status_code=200, request_max_body_size=MAX_EVENT_BYTES, include_in_schema=False)
async def stripe_webhook(request: AnyRequest, payment_inbox: NamedDependency[PaymentInbox]) -> Response[None]:
    """Verified, stored once, answered; a job then fetches what holds now."""
    await payment_inbox.take(await request.body(), request.headers.get("stripe-signature", ""))
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
