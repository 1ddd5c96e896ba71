"""A month of turns with failures, retries and processes that die: log, ledger, meter and invoice say the same."""

import pytest

from billing.plans import ENTERPRISE, STARTER, Plan
from server.billing.statements import StatementService
from server.shops.models import Caller, Role
from tests.bench.billing_bench import simulate
from tests.bench.billing_house import house
from tests.installation import Installation


@pytest.mark.parametrize(
    ("plan", "turns"), [(STARTER, 300), pytest.param(ENTERPRISE, 3_000, marks=pytest.mark.exhaustive)]
)
async def test_a_month_adds_up(installation: Installation, plan: Plan, turns: int) -> None:
    secret = (installation.data_dir / "secret.key").read_text().strip()
    async with house(installation.owner_url, secret, plan) as made:
        holds = await made.entitlements.get_entitlement(made.shop_id)
        nearly = (plan.answers or 0) - turns // 2
        await made.owner.execute(
            "SELECT settle_answer($1, gen_random_uuid(), $2, $3, $4, 0, true) "
            "FROM generate_series(1, $4::int - $5::int)",
            made.shop_id,
            holds.period.start,
            plan.lookup_key,
            plan.answers,
            turns // 2,
        )
        month = await simulate(made, turns)
        closing = StatementService(made.database, made.audits)
        await closing.close_period(made.shop_id, holds.period.start)
        (statement,) = await closing.list_statements(Caller(shop_id=made.shop_id, role=Role.ADMIN, actor="test"))
    audit = month.audit
    assert audit.erased_answers == nearly  # counted before the month of this test, with no conversation to show for it
    assert audit.bill.answers == audit.ledger_answers == month.counted == nearly + month.billable
    assert audit.bill.overage == audit.ledger_overage == audit.meter_overage == month.billable - turns // 2
    assert audit.invoiced_overage_minor == audit.bill.overage_minor > 0
    assert (audit.difference, audit.difference_minor, month.held) == (0, 0, 0)
    assert (statement.difference, statement.difference_minor) == (0, 0)
    assert (statement.answers, statement.invoiced_minor) == (audit.ledger_answers, audit.invoiced_overage_minor)
