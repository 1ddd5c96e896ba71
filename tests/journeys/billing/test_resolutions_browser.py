"""The plan that bills by resolution: chosen, used and paid for in a browser, as wide as a desk and as a phone."""

import pytest
from playwright.async_api import Browser, expect

from billing.plans import RESOLUTION
from tests.journeys.billing.merchant import GOOD, PAGE, PaidShop
from tests.journeys.billing.test_billing_browser import SPREAD, _half_a_month_around_now, look, sign_in
from tests.waiting import await_that

pytestmark = pytest.mark.timeout(600)

SETTLED = """
    WITH numbers AS (
        SELECT number, gen_random_uuid() AS talk, gen_random_uuid() AS turn, now() - interval '5 days' AS at
        FROM generate_series(1, $2::int) AS number
    ), talks AS (
        INSERT INTO conversation (shop_id, id, shopper_id, created_at, last_message_at, last_seq)
        SELECT $1, talk, talk, at, at, 2 FROM numbers
    ), asked AS (
        INSERT INTO turn (shop_id, id, conversation_id, question_id, answer_id, state, usage_state, trace, started_at,
            lease_until, ended_at)
        SELECT $1, turn, talk, 'q', 'a', 'done', 'settled', '{"kind": "answer"}', at, at, at FROM numbers
    ), told AS (
        INSERT INTO message (shop_id, conversation_id, id, seq, author, turn_id, parts, created_at)
        SELECT $1, talk, 'a', 2, 'assistant', turn, '[{"type": "text", "text": "Yes."}]', at FROM numbers
    ), counted AS (
        INSERT INTO quota_period (shop_id, scope, period_start, answers_used)
        VALUES ($1, '', $3::text::timestamptz, $2)
        ON CONFLICT (shop_id, scope, period_start) DO UPDATE SET answers_used = quota_period.answers_used + $2
    )
    INSERT INTO usage_entry (shop_id, turn_id, kind, quantity, is_overage, plan, period_start, at)
    SELECT $1, turn, 'answer', 1, false, 'aisle_resolution_v1', $3::text::timestamptz, at FROM numbers
"""
UNHAPPY = """
    UPDATE conversation SET handoff_at = now() - interval '2 days' WHERE shop_id = $1 AND id IN
        (SELECT id FROM conversation WHERE shop_id = $1 ORDER BY id LIMIT $2::int)
"""


async def test_by_resolution(browser: Browser, shop: PaidShop) -> None:
    page = await sign_in(browser, shop)
    await expect(page.get_by_text("60¢ a resolution, answers are free")).to_be_visible()
    await look(page, "r1-plans")
    await page.get_by_role("button", name="Choose By resolution").click()
    await page.get_by_role("link", name="Subscribe to By resolution").click()
    await page.get_by_label("Card", exact=True).select_option(GOOD)
    await page.get_by_role("button", name="Start trial").click()
    await expect(page.get_by_role("status")).to_contain_text("Your plan is By resolution.")
    shop.advance(RESOLUTION.trial_days + 0.2)
    await_that(lambda: shop.invoices()[0]["amount_paid_minor"] == RESOLUTION.price_minor, "the first invoice")
    waiting = "SELECT event_id FROM payment_event WHERE shop_id = $1 AND done_at IS NULL"
    await_that(lambda: not shop.sql(waiting), "the last news")

    # days of use: the worker counts what is final, and what was taken back is not paid for
    start, end = _half_a_month_around_now()
    shop.sql(SPREAD, start, end)
    shop.sql(SETTLED, 40, start)
    shop.sql(UNHAPPY, 3)
    view = shop.await_view(
        lambda seen: bool(seen["resolutions"] and seen["resolutions"]["spent_minor"] == 37 * 60), "37 final resolutions"
    )
    assert view["resolutions"] == {"reached": 40, "returned": 3, "final": 37, "each_minor": 60, "spent_minor": 2220}
    await page.goto(f"{shop.paid.base_url}{PAGE}")
    await expect(page.locator("#resolutions")).to_contain_text("37 final resolutions, $22.20")
    await expect(page.locator("#resolutions")).to_contain_text("40 reached, 3 taken back")
    await expect(page.get_by_label("Pay for further answers")).to_have_count(0)
    await look(page, "r2-used")

    await page.get_by_label("Spending cap for a period").fill("25")
    await page.get_by_role("button", name="Save").first.click()
    await expect(page.get_by_label("Spending cap for a period")).to_have_value("25.00")
    assert shop.view()["overage"]["spending_cap_minor"] == 2500
    await look(page, "r3-cap")
    await page.context.close()
