"""A message with pictures, where nobody can look at them: said so, and the rest is answered all the same."""

import msgspec
import pytest

from server.chat.answering.prompt import system_prompt
from server.chat.languages import phrases_for
from server.chat.models import Question, Suggest, TextPiece
from server.core.ids import new_id
from server.languages import LANGUAGES
from tests.server.chat.engine.answers import answer
from tests.server.chat.engine.shop import ShopTools, question


def with_picture(text: str, locale: str = "en") -> Question:
    return msgspec.structs.replace(question(text, locale=locale), picture_ids=(new_id(),))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("text", ["", "  "])
async def test_a_picture_alone(language: str, text: str) -> None:
    words = phrases_for(language)
    answered = await answer(with_picture(text, language))
    assert answered.text == words.no_pictures
    assert answered.suggestions == [words.ask_human]
    assert answered.kind == "picture"


@pytest.mark.parametrize(
    "text", ["What is your return policy?", "Do you have a warm tent?", "thanks", "goodbye", "Where is order 1001?"]
)
async def test_words_beside_a_picture_are_answered(text: str) -> None:
    words = phrases_for("en")
    alone, beside = await answer(question(text)), await answer(with_picture(text))
    assert beside.text == f"{words.no_pictures}\n\n{alone.text}"
    assert beside.kind == alone.kind
    assert beside.cards == alone.cards
    assert beside.suggestions[0] == words.ask_human
    assert len(set(beside.suggestions)) == len(beside.suggestions)
    assert sum(isinstance(event, Suggest) for event in beside.events) == 1
    assert isinstance(beside.events[0], TextPiece)


async def test_several_questions_beside_a_picture() -> None:
    text = "What is your return policy? And do you have a warm tent?"
    alone, beside = await answer(question(text)), await answer(with_picture(text))
    assert beside.text.endswith(alone.text)
    assert beside.text.startswith(phrases_for("en").no_pictures)


async def test_what_is_away_is_said_after_it() -> None:
    beside = await answer(with_picture("What is your return policy?"), ShopTools(away=frozenset({"find_evidence"})))
    assert phrases_for("en").unavailable in beside.text


def test_a_model_is_told_whether_it_sees() -> None:
    asked, blind = with_picture("Is this one yours?"), "holds pictures that you cannot see"
    assert blind in system_prompt(asked, (), None)
    seeing = system_prompt(asked, (), None, sees_pictures=True)
    assert blind not in seeing
    assert "holds pictures" in seeing
    assert "holds pictures" not in system_prompt(question("hello"), (), None)
