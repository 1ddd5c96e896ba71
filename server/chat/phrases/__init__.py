"""What Aisle says in its own words, in English, French, German and Spanish."""

from server.chat.phrases.de import GERMAN
from server.chat.phrases.en import ENGLISH
from server.chat.phrases.es import SPANISH
from server.chat.phrases.fr import FRENCH
from server.chat.phrases.texts import Phrases

__all__ = ["ALL_PHRASES", "Phrases", "phrase", "phrases_for"]

ALL_PHRASES = {spoken.language: spoken for spoken in (ENGLISH, FRENCH, GERMAN, SPANISH)}


def phrases_for(locale: str) -> Phrases:
    """The texts for a locale such as "fr-CA"; English for languages we have no texts for."""
    return ALL_PHRASES.get(locale.replace("_", "-").split("-")[0].lower(), ENGLISH)


def phrase(name: str, locale: str, **values: str) -> str:
    """One text by its name, filled in. Raises AttributeError for a name that is no phrase."""
    text: str = getattr(phrases_for(locale), name)
    return text.format(**values)
