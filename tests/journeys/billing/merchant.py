"""A merchant with a shop of their own: the console's forms, the provider's pages, and a look behind the curtain."""

import asyncio
import contextlib
import itertools
import re
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import asyncpg
import httpx
from selectolax.lexbor import LexborHTMLParser, LexborNode

from server.embedded.standins.stripe_server import StripeStandin
from server.shops.members import Members
from server.shops.models import Role
from tests.commands import Completed, run_aisle
from tests.installation import Answer, Event, ShopAccess, Shopper
from tests.passwords import QUICK
from tests.shared_loop import database_of, run_in_loop
from tests.waiting import await_that

if TYPE_CHECKING:
    from tests.journeys.billing.conftest import PaidInstallation

GOOD, FAILS_ON_CHARGE, BANK_ASKS = "4242424242424242", "4000000000000341", "4000002760003184"
PAGE = "/console/billing"
PASSWORD = "a long enough password"
CONTACT = {"email": "help@shop.example"}
QUESTION = "Tell me about your tents please"
_shops = itertools.count(1)


@dataclass(frozen=True)
class PaidShop:
    """A shop, its owner's browser `console`, the API `merchant`, and a browser on the provider's pages."""

    paid: "PaidInstallation"
    stripe: StripeStandin
    access: ShopAccess
    email: str
    console: httpx.Client
    merchant: httpx.Client
    browser: httpx.Client

    # what is seen ---------------------------------------------------------------------------------------------------

    def view(self) -> dict[str, Any]:
        """`GET /v1/billing`."""
        return dict(self.merchant.get("/v1/billing").raise_for_status().json())

    def page(self) -> str:
        """The console's page as text; with status 200."""
        shown = self.console.get(PAGE)
        assert shown.status_code == 200, shown.text
        return text_of(shown.text)

    def invoices(self) -> list[dict[str, Any]]:
        """`GET /v1/billing/invoices`."""
        return list(self.merchant.get("/v1/billing/invoices").raise_for_status().json()["data"])

    def await_view(self, look: Callable[[dict[str, Any]], bool], what: str) -> dict[str, Any]:
        """The API's view once it is so: entitlements are remembered for seconds, webhooks are on their way."""

        def found() -> dict[str, Any] | None:
            view = self.view()
            return view if look(view) else None

        return await_that(found, what)

    def await_status(self, status: str) -> dict[str, Any]:
        """The view once the shop's state is this one."""
        return self.await_view(lambda view: bool(view["status"] == status), f"the state {status}")

    # what the merchant does -------------------------------------------------------------------------------------------

    def press(self, action: str, **fields: str) -> httpx.Response:
        """Send one of the page's forms."""
        return self.console.post(f"{PAGE}/{action}", data=fields)

    def subscribe(self, plan: str, card: str = GOOD) -> dict[str, Any]:
        """Choose a plan in the console, pay on Checkout's page, come back."""
        onward = self.press("subscribe", plan=plan)
        assert onward.status_code == 200, onward.text
        paid = self.click(link_to(onward.text, "/c/pay/"), "pay", number=card)
        assert paid.status_code == 303, paid.text
        back = self.console.get(paid.headers["location"].removeprefix(self.paid.base_url))
        assert "Thank you" in text_of(back.text)
        return self.await_view(lambda view: bool(view["plan"]["id"] == plan), plan)

    def portal(self, button: str, **fields: str) -> httpx.Response:
        """Open the customer portal and press a button."""
        return self.click(link_to(self.press("portal").text, "/p/session/"), button, **fields)

    def click(self, url: str, button: str, **fields: str) -> httpx.Response:
        """Fill the form that has this button, as shown, and press it."""
        page = LexborHTMLParser(self.browser.get(url).text)
        form = next(each for each in page.css("form") if each.css_first(f'button[value="{button}"]'))
        shown = {each.attributes["name"]: each.attributes.get("value") or "" for each in form.css("input")}
        for select in form.css("select"):
            chosen = select.css_first("option[selected]") or select.css_first("option")
            shown[select.attributes["name"]] = (chosen.attributes["value"] if chosen else "") or ""
        return self.browser.post(url, data={**shown, **fields, "action": button})

    def form_of(self, html: str, action: str) -> dict[str, str]:
        """The hidden fields of a form of the page."""
        form = LexborHTMLParser(html).css_first(f'form[action="{PAGE}/{action}"]')
        assert form, f"the page has no form {action}"
        return {str(field.attributes["name"]): field.attributes.get("value") or "" for field in form.css("input")}

    # shoppers ---------------------------------------------------------------------------------------------------------

    def shopper(self) -> Shopper:
        return self.paid.shopper(self.access)

    def ask(self, times: int = 1) -> list[Answer]:
        """So many shoppers ask one question each, one after the other."""
        return [self.shopper().ask(QUESTION) for _ in range(times)]

    # behind the curtain -----------------------------------------------------------------------------------------------

    def sql(self, statement: str, *arguments: Any) -> list[Any]:
        """Rows as the database's owner sees them; $1 is the shop."""

        async def run() -> list[Any]:
            connection = await asyncpg.connect(self.paid.owner_url)
            try:
                return list(await connection.fetch(statement, uuid.UUID(self.access.shop_id), *arguments))
            finally:
                await connection.close()

        with ThreadPoolExecutor(1) as thread:
            return thread.submit(asyncio.run, run()).result()

    def answered_before(self, count: int) -> None:
        """As many answers in the running period as if shoppers had got them: conversation log, ledger and counter."""
        view = self.view()
        plan = f"aisle_{view['plan']['id']}_v1"
        self.sql(_ANSWERED, count, plan, view["period"]["from"])

    def aisle(self, *arguments: str) -> Completed:
        """An operator's command on this installation."""
        from tests.journeys.billing.conftest import stripe_environment

        own = {"AISLE_DATA_DIR": str(self.paid.data_dir), "AISLE_BASE_URL": self.paid.base_url}
        return run_aisle(arguments, own | stripe_environment(self.stripe))

    def flush(self) -> None:
        """Until Stripe has sent every webhook once."""
        self.stripe.webhooks.flush()

    def advance(self, days: float) -> None:
        """Move Stripe's clock and let its news arrive."""
        self.stripe.advance(days=days)
        self.flush()

    def mails(self) -> list[dict[str, Any]]:
        """What the shop's owner got."""
        found = httpx.get(f"{self.paid.facts['mailbox_url']}/messages.json").json()["messages"]
        return [mail for mail in found if self.email in mail["to"]]


