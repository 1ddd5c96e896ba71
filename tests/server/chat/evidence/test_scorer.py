"""The scorer of evidence: probabilities, and what makes a unit likelier."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from server.chat.answering.evidence.features import FEATURES
from server.chat.answering.evidence.scorer import MODEL_FILE, Scored, Scorer, score
from server.chat.models import Candidate
from tests.server.chat.evidence.test_features import ask, candidate

FALLS = {"below_best", "lacks_sort", "other_place", "question_back"}
KINDS = {"row", "answer"}
WHERE_TO = [
    candidate("We ship to Norway and Switzerland for $24.95.", heading="United Kingdom and Europe"),
    candidate("Standard shipping to Canada costs $14.95.", heading="Canada"),
]


@pytest.fixture(params=["documents", "page"])
def scorer(request: pytest.FixtureRequest) -> Scorer:
    with np.load(MODEL_FILE) as stored:
        return Scorer(stored[request.param], stored[f"{request.param}_calibration"])


def best(scored: list[Scored]) -> Candidate:
    return scored[0].candidate


def test_the_stored_model_fits_the_features() -> None:
    with np.load(MODEL_FILE) as stored:
        assert stored["features"].tolist() == list(FEATURES)
        assert {stored[name].shape for name in ("documents", "page")} == {(len(FEATURES),)}


def test_no_weight_has_the_wrong_sign(scorer: Scorer) -> None:
    for name, weight in zip(FEATURES, scorer.weights.tolist(), strict=True):
        assert name in KINDS or (weight <= 0 if name in FALLS else weight >= 0), name
    assert scorer.calibration[1] > 0
    assert scorer.calibration[2] >= 0


@given(
    st.lists(
        st.lists(st.floats(-1, 1, width=32), min_size=len(FEATURES), max_size=len(FEATURES)), min_size=1, max_size=9
    )
)
def test_probabilities_lie_between_0_and_1_in_the_order_of_scores(rows: list[list[float]]) -> None:
    with np.load(MODEL_FILE) as stored:
        scorer = Scorer(stored["documents"], stored["documents_calibration"])
    table = np.array(rows, np.float32)
    chances = scorer.probabilities(table)
    assert ((chances >= 0) & (chances <= 1)).all()
    assert chances[np.argmax(table @ scorer.weights)] == chances.max()


@pytest.mark.parametrize("is_product", [False, True])
def test_more_similar_is_never_less_probable(is_product: bool) -> None:
    units = [replace(each, is_product=is_product) for each in WHERE_TO]
    chances = []
    for similarity in (0.1, 0.3, 0.5, 0.7, 0.9):
        nearer = replace(units[1], similarity=similarity)
        scored = score(ask("How do I pay?"), [units[0], nearer], "en")
        chances.append(next(each.probability for each in scored if each.candidate is nearer))
    assert chances == sorted(chances)
    assert chances[-1] > chances[0]


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ("Do you ship to Switzerland?", "en"),
        ("Do you ship to Austria?", "en"),
        ("Liefern Sie in die Schweiz?", "de"),
        ("Livrez-vous en Suisse ?", "fr"),
        ("¿Hacen envíos a Suiza?", "es"),
        ("Spedite in Svizzera?", "it"),
        ("Levert u in Zwitserland?", "nl"),
        ("Wysyłka: Szwajcaria?", "pl"),
        ("スイスに発送できますか？", "ja"),
    ],
)
def test_the_place_that_is_asked_about_comes_before_another(asked: str, code: str) -> None:
    assert best(score(ask(asked, code), WHERE_TO, "en")) is WHERE_TO[0]
    assert best(score(ask(asked, code), WHERE_TO[::-1], "en")) is WHERE_TO[0]


def test_another_place_is_asked_about() -> None:
    assert best(score(ask("Do you ship to Canada?"), WHERE_TO, "en")) is WHERE_TO[1]


def test_the_row_with_the_figure_comes_first() -> None:
    rows = [candidate("Size: 43, length 27.5 cm"), candidate("Size: 41, length 26.2 cm")]
    assert best(score(ask("my foot is 26.2 cm long"), rows, "en")) is rows[1]


def test_an_answer_comes_before_a_question_of_the_page() -> None:
    units = [replace(candidate(text), is_product=True) for text in ("Is it waterproof?", "It is waterproof.")]
    assert best(score(ask("Is it waterproof?"), units, "en")) is units[1]


def test_without_candidates_nothing_is_scored() -> None:
    assert score(ask("Do you ship?"), [], "en") == []
