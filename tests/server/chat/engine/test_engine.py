"""The engine over a small shop: the right kind of answer, resting on the right source, and never a loose figure."""

from datetime import date

import pytest

from server.chat.answering.engine import Engine, prove_from_message
from server.chat.answering.grounding import Grounder
from server.chat.answering.intents import Intent, IntentKind, Router
from server.chat.languages import phrases_for
from server.chat.models import (
    AnswerEvent,
    AskProof,
    Cite,
    Concluded,
    HandedOff,
    ProductDetail,
    Question,
    ShowOrder,
    ShowProducts,
    Suggest,
    TextPiece,
)
from server.orders.models import OrderFound, OrdersUnavailable, ProofLevel, ProofNeeded
from tests.server.chat.engine.shop import CATALOG, LISTED, ORDER, POLICIES, ShopTools, question
from tests.server.chat.test_intents import HashingEmbedder

TODAY = date(2026, 11, 21)
OWNER_MAIL = "mara@post.example"


class Answer:
    """The events of one answer, taken apart."""

    def __init__(self, events: list[AnswerEvent]) -> None:
        self.events = events
        self.text = "".join(event.text for event in events if isinstance(event, TextPiece))
        self.cards = [card.id for event in events if isinstance(event, ShowProducts) for card in event.products]
        self.cited = [event.source.id for event in events if isinstance(event, Cite)]
        self.orders = [event.order for event in events if isinstance(event, ShowOrder)]
        self.proofs = [event for event in events if isinstance(event, AskProof)]
        self.suggestions = [text for event in events if isinstance(event, Suggest) for text in event.suggestions]
        assert isinstance(events[-1], Concluded), "the last event concludes"
        assert sum(isinstance(event, Concluded) for event in events) == 1
        self.end = events[-1]
        self.kind = events[-1].kind


async def answer(asked: Question, tools: ShopTools | None = None, intent: Intent | None = None) -> Answer:
    """Route by words and answer; whatever comes must be grounded in the shop."""
    tools = tools or ShopTools(signed_in=asked.shopper.customer is not None)
    routed = intent or Router(HashingEmbedder()).route(asked)
    answered = Answer([event async for event in Engine(TODAY).answer(asked, routed, tools)])
    assert_grounded(answered, asked, tools.catalog)
    assert 0.0 <= answered.end.confidence <= 1.0
    assert len(answered.suggestions) <= 4
    assert len(answered.cards) <= 8
    return answered


def assert_grounded(answered: Answer, asked: Question, catalog: tuple[ProductDetail, ...] = CATALOG) -> None:
    """Every figure of the text stands in what was cited, shown or asked."""
    whole = Grounder(asked.currency, TODAY)
    whole.add_shopper_words(asked.text)
    whole.allow_count(len(answered.cards))
    for product in catalog:
        if product.card.id in answered.cards:
            whole.add_product(product)
    for event in answered.events:
        if isinstance(event, Cite):
            whole.add_source(event.source)
    for name, value in (("number", asked.order_in_question), ("contact", "care@fernweh.example +1 503 555 0102")):
        whole.add_facts("shop", name, value)
    for order in answered.orders:
        for field in ("number", "placed_on", "estimated_delivery", "items", "tracking", "total"):
            value = getattr(order, field)
            whole.add_facts("order", field, value if field == "total" and not isinstance(value, str) else str(value))
            if field in ("placed_on", "estimated_delivery") and value:
                whole.add_facts("order", field, date.fromisoformat(value))
    if answered.kind == "orders_listed":
        for listed in LISTED:
            whole.add_facts("orders", "number", listed.number)
            whole.add_facts("orders", "placed_on", date.fromisoformat(listed.placed_on))
    checked = whole.check(answered.text)
    assert checked.ok, (checked.unsupported, answered.text)
    assert phrases_for("en").unverified not in answered.text


