"""Limits under load: five hundred at once with twenty left, and a process that is killed among fifty."""

import asyncio
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from billing.plans import ENTERPRISE
from tests.installation import Answer, Shopper, read_answer
from tests.journeys.billing.merchant import QUESTION, PaidShop, fallback_of
from tests.standins.openai_behaviour import talk
from tests.waiting import await_that

pytestmark = pytest.mark.timeout(600)

LEFT = 20
TALKED = 8
"""Words of an answer that claims nothing, since the shop sells nothing."""
QUICK, SLOW = "Tell me about your mugs please", "Tell me about your stoves please"
RECOVERED_WITHIN_S = 90.0


@pytest.fixture
def big(shop: PaidShop) -> Iterator[PaidShop]:
    """On the plan with room for a crowd in a minute."""
    shop.subscribe("enterprise")
    yield shop
    shop.paid.model.reset()
    shop.paid.model.configure(mode="words", tokens=8)


def counts(shop: PaidShop) -> tuple[int, int]:
    """(used, reserved) of the running period's counter."""
    rows = shop.sql(
        "SELECT answers_used, answers_reserved FROM quota_period WHERE shop_id = $1 AND scope = '' "
        "ORDER BY period_start DESC LIMIT 1"
    )
    return (rows[0]["answers_used"], rows[0]["answers_reserved"]) if rows else (0, 0)


def entries(shop: PaidShop) -> int:
    """Rows of the ledger."""
    return int(shop.sql("SELECT count(*) AS entries FROM usage_entry WHERE shop_id = $1")[0]["entries"])


def crowd(shop: PaidShop, size: int) -> list[Shopper]:
    """So many shoppers, with a session each."""
    with ThreadPoolExecutor(8) as threads:
        return list(threads.map(lambda _: shop.shopper(), range(size)))


async def ask_all(shop: PaidShop, shoppers: list[Shopper]) -> list[tuple[int, Answer]]:
    """(status, answer) of each; all asked at the same moment."""
    limits = httpx.Limits(max_connections=len(shoppers), max_keepalive_connections=0)
    async with httpx.AsyncClient(base_url=shop.paid.base_url, limits=limits, timeout=180) as client:
        start = asyncio.Event()

        async def ask(shopper: Shopper) -> tuple[int, Answer]:
            message = {"id": str(uuid.uuid4()), "role": "user", "parts": [{"type": "text", "text": QUESTION}]}
            names = ("Origin", "Authorization", "X-Forwarded-For")
            headers = {name: shopper.client.headers[name] for name in names}
            await start.wait()
            answered = await client.post("/v1/chat", json={"message": message}, headers=headers)
            return answered.status_code, read_answer(iter(answered.text.splitlines()))

        asking = [asyncio.create_task(ask(shopper)) for shopper in shoppers]
        await asyncio.sleep(0)
        start.set()
        return list(await asyncio.gather(*asking))


@pytest.mark.parametrize("count", [100, pytest.param(500, marks=pytest.mark.exhaustive)])
def test_many_at_once_with_twenty_left(big: PaidShop, count: int) -> None:
    included = ENTERPRISE.answers or 0
    start = big.view()["period"]["from"]
    big.sql(
        "INSERT INTO quota_period (shop_id, scope, period_start, answers_used) "
        "VALUES ($1, '', $2::text::timestamptz, $3)",
        start,
        included - LEFT,
    )
    shoppers = crowd(big, count)
    began = time.monotonic()
    with ThreadPoolExecutor(1) as thread:
        told = thread.submit(asyncio.run, ask_all(big, shoppers)).result()
    took_s = time.monotonic() - began
    statuses = sorted({status for status, _ in told})
    polite = [answer for _, answer in told if fallback_of(answer)]
    answered = [answer for _, answer in told if not fallback_of(answer) and answer.done and answer.text]
    print(
        f"\n{count} turns at once with {LEFT} answers left: {len(answered)} answers, {len(polite)} fallbacks, "
        f"statuses {statuses}, {took_s:.1f} s"
    )
    assert statuses == [200]
    assert (len(answered), len(polite)) == (LEFT, count - LEFT)
    assert all(answer.done and not answer.of("error") for _, answer in told)
    assert counts(big) == (included, 0)
    assert entries(big) == LEFT


def test_the_api_killed_among_fifty_turns(big: PaidShop) -> None:
    rules = [
        {"when": "mugs", "steps": [{"reply": talk(TALKED)}]},
        {"when": "stoves", "steps": [{"reply": talk(8 * TALKED)}]},
    ]
    big.paid.model.configure(token_ms=200, rules=rules)
    shoppers = crowd(big, 50)
    questions = [QUICK] * 25 + [SLOW] * 25

    def ask(shopper: Shopper, question: str) -> None:
        try:
            shopper.ask(question)
        except httpx.TransportError:
            return

    with ThreadPoolExecutor(50) as threads:
        asking = [threads.submit(ask, *pair) for pair in zip(shoppers, questions, strict=True)]
        await_that(lambda: counts(big)[1] >= 25 and entries(big) >= 5, "the middle of fifty turns")
        old = big.paid.kill("api")
        for each in asking:
            each.result()
    big.paid.await_new("api", old)
    big.paid.await_ready()
    await_that(lambda: counts(big)[1] == 0, "nothing held any more", RECOVERED_WITHIN_S)
    told = [answers_in(shopper) for shopper in shoppers]
    whole = sum(not answer["metadata"].get("interrupted") for answers in told for answer in answers)
    states = Counter(row["state"] for row in big.sql("SELECT state FROM turn WHERE shop_id = $1"))
    used, _ = counts(big)
    print(f"\nkilled among 50 turns: {whole} whole answers, turns {dict(states)}, used {used}, ledger {entries(big)}")
    assert used == entries(big) == whole
    assert states == {"done": whole, "interrupted": sum(states.values()) - whole}
    assert 0 < whole < sum(states.values()) <= 50


def answers_in(shopper: Shopper) -> list[dict[str, Any]]:
    """The assistant's messages as the shopper finds them again."""
    return [message for message in shopper.history()["messages"] if message["role"] == "assistant"]
