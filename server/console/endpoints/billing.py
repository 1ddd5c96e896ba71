"""The page of plan and usage: usage and forecast, changes of plan, invoices, limits, alerts."""

import asyncio
from collections.abc import Awaitable
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from typing import Any

from litestar import Response, Router, get, post
from litestar.di import NamedDependency, Provide
from litestar.params import URLEncodedBody
from litestar.response import Redirect, Template
from msgspec import Struct

from billing.gateway import Invoice, PaymentMethod, Preview
from billing.plans import find_offered
from server.billing.models import PAGE, AlertChoices
from server.billing.notifications import AlertService
from server.billing.overview import BillingOverview
from server.billing.service import BillingService
from server.billing.statements import StatementService
from server.console import plan_page
from server.console.endpoints.page import HEADERS, PAGE_ERRORS, Visitor, provide_visitor, render
from server.console.usage_chart import usage_chart
from server.core.errors import AisleError
from server.core.http import AnyRequest

Form = URLEncodedBody[dict[str, str]]
CAME = ("subscribed", "saved")
ALERT_PERCENTS = (50, 80, 90, 100)
"""The shares that the page offers; the API accepts any."""


class ProviderData(Struct, frozen=True):
    """What the page shows from the payment provider."""

    invoices: tuple[Invoice, ...] = ()
    method: PaymentMethod | None = None
    has_answered: bool = True


class BillingPage:
    """The page of plan and usage for one visitor."""

    def __init__(
        self,
        request: AnyRequest,
        visitor: Visitor,
        billing: BillingService,
        overview: BillingOverview,
        alerts: AlertService,
        statements: StatementService,
    ) -> None:
        self.request, self.visitor, self.caller = request, visitor, visitor.caller
        self.billing, self.alerts = billing, alerts
        self._overview, self._statements = overview, statements

    async def show(
        self,
        *,
        problem: str = "",
        came: str = "",
        onward: dict[str, str] | None = None,
        preview: Preview | None = None,
        wanted: str = "",
    ) -> Template:
        """Render the page, with the result of what the visitor has just done."""
        shop_id = self.caller.shop_id
        view = await self._overview.get_billing(shop_id)
        may_see = view.billing == "on" and self.visitor.may_set_up
        provider = await self._fetch_from_provider() if may_see else ProviderData()
        return render(
            self.request,
            "billing",
            visitor=self.visitor,
            status=422 if problem else 200,
            view=view,
            money=plan_page.money_text,
            unit_price=plan_page.unit_price_text,
            amount_field=plan_page.amount_field,
            plan_name=partial(plan_page.plan_name, view),
            choices=plan_page.plan_choices(view),
            following=plan_page.following_plan(view),
            chart=usage_chart(view, await self._overview.list_days(shop_id)),
            invoices=provider.invoices,
            method=provider.method,
            silent=not provider.has_answered,
            alerts=await self.alerts.get_alerts(shop_id),
            alert_percents=ALERT_PERCENTS,
            statements=await self._statements.list_statements(self.caller) if may_see else (),
            problem=problem,
            came=came,
            onward=onward,
            preview=preview,
            wanted=wanted,
        )

    async def read_amount(self, field: str, text: str) -> int | None:
        """A typed amount in the plan's currency, in minor units; None for an empty field. Raises Invalid."""
        view = await self._overview.get_billing(self.caller.shop_id)
        return plan_page.parse_amount(field, text, view.plan.currency)

    async def run(self, change: Awaitable[object], came: str = "") -> Response[Any]:
        """Make a change and return to the page, which confirms it (`came`) or says why it could not be made."""
        try:
            await change
        except AisleError as reason:
            return await self.show(problem=_words(reason))
        return Redirect(f"{PAGE}?{came}" if came else PAGE, status_code=303, headers=HEADERS)

    async def link_to(self, address: Awaitable[str], words: str) -> Template:
        """Show a link to the payment provider. A form cannot redirect there, because the content security policy keeps
        forms on this site."""
        try:
            return await self.show(onward={"address": await address, "words": words})
        except AisleError as reason:
            return await self.show(problem=_words(reason))

    async def _fetch_from_provider(self) -> ProviderData:
        """Invoices and payment method; without them when the provider does not answer, as the page works without."""
        try:
            invoices, method = await asyncio.gather(
                self.billing.list_invoices(self.caller), self.billing.find_payment_method(self.caller)
            )
        except AisleError:
            return ProviderData(has_answered=False)
        return ProviderData(invoices, method)


