"""The plan's page clicked through in a browser: subscribe, the limit, upgrade, a failing card, recovery, leaving; as
wide as a desk and as a phone. AISLE_SCREENSHOTS names a folder that keeps the pictures."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from playwright.async_api import Browser, Page, expect

from billing.period import months_after
from billing.plans import STARTER, TRIAL
from server.billing.models import Statement
from tests.journeys.billing.merchant import FAILS_ON_CHARGE, GOOD, PAGE, PASSWORD, PaidShop
from tests.waiting import await_that

pytestmark = pytest.mark.timeout(600)

DESK, PHONE = {"width": 1280, "height": 800}, {"width": 390, "height": 844}
AXE = Path(__file__).parents[3] / "widget" / "node_modules" / "axe-core" / "axe.min.js"
SPREAD = """
    UPDATE subscription SET state = state || '{"status": "active", "trial_end": null}'
        || jsonb_build_object('period_start', $2::text, 'period_end', $3::text) WHERE shop_id = $1
"""
SPREAD_ENTRIES = """
    INSERT INTO usage_entry (shop_id, turn_id, kind, quantity, is_overage, plan, period_start, at)
    SELECT $1, gen_random_uuid(), 'answer', 1, false, 'aisle_pro_v1', $2::text::timestamptz,
        $2::text::timestamptz + day * interval '1 day' + interval '3 hours'
    FROM generate_series(0, 17) AS day,
        generate_series(1, 150 + (day * 37 % 60) + CASE WHEN day % 7 > 4 THEN 70 ELSE 0 END)
"""
SPREAD_COUNTER = """
    INSERT INTO quota_period (shop_id, scope, period_start, answers_used)
    SELECT $1, '', $2::text::timestamptz, count(*) FROM usage_entry
    WHERE shop_id = $1 AND period_start = $2::text::timestamptz
"""


CLOSED = """
    INSERT INTO billing_statement (shop_id, period_start, period_end, statement) VALUES ($1, $2, $3, $4::text::jsonb)
"""


def closed(months_ago: int, difference: int) -> Statement:
    """A month with a dozen answers beyond Pro."""
    start = months_after(datetime.now(UTC).replace(day=1), -months_ago)
    return Statement(
        start=start,
        end=months_after(start, 1),
        plan="aisle_pro_v1",
        currency="USD",
        answers=5_012,
        included=5_000,
        overage=12,
        overage_minor=36,
        resolutions=0,
        resolutions_minor=0,
        erased=0,
        invoiced_minor=36,
        difference=difference,
        difference_minor=0,
        closed_at=datetime.now(UTC),
    )


async def sign_in(browser: Browser, shop: PaidShop) -> Page:
    """The owner's page of plan and usage."""
    context = await browser.new_context(
        viewport=DESK, extra_http_headers={"X-Forwarded-For": "10.3.0.1"}, color_scheme="light"
    )
    page = await context.new_page()
    await page.goto(f"{shop.paid.base_url}{PAGE}")
    await page.get_by_label("E-mail").fill(shop.email)
    await page.get_by_label("Password").fill(PASSWORD)
    await page.get_by_role("button", name="Sign in").click()
    await page.wait_for_url(f"**{PAGE}")
    return page


async def look(page: Page, name: str) -> None:
    """The page at both sizes: nothing wider than the screen, nothing wrong for a screen reader."""
    folder = os.environ.get("AISLE_SCREENSHOTS")
    await page.wait_for_load_state("load")  # after a click the next document may not have its root yet
    for size, viewport in (("desk", DESK), ("phone", PHONE)):
        await page.set_viewport_size(viewport)  # type: ignore[arg-type]
        wide = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 0, f"{name} is {wide} px too wide for a {size}"
        if folder:
            await page.screenshot(path=f"{folder}/plan-{name}-{size}.png", full_page=True, animations="disabled")
    await page.set_viewport_size(DESK)  # type: ignore[arg-type]
    if AXE.exists():
        await page.evaluate(AXE.read_text())
        found = await page.evaluate("axe.run().then(r => r.violations.map(v => v.id + ': ' + v.nodes[0].html))")
        assert found == [], found


async def again(page: Page, shop: PaidShop, status: str) -> None:
    """The page once Stripe's news have arrived."""
    shop.await_status(status)
    await page.goto(f"{shop.paid.base_url}{PAGE}")


