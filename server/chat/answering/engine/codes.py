"""One-time codes in words: "send me the code", "694046", "I didn't get it" work like the buttons."""

from collections.abc import AsyncIterator

from server.chat.answering.engine.orders import tell
from server.chat.answering.engine.reply import Reply
from server.chat.answering.reading.models import Intent
from server.chat.models import AnswerEvent, AskProof
from server.core.errors import RateLimited, Unavailable


async def answer_code(reply: Reply) -> AsyncIterator[AnswerEvent]:
    """Send a code, send it again, or check the one that was typed."""
    number = reply.reading.slots.order_number or reply.question.order_in_question
    words = reply.words
    if number is None:
        text = words.code_not_expected if reply.reading.intent is Intent.CODE_GIVEN else words.code_which_order
        for event in (*reply.say(text), *reply.suggest(words.ask_track), *reply.conclude("order_proof", 0.8)):
            yield event
        return
    reply.grounder.add_facts("question", "order_number", number)
    steps = _check(reply, number) if reply.reading.intent is Intent.CODE_GIVEN else _send(reply, number)
    async for event in steps:
        yield event


async def _send(reply: Reply, number: str) -> AsyncIterator[AnswerEvent]:
    words = reply.words
    again = reply.reading.intent is Intent.CODE_MISSING
    try:
        is_sent = await reply.tools.request_code(number)
    except Unavailable:
        is_sent = False
    if is_sent:
        text = (words.code_again if again else words.code_sent).format(number=number)
        events = [*reply.say(text), AskProof(order_number=number, methods=("code",))]
    else:
        events = list(reply.say(words.code_unavailable))
    for event in (*events, *reply.suggest(words.ask_human), *reply.conclude("order_proof", 0.9)):
        yield event


async def _check(reply: Reply, number: str) -> AsyncIterator[AnswerEvent]:
    words, code = reply.words, reply.reading.slots.code or ""
    try:
        is_right = await reply.tools.verify_code(number, code)
    except RateLimited:
        for event in (
            *reply.say(words.code_limit),
            *reply.suggest(words.ask_human),
            *reply.conclude("order_locked", 0.9),
        ):
            yield event
        return
    if not is_right:
        events = [*reply.say(words.code_wrong), AskProof(order_number=number, methods=("code",))]
        for event in (*events, *reply.suggest(words.ask_human), *reply.conclude("order_proof", 0.9)):
            yield event
        return
    for event in reply.say(words.code_accepted):
        yield event
    for event in tell(reply, await reply.tools.order_status(number)):
        yield event
