"""An order system that is away is away: never "not found", never a try lost, never a traceback."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from structlog.testing import capture_logs

from integrations.platform import PlatformRevoked, PlatformUnavailable
from server.core.errors import Unavailable
from server.orders.models import OrderFound, OrdersUnavailable, ProofLevel, ProofNeeded
from server.shops.identity import Customer
from tests.server.orders.memory_platform import OWNER_EMAIL
from tests.server.orders.order_shop import OrderShop, ServiceOptions

OpenShop = Callable[..., Awaitable[OrderShop]]
OWNER = Customer("c-1", OWNER_EMAIL)


@pytest.fixture(params=["down", "revoked", "slow"])
async def broken(request: pytest.FixtureRequest, open_shop: OpenShop) -> OrderShop:
    shop = await open_shop(platform_timeout_s=0.05)
    match request.param:
        case "down":
            shop.platform.failure = PlatformUnavailable("503 from the shop")
        case "revoked":
            shop.platform.failure = PlatformRevoked("the key no longer works")
        case "slow":
            shop.platform.delay_s = lambda _found: 5.0
    return shop


@pytest.mark.parametrize("number", ["1001", "7777"])
async def test_nothing_is_called_unknown_while_the_platform_is_away(broken: OrderShop, number: str) -> None:
    shopper = broken.shopper(OWNER)
    assert await broken.service.prove(broken.shopper(), number, email=OWNER_EMAIL) == OrdersUnavailable()
    assert await broken.service.look_up(shopper, number) == OrdersUnavailable()
    assert await broken.service.look_up(shopper, None) == OrdersUnavailable()
    with pytest.raises(Unavailable) as raised:
        await broken.service.verify_identity(broken.shopper(), number, email=OWNER_EMAIL)
    assert raised.value.retry_after_s


async def test_an_outage_costs_no_try(broken: OrderShop) -> None:
    shopper = broken.shopper()
    for _ in range(7):
        assert isinstance(await broken.service.prove(shopper, "1001", email=OWNER_EMAIL), OrdersUnavailable)
    broken.platform.failure, broken.platform.delay_s = None, lambda _found: 0.0
    assert isinstance(await broken.service.prove(shopper, "1001", email=OWNER_EMAIL), OrderFound)


async def test_a_proof_outlives_an_outage(broken: OrderShop) -> None:
    shopper = broken.shopper()
    failure, delay = broken.platform.failure, broken.platform.delay_s
    broken.platform.failure, broken.platform.delay_s = None, lambda _found: 0.0
    await broken.service.prove(shopper, "1001", email=OWNER_EMAIL)
    broken.platform.failure, broken.platform.delay_s = failure, delay
    assert isinstance(await broken.service.look_up(shopper, "1001"), OrderFound)  # remembered for a minute


async def test_staff_read_of_a_revoked_connection(shop: OrderShop) -> None:
    shop.platform.failure = PlatformRevoked("the key no longer works")
    with capture_logs() as logs:
        await shop.service.prove(shop.shopper(), "1001", email=OWNER_EMAIL)
    assert [(entry["event"], entry["log_level"]) for entry in logs] == [("order_platform_revoked", "error")]
    assert OWNER_EMAIL not in repr(logs)


async def test_a_shop_without_an_order_system_says_so(shop: OrderShop) -> None:
    shop.connected = False
    gone = OrdersUnavailable(connected=False)
    assert await shop.service.look_up(shop.shopper(), "1001") == gone
    assert await shop.service.look_up(shop.shopper(), None) == gone
    assert await shop.service.look_up(shop.shopper(OWNER), None) == gone
    assert await shop.service.prove(shop.shopper(), "1001", email=OWNER_EMAIL) == gone


async def test_an_order_that_is_gone_since_the_proof_is_asked_for_again(shop: OrderShop) -> None:
    shopper = shop.shopper()
    await shop.service.prove(shopper, "1001", email=OWNER_EMAIL)
    shop.platform.orders.clear()
    restarted = shop.build_service(ServiceOptions())
    assert isinstance(await restarted.look_up(shopper, "1001"), ProofNeeded)


async def test_many_questions_for_one_proven_order_ask_the_platform_once(shop: OrderShop) -> None:
    shopper = shop.shopper(OWNER)
    shop.platform.delay_s = lambda _found: 0.05
    outcomes = await asyncio.gather(*(shop.service.look_up(shopper, "1001") for _ in range(20)))
    assert all(isinstance(outcome, OrderFound) for outcome in outcomes)
    assert shop.platform.calls == 1 + 20  # one for the order, the list of other orders each time


async def test_one_who_leaves_does_not_take_the_answer_from_the_others(shop: OrderShop) -> None:
    shopper = shop.shopper(OWNER)
    shop.platform.delay_s = lambda _found: 0.1
    first, second = (asyncio.create_task(shop.service.look_up(shopper, "1001")) for _ in range(2))
    await shop.platform.asked.wait()
    first.cancel()
    outcome = await second
    assert isinstance(outcome, OrderFound)
    assert outcome.level is ProofLevel.SIGNED_IN


async def test_the_order_is_shown_when_only_the_list_of_others_fails(shop: OrderShop) -> None:
    shopper = shop.shopper(OWNER)
    await shop.service.look_up(shopper, "1001")
    shop.platform.failure = PlatformUnavailable("503 from the shop")
    outcome = await shop.service.look_up(shopper, "1001")
    assert isinstance(outcome, OrderFound)
    assert not outcome.view.other_orders
