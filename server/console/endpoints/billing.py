"""The page of plan and usage: how much is used and how long it lasts, changing the plan, invoices, limits."""

from contextlib import suppress
from datetime import UTC, datetime
from typing import Annotated, Any

from litestar import Response, Router, get, post
from litestar.di import Provide
from litestar.enums import RequestEncodingType
from litestar.params import Body
from litestar.response import Redirect, Template

from billing.gateway import Preview
from billing.plans import find_offered
from server.billing.models import BillingView
from server.billing.overview import Overview
from server.billing.service import PAGE, Billing
from server.console.endpoints.page import HEADERS, PAGE_ERRORS, AnyRequest, Visitor, provide_visitor, render
from server.console.usage_chart import usage_chart
from server.core.errors import AisleError, FieldError, Invalid
from server.core.money import format_money

Form = Annotated[dict[str, str], Body(media_type=RequestEncodingType.URL_ENCODED)]


@get(PAGE, include_in_schema=False)
async def show_billing(request: AnyRequest, visitor: Visitor, billing: Billing, overview: Overview) -> Template:
    """Plan, usage, invoices."""
    came = "subscribed" if "subscribed" in request.query_params else ""
    if came:  # the browser may be back before the news is: look
        await _quietly(billing.refresh(visitor.caller.shop_id))
    return await _page(request, visitor, billing, overview, came=came)


@post(f"{PAGE}/subscribe", status_code=200, include_in_schema=False)
async def subscribe(
    request: AnyRequest, data: Form, visitor: Visitor, billing: Billing, overview: Overview
) -> Template:
    """A link to the payment provider: a form may not lead to another site, a link may."""
    plan = data.get("plan", "")
    try:
        address = await billing.checkout(visitor.caller, plan)
    except AisleError as reason:
        return await _page(request, visitor, billing, overview, problem=_words(reason))
    found = find_offered(plan)
    onward = {"address": address, "words": f"Subscribe to {found.name if found else plan}"}
    return await _page(request, visitor, billing, overview, onward=onward)


@post(f"{PAGE}/portal", status_code=200, include_in_schema=False)
async def open_portal(request: AnyRequest, visitor: Visitor, billing: Billing, overview: Overview) -> Template:
    """A link to the page for cards, addresses and receipts."""
    try:
        onward = {"address": await billing.portal(visitor.caller), "words": "Cards, address and receipts"}
    except AisleError as reason:
        return await _page(request, visitor, billing, overview, problem=_words(reason))
    return await _page(request, visitor, billing, overview, onward=onward)


@post(f"{PAGE}/preview", status_code=200, include_in_schema=False)
async def preview_change(
    request: AnyRequest, data: Form, visitor: Visitor, billing: Billing, overview: Overview
) -> Template:
    """What the change would cost, before it is made."""
    plan = find_offered(data.get("plan", ""))
    try:
        preview = await billing.preview(visitor.caller, data.get("plan", ""))
    except AisleError as reason:
        return await _page(request, visitor, billing, overview, problem=_words(reason))
    return await _page(request, visitor, billing, overview, preview=preview, wanted=plan.id if plan else "")


@post(f"{PAGE}/plan", status_code=303, include_in_schema=False)
async def change_plan(
    request: AnyRequest, data: Form, visitor: Visitor, billing: Billing, overview: Overview
) -> Response[Any]:
    """Make the change."""
    try:
        await billing.change_plan(visitor.caller, data.get("plan", ""), _shown_at(data.get("proration_at", "")))
    except AisleError as reason:
        return await _page(request, visitor, billing, overview, problem=_words(reason))
    return Redirect(PAGE, status_code=303, headers=HEADERS)


@post(f"{PAGE}/cancel", status_code=303, include_in_schema=False)
async def cancel_plan(
    request: AnyRequest, data: Form, visitor: Visitor, billing: Billing, overview: Overview
) -> Response[Any]:
    """Leave when the period ends, or stay after all."""
    try:
        await billing.cancel(visitor.caller, wanted=data.get("wanted") == "yes")
    except AisleError as reason:
        return await _page(request, visitor, billing, overview, problem=_words(reason))
    return Redirect(PAGE, status_code=303, headers=HEADERS)


@post(f"{PAGE}/limits", status_code=303, include_in_schema=False)
async def choose_limits(
    request: AnyRequest, data: Form, visitor: Visitor, billing: Billing, overview: Overview
) -> Response[Any]:
    """Pay for answers beyond the plan or not, and how much at most."""
    try:
        cap_minor = _cap_minor(data.get("cap", ""))
        await billing.choose(visitor.caller, overage=data.get("overage") == "yes", spending_cap_minor=cap_minor)
    except AisleError as reason:
        return await _page(request, visitor, billing, overview, problem=_words(reason))
    return Redirect(PAGE, status_code=303, headers=HEADERS)


async def _page(
    request: AnyRequest,
    visitor: Visitor,
    billing: Billing,
    overview: Overview,
    *,
    problem: str = "",
    came: str = "",
    onward: dict[str, str] | None = None,
    preview: Preview | None = None,
    wanted: str = "",
) -> Template:
    view = await overview.of(visitor.caller.shop_id)
    invoices, silent = await _invoices(billing, visitor, view)
    return render(
        request,
        "billing",
        visitor=visitor,
        status=422 if problem else 200,
        view=view,
        format_money=format_money,
        chart=usage_chart(view, await overview.by_day(visitor.caller.shop_id)),
        invoices=invoices,
        silent=silent,
        problem=problem,
        came=came,
        onward=onward,
        preview=preview,
        wanted=wanted,
    )


async def _invoices(billing: Billing, visitor: Visitor, view: BillingView) -> tuple[Any, bool]:
    """(invoices, whether the payment provider is silent): the page stands without it."""
    if view.billing == "off" or not visitor.may_set_up:
        return (), False
    try:
        return await billing.invoices(visitor.caller), False
    except AisleError:
        return (), True


async def _quietly(work: Any) -> None:
    with suppress(AisleError):  # the webhook or the daily round brings it
        await work


def _shown_at(text: str) -> datetime | None:
    """The preview's time as its form carries it; None where it carries none."""
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _cap_minor(text: str) -> int | None:
    """Whole units as typed in, as minor units; None for no cap. Raises Invalid."""
    written = text.strip().replace(",", ".")
    if not written:
        return None
    try:
        amount = round(float(written) * 100)
    except (ValueError, OverflowError):
        amount = -1
    if not 0 <= amount <= 100_000_000:
        raise Invalid("This is no amount.", errors=(FieldError("cap", "an amount such as 50, or nothing"),))
    return amount


def _words(reason: AisleError) -> str:
    return " ".join([reason.detail, *(f"{error.message}." for error in reason.errors)])


billing_pages_router = Router(
    path="/",
    route_handlers=[
        show_billing,
        subscribe,
        open_portal,
        preview_change,
        change_plan,
        cancel_plan,
        choose_limits,
    ],
    dependencies={"visitor": Provide(provide_visitor)},
    exception_handlers=PAGE_ERRORS,
)
