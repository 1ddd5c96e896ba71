"""Order look-ups against a shop: exact numbers, no false "not found", nobody else's orders."""

import asyncio
import re
import time
from datetime import date

import pytest

from integrations.platform import (
    Money,
    Order,
    OrderStatus,
    PlatformRevoked,
    PlatformUnavailable,
    normalise_order_number,
)
from integrations.woocommerce.orders import FEATURE_KNOWN_S, OrderReader, respelled
from integrations.woocommerce.platform import WooCommercePlatform
from server.embedded.standins.woocommerce.replies import Reply, Request
from server.embedded.standins.woocommerce.samples import Body
from server.embedded.standins.woocommerce.store import Failure, Store
from server.embedded.standins.woocommerce_server import WooCommerceStandin, running
from tests.integrations.woocommerce.woo_shop import Connect, HeldCredentials, client_of


def sequential(store: Store, number: str, **changes: object) -> Body:
    """An order whose number a plugin counts; its id is another."""
    return store.add_order(number=number, meta_data=[{"id": 1, "key": "_order_number", "value": number}], **changes)


async def detailed(platform: WooCommercePlatform, made: Body) -> Order:
    """The order as those see it who may see everything."""
    outline = await platform.find_order(str(made["id"]))
    assert outline is not None
    assert outline.is_outline
    return await platform.fetch_order_details(outline)


@pytest.mark.parametrize("https", [False, True])
async def test_by_number(connect: Connect, store: Store, *, https: bool) -> None:
    made = [store.add_order() for _ in range(3)][1]
    order = await connect(https=https).find_order(f"#{made['id']}")
    assert order is not None
    assert (order.number, order.email, order.total) == (str(made["id"]), made["billing"]["email"], Money(4040, "USD"))


async def test_unknown_and_similar_numbers(platform: WooCommercePlatform, store: Store) -> None:
    made = store.add_order()
    refunded = store.add_order()
    store.refund(refunded["id"], "1.00")
    product = store.add_product()
    number = str(made["id"])
    others = (
        number[:-1],
        f"{number}0",
        f"0{number}",
        f"A{number}",
        "999999",
        str(product["id"]),
        "",
        "#",
        "mail.example",
    )
    for other in (*others, str(store.refunds[refunded["id"]][0]["id"]), "9" * 40, "٩٩٩٩٩٩"):
        assert await platform.find_order(other) is None, other


async def test_what_is_no_order_yet_or_any_more(platform: WooCommercePlatform, store: Store) -> None:
    for status in ("trash", "auto-draft", "checkout-draft"):
        assert await platform.find_order(str(store.add_order(status=status)["id"])) is None


async def test_a_number_in_an_address_is_no_match(platform: WooCommercePlatform, store: Store) -> None:
    store.add_order(billing={"email": "a@b.example", "phone": "555001", "address_1": "555001 Main St"})
    assert await platform.find_order("555001") is None


@pytest.mark.parametrize("number", ["WEB-1001", "2026-0107", "A-2026/0107-X", "№ 77", "INV1001"])
async def test_numbers_that_a_plugin_counts(platform: WooCommercePlatform, store: Store, number: str) -> None:
    sequential(store, f"{number}9")
    made = sequential(store, number, currency="EUR")
    sequential(store, number.replace("7", "8").replace("1001", "1002"))
    order = await platform.find_order(normalise_order_number(number))
    assert order is not None
    assert (order.number, order.email) == (number, made["billing"]["email"])


async def test_an_id_is_not_the_number_where_a_plugin_counts(platform: WooCommercePlatform, store: Store) -> None:
    first = store.add_order(number="5000")
    second = store.add_order()
    store.change_order(second["id"], number=str(first["id"]))
    order = await platform.find_order(str(first["id"]))
    assert order is not None
    assert order.email == second["billing"]["email"]


