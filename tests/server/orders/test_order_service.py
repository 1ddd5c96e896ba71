"""Who sees how much of an order, level by level and policy by policy."""

from collections.abc import Awaitable, Callable

import msgspec
import pytest

from server.orders.models import (
    OrderFound,
    OrderOutcome,
    OrdersListed,
    ProofLevel,
    ProofNeeded,
)
from server.shops.identity import Customer
from tests.server.orders.memory_platform import OWNER_EMAIL, an_order
from tests.server.orders.order_shop import OrderShop, ServiceOptions

OpenShop = Callable[..., Awaitable[OrderShop]]
L1 = {"number", "status", "status_text", "placed_on", "estimated_delivery"}
L2 = L1 | {"items", "tracking", "shipments", "ship_to", "refunds"}
L3 = L2 | {"total", "other_orders"}
OWNER = Customer("c-1", OWNER_EMAIL)


def shown(outcome: OrderOutcome) -> set[str]:
    assert isinstance(outcome, OrderFound), outcome
    return set(msgspec.to_builtins(outcome.view))


async def test_nobody_sees_nothing_and_the_platform_is_not_even_asked(shop: OrderShop) -> None:
    outcome = await shop.service.look_up(shop.shopper(), "#1001")
    assert outcome == ProofNeeded(order_number="#1001", methods=("email", "postcode", "code"))
    assert shop.platform.calls == 0


async def test_without_a_number_anonymous_people_are_asked_for_one(shop: OrderShop) -> None:
    outcome = await shop.service.look_up(shop.shopper(), None)
    assert isinstance(outcome, ProofNeeded)
    assert (outcome.order_number, outcome.refused) == (None, False)


@pytest.mark.parametrize("email", [OWNER_EMAIL, OWNER_EMAIL.upper(), f"  {OWNER_EMAIL.title()} "])
@pytest.mark.parametrize("number", ["1001", "#1001", "# 1001", "\t#1001\n", "Order no. 1001", "Commande n° 1001"])
async def test_number_and_email_show_status_and_dates(shop: OrderShop, number: str, email: str) -> None:
    outcome = await shop.service.prove(shop.shopper(), number, email=email)
    assert shown(outcome) == L1
    assert isinstance(outcome, OrderFound)
    assert (outcome.level, outcome.more_with_code) == (ProofLevel.KNOWS_ORDER, True)


@pytest.mark.parametrize("postcode", ["DK-8000", "dk 8000", "8000"])
async def test_the_postcode_of_either_address_is_as_good(shop: OrderShop, postcode: str) -> None:
    assert shown(await shop.service.prove(shop.shopper(), "1001", postcode=postcode)) == L1


@pytest.mark.parametrize(
    "claim",
    [
        {"email": "someone.else@example.com"},
        {"email": "nora.winther@example.com.evil.example"},
        {"email": "nora.winther"},
        {"email": "%"},
        {"email": "\x00"},
        {"email": "\ud800"},
        {"postcode": "8001"},
        {"postcode": "80"},
        {"postcode": "-"},
        {"email": OWNER_EMAIL, "postcode": "8001"},
        {"email": OWNER_EMAIL, "name": "Somebody Else"},
        {"postcode": "8000", "name": "Somebody Else"},
    ],
)
async def test_what_does_not_fit_is_refused_like_an_unknown_order(shop: OrderShop, claim: dict[str, str]) -> None:
    wrong = await shop.service.prove(shop.shopper(), "1001", **claim)
    unknown = await shop.service.prove(shop.shopper(), "7777", **claim)
    assert wrong == ProofNeeded(order_number="1001", methods=("email", "postcode", "code"), refused=True)
    assert unknown == ProofNeeded(order_number="7777", methods=("email", "postcode", "code"), refused=True)


@pytest.mark.parametrize("name", ["Nora Winther", "winther, nora", "NORA WINTHER", "Nóra"])
async def test_a_name_that_fits_may_come_along(shop: OrderShop, name: str) -> None:
    assert shown(await shop.service.prove(shop.shopper(), "1001", postcode="8000", name=name)) == L1


