"""A stream of text cut into sentences, the same ones however the stream was chunked. Nothing is lost or added."""

import re
from functools import lru_cache

from server.chat.languages.figures import load_figures
from server.chat.languages.folding import fold

MAX_SENTENCE_CHARACTERS = 800

_ENDS = frozenset(".!?…؟")
_WIDE_ENDS = frozenset("。！？")
_CLOSERS = frozenset("\"'”’»)]*_`")
_CANDIDATE = re.compile(r"[\s。！？]")
_SHORT_NUMBER = re.compile(r"[(\[*]{0,3}\d{1,2}")
_HAS_FIGURE = re.compile(r"\d")
_LOOK_BACK = 120


class SentenceSplitter:
    """Feed deltas, get whole sentences with their white space. One instance reads one text once."""

    def __init__(self, max_characters: int = MAX_SENTENCE_CHARACTERS) -> None:
        self._max = max_characters
        self._buffer = ""
        self._scanned = 0

    def feed(self, delta: str) -> list[str]:
        """The sentences that are now complete. Joined together (with `flush`) they are exactly what was fed."""
        self._buffer += delta
        sentences: list[str] = []
        start, position = 0, self._scanned
        text, length = self._buffer, len(self._buffer)
        while position < length:
            candidate = _CANDIDATE.search(text, position)
            position = candidate.start() if candidate else length
            if position - start >= self._max:
                end = start + _forced_cut(text[start : start + self._max])
            elif position == length:
                break
            else:
                decision = _end_at(text, start, position)
                if decision is None:
                    break  # the next character decides
                if not decision:
                    position += 1
                    continue
                end = decision
            sentences.append(text[start:end])
            start = position = end
        self._buffer, self._scanned = text[start:], position - start
        return sentences

    def flush(self, *, is_cut: bool = False) -> list[str]:
        """What is left at the end of the text. When the text was cut, only if a sentence ends just there."""
        left, self._buffer, self._scanned = self._buffer, "", 0
        if is_cut and not _ends_whole(left):
            return []
        return _cut_up(left, self._max)


def split_sentences(text: str) -> list[str]:
    """All sentences of a finished text, with their white space."""
    splitter = SentenceSplitter()
    return splitter.feed(text) + splitter.flush()


def _end_at(text: str, start: int, position: int) -> int | None:
    """Where the sentence ends if it does at this character; 0 when it does not, None when more text must come."""
    character = text[position]
    if character == "\n":
        return _end_at_newline(text, start, position)
    if character in _WIDE_ENDS:
        return position + 1
    if character.isspace() and position > start and _closes(text, start, position):
        return position + 1
    return 0


def _end_at_newline(text: str, start: int, position: int) -> int | None:
    line = text[start:position]
    if not line.strip():
        return 0
    if not _HAS_FIGURE.search(line[-24:]):
        return position + 1
    if position + 1 == len(text):  # "30" and "days" on two lines are still one figure
        return None
    following = text[position + 1]
    return position + 1 if following in "\n-*+#|>" or following.isdigit() or _closes(text, start, position) else 0


def _closes(text: str, start: int, position: int) -> bool:
    """Whether the word before this white space ends a sentence."""
    last = position - 1
    while last > start and text[last] in _CLOSERS:
        last -= 1
    if text[last] not in _ENDS:
        return False
    if text[last] != ".":
        return True
    begin = last
    while begin > max(start, last - 24) and not text[begin - 1].isspace():
        begin -= 1
    word = text[begin:last]
    bare = word.strip("([*_\"'“„»«").lower()
    return bool(bare) and not (
        fold(bare) in _abbreviations() or (len(bare) == 1 and bare.isalpha()) or _SHORT_NUMBER.fullmatch(word)
    )


@lru_cache(maxsize=1)
def _abbreviations() -> frozenset[str]:
    """Those of all languages, folded, without the last dot."""
    return frozenset(
        fold(word).rstrip(".")
        for figures in load_figures().values()
        for word in figures.sentences.abbreviations.split()
    )


def _ends_whole(text: str) -> bool:
    """Whether a text that was cut ends with a sentence. "289." does not: ".95" may have been cut off."""
    bare = text.rstrip()
    return bool(bare) and not re.search(r"\d\.$", bare) and _closes(bare, 0, len(bare))


def _forced_cut(text: str) -> int:
    """Where to cut a sentence that is too long: at white space, best not beside a figure."""
    fallback = 0
    for position in range(len(text) - 1, max(0, len(text) - _LOOK_BACK), -1):
        if text[position].isspace():
            if not _HAS_FIGURE.search(text[max(0, position - 16) : position + 16]):
                return position + 1
            fallback = fallback or position + 1
    return fallback or len(text)


def _cut_up(text: str, limit: int) -> list[str]:
    pieces = []
    while len(text) > limit:
        cut = _forced_cut(text[:limit])
        pieces.append(text[:cut])
        text = text[cut:]
    return [*pieces, text] if text else pieces
