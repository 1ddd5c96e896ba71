"""What the page Plan says of money, in currencies with two decimals, with none and with three."""

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from billing.plans import PRO, STARTER, TRIAL, UNLIMITED, Plan
from server.billing.models import AnswersView, BillingView, OverageView, PeriodView, ResolutionsView, plan_view
from server.console import plan_page
from server.core.errors import Invalid

SERVER = Path(__file__).parents[3] / "server"
NOW = datetime(2026, 11, 21, tzinfo=UTC)


def a_view(plan: Plan = STARTER, status: str = "active", **changes: Any) -> BillingView:
    view = BillingView(
        billing="on",
        plan=plan_view(plan),
        status=status,
        period=PeriodView(NOW, NOW),
        ends_at=None,
        cancels_at=None,
        next_plan=None,
        free_until=None,
        may_try=False,
        answers=AnswersView(used=0, included=1_000, limit=1_000, refused=0, lasts_until=None),
        overage=OverageView(on=False, chosen=False, each_minor=5, spent_minor=0, spending_cap_minor=None),
        resolutions=None,
        plans=(plan_view(STARTER), plan_view(PRO)),
    )
    return msgspec.structs.replace(view, **changes)


@pytest.mark.parametrize(
    ("written", "currency", "minor"),
    [
        ("", "USD", None),
        ("  ", "JPY", None),
        ("50", "USD", 5_000),
        ("12.5", "USD", 1_250),
        ("12,50", "EUR", 1_250),
        ("1,000", "USD", 100_000),
        ("1,000.50", "USD", 100_050),
        ("0.05", "EUR", 5),
        ("0", "USD", 0),
        ("1000000", "USD", 100_000_000),
        ("500", "JPY", 500),
        ("1,000,000", "JPY", 1_000_000),
        ("100000000", "JPY", 100_000_000),
        ("12.345", "KWD", 12_345),
        ("12.5", "KWD", 12_500),
        ("1,000", "KWD", 1_000_000),
    ],
)
def test_amounts_as_merchants_write_them(written: str, currency: str, minor: int | None) -> None:
    assert plan_page.parse_amount("cap", written, currency) == minor


@pytest.mark.parametrize(
    ("written", "currency"),
    [
        *(
            (written, "USD")
            for written in ("1.000", "0.004", "1e3", "1_000", "١٢", "-5", "NaN", "inf", "12,3456", "1,00,000", "5 USD")
        ),
        ("1000000.01", "USD"),
        ("2000000", "EUR"),
        ("12.5", "JPY"),
        ("100000001", "JPY"),
        ("0.0005", "KWD"),
        ("100001", "KWD"),
    ],
)
def test_what_is_no_amount_is_refused_and_not_guessed(written: str, currency: str) -> None:
    with pytest.raises(Invalid) as refused:
        plan_page.parse_amount("cap", written, currency)
    assert refused.value.errors[0].field == "cap"


@pytest.mark.parametrize(
    ("currency", "example", "most"),
    [("USD", "1,000.50,", "1,000,000"), ("JPY", "1,000,", "100,000,000"), ("KWD", "1,000.500,", "100,000")],
)
def test_the_hint_is_of_the_plans_currency(currency: str, example: str, most: str) -> None:
    with pytest.raises(Invalid) as refused:
        plan_page.parse_amount("cap", "much", currency)
    assert example in refused.value.errors[0].message
    with pytest.raises(Invalid) as refused:
        plan_page.parse_amount("cap", "999999999", currency)
    assert refused.value.errors[0].message == f"The highest possible amount is {most}"


@pytest.mark.parametrize(
    ("minor", "currency", "field"),
    [
        (None, "USD", ""),
        (0, "USD", "0.00"),
        (1_250, "USD", "12.50"),
        (5, "EUR", "0.05"),
        (500, "JPY", "500"),
        (12_345, "KWD", "12.345"),
    ],
)
def test_a_field_holds_what_can_be_typed_in_again(minor: int | None, currency: str, field: str) -> None:
    assert plan_page.amount_field(minor, currency) == field
    assert plan_page.parse_amount("cap", field, currency) == minor


