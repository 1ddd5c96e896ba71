"""The life of subscriptions, asked through the gateway with the official SDK over real HTTP."""

from datetime import UTC, datetime, timedelta

import pytest

from billing.gateway import Invoice, PaymentMethod, PaymentsRefused
from billing.plans import ANSWERS
from tests.billing.stripe_shop import DECLINED, FAILS_ON_CHARGE, GOOD, SHOP_ID, START, StripeShop

BEGIN = datetime.fromtimestamp(START, UTC)


async def newest(shop: StripeShop) -> Invoice:
    return (await shop.payments.invoices(shop.customer_id))[0]


def adds_up(invoice: Invoice) -> bool:
    return sum(line.amount_minor for line in invoice.lines) + invoice.tax_minor == invoice.total_minor


async def test_prices_are_found_by_lookup_key(shop: StripeShop) -> None:
    found = await shop.payments.prices(["aisle_pro_v1", "aisle_pro_v1_overage", "aisle_none_v9"])
    assert found.keys() == {"aisle_pro_v1", "aisle_pro_v1_overage"}
    assert (found["aisle_pro_v1"].amount_minor, found["aisle_pro_v1"].interval) == (9900, "month")
    assert found["aisle_pro_v1_overage"].is_metered


async def test_a_customer_is_made_once_even_when_the_address_changes(shop: StripeShop) -> None:
    again = await shop.payments.create_customer(SHOP_ID, "new@shop.example", "Acme Ltd")
    assert again == shop.customer_id
    (customer,) = shop.standin.objects("customer")
    assert (customer["email"], customer["name"], customer["metadata"]) == (
        "new@shop.example",
        "Acme Ltd",
        {"shop_id": SHOP_ID},
    )


async def test_a_trial_becomes_a_paid_month(shop: StripeShop) -> None:
    trial = await shop.subscribe(trial_days=14)
    assert (trial.status, trial.plan_lookup_key, trial.metadata) == (
        "trialing",
        "aisle_starter_v1",
        {"shop_id": SHOP_ID},
    )
    assert trial.trial_end == trial.period_end == BEGIN + timedelta(days=14)
    assert (await newest(shop)).total_minor == 0
    shop.standin.advance(days=14)
    assert (await shop.now(trial)).status == "active"
    assert (await newest(shop)).status == "draft"
    shop.standin.advance(3600)
    paid = await newest(shop)
    assert (paid.status, paid.total_minor, paid.amount_paid_minor) == ("paid", 2900, 2900)
    assert paid.number and paid.number.endswith("-0002")
    assert (await shop.now(trial)).latest_invoice_id == paid.id


async def test_usage_is_billed_when_the_period_ends_and_late_usage_with_it(shop: StripeShop) -> None:
    subscription = await shop.subscribe()
    end = subscription.period_end
    await shop.payments.send_meter_event(ANSWERS, shop.customer_id, 40, "batch-1", BEGIN + timedelta(seconds=5))
    await shop.payments.send_meter_event(ANSWERS, shop.customer_id, 40, "batch-1", BEGIN + timedelta(seconds=5))
    shop.standin.advance(to=int(end.timestamp()) + 60)
    await shop.payments.send_meter_event(ANSWERS, shop.customer_id, 7, "late", end - timedelta(seconds=1))
    await shop.payments.send_meter_event(ANSWERS, shop.customer_id, 1000, "next", end)
    shop.standin.advance(3600)
    invoice = await newest(shop)
    (usage,) = [line for line in invoice.lines if line.lookup_key == "aisle_starter_v1_overage"]
    assert (usage.quantity, usage.amount_minor) == (47, 47 * 5)
    assert (invoice.total_minor, invoice.status) == (2900 + 47 * 5, "paid")
    assert adds_up(invoice)
    start = subscription.period_start
    assert await shop.payments.meter_total(ANSWERS, shop.customer_id, start, end + timedelta(days=1)) == 1047
    cut = end.replace(second=0)
    assert (
        await shop.payments.meter_total(ANSWERS, shop.customer_id, start, cut)
        + await shop.payments.meter_total(ANSWERS, shop.customer_id, cut, end + timedelta(days=1))
        == 1047
    )


async def test_usage_can_be_corrected_but_never_below_nothing(shop: StripeShop) -> None:
    await shop.subscribe()
    await shop.payments.send_meter_event(ANSWERS, shop.customer_id, 3, "answers", BEGIN)
    await shop.payments.send_meter_event(ANSWERS, shop.customer_id, -5, "taken-back", BEGIN)
    shop.standin.advance(days=32)
    assert (await newest(shop)).total_minor == 2900


