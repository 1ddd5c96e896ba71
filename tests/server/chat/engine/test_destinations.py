"""Shipping to a place: its own line where the policy names it, what holds for all others where it does not."""

import pytest

from tests.server.chat.engine.answers import Answer, answer
from tests.server.chat.engine.memory import Document
from tests.server.chat.engine.shop import ShopTools, question

WITHIN = (
    "We pack every weekday in Portland.\n\n## Within the country\n\n"
    "| Service | Price | Delivery |\n|---|---|---|\n"
    "| Standard | $4.50 | 2 to 4 days |\n| Express | $9.00 | next day |\n\n"
    "## Islands and lockers\n\nStandard shipping only. Please allow 8 to 11 days.\n\n"
)
ABROAD = (
    "## Norway and Europe\n\nWe ship to Norway and all countries of the European Union for $21.00. "
    "Delivery takes 6 to 9 days.\n\n"
    "## Canada\n\nShipping to Canada costs $13.00 and takes 5 to 8 days. Duties are paid at checkout.\n\n"
)
ELSEWHERE = "## Elsewhere\n\nWe do not ship to other countries at the moment. Gas cannot be mailed at all.\n\n"
WORLDWIDE = "## Worldwide\n\nWe ship worldwide for $30.00. It takes 3 weeks.\n\n"
PAYMENT = Document("payment", "Payment", "We take cards, and Klarna splits a payment into four instalments.")


def rules(*sections: str) -> tuple[Document, ...]:
    return (Document("shipping", "Shipping", "".join(sections)), PAYMENT)


RATES = rules(WITHIN, ABROAD, ELSEWHERE)


async def ask(text: str, locale: str = "en", policies: tuple[Document, ...] = RATES) -> Answer:
    """An answer from the policies above."""
    return await answer(question(text, locale=locale), ShopTools(policies=policies))


@pytest.mark.parametrize(
    ("text", "locale"),
    [
        ("Do you ship to Japan?", "en"),
        ("Do you deliver to Japan?", "en"),
        ("What does shipping to Japan cost?", "en"),
        ("How much is shipping to Brazil?", "en"),
        ("shipping to mexico how long", "en"),
        ("Do you deliver to Tokyo?", "en"),
        ("do you ship to Asia", "en"),
        ("Livrez-vous au Japon ?", "fr"),
        ("Wie viel kostet der Versand nach Brasilien?", "de"),
        ("¿Envían a Japón?", "es"),
        ("Spedite in Giappone?", "it"),
        ("Leveren jullie in Japan?", "nl"),
    ],
)
async def test_a_place_that_is_not_listed_gets_what_holds_for_the_others(text: str, locale: str) -> None:
    answered = await ask(text, locale)
    assert "We do not ship to other countries at the moment." in answered.text
    for other in ("$13.00", "$21.00", "$4.50"):
        assert other not in answered.text


@pytest.mark.parametrize(
    ("text", "said", "locale"),
    [
        ("How much is shipping to Canada?", "$13.00", "en"),
        ("how long does delivery to Germany take", "6 to 9 days", "en"),
        ("shipping cost to Norway?", "$21.00", "en"),
        ("Wie viel kostet der Versand nach Kanada?", "$13.00", "de"),
        ("Combien coûte la livraison au Canada ?", "$13.00", "fr"),
    ],
)
async def test_a_place_that_is_listed_gets_its_own_line(text: str, said: str, locale: str) -> None:
    answered = await ask(text, locale)
    assert said in answered.text
    assert "other countries" not in answered.text
    assert "$4.50" not in answered.text


async def test_two_places_get_a_line_each() -> None:
    answered = await ask("do you ship to Canada or Japan?")
    assert "Shipping to Canada costs" in answered.text
    assert "We do not ship to other countries at the moment." in answered.text


@pytest.mark.parametrize("text", ["do you ship internationally?", "which countries do you ship to?"])
async def test_abroad_as_such_gets_every_rule_for_it(text: str) -> None:
    answered = await ask(text)
    for said in ("Norway", "Canada", "do not ship to other countries"):
        assert said in answered.text


@pytest.mark.parametrize("text", ["how long does it take to arrive?", "how long does shipping take?"])
async def test_delivery_time_is_the_general_one(text: str) -> None:
    answered = await ask(text)
    assert "2 to 4 days" in answered.text


async def test_follow_ups_on_a_place_stay_with_shipping() -> None:
    history = (("shopper", "do you ship to Norway?"), ("assistant", "…"))
    asked = question("and to Canada?", history=history)
    answered = await answer(asked, ShopTools(policies=RATES))
    assert "Shipping to Canada costs" in answered.text
    assert "other countries" not in answered.text


async def test_a_follow_up_on_a_place_that_is_not_listed() -> None:
    history = (
        ("shopper", "shipping to Norway?"),
        ("assistant", "…"),
        ("shopper", "and to Canada?"),
        ("assistant", "…"),
    )
    answered = await answer(question("and Japan?", history=history), ShopTools(policies=RATES))
    assert "We do not ship to other countries at the moment." in answered.text


async def test_nothing_is_promised_for_a_place_of_which_nothing_is_said() -> None:
    answered = await ask("How much is shipping to Japan?", policies=rules(WITHIN, ABROAD))
    assert answered.kind in ("unknown", "policy_unsure")


async def test_home_has_the_rates_of_the_country() -> None:
    home = await ask("How much is shipping to the US?", policies=rules(WITHIN))
    assert "$4.50" in home.text


async def test_worldwide_shipping_serves_every_place() -> None:
    answered = await ask("What does shipping to Japan cost?", policies=rules(WITHIN, ABROAD, WORLDWIDE))
    assert "$30.00" in answered.text
    assert "$21.00" not in answered.text
