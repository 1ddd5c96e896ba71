"""Messages that ask several things: cut into their questions, in the shopper's own words."""

import pytest

from server.chat.answering.reading import Intent
from tests.server.chat.engine.answers import read
from tests.server.chat.engine.shop import question

I = Intent  # noqa: E741


@pytest.mark.parametrize(
    ("text", "locale", "intents"),
    [
        ("do you ship to Canada and what's the return window?", "en", [I.POLICY_SHIPPING, I.POLICY_RETURNS]),
        ("hi, I need a tent and how long is shipping?", "en", [I.PRODUCT_SEARCH, I.POLICY_SHIPPING]),
        ("Wie lange dauert die Lieferung und wie kann ich bezahlen?", "de", [I.POLICY_SHIPPING, I.POLICY_PAYMENT]),
        ("Combien coûte la livraison et comment puis-je payer ?", "fr", [I.POLICY_SHIPPING, I.POLICY_PAYMENT]),
        ("¿Cuánto cuesta el envío y cómo puedo pagar?", "es", [I.POLICY_SHIPPING, I.POLICY_PAYMENT]),
    ],
)
async def test_each_question_of_a_message_is_read(text: str, locale: str, intents: list[Intent]) -> None:
    found = (await read(question(text, locale=locale))).parts
    assert [part.intent for part in found] == intents
    assert all(part.text in text for part in found)


@pytest.mark.parametrize(
    "text",
    [
        "do you ship to Trinidad and Tobago?",
        "Where is order 1001? My email is mara@post.example",
        "can I return and exchange?",
        "compare the Nimbus and the Cumulus",
        "hello! what is your return policy?",
    ],
)
async def test_one_matter_stays_one_question(text: str) -> None:
    assert (await read(question(text))).parts == ()
