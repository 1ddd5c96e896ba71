"""The model of subjects: what is asked and what is told find each other without a common word."""

import numpy as np
import pytest

from server.chat.answering.evidence.subjects import CAUTIONS, caution_of, shared_subject, subject_model, subjects_of
from tests.server.chat.engine.embedding import multilingual

WINDOW = "Unworn things may come back to us for a month after they arrived."
MONEY_BACK = "The sum is on your account three working days after the parcel reached our warehouse."


async def test_a_question_is_about_the_subject_of_its_answer() -> None:
    asked = await multilingual().embed_passages(
        ["How long do I have to return something?", "When do I get my money back?"]
    )
    window, money = await multilingual().embed_passages([WINDOW, MONEY_BACK])
    by_question = [
        [shared_subject(subjects_of(question), subjects_of(told)) for told in (window, money)] for question in asked
    ]
    assert by_question[0][0] > by_question[0][1]
    assert by_question[1][1] > by_question[1][0]


@pytest.mark.parametrize(
    ("question", "language", "subject"),
    [
        ("Bis wann kann ich die Schuhe zurückschicken?", "de", "return_window"),
        ("quanto pesa lo zaino?", "it", "weight"),
        ("¿va con pilas incluidas?", "es", "in_the_box"),
        ("ile kosztuje wysyłka?", "pl", "shipping_cost"),
        ("食洗機で洗えますか？", "ja", "dishwasher"),
    ],
)
async def test_subjects_are_known_in_many_languages(question: str, language: str, subject: str) -> None:
    vector = await multilingual().embed_query(question, language)
    names = subject_model().subjects
    assert subject in [names[index] for index in np.argsort(-subjects_of(vector))[:3]]


async def test_a_heading_tells_what_a_bare_row_is_about() -> None:
    row, heading, asked = await multilingual().embed_passages(
        ["Service: Standard, Price: 4 €", "Delivery > What shipping costs", "what does shipping cost"]
    )
    subjects = subjects_of(asked)
    assert shared_subject(subjects, subjects_of(row, heading)) > shared_subject(subjects, subjects_of(row))


async def test_dangers_are_cautions_and_weights_are_not() -> None:
    danger, weight = await multilingual().embed_passages(["Keep away from pets and small children.", "Weight: 340 g"])
    assert caution_of(subjects_of(danger)) > 0.5 > caution_of(subjects_of(weight))
    assert caution_of(None) == 0.0


def test_the_model_knows_every_caution() -> None:
    assert set(CAUTIONS) <= set(subject_model().subjects)
