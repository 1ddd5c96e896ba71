"""Everyday questions over the small shop: several at once, superlatives, colours, what is not sold, trouble."""

import pytest

from integrations.platform import Product
from server.chat.languages import phrases_for
from tests.server.chat.engine.answers import GAP, Answer, answer
from tests.server.chat.engine.shop import CATALOG, ShopTools, made_product, question

SAY = phrases_for("en")
OFFER = SAY.offer_human


BAGS = tuple(
    made_product(
        id,
        title,
        24900,
        "A bag to sleep in.",
        {"Comfort temperature": comfort, "Weight": weight},
        (("Green", 5),),
        category=("Sleeping bags",),
    )
    for id, title, comfort, weight in (
        ("SB-1", "Brook Sleeping Bag", "7 °C", "900 g"),
        ("SB-2", "Tarn Sleeping Bag", "-12 °C", "1.4 kg"),
        ("SB-3", "Moss Sleeping Bag", "-2 °C", "1.1 kg"),
    )
)


async def answer_over(text: str, catalog: tuple[Product, ...], locale: str = "en") -> Answer:
    """An answer from another catalog than the small shop's."""
    return await answer(question(text, locale=locale), ShopTools(catalog=catalog))


async def test_two_policies_in_one_message_are_both_answered() -> None:
    answered = await answer(question("do you ship to Canada and what's the return window?"))
    assert answered.kind == "policy"
    assert answered.documents == ["shipping", "returns"]
    assert "Canada" in answered.text
    assert "You can return unused items within 30 days" in answered.text


async def test_a_wish_and_a_policy_are_both_answered() -> None:
    answered = await answer(question("I need a tent for two and how can I pay?"))
    assert answered.cards[0] == "TN-2"
    assert "payment" in answered.documents
    assert "PayPal" in answered.text
    assert len(answered.suggestions) == 4


async def test_a_part_that_nobody_knows_is_said_to_be_unknown() -> None:
    answered = await answer(question("do you offer a student discount and how can I pay?"))
    assert SAY.unknown in answered.text
    assert "PayPal" in answered.text
    assert answered.kind == "policy"
    assert answered.end.confidence <= 0.2


@pytest.mark.parametrize(
    ("text", "locale"),
    [
        ("which sleeping bag is the warmest", "en"),
        ("what's your warmest sleeping bag?", "en"),
        ("Welcher Schlafsack ist der wärmste?", "de"),
        ("Quel est le sac de couchage le plus chaud ?", "fr"),
        ("¿Cuál es el saco de dormir más caliente?", "es"),
        ("Qual è il sacco a pelo più caldo?", "it"),
        ("Qual é o saco de dormir mais quente?", "pt"),
        ("Który śpiwór jest najcieplejszy?", "pl"),
        pytest.param("Welke slaapzak is het warmst?", "nl", marks=GAP),
    ],
)
async def test_the_warmest_of_a_kind_is_the_one_with_the_lowest_comfort(text: str, locale: str) -> None:
    answered = await answer_over(text, (*CATALOG, *BAGS), locale)
    assert answered.cards == ["SB-2", "SB-3", "SB-1"]
    assert "-12 °C" in answered.text


async def test_the_lightest_of_a_kind() -> None:
    answered = await answer_over("which sleeping bag is the lightest?", (*CATALOG, *BAGS))
    assert answered.cards == ["SB-1", "SB-3", "SB-2"]
    tents = await answer(question("which tent is the lightest?"))
    assert tents.cards == ["TN-2", "TN-4"]
    assert "1.9 kg" in tents.text


@pytest.mark.parametrize(("text", "said"), [("which one is lighter?", "1.9 kg"), ("the cheapest?", "$249.00")])
async def test_of_those_that_were_shown_the_winner_comes_first(text: str, said: str) -> None:
    answered = await answer(question(text, shown=("TN-4", "TN-2")))
    assert answered.cards[0] == "TN-2"
    assert set(answered.cards) <= {"TN-2", "TN-4"}
    assert said in answered.text


async def test_a_litre_is_more_than_half_a_litre_in_millilitres() -> None:
    packs = (
        made_product("P", "Day Pack", 5000, "A pack.", {"Capacity": "45 + 8 litres"}, category=("Packs",)),
        made_product("Q", "Hip Pack", 5000, "A pack.", {"Capacity": "500 ml"}, category=("Packs",)),
    )
    answered = await answer_over("which pack is the largest?", packs)
    assert answered.cards[0] == "P"


@pytest.mark.parametrize(
    ("text", "locale", "colour"),
    [
        ("blue?", "en", "blue"),
        ("und in blau?", "de", "blau"),
        ("et en rouge ?", "fr", "rouge"),
        ("¿y en azul?", "es", "azul"),
        ("e in rosso?", "it", "rosso"),
        ("en in het blauw?", "nl", "blauw"),
    ],
)
async def test_a_colour_that_there_is_not_is_named_as_the_shopper_wrote_it(text: str, locale: str, colour: str) -> None:
    answered = await answer(question(text, locale=locale, shown=("TN-2",)))
    assert answered.kind == "stock"
    assert answered.cards == ["TN-2"]
    assert colour in answered.text
    assert "Green" in answered.text


@pytest.mark.parametrize(
    ("text", "shown", "said"),
    [
        ("green?", "TN-2", "in Green is in stock"),
        ("sand", "TN-2", "in Sand is sold out"),
        ("medium?", "JK-7", "Red / M is in stock"),
        ("do you have the Nimbus tent in sand", "", "in Sand is sold out"),
    ],
)
async def test_a_bare_choice_of_the_product_is_about_it(text: str, shown: str, said: str) -> None:
    assert said in (await answer(question(text, shown=(shown,) if shown else ()))).text


