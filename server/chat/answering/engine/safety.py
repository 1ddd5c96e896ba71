"""Safety before selling: crisis, medical, legal and dangerous questions get the right words and a person.

What a page or a policy warns of is quoted; nothing is recommended.
"""

from collections.abc import AsyncIterator

from server.chat.answering.engine.evidence import Found, chosen_units, clip, find_evidence, quote_documents, unit_text
from server.chat.answering.engine.focus import find_focus
from server.chat.answering.engine.reply import Reply
from server.chat.answering.engine.search import SEARCHED
from server.chat.answering.reading.models import Intent
from server.chat.languages.crisis import country_of_locale, crisis_line, crisis_text
from server.chat.models import AnswerEvent, ProductDetail

MIN_QUOTED = 0.25
"""What the shop says of it is quoted from here on."""
MAX_PAGES = 3


async def answer_safety(reply: Reply) -> AsyncIterator[AnswerEvent]:
    """The words for the case, what the shop's texts say of it, and a person."""
    words = reply.words
    match reply.reading.intent:
        case Intent.CRISIS:
            for event in _crisis(reply):
                yield event
            return
        case Intent.DANGEROUS:
            for event in (*reply.say(words.dangerous), *reply.conclude("safety", 0.9)):
                yield event
            return
        case Intent.MEDICAL_URGENT:
            line = crisis_line(country_of_locale(reply.question.locale))
            reply.grounder.add_facts("safety", "emergency", line.emergency)
            opening = words.medical_urgent.format(emergency=line.emergency)
        case Intent.LEGAL:
            opening = words.legal
        case _:
            opening = words.medical
    for event in reply.say(opening):
        yield event
    for event in await _what_is_said(reply):
        yield event
    for event in (
        *reply.say(words.offer_human, separator="\n\n"),
        *reply.suggest(words.ask_human, words.ask_returns),
        *reply.conclude("safety", 0.9),
    ):
        yield event


def _crisis(reply: Reply) -> list[AnswerEvent]:
    text = crisis_text(reply.question.locale, reply.reading.language)
    reply.grounder.add_facts("safety", "line", text)
    return [
        *reply.say(text),
        *reply.suggest(reply.words.ask_human),
        *reply.conclude("safety", 0.95),
    ]


async def _what_is_said(reply: Reply) -> list[AnswerEvent]:
    """The pieces of the product's page and of the policies that are about it."""
    events: list[AnswerEvent] = []
    pages: list[ProductDetail] = []
    if reply.reading.intent is not Intent.LEGAL:  # a page says what a thing is, not what is lawful
        result = await reply.tools.search_catalog(reply.reading.query or reply.reading.text, limit=SEARCHED)
        focus = await find_focus(reply, result)
        pages = [focus.product] if focus else list(result.products[:MAX_PAGES])
    for product in pages:
        found = await find_evidence(reply, product, documents=False)
        if found.probability >= MIN_QUOTED:
            events += _page_warns(reply, product, found)
    documents = await find_evidence(reply)
    if documents.probability >= MIN_QUOTED:
        events += quote_documents(reply, documents, chosen_units(documents, reply.shop_language)[:2], separator="\n\n")
    return events


def _page_warns(reply: Reply, product: ProductDetail, found: Found) -> list[AnswerEvent]:
    units = [each.candidate.unit for each in chosen_units(found, reply.shop_language)][:2]
    quote = clip(" ".join(unit_text(unit, reply) for unit in units))
    events: list[AnswerEvent] = list(reply.cite_product(product))
    return events + reply.say(reply.words.page_warns.format(title=product.card.title, quote=quote), separator="\n\n")
