"""Countries by their names, in every language."""

import pytest

from server.languages.places import countries_in, covers, speaks


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("en", "do you ship to Germany"), ("de", "nach Deutschland"), ("fr", "vers l'Allemagne"), ("es", "a Alemania"),
        ("it", "in Germania"), ("pt", "para a Alemanha"), ("nl", "naar Duitsland"), ("pl", "wysyłka Niemcy"),
        ("sv", "till Tyskland"), ("tr", "Almanya'ya"), ("ar", "إلى ألمانيا"), ("ja", "ドイツに送れますか"),
    ],
)  # fmt: skip
def test_a_country_is_known_by_its_name(code: str, text: str) -> None:
    assert countries_in(text, code) == {"DE"}


@pytest.mark.parametrize(
    ("code", "text", "country"),
    [
        ("pl", "czy wysyłacie do Kanady", "CA"), ("pl", "w Norwegii", "NO"), ("pl", "do Wielkiej Brytanii", "GB"),
        ("ar", "للسعودية", "SA"), ("ar", "لألمانيا", "DE"), ("tr", "ABD'ye", "US"),
    ],
)  # fmt: skip
def test_a_country_is_known_in_the_forms_of_its_name(code: str, text: str, country: str) -> None:
    assert countries_in(text, code) == {country}


def test_a_form_of_one_language_is_a_word_of_another() -> None:
    assert countries_in("does chin strap come with it", "en") == frozenset()


def test_us_is_a_word_and_the_usa_a_country() -> None:
    assert countries_in("tell us more", "en") == frozenset()
    assert countries_in("shipping to the USA", "en") == {"US"}


def test_a_region_covers_its_countries() -> None:
    assert covers(countries_in("We ship within the EU", "en"), "FR")
    assert not covers(countries_in("We ship within the EU", "en"), "GB")


@pytest.mark.parametrize(
    ("country", "code", "is_spoken"),
    [("ES", "es", True), ("PT", "es", False), ("AT", "de", True), ("BE", "nl", True), ("EU", "sv", True)],
)
def test_the_languages_of_a_country(country: str, code: str, is_spoken: bool) -> None:
    assert speaks(country, code) is is_spoken
