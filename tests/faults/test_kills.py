"""`kill -9` of each part while it works: what was acknowledged is kept, nothing happens twice, all is soon well."""

import asyncio
import threading
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import asyncpg
import httpx
import pytest
import redis

from tests.faults.conftest import HEALTHY_WITHIN_S, Supervised
from tests.installation import ShopAccess, Shopper, read_answer
from tests.waiting import await_that

pytestmark = pytest.mark.timeout(300)

SENTENCES = [
    "The Fell 2 Tent sleeps two people.",
    "It pitches in about four minutes.",
    "Eight pegs are included.",
    "It weighs 1.98 kg.",
]
QUESTION = "Tell me about your tents please"
INTERRUPTED_WITHIN_S = 45
"""A turn's lease of 20 s, the sweep, and the start of a process on a busy machine."""
IMPORTED = 1_500
IMPORT_WITHIN_S = 180


@pytest.fixture
def slow(supervised: Supervised) -> Iterator[Supervised]:
    """A model that takes some seconds for its answer."""
    supervised.await_ready()
    supervised.model.configure(token_ms=150, rules=[{"when": "tents", "steps": [{"reply": " ".join(SENTENCES * 2)}]}])
    yield supervised
    supervised.model.reset()


def text_of(message: dict[str, Any]) -> str:
    return "\n\n".join(part["text"] for part in message["parts"] if part["type"] == "text").strip()


def read_deltas(stream: Iterator[str], count: int) -> list[str]:
    """The lines of a stream up to its `count`th piece of text."""
    lines: list[str] = []
    for line in stream:
        lines.append(line)
        if sum('"text-delta"' in each for each in lines) == count:
            break
    return lines


def test_the_api_in_the_middle_of_an_answer(slow: Supervised) -> None:
    shopper = slow.shopper()
    with shopper.stream(QUESTION) as response:
        stream = response.iter_lines()
        lines = read_deltas(stream, 2)
        old = slow.kill("api")
        with pytest.raises(httpx.TransportError):
            lines.extend(stream)
    told = read_answer(iter(lines)).text
    slow.await_new("api", old)
    slow.await_ready()
    with shopper.client.stream("GET", f"/v1/chat/{shopper.conversation_id}/stream") as resumed:
        assert resumed.status_code == 200
        rest = read_answer(resumed.iter_lines())
    assert rest.done
    assert [event["type"] for event in rest.events][-2:] == ["error", "finish"]
    assert rest.text.startswith(told)
    _, kept = await_that(lambda: _messages(shopper, 2), "the interrupted answer", INTERRUPTED_WITHIN_S)
    assert kept["metadata"] == {"interrupted": True}
    assert text_of(kept) == rest.text
    assert SENTENCES[0] in text_of(kept)
    again = shopper.ask("Tell me about your stoves")
    assert again.done
    assert len(shopper.history()["messages"]) == 4


def _messages(shopper: Shopper, count: int) -> list[dict[str, Any]] | None:
    messages: list[dict[str, Any]] = shopper.history()["messages"]
    return messages if len(messages) == count else None


def test_the_worker_in_the_middle_of_an_import(supervised: Supervised) -> None:
    supervised.await_ready()
    shop = supervised.create_shop("Importer", "https://importer.example")
    rows = "\n".join(f"p{number},Mug number {number},A mug for shelf {number},9.99" for number in range(IMPORTED))
    file = {"file": ("mugs.csv", f"id,title,description,price\n{rows}\n", "text/csv")}
    with supervised.merchant(shop) as merchant:
        job_id = merchant.post("/v1/products/import", files=file).raise_for_status().json()["job_id"]

        def job() -> dict[str, Any]:
            return dict(merchant.get(f"/v1/jobs/{job_id}").raise_for_status().json())

        await_that(lambda: 0 < job()["done"] < IMPORTED, "the middle of the import", IMPORT_WITHIN_S)
        old = supervised.kill("worker")
        assert job()["state"] == "running"
        supervised.await_new("worker", old)
        await_that(lambda: job()["state"] != "running", "the end of the import", IMPORT_WITHIN_S)
        ended = job()
        assert ended["state"] == "done"
        assert ended["errors"] == []
        assert ended["done"] == IMPORTED
        assert sorted(_all_products(merchant)) == sorted(f"p{number}" for number in range(IMPORTED))
        hits = merchant.post("/v1/search", json={"query": "Mug number 77", "limit": 20}).json()["hits"]
        assert [hit["id"] for hit in hits].count("p77") == 1
    passages, owners = asyncio.run(_count_passages(supervised.owner_url, shop))
    assert passages == owners == IMPORTED