async def test_clicked_through(browser: Browser, shop: PaidShop) -> None:
    page = await sign_in(browser, shop)
    await expect(page.get_by_text("Your trial ends on")).to_be_visible()
    await look(page, "1-trial")
    shop.answered_before(TRIAL.answers or 0)
    shop.ask()
    await page.reload()
    await expect(page.get_by_role("alert")).to_contain_text("You have no answers left")
    await look(page, "2-limit")

    # subscribe
    await page.get_by_role("button", name="Choose Starter").click()
    await expect(page.get_by_role("link", name="Subscribe to Starter")).to_be_visible()
    await look(page, "3-onward")
    await page.get_by_role("link", name="Subscribe to Starter").click()
    await page.get_by_label("Card", exact=True).select_option(GOOD)
    await page.get_by_role("button", name="Start trial").click()
    await expect(page.get_by_role("status")).to_contain_text("Your plan is Starter.")
    began = shop.await_view(lambda view: bool(view["plan"]["id"] == "starter"), "Starter")["period"]["from"]
    shop.advance(STARTER.trial_days + 0.2)
    await_that(lambda: shop.invoices()[0]["amount_paid_minor"] == 2900, "the first invoice")
    shop.await_view(lambda view: view["answers"]["used"] == 0 and view["period"]["from"] != began, "a paid period")
    shop.stripe.advance(days=9)

    # the limit again, upgrade: what is shown is what is charged
    shop.answered_before(STARTER.answers or 0)
    shop.ask()
    await page.goto(f"{shop.paid.base_url}{PAGE}")
    await look(page, "4-starter-limit")
    await page.get_by_role("button", name="Upgrade to Pro").click()
    await expect(page.get_by_role("heading", name="Change to Pro?")).to_be_visible()
    due = await page.locator("#preview b").inner_text()
    await look(page, "5-preview")
    await page.get_by_role("button", name="Change to Pro").click()
    await page.wait_for_url(f"**{PAGE}")
    await expect(page.locator("#usage-title")).to_contain_text("Pro")
    await expect(page.locator(".invoices tbody tr").first).to_contain_text(due)
    await page.get_by_label("Pay for further answers").check()
    await page.get_by_label("Spending cap for a period").fill("50")
    beyond = page.get_by_role("region", name="Answers beyond the plan")
    await beyond.get_by_role("button", name="Save").click()
    await expect(page.get_by_label("Spending cap for a period")).to_have_value("50.00")
    await look(page, "6-pro")

    # a failing card, and its recovery
    await page.get_by_role("button", name="Cards, address and receipts").click()
    await page.get_by_role("link", name="Cards, address and receipts").click()
    await page.get_by_label("Card", exact=True).select_option(FAILS_ON_CHARGE)
    await page.get_by_role("button", name="Save card").click()
    shop.advance(31)
    await again(page, shop, "grace")
    await expect(page.get_by_role("alert")).to_contain_text("Your last payment failed")
    await look(page, "7-grace")
    await page.get_by_role("button", name="Cards, address and receipts").click()
    await page.get_by_role("link", name="Cards, address and receipts").click()
    await page.get_by_label("Card", exact=True).select_option(GOOD)
    await page.get_by_role("button", name="Save card").click()
    await page.get_by_role("button", name="Pay $").click()
    await again(page, shop, "active")
    paid = next(each["id"] for each in shop.invoices() if each["total_minor"] == 9900)
    shop.stripe.refund(paid, 900)
    shop.stripe.dispute(paid)

    # down, and away
    await page.goto(f"{shop.paid.base_url}{PAGE}")
    await page.get_by_role("button", name="Downgrade to Starter").click()
    await expect(page.get_by_role("heading", name="Change to Starter?")).to_be_visible()
    await look(page, "8-preview-down")
    await page.get_by_role("button", name="Change to Starter").click()
    await expect(page.get_by_text("Your plan changes to Starter on")).to_be_visible()
    await page.get_by_role("button", name="Stay on Pro").click()
    await expect(page.get_by_text("Your plan changes to Starter on")).to_have_count(0)
    await page.get_by_role("button", name="Cancel subscription").click()
    await expect(page.get_by_text("All your data stays here.")).to_be_visible()
    await look(page, "9-leaving")
    shop.advance(32)
    await again(page, shop, "ended")
    await look(page, "10-ended")
    shop.stripe.fail_next(500, times=100)
    await page.reload()
    await expect(page.get_by_text("The payment provider is not answering right now")).to_be_visible()
    await look(page, "11-silent")
    shop.stripe.failure = None
    await page.context.close()


async def test_half_a_month(browser: Browser, shop: PaidShop) -> None:
    """A page with days behind it: the chart rises, and says when the answers run out."""
    shop.subscribe("pro")
    shop.flush()
    waiting = "SELECT event_id FROM payment_event WHERE shop_id = $1 AND done_at IS NULL"
    await_that(lambda: not shop.sql(waiting), "the last news")
    start, end = _half_a_month_around_now()
    shop.sql(SPREAD, start, end)
    shop.sql(SPREAD_ENTRIES, start)
    shop.sql(SPREAD_COUNTER, start)
    shop.await_view(lambda view: view["answers"]["used"] > 3000, "days of answers")
    page = await sign_in(browser, shop)
    await expect(page.get_by_text("At this pace they last until")).to_be_visible()
    points = str(await page.locator("svg.usage .used").get_attribute("points")).split()
    heights = [float(point.partition(",")[2]) for point in points[:-1]]
    assert heights == sorted(heights, reverse=True)
    assert len(set(heights)) > 15
    await look(page, "12-half-a-month")
    for months, difference in ((1, 0), (2, 3)):
        statement = closed(months, difference)
        shop.sql(CLOSED, statement.start, statement.end, msgspec.json.encode(statement).decode())
    await page.reload()
    rows = page.get_by_role("region", name="Closed periods").locator("tbody tr")
    await expect(rows).to_contain_text(["adds up", "we are looking into it"])
    await expect(rows.first).to_contain_text("$0.36")
    assert [each["difference"] for each in shop.merchant.get("/v1/billing/statements").json()["data"]] == [0, 3]
    await look(page, "14-closed")
    await page.emulate_media(color_scheme="dark")
    await look(page, "13-dark")
    await page.context.close()


def _half_a_month_around_now() -> tuple[str, str]:
    """A period that began 18 days ago."""
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return (today - timedelta(days=18)).isoformat(), (today + timedelta(days=12)).isoformat()
