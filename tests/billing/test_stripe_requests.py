"""Every request of the gateway against what Stripe publishes; the stand-in's answers against its example objects."""

import contextlib
from datetime import UTC, datetime

import pytest

from billing.gateway import Event, PaymentsRefused
from billing.plans import ANSWERS
from server.embedded.standins.stripe import parameters, routes
from tests.billing import published
from tests.billing.stripe_shop import START, StripeShop

# parameters younger than the published description; the SDK's own types know them
_YOUNGER = (
    "[subscription_data][billing_mode]",
    "[phases][1][duration]",
    "[phases][0][discounts]",
    "[phases][1][discounts]",
)
_BEGIN = datetime.fromtimestamp(START, UTC)


async def whole_life(shop: StripeShop) -> None:
    """Every method of the gateway with every kind of parameters."""
    payments = shop.payments
    shop.standin.add_promotion_code("HALF", 50, "forever")
    await payments.create_customer("another", None, "Nameless")
    subscription = await shop.subscribe(trial_days=7, code="HALF")
    await payments.portal(shop.customer_id, "http://127.0.0.1:1/")
    waiting = await payments.schedule_downgrade(subscription, shop.price("pro"), shop.overage("pro"))
    await payments.schedule_downgrade(waiting, shop.price("pro"), None)
    await payments.release_schedule(waiting)
    shop.standin.advance(days=8)
    preview = await payments.preview_change(subscription, shop.price("pro"), shop.overage("pro"))
    plan = shop.price("pro"), shop.overage("pro")
    await payments.change_plan(subscription, *plan, "always_invoice", "a", preview.proration_at)
    changed = await payments.change_plan(await shop.now(subscription), shop.price("starter"), None, "none", "b")
    await payments.change_plan(changed, *plan, "none", "c")
    await payments.payment_method(subscription)
    await payments.cancel_at_period_end(subscription, True)
    await payments.cancel_at_period_end(subscription, False)
    portal = await payments.portal(shop.customer_id, "http://127.0.0.1:1/")
    await shop.click(portal, "cancel")
    await payments.cancel_at_period_end(subscription, False)
    await payments.send_meter_event(ANSWERS, shop.customer_id, 5, "batch", subscription.created)
    await payments.meter_total(ANSWERS, shop.customer_id, subscription.period_start, subscription.period_end)
    (invoice, *_) = await payments.invoices(shop.customer_id)
    shop.standin.dispute(invoice.id)
    event = shop.newest_event("charge.dispute.created")
    await payments.customer_of(event)
    await payments.customer_of(Event("evt", "x", _BEGIN, "x", "x", None))
    # a price the gateway has not met before
    payments._known_prices.clear()
    await shop.open_checkout()
    with contextlib.suppress(PaymentsRefused):
        await payments.subscription("sub_nobody")


async def test_requests_are_such_as_stripe_publishes(shop: StripeShop) -> None:
    if published.description() is None:
        pytest.skip(f"no copy of Stripe's description in {published.FOLDER}")
    await whole_life(shop)
    known: set[str] = set()
    younger: set[str] = set()
    for request in shop.standin.requests:
        _, type_name, _ = routes.find(request.method, request.path)
        parameters.read(type_name, request.params)  # the SDK's own types, always
        found = published.problems(request.method, request.path, request.params)
        (younger if found is None else known).add(type_name)
        told = [each for each in found or () if not each.startswith(_YOUNGER)]
        assert told == [], f"{request.method} {request.path}: {told}"
    assert younger == {
        "InvoiceCreatePreviewParams",
        "billing.MeterEventCreateParams",
        "billing.MeterListEventSummariesParams",
        "billing.MeterListParams",
    }
    assert len(known) >= 16


def test_a_wrong_request_is_seen() -> None:
    if published.description() is None:
        pytest.skip(f"no copy of Stripe's description in {published.FOLDER}")
    assert published.problems("POST", "/v1/customers", {"emial": "a@b.example"}) == ["[emial]: unknown"]
    assert published.problems("GET", "/v1/events", {"limit": "ten"}) == ["[limit]: no integer"]
    wrong = {"items": {"0": {"price": "p"}}, "proration_behavior": "sometimes"}
    assert len(published.problems("POST", "/v1/subscriptions/sub_1", wrong) or ()) == 1
    assert published.problems("POST", "/v1/billing/meters", {}) is None


async def test_every_method_sends_the_version_and_says_who_it_is(shop: StripeShop) -> None:
    await whole_life(shop)
    assert {each.version for each in shop.standin.requests} == {"2026-10-28.endive"}
    posts = [each for each in shop.standin.requests if each.method == "POST"]
    assert all(each.idempotency_key for each in posts)


async def test_objects_are_shaped_as_stripes(shop: StripeShop) -> None:
    examples = published.examples()
    if examples is None:
        pytest.skip(f"no copy of Stripe's example objects in {published.FOLDER}")
    await whole_life(shop)
    paid = next(each for each in shop.standin.objects("invoice") if each["amount_paid"])
    shop.standin.refund(paid["id"], 1)
    for kind, table in shop.standin.store.tables.items():
        for made in table.values():
            assert made.keys() <= examples[kind].keys(), kind
    subscription, invoice = shop.standin.objects("subscription")[0], paid
    for item in subscription["items"]["data"]:
        assert item.keys() - {"billed_until"} <= examples["subscription_item"].keys()
    line = examples["invoice"]["lines"]["data"][0]
    assert all(each.keys() <= line.keys() for each in invoice["lines"]["data"])
