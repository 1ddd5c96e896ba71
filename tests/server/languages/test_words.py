"""The words and intents of twelve languages: the same tables and keys in each, folded as texts are, and readable."""

import tomllib
from collections.abc import Iterator
from typing import Any

import pytest

from server.chat.answering.reading.intents import intent_model
from server.chat.answering.reading.models import ASKED, Intent
from server.languages import LANGUAGES
from server.languages.loading import FOLDER
from server.languages.matching import normalise
from server.languages.words import language

OWN_KEYS = ("numbers", "contractions", "negation.without")
"""Tables whose keys are words of the language."""
TEXTS = ("name", "stemmer", "examples", "between", "contractions")
"""What is no phrase."""


def tables(code: str, name: str) -> dict[str, Any]:
    return tomllib.loads((FOLDER / code / name).read_text("utf-8"))


def keys_of(table: dict[str, Any], path: str = "") -> Iterator[str]:
    for key, value in table.items():
        here = f"{path}.{key}".lstrip(".")
        yield here
        if isinstance(value, dict) and here not in OWN_KEYS:
            yield from keys_of(value, here)


def phrases_of(table: dict[str, Any], path: str = "") -> Iterator[tuple[str, str]]:
    for key, value in table.items():
        here = f"{path}.{key}".lstrip(".")
        if path in OWN_KEYS:
            yield path, key
        if isinstance(value, dict):
            yield from phrases_of(value, here)
        elif isinstance(value, list) and not any(each in here for each in TEXTS):
            yield from ((here, phrase) for phrase in value)


@pytest.mark.parametrize("code", LANGUAGES)
@pytest.mark.parametrize("name", ["words.toml", "intents.toml"])
def test_every_language_says_what_english_says(code: str, name: str) -> None:
    own, english = set(keys_of(tables(code, name))), set(keys_of(tables("en", name)))
    assert own ^ english <= {"contractions"}


@pytest.mark.parametrize("code", LANGUAGES)
@pytest.mark.parametrize("name", ["words.toml", "intents.toml"])
def test_phrases_are_written_as_texts_are_read(code: str, name: str) -> None:
    for path, phrase in phrases_of(tables(code, name)):
        assert phrase == normalise(phrase), path
        assert phrase == phrase.strip()
        assert phrase, path
        assert " ... " in phrase or "..." not in phrase, path


@pytest.mark.parametrize("code", LANGUAGES)
def test_no_list_says_a_thing_twice_and_none_that_decides_is_empty(code: str) -> None:
    for name in ("words.toml", "intents.toml"):
        found = list(phrases_of(tables(code, name)))
        assert len(found) == len(set(found)), [each for each in found if found.count(each) > 1]
    words = language(code).words
    assert all(getattr(words.questions, sort) for sort in ASKED)
    assert words.negation.before or words.negation.after
    assert all(words.superlatives.values())
    assert all(words.colours.values())


@pytest.mark.parametrize("code", LANGUAGES)
def test_a_range_of_prices_has_two_ends(code: str) -> None:
    assert all(phrase.count("{low}") == phrase.count("{high}") == 1 for phrase in language(code).words.prices.between)


@pytest.mark.parametrize("code", LANGUAGES)
def test_intents_are_those_of_the_model(code: str) -> None:
    known = {intent.value for intent in Intent} - {Intent.NONSENSE.value, Intent.CODE_GIVEN.value}
    assert set(language(code).intents) == known == {intent.value for intent in intent_model().intents}


@pytest.mark.parametrize("code", LANGUAGES)
def test_examples_are_enough_and_different(code: str) -> None:
    for name, each in language(code).intents.items():
        assert len(each.examples) >= min(6, len(language("en").intents[name].examples)), name
        assert len(each.examples) == len(set(each.examples)), name


@pytest.mark.parametrize("code", LANGUAGES)
def test_a_phrase_that_gives_an_intent_away_gives_away_no_other(code: str) -> None:
    owners: dict[str, list[str]] = {}
    for name, each in language(code).intents.items():
        for cue in each.cues.phrases:
            owners.setdefault(cue, []).append(name)
    shared = {cue: names for cue, names in owners.items() if len(names) > 1}
    assert all(set(names) <= {"order_status", "order_tracking"} for names in shared.values()), shared


def test_german_is_read_without_its_dots_too() -> None:
    """People on foreign keyboards write "ue" for "ü": a cue that reads the one reads the other."""
    spelled = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue"})
    words = language("de")
    missed = [
        (name, text)
        for name, each in words.intents.items()
        for text in each.examples
        if each.cues.found_in(words.normalise(text))
        and not each.cues.found_in(words.normalise(text.translate(spelled)))
    ]
    assert missed == []
