"""The monthly close: once, when nothing more can come, with what does not add up written down."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from structlog.testing import capture_logs

from billing.gateway import PaymentsRefused, PaymentsUnavailable
from billing.period import months_after
from billing.plans import STARTER
from server.billing.statements import CLOSE_AFTER, AuditService, StatementService
from server.billing.storage import list_shops_with_periods_to_close
from server.billing.tasks import ClosePeriods
from server.core.errors import RoleRefused
from server.core.ids import new_id
from server.shops.models import Caller, Role
from tests.billing.counted_shop import CountedShop, counted_shop
from tests.installation import Installation


@pytest.fixture
async def shop(installation: Installation) -> AsyncIterator[CountedShop]:
    async with counted_shop(installation) as made:
        yield made


def closing_of(shop: CountedShop, payments: Any = None) -> StatementService:
    return StatementService(shop.database, AuditService(shop.database, shop.entitlements, payments))


def caller(shop_id: UUID, role: Role = Role.ADMIN) -> Caller:
    return Caller(shop_id=shop_id, role=role, actor="test")


async def age(shop: CountedShop, over_for: timedelta) -> datetime:
    """Let all that was counted belong to a month that ended so long ago; when that month began."""
    start = months_after(datetime.now(UTC) - over_for, -1)
    for table in ("quota_period", "usage_entry", "meter_batch"):
        more = ", period_end = NULL" if table == "quota_period" else ""
        await shop.sql(f"UPDATE {table} SET period_start = $2{more} WHERE shop_id = $1", start)
    await shop.sql("UPDATE usage_entry SET at = $2 WHERE shop_id = $1", start + timedelta(days=1))
    return start


async def test_a_period_is_closed_once_it_is_over_for_long_enough(shop: CountedShop) -> None:
    for _ in range(3):
        assert await shop.answer(new_id())
    closing = closing_of(shop)
    assert await closing.close_periods(shop.id) == 0
    await age(shop, CLOSE_AFTER - timedelta(hours=1))
    assert await closing.close_periods(shop.id) == 0
    assert shop.id not in await list_shops_with_periods_to_close(shop.database, CLOSE_AFTER)
    start = await age(shop, CLOSE_AFTER + timedelta(hours=1))
    assert shop.id in await list_shops_with_periods_to_close(shop.database, CLOSE_AFTER)
    assert sorted(await asyncio.gather(*(closing.close_periods(shop.id) for _ in range(4))))[-1] == 1
    assert await closing.close_periods(shop.id) == 0
    assert shop.id not in await list_shops_with_periods_to_close(shop.database, CLOSE_AFTER)
    (statement,) = await closing.list_statements(caller(shop.id))
    assert (statement.start, statement.plan, statement.included) == (start, "aisle_trial_v1", 200)
    assert statement.end <= months_after(start, 1)
    assert (statement.answers, statement.overage, statement.difference, statement.difference_minor) == (3, 0, 0, 0)
    assert statement.erased == 3  # these answers are in no conversation


async def test_a_period_that_is_longer_than_a_month_of_its_first_day_is_closed_when_it_is_over(
    shop: CountedShop,
) -> None:
    """From the end of February to the end of March."""
    assert await shop.answer(new_id())
    start = await age(shop, CLOSE_AFTER + timedelta(days=2))
    end = months_after(start, 1) + timedelta(days=3)
    await shop.sql("UPDATE quota_period SET period_end = $2 WHERE shop_id = $1", end)
    assert shop.id not in await list_shops_with_periods_to_close(shop.database, CLOSE_AFTER)
    assert await closing_of(shop).close_periods(shop.id) == 0
    period, _ = await AuditService(shop.database, shop.entitlements, None).audit_period(shop.id, start)
    assert period.end == end
    await shop.sql("UPDATE quota_period SET period_end = $2 WHERE shop_id = $1", end - timedelta(days=2))
    assert await closing_of(shop).close_periods(shop.id) == 1


async def test_what_the_provider_refuses_to_tell_keeps_no_period_open(shop: CountedShop) -> None:
    class Refusing:
        def __getattr__(self, name: str) -> Any:
            async def refuse(*_: object) -> None:
                raise PaymentsRefused("no such customer")

            return refuse

    await shop.subscribe()
    assert await shop.answer(new_id())
    await age(shop, timedelta(days=9))
    assert await closing_of(shop, Refusing()).close_periods(shop.id) == 1
    (statement,) = await closing_of(shop).list_statements(caller(shop.id))
    assert (statement.answers, statement.invoiced_minor) == (1, None)


async def test_what_does_not_add_up_is_written_down_and_said_in_the_log(shop: CountedShop) -> None:
    await shop.subscribe(overage_item_id="si_overage")
    await shop.sql("UPDATE subscription SET overage = true WHERE shop_id = $1")
    shop.entitlements.invalidate(shop.id)
    await shop.use(STARTER.answers or 0)
    for _ in range(2):
        assert await shop.answer(new_id())  # beyond the plan, and the meter is not told
    await age(shop, timedelta(days=9))
    with capture_logs() as logs:
        assert await closing_of(shop).close_periods(shop.id) == 1
    (statement,) = await closing_of(shop).list_statements(caller(shop.id))
    assert (statement.overage, statement.difference > 0) == (2, True)
    (told,) = [entry for entry in logs if entry["event"] == "period_does_not_add_up"]
    assert (told["shop_id"], told["log_level"]) == (str(shop.id), "error")


async def test_while_the_provider_is_silent_the_period_stays_open(shop: CountedShop) -> None:
    class Silent:
        def __getattr__(self, name: str) -> Any:
            async def fail(*_: object) -> None:
                raise PaymentsUnavailable("no answer")

            return fail

    class Job:
        def __init__(self) -> None:
            self.shop_id, self.ended = shop.id, ""

        async def postpone(self, delay_s: float) -> None:
            self.ended = f"again in {delay_s:.0f} s"

        async def finish(self, state: str) -> None:
            self.ended = state

    await shop.subscribe()
    assert await shop.answer(new_id())
    await age(shop, timedelta(days=9))
    job: Any = Job()
    await ClosePeriods(closing_of(shop, Silent()))(job)
    assert job.ended == "again in 300 s"
    assert await closing_of(shop).list_statements(caller(shop.id)) == ()
    await ClosePeriods(closing_of(shop))(job)
    assert job.ended == "done"
    assert len(await closing_of(shop).list_statements(caller(shop.id))) == 1


async def test_statements_are_added_and_never_changed_and_of_one_shop_only(
    installation: Installation, shop: CountedShop
) -> None:
    assert await shop.answer(new_id())
    await age(shop, timedelta(days=9))
    closing = closing_of(shop)
    await closing.close_periods(shop.id)
    for change in (
        "UPDATE billing_statement SET closed_at = now() WHERE shop_id = $1",
        "DELETE FROM billing_statement WHERE shop_id = $1",
    ):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with shop.database.connection(shop.id) as connection:
                await connection.execute(change, shop.id)
    other = installation.create_shop("Another")
    assert await closing.list_statements(caller(UUID(other.shop_id))) == ()
    async with shop.database.connection(UUID(other.shop_id)) as connection:
        assert await connection.fetchval("SELECT count(*) FROM billing_statement WHERE shop_id = $1", shop.id) == 0
    with pytest.raises(RoleRefused):
        await closing.list_statements(caller(shop.id, Role.AGENT))
    with installation.merchant(other) as merchant:
        assert merchant.get("/v1/billing/statements").json() == {"data": [], "next_cursor": None}
