"""Where the sentences of a line end, in any of the languages that have reading rules."""

import re
from collections.abc import Sequence

from server.knowledge.evidence.reading_rules import ReadingRules, fold
from server.knowledge.evidence.unit import MAX_UNIT_CHARS

SHORT_WORD_CHARS = 3
CLOSERS = "\"'”’»)]」』）*_"

_END = re.compile(
    rf"[。！？]+[{re.escape(CLOSERS)}]*"  # needs no space after it
    rf"|[.!?…؟۔]+[{re.escape(CLOSERS)}]*(?=\s|$)|[!?]+[{re.escape(CLOSERS)}]*(?=[\u3040-\u30ff\u3400-\u9fff])"
    r"|(?<=[^\W\d_]{3})\.(?=[A-Z][a-zà-ÿ])"  # the space was forgotten
)
_WIDE = re.compile(r"[「『\u3040-\u30ff]")
_NUMBER = re.compile(r"\d{1,2}")
_SOFT_CUT = re.compile(r"(?<=[;；؛])\s+|(?<=[,،、，])\s*")
_QUESTION_END = re.compile(rf"[?？؟][{re.escape(CLOSERS)}]*$")


def split_sentences(line: str, rules: ReadingRules) -> list[str]:
    """The sentences of one line or paragraph, trimmed, none empty. One that is far too long is cut at a clause."""
    found: list[str] = []
    start = 0
    for end in _END.finditer(line):
        if end.start() > start and _ends_sentence(line, start, end, rules):
            found.append(line[start : end.end()])
            start = end.end()
    found.append(line[start:])
    return [piece for sentence in found for piece in _cut(sentence.strip())]


def join_sentences(sentences: Sequence[str]) -> str:
    """Sentences as running text; where one ends in a full-width mark, no space follows it."""
    text = ""
    for sentence in sentences:
        text += ("" if not text or text[-1] in "。」』" or _WIDE.match(sentence) else " ") + sentence
    return text


def is_question(sentence: str) -> bool:
    """Whether it ends in a question mark of any script."""
    return bool(_QUESTION_END.search(sentence))


def _ends_sentence(line: str, start: int, end: re.Match[str], rules: ReadingRules) -> bool:
    following = line[end.end() :].lstrip()
    mark = end[0].rstrip(CLOSERS)
    if not following or mark[-1] in "。！？؟۔" or rules.is_spaceless:
        return True
    starts_low = _starts_low(following)
    if mark != ".":
        return not starts_low
    word = re.split(r"\s", line[start : end.start()])[-1].lstrip("([\"'“„»«*_")
    bare = fold(word)
    if _NUMBER.fullmatch(bare):
        return not (
            starts_low or rules.has_ordinal_period or len(line[start : end.start()].strip()) <= 2
            or _first_word(following) in rules.months
        )  # fmt: skip
    if bare in rules.closing_abbreviations:
        return not starts_low and not following[0].isdigit()
    if bare in rules.abbreviations:
        return False
    if len(bare) == 1 and bare.isalpha():  # an initial, unless a sentence clearly begins after it: "vitamin C. It"
        return _first_word(following) in rules.common
    return not starts_low or len(bare) > SHORT_WORD_CHARS


def _starts_low(text: str) -> bool:
    """Whether it goes on in lower case; names such as "iPhone" do not count."""
    word = text.split(None, 1)[0]
    return word[0].islower() and word[1:2] != word[1:2].upper()


def _first_word(text: str) -> str:
    found = re.match(r"\W*(\w+)", text)
    return fold(found[1]) if found else ""


def _cut(sentence: str) -> list[str]:
    """A sentence in pieces of at most twice the length of a unit."""
    limit = 2 * MAX_UNIT_CHARS
    pieces: list[str] = []
    while len(sentence) > limit:
        cuts = [cut.end() for cut in _SOFT_CUT.finditer(sentence, limit // 2, limit)]
        space = sentence.rfind(" ", limit // 2, limit)
        at = cuts[-1] if cuts else space if space > 0 else limit
        pieces.append(sentence[:at].strip())
        sentence = sentence[at:].strip()
    return [*pieces, sentence] if sentence else pieces
