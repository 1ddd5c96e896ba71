"""POST /webhooks/stripe from outside: who may tell of news, and what becomes of it."""

import json
import time
from typing import Any

import httpx
import pytest

from server.embedded.standins.stripe.webhooks import signature
from tests.journeys.billing.conftest import SECRET
from tests.journeys.billing.merchant import PaidShop
from tests.waiting import await_that

EVENT = {
    "id": "evt_of_nobody",
    "object": "event",
    "type": "invoice.paid",
    "created": 1_800_000_000,
    "data": {"object": {"id": "in_1", "object": "invoice", "customer": "cus_of_nobody"}},
}


def body_of(**changes: Any) -> str:
    return json.dumps(EVENT | changes)


def deliver(shop: PaidShop, body: str, header: str | None) -> httpx.Response:
    headers = {"Content-Type": "application/json"} | ({"Stripe-Signature": header} if header is not None else {})
    return httpx.post(f"{shop.paid.base_url}/webhooks/stripe", content=body, headers=headers, timeout=30)


def now() -> int:
    return int(time.time())


def events(shop: PaidShop) -> list[Any]:
    return shop.sql("SELECT event_id, done_at FROM payment_event WHERE shop_id = $1")


@pytest.mark.parametrize(
    ("name", "header", "status"),
    [
        ("signed", lambda body: signature(body, now(), [SECRET]), 200),
        ("a secret of tomorrow beside it", lambda body: signature(body, now(), ["whsec_new", SECRET]), 200),
        ("scheme of tests beside it", lambda body: signature(body, now(), [SECRET]) + ",v0=00", 200),
        ("wrong secret", lambda body: signature(body, now(), ["whsec_wrong"]), 401),
        ("another body", lambda body: signature(body + " ", now(), [SECRET]), 401),
        ("six minutes ago", lambda body: signature(body, now() - 360, [SECRET]), 401),
        ("in six minutes", lambda body: signature(body, now() + 360, [SECRET]), 401),
        ("four minutes ago", lambda body: signature(body, now() - 240, [SECRET]), 200),
        ("upper case", lambda body: signature(body, now(), [SECRET]).upper(), 401),
        ("spaces", lambda body: signature(body, now(), [SECRET]).replace(",", " , "), 401),
        ("without a time", lambda body: signature(body, now(), [SECRET]).partition(",")[2], 401),
        ("nothing in it", lambda body: "", 401),
        ("no header", lambda body: None, 401),
        ("not a header", lambda body: "t=,v1=,,=", 401),
    ],
)
def test_who_is_believed(shop: PaidShop, name: str, header: Any, status: int) -> None:
    body = body_of()
    answered = deliver(shop, body, header(body))
    assert answered.status_code == status, (name, answered.text)
    if status == 401:
        assert answered.json()["code"] == "bad_signature"


@pytest.mark.parametrize("body", ["", "{", "[]", "null", '{"id": 1}', json.dumps(EVENT | {"data": None})])
def test_a_signed_body_that_is_no_event(shop: PaidShop, body: str) -> None:
    assert deliver(shop, body, signature(body, now(), [SECRET])).status_code == 401


def test_a_replay_is_taken_once(shop: PaidShop) -> None:
    shop.subscribe("starter")
    shop.flush()
    customer = shop.sql("SELECT customer_id FROM subscription WHERE shop_id = $1")[0]["customer_id"]
    body = body_of(id=f"evt_{customer}", data={"object": {"id": "in_1", "object": "invoice", "customer": customer}})
    header = signature(body, now(), [SECRET])
    before = len(events(shop))
    assert [deliver(shop, body, header).status_code for _ in range(3)] == [200, 200, 200]
    assert len(events(shop)) == before + 1
    await_that(lambda: all(event["done_at"] for event in events(shop)), "all events acted upon")


def test_what_an_event_says_is_not_believed(shop: PaidShop) -> None:
    """A deletion that never happened changes nothing: the subscription is fetched."""
    view = shop.subscribe("starter")
    customer = shop.sql("SELECT customer_id FROM subscription WHERE shop_id = $1")[0]["customer_id"]
    claimed = {"id": "sub_1", "object": "subscription", "customer": customer, "status": "canceled"}
    body = body_of(id=f"evt_lie_{customer}", type="customer.subscription.deleted", data={"object": claimed})
    assert deliver(shop, body, signature(body, now(), [SECRET])).status_code == 200
    await_that(lambda: all(event["done_at"] for event in events(shop)), "all events acted upon")
    assert shop.view()["status"] == view["status"] == "active"


def test_a_dispute_finds_its_shop_by_the_charge(shop: PaidShop) -> None:
    """It names no customer."""
    shop.subscribe("enterprise")  # paid at once, without days to try
    shop.flush()
    shop.stripe.dispute(shop.invoices()[0]["id"])
    shop.flush()
    kinds = {row["type"] for row in shop.sql("SELECT type FROM payment_event WHERE shop_id = $1")}
    assert "charge.dispute.created" in kinds


def test_a_dispute_while_stripe_is_silent_comes_again(shop: PaidShop) -> None:
    shop.subscribe("enterprise")
    shop.flush()
    shop.stripe.webhooks.pause()
    shop.stripe.dispute(shop.invoices()[0]["id"])
    shop.stripe.fail_next(500, times=20, path="/v1/charges")
    shop.stripe.webhooks.resume()
    shop.flush()
    told = [each for each in shop.stripe.webhooks.attempts if each.type == "charge.dispute.created"]
    assert told[-1].status == 503
    shop.stripe.failure = None

    def arrived() -> bool:
        shop.flush()
        rows = shop.sql("SELECT type FROM payment_event WHERE shop_id = $1")
        return "charge.dispute.created" in {row["type"] for row in rows}

    await_that(arrived, "the dispute")
