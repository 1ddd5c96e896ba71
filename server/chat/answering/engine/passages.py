"""Policy questions: the one to three sentences of the fitting passage that answer, as the shop wrote them."""

import re
from collections.abc import AsyncIterator

import msgspec

from server.chat.answering.engine.destinations import (
    abroad_of,
    asks_of_abroad,
    asks_of_delivery,
    destinations_in,
    names_delivery,
)
from server.chat.answering.engine.passage_selection import Found, choose_sentences
from server.chat.answering.engine.places import english_names
from server.chat.answering.engine.question_patterns import (
    asks_how_late,
    asks_of_used,
    is_of_condition,
    is_personal,
    is_trouble,
    is_wrong_item,
    wants_clock,
    wants_exception,
    wants_place,
    wants_refund,
    wants_rule,
    wants_table,
)
from server.chat.answering.engine.rating import Sought, is_about_returns, place_of
from server.chat.answering.engine.reply import Reply
from server.chat.answering.engine.text_match import Asked, asked, is_item, is_row, row_text, sentences_of
from server.chat.answering.intents import Intent, IntentKind, Topic
from server.chat.answering.intents.language import detect_language
from server.chat.answering.intents.words import fold, stems
from server.chat.models import AnswerEvent, Source, StatusLine

SEARCHED = 8
MAX_PLACES = 3
REST_QUERY = "we ship to {places}, shipping to other countries, elsewhere, international delivery"
PLACE_QUERY = "our store, shop address, visit us, pickup in store, opening times"
DELIVERY_QUERY = "standard shipping, delivery times"
WRONG_QUERY = "wrong item, not what you ordered, free return or exchange"
DAMAGED_QUERY = "parcel late, lost or damaged, report damage"
USED_QUERY = "item comes back used or worn, partial refund"
RETURN_RULE = "how long do I have to return something"
_THERE = re.compile(r"\b(?:there|la[- ]bas|dort|dorthin|alli|alla)\b")


def asked_of(reply: Reply) -> Asked:
    """The question's words, the shop's name left out."""
    return asked(reply.question.text, reply.intent.language).without(frozenset(stems(reply.question.shop_name)))


def sought_of(reply: Reply) -> Sought:
    """What the shopper asks of the policies."""
    is_policy = reply.intent.kind == IntentKind.POLICY
    text, is_about_places = reply.question.text, reply.intent.topic in (Topic.SHIPPING, Topic.RETURNS, None)
    is_delivery = reply.intent.topic is Topic.SHIPPING or asks_of_delivery(text)
    places_of = reply.context if _THERE.search(fold(text)) else text
    return Sought(
        asked=asked_of(reply),
        topic=reply.intent.topic if reply.intent.topic is not Topic.ORDERING or is_policy else None,
        places=destinations_in(places_of, reply.intent.language) if is_about_places or is_delivery else frozenset(),
        is_delivery=is_delivery,
        currency=reply.question.currency,
        wants_table=wants_table(text),
        wants_clock=wants_clock(text),
        wants_place=_asks_where_we_are(reply),
        wants_rule=wants_rule(text),
        wants_exception=wants_exception(text),
    )


def _query(reply: Reply) -> str:
    """The shopper's words; for what shops say in quite other words, those."""
    if _asks_where_we_are(reply):
        return PLACE_QUERY
    intent, text = reply.intent, reply.question.text
    if intent.topic == Topic.RETURNS and is_wrong_item(text):
        return WRONG_QUERY
    if intent.topic == Topic.SHIPPING and is_trouble(text):
        return f"{intent.query} {DAMAGED_QUERY}"
    leaves_it_out = intent.topic == Topic.SHIPPING and not names_delivery(text)
    return f"{intent.query} {DELIVERY_QUERY}" if leaves_it_out else intent.query


def _asks_where_we_are(reply: Reply) -> bool:
    is_about_shop = reply.intent.kind == IntentKind.POLICY and reply.intent.topic == Topic.STORE
    return is_about_shop and wants_place(reply.question.text) and not wants_clock(reply.question.text)


async def find_passage(reply: Reply, query: str | None = None) -> Found | None:
    """Search the policies and choose. `query` overrides the routed one."""
    sought = sought_of(reply)
    return choose_sentences(sought.asked, await _sources(reply, sought, query or _query(reply)), sought=sought)


async def _sources(reply: Reply, sought: Sought, query: str) -> tuple[Source, ...]:
    """The passages found; of a place asked about also those that no word of the question is near to."""
    found = (await reply.tools.search_policies(query, limit=SEARCHED)).sources
    if sought.is_delivery and (sought.places or asks_of_abroad(reply.question.text)):
        about_places = REST_QUERY.format(places=english_names(sought.places))
        found += (await reply.tools.search_policies(about_places, limit=SEARCHED)).sources
    return tuple({source.id: source for source in found}.values())


