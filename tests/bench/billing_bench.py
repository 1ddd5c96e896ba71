"""A month of turns counted, told and billed; and what counting costs a turn. `python -m tests.bench.billing_bench`

--turns N      of the month (100,000)
--timed N      turns whose overhead is measured (2,000)"""

import argparse
import asyncio
import random
import statistics
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

from msgspec import Struct

from billing.answers import is_billable
from billing.bill import Audit
from billing.quota import Spent
from server.billing import quota_storage
from server.core.crypto import app_role_password
from server.core.ids import new_id
from server.embedded import EmbeddedServers
from server.migrations.migrate import migrate
from tests.bench.billing_house import House, house

METHOD = """\
Method. Embedded PostgreSQL with fsync on; reserve and settle as the chat calls them, each inside a transaction that the
turn opens anyway, so what is timed is the two calls with their round trips and waiting for the counter's lock, not the
commit. Every timed turn is of one shop, the worst case: its counter is one row. Compare ratios of one run only."""
BATCH = 500
SEED = 20_270_302
ENDS = (
    ("done", "answer", True, 0.80),
    ("done", "products", True, 0.06),
    ("done", "unknown", True, 0.05),
    ("failed", None, True, 0.02),
    ("failed", None, False, 0.01),
    ("stopped", None, True, 0.02),
    ("stopped", None, False, 0.01),
    ("interrupted", None, True, 0.02),
    ("lost", None, True, 0.005),
    ("late", "answer", True, 0.005),
)
"""State, kind of answer, whether the shopper got any of it, share. `lost`: the process died, its reservation expires
and the sweep ends the turn; `late`: it expired, and the answer came after all."""
RETRIED = 0.05
"""Share of turns whose end is saved a second time."""


class Turn(Struct, frozen=True):
    """One simulated turn; `state` and `kind` as the log will have them."""

    id: UUID
    state: str
    kind: str | None
    was_received: bool
    expires: bool

    @property
    def spent(self) -> Spent:
        """What the chat says of it when it ends."""
        return Spent(is_billable(self.state, self.kind, was_received=self.was_received), tokens=40)


class Month(Struct, frozen=True):
    """What came of a simulated month."""

    ends: Counter[str]
    billable: int
    audit: Audit
    counted: int
    held: int
    seconds: float


async def simulate(made: House, turns: int) -> Month:
    """The month: turns in batches, retried ends, dead processes, the meter, the renewal, a refund, the audit."""
    began = time.monotonic()
    chance, ends = random.Random(SEED), Counter[str]()
    billable = 0
    for first in range(0, turns, BATCH):
        batch = [_turn(chance, ends) for _ in range(min(BATCH, turns - first))]
        billable += sum(turn.spent.is_billable for turn in batch)
        await _run(made, batch, chance)
    account = await made.entitlements.read_account(made.shop_id)
    assert account.customer_id
    await made.usage_reporter.report_usage(made.shop_id, account.customer_id)
    holds = await made.entitlements.get_entitlement(made.shop_id)
    made.standin.advance(to=int(holds.period.end.timestamp()) + 2 * 3600)
    closed = next(each for each in made.standin.objects("invoice") if each["status"] == "paid" and each["amount_paid"])
    made.standin.refund(closed["id"], 500)
    async with made.database.connection(made.shop_id) as connection:
        counters = await quota_storage.find_counters(connection, made.shop_id, "", holds.period.start)
    _, audit = await made.audits.recompute(made.shop_id, None)
    seconds = time.monotonic() - began
    assert counters
    return Month(ends, billable, audit, counters.answers_used, counters.answers_reserved, seconds)


def _turn(chance: random.Random, ends: Counter[str]) -> Turn:
    state, kind, was_received, _ = chance.choices(ENDS, [end[3] for end in ENDS])[0]
    ends[f"{state} {kind or ''}".strip()] += 1
    expires = state in ("lost", "late")
    logged = {"lost": "interrupted", "late": "done"}.get(state, state)
    return Turn(new_id(), logged, kind, was_received, expires)


async def _run(made: House, batch: Sequence[Turn], chance: random.Random) -> None:
    async with made.database.connection(made.shop_id) as connection:
        for turn in batch:
            assert await made.quota.reserve(connection, made.shop_id, turn.id, None)
    expired = [turn.id for turn in batch if turn.expires]
    await made.owner.execute("UPDATE quota_reservation SET expires_at = now() WHERE turn_id = ANY($1)", expired)
    async with made.database.connection(made.shop_id) as connection:
        assert await quota_storage.release_expired_reservations(connection, made.shop_id) == len(expired)
    await _log(made, batch)
    again = [turn for turn in batch if chance.random() < RETRIED]
    async with made.database.connection(made.shop_id) as connection:
        for turn in (*batch, *again):
            await made.quota.settle(connection, made.shop_id, turn.id, turn.spent)


