"""A life at Stripe, recorded once; then told anew in any order, more than once, and with losses. What a shop may have
in the end, and what was counted on the way, is always the same."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID

import asyncpg
import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from billing.entitlement import entitlement_of
from billing.gateway import Event
from billing.quota import Spent
from server.billing import storage
from server.billing.entitlement_service import EntitlementService
from server.billing.payment_inbox import PaymentInbox
from server.billing.plan_limits import ShopQuota
from server.billing.schedule import REFRESH_AFTER
from server.billing.service import BillingService
from server.core.crypto import Vault, app_role_password
from server.core.database import Database, url_for_role
from server.core.ids import new_id
from server.shops.members import Members
from server.shops.service import ShopService
from tests.billing.recorded_life import SECRET, Step, Told, record
from tests.installation import Installation
from tests.passwords import QUICK

DAY_S = 86_400
ANSWER = Spent(is_billable=True)


Delivery = tuple[int, int, int]
"""(number of the event, step after which it is delivered, place among those of the step); after the last: never."""


@dataclass
class Retold:
    """A shop that is told the recorded life in its own way."""

    shop_id: UUID
    database: Database
    entitlements: EntitlementService
    quota: ShopQuota
    told: Told
    inbox: PaymentInbox
    billing: BillingService
    owner_url: str
    answers: list[tuple[int, bool]] = field(default_factory=list)

    async def deliver(self, event: Event) -> None:
        """The webhook, and the job that it leads to, if any."""
        await self.inbox.receive(msgspec.json.encode(event), "")
        async with self.database.connection(self.shop_id) as connection:
            waiting = await storage.list_open_events(connection, self.shop_id)
        if waiting:
            await self.billing.refresh(self.shop_id)
            async with self.database.connection(self.shop_id) as connection:
                await storage.finish_events(connection, self.shop_id, waiting)

    async def reconcile(self) -> None:
        """A day without news has passed."""
        owner = await asyncpg.connect(self.owner_url)
        await owner.execute(
            "UPDATE subscription SET refreshed_at = now() - $2::interval WHERE shop_id = $1",
            self.shop_id,
            REFRESH_AFTER,
        )
        await owner.close()
        assert self.shop_id in await storage.list_shops_with_stale_subscriptions(self.database, REFRESH_AFTER)
        await self.billing.refresh(self.shop_id)

    async def answer(self, step: int) -> None:
        """One question of a shopper."""
        turn_id = new_id()
        async with self.database.connection(self.shop_id) as connection:
            held = await self.quota.reserve(connection, self.shop_id, turn_id, None)
        if held:
            async with self.database.connection(self.shop_id) as connection:
                await self.quota.settle(connection, self.shop_id, turn_id, ANSWER)
        self.answers.append((step, held))

    async def ledger(self) -> list[tuple[object, ...]]:
        """(plan, period, overage) of each entry, in their order."""
        async with self.database.connection(self.shop_id) as connection:
            rows = await connection.fetch(
                "SELECT plan, period_start, is_overage FROM usage_entry WHERE shop_id = $1 ORDER BY at", self.shop_id
            )
        return [tuple(row) for row in rows]


class MovedClock:
    """Stands in for `datetime` where the server asks what time it is."""

    at = datetime(2027, 3, 2, tzinfo=UTC)

    @classmethod
    def now(cls, zone: object) -> datetime:
        return cls.at


@dataclass
class House:
    """What all retellings share."""

    database: Database
    vault: Vault
    owner_url: str
    steps: list[Step]

    async def retold(self) -> Retold:
        shops = ShopService(self.database, self.vault)
        made = await shops.create("Retold", ())
        customer_id = f"cus_{made.shop_id.hex}"
        entitlements = EntitlementService(self.database, billing=True)
        told = Told([_of(step, customer_id) for step in self.steps], customer_id)
        async with self.database.connection(made.shop_id) as connection:
            await storage.add_customer(connection, made.shop_id, customer_id)
        members = Members(self.database, passwords=QUICK)
        return Retold(
            made.shop_id,
            self.database,
            entitlements,
            ShopQuota(entitlements),
            told,
            PaymentInbox(self.database, _nobody, told, (SECRET,)),  # type: ignore[arg-type]
            BillingService(self.database, entitlements, told, None, shops, members, "http://127.0.0.1:1"),  # type: ignore[arg-type]
            self.owner_url,
        )


async def _nobody(_shop_id: UUID, _job_id: UUID) -> None:
    """The retelling runs the jobs itself."""


def _of(step: Step, customer_id: str) -> Step:
    """The step as if this customer had lived it."""
    replaced = msgspec.structs.replace
    return replaced(
        step,
        subscriptions=tuple(replaced(each, customer_id=customer_id) for each in step.subscriptions),
        events=tuple(
            replaced(each, id=f"{each.id}_{customer_id}", customer_id=customer_id if each.customer_id else None)
            for each in step.events
        ),
    )


@pytest.fixture
async def house(installation: Installation, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[House]:
    secret = (installation.data_dir / "secret.key").read_text().strip()
    database = Database(url_for_role(installation.owner_url, "aisle_app", app_role_password(secret)), pool_size=4)
    await database.open()
    steps = await record()
    for module in ("server.billing.entitlement_service", "server.billing.plan_limits"):
        monkeypatch.setattr(f"{module}.datetime", MovedClock)
    yield House(database, Vault((secret,)), installation.owner_url, steps)
    await database.close()


def numbered(steps: list[Step]) -> list[tuple[int, Event]]:
    """(step it happened in, event) of all."""
    return [(number, event) for number, step in enumerate(steps) for event in step.events]


async def retell(house: House, deliveries: list[Delivery]) -> Retold:
    """The life from its beginning, with the events delivered so. A step that took days sees the daily round before the
    next question."""
    retold = await house.retold()
    events = [event for _, event in numbered(retold.told.steps)]
    for number, step in enumerate(retold.told.steps):
        days = (step.at - MovedClock.at).total_seconds() / DAY_S if number else 0.0
        MovedClock.at, retold.told.now = step.at, number
        retold.entitlements.invalidate(retold.shop_id)
        due = sorted((place, index) for index, after, place in deliveries if after == number)
        if step.by_merchant:
            await retold.billing.refresh(retold.shop_id)
        for _, index in due[::2]:
            await retold.deliver(events[index])
        if days >= 1:
            await retold.reconcile()
        await retold.answer(number)
        for _, index in due[1::2]:
            await retold.deliver(events[index])
    await retold.reconcile()
    return retold


def test_the_recorded_life_has_what_matters(house: House) -> None:
    told = {event.type for _, event in numbered(house.steps)}
    assert {
        "customer.subscription.created",
        "customer.subscription.updated",
        "customer.subscription.deleted",
        "invoice.paid",
        "invoice.payment_failed",
        "charge.refunded",
        "charge.dispute.created",
    } <= told
    statuses = [step.subscriptions[0].status for step in house.steps]
    assert statuses == [
        "trialing",
        "active",
        "active",
        "active",
        "past_due",
        "active",
        "active",
        "active",
        "canceled",
        "active",
    ]


@settings(
    max_examples=settings().max_examples // 5,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(data=st.data())
async def test_any_order_any_repeats_any_losses(house: House, data: st.DataObject) -> None:
    steps = house.steps
    usual = [(index, step, index) for index, (step, _) in enumerate(numbered(steps))]
    expected = await retell(house, usual)
    count = len(steps)
    deliveries: list[Delivery] = []
    for index, step, _ in usual:
        copies = data.draw(st.integers(0, 2), label=f"copies of event {index}")  # none: it is lost
        for _ in range(copies):
            after = data.draw(st.integers(step, count), label="after step")
            deliveries.append((index, after, data.draw(st.integers(0, 99), label="place")))
    found = await retell(house, deliveries)
    assert await found.ledger() == await expected.ledger()
    assert found.answers == expected.answers
    last = steps[-1]
    truth = entitlement_of(last.subscriptions[0], trial_began=last.at, unpaid_since=None, now=last.at)
    for retold in (found, expected):
        holds = await retold.entitlements.get_entitlement(retold.shop_id)
        assert msgspec.structs.replace(holds, pays_overage=truth.pays_overage) == truth


async def test_the_ledger_of_the_life(house: House) -> None:
    """Every question but the one after the end is answered and counted, each in its own period."""
    retold = await retell(house, [])
    assert [held for _, held in retold.answers] == [True] * 8 + [False, True]
    entries = await retold.ledger()
    assert [plan for plan, _, _ in entries] == ["aisle_starter_v1"] * 2 + ["aisle_pro_v1"] * 7
    assert len({period for _, period, _ in entries}) == 5
    assert not any(is_overage for _, _, is_overage in entries)
