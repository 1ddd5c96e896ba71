"""Three honest outcomes by probability, and what is quoted: never a question, never half of a warning."""

import re

import pytest

from server.chat.answering.engine.evidence import SURE, UNSURE, Found
from server.chat.answering.engine.page import SURE as PAGE_SURE
from server.chat.answering.engine.page import UNSURE as PAGE_UNSURE
from server.chat.answering.engine.page import answer_from_page
from server.chat.answering.engine.policies import answer_policy
from server.chat.answering.engine.reply import Reply
from server.chat.answering.engine.search import FITS, NEAR, Match, Wish
from server.chat.answering.engine.wish_answers import ABSENT, answer_wish
from server.chat.answering.evidence import Scored
from server.chat.languages import phrases_for
from server.chat.models import ProductDetail
from server.languages import LANGUAGES
from tests.server.chat.engine.answers import Answer, answer, helpers, read
from tests.server.chat.engine.memory import Document
from tests.server.chat.engine.shop import CATALOG, POLICIES, ShopTools, made_product, question

SAY = phrases_for("en")
RETURNS = "You can return unused items within 30 days of delivery."


async def reply_to(text: str, locale: str = "en") -> tuple[Reply, ShopTools]:
    asked, tools = question(text, locale=locale), ShopTools()
    tools.serve(asked)
    return Reply(asked, await read(asked), tools, helpers()), tools


async def found_with(tools: ShopTools, text: str, probability: float, product: ProductDetail | None = None) -> Found:
    """The units that the tools find, the first of them with this probability and the others far below it."""
    found = await tools.find_evidence(text, language="en", product=product, documents=product is None)
    scored = tuple(
        Scored(candidate, probability if place == 0 else probability / 10)
        for place, candidate in enumerate(found.candidates)
    )
    return Found(scored, {source.id: source for source in found.sources})


@pytest.mark.parametrize(
    ("probability", "kind"),
    [
        (0.95, "policy"),
        (SURE, "policy"),
        (SURE - 0.001, "policy_unsure"),
        (UNSURE, "policy_unsure"),
        (UNSURE - 0.001, "unknown"),
        (0.0, "unknown"),
    ],
)
async def test_a_policy_is_the_answer_or_the_closest_or_not_known(probability: float, kind: str) -> None:
    text = "how long do I have to return unused items?"
    reply, tools = await reply_to(text)
    answered = Answer(answer_policy(reply, await found_with(tools, text, probability)))
    assert answered.kind == kind
    assert (RETURNS in answered.text) == (kind != "unknown")
    assert (SAY.unsure_policy in answered.text) == (kind == "policy_unsure")
    assert (SAY.unknown in answered.text) == (kind == "unknown")
    assert bool(answered.cited) == (kind != "unknown")
    if kind != "policy":
        assert SAY.offer_human in answered.text
        assert SAY.ask_human in answered.suggestions
    if kind != "unknown":
        assert answered.end.confidence == pytest.approx(probability, abs=0.001)
    else:
        assert answered.end.confidence < UNSURE


@pytest.mark.parametrize(
    ("probability", "kind"),
    [
        (0.9, "product_detail"),
        (PAGE_SURE, "product_detail"),
        (PAGE_SURE - 0.001, "product_unsure"),
        (PAGE_UNSURE, "product_unsure"),
        (PAGE_UNSURE - 0.001, "product_silent"),
    ],
)
async def test_a_page_answers_or_comes_close_or_does_not_say(probability: float, kind: str) -> None:
    text = "is the Drizzle jacket waterproof?"
    reply, tools = await reply_to(text)
    product = await tools.get_product("JK-7")
    assert product is not None
    answered = Answer(answer_from_page(reply, product, await found_with(tools, text, probability, product)))
    assert answered.kind == kind
    assert ("may not be what you asked" in answered.text) == (kind == "product_unsure")
    assert ("doesn't say" in answered.text) == (kind == "product_silent")
    assert answered.cards == ["JK-7"]
    if kind != "product_detail":
        assert answered.end.confidence < PAGE_SURE


