"""The engine: answers from the tools alone, without a model."""

from server.chat.engine.engine import Engine
from server.chat.engine.orders import prove_from_message

__all__ = ["Engine", "prove_from_message"]