def _all_products(merchant: httpx.Client) -> list[str]:
    found: list[str] = []
    cursor: str | None = None
    while True:
        page = merchant.get("/v1/products", params={"limit": 100} | ({"cursor": cursor} if cursor else {})).json()
        found += [product["id"] for product in page["data"]]
        if (cursor := page["next_cursor"]) is None:
            return found


async def _count_passages(owner_url: str, shop: ShopAccess) -> tuple[int, int]:
    connection = await asyncpg.connect(owner_url)
    try:
        row = await connection.fetchrow(
            "SELECT count(*) AS passages, count(DISTINCT product_id) AS owners FROM passage WHERE shop_id = $1",
            uuid.UUID(shop.shop_id),
        )
        return int(row["passages"]), int(row["owners"])
    finally:
        await connection.close()


@dataclass
class Ledger:
    """What clients were told while a part was away."""

    acknowledged: list[str] = field(default_factory=list)
    answered: list[tuple[Shopper, str]] = field(default_factory=list)
    """Shoppers with the answer that they were shown to its end."""
    refused: int = 0
    odd: list[str] = field(default_factory=list)
    """Anything but done or a 503 problem that says when to come back."""

    def note_refusal(self, response: httpx.Response) -> None:
        body = response.json() if "json" in response.headers.get("content-type", "") else {}
        if response.status_code == 503 and int(response.headers["retry-after"]) > 0 and body["code"] == "unavailable":
            self.refused += 1
        else:
            self.odd.append(f"{response.status_code} {response.text[:200]}")


def test_postgres_during_use(supervised: Supervised) -> None:
    supervised.await_ready()
    shop = supervised.create_shop("Ledger", "https://ledger.example")
    ledger, enough = Ledger(), threading.Event()
    with ThreadPoolExecutor(4) as clients:
        working = [clients.submit(_write, supervised, shop, ledger, enough, index) for index in range(2)]
        working += [clients.submit(_talk, supervised, shop, ledger, enough) for _ in range(2)]
        try:
            await_that(lambda: len(ledger.acknowledged) > 3 and len(ledger.answered) > 1, "clients at work")
            old = supervised.kill("postgres")
            killed_at = time.monotonic()
            await_that(lambda: ledger.refused, "a refusal", 10)
            supervised.await_new("postgres", old)
            supervised.await_ready()
            took_s = time.monotonic() - killed_at
            before = len(ledger.acknowledged)
            await_that(lambda: len(ledger.acknowledged) > before + 3, "clients at work again")
        finally:
            enough.set()
        for client in working:
            client.result()
    print(
        f"postgres away: {took_s:.1f} s; {len(ledger.acknowledged)} writes and {len(ledger.answered)} answers "
        f"acknowledged, {ledger.refused} refused"
    )
    assert took_s < HEALTHY_WITHIN_S
    assert ledger.odd == []
    with supervised.merchant(shop) as merchant:
        assert set(ledger.acknowledged) <= set(_all_products(merchant))
    for shopper, text in ledger.answered:
        await_that(lambda who=shopper, said=text: text_of(who.history()["messages"][-1]) == said, "a kept answer")


def _write(supervised: Supervised, shop: ShopAccess, ledger: Ledger, enough: threading.Event, writer: int) -> None:
    with supervised.merchant(shop) as merchant:
        for number in range(100_000):
            if enough.is_set():
                return
            name = f"w{writer}-{number}"
            response = merchant.put(f"/v1/products/{name}", json={"id": name, "title": "A ledger"})
            if response.status_code == 200:
                ledger.acknowledged.append(name)
            else:
                ledger.note_refusal(response)


def _talk(supervised: Supervised, shop: ShopAccess, ledger: Ledger, enough: threading.Event) -> None:
    """From a shop's page, so that its origin must be looked up."""
    origin = {"Origin": "https://ledger.example"}
    while not enough.is_set():
        client = httpx.Client(base_url=supervised.base_url, headers=origin, timeout=60)
        opened = client.post("/v1/sessions", json={"key": shop.publishable_key})
        if opened.status_code != 201:
            ledger.note_refusal(opened)
            continue
        client.headers["Authorization"] = f"Bearer {opened.json()['session']}"
        shopper = Shopper(client, opened.json())
        with shopper.stream("hello") as response:
            if response.status_code != 200:
                response.read()
                ledger.note_refusal(response)
                continue
            answer = read_answer(response.iter_lines())
        if answer.done and answer.text and answer.events[-2]["type"] == "message-metadata":
            ledger.answered.append((shopper, answer.text))
        elif not answer.done:
            ledger.odd.append("a stream without an end")


