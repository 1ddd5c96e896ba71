"""The texts: every language says everything, with the same placeholders, and no figure of its own."""

import string

import msgspec
import pytest

from integrations.platform import OrderStatus
from server.chat.answering.grounding import Grounder
from server.chat.answering.intents.language import LANGUAGES
from server.chat.phrases import ALL_PHRASES, Phrases, phrase, phrases_for

NAMES = [field.name for field in msgspec.structs.fields(Phrases)]


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_there_is_a_record_for_every_language_we_detect() -> None:
    assert set(ALL_PHRASES) == set(LANGUAGES)


@pytest.mark.parametrize("language", [language for language in LANGUAGES if language != "en"])
def test_every_language_fills_in_the_same_things(language: str) -> None:
    english, other = ALL_PHRASES["en"], ALL_PHRASES[language]
    for name in NAMES:
        assert getattr(other, name).strip(), name
        assert placeholders(getattr(other, name)) == placeholders(getattr(english, name)), name
        if len(getattr(english, name)) > 30:
            assert getattr(other, name) != getattr(english, name), f"{name} is not translated"


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_phrase_states_a_figure_of_its_own(language: str) -> None:
    for name in NAMES:
        text = getattr(ALL_PHRASES[language], name)
        if not name.startswith("ask_compare"):
            assert Grounder().check(text).ok, f"{language}.{name}: {text}"


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_order_status_has_a_sentence(language: str) -> None:
    for status in OrderStatus:
        assert "{number}" in getattr(ALL_PHRASES[language], f"order_{status.value}")


@pytest.mark.parametrize(
    ("locale", "language"), [("fr-CA", "fr"), ("de_AT", "de"), ("ES", "es"), ("en-GB", "en"), ("nl", "en"), ("", "en")]
)
def test_a_locale_finds_its_language(locale: str, language: str) -> None:
    assert phrases_for(locale).language == language


def test_a_phrase_is_filled_in() -> None:
    assert "Alpenglow" in phrase("greeting", "de", shop="Alpenglow")
    with pytest.raises(AttributeError):
        phrase("no_such_phrase", "en")
