"""Guessing at orders: in a row, all at once, from many places, with a stopwatch."""

import asyncio
import math
import random
from collections.abc import Awaitable, Callable
from time import perf_counter

import pytest
from structlog.testing import capture_logs

from server.core.errors import RateLimited
from server.orders.constant_time import DurationPadding
from server.orders.models import OrderFound, ProofNeeded, TooManyTries
from tests.server.orders.memory_platform import OWNER_EMAIL, an_order
from tests.server.orders.order_shop import OrderShop

OpenShop = Callable[..., Awaitable[OrderShop]]
WRONG = "guess@example.com"


async def test_counting_numbers_ends_after_five_wrong_ones(shop: OrderShop) -> None:
    shopper = shop.shopper()
    outcomes = [await shop.service.prove(shopper, str(number), email=WRONG) for number in range(1001, 1010)]
    assert [type(outcome) for outcome in outcomes] == [ProofNeeded] * 5 + [TooManyTries] * 4
    locked = outcomes[-1]
    assert isinstance(locked, TooManyTries)
    assert 3500 < locked.retry_after_s <= 3600


async def test_locked_is_said_of_right_and_wrong_proofs_alike(shop: OrderShop) -> None:
    shopper = shop.shopper()
    for _ in range(5):
        await shop.service.prove(shopper, "1001", email=WRONG)
    right = await shop.service.prove(shopper, "1001", email=OWNER_EMAIL)
    assert isinstance(right, TooManyTries)
    assert shop.platform.calls == 5
    with pytest.raises(RateLimited) as raised:
        await shop.service.verify_identity(shopper, "1001", email=OWNER_EMAIL)
    assert raised.value.retry_after_s
    with pytest.raises(RateLimited):
        await shop.service.verify_code(shopper, "1001", "123456")
    await shop.age("attempt", "window_start", "61 minutes")
    assert isinstance(await shop.service.prove(shopper, "1001", email=OWNER_EMAIL), OrderFound)


async def test_of_a_hundred_guesses_at_once_exactly_five_are_looked_at(shop: OrderShop) -> None:
    shopper = shop.shopper()
    outcomes = await asyncio.gather(
        *(shop.service.prove(shopper, str(2000 + number), email=WRONG) for number in range(100))
    )
    assert sum(isinstance(outcome, ProofNeeded) for outcome in outcomes) == 5
    assert sum(isinstance(outcome, TooManyTries) for outcome in outcomes) == 95
    assert await shop.counts("conversation") == [5]
    assert sum(await shop.counts("order-email")) == 5
    assert shop.platform.calls == 5


async def test_one_order_takes_twenty_wrong_postcodes_a_day_from_however_many_networks(shop: OrderShop) -> None:
    outcomes = await asyncio.gather(
        *(shop.service.prove(shop.shopper(), "#1001", postcode=f"{1000 + n}") for n in range(60))
    )
    assert sum(isinstance(outcome, ProofNeeded) for outcome in outcomes) == 20
    assert shop.platform.calls == 20
    right = await shop.service.prove(shop.shopper(), "1001", postcode="8000")
    assert isinstance(right, TooManyTries)
    assert shop.platform.calls == 20
    assert isinstance(await shop.service.prove(shop.shopper(), "1001", email=OWNER_EMAIL), OrderFound)


@pytest.mark.parametrize("address", ["203.0.113.7", "2001:db8:1:{n:x}::1"], ids=["one address", "the /64s of one /48"])
async def test_one_order_takes_twenty_wrong_emails_a_day_from_one_network(shop: OrderShop, address: str) -> None:
    outcomes = [
        await shop.service.prove(shop.shopper(address=address.format(n=n)), "1001", email=WRONG) for n in range(25)
    ]
    assert [type(outcome) for outcome in outcomes] == [ProofNeeded] * 20 + [TooManyTries] * 5
    locked = outcomes[-1]
    assert isinstance(locked, TooManyTries)
    assert 86_000 < locked.retry_after_s <= 86_400