def test_respelling() -> None:
    assert respelled("2026001", "2026-0107") == "2026-001"
    assert respelled("A20260107X", "A-2026/0099-X") == "A-2026/0107-X"
    assert respelled("WEB1001", "WEB-1000") is None
    assert respelled("1001", "1000") is None
    assert respelled("1", "") is None


async def test_search_that_finds_too_much_is_no_answer(platform: WooCommercePlatform, store: Store) -> None:
    """Not even for an order that is there: else its number would be told by being answered at all."""
    for _ in range(1010):
        store.add_order(billing={"email": "x@mail.example", "address_1": "77777 Main St"})
    assert await platform.find_order("77777") is None, "numbers are ids here, so the id has told it"
    sequential(store, "WEB-77777")
    for number in ("77777", "WEB-77777", "WEB-777"):
        with pytest.raises(PlatformUnavailable, match="too many"):
            await platform.find_order(number)


class Watched(WooCommerceStandin):
    """Every request takes `delay_s`; remembers what was asked for in which round: a round begins when one asks who has
    seen an answer of the round before."""

    def __init__(self, store: Store, delay_s: float = 0.15, *, workers: int = 100) -> None:
        super().__init__(store)
        self._delay_s, self._workers = delay_s, asyncio.Semaphore(workers)
        self.rounds: list[tuple[int, str]] = []
        self._ended = 0

    async def _reply(self, request: Request) -> Reply:
        begins_in = self._ended + 1
        what = re.sub(r"orders/\d+", "orders/ID", request.path.partition("wc/v3/")[2])
        searched = " search" if "search" in request.query else ""
        self.rounds.append((begins_in, what + searched))
        async with self._workers:
            await asyncio.sleep(self._delay_s)
            answer = await super()._reply(request)
        self._ended = max(self._ended, begins_in)
        return answer

    def forget(self) -> list[tuple[int, str]]:
        told, self.rounds, self._ended = sorted(self.rounds), [], 0
        return told


@pytest.mark.parametrize(
    ("known", "unknown"),
    [(None, "999999"), ("88123", "88129"), ("WEB-1001", "WEB-1009"), ("2026-0107", "2026-0999"), ("№ 77/A", "№ 79/A")],
)
async def test_known_and_unknown_numbers_cost_a_slow_shop_the_same(known: str | None, unknown: str) -> None:
    """Each round is a wait of its own, by which numbers that exist could be told from those that do not. Cold is an
    adapter just built, warm one that has asked this shop before."""
    with running(Watched(Store())) as standin:
        store = standin.store
        store.behind_https = True
        made = sequential(store, known, status="completed") if known else store.add_order(status="completed")
        store.refund(made["id"], "1.00")
        numbers = {"known": made["number"], "unknown": unknown, "unplaced": store.add_order(status="trash")["number"]}
        sequential(store, f"{known}8") if known else store.add_order()
        credentials = HeldCredentials(consumer_key=store.key[0], consumer_secret=store.key[1])
        client = client_of(store.url, credentials)
        warm, asked = OrderReader(client), {}
        await warm.find(unknown)
        standin.forget()
        for name, number in numbers.items():
            for state, reader in {"cold": OrderReader(client), "warm": warm}.items():
                assert (await reader.find(number) is not None) is (name == "known")
                asked[state, name] = standin.forget()
        await client.close()
    counts_ids = known is None
    for state, most in {"cold": 2 if counts_ids else 3, "warm": 1 if counts_ids else 2}.items():
        assert asked[state, "known"] == asked[state, "unknown"]
        assert max(number for number, _ in asked[state, "known"]) <= most
        if counts_ids or known.isdigit():
            assert asked[state, "known"] == asked[state, "unplaced"]


