"""Everyday questions over the small shop: several at once, superlatives, colours, what is not sold, trouble."""

import msgspec
import pytest

from server.chat.answering.engine.measures import MEASURES, measured
from server.chat.answering.engine.question_patterns import has_place, is_personal, is_restriction, is_trouble
from server.chat.answering.engine.text_match import answers_kind, asked
from server.chat.languages import phrases_for
from server.chat.models import ProductDetail
from tests.server.chat.engine.shop import CATALOG, ShopTools, question
from tests.server.chat.engine.test_engine import Answer, answer

SAY = phrases_for("en")
TENT = CATALOG[0]
OFFER = SAY.offer_human


def product(like: ProductDetail, id: str, title: str, description: str = "", **attributes: str) -> ProductDetail:
    """A product like another, with a name, a text and attributes of its own."""
    card = msgspec.structs.replace(like.card, id=id, title=title)
    named = {name.replace("_", " "): value for name, value in attributes.items()}
    return msgspec.structs.replace(like, card=card, description=description or like.description, attributes=named)


BAGS = tuple(
    msgspec.structs.replace(
        product(TENT, id, title, "A bag to sleep in.", Comfort_temperature=comfort, Weight=weight),
        category=("Sleeping bags",),
    )
    for id, title, comfort, weight in (
        ("SB-1", "Brook Sleeping Bag", "7 C", "900 g"),
        ("SB-2", "Tarn Sleeping Bag", "-12 C", "1.4 kg"),
        ("SB-3", "Moss Sleeping Bag", "-2 C", "1.1 kg"),
    )
)


async def test_two_policies_in_one_message_are_both_answered() -> None:
    answered = await answer(question("do you ship to Canada and what's the return window?"))
    assert answered.kind == "policy"
    assert answered.cited == ["document:shipping#0", "document:returns#0"]
    assert "Canada" in answered.text
    assert "\n\nYou can return unused items within 30 days" in answered.text


async def test_a_wish_and_a_policy_are_both_answered() -> None:
    answered = await answer(question("I need a tent for two and how can I pay?"))
    assert answered.cards[0] == "TN-2"
    assert "document:payment#0" in answered.cited
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
    ],
)
async def test_the_warmest_of_a_kind_is_the_one_with_the_lowest_comfort(text: str, locale: str) -> None:
    answered = await answer_over(text, (*CATALOG, *BAGS), locale)
    assert answered.cards == ["SB-2", "SB-3", "SB-1"]
    assert "-12 C" in answered.text


async def test_the_lightest_of_a_kind() -> None:
    answered = await answer_over("which sleeping bag is the lightest?", (*CATALOG, *BAGS))
    assert answered.cards == ["SB-1", "SB-3", "SB-2"]
    tents = await answer(question("which tent is the lightest?"))
    assert tents.cards == ["TN-2", "TN-4"]
    assert "1.9 kg" in tents.text


async def test_the_winner_is_what_it_means_next() -> None:
    answered = await answer(question("which one is lighter?", shown=("TN-4", "TN-2")))
    assert answered.kind == "comparison"
    assert answered.cards == ["TN-2", "TN-4"]
    cheapest = await answer(question("the cheapest?", shown=("TN-4", "TN-2")))
    assert cheapest.cards == ["TN-2", "TN-4"]


def test_a_measure_of_two_figures_keeps_its_unit() -> None:
    room = next(measure for measure in MEASURES if measure.phrase == "larger")
    pack = measured(product(TENT, "P", "Pack", Capacity="45 + 8 litres"), room)
    bottle = measured(product(TENT, "B", "Bottle", Capacity="500 ml"), room)
    assert pack is not None
    assert bottle is not None
    assert pack.figure == 90 * bottle.figure


@pytest.mark.parametrize(
    ("text", "locale", "colour"),
    [("blue?", "en", "blue"), ("und in blau?", "de", "blau"), ("et en rouge ?", "fr", "rouge")],
)
async def test_a_colour_that_there_is_not_is_named_as_the_shopper_wrote_it(text: str, locale: str, colour: str) -> None:
    answered = await answer(question(text, locale=locale, shown=("TN-2",)))
    assert answered.kind == "stock"
    assert answered.cards == ["TN-2"]
    assert f" {colour}." in answered.text
    assert "Green" in answered.text


async def test_a_bare_choice_of_the_product_is_about_it() -> None:
    assert "in Green is in stock" in (await answer(question("green?", shown=("TN-2",)))).text
    assert "in Sand is sold out" in (await answer(question("sand", shown=("TN-2",)))).text
    assert "Red / M is in stock" in (await answer(question("medium?", shown=("JK-7",)))).text
    assert "in Sand is sold out" in (await answer(question("do you have the Nimbus tent in sand"))).text


async def test_other_colours_are_listed_once() -> None:
    answered = await answer(question("in green?", shown=("JK-7",)))
    assert "You can have it now in: Blue, Red." in answered.text


