"""What a worker forgets by itself."""

from typing import cast

from server.chat.interrupted import InterruptedTurns
from server.orders.limits import LONGEST_WINDOW
from server.stores.service import Stores
from server.upkeep import Upkeep
from tests.server.orders.counter import Counter
from tests.server.orders.memory_platform import OWNER_EMAIL


async def test_expired_proofs_and_old_counters_are_forgotten(counter: Counter) -> None:
    upkeep = Upkeep(counter.database, cast(InterruptedTurns, None), counter.desk, cast(Stores, None), "none")
    await counter.desk.prove(counter.shopper(), "1001", email=OWNER_EMAIL)
    await counter.desk.prove(counter.shopper(), "1001", email="guess@example.com")
    await upkeep.tidy()
    assert len(await counter.proofs()) == 1
    assert await counter.counts("order")
    await counter.age("proof", "expires_at", "2 days")
    await counter.age("attempt", "window_start", "2 days")
    assert counter.shop_id in await counter.database.shops_to_tidy(LONGEST_WINDOW)
    await upkeep.tidy()
    assert await counter.proofs() == {}
    assert await counter.counts("order") == []
    assert counter.shop_id not in await counter.database.shops_to_tidy(LONGEST_WINDOW)
