"""The engine's own sentences: they may name a product as soon as a tool has found it."""

import pytest

from server.chat.answering.engine.reply import Reply
from server.chat.models import AnswerEvent, TextPiece
from tests.server.chat.engine.answers import helpers, read
from tests.server.chat.engine.shop import ShopTools, made_product, question

CATALOG = (
    made_product("PH-15", "iPhone 15", 79900, "A telephone.", {"Storage": "128 GB"}, (("Black", 3),)),
    made_product("SR-10", "Serum 10", 2900, "For dry skin.", {"Content": "30 ml"}),
)


async def reply() -> Reply:
    asked = question("which ones do you have?")
    return Reply(asked, await read(asked), ShopTools(catalog=CATALOG), helpers())


def text_of(events: list[AnswerEvent]) -> str:
    return "".join(event.text for event in events if isinstance(event, TextPiece))


@pytest.mark.parametrize("sentence", ["We have the **iPhone 15** in Black.", "Take the **Serum 10** in the bottle."])
async def test_a_found_product_may_be_named(sentence: str) -> None:
    before, after = await reply(), await reply()
    assert text_of(before.say(sentence)) == before.words.unverified
    await after.tools.search_catalog("phone")
    assert text_of(after.say(sentence)) == sentence


async def test_a_product_of_the_page_may_be_named() -> None:
    made = await reply()
    await made.tools.get_product("SR-10")
    assert text_of(made.say("**Serum 10** in Black.")) == "**Serum 10** in Black."


async def test_its_other_figures_may_be_said_once_it_is_cited() -> None:
    made = await reply()
    product = await made.tools.get_product("SR-10")
    assert product is not None
    sentence = "**Serum 10** in 30 ml costs $29."
    assert text_of(made.say(sentence)) == made.words.unverified
    made.cite_product(product)
    assert text_of(made.say(sentence)).strip() == sentence
    assert text_of(made.say("**Serum 10** in 50 ml.")) == ""