async def test_what_a_preview_shows_is_what_an_upgrade_costs(shop: StripeShop) -> None:
    subscription = await shop.subscribe()
    await shop.payments.send_meter_event(ANSWERS, shop.customer_id, 11, "before", BEGIN)
    shop.standin.advance(days=9, seconds=12_345)
    preview = await shop.payments.preview_change(subscription, shop.price("pro"), shop.overage("pro"))
    shop.standin.advance(250)  # while somebody reads
    changed = await shop.payments.change_plan(
        subscription, shop.price("pro"), shop.overage("pro"), "always_invoice", "change-1", preview.proration_at
    )
    assert (changed.plan_lookup_key, changed.overage_price_id) == ("aisle_pro_v1", shop.overage("pro"))
    assert changed.period_end == subscription.period_end
    invoice = await newest(shop)
    assert (invoice.status, invoice.total_minor) == ("paid", preview.due_now_minor)
    shown = [(line.description, line.amount_minor, line.is_proration) for line in preview.lines]
    assert [(line.description, line.amount_minor, line.is_proration) for line in invoice.lines] == shown
    assert [line.amount_minor for line in invoice.lines if line.lookup_key == "aisle_starter_v1_overage"] == [55]
    assert preview.next_total_minor == 9900
    assert adds_up(invoice)
    shop.standin.advance(days=11)
    await shop.payments.send_meter_event(ANSWERS, shop.customer_id, 4, "after", BEGIN + timedelta(days=20))
    shop.standin.advance(days=20)
    assert [(line.lookup_key, line.amount_minor) for line in (await newest(shop)).lines] == [
        ("aisle_pro_v1_overage", 12),
        ("aisle_pro_v1", 9900),
    ]


async def test_the_same_key_changes_a_plan_once(shop: StripeShop) -> None:
    subscription = await shop.subscribe()
    shop.standin.advance(days=3)
    for _ in range(2):
        await shop.payments.change_plan(subscription, shop.price("pro"), shop.overage("pro"), "always_invoice", "once")
    assert len(await shop.payments.invoices(shop.customer_id)) == 2
    with pytest.raises(PaymentsRefused) as refused:
        await shop.payments.change_plan(subscription, shop.price("starter"), None, "always_invoice", "once")
    assert refused.value.code == "idempotency_error"


async def test_an_upgrade_that_cannot_be_paid_changes_nothing(shop: StripeShop) -> None:
    subscription = await shop.subscribe(trial_days=1, card=FAILS_ON_CHARGE)
    shop.standin.advance(days=1)
    with pytest.raises(PaymentsRefused, match="declined") as refused:
        await shop.payments.change_plan(subscription, shop.price("pro"), shop.overage("pro"), "always_invoice", "k")
    assert refused.value.code == "generic_decline"
    assert (await shop.now(subscription)).plan_lookup_key == "aisle_starter_v1"


async def test_a_downgrade_waits_for_the_end_of_the_period_and_bills_old_usage_at_the_old_price(
    shop: StripeShop,
) -> None:
    shop.standin.add_promotion_code("HALF", 50, "forever")
    subscription = await shop.subscribe("pro", code="HALF")
    await shop.payments.send_meter_event(ANSWERS, shop.customer_id, 100, "pro-answers", BEGIN)
    waiting = await shop.payments.schedule_downgrade(subscription, shop.price("starter"), shop.overage("starter"))
    assert (waiting.plan_lookup_key, waiting.scheduled_lookup_key) == ("aisle_pro_v1", "aisle_starter_v1")
    assert (
        await shop.payments.schedule_downgrade(waiting, shop.price("starter"), None)
    ).schedule_id == waiting.schedule_id
    waiting = await shop.payments.schedule_downgrade(waiting, shop.price("starter"), shop.overage("starter"))
    shop.standin.advance(to=int(subscription.period_end.timestamp()) + 3600)
    after = await shop.now(subscription)
    assert (after.plan_lookup_key, after.scheduled_lookup_key) == ("aisle_starter_v1", None)
    assert after.overage_price_id == shop.overage("starter")
    invoice = await newest(shop)
    assert {line.lookup_key: line.amount_minor for line in invoice.lines} == {
        "aisle_pro_v1_overage": 150,
        "aisle_starter_v1": 1450,
    }
    shop.standin.advance(days=32)
    assert (await shop.now(subscription)).schedule_id is None
    assert (await newest(shop)).total_minor == 1450


async def test_a_downgrade_in_a_trial_keeps_the_trial_and_can_be_taken_back(shop: StripeShop) -> None:
    trial = await shop.subscribe("pro", trial_days=7)
    waiting = await shop.payments.schedule_downgrade(trial, shop.price("starter"), shop.overage("starter"))
    assert (waiting.status, waiting.trial_end) == ("trialing", trial.trial_end)
    released = await shop.payments.release_schedule(waiting)
    assert (released.scheduled_lookup_key, released.schedule_id) == (None, None)
    shop.standin.advance(days=8)
    assert (await newest(shop)).total_minor == 9900


async def test_an_upgrade_overrules_a_downgrade_that_waits(shop: StripeShop) -> None:
    subscription = await shop.subscribe()
    waiting = await shop.payments.schedule_downgrade(subscription, shop.price("starter"), None)
    await shop.payments.change_plan(waiting, shop.price("pro"), shop.overage("pro"), "always_invoice", "up")
    shop.standin.advance(days=32)
    assert (await shop.now(subscription)).plan_lookup_key == "aisle_pro_v1"