async def test_beyond_twenty_each_new_network_may_try_three_emails_at_an_order(shop: OrderShop) -> None:
    await asyncio.gather(*(shop.service.prove(shop.shopper(), "1001", email=WRONG) for _ in range(20)))
    outcomes = await asyncio.gather(
        *(shop.service.prove(shop.shopper(address="203.0.113.7"), "1001", email=WRONG) for _ in range(10))
    )
    assert sum(isinstance(outcome, ProofNeeded) for outcome in outcomes) == 3
    assert shop.platform.calls == 23
    right = await shop.service.prove(shop.shopper(address="203.0.113.7"), "1001", email=OWNER_EMAIL)
    assert isinstance(right, TooManyTries)


async def test_a_postcode_that_is_used_up_is_left_aside_and_costs_nothing(shop: OrderShop) -> None:
    shop.platform.orders["1002"] = an_order("1002", billing_postcode="9000", ship_to=None)
    for n in range(20):
        await shop.service.prove(shop.shopper(address="203.0.113.7"), "1002", email=WRONG, postcode=f"{1000 + n}")
    assert await shop.counts("order-postcode") == [10]
    assert await shop.counts("order-postcode-all") == [10], "one network does not use up all"
    wrong_postcode = await shop.service.prove(
        shop.shopper(address="203.0.113.8"), "1002", email=OWNER_EMAIL, postcode="1000"
    )
    assert isinstance(wrong_postcode, ProofNeeded), "while it may be looked at, all that is given has to fit"
    for n in range(9):
        await shop.service.prove(shop.shopper(), "1002", postcode=f"{2000 + n}")
    assert await shop.counts("order-postcode-all") == [20]
    for postcode in ("9000", "1000"):
        found = await shop.service.prove(shop.shopper(), "1002", email=OWNER_EMAIL, postcode=postcode)
        assert isinstance(found, OrderFound), "the answer tells nothing of the postcode"