@pytest.mark.parametrize(
    ("minor", "currency", "text"),
    [
        (5, "USD", "5¢"),
        (99, "USD", "99¢"),
        (100, "USD", "$1.00"),
        (5, "EUR", "€0.05"),
        (5, "JPY", "¥5"),
        (5, "KWD", "KWD0.005"),
    ],
)
def test_prices_of_one_answer(minor: int, currency: str, text: str) -> None:
    assert plan_page.unit_price_text(minor, currency) == text


def test_amounts_in_the_providers_spelling() -> None:
    assert plan_page.money_text(1_250, "usd") == "$12.50"
    assert plan_page.money_text(1_250, "jpy") == "¥1,250"
    assert plan_page.money_text(None, "usd") == "–"


@pytest.mark.parametrize(
    ("status", "used", "limit", "is_at_limit"),
    [
        ("trial", 999, 1_000, False),
        ("trial", 1_000, 1_000, True),
        ("active", 1_001, 1_000, True),
        ("grace", 1_000, 1_000, True),
        ("active", 10**6, None, False),
        ("past_due", 1_000, 1_000, False),
        ("ended", 0, 0, False),
    ],
)
def test_when_no_answers_are_left(status: str, used: int, limit: int | None, is_at_limit: bool) -> None:
    answers = AnswersView(used=used, included=1_000, limit=limit, refused=0, lasts_until=None)
    assert a_view(status=status, answers=answers).is_at_limit is is_at_limit


@pytest.mark.parametrize(
    ("spent_minor", "cap_minor", "is_reached"),
    [(0, None, False), (940, 1_000, False), (941, 1_000, True), (1_000, 1_000, True), (0, 59, True), (0, 60, False)],
)
def test_when_the_spending_cap_is_reached(spent_minor: int, cap_minor: int | None, is_reached: bool) -> None:
    overage = OverageView(on=False, chosen=False, each_minor=None, spent_minor=0, spending_cap_minor=cap_minor)
    resolved = ResolutionsView(reached=0, returned=0, final=0, each_minor=60, spent_minor=spent_minor)
    assert a_view(overage=overage, resolutions=resolved).is_cap_reached is is_reached
    assert not a_view(overage=overage).is_cap_reached, "answers beyond a plan have their own limit"


def test_whether_the_plans_answers_are_used() -> None:
    answers = a_view().answers
    for used, included, expected in ((0, None, False), (9, 10, False), (10, 10, True), (11, 10, True)):
        counted = msgspec.structs.replace(answers, used=used, included=included)
        assert counted.are_included_used is expected


def test_when_a_payment_is_due_next() -> None:
    assert a_view(STARTER).has_next_payment
    assert not a_view(STARTER, cancels_at=datetime(2026, 3, 1, tzinfo=UTC)).has_next_payment
    assert not a_view(STARTER, status="grace").has_next_payment
    assert not a_view(TRIAL, status="trial").has_next_payment
    assert not a_view(UNLIMITED).has_next_payment, "without billing nothing is paid for"


def test_the_ways_to_other_plans() -> None:
    by_resolution = msgspec.structs.replace(plan_view(PRO), id="resolution", resolution_minor=60)
    view = a_view(PRO, next_plan="starter", plans=(plan_view(STARTER), plan_view(PRO), by_resolution))
    below, own, other = plan_page.plan_choices(view)
    assert (below.change, below.is_dearer, below.is_current, below.is_next) == ("Downgrade", False, False, True)
    assert (own.is_current, own.is_next, other.change) == (True, False, "Change")
    assert plan_page.plan_choices(a_view(STARTER))[1].change == "Upgrade"
    assert plan_page.following_plan(view).id == "starter"
    assert plan_page.following_plan(a_view(PRO)).id == "pro"
    assert plan_page.plan_name(view, "starter") == "Starter"
    assert plan_page.plan_name(view, "old") == "Old"


@pytest.mark.parametrize("template", sorted(SERVER.rglob("*.html")), ids=lambda file: file.name)
def test_no_template_calculates_with_money(template: Path) -> None:
    for expression in re.findall(r"\{[{%].*?[%}]\}", template.read_text(), re.DOTALL):
        assert not re.search(r"_minor\s*[-+*/<>]|[+*/<>]=?\s*[\w.]+_minor|/ 100\b", expression), expression
