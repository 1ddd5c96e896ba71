"""Everything around the questions: greeting, thanks, who we are, a person please, and what is not ours to answer."""

from collections.abc import AsyncIterator

from server.chat.answering.engine.reply import Reply
from server.chat.answering.reading.models import Intent
from server.chat.models import AnswerEvent, HandedOff, StatusLine

MAX_REASON_CHARACTERS = 500


def answer_small_talk(reply: Reply) -> list[AnswerEvent]:
    """A sentence or two, and what we can do."""
    words, shop = reply.words, _shop(reply)
    match reply.reading.intent:
        case Intent.GREETING:
            text, kind, sure = words.hello.format(shop=shop), "greeting", 0.98
        case Intent.THANKS:
            text, kind, sure = words.thanks, "thanks", 0.98
        case Intent.GOODBYE:
            text, kind, sure = words.goodbye, "goodbye", 0.98
        case Intent.IDENTITY:
            text, kind, sure = words.identity.format(shop=shop), "identity", 0.95
        case Intent.ASSENT:
            text, kind, sure = words.go_ahead, "assent", 0.7
        case Intent.REFUSAL:
            text, kind, sure = words.declined, "refusal", 0.9
        case Intent.LANGUAGE_SWITCH:
            text, kind, sure = words.answers_in_language, "assent", 0.9
        case Intent.UPSET:
            text, kind, sure = words.upset, "upset", 0.8
        case Intent.NONSENSE:
            text, kind, sure = words.nonsense, "nonsense", 0.85
        case _:
            text, kind, sure = words.off_topic.format(shop=shop), "off_topic", reply.reading.confidence
    next_questions = {
        Intent.GOODBYE: (),
        Intent.UPSET: (words.ask_human,),
        Intent.OFF_TOPIC: (words.ask_find, words.ask_shipping, words.ask_track),
    }.get(reply.reading.intent, (words.ask_find, words.ask_track, words.ask_returns))
    return [*reply.say(text), *reply.suggest(*next_questions), *reply.conclude(kind, sure)]


async def answer_human(reply: Reply) -> AsyncIterator[AnswerEvent]:
    """Ask for staff; say who comes, or how to be reached."""
    yield StatusLine(reply.words.asking_staff)
    email = reply.reading.slots.email
    result = await reply.tools.request_human(reply.question.text[:MAX_REASON_CHARACTERS], email)
    waits = result.state == "waiting"
    for event in _say_who_comes(reply, email, waits=waits):
        yield event
    if waits and email is None:
        for event in _contacts(reply, result.contact or reply.question.contact):
            yield event
    yield HandedOff(state=result.state)
    for concluded in reply.conclude("human", 0.98):
        yield concluded


def say_unknown(reply: Reply) -> list[AnswerEvent]:
    """Honest, with a way on."""
    words = reply.words
    return [
        *reply.say(words.unknown),
        *reply.say(words.offer_human),
        *reply.suggest(words.ask_human, words.ask_find, words.ask_track),
        *reply.conclude("unknown", 0.2),
    ]


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


def _shop(reply: Reply) -> str:
    name = reply.question.shop_name or reply.words.this_shop
    reply.grounder.add_facts("shop", "name", name)
    return name
