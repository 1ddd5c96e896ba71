"""Messages and pages that are made to break the engine or to keep it busy."""

import time

import pytest

from server.chat.answering.reading.exclusions import MAX_THINGS, read_excluded
from server.chat.answering.reading.splitting import split_questions
from server.chat.languages.measures import SORTS, read_measures
from server.languages.words import language
from tests.server.chat.engine.answers import answer
from tests.server.chat.engine.shop import ShopTools, made_product, question


@pytest.mark.parametrize("text", ["Compare the first one and the last one", "the first one or the last one"])
async def test_places_among_nothing_that_was_shown(text: str) -> None:
    assert (await answer(question(text))).cards == []


async def test_a_product_is_not_compared_with_itself() -> None:
    answered = await answer(question("Compare the first one and the last one", shown=("TN-2",)))
    assert answered.kind == "comparison_unclear"


def test_a_sign_that_is_no_word_in_arabic() -> None:
    assert split_questions("كم ـ سعر هذا المنتج", language("ar"))


def test_a_long_list_of_what_is_not_wanted_is_cut() -> None:
    text = ", ".join(f"without ba{number}ol" for number in range(100))
    assert 0 < len(read_excluded(text, language("en"))) <= MAX_THINGS


@pytest.mark.parametrize("text", ["1 " * 1_000, "1" * 2_000, "- " * 900 + "1", "1," * 1_000])
def test_figures_are_read_in_bounded_time(text: str) -> None:
    started = time.process_time()
    for sort in SORTS:
        list(read_measures(text, sort, "en"))
    assert time.process_time() - started < 0.5


async def test_a_long_wish_over_a_long_page_is_answered_in_bounded_time() -> None:
    page = " ".join(f"s{number:05}" for number in range(1_000))
    shop = ShopTools(catalog=(made_product("S", "Sample", 900, page),))
    started = time.process_time()
    await answer(question("do you have " + " ".join(f"s{number:04}x" for number in range(250))), shop)
    assert time.process_time() - started < 5