async def test_a_product_of_one_form_is_not_promised_in_another_colour() -> None:
    answered = await answer(question("do you have it in purple?", shown=("HL-3",)))
    assert "I don't see the **Firefly Headlamp** in purple" in answered.text


@pytest.mark.parametrize(
    ("text", "locale"), [("et combien ça coûte ?", "fr"), ("c'est combien ?", "fr"), ("¿cuánto vale?", "es")]
)
async def test_a_price_follow_up(text: str, locale: str) -> None:
    answered = await answer(question(text, locale=locale, shown=("BT-1",)))
    assert answered.kind == "product_detail"
    assert "29,50" in answered.text


async def test_what_the_page_says_beside_the_point_is_given_as_such() -> None:
    grinder = product(
        TENT, "CG-1", "Burr Coffee Grinder", "Even grounds. A folding crank that stows away.", Weight="470 g"
    )
    answered = await answer_over("is the coffee grinder electric", (grinder,))
    assert answered.kind == "product_silent"
    assert SAY.does_not_say.format(title="Burr Coffee Grinder") in answered.text
    assert "folding crank" in answered.text


async def test_words_of_the_name_do_not_pick_the_line() -> None:
    oven = product(TENT, "DO-1", "Dutch Oven", "Cast iron.", Oven="up to 260 C", Weight="4.9 kg")
    assert "4.9 kg" in (await answer_over("is the dutch oven heavy?", (oven,))).text


async def test_safe_for_one_thing_is_not_safe_for_another() -> None:
    answered = await answer(question("is it microwave safe?", shown=("BT-1",)))
    assert answered.kind == "product_silent"


async def test_what_is_not_sold_is_named() -> None:
    answered = await answer(question("do you sell kayaks?"))
    assert answered.kind == "product_none"
    assert "“kayaks”" in answered.text
    german = await answer(question("Verkauft ihr Fahrräder?", locale="de"))
    assert "„Fahrräder“" in german.text


async def test_what_is_only_near_is_said_to_be_only_near() -> None:
    answered = await answer(question("mushroom headlamp"))
    assert answered.cards == ["HL-3"]
    assert SAY.not_exactly in answered.text
    assert SAY.not_exactly not in (await answer(question("a light tent"))).text


async def test_a_superlative_that_no_page_measures_is_a_search() -> None:
    answered = await answer(question("brightest tent"))
    assert answered.kind == "product_search"
    assert answered.cards[0] in ("TN-2", "TN-4")


async def test_either_of_two_wishes_is_met() -> None:
    assert SAY.not_exactly not in (await answer(question("I need a jacket and a tent"))).text


async def test_a_size_is_no_name_of_a_product() -> None:
    answered = await answer(question("do you sell jackets in size 43"))
    assert answered.cards[0] == "JK-7"
    assert SAY.not_exactly not in answered.text


async def test_only_a_name_is_said_not_to_be_sold() -> None:
    answered = await answer(question("small gift"))
    assert "“small gift”" not in answered.text


async def test_trouble_gets_the_rule_and_the_team() -> None:
    answered = await answer(question("I want my money back"))
    assert answered.cited[0] == "document:returns#0"
    assert "30 days" in answered.text
    assert answered.text.endswith(OFFER)
    assert OFFER not in (await answer(question("what is your return policy?"))).text


async def test_a_balance_is_not_ours_to_see() -> None:
    answered = await answer(question("what's my gift card balance"))
    assert SAY.cannot_see in answered.text
    assert OFFER in answered.text


async def test_where_the_shop_is_takes_a_place_and_not_just_the_word_store() -> None:
    answered = await answer(question("where are you located"))
    assert answered.kind == "unknown"


@pytest.mark.parametrize(
    ("sentence", "is_place"),
    [
        ("Service: Store pickup, Portland; Price: free", True),
        ("Returns to the Portland store need no label.", True),
        ("We pack orders in Portland, Maine.", True),
        ("Our shop in Lyon opens at nine.", True),
        ("Choose store credit if you like.", False),
        ("The shop takes cards.", False),
    ],
)
def test_places(sentence: str, is_place: bool) -> None:
    assert has_place(sentence) is is_place


def test_kinds_of_questions() -> None:
    assert is_personal("what is left on my card, what's the balance on my gift card?")
    assert not is_personal("how do gift cards work")
    assert is_trouble("the wrong item came")
    assert not is_trouble("how long is shipping")
    assert is_restriction("Fees are refunded only when the whole order was wrong.")


def test_free_shipping_wants_the_rule_and_not_its_small_print() -> None:
    free = asked("do you offer free shipping", "en")
    assert answers_kind("Standard: $6.95, free on orders of $75 or more", free) > answers_kind(
        "The $75 for free shipping counts after discounts", free
    )


async def answer_over(text: str, catalog: tuple[ProductDetail, ...], locale: str = "en") -> Answer:
    """An answer from another catalog than the small shop's."""
    return await answer(question(text, locale=locale), ShopTools(catalog=catalog))
