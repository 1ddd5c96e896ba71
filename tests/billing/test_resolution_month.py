"""A month of conversations with returns, erasures, a cap and a change of plan: log, ledger, meter and invoice agree."""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from billing.bill import ResolutionEntry, audit_resolutions
from billing.plans import PRO, RESOLUTION, RESOLUTIONS
from billing.resolutions import QUIET_PERIOD
from server.commands.billing import _table
from server.privacy.storage import erase_conversations
from server.shops.models import Caller, Role
from tests.billing.resolved_shop import BEGAN_DAYS, WHOLE, Asked, ResolvedShop, resolved_shop
from tests.installation import Installation

SEED = 20_261_121
EACH = RESOLUTION.resolution_minor or 0
SHARES = {
    "settled": 60,
    "request": 6,
    "down": 8,
    "staff": 4,
    "thought over": 3,
    "asked in it": 7,
    "new case": 6,
    "open": 6,
}
FINAL, RETURNED = ("settled", "thought over", "new case"), ("request", "down", "staff")
DONE = WHOLE + timedelta(hours=1)


@pytest.fixture
async def shop(installation: Installation) -> AsyncIterator[ResolvedShop]:
    async with resolved_shop(installation) as found:
        yield found


async def happen(shop: ResolvedShop, chance: random.Random, what: str) -> Asked:
    """One conversation, its end known beforehand."""
    ago = timedelta(hours=chance.uniform(1, 90) if what == "open" else chance.uniform(130, BEGAN_DAYS * 24 - 1))
    asked = await shop.ask(ago)
    back = asked.at + QUIET_PERIOD + timedelta(hours=chance.uniform(0, 71.9))
    match what:
        case "request":
            await shop.request(asked, back)
        case "down":
            await shop.rate(asked, "down", back)
        case "staff":
            await shop.write(asked, "staff", back)
        case "thought over":
            await shop.rate(asked, "down", asked.at + QUIET_PERIOD)
            await shop.rate(asked, "up", back)
        case "asked in it":
            await shop.request(asked, asked.at + QUIET_PERIOD * chance.random())
        case "new case":
            await shop.ask(ago - timedelta(hours=30), asked.conversation_id)
    return asked


async def count_all(shop: ResolvedShop) -> None:
    """Rounds of two workers, until nothing is due."""
    while sum(await asyncio.gather(shop.count(), shop.count())):
        pass


@pytest.mark.parametrize("conversations", [300, pytest.param(2_400, marks=pytest.mark.exhaustive)])
async def test_a_month_adds_up(shop: ResolvedShop, conversations: int) -> None:
    chance, ends = random.Random(SEED), Counter[str]()
    asked: dict[str, list[Asked]] = {what: [] for what in SHARES}
    for what in chance.choices(list(SHARES), list(SHARES.values()), k=conversations):
        asked[what].append(await happen(shop, chance, what))
        ends[what] += 1
    await count_all(shop)
    final = sum(ends[what] for what in FINAL) + ends["new case"]
    returned = sum(ends[what] for what in RETURNED)
    assert await shop.tell() == final == shop.metered(RESOLUTIONS)

    erased = [each.conversation_id for each in (*asked["settled"][:7], *asked["down"][:3], *asked["open"][:2])]
    async with shop.house.database.session(shop.shop_id) as session:
        await erase_conversations(session, shop.shop_id, erased)
    period = (await shop.house.entitlements.get_entitlement(shop.shop_id)).period
    shop.house.standin.advance(to=int(period.end.timestamp()) + 2 * 3600)
    closed, audit = await shop.house.audits.recompute(shop.shop_id, None)
    found = audit.resolutions
    assert found
    assert (closed, found.final, found.returned, found.erased) == (period, final, returned, 10)
    assert found.billed == found.ledger_billed == found.reported == found.meter == final
    assert found.invoiced_minor == audit.bill.resolutions_minor == final * EACH > 0
    assert (audit.difference, audit.difference_minor) == (0, 0)
    assert audit.bill.total_minor == (RESOLUTION.price_minor or 0) + final * EACH
    printed = _table(closed, audit)
    assert f"{final:>12,}{returned:>14,}{final:>8,}" in printed
    assert "0 answers and resolutions" in printed


