"""Which store an order comes from: whom that store signed in, when it refuses us, and how slow it is."""

import time

import pytest
from msgspec import UNSET, Struct, UnsetType

from integrations.platform import PlatformRevoked
from integrations.woocommerce.platform import WooCommercePlatform
from server.chat.conversations.sessions import SessionClaims
from server.core.tokens import TokenSigner
from server.embedded.standins.woocommerce.store import Failure, Store
from server.embedded.standins.woocommerce_server import running
from server.orders.lookup import TIMEOUT_S
from server.orders.models import OrderFound, OrdersListed, OrdersUnavailable, ProofLevel, ProofNeeded
from server.shops.identity import Customer, customer_token, read_customer_token
from tests.integrations.woocommerce.test_woo_orders import Watched
from tests.integrations.woocommerce.woo_shop import HTTPS_URL, HeldCredentials, store_http
from tests.server.orders.memory_platform import OWNER_EMAIL, an_order
from tests.server.orders.order_shop import KEYS, OrderShop, ServiceOptions

DELAY_S = 0.3
SLOWEST_S = 2.0
"""A request to a WooCommerce on crowded shared hosting."""
HERE, ELSEWHERE, MERCHANT = Customer("c-1", None, "memory-1"), Customer("c-1", None, "memory-0"), Customer("c-1")


@pytest.mark.parametrize(("customer", "owns"), [(HERE, True), (MERCHANT, True), (ELSEWHERE, False)])
async def test_a_stores_word_holds_for_its_own_orders_only(shop: OrderShop, customer: Customer, *, owns: bool) -> None:
    shopper = shop.shopper(customer)
    found = await shop.service.look_up(shopper, "1001")
    listed = await shop.service.look_up(shopper, None)
    assert isinstance(found, OrderFound if owns else ProofNeeded)
    assert isinstance(listed, OrdersListed if owns else ProofNeeded)
    level = await shop.service.verify_identity(shop.shopper(customer), "1001", email="guess@example.com")
    assert level is (ProofLevel.SIGNED_IN if owns else ProofLevel.NOBODY)


async def test_a_change_of_platforms_ends_what_the_first_one_vouched_for(shop: OrderShop) -> None:
    shopper = shop.shopper(HERE)
    assert isinstance(await shop.service.look_up(shopper, None), OrdersListed)
    shop.connection_id = "memory-2"
    another = shop.shopper(HERE)
    assert isinstance(await shop.service.look_up(another, "1001"), ProofNeeded)
    assert isinstance(await shop.service.look_up(another, None), ProofNeeded)


async def test_an_order_proven_otherwise_tells_no_other_orders_of_a_strangers_account(shop: OrderShop) -> None:
    shopper = shop.shopper(ELSEWHERE)
    calls = shop.platform.calls
    assert isinstance(await shop.service.look_up(shopper, None), ProofNeeded)
    assert shop.platform.calls == calls, "the store is not even asked"


def test_the_store_is_part_of_the_proof_and_of_the_session() -> None:
    now = time.time()
    assert read_customer_token(customer_token("ck_" + "x" * 40, "7", "of-a-store", now), ("ck_" + "x" * 40,), now) == (
        Customer("7", None, "of-a-store")
    )
    signer = TokenSigner(KEYS, "session", SessionClaims)
    claims = SessionClaims(s="s", c="c", v="v", customer=HERE)
    assert signer.read(signer.sign(claims, lifetime_s=60)) == claims


def test_sessions_from_before_are_read() -> None:
    class Then(Struct):
        s: str
        c: str
        v: str
        customer: dict[str, str | None]

    claims = Then("s", "c", "v", {"id": "7", "email": None})
    token = TokenSigner(KEYS, "session", Then).sign(claims, lifetime_s=60)
    read = TokenSigner(KEYS, "session", SessionClaims).read(token)
    assert read is not None
    assert read.customer == Customer("7")


async def test_a_store_that_refuses_us_is_told_to_the_merchant(shop: OrderShop) -> None:
    shop.platform.failure = PlatformRevoked("the keys no longer work")
    assert isinstance(await shop.service.look_up(shop.shopper(MERCHANT), "1001"), OrdersUnavailable)
    assert shop.revoked == [("memory-1", "the keys no longer work")]
    assert isinstance(await shop.service.look_up(shop.shopper(MERCHANT), None), OrdersUnavailable)
    assert len(shop.revoked) == 2, "whether it is news is known where connections are kept"


