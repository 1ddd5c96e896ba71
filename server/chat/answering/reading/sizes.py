"""Sizes that a message names: "XL", "size 42", "42 numara", "in large"."""

import re
from collections.abc import Iterator

from server.languages.matching import Place, words_of
from server.languages.words import Language

NOT_SIZES = ("word", "colour_word")
"""Keys of the table that ask for a size or a colour and name none."""
NEAR_WORDS = 2
"""Words within which a size word makes a size of "small" or of a letter."""
LETTERS = 4
"""The longest size of letters: "xxxl"."""
_FIGURE = re.compile(r"\d{1,3}(?:[.,]5)?(?:\s?[x×/]\s?\d{1,3}(?:[.,]5)?)?(?![a-z\d])")
_FIGURE_BEFORE = re.compile(r"(?<![a-z\d.,])(\d{2,3})\s?$")


def read_sizes(text: str, normalised: str, words: Language) -> tuple[str, ...]:
    """Figures beside a size word, letters, and adjectives where they can only be sizes: "a small tent" names none.
    `text` is as written: a size of one letter is a capital unless a size word is near."""
    table = words.words.sizes
    found = [figure for place in table["word"].places(normalised) for figure in _figures(normalised, place)]
    for name, phrases in table.items():
        if name in NOT_SIZES:
            continue
        if any(not words.is_spaced or _is_size(text, normalised, place, words) for place in phrases.places(normalised)):
            found.append(name)
    return tuple(dict.fromkeys(found))


def _figures(normalised: str, place: Place) -> Iterator[str]:
    after = normalised[place.end :]
    if figure := _FIGURE.match(after.lstrip(" :=")):
        yield figure[0]
    elif figure := _FIGURE_BEFORE.search(normalised[: place.start]):
        yield figure[1]


def _is_size(text: str, normalised: str, place: Place, words: Language) -> bool:
    if _has_size_word_near(normalised, place, words):
        return True
    if len(place.text) == 1:
        return re.search(rf"(?<![\w'’-])(?<!\d ){place.text.upper()}(?![\w'’])", text) is not None
    if place.text.isascii() and len(place.text) <= LETTERS and not any(letter in "aeiou" for letter in place.text):
        return True
    others = words_of(f"{normalised[: place.start]} {normalised[place.end :]}")
    return all(word in words.stop_words for word in others)


def _has_size_word_near(normalised: str, place: Place, words: Language) -> bool:
    before = " ".join(words_of(normalised[: place.start])[-NEAR_WORDS:])
    after = " ".join(words_of(normalised[place.end :])[:NEAR_WORDS])
    sizes = words.words.sizes["word"]
    return sizes.found_in(before) or sizes.found_in(after) or sizes.found_in(place.text)
