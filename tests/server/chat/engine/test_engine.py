"""The engine over a small shop: the right kind of answer, resting on the right source, and never a loose figure."""

import re

import msgspec
import pytest

from server.chat.languages import phrases_for
from tests.server.chat.engine.answers import GAP, answer
from tests.server.chat.engine.shop import CATALOG, POLICIES, ShopTools, question

OWNER_MAIL = "mara@post.example"


@pytest.mark.parametrize(
    ("text", "first", "said"),
    [
        ("Do you have a waterproof tent for two?", "TN-2", "Nimbus Tent 2P"),
        ("a tent for my family", "TN-4", "Cumulus Tent 4P"),
        ("something to keep my tea hot on a hike", "BT-1", "Glacier Flask"),
        ("show me tents between $300 and $400", "TN-4", "$389.00"),
        ("looking for a headlamp", "HL-3", "300 lumens"),
        ("what's the cheapest thing you sell?", "BT-1", "least expensive"),
        ("do you have a rain jacket in stock?", "JK-7", "Drizzle"),
    ],
)
async def test_products_are_found_and_explained(text: str, first: str, said: str) -> None:
    answered = await answer(question(text))
    assert answered.cards[0] == first
    assert f"product:{first}" in answered.cited
    assert said in answered.text


async def test_nothing_within_a_price_limit_is_said_with_the_limit() -> None:
    answered = await answer(question("bottles under $10"))
    assert "$10.00" in answered.text
    assert "right for you" not in answered.text
    assert answered.end.confidence <= 0.6


async def test_nothing_that_fits_is_said_honestly() -> None:
    answered = await answer(question("do you have a kayak?"))
    assert answered.kind == "product_none"
    assert answered.cards == []
    assert phrases_for("en").ask_human in answered.suggestions


async def test_what_is_sold_out_is_not_sold() -> None:
    answered = await answer(question("do you sell bottles available now?"))
    assert "BT-2" not in answered.cards


@pytest.mark.parametrize(
    ("text", "shown", "page", "product", "said"),
    [
        ("is it dishwasher safe?", ("BT-1", "BT-2"), None, "BT-1", "Dishwasher safe: no"),
        ("how heavy is the second one?", ("TN-2", "TN-4"), None, "TN-4", "6.2 kg"),
        ("is this waterproof?", (), "JK-7", "JK-7", "waterproof"),
        ("is this waterproof?", ("BT-1",), "JK-7", "JK-7", "waterproof"),
        ("how much is it?", (), "JK-7", "JK-7", "$129.00"),
        ("what colors does the rain jacket come in?", (), None, "JK-7", "Blue / S"),
        ("how long does the battery of the Firefly headlamp last?", (), None, "HL-3", "40 hours"),
        ("what is it made of?", ("TN-2",), None, "TN-2", "ripstop nylon"),
        ("tell me more about the Glacier Flask", (), None, "BT-1", "24 hours"),
        ("and the second one?", ("BT-1", "BT-2"), None, "BT-2", "Brook Bottle"),
    ],
)
async def test_details_come_from_the_product_page(
    text: str, shown: tuple[str, ...], page: str | None, product: str, said: str
) -> None:
    answered = await answer(question(text, shown=shown, page=page))
    assert answered.cards == [product]
    assert answered.cited == [f"product:{product}"]
    assert said in answered.text
    assert answered.kind != "product_silent"


async def test_what_the_page_does_not_say_is_not_made_up() -> None:
    answered = await answer(question("does it have a zipper?", shown=("JK-7",)))
    assert answered.kind in ("product_silent", "product_unsure")
    assert answered.end.confidence < 0.5
    assert "doesn't say" in answered.text or "may not be what you asked" in answered.text


async def test_a_question_about_a_product_that_is_gone_is_no_answer() -> None:
    answered = await answer(question("how heavy is it?", shown=("GONE",)))
    assert answered.end.confidence < 0.5


@pytest.mark.parametrize(
    ("text", "shown", "said", "not_said"),
    [
        ("Is the Drizzle jacket in stock in blue M?", (), "Blue / M is sold out", "Yes"),
        ("do you have it in red?", ("JK-7",), "Red / M is in stock", "sold out"),
        ("is it available in green?", ("TN-2",), "in Green is in stock. The shop has 5 left", "Sand"),
        ("is it in stock in purple?", ("JK-7",), "doesn't come in purple", "Yes"),
        ("is the Brook Bottle in stock?", (), "sold out", "Yes"),
        ("is the Glacier Flask in stock?", (), "The shop has 40 left", "sold out"),
    ],
)
async def test_stock_by_variant(text: str, shown: tuple[str, ...], said: str, not_said: str) -> None:
    answered = await answer(question(text, shown=shown))
    assert answered.kind == "stock"
    assert said in answered.text
    assert not_said not in answered.text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Compare the Nimbus tent and the Cumulus tent", ()),
        ("what is the difference between the Nimbus tent and the Cumulus tent?", ()),
        ("which one is cheaper?", ("TN-2", "TN-4")),
        ("compare the first and the third one", ("TN-2", "BT-1", "TN-4")),
    ],
)
async def test_comparisons_stand_side_by_side(text: str, shown: tuple[str, ...]) -> None:
    answered = await answer(question(text, shown=shown))
    assert answered.kind == "comparison"
    assert answered.cards == ["TN-2", "TN-4"]
    assert "- **Nimbus Tent 2P**: $249.00" in answered.text
    assert "1.9 kg" in answered.text
    assert "The **Nimbus Tent 2P** is the less expensive choice." in answered.text


