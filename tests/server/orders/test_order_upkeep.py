"""What a worker forgets by itself."""

from tests.server.orders.memory_platform import OWNER_EMAIL
from tests.server.orders.order_shop import OrderShop


async def tidy(shop: OrderShop) -> None:
    """A worker's round, as far as orders go."""
    for shop_id in await shop.service.list_shops_with_expired():
        await shop.service.delete_expired(shop_id)


async def test_expired_proofs_and_old_counters_are_forgotten(shop: OrderShop) -> None:
    await shop.service.prove(shop.shopper(), "1001", email=OWNER_EMAIL)
    await shop.service.prove(shop.shopper(), "1001", email="guess@example.com")
    await tidy(shop)
    assert len(await shop.proofs()) == 1
    assert await shop.counts("order-email")
    await shop.age("proof", "expires_at", "2 days")
    await shop.age("attempt", "window_start", "2 days")
    assert shop.shop_id in await shop.service.list_shops_with_expired()
    await tidy(shop)
    assert await shop.proofs() == {}
    assert await shop.counts("order-email") == []
    assert shop.shop_id not in await shop.service.list_shops_with_expired()