_ANSWERED = """
    WITH talk AS (
        INSERT INTO conversation (shop_id, id, shopper_id) VALUES ($1, gen_random_uuid(), gen_random_uuid())
        RETURNING id
    ), given AS (
        SELECT gen_random_uuid() AS id, number FROM generate_series(1, $2::int) AS number
    ), asked AS (
        INSERT INTO turn (shop_id, id, conversation_id, question_id, answer_id, state, usage_state, trace, lease_until,
            ended_at)
        SELECT $1, given.id, talk.id, 'q' || number, 'a' || number, 'done', 'settled', '{"kind": "answer"}', now(),
            now()
        FROM given, talk
    ), told AS (
        INSERT INTO message (shop_id, conversation_id, id, seq, author, turn_id, parts)
        SELECT $1, talk.id, 'a' || number, number, 'assistant', given.id, '[{"type": "text", "text": "Yes."}]'
        FROM given, talk
    ), counted AS (
        INSERT INTO quota_period (shop_id, scope, period_start, answers_used)
        VALUES ($1, '', $4::text::timestamptz, $2)
        ON CONFLICT (shop_id, scope, period_start) DO UPDATE SET answers_used = quota_period.answers_used + $2
    )
    INSERT INTO usage_entry (shop_id, turn_id, kind, quantity, is_overage, plan, period_start)
    SELECT $1, id, 'answer', 1, false, $3, $4::text::timestamptz FROM given
"""


def text_of(html: str) -> str:
    """A page's words, spaces made one."""
    main: LexborNode | None = LexborHTMLParser(html).css_first("main")
    assert main
    return re.sub(r"\s+", " ", main.text(separator=" "))


def link_to(html: str, part: str) -> str:
    """The address of the page's link that leads there."""
    links = (str(each.attributes.get("href")) for each in LexborHTMLParser(html).css("main a"))
    return next(each for each in links if part in each)


def fallback_of(answer: Answer) -> Event | None:
    """The data of the fallback part, None in an answer."""
    found = answer.of("data-fallback")
    return dict(found[0]) if found else None


@contextlib.contextmanager
def open_shop(paid: "PaidInstallation", stripe: StripeStandin) -> Iterator[PaidShop]:
    """A new shop with a contact, and its owner signed in to the console."""
    number = next(_shops)
    access, email = paid.create_shop(f"Paying {number}"), f"owner{number}@paying.example"
    run_in_loop(_add_owner(paid, access, email))
    headers = {"Origin": paid.base_url, "X-Forwarded-For": f"10.2.0.{number % 250}"}
    with (
        httpx.Client(base_url=paid.base_url, headers=headers, timeout=60) as console,
        paid.merchant(access) as merchant,
        httpx.Client(trust_env=False, timeout=60) as browser,
    ):
        signed_in = console.post("/console/sign-in", data={"email": email, "password": PASSWORD})
        assert signed_in.status_code == 303, signed_in.text
        assert merchant.patch("/v1/shop", json={"contact": CONTACT}).status_code == 200
        yield PaidShop(paid, stripe, access, email, console, merchant, browser)


async def _add_owner(paid: "PaidInstallation", access: ShopAccess, email: str) -> None:
    database = await database_of(paid.app_database_url)
    await Members(database, passwords=QUICK).add(uuid.UUID(access.shop_id), email, PASSWORD, "Owner", Role.OWNER)
