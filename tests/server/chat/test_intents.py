"""What is asked: by what a message states, by its words, and by the nearest known phrasing."""

import time
from collections.abc import Sequence

import numpy as np
import pytest

from server.chat.answering.intents import Intent, IntentKind, Router, Topic
from server.chat.answering.intents.dictionary import gloss
from server.chat.answering.intents.language import detect_language
from server.chat.answering.intents.prices import read_price_limits
from server.chat.answering.intents.words import fold, stem
from server.models.protocol import EMBEDDING_DIMENSIONS, ModelUnavailable, Vector
from tests.server.chat.engine.shop import question

K = IntentKind
ASKED = (("assistant", "Please give me your order number, and the e-mail address or postcode you ordered with."),)


class HashingEmbedder:
    """Words hashed into dimensions: near when words are shared, which is all these tests need."""

    name = "hashing"

    def __init__(self, *, is_away: bool = False) -> None:
        self._is_away = is_away
        self.queries: list[str] = []
        self.passages = 0

    async def embed_query(self, text: str) -> Vector:
        self.queries.append(text)
        if self._is_away:
            raise ModelUnavailable("away")
        return self._vector(text)

    async def embed_passages(self, texts: Sequence[str]) -> list[Vector]:
        if self._is_away:
            raise ModelUnavailable("away")
        self.passages += len(texts)
        return [self._vector(text) for text in texts]

    async def close(self) -> None:
        pass

    def _vector(self, text: str) -> Vector:
        vector = np.zeros(EMBEDDING_DIMENSIONS, np.float32)
        for word in fold(text).split():
            vector[sum(ord(c) * (i + 7) for i, c in enumerate(stem(word.strip("?!.,")))) % EMBEDDING_DIMENSIONS] += 1
        return vector / max(1.0, float(np.linalg.norm(vector)))