async def test_a_name_or_an_email_alone_opens_nothing(shop: OrderShop) -> None:
    assert isinstance(await shop.service.prove(shop.shopper(), "1001", name="Nora Winther"), ProofNeeded)
    assert isinstance(await shop.service.prove(shop.shopper(), "", email=OWNER_EMAIL), ProofNeeded)
    assert await shop.proofs() == {}


async def test_a_proof_holds_in_its_conversation_for_a_day(shop: OrderShop) -> None:
    shopper = shop.shopper()
    await shop.service.prove(shopper, "1001", email=OWNER_EMAIL)
    assert shown(await shop.service.look_up(shopper, "#1001")) == L1
    assert isinstance(await shop.service.look_up(shop.shopper(), "#1001"), ProofNeeded)
    await shop.age("proof", "expires_at", "24 hours")
    assert isinstance(await shop.service.look_up(shopper, "#1001"), ProofNeeded)


async def test_a_wrong_proof_later_takes_nothing_away_and_opens_no_other_order(shop: OrderShop) -> None:
    shop.platform.orders["1002"] = an_order("1002", email="other@example.com", billing_postcode=None, ship_to=None)
    shopper = shop.shopper()
    await shop.service.prove(shopper, "1001", email=OWNER_EMAIL)
    assert isinstance(await shop.service.prove(shopper, "1002", email=OWNER_EMAIL), ProofNeeded)
    assert shown(await shop.service.prove(shopper, "1001", email="typo@example.com")) == L1


async def test_a_proven_order_is_asked_for_once_a_minute_but_a_guess_always(shop: OrderShop) -> None:
    shopper = shop.shopper()
    await shop.service.prove(shopper, "1001", email=OWNER_EMAIL)
    for _ in range(3):
        await shop.service.look_up(shopper, "1001")
    assert shop.platform.calls == 1
    await shop.service.prove(shop.shopper(), "1001", email="wrong@example.com")
    assert shop.platform.calls == 2


async def test_a_neighbour_from_the_platforms_search_is_no_answer(shop: OrderShop) -> None:
    shop.platform.careless_with = "1001"
    outcome = await shop.service.prove(shop.shopper(), "100", email=OWNER_EMAIL)
    assert isinstance(outcome, ProofNeeded)
    assert outcome.refused


async def test_open_shops_show_all_but_the_account_to_number_and_email(open_shop: OpenShop) -> None:
    shop = await open_shop("open")
    outcome = await shop.service.prove(shop.shopper(), "1001", email=OWNER_EMAIL)
    assert shown(outcome) == L2
    assert isinstance(outcome, OrderFound)
    assert (outcome.level, outcome.more_with_code) == (ProofLevel.KNOWS_ORDER, False)


async def test_strict_shops_show_nothing_without_a_code(open_shop: OpenShop) -> None:
    shop = await open_shop("strict")
    shopper = shop.shopper()
    right = await shop.service.prove(shopper, "1001", email=OWNER_EMAIL)
    assert right == ProofNeeded(order_number="1001", methods=("code",))
    assert await shop.service.look_up(shopper, "1001") == right
    wrong = await shop.service.prove(shop.shopper(), "1001", email="wrong@example.com")
    assert wrong == ProofNeeded(order_number="1001", methods=("code",), refused=True)


async def test_without_a_mail_server_no_code_is_offered(open_shop: OpenShop) -> None:
    shop = await open_shop(codes=False)
    asked = await shop.service.look_up(shop.shopper(), "1001")
    assert isinstance(asked, ProofNeeded)
    assert asked.methods == ("email", "postcode")
    found = await shop.service.prove(shop.shopper(), "1001", email=OWNER_EMAIL)
    assert isinstance(found, OrderFound)
    assert not found.more_with_code


@pytest.mark.parametrize("order_access", ["standard", "open", "strict"])
async def test_a_signed_in_customer_sees_the_whole_order(open_shop: OpenShop, order_access: str) -> None:
    shop = await open_shop(order_access)
    shop.platform.orders["1002"] = an_order("1002")
    outcome = await shop.service.look_up(shop.shopper(OWNER), "1001")
    assert shown(outcome) == L3
    assert isinstance(outcome, OrderFound)
    assert [other.number for other in outcome.view.other_orders or ()] == ["1002"]