@pytest.mark.parametrize("https", [False, True])
@pytest.mark.parametrize(
    "mode",
    [
        "maintenance",
        "unavailable",
        "database",
        "proxy_limit",
        "rate_limit",
        "html",
        "not_found_html",
        "inactive",
        "wall",
        "redirect",
        "notice",
        "error_without_object",
    ],
)
async def test_an_outage_is_never_not_found(connect: Connect, store: Store, mode: str, *, https: bool) -> None:
    made = store.add_order()
    platform = connect(https=https)
    store.failure = Failure(mode)
    started = time.monotonic()
    for number in (str(made["id"]), "999999", "WEB-1"):
        with pytest.raises(PlatformUnavailable):
            await platform.find_order(number)
    assert time.monotonic() - started < 2, "a shopper waits: nothing is tried again"
    store.failure = None
    assert await platform.find_order(str(made["id"])) is not None


async def test_waits_are_told(platform: WooCommercePlatform, store: Store) -> None:
    for mode, seconds in (("maintenance", 600), ("rate_limit", 9), ("proxy_limit", None)):
        store.failure = Failure(mode)
        with pytest.raises(PlatformUnavailable) as said:
            await platform.find_order("1")
        assert said.value.retry_after_s == seconds


@pytest.mark.parametrize("path", ["/refunds", "/fulfillments", "/notes"])
async def test_a_part_that_fails_is_an_outage_too(platform: WooCommercePlatform, store: Store, path: str) -> None:
    made = store.add_order(status="completed")
    store.refund(made["id"], "1.00")
    store.failure = Failure("unavailable", path=path)
    with pytest.raises(PlatformUnavailable):
        await detailed(platform, made)


async def test_only_woocommerces_own_word_means_that_there_is_none(platform: WooCommercePlatform, store: Store) -> None:
    made = store.add_order()
    store.failure = Failure("inactive", path=f"orders/{made['id']}")
    with pytest.raises(PlatformUnavailable):
        await platform.find_order(str(made["id"]))


async def test_a_slow_shop_can_be_left(platform: WooCommercePlatform, store: Store) -> None:
    store.failure = Failure("slow", seconds=5)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1):
            await platform.find_order("1")


async def test_revoked(platform: WooCommercePlatform, store: Store) -> None:
    store.keys.clear()
    with pytest.raises(PlatformRevoked, match="connect"):
        await platform.find_order("1")


async def test_refunds_and_parcels_in_detail(platform: WooCommercePlatform, store: Store) -> None:
    store.has_fulfillments = True
    made = store.add_order(status="completed")
    store.refund(made["id"], "11.70", {11: 1})
    store.add_fulfillment(made["id"], number="1Z9", provider="ups", url="https://ups.example/1Z9", items={11: 2, 12: 1})
    store.add_note(made["id"], "Tracking number: INTERNAL99", to_customer=False)
    order = await detailed(platform, made)
    assert order.status is OrderStatus.PARTIALLY_REFUNDED
    (refund,) = order.refunds
    assert (refund.amount, refund.items) == (Money(1170, "USD"), (("Linen & Paper", 1),))
    assert isinstance(refund.refunded_on, date)
    assert order.items[0].refunded_quantity == 1
    assert [each.number for shipment in order.shipments for each in shipment.tracking] == ["1Z9"]
    store.refund(made["id"], "40.40")
    order = await detailed(platform, made)
    assert order.status is OrderStatus.REFUNDED


async def test_a_shop_without_fulfillments_is_asked_once_in_a_while(
    store: Store, standin: WooCommerceStandin, credentials: HeldCredentials
) -> None:
    store.behind_https, now = True, 0.0
    client = client_of(store.url, credentials)
    reader, made = OrderReader(client, clock=lambda: now), store.add_order()

    async def asked() -> int:
        before = sum(each.path.endswith("/fulfillments") for each in standin.requests)
        assert await reader.find(str(made["id"])) is not None
        return sum(each.path.endswith("/fulfillments") for each in standin.requests) - before

    assert [await asked(), await asked()] == [1, 0]
    now = FEATURE_KNOWN_S + 1
    store.has_fulfillments = True
    assert [await asked(), await asked()] == [1, 1]
    await client.close()