async def test_other_colours_are_listed() -> None:
    answered = await answer(question("in green?", shown=("JK-7",)))
    assert "doesn't come in green" in answered.text
    assert "Blue" in answered.text
    assert "Red" in answered.text


async def test_a_product_of_one_form_is_not_promised_in_another_colour() -> None:
    answered = await answer(question("do you have it in purple?", shown=("HL-3",)))
    assert "purple" in answered.text
    assert "Yes" not in answered.text


@pytest.mark.parametrize(
    ("text", "locale"),
    [
        ("how much?", "en"),
        ("et combien ça coûte ?", "fr"),
        ("c'est combien ?", "fr"),
        ("und was kostet das?", "de"),
        ("wie teuer ist es?", "de"),
        ("¿cuánto vale?", "es"),
        ("¿y cuánto vale?", "es"),
        ("quanto costa?", "it"),
        ("hoeveel kost het?", "nl"),
        ("quanto custa?", "pt"),
        ("ile to kosztuje?", "pl"),
        ("vad kostar den?", "sv"),
        ("ne kadar?", "tr"),
        ("كم سعره؟", "ar"),
        ("いくらですか？", "ja"),
    ],
)
async def test_a_price_follow_up(text: str, locale: str) -> None:
    answered = await answer(question(text, locale=locale, shown=("BT-1",)))
    assert answered.kind == "product_detail"
    assert answered.cards == ["BT-1"]
    assert "29,50" in answered.text or "29.50" in answered.text or "٢٩" in answered.text


async def test_what_the_page_does_not_say_is_no_answer() -> None:
    grinder = made_product(
        "CG-1",
        "Burr Coffee Grinder",
        4900,
        "Even grounds. A folding crank that stows away.",
        {"Weight": "470 g"},
    )
    answered = await answer_over("is the coffee grinder electric", (grinder,))
    assert answered.kind in ("product_silent", "product_unsure")
    assert not answered.text.startswith("Yes")


async def test_words_of_the_name_do_not_pick_the_line() -> None:
    oven = made_product("DO-1", "Dutch Oven", 9900, "Cast iron.", {"Oven": "up to 260 °C", "Weight": "4.9 kg"})
    assert "4.9 kg" in (await answer_over("is the dutch oven heavy?", (oven,))).text


async def test_safe_for_one_thing_is_not_safe_for_another() -> None:
    answered = await answer(question("is it microwave safe?", shown=("BT-1",)))
    assert answered.kind in ("product_silent", "product_unsure")


@pytest.mark.parametrize(
    ("text", "locale", "name"),
    [
        ("do you sell kayaks?", "en", "“kayaks”"),
        ("Verkauft ihr Fahrräder?", "de", "Fahrräder"),
        ("Vendez-vous des vélos ?", "fr", "vélos"),
    ],
)
async def test_what_is_not_sold_is_named(text: str, locale: str, name: str) -> None:
    answered = await answer(question(text, locale=locale))
    assert answered.kind == "product_none"
    assert name.lower() in answered.text.lower()
    assert answered.cards == []


async def test_what_is_only_near_is_said_to_be_only_near() -> None:
    answered = await answer(question("mushroom headlamp"))
    assert answered.cards == ["HL-3"]
    assert SAY.not_exactly in answered.text
    assert SAY.not_exactly not in (await answer(question("a light tent"))).text


async def test_a_superlative_that_no_page_measures_is_a_search() -> None:
    answered = await answer(question("brightest tent"))
    assert answered.cards[0] in ("TN-2", "TN-4")
    assert "**" in answered.text


async def test_either_of_two_wishes_is_met() -> None:
    answered = await answer(question("I need a jacket and a tent"))
    assert SAY.not_exactly not in answered.text
    assert {"JK-7"} < set(answered.cards) & {"JK-7", "TN-2", "TN-4"}


async def test_a_size_is_no_name_of_a_product() -> None:
    answered = await answer(question("do you sell jackets in size 43"))
    assert answered.cards[0] == "JK-7"
    assert "right for you" not in answered.text


async def test_only_a_name_is_said_not_to_be_sold() -> None:
    answered = await answer(question("small gift"))
    assert "“small gift”" not in answered.text


async def test_trouble_gets_the_rule_and_the_team() -> None:
    answered = await answer(question("I want my money back"))
    assert answered.documents[0] == "returns"
    assert OFFER in answered.text
    assert OFFER not in (await answer(question("what is your return policy?"))).text


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("what's my gift card balance", marks=GAP),
        "where are you located",
        "do you have a store in Portland?",
    ],
)
async def test_what_no_document_says_is_unknown(text: str) -> None:
    answered = await answer(question(text))
    assert answered.kind in ("unknown", "policy_unsure", "product_none")
    assert answered.end.confidence < 0.5


@pytest.mark.parametrize(
    ("text", "documents"),
    [
        ("the wrong item was sent to me", ("returns", "orders")),
        ("this is not what I ordered", ("returns", "orders")),
        ("when will my card be charged", ("payment",)),
        ("can I pay with Visa", ("payment",)),
        ("how do I exchange a sale item", ("returns",)),
        ("my tent broke, is it covered?", ("warranty",)),
    ],
)
async def test_everyday_trouble_finds_its_rule(text: str, documents: tuple[str, ...]) -> None:
    answered = await answer(question(text))
    assert set(answered.documents) & set(documents)


async def test_a_refund_that_has_not_come_is_looked_up_or_explained() -> None:
    answered = await answer(question("my refund hasn't arrived"))
    assert answered.kind == "order_proof" or "returns" in answered.documents
