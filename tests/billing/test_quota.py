"""Quotas in the database: any number at once, processes that die, turns that end twice, keys with limits."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import asyncpg
import msgspec
import pytest

from billing.bill import Recount, recount
from billing.plans import ANSWERS, PRO, STARTER, TRIAL
from server.billing import ledger_storage, storage
from server.billing.plan_limits import RESERVATION_TTL_S
from server.billing.statements import AuditService
from server.core.ids import new_id
from tests.billing.counted_shop import NOTHING, CountedShop, counted_shop
from tests.billing.test_entitlement import subscription
from tests.installation import Installation


@pytest.fixture
async def shop(installation: Installation) -> AsyncIterator[CountedShop]:
    async with counted_shop(installation) as made:
        yield made


async def test_five_hundred_at_once_and_twenty_left_are_twenty(shop: CountedShop) -> None:
    await shop.use((TRIAL.answers or 0) - 20)
    turns = [new_id() for _ in range(500)]
    held = await asyncio.gather(*(shop.reserve(turn) for turn in turns))
    assert sum(held) == 20
    assert await shop.counts() == (TRIAL.answers - 20, 20)  # type: ignore[operator]
    await asyncio.gather(*(shop.settle(turn) for turn, was in zip(turns, held, strict=True) if was))
    assert await shop.counts() == (TRIAL.answers, 0)
    assert not await shop.reserve()


async def test_what_is_not_billable_comes_back(shop: CountedShop) -> None:
    await shop.use((TRIAL.answers or 0) - 1)
    first, second = new_id(), new_id()
    assert await shop.reserve(first)
    assert not await shop.reserve(second)
    await shop.settle(first, NOTHING)
    assert await shop.reserve(second)


async def test_a_turn_counts_once_however_often_it_ends(shop: CountedShop) -> None:
    turn = new_id()
    assert await shop.reserve(turn)
    await asyncio.gather(*(shop.settle(turn) for _ in range(8)), return_exceptions=True)
    await shop.settle(turn)
    assert await shop.counts() == (1, 0)


async def test_what_a_dead_process_held_is_given_back_before_anybody_is_refused(shop: CountedShop) -> None:
    await shop.use((TRIAL.answers or 0) - 2)
    lost = new_id()
    assert await shop.reserve(lost)
    assert await shop.reserve()
    assert not await shop.reserve()
    await shop.expire()
    assert await shop.reserve()
    await shop.settle(lost)  # it was not dead after all: its answer was delivered, so it counts
    assert (await shop.counts())[0] == (TRIAL.answers or 0) - 1
    assert RESERVATION_TTL_S > 75  # longer than a turn may take


async def test_a_rolled_back_question_holds_nothing(shop: CountedShop) -> None:
    class Gone(Exception):
        pass

    with pytest.raises(Gone):
        async with shop.database.connection(shop.id) as connection:
            assert await shop.quota.reserve(connection, shop.id, new_id(), None)
            raise Gone
    assert await shop.counts() == (0, 0)


async def test_a_key_has_a_limit_of_its_own(shop: CountedShop, installation: Installation) -> None:
    owner = await asyncpg.connect(shop.owner_url)
    key_id = await owner.fetchval(
        "UPDATE api_key SET answers_per_period = 3 WHERE shop_id = $1 AND kind = 'publishable' RETURNING id", shop.id
    )
    await owner.close()
    turns = [new_id() for _ in range(10)]
    held = [await shop.reserve(turn, key_id) for turn in turns]
    assert held == [True] * 3 + [False] * 7
    assert await shop.counts() == (0, 3)  # what the key refused is not held by the shop either
    for turn in turns[:3]:
        await shop.settle(turn)
    assert await shop.counts(str(key_id)) == (3, 0)
    assert await shop.reserve()  # by another key


async def test_answers_beyond_the_plan_up_to_the_spending_cap(shop: CountedShop) -> None:
    await shop.subscribe()
    included, each = STARTER.answers or 0, STARTER.overage_minor or 1
    await shop.use(included)
    assert not await shop.reserve()  # not chosen: the plan's limit is the end
    async with shop.database.connection(shop.id) as connection:
        await storage.save_choices(connection, shop.id, overage=True, spending_cap_minor=3 * each)
    shop.entitlements.invalidate(shop.id)
    assert [await shop.answer(new_id()) for _ in range(5)] == [True, True, True, False, False]
    holds = await shop.entitlements.get_entitlement(shop.id)
    async with shop.database.connection(shop.id) as connection:
        totals = await ledger_storage.get_ledger_totals(connection, shop.id, holds.period.start)
        assert await ledger_storage.add_usage_batch(connection, shop.id, new_id(), ANSWERS, "answer", 100) == 3
        assert await ledger_storage.add_usage_batch(connection, shop.id, new_id(), ANSWERS, "answer", 100) == 0
    assert (totals.answers, totals.overage) == (3, 3)


async def test_a_bigger_plan_does_not_renew_the_spending_cap(shop: CountedShop) -> None:
    began = datetime.now(UTC)
    period = {"period_start": began, "period_end": began + timedelta(days=30), "overage_item_id": "si_overage"}
    await shop.subscribe(**period)
    await shop.use(STARTER.answers or 0)
    cap_minor = 20
    async with shop.database.connection(shop.id) as connection:
        await storage.save_choices(connection, shop.id, overage=True, spending_cap_minor=cap_minor)
    shop.entitlements.invalidate(shop.id)
    assert [await shop.answer(new_id()) for _ in range(3)] == [True] * 3  # 15 of 20 are spent
    await shop.subscribe(plan_lookup_key=PRO.lookup_key, **period)
    limits = (await shop.entitlements.get_account(shop.id)).limits(await shop.entitlements.get_entitlement(shop.id))
    assert limits.answers_at(1_003, 15) == (PRO.answers or 0) + 1  # 5 are left, an answer of Pro is 3
    await shop.sql("UPDATE quota_period SET answers_used = $2 WHERE shop_id = $1", (PRO.answers or 0) - 1)
    held = await asyncio.gather(*(shop.answer(new_id()) for _ in range(12)))
    assert held.count(True) == 2
    rows = await shop.sql("SELECT minor_used FROM quota_period WHERE shop_id = $1 AND scope = ''")
    assert rows[0]["minor_used"] == 18


async def test_what_was_chosen_for_an_earlier_subscription_ends_with_it(shop: CountedShop) -> None:
    await shop.subscribe(id="sub_1")
    async with shop.database.connection(shop.id) as connection:
        await storage.save_choices(connection, shop.id, overage=True, spending_cap_minor=500)
    await shop.subscribe(id="sub_1", status="past_due")
    account = await shop.entitlements.read_account(shop.id)
    assert (account.overage, account.spending_cap_minor) == (True, 500)
    await shop.subscribe(id="sub_2")
    account = await shop.entitlements.read_account(shop.id)
    assert (account.overage, account.spending_cap_minor) == (False, None)


async def test_more_answers_at_once_than_connections_do_not_wait_for_each_other(shop: CountedShop) -> None:
    turns = [new_id() for _ in range(3 * shop.database.pool_size)]
    assert all(await asyncio.gather(*(shop.reserve(turn) for turn in turns)))
    shop.entitlements.invalidate(shop.id)  # as every few seconds
    async with asyncio.timeout(5):
        await asyncio.gather(*(shop.settle(turn) for turn in turns))
    assert await shop.counts() == (len(turns), 0)


async def test_processes_from_before_money_was_counted_go_on_while_the_schema_is_renewed(shop: CountedShop) -> None:
    holds, turn = await shop.entitlements.get_entitlement(shop.id), new_id()
    reserve = (
        "SELECT reserve_answer(of_shop => $1, of_turn => $2, of_scope => '', of_period => $3, answer_limit => 1, "
        "wanted_tokens => 1, token_limit => 10, lives => interval '1 minute')"
    )
    async with shop.database.connection(shop.id) as connection:
        held = [await connection.fetchval(reserve, shop.id, each, holds.period.start) for each in (turn, new_id())]
        await connection.fetchval(
            "SELECT settle_answer(of_shop => $1, of_turn => $2, of_period => $3, of_plan => $4, included => 1, "
            "spent_tokens => 1, counts => true)",
            shop.id,
            turn,
            holds.period.start,
            holds.plan.lookup_key,
        )
    assert held == [True, False]
    assert await shop.counts() == (1, 0)


async def test_the_ledger_can_only_be_added_to(shop: CountedShop) -> None:
    assert await shop.answer(new_id())
    for change in (
        "UPDATE usage_entry SET quantity = 0 WHERE shop_id = $1",
        "DELETE FROM usage_entry WHERE shop_id = $1",
    ):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with shop.database.connection(shop.id) as connection:
                await connection.execute(change, shop.id)


async def test_an_older_answer_of_stripes_never_replaces_a_newer_one(shop: CountedShop) -> None:
    await shop.subscribe()
    async with shop.database.connection(shop.id) as connection:
        account = await storage.find_account(connection, shop.id)
        assert account
    await shop.subscribe(status="canceled")
    late = msgspec.json.encode(subscription()).decode()
    async with shop.database.connection(shop.id) as connection:
        await storage.save_subscription(connection, shop.id, late, None, account.read_at)
    assert (await shop.entitlements.get_entitlement(shop.id)).state == "ended"


async def test_a_shop_without_turns_has_nothing_to_recount(shop: CountedShop) -> None:
    assert recount([]) == Recount(0, (), ())
    assert await shop.answer(new_id())  # a ledger entry whose conversation is in no log
    _period, audit = await AuditService(shop.database, shop.entitlements, None).recompute(shop.id, None)
    assert (audit.ledger_answers, audit.erased_answers, audit.difference) == (1, 1, 0)
