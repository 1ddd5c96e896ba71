"""Slips of the finger, mended for the phrases that give an intent away. What is searched for is not touched."""

import re
from collections import defaultdict
from functools import cache

from server.languages.words import Language, language

MIN_LETTERS, LONG = 5, 6
"""Of a word that may be mended, and of one whose letters may have changed places ("trail" is no "trial")."""
_WORD = re.compile(r"[^\W\d_]+")


def mended(normalised: str, words: Language) -> str:
    """The text with words that the language's examples do not have, and that are one slip from a word that gives an
    intent away, as that one."""
    if not words.is_spaced:
        return normalised
    return _WORD.sub(lambda found: _mended(found[0], words.code), normalised)


@cache
def _known(code: str) -> tuple[frozenset[str], dict[str, tuple[str, ...]]]:
    """(all words of the examples, and by their first letter those of the phrases that give an intent away)."""
    words = language(code)
    examples = (text for intent in words.intents.values() for text in intent.examples)
    cues = (text for intent in words.intents.values() for text in intent.cues.phrases)
    written = {word for text in examples for word in _WORD.findall(words.normalise(text))}
    stems = [intent.cues for intent in words.intents.values()]
    telling = {word for text in cues for word in _WORD.findall(words.normalise(text))}
    telling |= {word for word in written if any(each.found_in(word) for each in stems)}
    everything = telling | written
    by_letter = defaultdict(list)
    for word in sorted(word for word in telling if len(word) >= MIN_LETTERS):
        by_letter[word[0]].append(word)
    return frozenset(everything), {letter: tuple(each) for letter, each in by_letter.items()}


def _mended(word: str, code: str) -> str:
    everything, telling = _known(code)
    if len(word) < MIN_LETTERS or not word.isascii() or word in everything:
        return word
    near = [other for other in telling.get(word[0], ()) if _is_one_slip(word, other)]
    return near[0] if len(near) == 1 else word


def _is_one_slip(word: str, other: str) -> bool:
    """Whether one letter is missing or added, or two neighbours have changed places. An ending is no slip, and another
    letter makes another word ("flask", "flash")."""
    if abs(len(word) - len(other)) > 1 or word == other:
        return False
    start = next((at for at, (a, b) in enumerate(zip(word, other, strict=False)) if a != b), min(len(word), len(other)))
    rest, of_other = word[start:], other[start:]
    if not rest or not of_other or len(rest) == 1 == len(of_other):
        return False
    is_swapped = len(word) >= LONG and of_other == rest[1::-1] + rest[2:]
    return is_swapped or of_other == rest[1:] or of_other[1:] == rest
