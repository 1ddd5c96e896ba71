"""Passing a conversation to staff: who is there, how long it takes, what the shopper is told of it."""

from server.chat.conversations.handoff.models import PresenceView, QueuePlace
from server.chat.conversations.handoff.service import HandoffService

__all__ = ["HandoffService", "PresenceView", "QueuePlace"]
