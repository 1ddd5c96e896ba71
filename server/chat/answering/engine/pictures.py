"""A message with pictures, which nobody here can look at: said first, and the team is offered."""

from collections.abc import AsyncIterator

from server.chat.answering.engine.reply import Reply
from server.chat.models import AnswerEvent, Concluded, Suggest, TextPiece

MAX_SUGGESTIONS = 4


async def beside_pictures(reply: Reply, answer: AsyncIterator[AnswerEvent]) -> AsyncIterator[AnswerEvent]:
    """That we cannot see them, then the answer to what was written beside them, where something was."""
    words = reply.words
    suggested = False
    yield TextPiece(words.no_pictures)
    if not reply.question.text.strip():
        for event in (*reply.suggest(words.ask_human), *reply.conclude("picture", 0.6)):
            yield event
        return
    opening = "\n\n"
    async for event in answer:
        match event:
            case TextPiece(text):
                yield TextPiece(f"{opening}{text}")
                opening = ""
            case Suggest(suggestions):
                suggested = True
                others = [each for each in suggestions if each != words.ask_human]
                yield Suggest((words.ask_human, *others[: MAX_SUGGESTIONS - 1]))
            case Concluded() if not suggested:
                yield Suggest((words.ask_human,))
                yield event
            case _:
                yield event
