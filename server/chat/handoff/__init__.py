"""Passing a conversation to staff: who is there, how long it takes, what the shopper is told of it."""

from server.chat.handoff.desk import HandoffDesk
from server.chat.handoff.models import PresenceView, QueuePlace

__all__ = ["HandoffDesk", "PresenceView", "QueuePlace"]
