"""One-time codes in words: sent, typed, wrong, asked for again, without an order, and once too often."""

import pytest

from server.chat.languages import phrases_for
from server.languages import LANGUAGES
from tests.server.chat.engine.answers import answer
from tests.server.chat.engine.orders import CODE, FULL_ORDER, MAX_WRONG_CODES
from tests.server.chat.engine.shop import ShopTools, question

SAY = phrases_for("en")
NUMBER = "#1001"
SEND = {
    "en": "send me the code", "de": "Schick mir den Code", "fr": "Envoyez-moi le code", "es": "Envíame el código",
    "it": "Mandami il codice", "pt": "Envie-me o código", "nl": "Stuur me de code", "pl": "Wyślij mi kod",
    "sv": "Skicka koden till mig", "tr": "Bana kodu gönder", "ar": "أرسل لي الرمز", "ja": "コードを送ってください",
}  # fmt: skip
NOT_COME = {
    "en": "I didn't get the code", "de": "Ich habe den Code nicht bekommen", "fr": "Je n'ai pas reçu le code",
    "es": "No he recibido el código", "it": "Non ho ricevuto il codice", "pt": "Não recebi o código",
    "nl": "Ik heb de code niet ontvangen", "pl": "Nie dostałem kodu", "sv": "Jag har inte fått koden",
    "tr": "Kod gelmedi", "ar": "لم يصلني الرمز", "ja": "コードが届きません",
}  # fmt: skip


def told(language: str = "en") -> tuple[tuple[str, str], ...]:
    """An order was told as far as its number and e-mail open it, and a code offered for the rest."""
    say = phrases_for(language)
    return (
        ("shopper", "1001, mara@post.example"),
        ("assistant", f"{say.order_shipped.format(number=NUMBER)} {say.order_more_with_code}"),
    )


def sent(language: str = "en") -> tuple[tuple[str, str], ...]:
    """And it was sent."""
    say = phrases_for(language)
    return (*told(language), ("shopper", SEND[language]), ("assistant", say.code_sent.format(number=NUMBER)))


@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_code_is_sent_when_it_is_asked_for(language: str) -> None:
    tools = ShopTools()
    asked = question(SEND[language], locale=language, history=told(language), order=NUMBER)
    answered = await answer(asked, tools)
    assert tools.called("request_code") == [NUMBER]
    assert answered.text == phrases_for(language).code_sent.format(number=NUMBER)
    assert [proof.methods for proof in answered.proofs] == [("code",)]
    assert answered.handoffs == []


@pytest.mark.parametrize("text", ["yes please", "yes, send it", "ok send the code"])
async def test_yes_to_the_offer_sends_it(text: str) -> None:
    tools = ShopTools()
    await answer(question(text, history=told(), order=NUMBER), tools)
    assert tools.called("request_code") == [NUMBER]


@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_code_that_did_not_come_is_sent_again(language: str) -> None:
    tools = ShopTools()
    asked = question(NOT_COME[language], locale=language, history=sent(language), order=NUMBER)
    answered = await answer(asked, tools)
    assert tools.called("request_code") == [NUMBER]
    assert answered.text == phrases_for(language).code_again.format(number=NUMBER)
    assert answered.handoffs == []


@pytest.mark.parametrize("text", ["I didn't get it", "nothing arrived in my inbox", "can you send it again?"])
async def test_it_is_the_code_where_one_was_sent(text: str) -> None:
    tools = ShopTools()
    await answer(question(text, history=sent(), order=NUMBER), tools)
    assert tools.called("request_code") == [NUMBER]


@pytest.mark.parametrize("text", [CODE, f"{CODE[:3]} {CODE[3:]}", f"it's {CODE}", f"the code is {CODE}", f"{CODE}."])
async def test_a_typed_code_opens_the_order(text: str) -> None:
    tools = ShopTools()
    answered = await answer(question(text, history=sent(), order=NUMBER), tools)
    assert tools.called("verify_code") == [(NUMBER, CODE)]
    assert answered.text.startswith(SAY.code_accepted)
    assert answered.orders == [FULL_ORDER]
    assert "2 × Glacier Flask" in answered.text
    assert answered.handoffs == []


