"""How every language says that it claims something: complete, and read as it is written."""

import pytest

from server.languages import LANGUAGES
from server.languages.claims import CONCEPT, Concept, Mark, PhraseIndex, claim_phrases, concept_classes
from server.languages.words import language


def names_in(text: str, code: str) -> set[str]:
    return {place.name for place in claim_phrases(code).places(language(code).normalise(text))}


@pytest.mark.parametrize("code", LANGUAGES)
def test_every_language_has_all_tables(code: str) -> None:
    claim_phrases(code)


def test_the_classes_name_meanings_that_there_are() -> None:
    assert concept_classes().kin_of("covered") == {"concept:warranty"}


@pytest.mark.parametrize(
    ("text", "code", "names"),
    [
        ("Returns are free", "en", {"return", Concept.FREE}),
        ("Die Versandkosten trägt der Kunde", "de", {Concept.SHIPPING}),
        ("Les retours sont gratuits", "fr", {"return", Concept.FREE}),
        ("No hay garantía", "es", {Mark.NO, "warranty"}),
        ("返品は無料です", "ja", {"return", Concept.FREE}),
        ("الشحن مجاني", "ar", {Concept.SHIPPING, Concept.FREE}),
    ],
)
def test_meanings_are_found_in_each_script(text: str, code: str, names: set[str]) -> None:
    assert names <= names_in(text, code)


def test_a_phrase_inside_a_longer_one_of_its_table_does_not_count() -> None:
    index = PhraseIndex({CONCEPT: {"card": ["card"], "gift_card": ["gift card*"]}}, "en")
    assert [place.name for place in index.places("two gift cards and a card")] == ["gift_card", "card"]
