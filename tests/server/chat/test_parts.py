"""Messages that ask several things, and how near a message is to the known phrasings."""

import numpy as np
import pytest

from server.chat.answering.intents import IntentKind, Topic
from server.chat.answering.intents.nearest import class_similarities, learn_examples
from server.chat.answering.intents.parts import split_nouns, split_questions
from tests.server.chat.engine.shop import question
from tests.server.chat.test_intents import HashingEmbedder, Router, route

K, T = IntentKind, Topic


@pytest.mark.parametrize(
    ("text", "locale", "parts"),
    [
        (
            "do you ship to Canada and what's the return window?",
            "en",
            [("do you ship to Canada", K.POLICY, T.SHIPPING), ("what's the return window?", K.POLICY, T.RETURNS)],
        ),
        (
            "Do you ship to Canada? How much does it cost? And can I return from there?",
            "en",
            [
                ("Do you ship to Canada? How much does it cost?", K.POLICY, T.SHIPPING),
                ("And can I return from there?", K.POLICY, T.RETURNS),
            ],
        ),
        (
            "hi, I need a tent and how long is shipping?",
            "en",
            [("hi, I need a tent", K.PRODUCT_SEARCH, None), ("how long is shipping?", K.POLICY, T.SHIPPING)],
        ),
        (
            "what is your shipping and return policy",
            "en",
            [("what is your shipping", K.POLICY, T.SHIPPING), ("return policy", K.POLICY, T.RETURNS)],
        ),
        (
            "Wie lange dauert die Lieferung und wie kann ich bezahlen?",
            "de",
            [
                ("Wie lange dauert die Lieferung", K.POLICY, T.SHIPPING),
                ("wie kann ich bezahlen?", K.POLICY, T.PAYMENT),
            ],
        ),
    ],
)
def test_each_question_of_a_message_is_routed(
    text: str, locale: str, parts: list[tuple[str, IntentKind, Topic | None]]
) -> None:
    found = route(text, locale).parts
    assert [(part.text, part.intent.kind, part.intent.topic) for part in found] == parts


@pytest.mark.parametrize(
    "text",
    [
        "do you ship to Trinidad and Tobago?",
        "I need a tent. Which one is the lightest?",
        "Where is order 1001? My email is mara@post.example",
        "My tent broke, is it covered by the warranty?",
        "can I return and exchange?",
        "compare the Nimbus and the Cumulus",
        "hello! what is your return policy?",
    ],
)
def test_one_matter_stays_one_question(text: str) -> None:
    assert route(text).parts == ()


async def test_parts_need_no_embedding() -> None:
    embedder = HashingEmbedder()
    intent = await Router(embedder).recognise(question("do you ship to Canada and how can I pay?"))
    assert len(intent.parts) == 2
    assert embedder.queries == []


def test_pieces_are_the_shoppers_own_words() -> None:
    assert split_questions("Größe? Und wie teuer?") == ["Größe?", "Und wie teuer?"]
    assert split_nouns("Versand und Rückgabe") == ["Versand", "Rückgabe"]
    assert len(split_questions("a? b? c? d? e? f?")) == 4


def test_a_class_is_as_near_as_its_two_nearest_phrases() -> None:
    vectors = [np.array(vector, np.float32) for vector in ([1, 0], [0.6, 0.8], [0, 1], [0, 1])]
    one, two = (K.GREETING, None), (K.POLICY, T.RETURNS)
    near = class_similarities(learn_examples(vectors, [one, two, two, two]), np.array([1, 0], np.float32))
    assert near[one] == pytest.approx(1.0)
    assert near[two] == pytest.approx(0.7 * 0.6)