async def test_a_slow_shop_does_not_tell_which_numbers_there_are(shop: OrderShop) -> None:
    """One round more for unknown numbers would tell them from those that exist. The first question is there for what an
    adapter asks only once in a while."""
    with running(Watched(Store(), DELAY_S)) as standin:
        store = standin.store
        store.behind_https = True
        made, _ = store.add_order(), store.add_order()
        credentials = HeldCredentials(consumer_key=store.key[0], consumer_secret=store.key[1])
        platform = WooCommercePlatform(HTTPS_URL, store_http(store.url, https=True), credentials)
        shop.other_platform = platform
        service = shop.build_service(ServiceOptions(platform_timeout_s=30.0))
        answers, asked = [], []
        for number in ("999998", made["number"], "999999"):
            standin.forget()
            told = await service.prove(shop.shopper(), number, email="guess@example.com")
            assert isinstance(told, ProofNeeded)
            answers.append((told.methods, told.refused))
            asked.append(standin.forget())
        await platform.close()
    assert answers[1] == answers[2]
    assert asked[1] == asked[2]
    assert max(number for number, _ in asked[1]) * SLOWEST_S < TIMEOUT_S


async def test_a_shop_on_slow_hosting_is_waited_for(shop: OrderShop) -> None:
    """Two PHP workers serve all requests, as on shared hosting: those that come at once wait for each other."""
    with running(Watched(Store(), 1.5, workers=2)) as standin:
        store = standin.store
        store.behind_https = True
        made, _ = store.add_order(), store.add_order()
        credentials = HeldCredentials(consumer_key=store.key[0], consumer_secret=store.key[1])
        platform = WooCommercePlatform(HTTPS_URL, store_http(store.url, https=True), credentials)
        shop.other_platform = platform
        service = shop.build_service(ServiceOptions(platform_timeout_s=TIMEOUT_S))
        told = await service.prove(shop.shopper(), made["number"], email=made["billing"]["email"])
        await platform.close()
    assert isinstance(told, OrderFound)


async def test_what_only_the_owner_sees_is_asked_for_once_it_may_be_shown(shop: OrderShop) -> None:
    with running() as standin:
        store = standin.store
        store.behind_https = True
        made = store.add_order(status="completed")
        store.refund(made["id"], "1.00")
        credentials = HeldCredentials(consumer_key=store.key[0], consumer_secret=store.key[1])
        platform = WooCommercePlatform(HTTPS_URL, store_http(store.url, https=True), credentials)
        shop.other_platform = platform
        shopper = shop.shopper()
        first = await shop.service.prove(shopper, made["number"], email=made["billing"]["email"])
        assert isinstance(first, OrderFound)
        assert not [each for each in standin.requests if each.path.endswith(("/refunds", "/notes"))]
        await shop.database_proof(shopper, made["number"], ProofLevel.READS_MAIL)
        store.failure = Failure("unavailable", path="/refunds")
        without = await shop.service.look_up(shopper, made["number"])
        assert isinstance(without, OrderFound)
        assert without.view.refunds is UNSET, "what could not be read is not told to be nothing"
        store.failure = None
        whole = await shop.service.look_up(shopper, made["number"])
        await platform.close()
    assert isinstance(whole, OrderFound)
    assert not isinstance(whole.view.refunds, UnsetType)
    assert [refund.amount.amount for refund in whole.view.refunds] == [100]


async def test_a_proof_by_the_bare_number_opens_the_order_with_its_prefix_too(shop: OrderShop) -> None:
    shop.platform.orders = {"9001": an_order("RG-9001"), "RG9001": an_order("RG-9001")}
    shopper = shop.shopper()
    assert isinstance(await shop.service.prove(shopper, "9001", email=OWNER_EMAIL), OrderFound)
    for written in ("9001", "RG-9001", "#rg9001"):
        assert isinstance(await shop.service.look_up(shopper, written), OrderFound)
    stranger = shop.shopper()
    assert isinstance(await shop.service.look_up(stranger, "9001"), ProofNeeded)
