"""The texts: every language says everything, with the same placeholders, and no figure of its own."""

import re
from pathlib import Path

import msgspec
import pytest

from integrations.platform import OrderStatus
from server.chat.answering.grounding import Grounder
from server.chat.languages import ALL_PHRASES, Phrases, phrase, phrases_for
from server.languages import LANGUAGES
from server.languages.loading import placeholders_of

NAMES = [field.name for field in msgspec.structs.fields(Phrases)]
QUOTES = {
    "en": "“”",
    "de": "„“",
    "fr": "«»",
    "es": "«»",
    "it": "«»",
    "pt": "“”",
    "nl": "“”",
    "pl": "„”",
    "sv": "””",
    "tr": "“”",
    "ar": "«»",
    "ja": "「」",
}


def test_aisle_speaks_the_widgets_languages() -> None:
    """One that only one of them has would give buttons in another language than the answers."""
    source = Path("widget/src/frame/language.ts").read_text("utf-8")
    assert set(ALL_PHRASES) == set(LANGUAGES) == set(re.findall(r'import\("./strings/(\w+)"\)', source))


@pytest.mark.parametrize("language", [language for language in LANGUAGES if language != "en"])
def test_every_language_fills_in_the_same_things(language: str) -> None:
    english, other = ALL_PHRASES["en"], ALL_PHRASES[language]
    for name in NAMES:
        assert getattr(other, name).strip(), name
        assert placeholders_of(getattr(other, name)) == placeholders_of(getattr(english, name)), name
        if len(getattr(english, name)) > 30:
            assert getattr(other, name) != getattr(english, name), f"{name} is not translated"


@pytest.mark.parametrize("language", LANGUAGES)
def test_quotations_stand_in_the_languages_own_marks(language: str) -> None:
    opening, closing = QUOTES[language]
    phrases = ALL_PHRASES[language]
    for name in ("why", "page_says", "yes_page_says", "no_page_says", "not_for", "unsure_product", "page_warns"):
        assert re.search(f"{opening}\\s?{{quote}}\\s?{closing}", getattr(phrases, name)), name
    for name in NAMES:
        assert not re.search(f'[“”„«»「」"](?<![{opening}{closing}])', getattr(phrases, name)), name


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_title_is_set_off_in_bold_and_nothing_else_is(language: str) -> None:
    for name in NAMES:
        text = getattr(ALL_PHRASES[language], name)
        assert text.count("**") == 2 * text.count("**{title}**"), name


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
    ("locale", "language"),
    [("fr-CA", "fr"), ("de_AT", "de"), ("ES", "es"), ("en-GB", "en"), ("pt-BR", "pt"), ("ko", "en"), ("", "en")],
)
def test_a_locale_finds_its_language(locale: str, language: str) -> None:
    assert phrases_for(locale) is ALL_PHRASES[language]


def test_a_phrase_is_filled_in() -> None:
    assert "Alpenglow" in phrase("greeting", "de", shop="Alpenglow")
    with pytest.raises(AttributeError):
        phrase("no_such_phrase", "en")
