"""Cost points: waiting as long as the answers say, no longer, and shoppers before syncs."""

import time
from collections.abc import Callable

import pytest

from integrations.platform import PlatformUnavailable
from integrations.shopify import ShopifyPlatform, queries
from integrations.shopify.client import RequestBudget
from integrations.shopify.throttle import DEFAULT_PAUSE_S, Throttle
from server.embedded.standins.shopify.cost import Bucket
from server.embedded.standins.shopify.records import generated, order
from server.embedded.standins.shopify.shop import Shop
from server.embedded.standins.shopify_server import ShopifyStandin
from tests.integrations.shopify.connected import SharedCredentials, admin_api

FILLED_AFTER_S = 100.0


def cost(requested: float, available: float, rate: float = 100, maximum: float = 2_000) -> dict[str, object]:
    status = {"maximumAvailable": maximum, "currentlyAvailable": available, "restoreRate": rate}
    return {"requestedQueryCost": requested, "actualQueryCost": None, "throttleStatus": status}


def test_the_pause_is_what_is_missing_over_the_rate() -> None:
    now = 50.0
    throttle = Throttle(clock=lambda: now)
    assert throttle.pause_s("a") == 0
    throttle.update("a", cost(800, available=300))
    assert throttle.pause_s("a") == pytest.approx(5.0)
    now = 53.0
    assert throttle.pause_s("a") == pytest.approx(2.0)
    assert throttle.pause_s("a", spare=0.1) == pytest.approx(4.0)
    now = 56.0
    assert throttle.pause_s("a") == 0
    assert throttle.pause_s("never seen") == 0


def test_spare_points_never_ask_for_more_than_the_bucket_holds() -> None:
    throttle = Throttle(clock=lambda: 0.0)
    throttle.update("a", cost(950, available=1_000, maximum=1_000))
    assert throttle.pause_s("a", spare=0.5) == 0


@pytest.mark.parametrize("absurd", [{}, {"throttleStatus": None}, cost(1, 1, rate=0), cost(1, 1, rate=-5)])
def test_absurd_numbers_teach_nothing(absurd: dict[str, object]) -> None:
    throttle = Throttle(clock=lambda: 0.0)
    throttle.update("a", absurd)
    assert throttle.pause_s("a") == 0
    assert throttle.pause_after_refusal_s("a") == DEFAULT_PAUSE_S


@pytest.mark.parametrize("status", [200, 429])
async def test_a_sync_waits_until_the_bucket_has_filled(
    shop: Shop, connect: Callable[..., ShopifyPlatform], status: int
) -> None:
    shop.add(*(generated(number) for number in range(1, 41)))
    shop.bucket = Bucket(maximum=1_000, restore_rate=1_000)
    shop.bucket.take(800)
    shop.throttled_status = status
    assert len([each async for each in connect().fetch_products()]) == 40
    assert shop.throttled >= 1, "it was refused and came back"


async def test_after_the_first_answer_a_sync_is_not_refused_again(
    shop: Shop, connect: Callable[..., ShopifyPlatform]
) -> None:
    shop.add(*(generated(number) for number in range(1, 41)))
    shop.bucket = Bucket(maximum=1_000, restore_rate=700)
    assert len([each async for each in connect().fetch_products()]) == 40
    assert shop.throttled == 0


async def test_a_shopper_is_told_at_once_when_the_wait_would_be_long(shop: Shop, platform: ShopifyPlatform) -> None:
    shop.place(order(1001))
    shop.bucket = Bucket(maximum=1_000, restore_rate=1_000 / FILLED_AFTER_S)
    shop.bucket.take(1_000)
    began = time.monotonic()
    with pytest.raises(PlatformUnavailable, match="throttles") as told:
        await platform.find_order("1001")
    assert time.monotonic() - began < FILLED_AFTER_S
    assert told.value.retry_after_s is not None
    assert told.value.retry_after_s > 3


async def test_patience_ends(standin: ShopifyStandin, shop: Shop, credentials: SharedCredentials) -> None:
    shop.bucket = Bucket(maximum=1_000, restore_rate=0.0)
    shop.bucket.take(1_000)
    api = admin_api(standin.origin(shop.domain), credentials)
    with pytest.raises(PlatformUnavailable, match="throttles"):
        await api.query(queries.POLICIES, budget=RequestBudget(attempts=1, timeout_s=5, patience_s=1.5))
    assert shop.throttled == 2