@pytest.mark.parametrize("customer", [Customer("c-2", "else@example.com"), Customer("c-2", OWNER_EMAIL), Customer("")])
async def test_somebody_elses_order_looks_unknown_to_a_signed_in_customer(shop: OrderShop, customer: Customer) -> None:
    theirs = await shop.service.look_up(shop.shopper(customer), "1001")
    unknown = await shop.service.look_up(shop.shopper(customer), "7777")
    assert theirs == ProofNeeded(order_number="1001", methods=("email", "postcode", "code"))
    assert unknown == ProofNeeded(order_number="7777", methods=("email", "postcode", "code"))


async def test_a_guests_order_belongs_to_the_signed_email(shop: OrderShop) -> None:
    shop.platform.orders["1003"] = an_order("1003", customer_id=None)
    assert shown(await shop.service.look_up(shop.shopper(Customer("c-9", OWNER_EMAIL.upper())), "1003")) >= L2
    assert isinstance(await shop.service.look_up(shop.shopper(Customer("c-9", None)), "1003"), ProofNeeded)
    shop.platform.orders["1004"] = an_order("1004", customer_id=None, email=None)
    assert isinstance(await shop.service.look_up(shop.shopper(Customer("c-9", None)), "1004"), ProofNeeded)


async def test_a_customers_list_holds_their_own_orders_only(shop: OrderShop) -> None:
    shop.platform.orders["1002"] = an_order("1002", customer_id="c-2")
    shop.platform.careless_with = "1001"
    listed = await shop.service.look_up(shop.shopper(OWNER), None)
    assert isinstance(listed, OrdersListed)
    assert [order.number for order in listed.orders] == ["#1001"]


async def test_what_one_customer_has_seen_is_not_remembered_for_another(shop: OrderShop) -> None:
    shopper = shop.shopper(OWNER)
    assert shown(await shop.service.look_up(shopper, "1001")) >= L2
    other = shop.shopper(Customer("c-2"), conversation_id=shopper.conversation_id)
    assert isinstance(await shop.service.look_up(other, "1001"), ProofNeeded)


async def test_the_form_is_told_the_level(shop: OrderShop) -> None:
    shopper = shop.shopper()
    assert await shop.service.verify_identity(shopper, "1001", email="wrong@example.com") == ProofLevel.NOBODY
    assert await shop.service.verify_identity(shopper, "7777", email=OWNER_EMAIL) == ProofLevel.NOBODY
    assert await shop.service.verify_identity(shopper, "1001", email=OWNER_EMAIL) == ProofLevel.KNOWS_ORDER


async def test_another_shop_has_no_such_order_and_no_such_proof(open_shop: OpenShop) -> None:
    first, second = await open_shop(), await open_shop()
    second.platform.orders.clear()
    shopper = first.shopper()
    assert shown(await first.service.prove(shopper, "1001", email=OWNER_EMAIL)) == L1
    elsewhere = second.shopper(conversation_id=shopper.conversation_id)
    assert isinstance(await second.service.look_up(elsewhere, "1001"), ProofNeeded)
    assert isinstance(await second.service.prove(elsewhere, "1001", email=OWNER_EMAIL), ProofNeeded)


async def test_what_no_longer_counts_is_deleted(shop: OrderShop) -> None:
    await shop.service.prove(shop.shopper(), "1001", email=OWNER_EMAIL)
    await shop.service.prove(shop.shopper(), "1001", email="wrong@example.com")
    await shop.age("proof", "expires_at", "25 hours")
    await shop.age("attempt", "window_start", "25 hours")
    await shop.service.delete_expired(shop.shop_id)
    assert await shop.proofs() == {}
    assert await shop.counts("order") == []


async def test_a_second_process_knows_the_same(shop: OrderShop) -> None:
    shopper = shop.shopper()
    await shop.service.prove(shopper, "1001", email=OWNER_EMAIL)
    assert shown(await shop.build_service(ServiceOptions()).look_up(shopper, "1001")) == L1
