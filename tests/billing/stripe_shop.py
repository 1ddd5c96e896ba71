"""A merchant at the Stripe stand-in: prices, a gateway, and a browser without a window for the hosted pages."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
from selectolax.lexbor import LexborHTMLParser

from billing.gateway import Event, Payments, Price, SubscriptionState
from billing.stripe_gateway import StripePayments
from billing.stripe_objects import parse_event
from server.embedded.standins.stripe_server import StripeStandin, running

START = 1_804_000_000  # 2 March 2027, 23:06:40 UTC
KEY = "sk_test_never_shown"
GOOD, FAILS_ON_CHARGE, DECLINED = "4242424242424242", "4000000000000341", "4000000000000002"
SHOP_ID = "0197c0de-0000-7000-8000-000000000001"


class StripeShop:
    """`standin` is the provider, `payments` the house's gateway to it."""

    def __init__(self, standin: StripeStandin, payments: StripePayments, browser: httpx.AsyncClient) -> None:
        self.standin, self.payments, self.browser = standin, payments, browser
        self.prices: dict[str, Price] = {}
        self.customer_id = ""

    def price(self, plan: str) -> str:
        return self.prices[f"aisle_{plan}_v1"].id

    def overage(self, plan: str) -> str:
        return self.prices[f"aisle_{plan}_v1_overage"].id

    async def open_checkout(self, plan: str = "starter", trial_days: int | None = None) -> str:
        ids = [self.price(plan), self.overage(plan)]
        done, back = "http://127.0.0.1:1/done?session={CHECKOUT_SESSION_ID}", "http://127.0.0.1:1/back"
        return await self.payments.checkout(self.customer_id, ids, trial_days, done, back, SHOP_ID)

    async def click(self, url: str, button: str, **fields: str) -> httpx.Response:
        """Fills the form that has this button, as shown, and presses it."""
        page = LexborHTMLParser((await self.browser.get(url)).text)
        form = next(each for each in page.css("form") if each.css_first(f'button[value="{button}"]'))
        shown = {each.attributes["name"]: each.attributes.get("value") or "" for each in form.css("input")}
        for select in form.css("select"):
            chosen = select.css_first("option[selected]") or select.css_first("option")
            shown[select.attributes["name"]] = (chosen.attributes["value"] if chosen else "") or ""
        assert fields.keys() <= shown.keys(), f"the form has {shown.keys()}"
        return await self.browser.post(url, data={**shown, **fields, "action": button})

    async def subscribe(
        self, plan: str = "starter", *, trial_days: int | None = None, card: str = GOOD, code: str = ""
    ) -> SubscriptionState:
        paid = await self.click(await self.open_checkout(plan, trial_days), "pay", number=card, code=code)
        assert paid.status_code == 303, paid.text
        return (await self.payments.subscriptions_of(self.customer_id))[0]

    async def now(self, subscription: SubscriptionState) -> SubscriptionState:
        found = await self.payments.subscription(subscription.id)
        assert found
        return found

    def newest_event(self, kind: str) -> Event:
        """The last event of this type, as the gateway reads it from a webhook."""
        store = self.standin.store
        return parse_event(next(each for each in store.all("event") if each["type"] == kind))


@asynccontextmanager
async def stripe_shop() -> AsyncIterator[StripeShop]:
    """With the plans Starter (29.00, answers at 0.05) and Pro (99.00, at 0.03)."""
    with running(StripeStandin(frozen_at=START, key=KEY)) as standin:
        for plan, amount, per_answer in (("starter", 2900, "5"), ("pro", 9900, "3")):
            standin.add_price(f"aisle_{plan}_v1", amount, plan.title())
            standin.add_metered_price(f"aisle_{plan}_v1_overage", per_answer, "aisle_answers", f"{plan} answers")
        payments = StripePayments(KEY, api_base=standin.url)
        _: Payments = payments
        async with httpx.AsyncClient(trust_env=False) as browser:
            shop = StripeShop(standin, payments, browser)
            shop.prices = await payments.prices([each["lookup_key"] for each in standin.objects("price")])
            shop.customer_id = await payments.create_customer(SHOP_ID, "owner@shop.example", "Acme")
            yield shop
        await payments.close()
        assert standin.mistakes == []
