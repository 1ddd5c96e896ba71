"""Resolutions counted from the conversation log: once each, whatever happens on the way, paid for or free."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import asyncpg
import pytest

from billing.plans import ANSWERS, BY_RESOLUTION, RESOLUTION, RESOLUTIONS, STARTER
from billing.resolutions import QUIET_PERIOD, RETURN_WINDOW
from billing.stripe_catalog import StripeCatalog
from server.billing.overview import BillingOverview
from server.billing.resolution_service import COMMIT_DELAY
from server.billing.storage import list_shops_with_due_resolutions
from server.chat.conversations.handoff.storage import request_handoff
from server.privacy.storage import erase_conversations
from tests.billing.resolved_shop import (
    BEGAN_DAYS,
    DONE,
    EACH,
    RETURNED,
    STANDS,
    WHOLE,
    Asked,
    ResolvedShop,
    resolved_shop,
)
from tests.installation import Installation

OPEN = timedelta(hours=30)
"""So long ago it can still be taken back."""
MOMENT = timedelta(seconds=20)


@pytest.fixture
async def shop(installation: Installation) -> AsyncIterator[ResolvedShop]:
    async with resolved_shop(installation) as found:
        yield found


async def test_a_settled_question_is_counted_and_told_once(shop: ResolvedShop) -> None:
    asked = await shop.ask(DONE)
    assert await shop.count() == 1
    assert await shop.ledger() == {asked.turn_id: STANDS}
    assert await shop.count() == 0
    assert await shop.tell() == 1
    assert await shop.tell() == 0
    assert (shop.metered(RESOLUTIONS), shop.metered(ANSWERS)) == (1, 0)
    assert await shop.sql("SELECT FROM resolution_due WHERE shop_id = $1") == []


async def test_any_number_of_workers_count_each_once(shop: ResolvedShop) -> None:
    asked = [await shop.ask(DONE + timedelta(minutes=minute)) for minute in range(20)]
    looked_at = await asyncio.gather(*(shop.count() for _ in range(4)))
    assert sum(looked_at) >= 20
    assert await shop.ledger() == {each.turn_id: STANDS for each in asked}


async def test_a_worker_that_dies_in_between_leaves_nothing_half_done(shop: ResolvedShop) -> None:
    asked = await shop.ask(DONE)
    account = await shop.house.entitlements.read_account(shop.shop_id)

    async def die() -> None:
        async with shop.house.database.connection(shop.shop_id) as connection:
            assert await shop.house.resolutions._count_next_due(connection, shop.shop_id, account)
            raise RuntimeError("killed")

    with pytest.raises(RuntimeError, match="killed"):
        await die()
    assert await shop.ledger() == {}
    assert await shop.count() == 1
    assert await shop.ledger() == {asked.turn_id: STANDS}


async def test_what_is_counted_is_not_counted_again_when_looked_at_again(shop: ResolvedShop) -> None:
    first = await shop.ask(DONE)
    await shop.count()
    second = await shop.ask(timedelta(hours=1), first.conversation_id)
    [due] = await shop.sql("SELECT due_at FROM resolution_due WHERE shop_id = $1")
    assert due["due_at"] == second.at + WHOLE
    await shop.sql("UPDATE resolution_due SET due_at = now() - interval '1 hour' WHERE shop_id = $1")
    assert await shop.count() == 1
    assert await shop.ledger() == {first.turn_id: STANDS}
    [due] = await shop.sql("SELECT due_at FROM resolution_due WHERE shop_id = $1")
    assert due["due_at"] == second.at + WHOLE


async def test_nothing_is_final_before_the_window_has_closed_and_settled(shop: ResolvedShop) -> None:
    await shop.ask(WHOLE - MOMENT)
    await shop.ask(WHOLE + COMMIT_DELAY - MOMENT)
    closed = await shop.ask(WHOLE + COMMIT_DELAY + MOMENT)
    await shop.count()
    assert await shop.ledger() == {closed.turn_id: STANDS}


async def test_an_answer_that_comes_while_its_conversation_is_let_go_is_looked_at_later(shop: ResolvedShop) -> None:
    first = await shop.ask(DONE)
    account = await shop.house.entitlements.read_account(shop.shop_id)
    async with shop.house.database.connection(shop.shop_id) as connection:
        assert await shop.house.resolutions._count_next_due(connection, shop.shop_id, account)
        coming = asyncio.create_task(shop.ask(timedelta(hours=1), first.conversation_id))
        waits = "SELECT FROM pg_stat_activity WHERE pg_backend_pid() = ANY(pg_blocking_pids(pid))"
        for _ in range(20_000):
            if await connection.fetch(waits):
                break
        else:
            pytest.fail("the answer did not wait")
    second = await coming
    [due] = await shop.sql("SELECT due_at FROM resolution_due WHERE shop_id = $1")
    assert due["due_at"] == second.at + WHOLE


# taken back --------------------------------------------------------------------------------------------------------


async def take_back(shop: ResolvedShop, asked: Asked, how: str) -> None:
    at = asked.at + QUIET_PERIOD + timedelta(hours=1)
    match how:
        case "request":
            await shop.request(asked, at)
        case "staff":
            await shop.write(asked, "staff", at)
        case "down":
            await shop.rate(asked, "down", at)
        case "words":
            await shop.ask(shop.now - at, asked.conversation_id, kind="human")


@pytest.mark.parametrize("how", ["request", "staff", "down", "words"])
async def test_a_shopper_who_comes_back_unhappy_takes_it_back(shop: ResolvedShop, how: str) -> None:
    asked = await shop.ask(DONE + timedelta(days=2))
    await take_back(shop, asked, how)
    await shop.count()
    assert await shop.ledger() == {asked.turn_id: RETURNED}
    kinds = await shop.sql("SELECT kind, quantity FROM usage_entry WHERE shop_id = $1 AND kind <> 'answer' ORDER BY 1")
    assert [tuple(row) for row in kinds] == [("resolution", 1), ("resolution_refund", -1)]
    assert await shop.tell() == 0


async def test_coming_back_with_another_question_is_a_case_of_its_own(shop: ResolvedShop) -> None:
    first = await shop.ask(DONE + timedelta(hours=30))
    second = await shop.ask(DONE, first.conversation_id)
    await shop.count()
    assert await shop.ledger() == {first.turn_id: STANDS, second.turn_id: STANDS}


async def test_every_request_leaves_its_mark_whatever_comes_after(shop: ResolvedShop) -> None:
    """A request while one waits, and one after staff have closed it, both overwrite what the conversation says."""
    asked = await shop.ask(DONE)
    for state in ("waiting", "closed", "waiting"):
        await shop.sql("UPDATE conversation SET state = $2 WHERE shop_id = $1", state)
        async with shop.house.database.connection(shop.shop_id) as connection:
            await request_handoff(connection, shop.shop_id, asked.conversation_id, "waiting", None)
    marks = await shop.sql("SELECT at FROM conversation_mark WHERE shop_id = $1 AND rating IS NULL")
    assert len(marks) == 3


async def test_marks_can_only_be_added(shop: ResolvedShop) -> None:
    await shop.rate(await shop.ask(OPEN), "down", shop.now)
    for change in ("UPDATE conversation_mark SET rating = 'up'", "DELETE FROM conversation_mark"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with shop.house.database.connection(shop.shop_id) as connection:
                await connection.execute(f"{change} WHERE shop_id = $1", shop.shop_id)


async def test_a_rating_thought_over_afterwards_changes_nothing(shop: ResolvedShop) -> None:
    returned, stands = await shop.ask(DONE + QUIET_PERIOD), await shop.ask(DONE + QUIET_PERIOD)
    await shop.rate(returned, "down", returned.at + QUIET_PERIOD + MOMENT)
    await shop.count()
    await shop.rate(returned, "up", shop.now)
    await shop.rate(stands, "down", shop.now)
    assert await shop.ledger() == {returned.turn_id: RETURNED, stands.turn_id: STANDS}
    _, audit = await shop.house.audits.recompute(shop.shop_id, None)
    assert audit.resolutions
    assert (audit.resolutions.missing, audit.resolutions.surplus, audit.resolutions.returned) == ((), (), 1)


# whose -------------------------------------------------------------------------------------------------------------


async def test_an_erased_conversation_leaves_no_resolution(shop: ResolvedShop) -> None:
    early, late = await shop.ask(DONE), await shop.ask(OPEN)
    await shop.count()
    async with shop.house.database.session(shop.shop_id) as session:
        await erase_conversations(session, shop.shop_id, [early.conversation_id, late.conversation_id])
    assert await shop.sql("SELECT FROM resolution_due WHERE shop_id = $1") == []
    assert await shop.sql("SELECT FROM conversation_mark WHERE shop_id = $1") == []
    assert await shop.ledger() == {early.turn_id: STANDS}
    _, audit = await shop.house.audits.recompute(shop.shop_id, None)
    assert audit.resolutions
    assert (audit.resolutions.final, audit.resolutions.erased, audit.resolutions.billed) == (1, 1, 1)
    assert audit.difference == 0


async def test_another_shops_conversation_is_never_counted(shop: ResolvedShop, installation: Installation) -> None:
    async with resolved_shop(installation) as other:
        theirs = await other.ask(DONE)
        assert await shop.count() == 0
        ours = await shop.ask(DONE)
        holds = await shop.house.entitlements.get_entitlement(shop.shop_id)
        found = await shop.house.resolutions.list_around(shop.shop_id, holds.period, shop.now)
        assert [each.turn_id for each in found] == [ours.turn_id]
        due = await list_shops_with_due_resolutions(shop.house.database, COMMIT_DELAY)
        assert {shop.shop_id, other.shop_id} <= set(due)
        await shop.count()
        await other.count()
        assert (await shop.ledger(), await other.ledger()) == ({ours.turn_id: STANDS}, {theirs.turn_id: STANDS})


# what is shown -----------------------------------------------------------------------------------------------------


async def test_the_overview_counts_each_in_the_period_it_happens_in(shop: ResolvedShop) -> None:
    await shop.ask(timedelta(hours=1))  # not reached yet
    await shop.ask(OPEN)
    for _ in range(2):
        await shop.ask(DONE)
    await take_back(shop, await shop.ask(DONE + timedelta(days=2)), "down")
    await shop.ask(timedelta(days=BEGAN_DAYS + 2))  # reached before the period, final in it
    await shop.ask(timedelta(days=BEGAN_DAYS + 5))  # final before it
    await shop.count()
    view = await BillingOverview(shop.house.database, shop.house.entitlements, shop.house.resolutions).get_billing(
        shop.shop_id
    )
    assert view.resolutions
    found = view.resolutions
    assert (found.reached, found.returned, found.final, found.each_minor) == (4, 1, 3, EACH)
    assert found.spent_minor == 3 * EACH


async def test_other_plans_have_no_resolutions_to_show(shop: ResolvedShop) -> None:
    await shop.set_state(plan_lookup_key=STARTER.lookup_key)
    view = await BillingOverview(shop.house.database, shop.house.entitlements, shop.house.resolutions).get_billing(
        shop.shop_id
    )
    assert view.resolutions is None


# what the database knows of it -------------------------------------------------------------------------------------


@pytest.mark.parametrize("plan", BY_RESOLUTION, ids=lambda plan: plan.lookup_key)
async def test_the_database_knows_plan_and_windows(shop: ResolvedShop, plan: object) -> None:
    asked = await shop.ask(timedelta(hours=1), plan=plan.lookup_key)  # type: ignore[attr-defined]
    [due] = await shop.sql("SELECT due_at FROM resolution_due WHERE shop_id = $1")
    assert due["due_at"] - asked.at == QUIET_PERIOD + RETURN_WINDOW == WHOLE


async def test_the_set_up_makes_both_meters_and_the_price(shop: ResolvedShop) -> None:
    meters = {each["event_name"]: each["id"] for each in shop.house.standin.objects("billing.meter")}
    assert set(meters) == {ANSWERS, RESOLUTIONS}
    prices = {each["lookup_key"]: each for each in shop.house.standin.objects("price")}
    price = prices["aisle_resolution_v1_resolutions"]
    assert (price["unit_amount"], price["recurring"]["meter"]) == (60, meters[RESOLUTIONS])
    assert prices["aisle_pro_v1_overage"]["recurring"]["meter"] == meters[ANSWERS]
    catalog = StripeCatalog("sk_test_bench", api_base=shop.house.standin.url)
    try:
        again = await catalog.set_up([RESOLUTION, STARTER])
    finally:
        await catalog.close()
    assert not any(entry.is_new or entry.problem for entry in again)
