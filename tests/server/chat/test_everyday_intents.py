"""Everyday ways of asking, by the words alone: follow-ups, mashed keys, trouble, the shop itself."""

import pytest

from server.chat.answering.intents import IntentKind, Topic
from server.chat.answering.intents.dictionary import gloss
from server.chat.answering.intents.nonsense import is_nonsense
from tests.server.chat.engine.shop import question
from tests.server.chat.test_intents import HashingEmbedder, Router, route

K, T = IntentKind, Topic


@pytest.mark.parametrize(
    ("text", "locale", "kind", "topic"),
    [
        ("the wrong item was sent to me", "en", K.POLICY, T.RETURNS),
        ("this is not what I ordered", "en", K.POLICY, T.RETURNS),
        ("I want my money back", "en", K.POLICY, T.RETURNS),
        ("can I visit your store", "en", K.POLICY, T.STORE),
        ("where are you located", "en", K.POLICY, T.STORE),
        ("what's my gift card balance", "en", K.POLICY, T.STORE),
        ("when will my card be charged", "en", K.POLICY, T.PAYMENT),
        ("how much does it cost to repair a zip", "en", K.POLICY, T.WARRANTY),
        ("I'm a US men's 10, what EU shoe size is that", "en", K.POLICY, T.STORE),
        ("which stove is the lightest", "en", K.COMPARISON, None),
        ("you're not very helpful", "en", K.UNKNOWN, None),
        ("i ordered a tent last week and it hasn't arrived, where is it?", "en", K.ORDER_STATUS, None),
        ("my refund hasn't arrived", "en", K.POLICY, T.RETURNS),
        ("lol", "en", K.THANKS, None),
        ("what is your most expensive thing", "en", K.PRODUCT_SEARCH, None),
        ("headlamps between $40 and $100", "en", K.PRODUCT_SEARCH, None),
        ("Der falsche Artikel wurde geliefert", "de", K.POLICY, T.RETURNS),
        ("Habt ihr einen Laden?", "de", K.POLICY, T.STORE),
        ("Welcher Schlafsack ist der wärmste?", "de", K.COMPARISON, None),
        ("Où êtes-vous situés ?", "fr", K.POLICY, T.STORE),
        ("Quelle est la tente la plus légère ?", "fr", K.COMPARISON, None),
        ("Parlez-moi de la tente", "fr", K.PRODUCT_DETAIL, None),
        ("¿Tienen tienda física?", "es", K.POLICY, T.STORE),
        ("¿Cuál es el saco más caliente?", "es", K.COMPARISON, None),
    ],
)
def test_everyday_questions(text: str, locale: str, kind: IntentKind, topic: Topic | None) -> None:
    intent = route(text, locale)
    assert (intent.kind, intent.topic) == (kind, topic)


@pytest.mark.parametrize(
    ("text", "locale"),
    [("blue?", "en"), ("and in blue?", "en"), ("medium", "en"), ("rouge ?", "fr"), ("y en azul", "es")],
)
def test_a_bare_colour_or_size_is_about_what_was_shown(text: str, locale: str) -> None:
    assert route(text, locale, shown=("A",)).kind == K.STOCK
    assert route("blue tent", shown=("A",)).kind != K.STOCK


@pytest.mark.parametrize(
    ("text", "locale"),
    [
        ("how much?", "en"),
        ("et combien ça coûte ?", "fr"),
        ("c'est combien ?", "fr"),
        ("und was kostet das?", "de"),
        ("wie teuer ist es?", "de"),
        ("¿y cuánto vale?", "es"),
    ],
)
def test_a_price_follow_up_is_about_what_was_shown(text: str, locale: str) -> None:
    assert route(text, locale, shown=("A",)).kind == K.PRODUCT_DETAIL


def test_a_follow_up_without_words_of_its_own_continues_the_policy() -> None:
    history = (("shopper", "do you ship to Canada?"), ("assistant", "Yes, for $14.95."))
    intent = route("and to Mexico?", history=history)
    assert (intent.kind, intent.topic) == (K.POLICY, T.SHIPPING)
    assert route("and to Mexico?").kind != K.POLICY


@pytest.mark.parametrize("text", ["asdkjh qwe", "asdkjh", "sdfkj", "lkjsdf", "ajsdk dfg"])
def test_mashed_keys(text: str) -> None:
    assert is_nonsense(text)


@pytest.mark.parametrize(
    "text",
    ["hdmi", "rhythm", "fjord", "szczescie", "Wednesday", "nightstand", "Angstschweiß", "bhut jolokia", "TW-BTL-RDG-32",
     "lightweight backpack", "sandfarben", "knapsack", "vodka", "jkl tent", "Kjøkkenhåndklær"],
)  # fmt: skip
def test_real_words_are_not_mashed_keys(text: str) -> None:
    assert not is_nonsense(text)


def test_it_that_stands_for_nothing_refers_to_nothing() -> None:
    assert not route("how much does it cost to repair a zip").refers_back
    assert not route("is it possible to pay by card").refers_back
    assert route("how much does it cost").refers_back


def test_phrases_of_several_words_have_a_meaning_of_their_own() -> None:
    assert gloss("un sac à dos", "fr") == "backpack"
    assert gloss("lave-vaisselle", "fr") == "dishwasher"
    assert gloss("saco de dormir", "es") == "sleeping bag"
    assert gloss("couteaux", "fr") == "knife"


async def test_a_route_with_a_vector_keeps_its_class() -> None:
    router = Router(HashingEmbedder())
    await router.warm_up()
    assert (await router.recognise(question("how do I exchange an item for another size"))).topic == T.RETURNS
