"""Help lines: every main country has one, the country follows the locale, and each language's sentence is whole."""

import re

import pytest

from server.chat.languages.crisis import country_of_locale, crisis_line, crisis_text, load_crisis_lines
from server.languages import LANGUAGES
from server.languages.detection import LANGUAGE_DATA

WANTED = [
    *("US", "CA", "GB", "IE", "AU", "NZ", "ZA", "DE", "AT", "CH", "FR", "BE", "LU", "ES", "MX", "AR"),
    *("IT", "PT", "BR", "NL", "PL", "SE", "NO", "DK", "FI", "TR", "JP", "AE", "SA", "EG", "IN"),
]


@pytest.mark.parametrize("country", [*WANTED, *(data.country for data in LANGUAGE_DATA.values())])
def test_a_country_has_its_own_entry(country: str) -> None:
    line = load_crisis_lines().countries[country]
    assert line.source.startswith("https://")
    assert re.fullmatch(r"\d{3}", line.emergency)
    assert line.name or "findahelpline.com" in line.source


def test_another_country_gets_a_directory() -> None:
    line = crisis_line("KR")
    assert (line.name, line.contact) == (None, None)
    assert line.source == "https://findahelpline.com"


@pytest.mark.parametrize(
    ("locale", "country"),
    [("de-AT", "AT"), ("de", "DE"), ("en_GB", "GB"), ("en", "US"), ("pt", "BR"), ("zh-Hant-TW", "TW"), ("ko", None)],
)
def test_the_country_follows_the_locale(locale: str, country: str | None) -> None:
    assert country_of_locale(locale) == country


@pytest.mark.parametrize("locale", ["de-AT", "en-GB", "fr-CA", "ja", "tr-TR", "ko-KR"])
def test_the_sentence_names_the_line_and_the_emergency_number(locale: str) -> None:
    for language in LANGUAGES:
        line, text = crisis_line(country_of_locale(locale)), crisis_text(locale, language)
        assert (line.contact or line.source) in text, language
        assert line.emergency in text, language
        assert "{" not in text, language
