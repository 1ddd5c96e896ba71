"""The engine: answers from the tools alone, without a model."""

from server.chat.answering.engine.engine import Engine
from server.chat.answering.engine.orders import prove_from_message

__all__ = ["Engine", "prove_from_message"]