@pytest.mark.parametrize("fit", [ABSENT, (ABSENT + NEAR) / 2, NEAR, (NEAR + FITS) / 2, FITS, 1.0])
@pytest.mark.parametrize("language", LANGUAGES)
async def test_nothing_is_denied_above_the_bound(language: str, fit: float) -> None:
    reply, tools = await reply_to("kayak", language)
    product = await tools.get_product("BT-1")
    assert product is not None
    wish = Wish("kayak", reply.reading.slots, (Match(product, fit),))
    answered = Answer(answer_wish(reply, wish))
    assert denial(reply) not in answered.text


async def test_below_the_bound_it_is_said_not_to_be_there() -> None:
    reply, tools = await reply_to("kayak")
    product = await tools.get_product("BT-1")
    assert product is not None
    answered = Answer(answer_wish(reply, Wish("kayak", reply.reading.slots, (Match(product, ABSENT - 0.01),))))
    assert denial(reply) in answered.text
    assert answered.cards == []


def denial(reply: Reply) -> str:
    """What is said of nothing else than things that the shop has not: the phrase after the name."""
    return re.split(r"\{name\}.?", reply.words.not_sold)[1].strip(" .”»„")[:25]


@pytest.mark.parametrize(
    ("text", "locale", "carried"),
    [
        ("do you have headlamps?", "en", "HL"),
        ("do you sell hedlamps?", "en", "HL"),
        ("got any head torches?", "en", "HL"),
        ("do you have a rain coat", "en", "JK"),
        ("do you have a thermos flask", "en", "BT"),
        ("do you carry tnets", "en", "TN"),
        ("do you sell camping shelters?", "en", "TN"),
        ("Habt ihr Stirnlampen?", "de", "HL"),
        ("Haben Sie Regenjacken?", "de", "JK"),
        ("Vendez-vous des lampes frontales ?", "fr", "HL"),
        ("Avez-vous des tentes ?", "fr", "TN"),
        ("¿Tienen tiendas de campaña?", "es", "TN"),
        ("¿Venden chaquetas impermeables?", "es", "JK"),
        ("Avete tende da campeggio?", "it", "TN"),
        ("Hebben jullie tenten?", "nl", "TN"),
        ("Vocês têm barracas?", "pt", "TN"),
        ("Czy macie namioty?", "pl", "TN"),
        ("Har ni tält?", "sv", "TN"),
        ("Çadır satıyor musunuz?", "tr", "TN"),
        ("هل لديكم خيام؟", "ar", "TN"),
        ("テントはありますか？", "ja", "TN"),
    ],
)
async def test_what_is_carried_is_never_denied(text: str, locale: str, carried: str) -> None:
    answered = await answer(question(text, locale=locale))
    assert answered.kind != "product_none"
    assert answered.cards[0].startswith(carried)


FAQ = Document(
    "faq",
    "Questions and answers",
    "## Can I pay on account?\n\nOnly companies can pay on account.\n\n"
    "## Do you wrap gifts?\n\nYes, for $3.50 each.\n\n"
    "## Who packs my order?\n\nHave you ever wondered who packs it? Our own people in Leeds do.\n\n"
    "## Something else?\n\nDo you have another question about gift wrapping or paying? Ask us in the chat.",
)
TEASER = made_product(
    "TS",
    "Hollow Kettle",
    5900,
    "Is it dishwasher safe? You will love it. How heavy is it? Lift it and see. It is made of copper.",
    {"Volume": "1.2 l"},
)


@pytest.mark.parametrize(
    "text",
    [
        "can I pay on account?",
        "do you wrap gifts?",
        "who packs my order?",
        "do you do gift wrapping?",
        "is the Hollow Kettle dishwasher safe?",
        "how heavy is the Hollow Kettle?",
        "what is the Hollow Kettle made of?",
        "do you have another question about gift wrapping?",
    ],
)
async def test_no_question_is_quoted_as_an_answer(text: str) -> None:
    answered = await answer(question(text), ShopTools(policies=(*POLICIES, FAQ), catalog=(*CATALOG, TEASER)))
    rest = answered.text
    for own in (SAY.offer_human, *re.findall(r"\*\*[^*]+\?\*\* \S", rest)):  # a question with its answer behind it
        rest = rest.replace(own, "")
    assert not re.search(r"\?(”|$|\s*\n)", rest.strip()), answered.text
    if "pay on account" in text:
        assert "Only companies" in answered.text


PAIRS = (
    ("Evening use only.", "Do not use during pregnancy.", "can I use it in the evening?"),
    ("Suitable for children from 3 years.", "Not for children under 36 months: small parts.", "is it for children?"),
    ("You can wash it at 40 °C.", "Do not tumble dry.", "how do I wash it?"),
    ("Works with gas stoves.", "Never use it inside a tent.", "does it work with gas stoves?"),
)


