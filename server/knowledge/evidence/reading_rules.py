"""How the texts of a language are read: loaded from `server/languages/<code>/sentences.toml`."""

import re
import tomllib
from collections import Counter
from functools import lru_cache
from importlib.resources import files

from msgspec import Struct

FILE = "sentences.toml"
DEFAULT = "en"
SAMPLE_CHARS = 1_500
MAX_MARK_CHARS = 40

_WORD = re.compile(r"\w{2,}(?:['’]\w+)?")
_SPACELESS = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]")


class ReadingRules(Struct, frozen=True, kw_only=True):
    """The words of one language that decide where its sentences end and which of them stand alone.

    `openers` begin a sentence that needs the one before it; `pronouns` too, except on the page of the thing they stand
    for. `verbs` show that a short sentence is a whole one ("-ir" is an ending). `warnings` are kept with the sentence
    that they limit. All are in folded form (`fold`).
    """

    code: str
    common: frozenset[str]
    abbreviations: frozenset[str]
    closing_abbreviations: frozenset[str]
    months: frozenset[str]
    verbs: frozenset[str]
    verb_endings: tuple[str, ...]
    openers: re.Pattern[str]
    pronouns: re.Pattern[str]
    warnings: re.Pattern[str]
    question: re.Pattern[str]
    answer: re.Pattern[str]
    has_ordinal_period: bool
    is_spaceless: bool
    brand: str
    category: str


def fold(text: str) -> str:
    """Lower case with plain apostrophes: the form in which the lists are compared."""
    return text.replace("’", "'").casefold()


@lru_cache(maxsize=1)
def known_languages() -> tuple[str, ...]:
    """The codes of all languages that have reading rules."""
    root = files("server") / "languages"
    return tuple(sorted(each.name for each in root.iterdir() if (each / FILE).is_file()))


@lru_cache(maxsize=64)
def load_rules(code: str) -> ReadingRules:
    """The rules of a language. Raises FileNotFoundError for one that has none."""
    data = tomllib.loads((files("server") / "languages" / code / FILE).read_text(encoding="utf-8"))
    is_spaceless = bool(data.get("spaceless"))
    verbs = _words(data["verbs"])
    return ReadingRules(
        code=code,
        common=_words(data["common"]),
        abbreviations=_words(data["abbreviations"]),
        closing_abbreviations=_words(data["closing_abbreviations"]),
        months=_words(data["months"]),
        verbs=frozenset(verb for verb in verbs if not verb.startswith("-")),
        verb_endings=tuple(verb[1:] for verb in verbs if verb.startswith("-")),
        openers=_at_start(data["openers"], is_spaceless),
        pronouns=_at_start(data["pronouns"], is_spaceless),
        warnings=_anywhere(data["warnings"], is_spaceless),
        question=_mark(data["question_marks"]),
        answer=_mark(data["answer_marks"]),
        has_ordinal_period=data["ordinal_period"],
        is_spaceless=is_spaceless,
        brand=data["labels"]["brand"],
        category=data["labels"]["category"],
    )


def find_mark(text: str, mark: re.Pattern[str]) -> int:
    """Where the text after a mark such as "Q:" begins; 0 without one."""
    found = mark.match(fold(text[:MAX_MARK_CHARS]))
    return found.end() if found else 0


def rules_for(text: str, language: str = "") -> ReadingRules:
    """The rules of the language that a text is in; `language` (a code or locale) wins where the text does not tell."""
    prior = language.replace("_", "-").partition("-")[0].lower()
    sample = fold(text[:SAMPLE_CHARS])
    if len(_SPACELESS.findall(sample)) > len(sample) // 5:
        return next((rules for rules in map(load_rules, known_languages()) if rules.is_spaceless), load_rules(DEFAULT))
    words = _WORD.findall(sample)
    times = Counter(words)
    counts = {code: sum(times[word] for word in load_rules(code).common & times.keys()) for code in known_languages()}
    # a few words in common are chance: the shop's language is what its texts are in unless they clearly are not
    expected = prior if prior in counts else DEFAULT
    best = max(counts, key=lambda code: counts[code])
    return load_rules(best if counts[best] >= counts[expected] + max(2, len(words) // 12) else expected)


def _words(text: str) -> frozenset[str]:
    return frozenset(fold(text).split())


def _at_start(phrases: list[str], is_spaceless: bool) -> re.Pattern[str]:
    end = "" if is_spaceless else r"(?!\w)"
    return re.compile(rf"[\W_]*(?:{_alternatives(phrases)}){end}")


def _anywhere(phrases: list[str], is_spaceless: bool) -> re.Pattern[str]:
    start = "" if is_spaceless else r"(?<!\w)"
    return re.compile(rf"{start}(?:{_alternatives(phrases)})")


def _mark(words: str) -> re.Pattern[str]:
    """ "Q:", "Q1." or "Question 3)" at the beginning of a line."""
    return re.compile(rf"[\s*_]*(?:{_alternatives(words.split())})\s?\d{{0,3}}[*_]*\s?[:：.)]\s?[*_]*\s*(?=\S)")


def _alternatives(phrases: list[str]) -> str:
    return "|".join(re.escape(fold(phrase)) for phrase in sorted(phrases, key=len, reverse=True)) or r"(?!)"
