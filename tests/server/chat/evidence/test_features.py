"""The features of evidence: what of a question and a unit the scorer sees."""

from collections.abc import Sequence

import numpy as np
import pytest

from server.chat.answering.evidence.features import FEATURES, EvidenceQuery, features, speaks_of_countries
from server.chat.models import Candidate
from server.knowledge.evidence import Unit, UnitKind
from server.languages.words import language


def ask(text: str, code: str = "en", asks: Sequence[str] = ()) -> EvidenceQuery:
    words = language(code)
    return EvidenceQuery(text=text, normalised=words.normalise(text), language=words, asks=frozenset(asks))


def candidate(
    text: str, *, label: str = "", heading: str = "", similarity: float = 0.5, kind: UnitKind = UnitKind.SENTENCE
) -> Candidate:
    unit = Unit(kind=kind, text=text, label=label, heading=(heading,) if heading else (), title="Shipping", place=0)
    return Candidate(unit=unit, source_id="document:shipping#0", similarity=similarity)


def column(name: str, question: EvidenceQuery, candidates: Sequence[Candidate], shop: str = "en") -> list[float]:
    return [float(value) for value in features(question, candidates, shop)[:, FEATURES.index(name)]]


def test_one_row_a_candidate_and_one_column_a_feature() -> None:
    assert features(ask("How long?"), [candidate("Two days."), candidate("Free.")], "en").shape == (2, len(FEATURES))


@pytest.mark.parametrize("asked", ["", "?!", "  "])
def test_a_question_without_words_shares_none(asked: str) -> None:
    rows = features(ask(asked), [candidate("Two days.")], "en")
    assert np.isfinite(rows).all()
    assert column("letters", ask(asked), [candidate("Two days.")]) == [0.0]


@pytest.mark.parametrize(
    ("asked_in", "shop", "filled"),
    [("en", "en", "similar"), ("de", "de", "similar_multilingual"), ("de", "en", "similar_multilingual")],
)
def test_each_embedder_has_its_own_scale(asked_in: str, shop: str, filled: str) -> None:
    for name in ("similar", "similar_multilingual"):
        expected = pytest.approx(0.7) if name == filled else 0.0
        assert column(name, ask("Retour", asked_in), [candidate("Return", similarity=0.7)], shop) == [expected]


def test_part_of_a_compound_shares_letters() -> None:
    found = column("letters", ask("Wie lange ist die Rückgabe?", "de"), [
        candidate("Die Rückgabefrist beträgt 30 Tage."), candidate("Wir packen montags in Fulda."),
    ], "de")  # fmt: skip
    assert found[0] > found[1]


def test_a_section_that_is_about_the_question_lifts_its_units() -> None:
    found = column("near", ask("Canada?"), [
        candidate("It takes 9 days.", heading="Canada", similarity=0.2),
        candidate("Shipping to Canada costs $14.", heading="Canada", similarity=0.8),
        candidate("Ask for a label.", heading="Returns", similarity=0.3),
    ])  # fmt: skip
    assert found == pytest.approx([0.8, 0.8, 0.3])


@pytest.mark.parametrize(
    ("text", "asks", "has", "lacks"),
    [
        ("Delivery takes 3 to 5 working days.", ["time"], 1, 0),
        ("We ship with UPS.", ["time"], 0, 1),
        ("It costs $14.95.", ["money"], 1, 0),
        ("Packed it weighs 780 g.", ["weight"], 1, 0),
        ("Packed it is small.", ["weight"], 0, 1),
        ("We ship with UPS.", ["yes_no"], 0, 0),
    ],
)
def test_the_sort_of_answer_that_is_asked_for(text: str, asks: list[str], has: int, lacks: int) -> None:
    question = ask("How much?", asks=asks)
    assert column("has_sort", question, [candidate(text)]) == [has]
    assert column("lacks_sort", question, [candidate(text)]) == [lacks]


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ("Do you ship to Switzerland?", "en"),
        ("Liefern Sie in die Schweiz?", "de"),
        ("Livrez-vous en Suisse ?", "fr"),
        ("¿Hacen envíos a Suiza?", "es"),
        ("Spedite in Svizzera?", "it"),
    ],
)
def test_the_place_or_its_region_is_named(asked: str, code: str) -> None:
    units = [
        candidate("We ship to Norway and Switzerland for $24.95."),
        candidate("Delivery takes 12 working days.", heading="United Kingdom and Europe"),
        candidate("Shipping to Canada costs $14.95."),
        candidate("You get a link as soon as the parcel is scanned."),
    ]
    assert column("names_place", ask(asked, code), units) == [1, 1, 0, 0]
    assert column("other_place", ask(asked, code), units) == [0, 0, 1, 0]


def test_the_figure_of_the_question_stands_in_the_unit() -> None:
    units = [candidate("Size: 41, foot 26.2 cm"), candidate("Size: 43, foot 27.5 cm"), candidate("See the table.")]
    assert column("same_figure", ask("Meine Füße sind 26,2 cm lang", "de"), units) == [1, 0, 0]


def test_a_question_of_the_page_is_known_as_one() -> None:
    units = [candidate("Does it fit?"), candidate("サイズは？"), candidate("It fits.")]
    assert column("question_back", ask("Does it fit?"), units) == [1, 1, 0]


def test_a_neighbour_with_the_same_currency_is_abroad_where_another_language_is_spoken() -> None:
    row = Unit(kind=UnitKind.ROW, text="Destino: Portugal, Precio: 6,90 €", label="Portugal", title="Envíos", place=1)
    own = Unit(kind=UnitKind.ROW, text="Destino: España, Precio: 4,50 €", label="España", title="Envíos", place=0)
    assert speaks_of_countries(row, "es", "EUR")
    assert not speaks_of_countries(own, "es", "EUR")
    assert not speaks_of_countries(row, "pt", "EUR")
