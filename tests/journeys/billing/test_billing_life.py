"""The whole life of a subscription, from the trial to the return, with the payment provider's clock moved."""

import json
from datetime import datetime
from typing import Any

import httpx
import pytest

from billing.entitlement import GRACE
from billing.plans import PRO, STARTER, TRIAL
from tests.journeys.billing.merchant import (
    CONTACT,
    FAILS_ON_CHARGE,
    GOOD,
    PaidShop,
    fallback_of,
    text_of,
)
from tests.waiting import await_that

pytestmark = pytest.mark.timeout(600)

MONTH_DAYS = 31.0
TOLD = "SELECT coalesce(sum(quantity), 0)::int AS told FROM meter_batch WHERE shop_id = $1 AND sent_at IS NOT NULL"


def totals(shop: PaidShop) -> list[tuple[str, int]]:
    """(state, total) of the invoices, newest first."""
    return [(invoice["status"], invoice["total_minor"]) for invoice in shop.invoices()]


def recompute(shop: PaidShop) -> tuple[int, dict[str, Any]]:
    """`aisle billing recompute`: (exit code, report)."""
    ran = shop.aisle("billing", "recompute", "--shop", shop.access.shop_id, "--json")
    assert ran.returncode in (0, 1), ran.stderr
    return ran.returncode, dict(json.loads(ran.stdout))


def settled(shop: PaidShop, count: int) -> None:
    """Until Stripe's meter knows so many answers of the shop in all."""

    def known() -> bool:
        shop.flush()
        rows = shop.sql(TOLD)
        return bool(rows[0]["told"] == count)

    await_that(known, f"{count} answers at the meter")


