"""Orders: what a shopper may know of one, by what they have proven, and never more."""

import asyncio
from typing import Any

import msgspec
import pytest

from integrations.platform import OrderStatus
from server.chat.answering.engine import prove_from_message
from server.chat.models import OrderAnswer, StatusLine
from server.orders.models import OrderFound, OrdersUnavailable, ProofLevel, ProofNeeded
from tests.server.chat.engine.answers import answer, engine, read
from tests.server.chat.engine.orders import ORDER
from tests.server.chat.engine.shop import ShopTools, question

OWNER_MAIL = "mara@post.example"


def ordered(status: OrderStatus, **changes: Any) -> ShopTools:
    """A shop whose order 1001 stands so."""
    fields = {"status": status, "status_text": status.value, "estimated_delivery": None}
    return ShopTools(views=(msgspec.structs.replace(ORDER, **(fields | changes)),))


async def test_an_order_needs_a_proof() -> None:
    bare = await answer(question("Where is my order?"))
    assert bare.kind == "order_proof"
    assert bare.proofs[0].order_number is None
    numbered = await answer(question("Where is my order 1001?"))
    assert numbered.proofs[0].order_number == "1001"
    assert "1001" in numbered.text
    assert bare.orders == numbered.orders == []


@pytest.mark.parametrize(
    ("text", "order"),
    [
        (f"Where is my order #1001? My email is {OWNER_MAIL}", None),
        (f"order 1001, {OWNER_MAIL.upper()}", None),
        ("order #1001, zip 97205", None),
        (OWNER_MAIL, "1001"),
    ],
)
async def test_an_order_with_its_proof_is_told(text: str, order: str | None) -> None:
    answered = await answer(question(text, order=order))
    assert answered.kind == "order_status"
    assert answered.orders == [ORDER]
    assert "November 24, 2026" in answered.text
    assert "on its way" in answered.text
    assert answered.proofs[0].methods == ("code",)
    assert answered.cited == ["order:#1001"]
    assert {receipt.field for receipt in answered.end.receipts} >= {"estimated_delivery", "placed_on"}


async def test_a_higher_level_tells_items_and_tracking() -> None:
    tools = ShopTools(level=ProofLevel.READS_MAIL)
    answered = await answer(question(f"track order 1001 {OWNER_MAIL}"), tools)
    assert "00340434161094042557" in answered.text
    whole = await answer(question(f"where is order 1001 {OWNER_MAIL}"), ShopTools(level=ProofLevel.READS_MAIL))
    assert "2 × Glacier Flask" in whole.text
    assert answered.proofs == whole.proofs == []


async def test_a_wrong_proof_and_an_unknown_order_are_told_alike() -> None:
    wrong = await answer(question("order 1001 nobody@post.example"))
    unknown = await answer(question("order 9999 nobody@post.example"))
    assert wrong.kind == unknown.kind == "order_refused"
    assert wrong.text == unknown.text
    assert wrong.suggestions == unknown.suggestions
    assert wrong.orders == unknown.orders == []
    assert wrong.cited == unknown.cited == []


async def test_a_lock_is_told_without_a_hint() -> None:
    answered = await answer(question(f"order 1001 {OWNER_MAIL}"), ShopTools(locked=True))
    assert answered.kind == "order_locked"
    assert answered.orders == []


@pytest.mark.parametrize("text", ["where is my order?", f"order 1001 {OWNER_MAIL}"])
async def test_an_outage_is_never_not_found(text: str) -> None:
    answered = await answer(question(text), ShopTools(away=frozenset({"prove", "order_status"})))
    assert answered.kind == "order_unavailable"
    assert "isn't answering" in answered.text


async def test_a_shop_without_orders_says_so() -> None:
    unconnected = await answer(question("where is my order?"), ShopTools(connected=False))
    assert "no access to orders" in unconnected.text


async def test_a_signed_in_customer_sees_their_orders() -> None:
    answered = await answer(question("where are my orders?", signed_in=True))
    assert answered.kind == "orders_listed"
    assert "#1003" in answered.text
    assert "November 18, 2026" in answered.text


