"""What a worker forgets by itself."""

from tests.server.orders.counter import Counter
from tests.server.orders.memory_platform import OWNER_EMAIL


async def tidy(counter: Counter) -> None:
    """A worker's round, as far as orders go."""
    for shop_id in await counter.desk.list_shops_with_expired():
        await counter.desk.forget_expired(shop_id)


async def test_expired_proofs_and_old_counters_are_forgotten(counter: Counter) -> None:
    await counter.desk.prove(counter.shopper(), "1001", email=OWNER_EMAIL)
    await counter.desk.prove(counter.shopper(), "1001", email="guess@example.com")
    await tidy(counter)
    assert len(await counter.proofs()) == 1
    assert await counter.counts("order-email")
    await counter.age("proof", "expires_at", "2 days")
    await counter.age("attempt", "window_start", "2 days")
    assert counter.shop_id in await counter.desk.list_shops_with_expired()
    await tidy(counter)
    assert await counter.proofs() == {}
    assert await counter.counts("order-email") == []
    assert counter.shop_id not in await counter.desk.list_shops_with_expired()
