"""Bills of the stand-in: nothing is lost between lines and total, whatever the amounts and moments."""

from datetime import UTC, datetime
from fractions import Fraction
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from server.embedded.standins.stripe import money, routes
from server.embedded.standins.stripe_server import StripeStandin

START = 1_804_000_000
amounts = st.integers(0, 10_000_00)


@given(st.integers(0, 10**9), st.lists(st.integers(0, 10**7), max_size=20))
def test_parts_add_up_to_the_whole(total: int, weights: list[int]) -> None:
    parts = money.spread(total, weights)
    assert sum(parts) == (total if sum(weights) else 0)
    assert all(abs(Fraction(total * w, sum(weights) or 1) - part) < 1 for w, part in zip(weights, parts, strict=True))


@given(amounts, st.integers(1, 31 * 86_400), st.data())
def test_what_is_used_and_what_is_left_are_the_whole_to_half_a_cent(
    amount: int, length: int, data: st.DataObject
) -> None:
    at = data.draw(st.integers(START, START + length))
    left = money.prorated(amount, at, START, START + length)
    assert abs(left - Fraction(amount * (START + length - at), length)) <= Fraction(1, 2)
    assert money.prorated(amount, START, START, START + length) == amount
    assert money.prorated(amount, START + length, START, START + length) == 0


@given(st.integers(START, START + 6 * 365 * 86_400), st.integers(1, 40))
def test_periods_meet_and_keep_the_anchors_day(first: int, count: int) -> None:
    start, anchor = first, datetime.fromtimestamp(first, UTC)
    for _ in range(count):
        end = money.period_after(first, start, 1)
        assert 28 * 86_400 <= end - start <= 31 * 86_400
        start = end
    day = datetime.fromtimestamp(start, UTC).day
    assert day == anchor.day or day >= 28


class _Account:
    """A stand-in without a network, driven by its own parts."""

    def __init__(self, prices: list[int], per_answer: str) -> None:
        self.standin = StripeStandin(frozen_at=START)
        self.prices = [self.standin.add_price(f"plan-{n}", amount)["id"] for n, amount in enumerate(prices)]
        metered = (self.standin.add_metered_price(f"over-{n}", per_answer, "answers") for n in range(2))
        self.metered = [price["id"] for price in metered]
        self.customer = self.call("POST", "/v1/customers", payment_method="pm_card_visa")["id"]
        card = self.standin.objects("payment_method")[0]["id"]
        self.call("POST", f"/v1/customers/{self.customer}", invoice_settings={"default_payment_method": card})

    def call(self, method: str, path: str, **params: object) -> dict[str, Any]:
        found: dict[str, Any] = routes.respond(
            self.standin.store, method, path, _as_text(params), self.standin.webhooks.create
        )
        return found

    def report(self, value: int, at: int, identifier: str) -> None:
        payload = {"stripe_customer_id": self.customer, "value": value}
        self.call(
            "POST",
            "/v1/billing/meter_events",
            event_name="answers",
            payload=payload,
            timestamp=at,
            identifier=identifier,
        )


def _as_text(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _as_text(each) for name, each in value.items()}
    if isinstance(value, list):
        return {str(place): _as_text(each) for place, each in enumerate(value)}
    return str(value)


steps = st.lists(
    st.tuples(st.sampled_from(["change", "usage", "wait"]), st.integers(0, 3), st.integers(1, 12 * 86_400)), max_size=8
)


@given(
    st.lists(st.integers(50, 500_00), min_size=4, max_size=4),
    st.sampled_from(["5", "0.7", "1.25"]),
    steps,
    st.integers(0, 100),
)
def test_every_invoice_adds_up_and_every_answer_is_billed_once(
    prices: list[int], per_answer: str, life: list[tuple[str, int, int]], percent_off: int
) -> None:
    account = _Account(prices, per_answer)
    standin = account.standin
    discounts = {}
    if percent_off:
        code = standin.add_promotion_code("OFF", percent_off, "forever")["id"]
        discounts = {"discounts": [{"promotion_code": code}]}
    items = [{"price": account.prices[0]}, {"price": account.metered[0]}]
    subscription = account.call("POST", "/v1/subscriptions", customer=account.customer, items=items, **discounts)
    plan_item, metered_item = (each["id"] for each in standin.objects("subscription")[0]["items"]["data"])
    reported = 0
    for number, (what, plan, seconds) in enumerate(life):
        if what == "change":
            changed = [
                {"id": plan_item, "price": account.prices[plan]},
                {"id": metered_item, "price": account.metered[plan % 2]},
            ]
            behaviour = "always_invoice" if seconds % 2 else "create_prorations"
            account.call("POST", f"/v1/subscriptions/{subscription['id']}", items=changed, proration_behavior=behaviour)
        elif what == "usage":
            account.report(plan + 1, standin.store.now(), f"batch-{number}")
            reported += plan + 1
        else:
            standin.advance(seconds)
    standin.advance(days=32)
    invoices = standin.objects("invoice")
    for invoice in invoices:
        lines = invoice["lines"]["data"]
        off = sum(part["amount"] for line in lines for part in line["discount_amounts"])
        assert sum(line["amount"] for line in lines) == invoice["subtotal"]
        assert off == sum(each["amount"] for each in invoice["total_discount_amounts"])
        assert invoice["subtotal"] - off == invoice["total"]
        if invoice["status"] != "draft":
            ending = invoice["total"] + invoice["starting_balance"] - invoice["amount_due"]
            assert ending == invoice["ending_balance"]
    metered = [
        line
        for each in invoices
        for line in each["lines"]["data"]
        if line["pricing"]["price_details"]["price"] in account.metered
    ]
    assert sum(line["quantity"] for line in metered) == reported
    for line in metered:
        assert line["amount"] == money.usage_amount(per_answer, line["quantity"])
    final = [each for each in invoices if each["status"] != "draft"]
    owed = standin.objects("customer")[0]["balance"]
    assert sum(each["amount_paid"] for each in final) == sum(each["total"] for each in final) - owed
