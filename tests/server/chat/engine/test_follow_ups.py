"""What a short message means after what was said: a yes, an e-mail address, "what's in it?", "and cheaper?"."""

import pytest

from server.chat.answering.reading import Intent
from server.chat.languages import phrases_for
from server.languages import LANGUAGES
from server.orders.models import ProofLevel
from tests.server.chat.engine.answers import answer, read
from tests.server.chat.engine.shop import ShopTools, question

SAY = phrases_for("en")
OFFERED = (("shopper", "do you gift wrap?"), ("assistant", f"{SAY.unknown} {SAY.offer_human}"))
CALLED = (("shopper", "I want a person"), ("assistant", SAY.human_waiting))
ASKED_PROOF = (("shopper", "where is my order"), ("assistant", SAY.ask_order_number))
SHOWN = (("shopper", "where is order 1001"), ("assistant", SAY.order_shipped.format(number="#1001")))
TENTS = (("shopper", "show me tents"), ("assistant", "…"))
MAIL = "joe@example.com"
YES_AND_NO = {
    "en": ("yes", "no"), "fr": ("oui", "non"), "de": ("ja", "nein"), "es": ("sí", "no"), "it": ("sì", "no"),
    "pt": ("sim", "não"), "nl": ("ja", "nee"), "pl": ("tak", "nie"), "sv": ("ja", "nej"), "tr": ("evet", "hayır"),
    "ar": ("نعم", "لا"), "ja": ("はい", "いいえ"),
}  # fmt: skip

DEAREST_TENT = {
    "en": ("show me tents", "which is the most expensive?"), "de": ("Zeigt mir Zelte", "Welches ist das teuerste?"),
    "fr": ("Avez-vous des tentes ?", "Laquelle est la plus chère ?"),
    "es": ("¿Tenéis tiendas de campaña?", "¿Cuál es la más cara?"), "it": ("Avete tende?", "Qual è la più costosa?"),
    "pt": ("Têm tendas?", "Qual é a mais cara?"), "nl": ("Hebben jullie tenten?", "Welke is de duurste?"),
    "pl": ("Czy macie namioty?", "Który jest najdroższy?"), "sv": ("Har ni tält?", "Vilket är dyrast?"),
    "tr": ("Çadır var mı?", "En pahalısı hangisi?"), "ar": ("هل لديكم خيام؟", "ما هي الأغلى؟"),
    "ja": ("テントはありますか？", "一番高いのはどれですか？"),
}  # fmt: skip


@pytest.mark.parametrize("text", [MAIL, "my email is joe@example.com", "Sure: joe@example.com, thanks!"])
@pytest.mark.parametrize("history", [CALLED, OFFERED, (*ASKED_PROOF, *CALLED)])
async def test_an_address_for_the_team_is_kept_and_confirmed(text: str, history: tuple[tuple[str, str], ...]) -> None:
    tools = ShopTools()
    answered = await answer(question(text, history=history, order="#1001"), tools)
    assert answered.kind == "human"
    assert MAIL in answered.text
    assert tools.called("request_human") == [(text, MAIL)]


@pytest.mark.parametrize("history", [ASKED_PROOF, (*CALLED, *ASKED_PROOF)])
async def test_an_address_after_a_proof_was_asked_for_is_a_proof(history: tuple[tuple[str, str], ...]) -> None:
    tools = ShopTools()
    await answer(question(MAIL, history=history, order="#1001"), tools)
    assert [name for name, _ in tools.calls] == ["prove"]


@pytest.mark.parametrize("text", ["{mail}", "where is order 1001? {mail}"])
async def test_an_address_with_an_order_belongs_to_the_order(text: str) -> None:
    proof = (("assistant", SAY.ask_order_proof.format(number="1001")),)
    history = CALLED if "order" in text else (*CALLED, *proof)
    reading = await read(question(text.format(mail=MAIL), history=history, order="1001"))
    assert reading.intent is Intent.ORDER_STATUS


async def test_an_address_with_the_wish_for_a_person_is_kept() -> None:
    tools = ShopTools(staff="requested")
    answered = await answer(question(f"I want to talk to a person, {MAIL}"), tools)
    assert MAIL in answered.text
    assert SAY.human_requested in answered.text
    assert tools.calls[0][1] == (f"I want to talk to a person, {MAIL}", MAIL)


@pytest.mark.parametrize("language", LANGUAGES)
async def test_yes_and_no_to_the_offer_of_a_person(language: str) -> None:
    say, (yes, no) = phrases_for(language), YES_AND_NO[language]
    for offer in (say.offer_human, say.offer_change):
        history = (("shopper", "…"), ("assistant", f"… {offer}"))
        accepted = await answer(question(yes, locale=language, history=history))
        assert accepted.kind == "human"
        assert say.human_waiting in accepted.text
        declined = await answer(question(no, locale=language, history=history))
        assert declined.kind == "refusal"
        assert declined.text == say.declined


async def test_ok_is_a_yes_to_an_offer() -> None:
    assert (await answer(question("ok", history=OFFERED))).kind == "human"