@pytest.mark.parametrize(
    "addresses", [("203.0.113.7",), ("::ffff:203.0.113.7", "203.0.113.7"), ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9")]
)
async def test_one_address_or_v6_network_takes_thirty_an_hour(shop: OrderShop, addresses: tuple[str, ...]) -> None:
    outcomes = await asyncio.gather(
        *(
            shop.service.prove(shop.shopper(address=addresses[n % len(addresses)]), str(5000 + n), email=WRONG)
            for n in range(50)
        )
    )
    assert sum(isinstance(outcome, ProofNeeded) for outcome in outcomes) == 30
    assert await shop.counts("address") == [30]


async def test_right_proofs_and_refused_tries_leave_no_count(shop: OrderShop) -> None:
    shopper = shop.shopper()
    for _ in range(12):
        assert isinstance(await shop.service.prove(shopper, "1001", email=OWNER_EMAIL), OrderFound)
    assert await shop.counts("order-email") == [0]
    thief = shop.shopper()
    for _ in range(9):
        await shop.service.prove(thief, "1001", email=WRONG)
    assert await shop.counts("order-email") == [5]


async def test_the_counters_tell_no_order_number_and_no_address(shop: OrderShop) -> None:
    await shop.service.prove(shop.shopper(address="203.0.113.7"), "1001", email=WRONG)
    async with shop.database.connection(shop.shop_id) as connection:
        rows = await connection.fetch("SELECT scope, subject FROM attempt WHERE shop_id = $1", shop.shop_id)
    assert {row["scope"] for row in rows} == {"conversation", "order-email", "order-email-site", "address", "shop"}
    assert all(len(row["subject"]) == 32 for row in rows)


async def test_guesses_from_everywhere_find_nothing_and_alarm_staff(shop: OrderShop) -> None:
    shop.platform.orders |= {str(number): an_order(str(number)) for number in range(3000, 3200)}
    seen = random.Random(7)
    with capture_logs() as logs:
        outcomes = await asyncio.gather(
            *(shop.service.prove(shop.shopper(), str(seen.randrange(3000, 3200)), email=WRONG) for _ in range(205))
        )
    assert not any(isinstance(outcome, OrderFound) for outcome in outcomes)
    alarms = [entry for entry in logs if entry["event"] == "order_guessing_suspected"]
    assert [alarm["failures"] for alarm in alarms] == [101, 201]
    assert {alarm["shop_id"] for alarm in alarms} == {str(shop.shop_id)}
    assert WRONG not in repr(logs)


@pytest.mark.parametrize(
    "number", ["", "#", "9" * 500, "1001\x00", "../1001", "1001' OR '1'='1", "\ud800", "１００１", "*"]
)
async def test_strange_numbers_are_unknown_orders(shop: OrderShop, number: str) -> None:
    shop.platform.orders.clear()
    outcome = await shop.service.prove(shop.shopper(), number, email=OWNER_EMAIL)
    assert isinstance(outcome, ProofNeeded)
    assert isinstance(await shop.service.look_up(shop.shopper(), number), ProofNeeded)
    await shop.service.request_code(shop.shopper(), number)


async def timings(shop: OrderShop, rounds: int, at_once: int) -> tuple[list[float], list[float]]:
    """Seconds of refusals: for orders that are there, and for numbers that are not; both mixed, `at_once` together."""
    there = [str(number) for number in range(10_000, 10_000 + rounds)]
    missing = [str(number) for number in range(90_000, 90_000 + rounds)]
    shop.platform.orders |= {number: an_order(number) for number in there}
    await asyncio.gather(*(shop.service.look_up(shop.shopper(), "1") for _ in range(10)))  # opens the connections
    took: dict[str, float] = {}

    async def time(number: str) -> None:
        person = shop.shopper()
        started = perf_counter()
        outcome = await shop.service.prove(person, number, email=WRONG)
        took[number] = perf_counter() - started
        assert isinstance(outcome, ProofNeeded)

    mixed = random.Random(5).sample(there + missing, 2 * rounds)
    for start in range(0, len(mixed), at_once):
        await asyncio.gather(*map(time, mixed[start : start + at_once]))
    return [took[number] for number in there], [took[number] for number in missing]


def distinguishability(left: list[float], right: list[float]) -> float:
    """The area under the ROC curve, 0.5 when the times tell nothing and 1 when they tell all."""
    area = sum((a > b) + (a == b) / 2 for a in left for b in right) / (len(left) * len(right))
    return max(area, 1 - area)


def chance(rounds: int) -> float:
    """What the area may come to by chance alone (3.5 standard deviations) in so many rounds."""
    return 0.5 + 3.5 * math.sqrt((2 * rounds + 1) / (12 * rounds * rounds))


async def test_without_padding_a_stopwatch_tells_a_wrong_email_from_an_unknown_order(shop: OrderShop) -> None:
    shop.platform.delay_s = lambda found: 0.5 if found else 0.005
    assert distinguishability(*await timings(shop, rounds=8, at_once=2)) > 0.9


async def test_a_stopwatch_tells_nothing(open_shop: OpenShop) -> None:
    shop = await open_shop(padding=DurationPadding())
    shop.platform.delay_s = lambda found: 0.03 if found else 0.005
    known, unknown = await timings(shop, rounds=400, at_once=40)
    area = distinguishability(known, unknown)
    print(f"area under the curve {area:.3f} of {len(known)} each")
    assert min(known + unknown) >= DurationPadding().floor_s
    assert area <= max(0.55, chance(len(known)))


async def test_what_takes_longer_is_released_at_the_next_step(open_shop: OpenShop) -> None:
    shop = await open_shop(padding=DurationPadding(0.05, 0.2))
    shop.platform.delay_s = lambda _found: 0.1
    started = perf_counter()
    await shop.service.prove(shop.shopper(), "1001", email=WRONG)
    assert perf_counter() - started >= 0.25


@pytest.mark.parametrize(("took_s", "released_s"), [(0, 0.5), (0.4, 0.5), (0.5, 0.5), (0.6, 2), (1.9, 2), (2.1, 3.5)])
def test_work_is_released_at_the_floor_or_at_a_step(took_s: float, released_s: float) -> None:
    assert took_s + DurationPadding(0.5, 1.5).remaining_s(took_s) == pytest.approx(released_s)