async def find_passages(reply: Reply) -> list[Found]:
    """One passage, or one for each place that is asked about; no passage says the same twice."""
    sought = sought_of(reply)
    sources = await _sources(reply, sought, _query(reply))
    if sought.is_delivery and not sought.places and asks_of_abroad(reply.question.text):
        abroad = [source for source in sources if abroad_of(source, sought.currency)][:MAX_PLACES]
        chosen = [choose_sentences(sought.asked, (source,), sought=sought) for source in abroad]
        if said := [_headed(one) for one in chosen if one]:
            return said
    each = [frozenset((place,)) for place in sorted(sought.places)[:MAX_PLACES]] if sought.is_delivery else []
    found = [
        choose_sentences(sought.asked, sources, sought=msgspec.structs.replace(sought, places=places))
        for places in each or [sought.places]
    ]
    return list({one.sentences: one for one in found if one}.values())


def _headed(found: Found) -> Found:
    """Under the heading that says which countries it is about."""
    own = found.source.heading_path[-1:]
    return msgspec.structs.replace(found, heading=found.heading or (own[0] if own else ""))


async def answer_policy(reply: Reply) -> AsyncIterator[AnswerEvent]:
    """Quote the shop, cite it, or say that we do not know."""
    yield StatusLine(reply.words.reading)
    text = reply.question.text
    late = await _right_to_return(reply) if asks_how_late(text) else None
    rules = await _rules_of_condition(reply) if reply.intent.topic == Topic.RETURNS and asks_of_used(text) else []
    found = rules or ([late] if late else await find_passages(reply))
    if not found:
        for event in say_unseen(reply) if is_personal(text) else say_unknown(reply):
            yield event
        return
    for event in reply.say(reply.words.cannot_see) if is_personal(text) else ():
        yield event
    if wants_refund(text) and (rule := await _right_to_return(reply)):
        for event in quote(reply, msgspec.structs.replace(rule, sentences=rule.sentences[:1])):
            yield event
    for index, passage in enumerate(found):
        for event in quote(reply, passage, "\n\n" if index else " "):
            yield event
    wants_somebody = is_trouble(text) or is_personal(text) or _asks_where_we_are(reply)
    for event in reply.say(reply.words.offer_human, separator="\n\n") if wants_somebody else ():
        yield event
    for event in reply.suggest(*policy_suggestions(reply.intent, reply)):
        yield event
    for event in reply.conclude("policy", min(passage.confidence for passage in found)):
        yield event


async def _rules_of_condition(reply: Reply) -> list[Found]:
    """What the pages on returns say of used and unused things: a sentence of each, the rule first."""
    rules: list[Found] = []
    for query in (RETURN_RULE, USED_QUERY):
        sources = (await reply.tools.search_policies(query, limit=SEARCHED)).sources
        about = [source for source in sources if is_about_returns(source)]
        for source in sorted(about, key=lambda source: (source.id.rpartition("#")[0], place_of(source))):
            said = [
                line for line in sentences_of(source.text) if is_of_condition(line) and not is_item(line, source.text)
            ]
            if said and all(rule.source.id != source.id for rule in rules):
                rules.append(Found(source, (said[0],), 0.85))
                break
    return rules


async def _right_to_return(reply: Reply) -> Found | None:
    """How long one may return: where every refund begins."""
    result = await reply.tools.search_policies(RETURN_RULE, limit=SEARCHED)
    return choose_sentences(asked(RETURN_RULE, "en"), result.sources, Topic.RETURNS)


def quote(reply: Reply, found: Found, separator: str = " ") -> list[AnswerEvent]:
    """The sentences and their citation; a note when they are in another language than the reply."""
    events: list[AnswerEvent] = list(reply.cite(found.source))
    words = " ".join(found.sentences)
    if detect_language(words, "en") != reply.intent.language:
        events += reply.say(reply.words.in_the_shops_words, separator=separator)
        separator = " "
    if found.heading:
        events += reply.say(_heading_line(found), separator=separator)
    for index, sentence in enumerate(found.sentences):
        listed = is_row(sentence) or is_item(sentence, found.source.text)
        before = "\n" if listed else (" " if index or found.heading else separator)
        text = row_text(sentence)
        events += reply.say(f"- {text}" if listed and reply.has_spoken else text, separator=before)
    return events


def _heading_line(found: Found) -> str:
    """Above a list with the page's title, before a sentence alone."""
    first = found.sentences[0]
    is_list = is_row(first) or is_item(first, found.source.text)
    return f"**{found.source.title}: {found.heading}**" if is_list else f"{found.heading}:"


def say_unseen(reply: Reply) -> list[AnswerEvent]:
    """What only the team can look up."""
    words = reply.words
    return [
        *reply.say(words.cannot_see),
        *reply.say(words.offer_human),
        *reply.suggest(words.ask_human, words.ask_find),
        *reply.conclude("unknown", 0.4),
    ]


def say_unknown(reply: Reply) -> list[AnswerEvent]:
    """Honest, with a way on."""
    words = reply.words
    return [
        *reply.say(words.unknown),
        *reply.say(words.offer_human),
        *reply.suggest(words.ask_human, words.ask_find, words.ask_track),
        *reply.conclude("unknown", 0.2),
    ]


def policy_suggestions(intent: Intent, reply: Reply) -> list[str]:
    """The neighbouring questions."""
    words = reply.words
    match intent.topic:
        case Topic.RETURNS:
            return [words.ask_shipping, words.ask_track, words.ask_human]
        case Topic.SHIPPING:
            return [words.ask_returns, words.ask_track, words.ask_find]
        case _:
            return [words.ask_shipping, words.ask_returns, words.ask_human]
