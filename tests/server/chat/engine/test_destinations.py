"""Shipping to a place: its own line where the policy names it, what holds for all others where it does not."""

import pytest

from server.chat.answering.engine.destinations import asks_of_abroad, destinations_in
from server.chat.answering.engine.places import covers, is_home, speaks_of_the_rest
from server.chat.models import Source
from tests.server.chat.engine.shop import ShopTools, question
from tests.server.chat.engine.test_engine import Answer, answer

RATES = (
    (("Shipping",), "We pack every weekday in Leeds."),
    (
        ("Shipping", "Within the country"),
        "| Service | Price | Delivery |\n|---|---|---|\n"
        "| Standard | $4.50 | 2 to 4 days |\n| Express | $9.00 | next day |",
    ),
    (("Shipping", "Islands and lockers"), "Standard shipping only. Please allow 8 to 11 days."),
    (
        ("Shipping", "Norway and Europe"),
        "We ship to Norway and all countries of the European Union for $21.00. Delivery takes 6 to 9 days.",
    ),
    (
        ("Shipping", "Canada"),
        "Shipping to Canada costs $13.00 and takes 5 to 8 days. Duties are paid at checkout.",
    ),
    (("Shipping", "Elsewhere"), "We do not ship to other countries at the moment. Gas cannot be mailed at all."),
    (("Payment",), "We take cards, and Klarna splits a payment into four instalments."),
)


def policies(*passages: tuple[tuple[str, ...], str]) -> tuple[Source, ...]:
    """Passages of documents: the first heading is the title."""
    return tuple(
        Source(
            id=f"document:{path[0].lower()}#{place}", kind="document", title=path[0], text=text, heading_path=path[1:]
        )
        for place, (path, text) in enumerate(passages)
    )


async def ask(text: str, locale: str = "en", passages: tuple[Source, ...] = policies(*RATES)) -> Answer:
    """An answer from the policies above."""
    return await answer(question(text, locale=locale), ShopTools(policies=passages))


@pytest.mark.parametrize(
    ("text", "locale"),
    [
        ("Do you ship to Japan?", "en"),
        ("Do you deliver to Japan?", "en"),
        ("What does shipping to Japan cost?", "en"),
        ("How much is shipping to Brazil?", "en"),
        ("shipping to mexico how long", "en"),
        ("is there duty to pay for Brazil?", "en"),
        ("Do you deliver to Tokyo?", "en"),
        ("do you ship to Asia", "en"),
        ("Livrez-vous au Japon ?", "fr"),
        ("Wie viel kostet der Versand nach Brasilien?", "de"),
        ("¿Envían a Japón?", "es"),
    ],
)
async def test_a_place_that_is_not_listed_gets_what_holds_for_the_others(text: str, locale: str) -> None:
    answered = await ask(text, locale)
    assert answered.text.endswith("We do not ship to other countries at the moment.")
    assert answered.cited == ["document:shipping#5"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("How much is shipping to Canada?", "$13.00"),
        ("how long does delivery to Germany take", "6 to 9 days"),
        ("shipping cost to Norway?", "$21.00"),
    ],
)
async def test_a_place_that_is_listed_gets_its_own_line(text: str, said: str) -> None:
    answered = await ask(text)
    assert said in answered.text
    assert "other countries" not in answered.text
    assert "$4.50" not in answered.text


async def test_two_places_get_a_line_each() -> None:
    answered = await ask("do you ship to Canada or Japan?")
    assert "Shipping to Canada costs" in answered.text
    assert answered.text.endswith("We do not ship to other countries at the moment.")


@pytest.mark.parametrize("text", ["do you ship internationally?", "which countries do you ship to?"])
async def test_abroad_as_such_gets_every_rule_for_it(text: str) -> None:
    answered = await ask(text)
    for said in ("Norway", "Canada", "do not ship to other countries"):
        assert said in answered.text


@pytest.mark.parametrize("text", ["how long does it take to arrive?", "how long does shipping take?"])
async def test_delivery_time_is_the_general_one(text: str) -> None:
    answered = await ask(text)
    assert "2 to 4 days" in answered.text
    assert "8 to 11 days" not in answered.text


async def test_follow_ups_on_a_place_stay_with_shipping() -> None:
    history = (
        ("shopper", "shipping to Norway?"),
        ("assistant", "…"),
        ("shopper", "and to Canada?"),
        ("assistant", "…"),
    )
    asked = question("and Japan?", history=history)
    answered = await answer(asked, ShopTools(policies=policies(*RATES)))
    assert answered.text == "We do not ship to other countries at the moment."


async def test_nothing_is_promised_for_a_place_of_which_nothing_is_said() -> None:
    answered = await ask("How much is shipping to Japan?", passages=policies(*RATES[:5]))
    assert answered.kind == "unknown"
    home = await ask("How much is shipping to the US?", passages=policies(*RATES[:5]))
    assert "$4.50" in home.text


async def test_worldwide_shipping_serves_every_place() -> None:
    worldwide = policies(*RATES[:5], (("Shipping", "Worldwide"), "We ship worldwide for $30.00. It takes 3 weeks."))
    answered = await ask("What does shipping to Japan cost?", passages=worldwide)
    assert "$30.00" in answered.text
    assert "$21.00" not in answered.text


def test_all_countries_of_a_union_are_not_all_countries() -> None:
    assert not speaks_of_the_rest("We ship to all countries of the European Union.")
    assert speaks_of_the_rest("We ship to all countries.")


def test_places_within_others() -> None:
    assert covers("We ship to Canada and Asia.", frozenset({"JP"}))
    assert not covers("We ship to Canada and Asia.", frozenset({"BR"}))
    assert covers("US territories and PO boxes", frozenset({"PR"}))
    assert is_home(frozenset({"US"}), "USD")
    assert not is_home(frozenset({"142"}), "USD")


def test_the_destination_is_where_it_goes() -> None:
    assert destinations_in("shipping from the UK to Japan", "en") == {"JP"}
    assert destinations_in("do you ship to the US?", "en") == {"US"}
    assert destinations_in("do you ship from China?", "en") == frozenset()
    assert destinations_in("can I return it from Germany", "en") == {"DE"}
    assert destinations_in("can you deliver to Toronto", "en") == {"CA"}
    assert destinations_in("a tent to sleep in", "en") == frozenset()
    assert asks_of_abroad("do I have to pay customs fees?")
    assert not asks_of_abroad("how long does shipping take?")