async def test_a_comparison_needs_two() -> None:
    assert (await answer(question("compare them"))).kind == "comparison_unclear"


async def test_a_name_that_the_shop_has_not_is_not_compared() -> None:
    missing = await answer(question("compare the Nimbus tent and the Thunder 9000"))
    assert missing.kind == "comparison_unclear"
    assert missing.cards == []


@pytest.mark.parametrize(
    ("text", "document", "said"),
    [
        ("What is your return policy?", "returns", "30 days"),
        ("how long do I have to return something?", "returns", "30 days"),
        ("how long does a refund take?", "returns", "5 business days"),
        ("How long does shipping take?", "shipping", "3-5 business days"),
        ("How much is express delivery?", "shipping", "$14"),
        ("do you ship to Canada?", "shipping", "Canada"),
        ("what does the warranty cover?", "warranty", "defects"),
        ("which payment methods do you take?", "payment", "PayPal"),
        ("what about returns?", "returns", "30 days"),
    ],
)
async def test_policies_answer_in_the_shops_words(text: str, document: str, said: str) -> None:
    answered = await answer(question(text))
    assert answered.kind == "policy"
    assert answered.documents[0] == document
    assert said in answered.text
    body = " ".join(next(each.body for each in POLICIES if each.id == document).split())
    quoted = re.split(r"\n+|(?<=\.) |\*\* ", answered.text)
    assert any(sentence.strip("-: ") in body for sentence in quoted), "the shop's own sentence"


async def test_what_no_policy_says_is_not_known() -> None:
    answered = await answer(question("do you offer a student discount?"))
    assert answered.kind == "unknown"
    assert answered.cited == []
    assert phrases_for("en").ask_human in answered.suggestions


@pytest.mark.parametrize(
    ("text", "document"),
    [
        ("please cancel my order", "orders"),
        pytest.param("I want to return order #1001", "returns", marks=GAP),
    ],
)
async def test_changes_go_to_the_policy_and_the_team(text: str, document: str) -> None:
    answered = await answer(question(text))
    assert answered.kind == "order_change"
    assert answered.documents[0] == document
    assert "but the team can" in answered.text
    assert phrases_for("en").ask_human in answered.suggestions


async def test_a_person_is_called() -> None:
    tools = ShopTools(staff="waiting")
    answered = await answer(question("I want to talk to a human"), tools)
    assert tools.calls[0][0] == "request_human"
    assert answered.handoffs == ["waiting"]
    assert "care@fernweh.example" in answered.text
    on_duty = await answer(question("agent please"), ShopTools(staff="requested"))
    assert "join you here" in on_duty.text


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("hi", "greeting"),
        ("thank you!", "thanks"),
        ("goodbye", "goodbye"),
        ("who are you?", "identity"),
        ("asdfghjkl", "nonsense"),
    ],
)
async def test_small_talk_needs_no_tool(text: str, kind: str) -> None:
    tools = ShopTools()
    assert (await answer(question(text), tools)).kind == kind
    assert tools.calls == []


async def test_off_topic_is_declined() -> None:
    answered = await answer(question("what is the capital of France?"))
    assert answered.kind in ("off_topic", "unknown")
    assert answered.cards == answered.cited == []


async def test_a_wish_that_could_be_small_talk_is_looked_for() -> None:
    assert (await answer(question("keep drinks cold for hours"))).cards[0] == "BT-1"


async def test_an_unclear_question_finds_what_there_is_or_says_so() -> None:
    found = await answer(question("customs duties"))
    assert found.documents == ["shipping"]
    assert "customs duties may apply" in found.text
    nothing = await answer(question("velvet unicorns"))
    assert nothing.kind in ("unknown", "product_none", "off_topic")
    assert nothing.cards == nothing.cited == []


@pytest.mark.parametrize(
    ("text", "locale", "kind", "said"),
    [
        ("Quel est le délai de livraison ?", "fr", "policy", "Standard shipping takes 3-5 business days"),
        ("Je cherche une tente imperméable", "fr", "product_search", "Nimbus Tent 2P"),
        ("Où est ma commande 1001 ? mara@post.example", "fr", "order_status", "24 novembre 2026"),
        ("Wie lange kann ich etwas zurückgeben?", "de", "policy", "30 days"),
        ("Ist die Regenjacke auf Lager?", "de", "stock", "Drizzle Rain Jacket"),
        ("Wo ist meine Bestellung 1001? mara@post.example", "de", "order_status", "24. November 2026"),
        ("¿Dónde está mi pedido 1001? mara@post.example", "es", "order_status", "24 de noviembre de 2026"),
        ("botella por menos de 20 dólares", "es", "product_search", "14,50"),
        ("hola", "es", "greeting", "Fernweh Outfitters"),
    ],
)
async def test_other_languages_are_answered_in_kind(text: str, locale: str, kind: str, said: str) -> None:
    answered = await answer(question(text, locale=locale))
    assert answered.kind == kind
    assert said in answered.text


@pytest.mark.parametrize("text", ["do you sell tents?", "what is your return policy?"])
async def test_a_tool_that_is_away_is_told_plainly(text: str) -> None:
    down = ShopTools(away=frozenset({"search_catalog", "find_evidence"}))
    assert (await answer(question(text), down)).kind == "unavailable"


async def test_a_price_on_the_page_does_not_stand_for_the_price() -> None:
    liar = msgspec.structs.replace(CATALOG[0], description="Only 3 left at $1!", attributes={})
    answered = await answer(question("how much is the Nimbus tent?"), ShopTools(catalog=(liar,)))
    assert "$249.00" in answered.text
    assert "$1!" not in answered.text
