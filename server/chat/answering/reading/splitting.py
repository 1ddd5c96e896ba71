"""A message that asks several things, cut where one question ends and the next begins."""

import re
from collections.abc import Iterator

from server.languages.matching import normalise
from server.languages.words import Language

MAX_PIECES = 4
MIN_LETTERS = 3
_SENTENCE_END = re.compile(r"(?<=[?!.;。！？؟])\s+|(?<=[。！？؟])|\s*\n+\s*")
_TOKEN = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
_COMMA = re.compile(r"\s*[,،、;]\s*")
_CLAUSE_END = re.compile(r"\s*[:,;،؛：，、]\s*|\s+[-–—]\s+")
_EDGES = " ,،、;"


def split_questions(text: str, words: Language) -> list[str]:
    """At most four pieces, each a question or sentence of its own; the whole text where it does not fall apart."""
    at_joints = _at_conjunctions if words.is_spaced else _at_commas
    pieces = [piece for sentence in _SENTENCE_END.split(text) for piece in at_joints(sentence, words)]
    pieces = [piece for piece in pieces if sum(letter.isalnum() for letter in piece) >= MIN_LETTERS]
    if len(pieces) > MAX_PIECES:
        return [*pieces[: MAX_PIECES - 1], " ".join(pieces[MAX_PIECES - 1 :])]
    return pieces or [text]


def split_clauses(text: str) -> list[str]:
    """The pieces between colons, commas and dashes: "in English please: how heavy is it?" has two."""
    return [piece for piece in _CLAUSE_END.split(text) if sum(letter.isalnum() for letter in piece) >= MIN_LETTERS]


def _at_conjunctions(sentence: str, words: Language) -> list[str]:
    """Cut at "and how", ", what" and the like: a conjunction or comma between two questions."""
    pieces, start = [], 0
    for end, following in _joints(sentence, words):
        if _is_joint(sentence[start:end], sentence[following:], words):
            pieces.append(sentence[start:end].strip(_EDGES))
            start = following
    return [*pieces, sentence[start:].strip()]


def _joints(sentence: str, words: Language) -> Iterator[tuple[int, int]]:
    """Where the piece before a conjunction or comma ends, and where the one behind it begins."""
    conjunctions = set(words.words.splitting.and_.phrases)
    tokens = list(_TOKEN.finditer(sentence))
    for index, token in enumerate(tokens[1:-1], start=1):
        word = normalise(token[0])
        if word in conjunctions:
            yield token.start(), tokens[index + 1].start()
        elif _COMMA.fullmatch(sentence[tokens[index - 1].end() : token.start()]):
            yield tokens[index - 1].end(), token.start()
        elif words.joins_words and word[:1] in conjunctions and word[1:] in words.words.questions.words.phrases:
            yield token.start(), token.start()


def _is_joint(before: str, after: str, words: Language) -> bool:
    """Whether a question begins behind a joint; where the question word does not come first, both sides have one."""
    asking = words.words.questions.words
    if words.words.splitting.anywhere:
        return asking.found_in(normalise(before)) and asking.found_in(normalise(after))
    return asking.begins(normalise(after)) is not None


def _at_commas(sentence: str, words: Language) -> list[str]:
    """Cut a sentence without spaces at a comma that a question ends before, or that a phrase like "also" follows."""
    asking, conjunctions = words.words.questions.words, words.words.splitting.and_
    pieces, start = [], 0
    for comma in _COMMA.finditer(sentence):
        before, after = normalise(sentence[start : comma.start()]), normalise(sentence[comma.end() :])
        ends_question = any(
            before.endswith(normalise(phrase.strip("^$"))) for phrase in asking.phrases if phrase != "?"
        )
        if ends_question or (after and conjunctions.begins(after) is not None):
            pieces.append(sentence[start : comma.start()])
            start = comma.end()
    return [*pieces, sentence[start:].strip()]
