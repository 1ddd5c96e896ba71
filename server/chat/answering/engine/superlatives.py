"""The warmest sleeping bag, the lightest stove: of a kind of product, the one whose page gives the best figure."""

from collections.abc import AsyncIterator

from msgspec import Struct

from server.chat.answering.engine.comparison import answer_comparison, telling_line
from server.chat.answering.engine.measures import MEASURES, Measure, Measured, measured
from server.chat.answering.engine.product_match import VAGUE, is_of_kind, meets
from server.chat.answering.engine.reply import Reply
from server.chat.answering.engine.search_answer import answer_search
from server.chat.answering.engine.text_match import Asked, Concept, asked
from server.chat.answering.intents.query import with_gloss
from server.chat.answering.intents.words import content_words, fold, stem
from server.chat.models import AnswerEvent, CatalogResult, ProductDetail, ShowProducts, StatusLine

MAX_SEARCHED = 8
MAX_TOLD = 4


class _Wanted(Struct, frozen=True):
    """The kind of product, what else is said of it, and what they are measured by."""

    kind: Concept
    others: Asked
    words: str
    measures: tuple[Measure, ...]


async def extreme_of_kind(reply: Reply) -> list[AnswerEvent]:
    """Nothing where no superlative, or no kind of product, is asked for, or fewer than two pages give the figure."""
    wanted = _wanted(reply)
    if wanted is None:
        return []
    limits = reply.intent
    result = await reply.tools.search_catalog(
        with_gloss(wanted.words, limits.language),
        price_min=limits.price_min,
        price_max=limits.price_max,
        in_stock=limits.in_stock,
        limit=MAX_SEARCHED,
    )
    products = _of_that_kind(result, wanted)
    for measure in wanted.measures:
        known = [found for product in products if (found := measured(product, measure))]
        if len(known) > 1:
            return _tell(reply, sorted(known, key=lambda found: found.figure, reverse=not measure.least))
    return []


async def answer_comparison_or_most(reply: Reply) -> AsyncIterator[AnswerEvent]:
    """ "Which stove is the lightest?" names a kind and not two products to compare."""
    most = await extreme_of_kind(reply)
    if not most:
        looks = _wanted(reply) is not None and not reply.question.shown_products
        async for event in answer_search(reply) if looks else answer_comparison(reply):
            yield event
        return
    yield StatusLine(reply.words.searching)
    for event in most:
        yield event


def _wanted(reply: Reply) -> _Wanted | None:
    folded = fold(reply.question.text)
    measures = tuple(measure for measure in MEASURES if measure.most.search(folded))
    if not measures or reply.intent.compared or reply.intent.positions:
        return None
    for measure in measures:
        folded = measure.most.sub(" ", folded)
    question = asked(folded.replace("plus", " "), reply.intent.language).without(VAGUE)
    concepts = [concept for concept in question.concepts if not any(form.isdecimal() for form in concept.forms)]
    if not concepts:
        return None
    kind = concepts[0 if reply.intent.language in ("fr", "es") else -1]
    others = Asked(tuple(concept for concept in concepts if concept is not kind))
    named = [word for word in content_words(folded) if any(stem(word) in concept.forms for concept in concepts)]
    return _Wanted(kind, others, " ".join(named), measures)


def _of_that_kind(result: CatalogResult, wanted: _Wanted) -> list[ProductDetail]:
    """Those of the kind that have what else was said ("sleeping" bags); without such, all of the kind."""
    of_kind = [product for product in result.products if is_of_kind(wanted.kind, product)]
    return [product for product in of_kind if all(meets(product, c) for c in wanted.others.concepts)] or of_kind


def _tell(reply: Reply, ranked: list[Measured]) -> list[AnswerEvent]:
    words, told = reply.words, ranked[:MAX_TOLD]
    events: list[AnswerEvent] = []
    for found in told:
        events += reply.cite_product(found.product)
    first = told[0]
    name = first.attribute.replace("_", " ").lower()
    events += reply.say(words.most.format(title=first.product.card.title, name=name, value=first.text))
    for found in told:
        events += reply.say(f"- {telling_line(reply, found.product, [found.attribute])}", separator="\n")
    events.append(ShowProducts(tuple(found.product.card for found in told)))
    events += reply.suggest(words.ask_details, words.ask_stock, words.ask_shipping)
    return events + list(reply.conclude("product_search", 0.85))
