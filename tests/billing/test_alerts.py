"""Alerts: told when they are reached, each once, to the owners, in words that say what to do."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from billing.alerts import Alert, Alerts, alerts_at
from billing.entitlement import Entitlement
from billing.period import calendar_month
from billing.plans import PRO, STARTER, TRIAL, UNLIMITED, Plan
from server.billing import storage
from server.billing.notifications import NOTICE, SendBillingNotice, render_notice
from server.core.crypto import Vault
from server.core.errors import QuotaExceeded
from server.core.ids import new_id
from server.core.jobs import claim, enqueue
from server.shops.members import Members
from server.shops.models import Role
from server.shops.service import ShopService
from tests.billing.counted_shop import CountedShop, counted_shop
from tests.billing.plan_house import fill
from tests.installation import Installation
from tests.passwords import QUICK


@pytest.fixture
async def shop(installation: Installation) -> AsyncIterator[CountedShop]:
    async with counted_shop(installation) as made:
        yield made


async def told(shop: CountedShop) -> list[str]:
    """Notices that were asked for."""
    rows = await shop.sql("SELECT payload ->> 'kind' AS kind FROM job WHERE shop_id = $1 AND kind = 'billing.notice'")
    return sorted(row["kind"] for row in rows)


async def choose(shop: CountedShop, *at_percents: int, spent_minor: int | None = None) -> None:
    async with shop.database.connection(shop.id) as connection:
        await storage.save_alerts(connection, shop.id, at_percents, spent_minor)
    shop.entitlements.invalidate(shop.id)


@given(
    plan=st.sampled_from([TRIAL, STARTER, PRO]),
    percents=st.lists(st.integers(1, 100), unique=True, max_size=5).map(tuple),
    spent=st.none() | st.integers(1, 300),
)
def test_counting_one_by_one_each_is_reached_once(plan: Plan, percents: tuple[int, ...], spent: int | None) -> None:
    alerts = Alerts(percents, spent)
    included, each = plan.answers or 0, plan.overage_minor or 0
    reached = [
        alert
        for used in range(1, included + (300 if each else 0) + 1)
        for alert in alerts_at(alerts, plan, used, max(0, used - included) * each)
    ]
    wanted = [Alert("share", percent) for percent in percents]
    wanted += [Alert("spent", spent)] if spent is not None and plan.overage_minor else []
    assert sorted(reached, key=repr) == sorted(wanted, key=repr)


@pytest.mark.parametrize(
    ("alerts", "used", "spent_minor", "expected"),
    [
        (Alerts(), 799, 0, ()),
        (Alerts(), 800, 0, (Alert("share", 80),)),
        (Alerts(), 801, 0, ()),
        (Alerts((33,)), 330, 0, (Alert("share", 33),)),
        (Alerts((100,)), 1_000, 0, (Alert("share", 100),)),
        (Alerts((), 500), 1_100, 500, (Alert("spent", 500),)),  # an answer is 5
        (Alerts((), 501), 1_100, 500, ()),
        (Alerts((), 501), 1_101, 505, (Alert("spent", 501),)),
        (Alerts((), 500), 1_101, 505, ()),
        (Alerts((), 500), 900, 500, ()),  # spent under an earlier plan
        (Alerts((), 500), 1_000, 500, ()),
    ],
)
def test_when_an_alert_is_reached(alerts: Alerts, used: int, spent_minor: int, expected: tuple[Alert, ...]) -> None:
    assert alerts_at(alerts, STARTER, used, spent_minor) == expected
    assert alerts_at(alerts, UNLIMITED, used, spent_minor) == ()


async def test_what_was_chosen_is_told_once_however_many_answer_at_once(shop: CountedShop) -> None:
    await choose(shop, 50, 100)
    await shop.use(90)
    assert all(await asyncio.gather(*(shop.answer(new_id()) for _ in range(20))))  # half of 200 is among them
    assert await told(shop) == ["share:50"]
    await shop.sql("UPDATE quota_period SET answers_used = 199 WHERE shop_id = $1")
    assert await shop.answer(new_id())
    assert await told(shop) == ["share:100", "share:50"]
    assert not await shop.answer(new_id())
    assert await told(shop) == ["limit", "share:100", "share:50"]


async def test_without_a_choice_four_fifths_are_told_and_nothing_can_be_chosen_away_at_the_limit(
    shop: CountedShop,
) -> None:
    await shop.use(159)
    assert await shop.answer(new_id())
    assert await told(shop) == ["share:80"]
    await choose(shop)
    await shop.sql("UPDATE quota_period SET answers_used = 200 WHERE shop_id = $1")
    assert not await shop.answer(new_id())
    assert await told(shop) == ["limit", "share:80"]


async def test_a_sum_spent_beyond_the_plan_is_told(shop: CountedShop) -> None:
    await shop.subscribe(overage_item_id="si_overage")
    await shop.sql("UPDATE subscription SET overage = true WHERE shop_id = $1")
    await choose(shop, spent_minor=10)
    await shop.use(STARTER.answers or 0)
    assert [await shop.answer(new_id()) for _ in range(3)] == [True] * 3
    assert await told(shop) == ["spent:10"]


async def test_what_no_longer_fits_is_told_where_nobody_was_refused_to_their_face(shop: CountedShop) -> None:
    allowance = await shop.plan_limits.find_allowance(shop.id, "products")
    assert allowance
    await fill(shop.owner_url, shop.id, products=allowance.limit + 1)
    async with shop.database.connection(shop.id) as connection:
        assert await shop.plan_limits.count_remaining(connection, shop.id, allowance, locks=True) == -1
    assert await told(shop) == ["stock:products"]
    members = Members(shop.database, shop.plan_limits, QUICK)
    for number in range(TRIAL.seats or 0):
        await members.add(shop.id, f"{number}@{shop.id.hex}.example", "a-password", "", Role.AGENT)
    with pytest.raises(QuotaExceeded):
        await members.add(shop.id, f"more@{shop.id.hex}.example", "a-password", "", Role.AGENT)
    assert await told(shop) == ["stock:products"]


def entitlement(plan: Plan) -> Entitlement:
    return Entitlement(plan=plan, state="active", period=calendar_month(datetime(2026, 3, 5, tzinfo=UTC)))


@pytest.mark.parametrize(
    ("notice", "plan", "words"),
    [
        ("share:80", STARTER, "you have used 80% of this period's answers"),
        ("share:80", STARTER, "Your plan, Starter, includes 1,000 answers until 1 April 2026"),
        ("spent:1234", PRO, "your usage charges have reached $12.34"),
        ("stock:storage_mb", TRIAL, "your plan has no room for more text and pictures"),
        ("key:2f", STARTER, "Shoppers who use this key"),
        ("limit", STARTER, "you have no answers left in this period"),
        ("limit", STARTER, "Pro includes 5,000 answers."),
        ("limit", TRIAL, "Starter includes 1,000 answers."),
    ],
)
def test_the_words_say_what_happened_and_the_way_on(notice: str, plan: Plan, words: str) -> None:
    assert words in "\n".join(structs.astuple(render_notice(notice, entitlement(plan))))


class MailStub:
    """Implements `SendsMail`."""

    def __init__(self) -> None:
        self.subjects: list[str] = []

    async def send(self, to: str, subject: str, text: str) -> None:
        self.subjects.append(subject)


@pytest.mark.parametrize(
    ("status", "notice", "mails"),
    [
        ("past_due", "state:grace", 1),
        ("active", "state:grace", 0),
        ("active", "state:ended", 0),
        ("past_due", "state:past_due", 0),
        ("active", "share:80", 1),
    ],
)
async def test_a_state_that_has_passed_meanwhile_is_not_told(
    shop: CountedShop, status: str, notice: str, mails: int
) -> None:
    await shop.subscribe(status=status)
    members, mailer = Members(shop.database, shop.plan_limits, QUICK), MailStub()
    await members.add(shop.id, f"owner@{shop.id.hex}.example", "a-password", "", Role.OWNER)
    async with shop.database.connection(shop.id) as connection:  # due later than any test lasts, so no worker takes it
        later = datetime.now(UTC) + timedelta(days=1)
        job_id = await enqueue(connection, shop.id, NOTICE, {"kind": notice}, due_at=later)
    job = await claim(shop.database, shop.id, job_id)
    assert job
    shops = ShopService(shop.database, Vault(("a-test-secret-of-more-than-32-characters",)))
    await SendBillingNotice(shop.entitlements, shops, members, mailer, "https://aisle.example")(job)
    kept = await shop.sql("SELECT details FROM audit_entry WHERE shop_id = $1 AND action = 'billing.notice'")
    assert (len(mailer.subjects), len(kept)) == (mails, mails)
    assert (await shop.sql("SELECT state FROM job WHERE shop_id = $1 AND id = $2", job_id))[0]["state"] == "done"


def test_alerts_over_http(installation: Installation) -> None:
    shop, other = installation.create_shop("Told"), installation.create_shop("Another")
    with installation.merchant(shop) as merchant, installation.merchant(other) as stranger:
        assert merchant.get("/v1/billing/alerts").json() == {"at_percents": [80], "spent_minor": None}
        chosen = merchant.put("/v1/billing/alerts", json={"at_percents": [90, 50, 50], "spent_minor": 2_500})
        assert (chosen.status_code, chosen.json()) == (200, {"at_percents": [50, 90], "spent_minor": 2_500})
        assert merchant.get("/v1/billing/alerts").json() == chosen.json()
        assert stranger.get("/v1/billing/alerts").json() == {"at_percents": [80], "spent_minor": None}
        wrong: list[Any] = [{"at_percents": [0]}, {"at_percents": [101]}, {"at_percents": [1] * 6}, {"spent_minor": 5}]
        wrong += [{"at_percents": [], "spent_minor": 0}, {"at_percents": "80"}, {"at_percents": [], "more": 1}]
        for body in wrong:
            refused = merchant.put("/v1/billing/alerts", json=body)
            assert (refused.status_code, refused.headers["Content-Type"]) == (422, "application/problem+json"), body
        assert merchant.get("/v1/billing/alerts").json() == chosen.json()
