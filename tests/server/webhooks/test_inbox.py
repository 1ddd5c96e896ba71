"""What the inbox keeps and what it has done, whoever sends what how often."""

import asyncio
import json
import random

import pytest
from redis.asyncio import Redis

from server.core.database import Database
from server.core.jobs import claim, enqueue_once
from server.core.rate_limit import Limit
from server.webhooks.deduplication import REPEATS_S
from server.webhooks.service import CHANGES
from tests.server.webhooks.post import Post


@pytest.fixture
async def post(database: Database, redis: Redis) -> Post:
    made = Post(database, redis)
    await made.open()
    return made


def body(reference: int, version: int) -> bytes:
    return json.dumps({"id": reference, "stock_quantity": version}).encode()


async def test_one_captured_body_makes_neither_rows_nor_work(post: Post) -> None:
    post.store.state["7"] = 1
    for _ in range(30):
        await post.deliver(body(7, 1))
    assert len(await post.rows()) == 2, "the change, and one look at its repeats"
    await post.work()
    assert post.store.asked == 1
    for _ in range(30):
        await post.deliver(body(7, 1))
        await post.work()
    assert post.store.asked == 1
    assert len(await post.rows()) == 1
    await post.pass_minutes()
    await post.work()
    assert post.store.asked == 2
    assert await post.rows() == []


async def test_repeats_wait_for_the_end_of_the_minute_they_came_in(post: Post) -> None:
    post.store.state["7"] = 1
    await post.deliver(body(7, 1))
    await post.work()
    minute = post.now_s // REPEATS_S * REPEATS_S
    for second in (0, 1, 59.5):
        post.now_s = minute + second
        await post.deliver(body(7, 1))
    assert await post.due_at() == [minute + REPEATS_S]
    post.now_s = minute + REPEATS_S
    await post.deliver(body(7, 1))
    assert await post.due_at() == [minute + REPEATS_S, minute + 2 * REPEATS_S]


async def test_a_change_that_waits_is_not_stored_again(post: Post) -> None:
    post.store.state["7"] = 20
    for version in range(20):
        await post.deliver(body(7, version))
    assert await post.rows() == [{"type": "CatalogChanged", "reference": "7"}]
    await post.work()
    assert (post.store.asked, post.store.copy) == (1, {"7": 20})


async def test_news_that_comes_while_the_store_is_asked_is_looked_at_again(post: Post) -> None:
    """The row is there and undone, but whoever works on it has looked before."""
    post.store.state["7"] = 1

    async def change_once(_reference: str) -> None:
        if post.store.state["7"] == 1:
            post.store.state["7"] = 2
            await post.deliver(body(7, 2))

    post.store.on_asked = change_once
    await post.deliver(body(7, 1))
    await post.work()
    assert post.store.copy == {"7": 2}
    assert await post.rows() == []


async def test_a_store_that_changed_and_changed_back_is_seen(post: Post) -> None:
    """Its last body is the first one, byte for byte, though another state was read meanwhile."""
    post.store.state["7"] = 5
    await post.deliver(body(7, 5))
    post.store.state["7"] = 4
    await post.work()
    post.store.state["7"] = 5
    await post.deliver(body(7, 5))
    await post.work()
    await post.pass_minutes()
    await post.work()
    assert post.store.copy == {"7": 5}


@pytest.mark.parametrize("seed", range(12))
async def test_any_order_of_deliveries_ends_with_the_state_of_the_store(post: Post, seed: int) -> None:
    """Late, lost for a while, merged, doubled, replayed; worked through at any moment."""
    dice = random.Random(seed)
    sent: list[bytes] = []
    held: list[bytes] = []
    for _ in range(40):
        reference = dice.randint(1, 3)
        match dice.choice(["change", "change", "deliver", "replay", "work", "minute"]):
            case "change":
                post.store.state[str(reference)] = dice.randint(0, 2)
                held.append(body(reference, post.store.state[str(reference)]))
            case "deliver" if held:
                sent.append(held.pop(dice.randrange(len(held))))
                await post.deliver(sent[-1])
            case "replay" if sent:
                await post.deliver(dice.choice(sent))
            case "work":
                await post.work()
            case "minute":
                await post.pass_minutes(dice.choice([0.5, 1, 6]))
    for late in held:
        await post.deliver(late)
    await post.work()
    await post.pass_minutes()
    await post.work()
    assert post.store.copy == post.store.state
    assert await post.rows() == []


async def test_too_much_news_becomes_one_pass_over_everything(database: Database, redis: Redis) -> None:
    post = Post(database, redis, Limit("webhooks-test", per_minute=1, burst=5))
    await post.open()
    for reference in range(1, 41):
        post.store.state[str(reference)] = 1
        await post.deliver(body(reference, 1))
    rows = await post.rows()
    assert len(rows) == 6
    assert rows.count({"type": "CatalogChanged", "reference": None}) == 1
    await post.work()
    assert post.store.asked == 5
    store = await post.stores.get(post.shop_id, post.connection_id)
    assert store.full_synced_at is None
    assert store.state == "active"


async def test_a_waiting_job_cannot_begin_before_what_was_left_to_it_is_there(post: Post) -> None:
    async with post.database.connection(post.shop_id) as connection:
        job_id = await enqueue_once(connection, post.shop_id, CHANGES, {})
    assert job_id is not None
    async with post.database.connection(post.shop_id) as connection:
        assert await enqueue_once(connection, post.shop_id, CHANGES, {}) is None
        claiming = asyncio.create_task(claim(post.database, post.shop_id, job_id))
        done, _ = await asyncio.wait({claiming}, timeout=0.3)
        assert not done
    assert await claiming is not None
