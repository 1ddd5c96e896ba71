"""When Stripe is slow, broken or unwilling; and what may never be told."""

import time
import traceback

import pytest

from billing.gateway import PaymentsRefused, PaymentsUnavailable
from billing.plans import ANSWERS
from billing.stripe_gateway import StripePayments
from server.embedded.standins.stripe_server import StripeStandin, running
from tests.billing.stripe_shop import KEY, START, StripeShop

HANG_S = 5.0
"""How long the stand-in says nothing, if nobody ends it."""


async def test_one_bad_answer_is_asked_again(shop: StripeShop) -> None:
    shop.standin.fail_next(500, times=2, path="/v1/prices")
    assert await shop.payments.prices(["aisle_pro_v1"])


@pytest.mark.parametrize("mode", [500, 503, 429, 409, "lost"])
async def test_a_provider_in_trouble_is_unavailable(shop: StripeShop, mode: int | str) -> None:
    shop.standin.fail_next(mode, times=3)
    with pytest.raises(PaymentsUnavailable):
        await shop.payments.prices(["aisle_pro_v1"])


async def test_a_lost_answer_does_not_change_the_plan_twice(shop: StripeShop) -> None:
    subscription = await shop.subscribe()
    shop.standin.advance(days=3)
    shop.standin.fail_next("lost", path="/v1/subscriptions/")
    await shop.payments.change_plan(subscription, shop.price("pro"), shop.overage("pro"), "always_invoice", "key")
    assert len(await shop.payments.invoices(shop.customer_id)) == 2
    assert len([each for each in shop.standin.requests if each.idempotency_key == "key"]) == 2


async def test_usage_whose_receipt_was_lost_counts_once(shop: StripeShop) -> None:
    shop.standin.fail_next("lost", times=3, path="meter_events")
    at = (await shop.subscribe()).created
    with pytest.raises(PaymentsUnavailable):
        await shop.payments.send_meter_event(ANSWERS, shop.customer_id, 5, "batch", at)
    await shop.payments.send_meter_event(ANSWERS, shop.customer_id, 5, "batch", at)
    assert [each["payload"]["value"] for each in shop.standin.objects("billing.meter_event")] == ["5"]


async def test_silence_ends_at_the_deadline() -> None:
    with running(StripeStandin(frozen_at=START)) as standin:
        payments = StripePayments(KEY, api_base=standin.url, timeout_s=0.3, checkout_timeout_s=0.6)
        standin.fail_next("hang", times=9, hang_s=HANG_S)
        for asked, limit in ((payments.prices(["a"]), 0.3), (payments.portal("cus_1", "http://127.0.0.1:1/"), 0.6)):
            began = time.monotonic()
            with pytest.raises(PaymentsUnavailable, match="in time"):
                await asked
            assert limit <= time.monotonic() - began < HANG_S
        await payments.close()


async def test_nobody_there_is_unavailable() -> None:
    payments = StripePayments(KEY, api_base="http://127.0.0.1:1")
    with pytest.raises(PaymentsUnavailable):
        await payments.prices(["a"])
    await payments.close()


async def test_a_refusal_is_told_with_its_word(shop: StripeShop) -> None:
    with pytest.raises(PaymentsRefused, match="No such customer") as refused:
        await shop.payments.portal("cus_nobody", "http://127.0.0.1:1/")
    assert refused.value.code == "resource_missing"


async def test_the_key_is_told_to_nobody(shop: StripeShop) -> None:
    wrong = StripePayments("sk_live_topsecret_tail", api_base=shop.standin.url)
    with pytest.raises(PaymentsRefused) as refused:
        await wrong.prices(["a"])
    await wrong.close()
    told = "".join(traceback.format_exception(refused.value)) + repr(wrong) + repr(vars(wrong)) + repr(refused.value)
    assert refused.value.code == "authentication"
    assert not any(part in told for part in ("topsecret", "tail", "sk_live"))


async def test_connections_are_reused(shop: StripeShop) -> None:
    for _ in range(10):
        await shop.payments.prices(["aisle_pro_v1"])
    assert len({each.client for each in shop.standin.requests}) == 1
