"""Superlatives and comparatives: "the lightest", "la más ligera", "cheaper"."""

from collections.abc import Iterable

from server.languages.matching import Phrases, Place, words_of
from server.languages.words import Language

ARTICLE_BEFORE = 2
"""Words within which an article makes a superlative: "la tienda más ligera"."""


def find_superlative(text: str, words: Language) -> str | None:
    """The measure and the end that wins ("weight_min"), by the longest phrase in the normalised text."""
    found = [
        (place.end - place.start, name)
        for name, phrases in words.words.superlatives.items()
        for place in phrases.places(text)
        if _is_superlative(text, place, words)
    ]
    return max(found, key=lambda each: each[0])[1] if found else None


def find_price_wish(text: str, words: Language) -> str | None:
    """Returns "cheapest", "dearest" or "cheaper", whichever has the longest phrase in the normalised text."""
    prices = words.words.prices
    wishes = {"cheapest": prices.cheapest, "dearest": prices.dearest, "cheaper": prices.cheaper}
    lengths = {name: _longest(phrases.places(text)) for name, phrases in wishes.items()}
    best = max(lengths, key=lambda name: lengths[name])
    return best if lengths[best] else None


def _longest(places: Iterable[Place]) -> int:
    return max((place.end - place.start for place in places), default=0)


def _is_superlative(text: str, place: Place, words: Language) -> bool:
    """Where both forms are alike: an article shortly before it or in it, or a question which, and no "than" behind."""
    degrees = words.words.degrees
    if not degrees.articles:
        return True
    before = words_of(text[: place.start])[-ARTICLE_BEFORE:]
    if any(_is_one(word, degrees.articles) for word in (*before, words_of(place.text)[0])):
        return True
    return degrees.which.found_in(text) and degrees.than.begins(text[place.end :].lstrip()) is None


def _is_one(word: str, phrases: Phrases) -> bool:
    return phrases.found_in(word)
