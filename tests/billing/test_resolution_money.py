"""What final resolutions cost: by the plan of their time, up to the spending cap, in the period of their time."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import UUID

import pytest

from billing.plans import RESOLUTION, STARTER
from billing.quota import Spent
from server.billing import storage
from server.chat.conversations.storage import save_feedback
from server.core.ids import new_id
from tests.billing.resolved_shop import DONE, EACH, FREE, STANDS, WHOLE, ResolvedShop, resolved_shop
from tests.installation import Installation


@pytest.fixture
async def shop(installation: Installation) -> AsyncIterator[ResolvedShop]:
    async with resolved_shop(installation) as found:
        yield found


async def test_only_answers_of_such_a_plan_make_resolutions(shop: ResolvedShop) -> None:
    await shop.ask(DONE, plan=STARTER.lookup_key)
    assert await shop.count() == 0
    counted = await shop.ask(DONE)
    await shop.ask(DONE - timedelta(hours=2), counted.conversation_id, plan=STARTER.lookup_key)
    await shop.sql("UPDATE resolution_due SET due_at = now() - interval '1 hour' WHERE shop_id = $1")
    await shop.count()
    assert await shop.ledger() == {}


@pytest.mark.parametrize("change", [{"plan_lookup_key": STARTER.lookup_key}, {"status": "trialing"}])
async def test_what_becomes_final_under_another_plan_or_in_a_trial_is_free(
    shop: ResolvedShop, change: dict[str, str]
) -> None:
    asked = await shop.ask(DONE)
    await shop.set_state(**change)
    await shop.count()
    assert await shop.ledger() == {asked.turn_id: FREE}
    assert await shop.tell() == 0


async def may_answer(shop: ResolvedShop) -> bool:
    async with shop.house.database.connection(shop.shop_id) as connection:
        return await shop.house.quota.reserve(connection, shop.shop_id, new_id(), None)


async def test_what_may_yet_come_to_a_resolution_is_held_against_the_cap(shop: ResolvedShop) -> None:
    await shop.choose_cap(0)
    assert not await may_answer(shop)
    await shop.choose_cap(3 * EACH)
    assert await may_answer(shop)
    await shop.ask(DONE)  # final and counted
    await shop.count()
    await shop.ask(timedelta(hours=30))  # may yet be taken back
    assert not await may_answer(shop)  # with the answer that is being made three may come
    await shop.sql("DELETE FROM quota_reservation WHERE shop_id = $1")
    await shop.sql("UPDATE quota_period SET answers_reserved = 0 WHERE shop_id = $1")
    assert await may_answer(shop)


async def test_the_sum_to_be_told_is_told_of_resolutions_too(shop: ResolvedShop) -> None:
    async with shop.house.database.connection(shop.shop_id) as connection:
        await storage.save_alerts(connection, shop.shop_id, (), 2 * EACH)
    for minute in range(3):
        await shop.ask(DONE + timedelta(minutes=minute))
    await shop.count()
    told = await shop.sql("SELECT payload ->> 'kind' AS kind FROM job WHERE shop_id = $1 AND kind = 'billing.notice'")
    assert [row["kind"] for row in told] == [f"spent:{2 * EACH}"]


async def test_the_same_rating_again_leaves_no_mark_and_a_changed_mind_only_so_many(shop: ResolvedShop) -> None:
    asked = await shop.ask(timedelta(hours=1))
    async with shop.house.database.connection(shop.shop_id) as connection:
        for number in range(100):
            rating = "down" if number < 10 or number % 2 else "up"
            assert await save_feedback(connection, shop.shop_id, asked.conversation_id, asked.answer_id, rating, None)
    marks = await shop.sql("SELECT rating FROM conversation_mark WHERE shop_id = $1 ORDER BY id")
    assert [row["rating"] for row in marks][:3] == ["down", "up", "down"]
    assert len(marks) == 20


async def test_what_was_final_while_it_was_tried_is_free_whenever_it_is_counted(shop: ResolvedShop) -> None:
    asked = await shop.ask(DONE)
    await shop.set_state(trial_end=(shop.now - timedelta(minutes=30)).isoformat())
    await shop.count()
    assert await shop.ledger() == {asked.turn_id: FREE}


async def test_beyond_the_spending_cap_resolutions_are_free(shop: ResolvedShop) -> None:
    await shop.choose_cap(3 * EACH + EACH - 1)
    for minute in range(8):
        await shop.ask(DONE + timedelta(minutes=minute))
    await asyncio.gather(*(shop.count() for _ in range(3)))
    found = list((await shop.ledger()).values())
    assert (found.count(STANDS), found.count(FREE)) == (3, 5)
    assert await shop.tell() == 3


async def test_answers_are_never_paid_for_on_this_plan(shop: ResolvedShop) -> None:
    """Not by a choice that was made on another one either."""
    await shop.sql("UPDATE subscription SET overage = true WHERE shop_id = $1")
    holds = await shop.house.entitlements.get_entitlement(shop.shop_id)
    await shop.sql(
        "INSERT INTO quota_period (shop_id, scope, period_start, answers_used) VALUES ($1, '', $2, $3)",
        holds.period.start,
        RESOLUTION.answers,
    )
    shop.house.entitlements.invalidate(shop.shop_id)
    async with shop.house.database.connection(shop.shop_id) as connection:
        await shop.house.quota.settle(connection, shop.shop_id, new_id(), Spent(is_billable=True))
    assert await shop.tell() == 0


async def test_a_resolution_is_of_the_period_it_becomes_final_in(shop: ResolvedShop) -> None:
    """Also where the round comes after the renewal."""
    before = (await shop.house.entitlements.get_entitlement(shop.shop_id)).period
    early = await shop.ask(DONE)
    late = await shop.ask(DONE - timedelta(minutes=50))
    renewed = shop.now - timedelta(minutes=30)
    await shop.set_state(period_start=renewed.isoformat(), period_end=(renewed + timedelta(days=30)).isoformat())
    await shop.count()
    rows = await shop.sql(
        "SELECT turn_id, period_start, at FROM usage_entry WHERE shop_id = $1 AND kind = 'resolution'"
    )
    assert {(row["turn_id"], row["period_start"], row["at"]) for row in rows} == {
        (early.turn_id, before.start, early.at + WHOLE),
        (late.turn_id, renewed, late.at + WHOLE),
    }


async def test_what_resolutions_came_to_counts_against_the_cap_of_answers_beyond_a_plan(shop: ResolvedShop) -> None:
    each = STARTER.overage_minor or 1
    for minute in range(2):
        await shop.ask(DONE + timedelta(minutes=minute))
    await shop.count()
    async with shop.house.database.connection(shop.shop_id) as connection:
        cap_minor = 2 * EACH + 2 * each
        await storage.save_choices(connection, shop.shop_id, overage=True, spending_cap_minor=cap_minor)
    await shop.set_state(plan_lookup_key=STARTER.lookup_key)
    await shop.sql("UPDATE quota_period SET answers_used = $2 WHERE shop_id = $1 AND scope = ''", STARTER.answers)
    held = []
    for _ in range(4):
        async with shop.house.database.connection(shop.shop_id) as connection:
            held.append(await shop.house.quota.reserve(connection, shop.shop_id, new_id(), None))
    assert held == [True, True, False, False]


async def test_an_answer_and_a_round_at_the_same_conversation_wait_for_each_other_and_both_end(
    shop: ResolvedShop,
) -> None:
    asked = [await shop.ask(DONE + timedelta(minutes=minute)) for minute in range(20)]

    async def answer(turn_id: UUID) -> None:
        async with shop.house.database.connection(shop.shop_id) as connection:
            await shop.house.quota.settle(connection, shop.shop_id, turn_id, Spent(is_billable=True))

    new = [(await shop.ask(timedelta(), each.conversation_id, kind="late")).turn_id for each in asked]
    await asyncio.gather(*(shop.count() for _ in range(2)), *(answer(turn_id) for turn_id in new))
    assert sum(stands == STANDS for stands in (await shop.ledger()).values()) == len(asked)
