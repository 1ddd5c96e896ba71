"""What a short message means after what was said: a yes, an e-mail address, "what's in it?", "and cheaper?"."""

import pytest

from server.chat.answering.intents import IntentKind
from server.chat.answering.intents.context import is_assent, is_refusal
from server.chat.answering.intents.order_parts import OrderPart, order_part
from server.chat.languages import phrases_for
from server.orders.models import ProofLevel
from tests.server.chat.engine.shop import ShopTools, question
from tests.server.chat.engine.test_engine import answer
from tests.server.chat.test_intents import route

SAY = phrases_for("en")
OFFERED = (("shopper", "do you gift wrap?"), ("assistant", f"{SAY.unknown} {SAY.offer_human}"))
CALLED = (("shopper", "I want a person"), ("assistant", SAY.human_waiting))
ASKED_PROOF = (("shopper", "where is my order"), ("assistant", SAY.ask_order_number))
SHOWN = (("shopper", "where is order 1001"), ("assistant", SAY.order_shipped.format(number="#1001")))
MAIL = "joe@example.com"


@pytest.mark.parametrize("text", [MAIL, "my email is joe@example.com", "Sure: joe@example.com, thanks!"])
@pytest.mark.parametrize("history", [CALLED, OFFERED, (*ASKED_PROOF, *CALLED)])
async def test_an_address_for_the_team_is_kept_and_confirmed(text: str, history: tuple[tuple[str, str], ...]) -> None:
    tools = ShopTools()
    answered = await answer(question(text, history=history, order="#1001"), tools)
    assert answered.kind == "human"
    assert MAIL in answered.text
    assert [given for name, given in tools.calls if name == "request_human"] == [(text, MAIL)]


async def test_an_address_after_a_proof_was_asked_for_is_a_proof() -> None:
    for history in (ASKED_PROOF, (*CALLED, *ASKED_PROOF)):
        tools = ShopTools()
        await answer(question(MAIL, history=history, order="#1001"), tools)
        assert [name for name, _ in tools.calls] == ["prove"]
    proof = (("assistant", SAY.ask_order_proof.format(number="1001")),)
    assert route(MAIL, history=(*CALLED, *proof), order="1001").kind == IntentKind.ORDER_STATUS
    assert route(f"where is order 1001? {MAIL}", history=CALLED).kind == IntentKind.ORDER_STATUS


async def test_an_address_with_the_wish_for_a_person_is_kept() -> None:
    tools = ShopTools(staff="requested")
    answered = await answer(question(f"I want to talk to a person, {MAIL}"), tools)
    assert MAIL in answered.text
    assert SAY.human_requested in answered.text
    assert tools.calls[0][1] == (f"I want to talk to a person, {MAIL}", MAIL)


@pytest.mark.parametrize(
    ("language", "yes", "no"), [("en", "yes", "no"), ("fr", "oui", "non"), ("de", "ja", "nein"), ("es", "sí", "no")]
)
async def test_yes_and_no_to_the_offer_of_a_person(language: str, yes: str, no: str) -> None:
    say = phrases_for(language)
    for offer in (say.offer_human, say.offer_change):
        history = (("shopper", "…"), ("assistant", f"… {offer}"))
        accepted = await answer(question(yes, locale=language, history=history))
        assert accepted.kind == "human"
        assert say.human_waiting in accepted.text
        declined = await answer(question(no, locale=language, history=history))
        assert declined.kind == "refusal"
        assert declined.text == say.declined


async def test_ok_is_a_yes_to_an_offer_and_thanks_otherwise() -> None:
    assert route("ok", history=OFFERED).kind == IntentKind.HUMAN
    for text in ("ok", "ok thanks", "great, thanks"):
        assert route(text, history=(("assistant", "It costs little."),)).kind == IntentKind.THANKS
    assert (await answer(question("yes", history=(("assistant", SAY.thanks),)))).text == SAY.go_ahead
    assert (await answer(question("no thanks", history=(("assistant", SAY.thanks),)))).text == SAY.declined


def test_yes_and_no_are_whole_messages() -> None:
    for text in ("yes please", "oui, merci", "ja bitte", "sure!", "go ahead"):
        assert is_assent(text), text
    for text in ("no", "no, thank you", "nein danke", "not now", "ok no"):
        assert is_refusal(text), text
    for text in ("yes but which one", "no i mean the red one", "not waterproof", "do you ship"):
        assert not is_assent(text), text
        assert not is_refusal(text), text


