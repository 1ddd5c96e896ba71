"""What a shopper asks for: rules first, then the nearest known phrasing."""

from server.chat.answering.intents.models import Intent, IntentKind, Topic
from server.chat.answering.intents.router import Router

__all__ = ["Intent", "IntentKind", "Router", "Topic"]