@pytest.mark.parametrize("text", ["ok", "ok thanks", "great, thanks"])
async def test_ok_is_thanks_otherwise(text: str) -> None:
    answered = await answer(question(text, history=(("assistant", "It costs little."),)))
    assert answered.kind in ("thanks", "assent")
    assert answered.handoffs == []


async def test_yes_and_no_to_nothing() -> None:
    assert (await answer(question("yes", history=(("assistant", SAY.thanks),)))).text == SAY.go_ahead
    assert (await answer(question("no thanks", history=(("assistant", SAY.thanks),)))).text == SAY.declined


@pytest.mark.parametrize("text", ["yes please", "oui, merci", "ja bitte", "sure!", "go ahead"])
async def test_other_ways_to_say_yes(text: str) -> None:
    assert (await answer(question(text, history=OFFERED))).kind == "human"


@pytest.mark.parametrize("text", ["no", "no, thank you", "nein danke", "not now", "ok no"])
async def test_other_ways_to_say_no(text: str) -> None:
    answered = await answer(question(text, history=OFFERED))
    assert answered.kind in ("refusal", "thanks")
    assert answered.handoffs == []


@pytest.mark.parametrize("text", ["yes but which one", "no i mean the red one", "not waterproof", "do you ship"])
async def test_more_than_yes_or_no_calls_nobody(text: str) -> None:
    answered = await answer(question(text, history=OFFERED))
    assert answered.handoffs == []
    assert answered.kind != "refusal"


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
async def test_a_few_words_keep_the_language_of_the_conversation(
    text: str, locale: str, earlier: str | None, language: str
) -> None:
    history = (("shopper", earlier), ("assistant", "…")) if earlier else ()
    assert (await answer(question(text, locale=locale, history=history))).end.locale == language


async def open_order(text: str, level: ProofLevel = ProofLevel.SIGNED_IN) -> str:
    asked = question(text, history=SHOWN, order="#1001", shown=("BT-1",), signed_in=True)
    return (await answer(asked, ShopTools(signed_in=True, level=level))).text


@pytest.mark.parametrize("text", ["what's in it?", "what did i order", "was ist drin?"])
async def test_what_is_in_the_order_that_was_shown(text: str) -> None:
    assert "1 × Nimbus Tent 2P (Green), 2 × Glacier Flask" in await open_order(text)


@pytest.mark.parametrize("text", ["what did it cost?", "how much was it"])
async def test_what_the_order_that_was_shown_cost(text: str) -> None:
    assert await open_order(text) == "The total is $308.00."


async def test_where_the_order_that_was_shown_is() -> None:
    assert "on its way" in await open_order("has it shipped?")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("what's in it?", SAY.order_items_hidden.format(number="#1001")),
        ("what did it cost?", SAY.order_total_hidden),
    ],
)
async def test_what_the_proof_does_not_open_is_said_to_be_closed(text: str, said: str) -> None:
    told = await open_order(text, ProofLevel.KNOWS_ORDER)
    assert said in told
    assert "Glacier" not in told
    assert "$" not in told


async def test_after_a_product_it_is_the_product_again() -> None:
    history = (*SHOWN, ("shopper", "the flask?"), ("assistant", "The Glacier Flask costs $29.50."))
    answered = await answer(question("what does it cost?", history=history, order="#1001", shown=("BT-1",)))
    assert answered.cards == ["BT-1"]
    assert "$29.50" in answered.text


@pytest.mark.parametrize("text", ["anything under 300?", "and cheaper?", "something less expensive", "too expensive"])
async def test_the_same_wish_at_another_price(text: str) -> None:
    answered = await answer(question(text, history=TENTS, shown=("TN-4", "TN-2")))
    assert answered.cards == ["TN-2"]
    assert "$249.00" in answered.text


async def test_nothing_cheaper_of_the_kind() -> None:
    history = (*TENTS, ("shopper", "and cheaper?"), ("assistant", "…"))
    answered = await answer(question("and cheaper?", history=history, shown=("TN-2", "TN-4")))
    assert answered.text.startswith(SAY.nothing_cheaper)


async def test_a_new_wish_with_a_price_is_no_refinement() -> None:
    answered = await answer(question("headlamps under 50", shown=("TN-2",), history=TENTS))
    assert answered.cards == ["HL-3"]


@pytest.mark.parametrize("language", LANGUAGES)
async def test_the_dearest_is_looked_for_among_what_was_shown(language: str) -> None:
    wish, asked = DEAREST_TENT[language]
    history = (("shopper", wish), ("assistant", "…"))
    answered = await answer(question(asked, locale=language, history=history, shown=("BT-1", "JK-7")), ShopTools())
    assert answered.cards == ["JK-7", "BT-1"]
    assert answered.text.startswith(phrases_for(language).found_dearest.partition("{")[0].strip("*").strip())


@pytest.mark.parametrize(
    "text", ["what is the most expensive thing you sell?", "which of all your products is the most expensive?"]
)
async def test_the_dearest_of_the_whole_shop_is_looked_for_in_all_of_it(text: str) -> None:
    answered = await answer(question(text, history=TENTS, shown=("BT-1", "JK-7")), ShopTools())
    assert answered.cards[0] == "TN-4"