@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_bare_code_is_one_in_every_language(language: str) -> None:
    tools = ShopTools()
    answered = await answer(question(CODE, locale=language, history=sent(language), order=NUMBER), tools)
    assert phrases_for(language).code_accepted in answered.text
    assert answered.orders == [FULL_ORDER]
    assert answered.end.locale == language


async def test_a_wrong_code_opens_nothing() -> None:
    tools = ShopTools()
    answered = await answer(question("123456", history=sent(), order=NUMBER), tools)
    assert tools.called("verify_code") == [(NUMBER, "123456")]
    assert answered.text == SAY.code_wrong
    assert answered.orders == answered.cited == []
    assert [proof.methods for proof in answered.proofs] == [("code",)]


async def test_a_code_for_an_order_that_is_none_is_as_wrong() -> None:
    wrong = await answer(question("123456", history=sent(), order=NUMBER), ShopTools())
    unknown = await answer(question(CODE, history=sent(), order="#9999"), ShopTools())
    assert unknown.text == wrong.text
    assert unknown.orders == wrong.orders == []


async def test_too_many_wrong_codes_end_it() -> None:
    tools = ShopTools()
    for number in range(MAX_WRONG_CODES):
        assert (await answer(question(f"12345{number}", history=sent(), order=NUMBER), tools)).text == SAY.code_wrong
    locked = await answer(question(CODE, history=sent(), order=NUMBER), tools)
    assert locked.kind == "order_locked"
    assert locked.text == SAY.code_limit
    assert locked.orders == []
    assert SAY.ask_human in locked.suggestions


@pytest.mark.parametrize("language", LANGUAGES)
async def test_without_an_order_the_order_is_asked_for(language: str) -> None:
    tools = ShopTools()
    answered = await answer(question(SEND[language], locale=language), tools)
    assert tools.called("request_code") == []
    assert answered.text == phrases_for(language).code_which_order


@pytest.mark.parametrize("text", [CODE, f"my code is {CODE}"])
async def test_a_code_that_nobody_asked_for_calls_nobody(text: str) -> None:
    tools = ShopTools()
    answered = await answer(question(text), tools)
    assert tools.called("verify_code") == tools.called("request_human") == []
    assert answered.orders == []


async def test_a_shop_that_sends_no_codes_says_so() -> None:
    tools = ShopTools(sends_codes=False)
    answered = await answer(question(SEND["en"], history=told(), order=NUMBER), tools)
    assert answered.text == SAY.code_unavailable
    assert answered.proofs == []


async def test_a_tool_that_is_away_sends_no_code() -> None:
    tools = ShopTools(away=frozenset({"request_code"}))
    assert (await answer(question(SEND["en"], history=told(), order=NUMBER), tools)).text == SAY.code_unavailable


async def test_a_bare_number_after_the_order_number_was_asked_for_is_one() -> None:
    history = (("shopper", "where is my order?"), ("assistant", SAY.ask_order_number))
    answered = await answer(question("1001", history=history))
    assert answered.kind == "order_proof"
    assert answered.proofs[0].order_number == "1001"


async def test_a_bare_number_after_the_postcode_was_asked_for_is_one() -> None:
    history = (("shopper", "order 1001"), ("assistant", SAY.ask_order_proof.format(number="1001")))
    tools = ShopTools()
    answered = await answer(question("97205", history=history, order="1001"), tools)
    assert tools.called("prove") == [("1001", None, "97205", None)]
    assert answered.kind == "order_status"


@pytest.mark.parametrize(
    "text", ["mara@post.example", "that's my e-mail: mara@post.example", "my email is mara@post.example"]
)
async def test_an_address_after_the_proof_was_asked_for_opens_the_order(text: str) -> None:
    history = (("shopper", "order 1001"), ("assistant", SAY.ask_order_proof.format(number="1001")))
    answered = await answer(question(text, history=history, order="1001"))
    assert answered.kind == "order_status"
    assert answered.handoffs == []


async def test_a_bare_part_number_is_a_product() -> None:
    tools = ShopTools()
    answered = await answer(question("SKU-JK-7-3"), tools)
    assert answered.cards == ["JK-7"]
    assert answered.handoffs == []
    assert tools.called("verify_code") == []
