"""What a shopper does not want: "without wool", "zuckerfrei", "şekersiz", "砂糖なし"."""

import re
from collections.abc import Iterator

from server.chat.languages.figures import load_figures
from server.languages.matching import normalise, phrases_in
from server.languages.words import Language

MAX_THINGS = 6
"""Things of one message; each is looked for on every product's page."""
MAX_WORDS = 3
"""Words of one thing."""
MIN_LETTERS = 3
"""Letters of a word that an ending is joined to."""
_WORD = re.compile(r"[^\W_]+")
_CLAUSE_END = re.compile(r"[,.;:!?、。！？，]")
_THING = re.compile(r"[\u30a1-\u30fa\u30fc\u3400-\u9fff々a-z\d]+$")
"""The characters of a noun in a text without spaces: ideographs, katakana, Latin letters."""


def read_excluded(text: str, words: Language) -> tuple[str, ...]:
    """The things, normalised, in no order. `text` is normalised and has no price limits in it."""
    found = [
        *(thing for thing, phrases in words.words.negation.without.items() if phrases.found_in(text)),
        *_after_words(text, words),
        *(_before_words(text, words) if words.is_spaced else _before_signs(text, words)),
        *_in_compounds(text, words),
    ]
    return tuple(dict.fromkeys(found))[:MAX_THINGS]


def _after_words(text: str, words: Language) -> Iterator[str]:
    """What stands behind "without"."""
    prices = words.words.prices
    others = [place for phrases in (prices.under, prices.over, prices.cheaper) for place in phrases.places(text)]
    for place in words.words.negation.before.places(text):
        if any(other.start <= place.start < other.end for other in others):
            continue
        clause = _CLAUSE_END.split(text[place.end :], maxsplit=1)[0]
        first, *more = _alternatives(clause, words)
        if thing := _thing(first, words):
            yield thing
            yield from (_thing(each, words) for each in more if len(_WORD.findall(each)) == 1 and _thing(each, words))


def _alternatives(clause: str, words: Language) -> list[str]:
    """A clause parted at "or" and "and"."""
    pieces, start = [], 0
    joints = [*words.words.splitting.or_.places(clause), *words.words.splitting.and_.places(clause)]
    for joint in sorted(joints, key=lambda place: place.start):
        if joint.start >= start and words.is_spaced:
            pieces.append(clause[start : joint.start])
            start = joint.end
    return [*pieces, clause[start:]]


def _thing(clause: str, words: Language) -> str:
    """The name that a clause begins with: up to three words with the small words within it; empty without one."""
    kept: list[str] = []
    links = words.words.negation.links
    for word in _WORD.findall(clause):
        if word not in words.stop_words:
            kept.append(word)
        elif kept and word not in links:
            break
        if len(kept) == MAX_WORDS:
            break
    return " ".join(kept)


def _before_words(text: str, words: Language) -> Iterator[str]:
    """What stands before "free" or its like."""
    for place in words.words.negation.after.places(text):
        before = re.search(r"([^\W_]{2,})[ -]$", text[: place.start])
        is_small = before is None or before[1] in words.stop_words
        if before is not None and not is_small and not _is_wrapped(text, before.start(1), words):
            yield before[1]


def _is_wrapped(text: str, start: int, words: Language) -> bool:
    """Whether a word is one that a wish is wrapped in: "do you offer free shipping"."""
    return any(place.start <= start < place.end for place in words.words.small.wrapping.places(text))


def _before_signs(text: str, words: Language) -> Iterator[str]:
    """The same in a text without spaces; a particle may stand between."""
    for place in words.words.negation.after.places(text):
        if thing := _THING.search(text[: place.start]):
            yield thing[0]


def _in_compounds(text: str, words: Language) -> Iterator[str]:
    """Words that end in "frei" and the like, but for those that say that something costs nothing."""
    ends = sorted(words.words.negation.ends, key=len, reverse=True)
    costless = phrases_in(words.code, map(normalise, load_figures()[words.code].free.words))
    for found in _WORD.finditer(text) if ends else ():
        word = found[0]
        end = next((each for each in ends if word.endswith(each) and len(word) - len(each) >= MIN_LETTERS), None)
        if end is not None and not costless.found_in(word):
            yield word.removesuffix(end)