def route(text: str, locale: str = "en", **around: object) -> Intent:
    return Router(HashingEmbedder()).route(question(text, locale=locale, **around))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "locale", "kind", "topic"),
    [
        ("hi there!", "en", K.GREETING, None),
        ("good morning", "en", K.GREETING, None),
        ("thanks, that helps", "en", K.THANKS, None),
        ("bye", "en", K.GOODBYE, None),
        ("can I speak to a real person please", "en", K.HUMAN, None),
        ("are you a robot?", "en", K.IDENTITY, None),
        ("where is my parcel", "en", K.ORDER_STATUS, None),
        ("has my order shipped yet?", "en", K.ORDER_STATUS, None),
        ("please cancel my order", "en", K.ORDER_CHANGE, Topic.ORDERING),
        ("I want to return order #1001", "en", K.ORDER_CHANGE, Topic.RETURNS),
        ("what is your return policy?", "en", K.POLICY, Topic.RETURNS),
        ("how long does shipping take", "en", K.POLICY, Topic.SHIPPING),
        ("do you ship to Canada?", "en", K.POLICY, Topic.SHIPPING),
        ("is cash on delivery available?", "en", K.POLICY, Topic.PAYMENT),
        ("where is my invoice #37777", "en", K.POLICY, Topic.PAYMENT),
        ("I forgot my password", "en", K.POLICY, Topic.ACCOUNT),
        ("does the warranty cover the zipper", "en", K.POLICY, Topic.WARRANTY),
        ("is the blue one in stock?", "en", K.STOCK, None),
        ("compare the Nimbus and the Cumulus", "en", K.COMPARISON, None),
        ("what's the difference between the two tents", "en", K.COMPARISON, None),
        ("do you sell rain jackets?", "en", K.PRODUCT_SEARCH, None),
        ("green tent", "en", K.PRODUCT_SEARCH, None),
        ("is it waterproof?", "en", K.PRODUCT_DETAIL, None),
        ("how heavy is the second one", "en", K.PRODUCT_DETAIL, None),
        ("asdfghjkl", "en", K.NONSENSE, None),
        ("???", "en", K.NONSENSE, None),
        ("bonjour", "fr", K.GREETING, None),
        ("merci beaucoup", "fr", K.THANKS, None),
        ("Où est ma commande ?", "fr", K.ORDER_STATUS, None),
        ("Comment retourner un article ?", "fr", K.POLICY, Topic.RETURNS),
        ("Quels sont les frais de livraison ?", "fr", K.POLICY, Topic.SHIPPING),
        ("Je cherche une tente", "fr", K.PRODUCT_SEARCH, None),
        ("Je voudrais parler à un conseiller", "fr", K.HUMAN, None),
        ("Wo ist meine Bestellung?", "de", K.ORDER_STATUS, None),
        ("Wie hoch sind die Versandkosten?", "de", K.POLICY, Topic.SHIPPING),
        ("Kann ich das umtauschen?", "de", K.POLICY, Topic.RETURNS),
        ("Ich suche ein Zelt", "de", K.PRODUCT_SEARCH, None),
        ("Ist die Jacke auf Lager?", "de", K.STOCK, None),
        ("Danke schön", "de", K.THANKS, None),
        ("¿Dónde está mi pedido?", "es", K.ORDER_STATUS, None),
        ("¿Cuánto cuesta el envío?", "es", K.POLICY, Topic.SHIPPING),
        ("Busco una mochila", "es", K.PRODUCT_SEARCH, None),
        ("Quiero hablar con una persona", "es", K.HUMAN, None),
        ("gracias", "es", K.THANKS, None),
    ],
)
def test_words_alone_show_the_intent(text: str, locale: str, kind: IntentKind, topic: Topic | None) -> None:
    intent = route(text, locale)
    assert (intent.kind, intent.topic) == (kind, topic)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("where is order #1001?", "1001"),
        ("order 1001", "1001"),
        ("my order number is 1001", "1001"),
        ("# W3754544 status", "W3754544"),
        ("Where's w9222585? email a.b@c.example", "W9222585"),
        ("order no. W6310710", "W6310710"),
        ("Bestellnummer: 20417", "20417"),
        ("numéro de commande 20417", "20417"),
        ("mi pedido 20417", "20417"),
        ("order EU-20417", "EU-20417"),
        ("do you have 40 liter packs", None),
        ("is the #1 tent good?", None),
        ("iPhone 15 under $900", None),
        ("it took 30 days to arrive, where is my parcel", None),
    ],
)
def test_order_numbers(text: str, number: str | None) -> None:
    assert route(text).order_number == number


def test_proofs_are_read() -> None:
    intent = route("Where is my order #1001? I'm Chen Silva, zip 46281.")
    assert (intent.kind, intent.order_number, intent.postcode, intent.name) == (
        K.ORDER_STATUS, "1001", "46281", "Chen Silva",
    )  # fmt: skip
    assert route("order 1001, CHEN.A@POST.EXAMPLE").email == "chen.a@post.example"
    assert route("order 1001 postcode SW1A 1AA").postcode == "SW1A 1AA"
    assert route("order 1001 PLZ 10115").postcode == "10115"


def test_an_answer_to_our_question_continues_the_order() -> None:
    by_mail = route("mara@post.example", order="1001", history=ASKED)
    assert (by_mail.kind, by_mail.email) == (K.ORDER_STATUS, "mara@post.example")
    by_postcode = route("97205", order="1001", history=ASKED)
    assert (by_postcode.kind, by_postcode.postcode, by_postcode.order_number) == (K.ORDER_STATUS, "97205", None)
    number_and_mail = route("1001, mara@post.example", history=ASKED)
    assert (number_and_mail.order_number, number_and_mail.email) == ("1001", "mara@post.example")


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("tents under $50", None, 5000),
        ("less than 100", None, 10000),
        ("max 30 please", None, 3000),
        ("between 20 and 40 euros", 2000, 4000),
        ("$20-40", 2000, 4000),
        ("over 100 dollars", 10000, None),
        ("at least $19.99", 1999, None),
        ("up to $1,299", None, 129900),
        ("$50 or less", None, 5000),
        ("around $100", 7500, 12500),
        ("moins de 50 €", None, 5000),
        ("entre 20 et 40 euros", 2000, 4000),
        ("unter 50 Euro", None, 5000),
        ("zwischen 20 und 40 €", 2000, 4000),
        ("menos de 30 euros", None, 3000),
        ("under 30 inches", None, None),
        ("less than 5 kg", None, None),
        ("under 2 years", None, None),
        ("a tent for 2", None, None),
    ],
)
def test_price_limits(text: str, low: int | None, high: int | None) -> None:
    limits = read_price_limits(text, "USD")
    assert (limits.low, limits.high) == (low, high)


