"""The scorer tells right answers from wrong ones, and languages from each other."""

import re
from typing import Any

import pytest

from tests.evaluation.answers.client import read_stream
from tests.evaluation.answers.data import LANGUAGES, load_language_questions
from tests.evaluation.answers.measurements import classify_carried, classify_not_carried, is_wanted
from tests.evaluation.answers.verdict import SOLD_OUT, Answer, judge, load_patterns, tidy


def test_patterns_of_the_scorer_compile() -> None:
    for name, patterns in load_patterns().items():
        if name != "words":
            for pattern in patterns:
                assert not re.search(tidy(pattern), ""), (name, pattern)
    assert set(load_patterns()["words"]) | {"ar", "ja"} == set(LANGUAGES)


ASKED = {"kind": "answer", "must": [["30 days"]], "must_not": ["14 days"], "language": "en"}
PUMP = {"kind": "products", "must": [["Pump"]]}


@pytest.mark.parametrize(
    ("expect", "answer", "verdict"),
    [
        (ASKED, Answer(text="You have 30 days to return it."), "right"),
        (ASKED, Answer(text="You have 30 days, or 14 days on sale."), "wrong"),
        (ASKED, Answer(text="I don't know the answer to that, and I'd rather not guess."), "declined"),
        (ASKED | {"decline_ok": True}, Answer(text="I don't know the answer to that."), "declined_ok"),
        (ASKED, Answer(text="We take PayPal."), "wrong"),
        (ASKED, Answer(text="Sie haben bei uns 30 days, und das ist nicht wenig für die Rückgabe."), "partial"),
        (ASKED | {"must": [["30 days"], ["unused"]]}, Answer(text="You have 30 days."), "partial"),
        (ASKED, Answer(text="", cards=()), "wrong"),
        (ASKED, Answer(text="Let me get someone.", parts=("handoff",)), "wrong"),
        (PUMP | {"cards": {"first": "Pump"}}, Answer(text="Here.", cards=("Bike", "Pump")), "partial"),
        (PUMP | {"cards": {"none": ["Bike"]}}, Answer(text="Here.", cards=("Pump", "Bike")), "wrong"),
        (PUMP, Answer(text="I couldn't find “pump” in the catalog."), "wrong"),
        (PUMP, Answer(text="I couldn't find exactly that. The closest is this.", cards=("Pump",)), "partial"),
        ({"kind": "decline"}, Answer(text="We do not sell that."), "right"),
        ({"kind": "decline"}, Answer(text="I couldn't find exactly that. Closest is this.", cards=("Pump",)), "wrong"),
        ({"kind": "smalltalk"}, Answer(text="Hello!"), "right"),
    ],
)  # fmt: skip
def test_verdicts(expect: dict[str, Any], answer: Answer, verdict: str) -> None:
    assert judge(expect, answer)[0] == verdict


@pytest.mark.parametrize("language", [each for each in LANGUAGES if each not in ("ar", "ja")])
def test_phrases_of_the_assistant_pass_as_their_language(language: str) -> None:
    asked = [question["asked"][language] for question in load_language_questions() if question["asks"] == "policy"]
    text = " ".join(asked)
    wrong = [other for other in LANGUAGES if other != language and _passes(other, text)]
    assert _passes(language, text)
    assert not wrong


def _passes(language: str, text: str) -> bool:
    return judge({"kind": "smalltalk", "language": language}, Answer(text=text))[0] == "right"


@pytest.mark.parametrize(
    ("answer", "verdict"),
    [
        (Answer(text="Here it is.", cards=("Track Pump" + SOLD_OUT,)), "shown"),
        (Answer(text="The **Track Pump** costs £49."), "shown"),
        (Answer(text="I couldn't find “Track Pump” in the catalog."), "false absence"),
        (Answer(text="I couldn't find exactly that. The closest is this.", cards=("Bike",)), "false absence"),
        (Answer(text="Which product do you mean?"), "missed"),
        (Answer(text="This looks right.", cards=("Bike",)), "missed"),
    ],
)
def test_carried_things(answer: Answer, verdict: str) -> None:
    assert classify_carried(answer, ["Track Pump"]) == verdict


@pytest.mark.parametrize(
    ("answer", "verdict"),
    [
        (Answer(text="The Bike looks right for you.", cards=("Bike",)), "false offer"),
        (Answer(text="We don't sell that."), "said so"),
        (Answer(text="I couldn't find exactly that. The closest is this.", cards=("Bike",)), "nearest"),
        (Answer(text="Tell me a little more."), "unsure"),
    ],
)
def test_things_that_are_not_carried(answer: Answer, verdict: str) -> None:
    assert classify_not_carried(answer) == verdict


def test_hits_of_a_policy_have_its_heading_or_facts() -> None:
    question = {"document": "Shipping", "heading": "Canada", "must": [["5 to 9"]]}
    assert is_wanted(question, {"id": "shipping", "title": "Shipping", "text": "Canada: Standard shipping"})
    assert is_wanted(question, {"id": "shipping", "title": "Shipping", "text": "takes 5 to 9 working days"})
    assert not is_wanted(question, {"id": "shipping", "title": "Shipping", "text": "Elsewhere"})
    assert not is_wanted(question, {"id": "refunds", "title": "Refunds", "text": "takes 5 to 9 working days"})


def test_a_stream_is_read() -> None:
    lines = [
        'data: {"type":"text-delta","delta":"Hel"}',
        "",
        'data: {"type":"text-delta","delta":"lo"}',
        'data: {"type":"text-end"}',
        'data: {"type":"data-products","data":{"products":[{"title":"Pump","available":false}]}}',
        'data: {"type":"source-document","title":"Shipping"}',
        'data: {"type":"data-handoff","data":{}}',
        "data: [DONE]",
    ]
    answer = read_stream(lines)
    assert (answer.text, answer.cards) == ("Hello", ("Pump" + SOLD_OUT,))
    assert (answer.sources, answer.parts) == (("Shipping",), ("handoff",))
