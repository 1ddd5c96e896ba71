"""Which language a conversation is in: measured on what shoppers write, with bounds that a change may not loosen."""

import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from server.chat.models import Question
from server.languages import LANGUAGES
from server.languages.detection import (
    LANGUAGE_DATA,
    detect_language,
    find_language_request,
    language_of,
    locale_in_language,
)
from tests.server.chat.engine.shop import question

MESSAGES: dict[str, Any] = tomllib.loads((Path(__file__).parent / "messages.toml").read_text("utf-8"))
SENTENCES: dict[str, list[str]] = MESSAGES["sentences"]
FEW_WORDS: dict[str, list[str]] = MESSAGES["few_words"]
NEUTRAL: list[str] = MESSAGES["neutral"]["messages"]
OTHERS = [(language, other) for language in LANGUAGES for other in LANGUAGES if other != language]

# The least share of sentences recognised on an English page, and of those that change a conversation in another
# language: a sentence of four words that its neighbour's language has as well is left for the next one.
ON_ENGLISH_PAGE = {"es": 0.96, "pt": 0.96, "sv": 0.96, "tr": 0.96}
CHANGING = {"ar": 1.0, "de": 0.99, "en": 0.97, "es": 0.84, "fr": 0.92, "it": 0.93, "ja": 1.0, "nl": 0.98, "pl": 0.9}
CHANGING |= {"pt": 0.91, "sv": 0.94, "tr": 0.95}
# The least share of one to three words recognised on an English page: a word like "Laufschuhe" may be a name.
FEW_ON_ENGLISH_PAGE = {"de": 0.8, "nl": 0.9, "pl": 0.9, "pt": 0.9, "sv": 0.9}


def locale_of(language: str) -> str:
    return f"{language}-{LANGUAGE_DATA[language].country}"


def said_before(*texts: str) -> tuple[tuple[str, str], ...]:
    return tuple(("shopper", text) for text in texts)


def in_conversation(language: str, text: str, earlier: Iterable[str]) -> str:
    return language_of(text, locale_of(language), earlier)


def share(found: Iterable[bool]) -> float:
    counted = list(found)
    return sum(counted) / len(counted)


def test_there_are_messages_of_every_language() -> None:
    assert set(SENTENCES) == set(FEW_WORDS) == set(LANGUAGES)
    assert all(len(SENTENCES[language]) >= 25 and len(FEW_WORDS[language]) >= 10 for language in LANGUAGES)


@pytest.mark.parametrize("language", LANGUAGES)
def test_on_a_page_of_its_language(language: str) -> None:
    locale = locale_of(language)
    assert share(detect_language(text, locale) == language for text in SENTENCES[language]) == 1
    assert share(detect_language(text, locale) == language for text in FEW_WORDS[language]) == 1
    assert share(detect_language(text, locale) == language for text in NEUTRAL) == 1


@pytest.mark.parametrize("language", LANGUAGES)
def test_on_an_english_page(language: str) -> None:
    recognised = share(detect_language(text, "en-US") == language for text in SENTENCES[language])
    assert recognised >= ON_ENGLISH_PAGE.get(language, 1)
    few = share(detect_language(text, "en-US") == language for text in FEW_WORDS[language])
    assert few >= FEW_ON_ENGLISH_PAGE.get(language, 1)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_sentence_in_another_language_changes_the_conversation(language: str) -> None:
    others = [other for other in LANGUAGES if other != language]
    changed = share(
        in_conversation(other, text, SENTENCES[other][:2]) == language
        for other in others
        for text in SENTENCES[language]
    )
    assert changed >= CHANGING[language]


@pytest.mark.parametrize("language", LANGUAGES)
def test_names_numbers_and_addresses_change_no_conversation(language: str) -> None:
    assert [text for text in NEUTRAL if in_conversation(language, text, SENTENCES[language][:1]) != language] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_conversation_stays_in_its_language(language: str) -> None:
    texts = [*SENTENCES[language], *FEW_WORDS[language]]
    assert share(in_conversation(language, text, SENTENCES[language][-2:]) == language for text in texts) == 1


def test_few_words_of_another_language_rarely_change_a_conversation() -> None:
    """Those in other letters do: who writes kana on a German page reads them."""
    latin = [pair for pair in OTHERS if not {"ar", "ja"} & set(pair)]
    kept = share(
        in_conversation(language, text, SENTENCES[language][:2]) == language
        for language, other in latin
        for text in FEW_WORDS[other]
    )
    assert kept >= 0.9


def test_a_language_once_asked_for_is_kept() -> None:
    earlier = ("Wo ist mein Paket?", "In English please", "ok", "Fell 2?")
    assert in_conversation("de", "1042", earlier) == "en"
    assert in_conversation("de", "Kann ich das Paket auch im Laden abholen?", earlier) == "de"


def test_what_the_assistant_says_changes_nothing() -> None:
    history = (*said_before("Wo ist mein Paket?"), ("assistant", "Its page says that it is made of down."))
    asked: Question = question("Fell 2?", locale="de", history=history)
    assert (
        language_of(asked.text, asked.locale, [said.text for said in asked.history if said.author == "shopper"]) == "de"
    )


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("in English please", "en"),
        ("Sorry, English please", "en"),
        ("Where is my order? In English please", "en"),
        ("auf Deutsch bitte", "de"),
        ("Können wir bitte Deutsch sprechen?", "de"),
        ("Antworten Sie bitte auf Englisch.", "en"),
        ("en français s'il vous plaît", "fr"),
        ("Vous parlez anglais ?", "en"),
        ("¿Habla español?", "es"),
        ("en aleman por favor", "de"),
        ("Parla italiano?", "it"),
        ("Pode responder em português?", "pt"),
        ("in het Nederlands graag", "nl"),
        ("po polsku proszę", "pl"),
        ("på svenska tack", "sv"),
        ("Türkçe lütfen", "tr"),
        ("بالعربية من فضلك", "ar"),
        ("日本語でお願いします。", "ja"),
        ("Deutsch", "de"),
        ("Do you have this book in English?", None),
        ("Do you have the novel, in French?", None),
        ("Is the manual in German?", None),
        ("Which languages are there: English, French?", None),
        ("Do you ship to Germany?", None),
        ("English breakfast tea", None),
    ],
)
def test_a_language_is_asked_for(text: str, language: str | None) -> None:
    assert find_language_request(text) == language


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_way_of_asking_is_understood(language: str) -> None:
    data = LANGUAGE_DATA[language]
    for request in data.requests:
        assert request.count("{language}") == 1, request
        assert find_language_request(request.replace("{language}", data.names[0])) == language, request


def test_no_two_languages_have_the_same_name() -> None:
    names = [name for data in LANGUAGE_DATA.values() for name in set(data.names)]
    assert len(names) == len(set(names))


@pytest.mark.parametrize(
    ("locale", "language", "expected"),
    [("en-GB", "en", "en-GB"), ("en-GB", "de", "de"), ("pt_BR", "pt", "pt-BR"), ("zh-Hant-TW", "en", "en")],
)
def test_the_shoppers_region_is_kept(locale: str, language: str, expected: str) -> None:
    assert locale_in_language(locale, language) == expected