async def test_cancel_and_return(shop: StripeShop) -> None:
    subscription = await shop.subscribe()
    waiting = await shop.payments.schedule_downgrade(subscription, shop.price("starter"), None)
    leaving = await shop.payments.cancel_at_period_end(waiting, True)
    assert leaving.ends and leaving.cancel_at == subscription.period_end
    back = await shop.payments.cancel_at_period_end(leaving, False)
    assert not back.ends
    await shop.payments.cancel_at_period_end(back, True)
    await shop.payments.send_meter_event(ANSWERS, shop.customer_id, 9, "last", BEGIN)
    shop.standin.advance(days=32)
    gone = await shop.now(subscription)
    assert (gone.status, gone.ended_at) == ("canceled", subscription.period_end)
    assert (await newest(shop)).total_minor == 45
    again = await shop.subscribe("pro")
    assert [each.id for each in await shop.payments.subscriptions_of(shop.customer_id)] == [again.id, subscription.id]


async def test_a_cancellation_in_the_portal_is_seen_and_undone(shop: StripeShop) -> None:
    subscription = await shop.subscribe()
    portal = await shop.payments.portal(shop.customer_id, "http://127.0.0.1:1/console")
    assert (await shop.click(portal, "cancel")).status_code == 200
    leaving = await shop.now(subscription)
    assert (leaving.cancel_at_period_end, leaving.ends) == (False, True)
    assert not (await shop.payments.cancel_at_period_end(leaving, False)).ends


async def test_what_pays_is_known_by_its_end(shop: StripeShop) -> None:
    subscribed = await shop.subscribe()
    assert await shop.payments.payment_method(subscribed) == PaymentMethod("card", "visa", "4242", 12, 2034)
    portal = await shop.payments.portal(shop.customer_id, "http://127.0.0.1:1/console")
    await shop.click(portal, "card", number=FAILS_ON_CHARGE)
    changed = await shop.payments.payment_method(subscribed)
    assert changed
    assert changed.last4 == "0341"


async def test_a_card_that_fails_and_recovers(shop: StripeShop) -> None:
    subscription = await shop.subscribe(trial_days=1, card=FAILS_ON_CHARGE)
    shop.standin.advance(days=1, seconds=3600)
    assert (await shop.now(subscription)).status == "past_due"
    failed = await newest(shop)
    assert (failed.status, failed.next_attempt) == ("open", BEGIN + timedelta(days=4, hours=1))
    portal = await shop.payments.portal(shop.customer_id, "http://127.0.0.1:1/console")
    await shop.click(portal, "card", number=GOOD)
    shop.standin.advance(days=3)
    assert (await shop.now(subscription)).status == "active"
    assert ((await newest(shop)).status, (await newest(shop)).id) == ("paid", failed.id)


async def test_a_card_that_keeps_failing_ends_the_subscription(shop: StripeShop) -> None:
    subscription = await shop.subscribe(trial_days=1, card=FAILS_ON_CHARGE)
    shop.standin.advance(days=1 + 3 + 5, seconds=3600)
    assert (await shop.now(subscription)).status == "past_due"
    shop.standin.advance(days=7)
    assert (await shop.now(subscription)).status == "canceled"
    (invoice,) = [each for each in await shop.payments.invoices(shop.customer_id) if each.total_minor]
    assert (invoice.status, invoice.next_attempt) == ("open", None)
    assert [each["paid"] for each in shop.standin.objects("charge")] == [False] * 4


async def test_a_declined_card_subscribes_to_nothing(shop: StripeShop) -> None:
    url = await shop.open_checkout()
    refused = await shop.click(url, "pay", number=DECLINED)
    assert refused.status_code == 402
    assert "declined" in refused.text
    assert await shop.payments.subscriptions_of(shop.customer_id) == ()
    assert (
        (await shop.click(url, "pay", number=GOOD))
        .headers["location"]
        .startswith("http://127.0.0.1:1/done?session=cs_")
    )
    assert len(await shop.payments.subscriptions_of(shop.customer_id)) == 1


async def test_refunds_and_disputes_show_on_the_invoice(shop: StripeShop) -> None:
    await shop.subscribe()
    paid = await newest(shop)
    shop.standin.refund(paid.id, 900)
    assert ((await newest(shop)).amount_refunded_minor, (await newest(shop)).status) == (900, "paid")
    dispute = shop.standin.dispute(paid.id)
    assert (await newest(shop)).disputed
    event = shop.newest_event("charge.dispute.created")
    assert (event.customer_id, event.object_kind, event.object_id) == (None, "dispute", dispute["id"])
    assert await shop.payments.customer_of(event) == shop.customer_id


async def test_words_that_are_new_to_us_pass_through(shop: StripeShop) -> None:
    subscription = await shop.subscribe()
    shop.standin.store.get("subscription", subscription.id)["status"] = "hibernating"
    assert (await shop.now(subscription)).status == "hibernating"


async def test_what_is_not_there_is_none(shop: StripeShop) -> None:
    assert await shop.payments.subscription("sub_nobody") is None
    assert await shop.payments.invoices(shop.customer_id) == ()