@pytest.mark.parametrize(("sentence", "warning", "text"), PAIRS)
async def test_a_warning_stays_with_the_sentence_beside_it(sentence: str, warning: str, text: str) -> None:
    product = made_product("WN", "Willow Balm", 1900, f"A thing for every day. {sentence} {warning} Made in Wales.")
    answered = await answer(question(text, page="WN"), ShopTools(catalog=(*CATALOG, product)))
    assert sentence not in answered.text or warning in answered.text
    assert answered.cited[:1] in ([], ["product:WN"])


async def test_an_exception_stays_with_its_rule() -> None:
    rule = Document("open", "Opened goods", "Opened jars can be returned. This does not apply to food.")
    answered = await answer(question("can I return an opened jar?"), ShopTools(policies=(*POLICIES, rule)))
    assert "Opened jars can be returned" in answered.text
    assert "This does not apply to food." in answered.text


@pytest.mark.parametrize(
    ("text", "shown", "page", "product"),
    [
        ("what is it made of?", (), "JK-7", "JK-7"),
        ("how heavy?", (), "JK-7", "JK-7"),
        ("can it be machine washed?", (), "JK-7", "JK-7"),
        ("is this one heavy?", ("BT-1",), "JK-7", "JK-7"),
        ("what material is it?", ("BT-1", "TN-2"), "JK-7", "JK-7"),
        ("is the Glacier Flask dishwasher safe?", (), "JK-7", "BT-1"),
        ("how much does the Nimbus tent weigh?", ("BT-1",), "JK-7", "TN-2"),
        ("how heavy is the Firefly headlamp?", ("BT-1", "TN-2"), None, "HL-3"),
    ],
)
async def test_the_open_page_is_meant_unless_another_is_named(
    text: str, shown: tuple[str, ...], page: str | None, product: str
) -> None:
    answered = await answer(question(text, shown=shown, page=page))
    assert answered.cards == [product]


GERMAN = Document(
    "rueckgabe", "Rückgabe", "Sie können unbenutzte Ware innerhalb von 30 Tagen nach Erhalt kostenlos zurückschicken."
)


@pytest.mark.parametrize(
    ("text", "locale"),
    [
        ("Wie lange kann ich etwas zurückgeben?", "de"),
        ("Combien de temps ai-je pour retourner un article ?", "fr"),
        ("¿Cuánto tiempo tengo para devolver algo?", "es"),
        ("Entro quanti giorni posso restituire un articolo?", "it"),
        ("Hoe lang heb ik om iets terug te sturen?", "nl"),
        ("Ile mam czasu na zwrot towaru?", "pl"),
        ("Quanto tempo tenho para devolver um artigo?", "pt"),
        ("Hur länge kan jag returnera en vara?", "sv"),
        ("Ürünü kaç gün içinde iade edebilirim?", "tr"),
        ("ما هي مدة إرجاع المنتج؟", "ar"),
        ("何日以内に返品できますか？", "ja"),
    ],
)
async def test_what_is_quoted_in_another_language_is_marked(text: str, locale: str) -> None:
    answered = await answer(question(text, locale=locale))
    assert phrases_for(locale).in_the_shops_words in answered.text
    assert "30 days" in answered.text
    assert answered.end.locale == locale


async def test_a_german_shop_is_quoted_to_english_shoppers_and_not_marked_for_german_ones() -> None:
    asked = question("how long do I have to return something?", shop_locale="de")
    english = await answer(asked, ShopTools(policies=(GERMAN,), catalog=(), language="de"))
    assert SAY.in_the_shops_words in english.text
    assert "30 Tagen" in english.text
    asked = question("Wie lange kann ich etwas zurückgeben?", locale="de", shop_locale="de")
    german = await answer(asked, ShopTools(policies=(GERMAN,), catalog=(), language="de"))
    assert phrases_for("de").in_the_shops_words not in german.text
    assert "30 Tagen" in german.text


def test_the_bounds_are_in_their_order() -> None:
    assert 0 < UNSURE < SURE < 1
    assert 0 < PAGE_UNSURE < PAGE_SURE < 1
    assert 0 < ABSENT < NEAR < FITS < 1