def test_redis_killed_in_the_middle_of_an_answer(slow: Supervised) -> None:
    """The reader notices nothing; while it is away a new question is answered and a job that is asked for is done."""
    shopper = slow.shopper()
    with shopper.stream(QUESTION) as response:
        lines = response.iter_lines()
        first = read_deltas(lines, 1)
        old = slow.kill("redis")
        with ThreadPoolExecutor(2) as clients:
            asked = clients.submit(slow.shopper().ask, "What is your return policy?")
            job_id = clients.submit(_upload, slow).result()
            answer = read_answer(iter([*first, *lines]))
            assert asked.result().sources
    assert answer.done
    assert answer.text == " ".join(SENTENCES * 2)
    assert text_of(shopper.history()["messages"][-1]) == answer.text
    slow.await_new("redis", old)
    slow.await_ready()
    _await_job(slow, job_id)


def test_redis_emptied_in_the_middle_of_an_answer(slow: Supervised) -> None:
    """Reader and rejoiner miss nothing; the job that was asked for just before is done."""
    shopper = slow.shopper()
    job_id = _upload(slow)
    with shopper.stream(QUESTION) as response:
        lines = response.iter_lines()
        first = read_deltas(lines, 1)
        redis.Redis.from_url(slow.redis_url).flushall()
        answer = read_answer(iter([*first, *lines]))
    assert answer.text == " ".join(SENTENCES * 2)
    path = f"/v1/chat/{shopper.conversation_id}/stream"
    with shopper.client.stream("GET", path, headers={"Last-Event-ID": answer.ids[2]}) as resumed:
        rest = read_answer(resumed.iter_lines())
    assert rest.ids == answer.ids[3:], "the emptied Redis was given the whole turn again"
    _await_job(slow, job_id)


def _upload(installation: Supervised) -> str:
    with installation.merchant() as merchant:
        file = {
            "file": (f"{uuid.uuid4().hex}.md", f"# Lamps\n\nWe mend lamps of kind {uuid.uuid4().hex}.", "text/markdown")
        }
        return str(merchant.post("/v1/documents/upload", files=file).raise_for_status().json()["job_id"])


def _await_job(installation: Supervised, job_id: str) -> None:
    with installation.merchant() as merchant:

        def ended() -> dict[str, Any] | None:
            job: dict[str, Any] = merchant.get(f"/v1/jobs/{job_id}").json()
            return job if job["state"] in ("done", "failed") else None

        job = await_that(ended, "the job's end")
    assert job["state"] == "done", job["errors"]


FROZEN_TOLD_WITHIN_S = 25


def test_postgres_frozen(supervised: Supervised) -> None:
    """Worse than gone: connections are open and nothing comes. Whoever asks is told so, soon."""
    supervised.await_ready()
    shopper = supervised.shopper()
    with supervised.frozen("postgres"):
        started = time.monotonic()
        ready = httpx.get(f"{supervised.base_url}/health/ready", timeout=60)
        message = {"id": "m1", "role": "user", "parts": [{"type": "text", "text": QUESTION}]}
        refused = shopper.client.post("/v1/chat", json={"message": message})
        assert time.monotonic() - started < 2 * FROZEN_TOLD_WITHIN_S
        assert ready.status_code == 503
        assert "postgres" in ready.json()["down"]
        assert refused.status_code == 503
        assert refused.json()["code"] == "unavailable"
    supervised.await_ready()
    assert shopper.ask(QUESTION).text


def test_redis_frozen(supervised: Supervised) -> None:
    """The chat answers and a code is asked for, only slower."""
    supervised.await_ready()
    shopper = supervised.shopper()
    with supervised.frozen("redis"):
        started = time.monotonic()
        body = {"order_number": "1001", "send_code": True}
        assert shopper.client.post(f"/v1/chat/{shopper.conversation_id}/verification", json=body).status_code == 202
        assert shopper.ask(QUESTION).text
        assert time.monotonic() - started < FROZEN_TOLD_WITHIN_S
    supervised.await_ready()
