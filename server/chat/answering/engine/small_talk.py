"""Everything around the questions: greeting, thanks, who we are, a person please, and what is not ours to answer."""

import re
from collections.abc import AsyncIterator

from server.chat.answering.engine.passage_selection import choose_sentences
from server.chat.answering.engine.passages import SEARCHED, policy_suggestions, quote, say_unknown, sought_of
from server.chat.answering.engine.products import MAX_CARDS, matching, ordered, present
from server.chat.answering.engine.reply import Reply
from server.chat.answering.intents.nonsense import is_insult
from server.chat.answering.intents.words import fold
from server.chat.models import AnswerEvent, HandedOff, StatusLine

SURE_OFF_TOPIC = 0.75
ASKS_POLICY = 0.25
"""How far a passage may fit worse than a product where the shopper asks what the shop does."""
_ASKS_US = re.compile(
    r"\b(?:do|can|will|could|would|are) (?:you|i|we)\b|\bhow (?:do|does|can|to|long)\b|"
    r"\bwhat (?:is|are|if|happens|us)\b|"
    r"\b(?:vous|sie|ihr|puis-je|kann ich|puedo|ustedes)\b|\b(?:size|chart|guide|policy)\b"
)
STRONG_FIT = 0.6
"""What a product must reach to answer a question that did not ask for products."""
STRONG_PASSAGE = 0.6


def answer_greeting(reply: Reply) -> list[AnswerEvent]:
    """Hello, and what we can do."""
    words = reply.words
    return [
        *reply.say(words.hello.format(shop=_shop(reply))),
        *reply.suggest(words.ask_find, words.ask_track, words.ask_returns),
        *reply.conclude("greeting", 0.98),
    ]


def answer_thanks(reply: Reply) -> list[AnswerEvent]:
    """You're welcome."""
    words = reply.words
    return [
        *reply.say(words.thanks),
        *reply.suggest(words.ask_find, words.ask_track),
        *reply.conclude("thanks", 0.98),
    ]


def answer_goodbye(reply: Reply) -> list[AnswerEvent]:
    """Goodbye."""
    return [*reply.say(reply.words.goodbye), *reply.conclude("goodbye", 0.98)]


def answer_identity(reply: Reply) -> list[AnswerEvent]:
    """An automatic assistant, and says so."""
    words = reply.words
    return [
        *reply.say(words.identity.format(shop=_shop(reply))),
        *reply.suggest(words.ask_find, words.ask_track, words.ask_human),
        *reply.conclude("identity", 0.95),
    ]


def answer_assent(reply: Reply) -> list[AnswerEvent]:
    """Yes, but to nothing that we could do: what is it to be?"""
    words = reply.words
    return [
        *reply.say(words.go_ahead),
        *reply.suggest(words.ask_find, words.ask_track, words.ask_human),
        *reply.conclude("assent", 0.7),
    ]


def answer_refusal(reply: Reply) -> list[AnswerEvent]:
    """A friendly close."""
    words = reply.words
    return [
        *reply.say(words.declined),
        *reply.suggest(words.ask_find, words.ask_track),
        *reply.conclude("refusal", 0.9),
    ]


def answer_nonsense(reply: Reply) -> list[AnswerEvent]:
    """Please say it another way."""
    words = reply.words
    return [
        *reply.say(words.nonsense),
        *reply.suggest(words.ask_find, words.ask_track, words.ask_returns),
        *reply.conclude("nonsense", 0.85),
    ]


async def answer_human(reply: Reply) -> AsyncIterator[AnswerEvent]:
    """Ask for staff; say who comes, or how to be reached."""
    words = reply.words
    yield StatusLine(words.asking_staff)
    email = reply.intent.email
    result = await reply.tools.request_human(reply.question.text[:500], email)
    waits = result.state == "waiting"
    for event in _say_who_comes(reply, email, waits=waits):
        yield event
    if waits and email is None:
        for event in _contacts(reply, result.contact or reply.question.contact):
            yield event
    yield HandedOff(state=result.state)
    for concluded in reply.conclude("human", 0.98):
        yield concluded


def _say_who_comes(reply: Reply, email: str | None, *, waits: bool) -> list[AnswerEvent]:
    words = reply.words
    if email is None:
        return list(reply.say(words.human_waiting if waits else words.human_requested))
    reply.grounder.add_facts("question", "email", email)
    kept = list(reply.say(words.email_kept.format(email=email)))
    return kept if waits else kept + list(reply.say(words.human_requested))


def _contacts(reply: Reply, contact: dict[str, str]) -> list[AnswerEvent]:
    events: list[AnswerEvent] = []
    for name, template in (("email", reply.words.contact_email), ("phone", reply.words.contact_phone)):
        if value := contact.get(name):
            reply.grounder.add_facts("shop", name, value)
            events += reply.say(template.format(**{name: value}))
    return events


async def answer_off_topic(reply: Reply) -> AsyncIterator[AnswerEvent]:
    """Not ours, unless the shop clearly has something on it after all."""
    if reply.intent.confidence < SURE_OFF_TOPIC:
        found = await best_of_everything(reply)
        if found:
            for event in found:
                yield event
            return
    words = reply.words
    for event in (
        *reply.say(words.off_topic.format(shop=_shop(reply))),
        *reply.suggest(words.ask_find, words.ask_shipping, words.ask_track),
        *reply.conclude("off_topic", reply.intent.confidence),
    ):
        yield event


async def answer_unknown(reply: Reply) -> AsyncIterator[AnswerEvent]:
    """Search everything with the shopper's words; without a good hit, say so. Anger gets an apology."""
    if is_insult(reply.question.text):
        words = reply.words
        for event in (*reply.say(words.upset), *reply.suggest(words.ask_human), *reply.conclude("upset", 0.8)):
            yield event
        return
    yield StatusLine(reply.words.searching)
    for event in await best_of_everything(reply) or say_unknown(reply):
        yield event


async def best_of_everything(reply: Reply, *, or_products: bool = True) -> list[AnswerEvent]:
    """The best of policies and products where one fits well; otherwise nothing. Both searches are one round trip."""
    query = reply.intent.query
    products = await reply.tools.search_catalog(query, limit=MAX_CARDS)
    passages = await reply.tools.search_policies(query, limit=SEARCHED)
    fitting = ordered(reply, matching(reply, products)) if or_products else []
    matches = [match for match in fitting if match.fit >= STRONG_FIT]
    sought = sought_of(reply)
    found = choose_sentences(sought.asked, passages.sources, sought=sought)
    passage_fit = found.confidence if found else 0.0
    best_fit = (0.45 + 0.5 * matches[0].fit) if matches else 0.0
    if (
        found
        and passage_fit >= STRONG_PASSAGE
        and passage_fit >= best_fit - ASKS_POLICY * bool(_ASKS_US.search(fold(reply.question.text)))
    ):
        events = quote(reply, found)
        events += reply.suggest(*policy_suggestions(reply.intent, reply))
        return events + list(reply.conclude("policy", passage_fit * 0.9))
    return present(reply, matches) if matches else []


def _shop(reply: Reply) -> str:
    name = reply.question.shop_name or "this shop"
    reply.grounder.add_facts("shop", "name", name)
    return name
