"""The one driver of the service: the model when there is one, the engine otherwise and whenever the model fails."""

from server.chat.engine import Engine, prove_from_message
from server.chat.events import Transcript
from server.chat.grounding import clean_links
from server.chat.intents import Router
from server.chat.links import allowed_hosts
from server.chat.model_driver import ModelDriver
from server.chat.models import Question, TextPiece
from server.chat.service import AnswerBroken
from server.chat.toolbox import ShopToolbox
from server.core.metrics import Metrics
from server.models.protocol import ModelUnavailable


class AnswerDriver:
    """Implements `service.Driver`."""

    def __init__(self, router: Router, engine: Engine, model: ModelDriver | None, metrics: Metrics) -> None:
        self._router, self._engine, self._model, self._metrics = router, engine, model, metrics

    async def answer(self, question: Question, tools: ShopToolbox, transcript: Transcript) -> str:
        """See `service.Driver`."""
        intent = await self._router.recognise(question)
        if self._model and (question.text or self._model.sees_pictures):
            try:
                proven = await prove_from_message(intent, question, tools)
                await self._model.answer(question, intent, proven, tools, transcript)
                return "model"
            except ModelUnavailable as reason:
                if transcript.has_text:
                    raise AnswerBroken(str(reason)) from None
                transcript.notes.append(f"the engine took over: {reason}")
                self._metrics.fallbacks.labels(reason=type(reason).__name__).inc()
        async for event in self._engine.answer(question, intent, tools):
            for used in tools.take_used():
                transcript.add(used)
            if isinstance(event, TextPiece):  # a product's title may hold a link of anybody's
                event = TextPiece(clean_links(event.text, allowed_hosts(tools.sources.values())))
            transcript.add(event)
        return "engine"
