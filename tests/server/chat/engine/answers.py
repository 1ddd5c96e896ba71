"""Asks the engine over the small shop, with the real reader, and takes the answer apart."""

from datetime import date
from functools import cache

import pytest

from integrations.platform import Product
from server.catalog.models import StoredProduct
from server.chat.answering.engine import Engine
from server.chat.answering.engine.reply import Helpers
from server.chat.answering.evidence import Headings
from server.chat.answering.grounding import Grounder
from server.chat.answering.reading import Reader, Reading
from server.chat.answering.reading.examples import ExampleQuestions
from server.chat.models import (
    AnswerEvent,
    AskProof,
    Cite,
    Concluded,
    HandedOff,
    Question,
    ShowOrder,
    ShowProducts,
    Suggest,
    TextPiece,
)
from server.chat.tools.product_facts import product_detail
from server.languages.detection import locale_in_language
from tests.server.chat.engine.embedding import multilingual
from tests.server.chat.engine.memory import FETCHED_AT
from tests.server.chat.engine.orders import LISTED
from tests.server.chat.engine.shop import CONTACT, ShopTools

GAP = pytest.mark.xfail(strict=True, reason="answered wrong or not at all without a model: see docs/answers.md")
TODAY = date(2026, 11, 21)


class Answer:
    """The events of one answer, taken apart."""

    def __init__(self, events: list[AnswerEvent]) -> None:
        self.events = events
        self.text = "".join(event.text for event in events if isinstance(event, TextPiece))
        self.cards = [card.id for event in events if isinstance(event, ShowProducts) for card in event.products]
        self.cited = [event.source.id for event in events if isinstance(event, Cite)]
        self.documents = list(
            dict.fromkeys(
                each.partition("#")[0].removeprefix("document:") for each in self.cited if "document:" in each
            )
        )
        """The documents that it cites, by their ids."""
        self.orders = [event.order for event in events if isinstance(event, ShowOrder)]
        self.proofs = [event for event in events if isinstance(event, AskProof)]
        self.handoffs = [event.state for event in events if isinstance(event, HandedOff)]
        self.suggestions = [text for event in events if isinstance(event, Suggest) for text in event.suggestions]
        assert isinstance(events[-1], Concluded), "the last event concludes"
        assert sum(isinstance(event, Concluded) for event in events) == 1
        self.end = events[-1]
        self.kind = events[-1].kind


@cache
def reader() -> Reader:
    """The reader with the embedder that ships."""
    return Reader(multilingual())


@cache
def engine() -> Engine:
    """The engine with the embedder that ships, on one day."""
    return Engine(multilingual(), TODAY)


@cache
def helpers() -> Helpers:
    """What a reply needs that is made outside an engine."""
    return Helpers(Headings(multilingual()), ExampleQuestions(multilingual()))


async def read(asked: Question) -> Reading:
    """What the reader makes of a question."""
    return await reader().read(asked)


async def answer(asked: Question, tools: ShopTools | None = None) -> Answer:
    """Read a question and answer it as the driver does; whatever comes must be grounded in the shop."""
    tools = tools or ShopTools(signed_in=asked.shopper.customer is not None)
    reading = await read(asked)
    tools.serve(asked)
    tools.use_locale(locale_in_language(asked.locale, reading.language))
    answered = Answer([event async for event in engine().answer(asked, reading, tools)])
    assert_grounded(answered, asked, tools.products)
    assert 0.0 <= answered.end.confidence <= 1.0
    assert len(answered.suggestions) <= 4
    assert len(answered.cards) <= 8
    return answered


def assert_grounded(answered: Answer, asked: Question, catalog: tuple[Product, ...]) -> None:
    """Every figure of the text stands in what was cited, shown or asked."""
    whole = Grounder(asked.currency, TODAY)
    whole.add_shopper_words(asked.text)
    whole.allow_count(len(answered.cards))
    for product in catalog:
        detail = product_detail(StoredProduct(product=product, fetched_at=FETCHED_AT))
        whole.add_title(product.title)
        if product.external_id in answered.cards:
            whole.add_product(detail)
    for event in answered.events:
        if isinstance(event, Cite):
            whole.add_source(event.source)
    contact = " ".join(CONTACT.values())
    for name, value in (("number", asked.order_in_question), ("contact", contact)):
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
    if answered.kind == "safety":
        return  # help lines and emergency numbers come from the data of crisis lines
    checked = whole.check(answered.text)
    assert checked.ok, (checked.unsupported, answered.text)