def test_price_limits_know_currencies_without_cents() -> None:
    assert read_price_limits("under ¥5000", "JPY").high == 5000


def test_the_search_text_is_what_is_wanted() -> None:
    assert route("Do you have a waterproof tent under $300?").query == "waterproof tent"
    intent = route("Je cherche une tente étanche", "fr")
    assert intent.wanted == "tente etanche"
    assert set(intent.query.split()) == {"tente", "etanche", "tent", "waterproof"}


def test_comparisons_name_their_sides() -> None:
    assert route("Compare the Nimbus tent and the Cumulus tent").compared == ("nimbus tent", "cumulus tent")
    assert route("Nimbus 2P vs Cumulus 4P").compared == ("nimbus 2p", "cumulus 4p")
    assert route("compare the first and the second").compared == ()
    assert route("compare the first and the second one").positions == (1, 2)


def test_references_to_what_was_shown() -> None:
    assert route("how heavy is the second one?").positions == (2,)
    assert route("is it waterproof?").refers_back
    assert route("and the last one?", shown=("A", "B")).kind == K.PRODUCT_DETAIL
    assert route("do you have it in red?", shown=("A",)).kind == K.STOCK
    assert route("und in blau?", "de", shown=("A",)).kind == K.STOCK


@pytest.mark.parametrize(
    ("text", "locale", "language"),
    [
        ("where is my order", "fr", "en"),
        ("où est ma commande", "en", "fr"),
        ("wo ist meine bestellung", "en", "de"),
        ("dónde está mi pedido", "en", "es"),
        ("SKU-12", "de", "de"),
        ("tent", "nl", "en"),
    ],
)
def test_languages(text: str, locale: str, language: str) -> None:
    assert detect_language(text, locale) == language


def test_the_dictionary_speaks_english() -> None:
    assert gloss("retour et remboursement", "fr") == "return refund"
    assert gloss("wasserdichte Jacke", "de") == "waterproof jacket"
    assert gloss("tent", "en") == ""


async def test_the_phrasings_are_embedded_once_and_sure_messages_not_at_all() -> None:
    embedder = HashingEmbedder()
    router = Router(embedder)
    await router.warm_up()
    await router.warm_up()
    count = embedder.passages
    assert (await router.recognise(question("where is my order #1001"))).kind == K.ORDER_STATUS
    assert embedder.queries == []
    assert (await router.recognise(question("what is the capital of Spain?"))).kind == K.OFF_TOPIC
    assert embedder.queries == ["what is the capital of Spain?"]
    assert embedder.passages == count


async def test_without_an_embedder_the_words_decide() -> None:
    router = Router(HashingEmbedder(is_away=True))
    assert (await router.recognise(question("do you sell tents?"))).kind == K.PRODUCT_SEARCH
    assert (await router.recognise(question("why is the sky blue?"))).kind == K.UNKNOWN


def test_routing_is_fast_and_linear() -> None:
    router = Router(HashingEmbedder())
    message = question("Do you have a waterproof tent for two people under $300 that is in stock?")
    router.route(message)
    started = time.process_time()
    for _ in range(20):
        router.route(message)
    assert (time.process_time() - started) / 20 < 0.01
    for unit in ("a@", "order ", "#1", "1 ", "and ", "(", "compare a to b ", "$1-", "x"):
        started = time.process_time()
        router.route(question(unit * (20_000 // len(unit))))
        assert time.process_time() - started < 0.5, unit