@pytest.mark.parametrize(
    ("text", "locale", "earlier", "language"),
    [
        ("no", "en", None, "en"),
        ("no", "en", "how long does shipping take?", "en"),
        ("no", "en", "¿cuánto cuesta el envío?", "es"),
        (MAIL, "en", "Wie lange dauert der Versand?", "de"),
        ("ok", "en", "Habt ihr Zelte?", "de"),
        ("info@de.example", "en", "how long does shipping take?", "en"),
        ("¿Cuánto cuesta el envío a España?", "en", "do you ship to Spain?", "es"),
    ],
)
def test_a_few_words_keep_the_language_of_the_conversation(
    text: str, locale: str, earlier: str | None, language: str
) -> None:
    history = (("shopper", earlier), ("assistant", "…")) if earlier else ()
    assert route(text, locale, history=history).language == language


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("what's in it?", OrderPart.ITEMS),
        ("what did i order", OrderPart.ITEMS),
        ("was ist drin?", OrderPart.ITEMS),
        ("what did it cost?", OrderPart.TOTAL),
        ("how much was it", OrderPart.TOTAL),
        ("has it shipped?", OrderPart.STATUS),
        ("what is your return policy", None),
        ("is it waterproof", None),
    ],
)
def test_parts_of_an_order(text: str, part: OrderPart | None) -> None:
    assert order_part(text) == part


async def test_what_is_in_the_order_that_was_shown() -> None:
    asked = question("what's in it?", history=SHOWN, order="#1001", shown=("BT-1",), signed_in=True)
    opened = await answer(asked, ShopTools(signed_in=True, level=ProofLevel.SIGNED_IN))
    assert opened.text == "In it: 1 × Nimbus Tent 2P (Green), 2 × Glacier Flask."
    assert route(
        "what did it cost?", history=(*SHOWN, ("shopper", "…"), ("assistant", opened.text)), order="#1001"
    ).kind
    cost = await answer(
        question("what did it cost?", history=SHOWN, order="#1001", shown=("BT-1",), signed_in=True),
        ShopTools(signed_in=True, level=ProofLevel.SIGNED_IN),
    )
    assert cost.text == "The total is $308.00."


async def test_what_the_proof_does_not_open_is_said_to_be_closed() -> None:
    for text, said in (
        ("what's in it?", SAY.order_items_hidden.format(number="#1001")),
        ("what did it cost?", SAY.order_total_hidden),
    ):
        asked = question(text, history=SHOWN, order="#1001", shown=("BT-1",), signed_in=True)
        answered = await answer(asked, ShopTools(signed_in=True, level=ProofLevel.KNOWS_ORDER))
        assert said in answered.text
        assert "Glacier" not in answered.text
        assert "$" not in answered.text


def test_after_a_product_it_is_the_product_again() -> None:
    history = (*SHOWN, ("shopper", "the flask?"), ("assistant", "The Glacier Flask costs $29.50."))
    assert route("what did it cost?", history=history, order="#1001", shown=("BT-1",)).kind == IntentKind.PRODUCT_DETAIL


@pytest.mark.parametrize(
    ("text", "cards"),
    [
        ("anything under 300?", ["TN-2"]),
        ("and cheaper?", ["TN-2"]),
        ("something less expensive", ["TN-2"]),
        ("too expensive", ["TN-2"]),
    ],
)
async def test_the_same_wish_at_another_price(text: str, cards: list[str]) -> None:
    history = (("shopper", "show me tents"), ("assistant", "…"))
    answered = await answer(question(text, history=history, shown=("TN-4", "TN-2")))
    assert answered.cards == cards
    by_kind = await answer(question(text, shown=("TN-4",)))
    assert by_kind.cards == cards


async def test_nothing_cheaper_of_the_kind() -> None:
    history = (("shopper", "show me tents"), ("assistant", "…"), ("shopper", "and cheaper?"), ("assistant", "…"))
    answered = await answer(question("and cheaper?", history=history, shown=("TN-2", "TN-4")))
    assert answered.text.startswith(SAY.nothing_cheaper)
    assert answered.cards[0] == "TN-2"


def test_a_new_wish_with_a_price_is_no_refinement() -> None:
    intent = route("headlamps under 50", shown=("TN-2",), history=(("shopper", "show me tents"),))
    assert not intent.refines
    assert "headlamps" in intent.wanted
    assert route("which one is cheaper?", shown=("TN-2", "TN-4")).kind == IntentKind.COMPARISON
