"""What a shopper's message says, before anything is looked up."""

from server.chat.answering.reading.models import Intent, Reading, Slots
from server.chat.answering.reading.reader import Reader

__all__ = ["Intent", "Reader", "Reading", "Slots"]