async def _log(made: House, batch: Sequence[Turn]) -> None:
    """The conversation log's rows, as the chat would have written them one by one."""
    now, talk = datetime.now(UTC), new_id()
    await made.owner.execute(
        "INSERT INTO conversation (shop_id, id, shopper_id) VALUES ($1, $2, $2)", made.shop_id, talk
    )
    columns = (
        "shop_id",
        "id",
        "conversation_id",
        "question_id",
        "answer_id",
        "state",
        "trace",
        "lease_until",
        "ended_at",
    )
    rows = [
        (made.shop_id, turn.id, talk, f"q{turn.id}", f"a{turn.id}", turn.state, _trace(turn), now, now)
        for turn in batch
    ]
    await made.owner.copy_records_to_table("turn", records=rows, columns=columns)
    answers = [
        (
            made.shop_id,
            talk,
            f"a{turn.id}",
            number,
            "assistant",
            turn.id,
            '[{"type":"text"}]' if turn.was_received else "[]",
        )
        for number, turn in enumerate(batch)
    ]
    columns = ("shop_id", "conversation_id", "id", "seq", "author", "turn_id", "parts")
    await made.owner.copy_records_to_table("message", records=answers, columns=columns)


def _trace(turn: Turn) -> str:
    return f'{{"kind": "{turn.kind}"}}' if turn.kind else "{}"


async def overhead_ms(made: House, turns: int, at_once: int, making_s: float) -> list[float]:
    """What reserve and settle took in each of so many turns, `at_once` of them at any time, each answer about
    `making_s` in the making."""
    took: list[float] = []
    chance = random.Random(SEED)

    async def visitor(count: int) -> None:
        for _ in range(count):
            turn_id = new_id()
            async with made.database.connection(made.shop_id) as connection:
                began = time.perf_counter()
                assert await made.quota.reserve(connection, made.shop_id, turn_id, None)
                reserving = time.perf_counter() - began
            await asyncio.sleep(making_s * chance.uniform(0.5, 1.5))
            async with made.database.connection(made.shop_id) as connection:
                began = time.perf_counter()
                await made.quota.settle(connection, made.shop_id, turn_id, Spent(is_billable=True, tokens=40))
                took.append((reserving + time.perf_counter() - began) * 1000)

    await asyncio.gather(*(visitor(turns // at_once) for _ in range(at_once)))
    return took


def _print_month(month: Month) -> None:
    audit = month.audit
    print(f"{sum(month.ends.values()):,} turns in {month.seconds:.0f} s: {dict(sorted(month.ends.items()))}")
    print(
        f"billable {month.billable:,}; log {audit.bill.answers:,}; ledger {audit.ledger_answers:,}; "
        f"counter {month.counted:,} (+{month.held} held)"
    )
    print(
        f"beyond the plan: log {audit.bill.overage:,}; ledger {audit.ledger_overage:,}; meter {audit.meter_overage:,}; "
        f"invoice {audit.invoiced_overage_minor:,} of {audit.bill.overage_minor:,} cents"
    )
    print(f"difference: {audit.difference} answers, {audit.difference_minor} cents")


async def _main(turns: int, timed: int) -> None:
    secret = "a secret of the bench that is long enough"
    with tempfile.TemporaryDirectory() as folder, EmbeddedServers(Path(folder)) as at:
        await migrate(at.database_url, "aisle_app", app_role_password(secret))
        async with house(at.database_url, secret) as made:
            await overhead_ms(made, 200, 1, 0.0)
            print(METHOD)
            for at_once, making_s in ((1, 0.0), (10, 0.5), (10, 0.0)):
                began = time.monotonic()
                took = await overhead_ms(made, timed, at_once, making_s)
                rate = len(took) / (time.monotonic() - began)
                cuts = statistics.quantiles(took, n=100)
                print(
                    f"overhead, {at_once} at once, {making_s} s in the making ({rate:.0f} turns/s of one shop): "
                    f"p50 {cuts[49]:.2f} ms, p95 {cuts[94]:.2f} ms of {len(took)} turns"
                )
        async with house(at.database_url, secret) as made:
            _print_month(await simulate(made, turns))


def main() -> None:
    """Prints its figures."""
    parser = argparse.ArgumentParser(description="What counting costs, and whether it adds up")
    parser.add_argument("--turns", type=int, default=100_000)
    parser.add_argument("--timed", type=int, default=2_000)
    options = parser.parse_args()
    asyncio.run(_main(options.turns, options.timed))


if __name__ == "__main__":
    main()