def test_a_life(shop: PaidShop) -> None:
    stripe = shop.stripe

    # the trial
    assert shop.view()["status"] == "trial"
    assert fallback_of(shop.ask()[0]) is None
    shop.await_view(lambda view: view["answers"]["used"] == 1, "one answer counted")
    assert "Trial" in shop.page()

    # subscribing, with days to try
    view = shop.subscribe("starter")
    assert (view["status"], view["answers"]["used"], view["answers"]["included"]) == ("active", 0, STARTER.answers)
    assert totals(shop) == [("paid", 0)]
    page = shop.page()
    assert "Paid by Visa ending in 4242" in page
    assert "then $29.00 a month" in page
    shop.advance(STARTER.trial_days + 0.2)
    first = shop.await_view(lambda seen: seen["period"] != view["period"], "the first paid period")
    await_that(lambda: totals(shop) == [("paid", 2900), ("paid", 0)], "the first invoice")
    assert "Next payment: $29.00 on" in shop.page()

    # answers counted, up to the limit
    shop.answered_before((STARTER.answers or 0) - 2)
    assert [fallback_of(answer) for answer in shop.ask(2)] == [None, None]
    (refused,) = shop.ask()
    assert refused.done
    assert fallback_of(refused) == {"reason": "quota", "contact": CONTACT}
    answers = shop.view()["answers"]
    assert [answers[name] for name in ("used", "included", "limit")] == [STARTER.answers] * 3
    mail = await_that(
        lambda: next((m for m in shop.mails() if "you have no answers left" in m["subject"]), None), "the mail"
    )
    assert f"{shop.paid.base_url}/console/billing" in mail["text"]
    assert "You have no answers left until" in shop.page()
    shop.ask()
    assert sum("you have no answers left" in mail["subject"] for mail in shop.mails()) == 1

    # answers beyond the plan, by choice and up to a cap
    assert shop.press("limits", overage="yes", cap="15 cents").status_code == 422
    saved = shop.press("limits", overage="yes", cap="0.15")
    assert saved.headers["location"].endswith("/console/billing?saved")
    shop.await_view(lambda seen: seen["overage"]["on"], "paid overage")
    assert [fallback_of(answer) is None for answer in shop.ask(4)] == [True, True, True, False]
    assert "reached your spending cap" in shop.page()
    assert shop.view()["overage"]["spent_minor"] == 15

    # an upgrade in the middle of the period: what was shown is what is charged, with the usage so far
    stripe.advance(days=10)
    shown = shop.press("preview", plan="pro")
    assert "Change to Pro?" in text_of(shown.text)
    preview = shop.merchant.post("/v1/billing/preview", json={"plan": "pro"}).json()
    settled(shop, 3)
    key = f"{STARTER.lookup_key}_overage"
    beyond = [line["amount_minor"] for line in preview["lines"] if line["lookup_key"] == key]
    assert beyond == [15]
    assert shop.press("plan", **shop.form_of(shown.text, "plan")).status_code == 303
    shop.await_view(lambda seen: seen["plan"]["id"] == "pro" and seen["period"] == first["period"], "Pro")
    newest = shop.invoices()[0]
    assert (newest["status"], newest["total_minor"]) == ("paid", preview["due_now_minor"])
    assert newest["lines"] == preview["lines"]
    assert fallback_of(shop.ask()[0]) is None

    # the next period: overage, batches, an invoice, and the books agree
    shop.advance(22)
    second = shop.await_view(lambda seen: seen["period"]["from"] == first["period"]["to"], "the second paid period")
    await_that(lambda: totals(shop)[0] == ("paid", 9900), "its invoice")
    code, report = recompute(shop)
    assert (report["bill"]["overage"], report["invoiced_overage_minor"], report["difference"], code) == (3, 15, 0, 0)
    shop.press("limits", overage="yes", cap="")
    shop.answered_before((PRO.answers or 0) - 1)
    assert all(fallback_of(answer) is None for answer in shop.ask(5))
    settled(shop, 7)
    shop.advance(MONTH_DAYS)
    third = shop.await_view(lambda seen: seen["period"]["from"] == second["period"]["to"], "the third paid period")
    await_that(lambda: totals(shop)[0] == ("paid", 9900 + 4 * 3), "an invoice with overage")
    code, report = recompute(shop)
    assert (report["ledger_overage"], report["meter_overage"], report["invoiced_overage_minor"]) == (4, 4, 12)
    assert (report["difference"], report["difference_minor"], code) == (0, 0, 0)

    # the card fails: everything goes on, and recovers
    assert shop.portal("card", number=FAILS_ON_CHARGE).status_code == 200
    shop.advance(MONTH_DAYS)
    grace = shop.await_status("grace")
    assert fallback_of(shop.ask()[0]) is None
    assert "Your last payment failed" in shop.page()
    await_that(lambda: any("your last payment failed" in mail["subject"] for mail in shop.mails()), "the mail")
    assert totals(shop)[0] == ("open", 9900)
    assert shop.portal("card", number=GOOD).status_code == 200
    assert shop.portal("pay").status_code == 200
    shop.flush()
    shop.await_status("active")
    assert grace["period"]["from"] == third["period"]["to"]

    # refund and dispute
    paid = [invoice["id"] for invoice in shop.invoices() if invoice["total_minor"] == 9900]
    stripe.refund(paid[0], 900)
    stripe.dispute(paid[1])
    page = shop.page()
    assert "$9.00 refunded" in page
    assert "disputed" in page
    pdf = shop.browser.get(next(each["pdf_url"] for each in shop.invoices() if each["id"] == paid[0]))
    assert pdf.content.startswith(b"%PDF")

    # a downgrade waits for the period's end
    assert shop.press("plan", plan="starter").status_code == 303
    assert shop.await_view(lambda seen: seen["next_plan"] == "starter", "the downgrade")["plan"]["id"] == "pro"
    assert "Your plan changes to Starter on" in shop.page()
    shop.advance(MONTH_DAYS)
    assert shop.await_view(lambda seen: seen["plan"]["id"] == "starter", "Starter")["next_plan"] is None

    # leaving in the portal, staying after all, leaving, and coming back
    assert shop.portal("cancel").status_code == 200
    shop.flush()
    shop.await_view(lambda seen: bool(seen["cancels_at"]), "a cancellation made in the portal")
    assert shop.press("cancel", wanted="no").status_code == 303
    shop.await_view(lambda seen: not seen["cancels_at"], "staying")
    assert shop.press("cancel", wanted="yes").status_code == 303
    assert "All your data stays here" in shop.page()
    shop.advance(MONTH_DAYS)
    shop.await_status("ended")
    await_that(lambda: fallback_of(shop.ask()[0]), "the fallback after the end")
    assert "You have no plan" in shop.page()
    await_that(lambda: any("no longer has a plan" in mail["subject"] for mail in shop.mails()), "the mail")
    assert sum("you have no answers left" in mail["subject"] for mail in shop.mails()) == 1
    back = shop.subscribe("pro")
    assert back["status"] == "active"
    assert totals(shop)[0] == ("paid", 9900)  # no second trial
    assert fallback_of(shop.ask()[0]) is None


def test_the_limit_of_a_trial(shop: PaidShop) -> None:
    shop.answered_before((TRIAL.answers or 0) - 1)
    assert [fallback_of(answer) is None for answer in shop.ask(3)] == [True, False, False]
    assert shop.view()["answers"]["refused"] == 2
    page = shop.page()
    assert "2 questions got your contact details because no answers were left" in page
    assert "Choose a plan below to continue at once" in page