async def test_a_british_shopper_reads_british_dates() -> None:
    answered = await answer(question(f"where is order 1001? {OWNER_MAIL}", locale="en-GB"))
    assert "24 November 2026" in answered.text


async def test_a_proof_is_checked_before_a_model_speaks() -> None:
    asked = question(f"order #1001 {OWNER_MAIL}")
    proven = await prove_from_message(await read(asked), asked, ShopTools())
    assert proven is not None
    assert isinstance(proven.outcome, OrderFound)
    wrong = question("order #1001 nobody@post.example")
    refused = await prove_from_message(await read(wrong), wrong, ShopTools())
    assert refused is not None
    assert isinstance(refused.outcome, ProofNeeded)
    away = await prove_from_message(await read(asked), asked, ShopTools(away=frozenset({"prove"})))
    assert away is not None
    assert isinstance(away.outcome, OrdersUnavailable)


@pytest.mark.parametrize(
    "text",
    [
        "where is my order?",
        "do you sell tents?",
        f"write me at {OWNER_MAIL} about jackets under $50 please, will you",
    ],
)
async def test_what_is_no_proof_is_not_checked(text: str) -> None:
    other = question(text)
    assert await prove_from_message(await read(other), other, ShopTools()) is None


class SlowTools(ShopTools):
    """The shop's system answers only when it is let."""

    def __init__(self) -> None:
        super().__init__()
        self.may_answer = asyncio.Event()

    async def prove(
        self, order_number: str, *, email: str | None = None, postcode: str | None = None, name: str | None = None
    ) -> OrderAnswer:
        await self.may_answer.wait()
        return await super().prove(order_number, email=email, postcode=postcode, name=name)


async def test_a_shopper_who_waits_for_a_slow_shop_is_told_that_it_goes_on() -> None:
    tools, asked = SlowTools(), question(f"where is order 1001? {OWNER_MAIL}")
    tools.serve(asked)
    lines: list[str] = []
    async for event in engine().answer(asked, await read(asked), tools):
        if isinstance(event, StatusLine):
            lines.append(event.text)
        if len(lines) == 2:
            tools.may_answer.set()
    assert lines[:2] == ["Looking up order 1001", "The shop's system is taking a moment; still looking"]


@pytest.mark.parametrize(
    ("status", "text"),
    [
        (OrderStatus.COMPLETED, "Order #1001 is complete"),
        (OrderStatus.DOWNLOAD_READY, "download is in the e-mail"),
        (OrderStatus.PAYMENT_FAILED, "The payment for order #1001 did not go through"),
        (OrderStatus.PENDING, "has reached the shop and is not being packed yet"),
        (OrderStatus.ON_HOLD, "is on hold until the shop has confirmed it"),
    ],
)
async def test_what_was_not_sent_is_not_told_as_sent(status: OrderStatus, text: str) -> None:
    told = await answer(question(f"where is order 1001? {OWNER_MAIL}"), ordered(status))
    assert text in told.text
    assert "shipped" not in told.text
    assert "on its way" not in told.text


async def test_a_status_of_the_shops_own_is_told_by_its_name_there() -> None:
    labelled = ordered(OrderStatus.UNKNOWN, status_label="Rechnung verschickt", status_text="Rechnung verschickt")
    told = await answer(question(f"where is order 1001? {OWNER_MAIL}"), labelled)
    assert "The shop lists order #1001 as “Rechnung verschickt”." in told.text


async def test_two_orders_at_once_are_both_told() -> None:
    views = tuple(msgspec.structs.replace(ORDER, number=number) for number in ("#1001", "#1002"))
    told = await answer(question(f"Where are orders 1001 and 1002? {OWNER_MAIL}"), ShopTools(views=views))
    assert {order.number for order in told.orders} == {"#1001", "#1002"}
    assert "1001" in told.text
    assert "1002" in told.text


async def test_a_second_order_that_is_not_proven_is_not_passed_over() -> None:
    told = await answer(question(f"Where are orders 1001 and 1009? {OWNER_MAIL}"), ShopTools(views=(ORDER,)))
    assert [order.number for order in told.orders] == ["#1001"]
    assert "1009: " in told.text
