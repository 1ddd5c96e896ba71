"""Answers beyond a plan reach the meter once each, whatever happens on the way; and the bill's own arithmetic."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from billing.bill import bill_of_runs
from billing.entitlement import entitlement_of
from billing.gateway import Invoice, InvoiceLine, PaymentsUnavailable
from billing.period import Period
from billing.plans import ANSWERS, ENTERPRISE, PRO, STARTER
from billing.quota import Spent
from server.billing import storage
from server.billing.statements import invoiced_usage
from server.billing.usage_reporting import TOTALS_DELAY_S
from server.core.ids import new_id
from tests.bench.billing_house import House, house
from tests.billing.test_entitlement import NOW, subscription
from tests.installation import Installation

START = datetime(2026, 11, 5, 10, 30, 20, tzinfo=UTC)
STARTER_OVERAGE, PRO_OVERAGE = "aisle_starter_v1_overage", "aisle_pro_v1_overage"
PERIOD = Period(START, datetime(2026, 12, 5, 10, 30, 20, tzinfo=UTC))


@pytest.fixture
async def made(installation: Installation) -> AsyncIterator[House]:
    """A shop whose plan is used up, and that pays for more."""
    secret = (installation.data_dir / "secret.key").read_text().strip()
    async with house(installation.owner_url, secret) as found:
        holds = await found.entitlements.get_entitlement(found.shop_id)
        await found.owner.execute(
            "INSERT INTO quota_period (shop_id, scope, period_start, answers_used) VALUES ($1, '', $2, $3)",
            found.shop_id,
            holds.period.start,
            ENTERPRISE.answers,
        )
        yield found


async def answer(made: House, times: int) -> None:
    async with made.database.connection(made.shop_id) as connection:
        for _ in range(times):
            await made.quota.settle(connection, made.shop_id, new_id(), Spent(is_billable=True))


async def tell(made: House) -> int:
    account = await made.entitlements.read_account(made.shop_id)
    assert account.customer_id
    return await made.usage_reporter.report_usage(made.shop_id, account.customer_id)


def at_meter(made: House) -> list[int]:
    events = made.standin.store.tables.get("billing.meter_event", {}).values()
    return [int(event["payload"]["value"]) for event in events]


async def age(made: House, hours: float, column: str = "at") -> None:
    statement = f"UPDATE meter_batch SET {column} = {column} - $2::interval WHERE shop_id = $1"
    await made.owner.execute(statement, made.shop_id, timedelta(hours=hours))


async def test_each_answer_is_told_once(made: House) -> None:
    await answer(made, 3)
    assert await tell(made) == 3
    assert await tell(made) == 0
    await answer(made, 2)
    assert await tell(made) == 2
    assert at_meter(made) == [3, 2]


async def test_an_answer_of_stripes_that_is_lost_counts_once(made: House) -> None:
    await answer(made, 3)
    made.standin.fail_next("lost", times=10, path="meter_events")
    with pytest.raises(PaymentsUnavailable):
        await tell(made)
    made.standin.failure = None
    assert await tell(made) == 3
    assert at_meter(made) == [3]


async def test_a_batch_that_is_older_than_its_identifier_is_looked_for_first(made: House) -> None:
    await answer(made, 3)
    made.standin.fail_next("lost", times=10, path="meter_events")
    with pytest.raises(PaymentsUnavailable):
        await tell(made)
    made.standin.failure = None
    made.standin.advance(days=1.1)  # the identifier is forgotten
    await age(made, 26)
    await tell(made)
    assert at_meter(made) == [3]
    assert await tell(made) == 0


async def test_an_old_batch_that_never_arrived_is_sent(made: House) -> None:
    await answer(made, 3)
    made.standin.fail_next(500, times=10, path="meter_events")
    with pytest.raises(PaymentsUnavailable):
        await tell(made)
    made.standin.failure = None
    await age(made, 26)
    await tell(made)
    assert at_meter(made) == [3]


async def test_a_batch_that_the_meter_would_refuse_for_its_age_is_given_up(made: House) -> None:
    await answer(made, 3)
    made.standin.fail_next(500, times=10, path="meter_events")
    with pytest.raises(PaymentsUnavailable):
        await tell(made)
    made.standin.failure = None
    await age(made, 35 * 24)
    with capture_logs() as logs:
        assert await tell(made) == 0
    assert [entry["quantity"] for entry in logs if entry["event"] == "meter_batch_too_old"] == [3]
    assert at_meter(made) == []
    assert made.shop_id not in await storage.list_shops_with_unreported_usage(made.database)


async def test_nothing_is_concluded_from_a_sum_that_may_be_late(made: House) -> None:
    await answer(made, 2)
    await tell(made)
    await answer(made, 3)
    made.standin.fail_next(500, times=10, path="meter_events")
    with pytest.raises(PaymentsUnavailable):
        await tell(made)
    made.standin.failure = None
    await age(made, 26)
    with pytest.raises(PaymentsUnavailable, match="may not include"):
        await tell(made)
    await age(made, TOTALS_DELAY_S / 3600 + 0.1, "sent_at")
    await tell(made)
    assert at_meter(made) == [2, 3]


async def test_what_was_not_agreed_to_is_not_charged(made: House) -> None:
    """An answer that came although its reservation had expired, in a shop that does not pay for more."""
    async with made.database.connection(made.shop_id) as connection:
        await storage.save_choices(connection, made.shop_id, overage=False, spending_cap_minor=None)
    made.entitlements.invalidate(made.shop_id)
    await answer(made, 1)
    assert await tell(made) == 0


def test_nothing_beyond_the_plan_is_sold_while_it_is_tried_out() -> None:
    """Stripe does not bill usage of a trial."""
    for status, sells in (("trialing", False), ("active", True), ("past_due", True)):
        holds = entitlement_of(subscription(status), trial_began=NOW, unpaid_since=NOW, now=NOW)
        assert holds.pays_overage is sells


async def test_an_answer_that_ended_after_its_period_is_counted_in_it(made: House) -> None:
    holds = await made.entitlements.get_entitlement(made.shop_id)
    await answer(made, 1)
    after = holds.period.end + timedelta(minutes=2)
    await made.owner.execute("UPDATE usage_entry SET at = $2 WHERE shop_id = $1", made.shop_id, after)
    made.standin.advance(to=int(after.timestamp()))
    await tell(made)
    [event] = made.standin.store.tables["billing.meter_event"].values()
    told_at = datetime.fromtimestamp(event["timestamp"], UTC)
    assert holds.period.start <= told_at < holds.period.end.replace(second=0)


@given(counts=st.lists(st.tuples(st.sampled_from([STARTER, PRO, ENTERPRISE]), st.integers(0, 8_000)), min_size=1))
def test_a_bill_of_many_plans_counts_every_answer_under_its_own(counts: list[tuple[object, int]]) -> None:
    runs = [(plan, count) for plan, count in counts]
    bill = bill_of_runs(runs, sells_overage=True)  # type: ignore[arg-type]
    position = beyond = money = 0
    for plan, count in runs:
        for _ in range(count):
            position += 1
            if position > plan.answers:  # type: ignore[attr-defined]
                beyond, money = beyond + 1, money + plan.overage_minor  # type: ignore[attr-defined]
    assert (bill.answers, bill.overage, bill.overage_minor) == (position, beyond, money)


def test_one_plan_is_one_run() -> None:
    assert bill_of_runs([(STARTER, 1_003)], sells_overage=True).overage_minor == 15
    assert bill_of_runs([(STARTER, 1_003)], sells_overage=False).overage == 0


def invoice(status: str, created: datetime, *lines: tuple[str | None, int, datetime]) -> Invoice:
    known = InvoiceLine("", 0, 1, None, None, False, START, PERIOD.end)
    replaced = msgspec.structs.replace
    return Invoice(
        id="in_1",
        number=None,
        status=status,
        currency="usd",
        total_minor=0,
        tax_minor=0,
        amount_due_minor=0,
        amount_paid_minor=0,
        amount_refunded_minor=0,
        created=created,
        period_start=START,
        period_end=created,
        next_attempt=None,
        hosted_url=None,
        pdf_url=None,
        subscription_id="sub_1",
        lines=tuple(replaced(known, lookup_key=key, amount_minor=cents, period_start=at) for key, cents, at in lines),
        disputed=False,
    )


def test_what_invoices_ask_for_a_periods_overage() -> None:
    middle = invoice("paid", START + timedelta(days=9), (STARTER_OVERAGE, 15, START), (PRO.lookup_key, 6_000, START))
    other = (PRO_OVERAGE, 99, START - timedelta(days=30))
    end = invoice("open", PERIOD.end, (PRO_OVERAGE, 12, START + timedelta(days=9)), (PRO.lookup_key, 9_900, PERIOD.end))
    assert invoiced_usage([middle], PERIOD, ANSWERS) is None
    assert invoiced_usage([end, middle, invoice("paid", START, other)], PERIOD, ANSWERS) == 27
    draft = msgspec.structs.replace(end, status="draft")
    assert invoiced_usage([draft, middle], PERIOD, ANSWERS) is None
    assert invoiced_usage([end, msgspec.structs.replace(middle, status="void")], PERIOD, ANSWERS) == 12