def test_a_paying_shop_outlives_an_outage_of_stripe(shop: PaidShop) -> None:
    shop.subscribe("starter")
    for mode in (500, "hang"):
        shop.stripe.fail_next(mode, times=1000, hang_s=1.0)
        try:
            assert fallback_of(shop.ask()[0]) is None
            assert shop.view()["plan"]["id"] == "starter"
            page = shop.page()
            assert "The payment provider is not answering right now" in page
            assert "Starter" in page
            refused = shop.press("preview", plan="pro")
            assert refused.status_code == 422
            assert "Nothing was changed; please try again" in text_of(refused.text)
        finally:
            shop.stripe.failure = None
    assert "is not answering" not in shop.page()


def test_grace_runs_out_and_a_payment_brings_everything_back(shop: PaidShop) -> None:
    shop.subscribe("starter")
    shop.portal("card", number=FAILS_ON_CHARGE)
    shop.advance(STARTER.trial_days + 0.2)
    shop.await_status("grace")
    assert fallback_of(shop.ask()[0]) is None
    shop.sql("UPDATE subscription SET unpaid_since = now() - interval '15 days' WHERE shop_id = $1")
    shop.await_status("past_due")
    await_that(lambda: fallback_of(shop.ask()[0]) == {"reason": "quota", "contact": CONTACT}, "the fallback")
    page = shop.page()
    assert "shoppers get your contact details instead of answers" in page
    assert "Pay the open invoice" in page
    assert shop.merchant.get("/v1/products").status_code == 200
    shop.portal("card", number=GOOD)
    assert shop.portal("pay").status_code == 200
    shop.flush()
    shop.await_status("active")
    await_that(lambda: fallback_of(shop.ask()[0]) is None, "an answer")


def test_a_returning_shop_has_a_grace_of_its_own(shop: PaidShop) -> None:
    shop.subscribe("starter")
    shop.portal("card", number=FAILS_ON_CHARGE)
    shop.advance(STARTER.trial_days + 0.2)
    long_ago = shop.await_status("grace")["ends_at"]
    shop.advance(40)
    shop.await_status("ended")
    assert shop.subscribe("starter", GOOD)["status"] == "active"
    shop.portal("card", number=FAILS_ON_CHARGE)
    shop.advance(MONTH_DAYS + 0.5)
    ends_at = shop.await_status("grace")["ends_at"]
    assert ends_at > long_ago
    (newest, *_) = shop.invoices()
    assert newest["status"] == "open"
    assert datetime.fromisoformat(ends_at) - datetime.fromisoformat(newest["created"]) == GRACE


def test_a_month_that_does_not_exist_is_refused(shop: PaidShop) -> None:
    refused = shop.aisle("billing", "recompute", "--shop", shop.access.shop_id, "--period", "December")
    assert refused.returncode == 2
    assert "2026-11" in refused.stderr


def test_a_card_whose_bank_asks_is_told_the_way(shop: PaidShop) -> None:
    shop.subscribe("starter")
    shop.advance(STARTER.trial_days + 0.2)
    await_that(lambda: totals(shop)[0] == ("paid", 2900), "the first invoice")
    shop.portal("card", number="4000002760003184")
    asked = shop.press("plan", plan="pro")
    assert asked.status_code == 422
    assert "3-D Secure" in text_of(asked.text)
    assert "Nothing was charged or changed" in text_of(asked.text)
    assert shop.view()["plan"]["id"] == "starter"


def test_nobody_names_their_own_price(shop: PaidShop) -> None:
    """A change dated to the period's end would cost nothing."""
    shop.subscribe("starter")
    shop.advance(STARTER.trial_days + 0.2)
    view = shop.await_view(lambda seen: bool(totals(shop)[0] == ("paid", 2900)), "the first invoice")
    wanted = {"plan": "pro", "proration_at": view["period"]["to"]}
    assert shop.merchant.post("/v1/billing/plan", json=wanted).status_code == 200
    newest = shop.invoices()[0]
    assert newest["total_minor"] > 6000


def test_setting_up_again_changes_nothing(shop: PaidShop) -> None:
    before = len(shop.stripe.objects("price")), len(shop.stripe.objects("product"))
    again = shop.aisle("billing", "setup", "--json")
    assert again.returncode == 0, again.stderr
    assert {entry["is_new"] for entry in json.loads(again.stdout)} == {False}
    assert (len(shop.stripe.objects("price")), len(shop.stripe.objects("product"))) == before
    assert before[0] == 8


def test_checkout_left_without_paying_changes_nothing(shop: PaidShop) -> None:
    onward = shop.press("subscribe", plan="starter")
    assert onward.status_code == 200
    assert shop.view()["status"] == "trial"
    assert shop.press("subscribe", plan="nothing like it").status_code == 422
    assert httpx.post(f"{shop.paid.base_url}/console/billing/subscribe", data={"plan": "pro"}).status_code in (303, 403)
