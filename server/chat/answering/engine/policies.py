"""Questions about the shop: its own words where they answer, the closest otherwise, or that we do not know."""

from server.chat.answering.engine.evidence import (
    SURE,
    UNSURE,
    Found,
    chosen_units,
    is_on_topic,
    quote_documents,
)
from server.chat.answering.engine.reply import Reply
from server.chat.answering.engine.small_talk import say_unknown
from server.chat.answering.reading.models import POLICY, Intent
from server.chat.models import AnswerEvent
from server.languages.matching import words_of

CLEARLY_POLICY = 0.6
LEAST_IN_GENERAL = 0.25
"""How likely the best unit has to be for a general question to get the beginning of its document."""


def answer_policy(reply: Reply, found: Found) -> list[AnswerEvent]:
    """One of three honest outcomes: the answer, the closest that was found, or that we do not know."""
    is_general = asks_in_general(reply) and bool(found.scored) and is_on_topic(reply, found.scored[0])
    if found.probability < (LEAST_IN_GENERAL if is_general else UNSURE):
        return say_unknown(reply)
    words, is_sure = reply.words, is_general or found.probability >= SURE
    chosen = chosen_units(found, reply.shop_language, is_general=is_general) if is_sure else [found.scored[0]]
    events: list[AnswerEvent] = []
    if not is_sure:
        events += reply.say(words.unsure_policy)
    events += quote_documents(reply, found, chosen, separator="\n\n" if reply.has_spoken else " ")
    if not is_sure or reply.language.words.orders.trouble.found_in(reply.reading.normalised):
        events += reply.say(words.offer_human, separator="\n\n")
    return [
        *events,
        *reply.suggest(*next_questions(reply)),
        *reply.conclude("policy" if is_sure else "policy_unsure", found.probability),
    ]


def asks_in_general(reply: Reply) -> bool:
    """Whether a question names a subject and asks nothing of it: "your return policy?"."""
    reading, words = reply.reading, reply.language
    telling = [
        word
        for word in words_of(reading.query)
        if word not in words.stop_words and not words.words.small.general.found_in(word)
    ]
    return len(telling) <= 1 and not reading.slots.asks and reading.probability(POLICY) >= CLEARLY_POLICY


def next_questions(reply: Reply) -> list[str]:
    """The neighbouring questions."""
    words = reply.words
    match reply.reading.intent:
        case Intent.POLICY_RETURNS:
            return [words.ask_shipping, words.ask_track, words.ask_human]
        case Intent.POLICY_SHIPPING:
            return [words.ask_returns, words.ask_track, words.ask_find]
        case _:
            return [words.ask_shipping, words.ask_returns, words.ask_human]
