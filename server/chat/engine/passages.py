"""Policy questions: the one to three sentences of the fitting passage that answer, as the shop wrote them."""

import re
from collections.abc import AsyncIterator

from server.chat.engine.choosing import Found, Sought, choose_sentences
from server.chat.engine.places import places_in
from server.chat.engine.quotes import Asked, asked, is_item, is_row, row_text
from server.chat.engine.reply import Reply
from server.chat.intents import Intent, IntentKind, Topic
from server.chat.intents.language import detect_language
from server.chat.intents.words import fold, stems
from server.chat.models import AnswerEvent, StatusLine

SEARCHED = 8
_CLOCK_WORDS = re.compile(
    r"\b(?:opening|business|store|shop|working) (?:hours|times)|\bare you open|what time|"
    r"\b(?:horaires?|offnungszeiten|horario)\b"
)
_TABLE_WORDS = re.compile(
    r"\bsiz(?:e|ing) (?:chart|guide|table)s?\b|\b(?:what|which|us|uk|eu|european) size\b|\bwhat size\b|"
    r"\bguide des tailles\b|\bgrosentabelle\b|\b(?:guia|tabla) de tallas\b"
)


def asked_of(reply: Reply) -> Asked:
    """The question's words, the shop's name left out."""
    return asked(reply.question.text, reply.intent.language).without(frozenset(stems(reply.question.shop_name)))


def sought_of(reply: Reply) -> Sought:
    """What the shopper asks of the policies."""
    is_policy = reply.intent.kind == IntentKind.POLICY
    text, is_about_places = reply.question.text, reply.intent.topic in (Topic.SHIPPING, Topic.RETURNS, None)
    return Sought(
        asked=asked_of(reply),
        topic=reply.intent.topic if reply.intent.topic is not Topic.ORDERING or is_policy else None,
        places=places_in(text, reply.intent.language) if is_about_places else frozenset(),
        currency=reply.question.currency,
        wants_table=bool(_TABLE_WORDS.search(fold(text))),
        wants_clock=bool(_CLOCK_WORDS.search(fold(text))),
    )


async def find_passage(reply: Reply, query: str | None = None) -> Found | None:
    """Search the policies and choose. `query` overrides the routed one."""
    result = await reply.tools.search_policies(query or reply.intent.query, limit=SEARCHED)
    sought = sought_of(reply)
    return choose_sentences(sought.asked, result.sources, sought=sought)


async def answer_policy(reply: Reply) -> AsyncIterator[AnswerEvent]:
    """Quote the shop, cite it, or say that we do not know."""
    yield StatusLine(reply.words.reading)
    found = await find_passage(reply)
    if found is None:
        for event in say_unknown(reply):
            yield event
        return
    for event in quote(reply, found):
        yield event
    for event in reply.suggest(*policy_suggestions(reply.intent, reply)):
        yield event
    for event in reply.conclude("policy", found.confidence):
        yield event


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
