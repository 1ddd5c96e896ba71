"""Quotas in the database: any number at once, processes that die, turns that end twice, keys with limits."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

import asyncpg
import msgspec
import pytest

from billing.bill import recount
from billing.plans import STARTER, TRIAL
from billing.quota import Spent
from server.billing import storage
from server.billing.audit import Auditor
from server.billing.entitlements import Entitlements
from server.billing.ledger import storage as ledger
from server.billing.quota import RESERVATION_LIVES_S, ShopQuota
from server.core.crypto import app_role_password
from server.core.database import Database, url_for_role
from server.core.ids import new_id
from tests.billing.test_entitlement import subscription
from tests.installation import Installation

ANSWER = Spent(is_billable=True, tokens=10)
NOTHING = Spent(is_billable=False)


@dataclass
class Shop:
    """A shop of the running installation whose plan the tests set."""

    id: UUID
    database: Database
    entitlements: Entitlements
    quota: ShopQuota
    owner_url: str

    async def reserve(self, turn_id: UUID | None = None, key_id: UUID | None = None) -> bool:
        async with self.database.fast(self.id) as connection:
            return await self.quota.reserve(connection, self.id, turn_id or new_id(), key_id)

    async def settle(self, turn_id: UUID, spent: Spent = ANSWER) -> None:
        async with self.database.fast(self.id) as connection:
            await self.quota.settle(connection, self.id, turn_id, spent)

    async def answer(self, turn_id: UUID) -> bool:
        held = await self.reserve(turn_id)
        if held:
            await self.settle(turn_id)
        return held

    async def counts(self, scope: str = "") -> tuple[int, int]:
        """(used, reserved)"""
        holds = await self.entitlements.of(self.id)
        async with self.database.fast(self.id) as connection:
            row = await storage.find_counts(connection, self.id, scope, holds.period.start)
        return (row["answers_used"], row["answers_reserved"]) if row else (0, 0)

    async def subscribe(self, **changes: object) -> None:
        """As if Stripe had told us just now."""
        now = datetime.now(UTC)
        state = subscription(
            **{"plan_lookup_key": STARTER.lookup_key, "period_start": now, "period_end": now + timedelta(days=30)}
            | changes  # type: ignore[arg-type]
        )
        async with self.database.fast(self.id) as connection:
            await storage.add_customer(connection, self.id, f"cus_{self.id.hex}")
            row = await storage.find_account(connection, self.id)
            await storage.save_subscription(
                connection, self.id, msgspec.json.encode(state).decode(), None, row["read_at"]
            )
        self.entitlements.forget(self.id)

    async def use(self, answers: int) -> None:
        """As many answers as if given long ago, without a ledger entry each."""
        holds = await self.entitlements.of(self.id)
        owner = await asyncpg.connect(self.owner_url)
        await owner.execute(
            "INSERT INTO quota_period (shop_id, scope, period_start, answers_used) VALUES ($1, '', $2, $3)",
            self.id,
            holds.period.start,
            answers,
        )
        await owner.close()

    async def expire(self) -> None:
        owner = await asyncpg.connect(self.owner_url)
        await owner.execute("UPDATE quota_reservation SET expires_at = now() WHERE shop_id = $1", self.id)
        await owner.close()


@pytest.fixture
async def shop(installation: Installation) -> AsyncIterator[Shop]:
    secret = (installation.data_dir / "secret.key").read_text().strip()
    database = Database(url_for_role(installation.owner_url, "aisle_app", app_role_password(secret)), pool_size=12)
    await database.open()
    entitlements = Entitlements(database, billing=True)
    shop_id = UUID(installation.create_shop("Counted").shop_id)
    yield Shop(shop_id, database, entitlements, ShopQuota(entitlements), installation.owner_url)
    await database.close()


async def test_five_hundred_at_once_and_twenty_left_are_twenty(shop: Shop) -> None:
    await shop.use((TRIAL.answers or 0) - 20)
    turns = [new_id() for _ in range(500)]
    held = await asyncio.gather(*(shop.reserve(turn) for turn in turns))
    assert sum(held) == 20
    assert await shop.counts() == (TRIAL.answers - 20, 20)  # type: ignore[operator]
    await asyncio.gather(*(shop.settle(turn) for turn, was in zip(turns, held, strict=True) if was))
    assert await shop.counts() == (TRIAL.answers, 0)
    assert not await shop.reserve()


async def test_what_is_not_billable_comes_back(shop: Shop) -> None:
    await shop.use((TRIAL.answers or 0) - 1)
    first, second = new_id(), new_id()
    assert await shop.reserve(first)
    assert not await shop.reserve(second)
    await shop.settle(first, NOTHING)
    assert await shop.reserve(second)


async def test_a_turn_counts_once_however_often_it_ends(shop: Shop) -> None:
    turn = new_id()
    assert await shop.reserve(turn)
    await asyncio.gather(*(shop.settle(turn) for _ in range(8)), return_exceptions=True)
    await shop.settle(turn)
    assert await shop.counts() == (1, 0)


async def test_what_a_dead_process_held_is_given_back_before_anybody_is_refused(shop: Shop) -> None:
    await shop.use((TRIAL.answers or 0) - 2)
    lost = new_id()
    assert await shop.reserve(lost)
    assert await shop.reserve()
    assert not await shop.reserve()
    await shop.expire()
    assert await shop.reserve()
    await shop.settle(lost)  # it was not dead after all: its answer was delivered, so it counts
    assert (await shop.counts())[0] == (TRIAL.answers or 0) - 1
    assert RESERVATION_LIVES_S > 75  # longer than a turn may take


async def test_a_rolled_back_question_holds_nothing(shop: Shop) -> None:
    class Gone(Exception):
        pass

    with pytest.raises(Gone):
        async with shop.database.fast(shop.id) as connection:
            assert await shop.quota.reserve(connection, shop.id, new_id(), None)
            raise Gone
    assert await shop.counts() == (0, 0)


async def test_a_key_has_a_limit_of_its_own(shop: Shop, installation: Installation) -> None:
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


async def test_answers_beyond_the_plan_up_to_the_spending_cap(shop: Shop) -> None:
    await shop.subscribe()
    included, each = STARTER.answers or 0, STARTER.overage_minor or 1
    await shop.use(included)
    assert not await shop.reserve()  # not chosen: the plan's limit is the end
    async with shop.database.fast(shop.id) as connection:
        await storage.save_choices(connection, shop.id, overage=True, spending_cap_minor=3 * each)
    shop.entitlements.forget(shop.id)
    assert [await shop.answer(new_id()) for _ in range(5)] == [True, True, True, False, False]
    holds = await shop.entitlements.of(shop.id)
    async with shop.database.fast(shop.id) as connection:
        totals = await ledger.ledger_totals(connection, shop.id, holds.period.start)
        assert await ledger.add_meter_batch(connection, shop.id, new_id(), 100) == 3
        assert await ledger.add_meter_batch(connection, shop.id, new_id(), 100) == 0
    assert (totals["answers"], totals["overage"]) == (3, 3)


async def test_the_ledger_can_only_be_added_to(shop: Shop) -> None:
    assert await shop.answer(new_id())
    for change in (
        "UPDATE usage_entry SET quantity = 0 WHERE shop_id = $1",
        "DELETE FROM usage_entry WHERE shop_id = $1",
    ):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with shop.database.fast(shop.id) as connection:
                await connection.execute(change, shop.id)


async def test_an_older_answer_of_stripes_never_replaces_a_newer_one(shop: Shop) -> None:
    await shop.subscribe()
    async with shop.database.fast(shop.id) as connection:
        asked_first = (await storage.find_account(connection, shop.id))["read_at"]
    await shop.subscribe(status="canceled")
    late = msgspec.json.encode(subscription()).decode()
    async with shop.database.fast(shop.id) as connection:
        await storage.save_subscription(connection, shop.id, late, None, asked_first)
    assert (await shop.entitlements.of(shop.id)).state == "ended"


async def test_a_shop_without_turns_has_nothing_to_recount(shop: Shop) -> None:
    assert recount([]) == (0, (), ())
    assert await shop.answer(new_id())  # a ledger entry whose conversation is in no log
    _period, audit = await Auditor(shop.database, shop.entitlements, None).recompute(shop.id, None)
    assert (audit.ledger_answers, audit.erased_answers, audit.difference) == (1, 1, 0)