@pytest.mark.parametrize(
    ("text", "first", "said"),
    [
        ("I need a waterproof tent for two people", "TN-2", "$249.00"),
        ("Nimbus tent", "TN-2", "Nimbus Tent 2P"),
        ("JK-7", "JK-7", "Drizzle Rain Jacket"),
        ("something to keep my drinks cold under $50", "BT-1", "$29.50"),
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


async def test_a_price_limit_is_kept_and_the_nearest_offered() -> None:
    answered = await answer(question("bottles under $10"))
    assert answered.kind == "product_nearest"
    assert answered.cards[0] == "BT-2"
    assert "$10.00" in answered.text
    assert "$14.50" in answered.text


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
    assert answered.kind == "product_detail"
    assert answered.cards == [product]
    assert answered.cited == [f"product:{product}"]
    assert said in answered.text


async def test_what_the_page_does_not_say_is_not_made_up() -> None:
    answered = await answer(question("does it have a zipper?", shown=("JK-7",)))
    assert answered.kind == "product_silent"
    assert answered.end.confidence < 0.5
    assert "doesn't say" in answered.text


async def test_a_question_about_nothing_in_particular_asks_which() -> None:
    assert (await answer(question("is it waterproof?"))).kind in ("product_unclear", "product_detail")
    assert (await answer(question("how heavy is it?", shown=("GONE",)))).kind == "product_unclear"


@pytest.mark.parametrize(
    ("text", "shown", "said", "not_said"),
    [
        ("Is the Drizzle jacket in stock in blue M?", (), "Blue / M is sold out", "Yes"),
        ("do you have it in red?", ("JK-7",), "Red / M is in stock", "sold out"),
        ("is it available in green?", ("TN-2",), "in Green is in stock. The shop has 5 left", "Sand"),
        ("is it in stock in purple?", ("JK-7",), "don't see", "Yes"),
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
    missing = await answer(question("compare the Nimbus tent and the Thunder 9000"))
    assert "thunder 9000" in missing.text


@pytest.mark.parametrize(
    ("text", "source", "said"),
    [
        ("What is your return policy?", "document:returns#0", "30 days"),
        ("how long do I have to return something?", "document:returns#0", "30 days"),
        ("how long does a refund take?", "document:returns#0", "5 business days"),
        ("How long does shipping take?", "document:shipping#0", "3-5 business days"),
        ("How much is express delivery?", "document:shipping#0", "$14"),
        ("do you ship to Canada?", "document:shipping#0", "Canada"),
        ("what does the warranty cover?", "document:warranty#0", "defects"),
        ("which payment methods do you take?", "document:payment#0", "PayPal"),
        ("what about returns?", "document:returns#0", "30 days"),
    ],
)
async def test_policies_answer_in_the_shops_words(text: str, source: str, said: str) -> None:
    answered = await answer(question(text))
    assert answered.kind == "policy"
    assert answered.cited == [source]
    assert said in answered.text
    passages = " ".join(next(policy.text for policy in POLICIES if policy.id == source).split())
    assert any(sentence in passages for sentence in answered.text.split(". ")), "the shop's own sentence"


async def test_what_no_policy_says_is_not_known() -> None:
    answered = await answer(question("do you offer a student discount?"))
    assert answered.kind == "unknown"
    assert answered.cited == []
    assert phrases_for("en").ask_human in answered.suggestions


async def test_an_order_needs_a_proof() -> None:
    bare = await answer(question("Where is my order?"))
    assert bare.kind == "order_proof"
    assert bare.proofs[0].order_number is None
    numbered = await answer(question("Where is my order 1001?"))
    assert numbered.proofs[0].order_number == "1001"
    assert "1001" in numbered.text
    assert bare.orders == numbered.orders == []


@pytest.mark.parametrize(
    ("text", "order"),
    [
        (f"Where is my order #1001? My email is {OWNER_MAIL}", None),
        (f"order 1001, {OWNER_MAIL.upper()}", None),
        ("order #1001, zip 97205", None),
        (OWNER_MAIL, "1001"),
    ],
)
async def test_an_order_with_its_proof_is_told(text: str, order: str | None) -> None:
    answered = await answer(question(text, order=order))
    assert answered.kind == "order_status"
    assert answered.orders == [ORDER]
    assert "November 24, 2026" in answered.text
    assert "on its way" in answered.text
    assert answered.proofs[0].methods == ("code",)
    assert answered.cited == ["order:#1001"]
    assert {receipt.field for receipt in answered.end.receipts} >= {"estimated_delivery", "placed_on"}


async def test_a_higher_level_tells_items_and_tracking() -> None:
    tools = ShopTools(level=ProofLevel.READS_MAIL)
    answered = await answer(question(f"track order 1001 {OWNER_MAIL}"), tools)
    assert "00340434161094042557" in answered.text
    assert "2 × Glacier Flask" in answered.text
    assert answered.proofs == []


async def test_a_wrong_proof_and_an_unknown_order_are_told_alike() -> None:
    wrong = await answer(question("order 1001 nobody@post.example"))
    unknown = await answer(question("order 9999 nobody@post.example"))
    assert wrong.kind == unknown.kind == "order_refused"
    assert wrong.text == unknown.text
    assert wrong.suggestions == unknown.suggestions
    assert wrong.orders == unknown.orders == []
    assert wrong.cited == unknown.cited == []


async def test_a_lock_is_told_without_a_hint() -> None:
    answered = await answer(question(f"order 1001 {OWNER_MAIL}"), ShopTools(locked=True))
    assert answered.kind == "order_locked"
    assert answered.orders == []


async def test_an_outage_is_never_not_found() -> None:
    for tools in (ShopTools(away=frozenset({"prove", "order_status"})),):
        for text in ("where is my order?", f"order 1001 {OWNER_MAIL}"):
            answered = await answer(question(text), tools)
            assert answered.kind == "order_unavailable"
            assert "isn't answering" in answered.text
    unconnected = await answer(question("where is my order?"), ShopTools(connected=False))
    assert "no access to orders" in unconnected.text


async def test_a_signed_in_customer_sees_their_orders() -> None:
    answered = await answer(question("where are my orders?", signed_in=True))
    assert answered.kind == "orders_listed"
    assert "#1003" in answered.text
    assert "November 18, 2026" in answered.text


@pytest.mark.parametrize(
    ("text", "source"),
    [
        ("please cancel my order", "document:orders#0"),
        ("I want to return order #1001", "document:returns#0"),
    ],
)
async def test_changes_go_to_the_policy_and_the_team(text: str, source: str) -> None:
    answered = await answer(question(text))
    assert answered.kind == "order_change"
    assert answered.cited == [source]
    assert "but the team can" in answered.text
    assert phrases_for("en").ask_human in answered.suggestions


async def test_a_person_is_called() -> None:
    tools = ShopTools(staff="waiting")
    answered = await answer(question("I want to talk to a human"), tools)
    assert tools.calls[0][0] == "request_human"
    assert [event.state for event in answered.events if isinstance(event, HandedOff)] == ["waiting"]
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


def intent_of(kind: IntentKind, text: str, confidence: float) -> Intent:
    return Intent(kind=kind, confidence=confidence, query=text, wanted=text, language="en")


async def test_off_topic_is_declined_and_doubt_looks_first() -> None:
    sure = await answer(
        question("capital of France?"), intent=intent_of(IntentKind.OFF_TOPIC, "capital of France", 0.9)
    )
    assert sure.kind == "off_topic"
    text = "keep drinks cold for hours"
    doubtful = await answer(question(text), intent=intent_of(IntentKind.OFF_TOPIC, text, 0.5))
    assert doubtful.cards == ["BT-1"]


async def test_an_unknown_question_finds_what_there_is_or_says_so() -> None:
    found = await answer(question("customs duties"), intent=intent_of(IntentKind.UNKNOWN, "customs duties", 0.2))
    assert found.cited == ["document:shipping#0"]
    nothing = await answer(question("velvet unicorns"), intent=intent_of(IntentKind.UNKNOWN, "velvet unicorns", 0.2))
    assert nothing.kind == "unknown"


@pytest.mark.parametrize(
    ("text", "locale", "kind", "said"),
    [
        (
            "Quel est le délai de livraison ?",
            "fr",
            "policy",
            "dans sa langue : Standard shipping takes 3-5 business days",
        ),
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


async def test_a_british_shopper_reads_british_dates() -> None:
    answered = await answer(question(f"where is order 1001? {OWNER_MAIL}", locale="en-GB"))
    assert "24 November 2026" in answered.text


async def test_a_tool_that_is_away_is_told_plainly() -> None:
    down = ShopTools(away=frozenset({"search_catalog", "search_policies"}))
    for text in ("do you sell tents?", "what is your return policy?"):
        answered = await answer(question(text), down)
        assert answered.kind == "unavailable"


async def test_a_figure_without_a_source_is_not_said() -> None:
    """The engine's own safety net: a description that was cut away from its product is not quoted."""
    product = CATALOG[0]
    liar = ProductDetail(card=product.card, description="Only 3 left at $1!", attributes={})
    answered = await answer(question("how much is the Nimbus tent?"), ShopTools(catalog=(liar,)))
    assert "$249.00" in answered.text


async def test_a_proof_is_checked_before_a_model_speaks() -> None:
    asked = question(f"order #1001 {OWNER_MAIL}")
    intent = Router(HashingEmbedder()).route(asked)
    proven = await prove_from_message(intent, asked, ShopTools())
    assert proven is not None
    assert isinstance(proven.outcome, OrderFound)
    wrong = question("order #1001 nobody@post.example")
    refused = await prove_from_message(Router(HashingEmbedder()).route(wrong), wrong, ShopTools())
    assert refused is not None
    assert isinstance(refused.outcome, ProofNeeded)
    away = await prove_from_message(intent, asked, ShopTools(away=frozenset({"prove"})))
    assert away is not None
    assert isinstance(away.outcome, OrdersUnavailable)
    for text in (
        "where is my order?",
        "do you sell tents?",
        f"write me at {OWNER_MAIL} about jackets under $50 please, will you",
    ):
        other = question(text)
        assert await prove_from_message(Router(HashingEmbedder()).route(other), other, ShopTools()) is None