async def provide_page(
    request: AnyRequest,
    visitor: NamedDependency[Visitor],
    billing: NamedDependency[BillingService],
    overview: NamedDependency[BillingOverview],
    alerts: NamedDependency[AlertService],
    statements: NamedDependency[StatementService],
) -> BillingPage:
    """See `BillingPage`."""
    return BillingPage(request, visitor, billing, overview, alerts, statements)


@get(PAGE, include_in_schema=False)
async def show_billing(page: NamedDependency[BillingPage]) -> Template:
    """The page of plan and usage."""
    came = next((each for each in CAME if each in page.request.query_params), "")
    if came == "subscribed":
        # the browser may be back before the webhook arrives; if this fails, the webhook or the daily refresh brings it
        with suppress(AisleError):
            await page.billing.refresh(page.caller.shop_id)
    return await page.show(came=came)


@post(f"{PAGE}/subscribe", status_code=200, include_in_schema=False)
async def subscribe(data: Form, page: NamedDependency[BillingPage]) -> Template:
    """Link to the payment provider's page for subscribing to a plan."""
    plan = data.get("plan", "")
    found = find_offered(plan)
    return await page.link_to(
        page.billing.create_checkout(page.caller, plan), f"Subscribe to {found.name if found else plan}"
    )


@post(f"{PAGE}/portal", status_code=200, include_in_schema=False)
async def open_portal(page: NamedDependency[BillingPage]) -> Template:
    """Link to the payment provider's page for cards, addresses and receipts."""
    return await page.link_to(page.billing.create_portal(page.caller), "Cards, address and receipts")


@post(f"{PAGE}/preview", status_code=200, include_in_schema=False)
async def preview_change(data: Form, page: NamedDependency[BillingPage]) -> Template:
    """Show what a change of plan would cost."""
    plan = find_offered(data.get("plan", ""))
    try:
        preview = await page.billing.preview_change(page.caller, data.get("plan", ""))
    except AisleError as reason:
        return await page.show(problem=_words(reason))
    return await page.show(preview=preview, wanted=plan.id if plan else "")


@post(f"{PAGE}/plan", status_code=303, include_in_schema=False)
async def change_plan(data: Form, page: NamedDependency[BillingPage]) -> Response[Any]:
    """Change the plan."""
    shown_at = _shown_at(data.get("proration_at", ""))
    return await page.run(page.billing.change_plan(page.caller, data.get("plan", ""), shown_at))


@post(f"{PAGE}/cancel", status_code=303, include_in_schema=False)
async def cancel_plan(data: Form, page: NamedDependency[BillingPage]) -> Response[Any]:
    """Cancel the subscription, or take the cancellation back."""
    return await page.run(page.billing.set_cancellation(page.caller, cancels=data.get("wanted") == "yes"))


@post(f"{PAGE}/limits", status_code=303, include_in_schema=False)
async def choose_limits(data: Form, page: NamedDependency[BillingPage]) -> Response[Any]:
    """Set whether further answers are paid for, and the spending cap."""

    async def choose() -> None:
        cap_minor = await page.read_amount("cap", data.get("cap", ""))
        await page.billing.update_choices(
            page.caller, overage=data.get("overage") == "yes", spending_cap_minor=cap_minor
        )

    return await page.run(choose(), came="saved")


@post(f"{PAGE}/alerts", status_code=303, include_in_schema=False)
async def choose_alerts(data: Form, page: NamedDependency[BillingPage]) -> Response[Any]:
    """Set when the owners get a mail."""

    async def choose() -> None:
        percents = [percent for percent in ALERT_PERCENTS if data.get(f"at_{percent}") == "yes"]
        spent_minor = await page.read_amount("spent", data.get("spent", "")) or None
        await page.alerts.update_alerts(page.caller, AlertChoices(at_percents=percents, spent_minor=spent_minor))

    return await page.run(choose(), came="saved")


def _shown_at(text: str) -> datetime | None:
    """The preview's time from its form; None when the form has none."""
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


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
        choose_alerts,
    ],
    dependencies={"visitor": Provide(provide_visitor), "page": Provide(provide_page)},
    exception_handlers=PAGE_ERRORS,
)
