"""A short reply means what was asked for or offered."""

import pytest

from server.chat.answering.reading import Intent
from server.languages import LANGUAGES
from tests.server.chat.reading.questions import read

YES = {
    "en": "yes please",
    "de": "ja bitte",
    "fr": "oui merci",
    "es": "sí por favor",
    "it": "sì grazie",
    "pt": "sim por favor",
    "nl": "ja graag",
    "pl": "tak, poproszę",
    "sv": "ja tack",
    "tr": "evet lütfen",
    "ar": "نعم من فضلك",
    "ja": "はい、お願いします",
}
NO = {
    "en": "no thanks",
    "de": "nein danke",
    "fr": "non merci",
    "es": "no gracias",
    "it": "no grazie",
    "pt": "não, obrigado",
    "nl": "nee bedankt",
    "pl": "nie, dziękuję",
    "sv": "nej tack",
    "tr": "hayır teşekkürler",
    "ar": "لا شكرا",
    "ja": "いいえ、結構です",
}
CODE = {
    "en": "send me the code",
    "de": "schick mir den Code",
    "fr": "envoyez-moi le code",
    "es": "envíame el código",
    "it": "mandami il codice",
    "pt": "manda-me o código",
    "nl": "stuur me de code",
    "pl": "wyślij mi kod",
    "sv": "skicka koden till mig",
    "tr": "kodu gönder",
    "ar": "أرسل لي الكود",
    "ja": "コードを送ってください",
}


@pytest.mark.parametrize("locale", LANGUAGES)
async def test_yes_takes_up_what_was_offered(locale: str) -> None:
    assert (await read(YES[locale], locale, after=("offer_human",))).intent is Intent.HUMAN
    assert (
        await read(YES[locale], locale, after=("order_more_with_code",), order="1001")
    ).intent is Intent.CODE_REQUEST
    assert (await read(YES[locale], locale)).intent is Intent.ASSENT


@pytest.mark.parametrize("locale", LANGUAGES)
async def test_no_takes_up_nothing(locale: str) -> None:
    assert (await read(NO[locale], locale, after=("offer_human",))).intent is Intent.REFUSAL


@pytest.mark.parametrize("locale", LANGUAGES)
async def test_a_code_is_sent_in_words(locale: str) -> None:
    reading = await read(CODE[locale], locale, after=("order_more_with_code",), order="1001")
    assert reading.intent is Intent.CODE_REQUEST


@pytest.mark.parametrize("locale", LANGUAGES)
async def test_six_digits_are_a_code_where_one_is_awaited(locale: str) -> None:
    reading = await read("694046", locale, after=("code_sent",), order="1001")
    assert (reading.intent, reading.slots.code, reading.slots.order_number) == (Intent.CODE_GIVEN, "694046", None)
    assert (await read("694046", locale)).slots.code is None
    asked = await read("694046", locale, after=("ask_order_number",))
    assert (asked.intent, asked.slots.order_number) == (Intent.ORDER_STATUS, "694046")


async def test_a_pin_code_of_a_place_is_no_one_time_code() -> None:
    assert (await read("do you deliver to pin code 702164")).slots.code is None


async def test_a_code_is_known_by_its_name_and_its_spaces() -> None:
    assert (await read("the code is 694 046", order="1001")).slots.code == "694046"
    assert (await read("コードは694046です", "ja", order="1001")).slots.code == "694046"
    assert (await read("it's 694046", after=("code_sent",), order="1001")).slots.code == "694046"


@pytest.mark.parametrize("locale", LANGUAGES)
async def test_a_proof_continues_the_order(locale: str) -> None:
    by_mail = await read("mara@post.example", locale, after=("ask_order_proof",), order="1001")
    assert (by_mail.intent, by_mail.slots.email) == (Intent.ORDER_STATUS, "mara@post.example")
    by_postcode = await read("97205", locale, after=("ask_order_proof",), order="1001")
    assert (by_postcode.intent, by_postcode.slots.postcode) == (Intent.ORDER_STATUS, "97205")
    assert by_postcode.slots.order_number is None
    both = await read("1001, mara@post.example", locale, after=("ask_order_number",))
    assert (both.slots.order_number, both.slots.email) == ("1001", "mara@post.example")


async def test_an_address_is_for_the_team_where_it_was_called() -> None:
    assert (await read("mara@post.example", after=("human_requested",))).intent is Intent.HUMAN


async def test_no_mail_is_about_a_code_only_where_one_was_sent() -> None:
    assert (await read("no email came", after=("code_sent",), order="1001")).intent is Intent.CODE_MISSING
    assert (await read("no email came")).intent is not Intent.CODE_MISSING