async def test_notes_are_asked_for_only_as_the_customer_sees_them(
    platform: WooCommercePlatform, store: Store, standin: WooCommerceStandin
) -> None:
    made = store.add_order(status="completed")
    store.add_note(made["id"], "Tracking number: INTERNAL99", to_customer=False)
    store.add_note(made["id"], "It left us! Tracking number: JD01460099", to_customer=True)
    order = await detailed(platform, made)
    assert [each.number for shipment in order.shipments for each in shipment.tracking] == ["JD01460099"]
    asked = [each for each in standin.requests if each.path.endswith("/notes")]
    assert [each.query["type"] for each in asked] == ["customer"]


async def test_a_customers_own_orders(platform: WooCommercePlatform, store: Store) -> None:
    mine = [store.add_order(customer_id=5)["id"] for _ in range(12)]
    store.add_order(customer_id=6)
    store.add_order()
    store.add_order(customer_id=5, status="checkout-draft")
    orders = await platform.list_customer_orders("5")
    assert [order.number for order in orders] == [str(number) for number in reversed(mine)][:10]
    assert {order.customer_id for order in orders} == {"5"}
    assert len(await platform.list_customer_orders("5", limit=3)) == 3


@pytest.mark.parametrize("customer_id", ["0", "", "-5", "5&customer=6", "guest0@mail.example", "abc", "00", "٥"])
async def test_guests_orders_belong_to_nobody(platform: WooCommercePlatform, store: Store, customer_id: str) -> None:
    store.add_order()
    store.add_order(customer_id=5)
    assert await platform.list_customer_orders(customer_id) == []


@pytest.mark.parametrize(
    ("numbers", "typed", "found"),
    [
        (["RG-9001", "RG-9002"], "9001", "RG-9001"),
        (["2026-9001", "2026-9002"], "9001", "2026-9001"),
        (["#SHOP9001"], "9001", "#SHOP9001"),
        (["RG-9001", "XX-9001"], "9001", None),
        (["RG-9001", "9001"], "9001", "9001"),
        (["RG-19001"], "9001", None),
        (["RG-9001-B"], "9001", None),
        (["RG-9001"], "01", None),
        (["RG-9001"], "XX9001", None),
        (["RG-9001"], "٩٠٠١", "RG-9001"),
        (["RG-9001"], "ＲＧ－９００１", "RG-9001"),
    ],
)
async def test_a_number_without_the_prefix_that_the_shop_prints(
    platform: WooCommercePlatform, store: Store, numbers: list[str], typed: str, found: str | None
) -> None:
    for number in numbers:
        sequential(store, number)
    sequential(store, "RG-5555")
    order = await platform.find_order(typed)
    assert (order.number if order else None) == found


async def test_a_status_of_the_shops_own_is_told_by_its_name_there(
    platform: WooCommercePlatform, store: Store, standin: WooCommerceStandin
) -> None:
    store.order_statuses |= {"invoice-sent": "Rechnung &amp; Lieferschein verschickt"}
    made = store.add_order(status="invoice-sent")
    for _ in range(2):
        order = await platform.find_order(str(made["id"]))
        assert order is not None
        assert (order.status, order.status_label) == (OrderStatus.UNKNOWN, "Rechnung & Lieferschein verschickt")
    asked = [each for each in standin.requests if each.path.endswith("/totals")]
    assert len(asked) == 1, "they hardly ever change"


async def test_a_shop_that_does_not_tell_its_statuses_still_finds_orders(
    platform: WooCommercePlatform, store: Store
) -> None:
    store.failure = Failure("inactive", path="/reports/")
    made = store.add_order(status="invoice-sent")
    order = await platform.find_order(str(made["id"]))
    assert order is not None
    assert order.status_label is None


async def test_a_part_that_has_left_is_told_before_anything_else_is_shown(
    platform: WooCommercePlatform, store: Store
) -> None:
    store.has_fulfillments = True
    made = store.add_order()
    store.add_fulfillment(made["id"], number="1Z9", provider="ups", url="", items={12: 1})
    order = await platform.find_order(str(made["id"]))
    assert order is not None
    assert order.status is OrderStatus.PARTIALLY_SHIPPED
