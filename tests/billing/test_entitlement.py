"""What a shop may have, from a subscription and the clock alone."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.bill import LoggedTurn, Recount, bill_of_runs, recount
from billing.entitlement import GRACE, entitlement_of
from billing.forecast import runs_out_at
from billing.gateway import SubscriptionState
from billing.period import Period, calendar_month, months_after, period_at
from billing.plans import FEATURES, OFFERED, PLANS, PRO, STARTER, TRIAL, find_plan, has_feature

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
MADE = NOW - timedelta(days=400)
moments = st.integers(1_700_000_000, 1_900_000_000).map(lambda second: datetime.fromtimestamp(second, UTC))


def subscription(status: str = "active", **changes: object) -> SubscriptionState:
    known = SubscriptionState(
        id="sub_1",
        customer_id="cus_1",
        status=status,
        plan_lookup_key=PRO.lookup_key,
        price_id="price_1",
        item_id="si_1",
        overage_item_id="si_2",
        overage_price_id="price_2",
        quantity=1,
        currency="USD",
        period_start=NOW - timedelta(days=10),
        period_end=NOW + timedelta(days=20),
        trial_end=None,
        cancel_at=None,
        cancel_at_period_end=False,
        ended_at=None,
        latest_invoice_id=None,
        schedule_id=None,
        scheduled_lookup_key=None,
        created=NOW - timedelta(days=10),
        metadata={},
    )
    return msgspec.structs.replace(known, **changes)


def holds(known: SubscriptionState | None, *, made: datetime = MADE, unpaid: datetime | None = None) -> tuple[str, str]:
    found = entitlement_of(known, trial_began=made, unpaid_since=unpaid, now=NOW)
    return found.state, found.plan.id


@pytest.mark.parametrize(
    ("known", "made", "unpaid", "expected"),
    [
        (None, NOW - timedelta(days=13), None, ("trial", "trial")),
        (None, NOW - timedelta(days=14), None, ("ended", "none")),
        (subscription("incomplete"), NOW, None, ("trial", "trial")),
        (subscription("incomplete_expired"), MADE, None, ("ended", "none")),
        (subscription("trialing"), MADE, None, ("active", "pro")),
        (subscription("active"), MADE, None, ("active", "pro")),
        (subscription("a word of next year"), MADE, None, ("active", "pro")),
        (subscription("past_due"), MADE, NOW - GRACE + timedelta(seconds=1), ("grace", "pro")),
        (subscription("past_due"), MADE, NOW - GRACE, ("past_due", "none")),
        (subscription("unpaid"), MADE, None, ("ended", "none")),
        (subscription("paused"), MADE, None, ("ended", "none")),
        (subscription("canceled", ended_at=NOW), MADE, None, ("ended", "none")),
        (subscription("active", cancel_at=NOW + timedelta(days=1)), MADE, None, ("active", "pro")),
        (subscription("active", cancel_at=NOW), MADE, None, ("ended", "none")),
        (subscription("active", plan_lookup_key="somebody_elses"), MADE, None, ("ended", "none")),
    ],
)
def test_each_state(
    known: SubscriptionState | None, made: datetime, unpaid: datetime | None, expected: tuple[str, str]
) -> None:
    assert holds(known, made=made, unpaid=unpaid) == expected


def test_a_renewal_that_nobody_told_of_cuts_nobody() -> None:
    late = subscription(period_start=NOW - timedelta(days=70), period_end=NOW - timedelta(days=40))
    found = entitlement_of(late, trial_began=MADE, unpaid_since=None, now=NOW)
    assert found.state == "active"
    assert NOW in found.period


@given(start=moments, days=st.integers(28, 31), later=st.integers(0, 2000))
def test_periods_follow_each_other_without_a_gap(start: datetime, days: int, later: int) -> None:
    anchor = Period(start, start + timedelta(days=days))
    now = start + timedelta(days=later)
    found = period_at(anchor, now)
    assert now in found
    assert period_at(anchor, found.end).start == found.end


@given(moments)
def test_a_calendar_month_holds_its_days(now: datetime) -> None:
    month = calendar_month(now)
    assert now in month
    assert month.start.day == month.end.day == 1
    assert months_after(month.start, 1) == month.end


def test_the_table_of_plans_is_sound() -> None:
    assert [find_plan(plan.lookup_key) for plan in PLANS] == list(PLANS)
    assert len({plan.lookup_key for plan in PLANS}) == len(PLANS)
    for smaller, larger in pairwise(OFFERED):
        assert (smaller.price_minor or 0) < (larger.price_minor or 0)
    assert all(plan.features <= FEATURES for plan in PLANS)
    by_answer = [plan for plan in OFFERED if plan.resolution_minor is None]
    for smaller, larger in pairwise(by_answer):
        assert (smaller.answers or 0) < (larger.answers or 0)
        assert smaller.features <= larger.features
    for plan in by_answer:
        assert plan.overage_minor is not None
        assert plan.answers is not None
        # answers beyond a plan never make the next one the worse bargain
        assert plan.overage_minor * plan.answers >= (plan.price_minor or 0)


def test_a_feature_is_asked_for_by_its_name() -> None:
    assert has_feature(PRO, "hide_branding")
    assert not has_feature(STARTER, "hide_branding")
    with pytest.raises(KeyError):
        has_feature(PRO, "hide_brandnig")


@pytest.mark.parametrize(
    ("used", "days", "expected"),
    [(100, 10, None), (500, 10, 20), (1_000, 10, 10), (2_000, 10, 10), (0, 10, None), (900, 0.5, None)],
)
def test_when_answers_run_out(used: int, days: float, expected: int | None) -> None:
    start = datetime(2026, 11, 1, tzinfo=UTC)
    found = runs_out_at(Period(start, start + timedelta(days=30)), used, 1_000, start + timedelta(days=days))
    assert found == (start + timedelta(days=expected) if expected else None)


@given(answers=st.integers(0, 10**6))
def test_a_bill_adds_up(answers: int) -> None:
    bill = bill_of_runs([(STARTER, answers)], sells_overage=True)
    assert bill.overage + min(answers, STARTER.answers or 0) == answers
    assert bill.total_minor == (STARTER.price_minor or 0) + bill.overage * (STARTER.overage_minor or 0)
    assert bill_of_runs([(TRIAL, answers)], sells_overage=False).total_minor == 0


def test_log_and_ledger_are_compared_turn_by_turn() -> None:
    def turn(name: str, state: str, kind: str, *, told: bool = True, entry: bool | None = None) -> LoggedTurn:
        return LoggedTurn(turn_id=name, state=state, kind=kind, was_received=told, ended_at=NOW, entry_overage=entry)

    turns = [
        turn("counted", "done", "policy", entry=False),
        turn("beyond", "done", "product", entry=True),
        turn("missing", "done", "policy"),
        turn("failed", "failed", "policy"),
        turn("fallback", "done", "unknown"),
        turn("surplus", "done", "unknown", entry=False),
        turn("stopped before a word", "stopped", "policy", told=False),
        turn("stopped", "stopped", "policy", entry=False),
    ]
    assert recount(turns) == Recount(4, ("missing",), ("surplus",))
