"""What Aisle says in its own words, in every language it speaks."""

from server.chat.languages.phrases import ALL_PHRASES, Phrases, phrase, phrases_for

__all__ = ["ALL_PHRASES", "Phrases", "phrase", "phrases_for"]