async def test_what_was_final_before_a_change_of_plan_is_on_its_invoice(shop: ResolvedShop) -> None:
    await shop.choose_cap(4 * EACH)
    for minute in range(5):
        await shop.ask(DONE + timedelta(minutes=minute))
    later = await shop.ask(timedelta(days=1))
    await count_all(shop)
    owner = Caller(shop_id=shop.shop_id, role=Role.OWNER, actor="test")
    preview = await shop.house.billing.preview_change(owner, "pro")
    assert [
        line.amount_minor for line in preview.lines if line.lookup_key == f"{RESOLUTION.lookup_key}_resolutions"
    ] == [4 * EACH]
    await shop.house.billing.change_plan(owner, "pro")
    holds = await shop.house.entitlements.get_entitlement(shop.shop_id)
    assert holds.plan == PRO

    # what becomes final under the new plan is free
    moved = timedelta(days=5)
    for table, column in (("message", "created_at"), ("turn", "started_at"), ("conversation", "created_at")):
        key = "id" if table == "conversation" else "conversation_id"
        await shop.sql(
            f"UPDATE {table} SET {column} = {column} - $3::interval WHERE shop_id = $1 AND {key} = $2",
            later.conversation_id,
            moved,
        )
    await shop.sql("UPDATE resolution_due SET due_at = due_at - $2::interval WHERE shop_id = $1", moved)
    await count_all(shop)
    assert (await shop.ledger())[later.turn_id] == (True, False)

    shop.house.standin.advance(to=int(holds.period.end.timestamp()) + 2 * 3600)
    _, audit = await shop.house.audits.recompute(shop.shop_id, None)
    assert audit.resolutions
    assert (audit.resolutions.final, audit.resolutions.billed, audit.resolutions.invoiced_minor) == (6, 4, 4 * EACH)
    assert (audit.difference, audit.difference_minor) == (0, 0)


async def test_what_does_not_agree_shows(shop: ResolvedShop) -> None:
    counted, hidden = await shop.ask(DONE), await shop.ask(DONE)
    await count_all(shop)
    await shop.tell()
    await shop.sql(
        "DELETE FROM usage_entry WHERE shop_id = $1 AND turn_id = $2 AND kind = 'resolution'", hidden.turn_id
    )
    await shop.write(counted, "staff", counted.at + QUIET_PERIOD / 2)
    _, audit = await shop.house.audits.recompute(shop.shop_id, None)
    assert audit.resolutions
    assert (audit.resolutions.missing, audit.resolutions.surplus) == ((hidden.turn_id,), (counted.turn_id,))
    assert audit.difference >= 2


def entry(*, billed: bool = True, returned: bool = False, logged: bool = True) -> ResolutionEntry:
    return ResolutionEntry(is_billed=billed, is_returned=returned, is_logged=logged, each_minor=EACH)


def test_every_kind_of_disagreement_counts() -> None:
    ledger = {
        "fine": entry(),
        "free": entry(billed=False),
        "back": entry(billed=False, returned=True),
        "erased": entry(logged=False),
        "says back": entry(billed=False, returned=True),
        "says stands": entry(),
        "unknown": entry(),
    }
    log = {"fine": True, "free": True, "back": False, "says back": True, "says stands": False, "missing": True}
    found = audit_resolutions(log, ledger, each_minor=EACH, reported=4, meter=3, invoiced_minor=None)
    assert found.missing == ("missing",)
    assert set(found.surplus) == {"says back", "says stands", "unknown"}
    assert (found.final, found.returned, found.erased) == (5, 2, 1)
    assert (found.billed, found.billed_minor, found.ledger_billed) == (3, 3 * EACH, 4)
    assert found.difference(is_over=True) == 1 + 3 + 1 + 1 + 0
