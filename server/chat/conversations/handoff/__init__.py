"""Handing a conversation off to staff: who is on duty, the queue, and the mail that a reply is sent by."""

from server.chat.conversations.handoff.models import PresenceView, QueuePlace
from server.chat.conversations.handoff.service import HandoffService

__all__ = ["HandoffService", "PresenceView", "QueuePlace"]
