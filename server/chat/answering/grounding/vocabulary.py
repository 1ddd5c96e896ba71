"""The words of all languages by which figures are read, in the form in which they are looked up.

A text's language is not known for sure, so all are read together. Every word knows the languages it belongs to, as the
bits of an integer: words that make a figure only together (an article and its unit) must share one.
"""

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache

from msgspec import Struct

from server.chat.languages.figures import MASTER, LanguageFigures, NumberWords, load_figures, load_units
from server.chat.languages.folding import fold

MAX_PHRASE_WORDS = 3

WIDE = "\u3005-\u3007\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uff66-\uff9f"
"""The characters of scripts that put no space between words, for use in a class of a pattern."""
_IS_WIDE = re.compile(f"[{WIDE}]")
_PART = re.compile(r"[^\W\d_]+|[^\s\w-]|\d+")


class Unit(Struct, frozen=True):
    """What a word beside a figure means: duration, measure, percent or money (`unit` is empty for the shop's own)."""

    kind: str
    unit: str
    factor: str
    languages: int


class Number(Struct, frozen=True):
    """A number in words: the words after its first, its value, its languages."""

    rest: tuple[str, ...]
    value: int
    languages: int


class Vocabulary(Struct, frozen=True, kw_only=True):
    """Everything is folded; the words of a phrase are joined by one space, hyphens are left out."""

    units: dict[str, tuple[Unit, ...]]
    duals: dict[str, tuple[Unit, ...]]
    dual_starts: frozenset[str]
    numbers: dict[str, tuple[Number, ...]]
    """By the first word, the longest first."""
    multipliers: dict[str, int]
    """Number words that the number before them multiplies, to their languages."""
    look_alikes: dict[str, int]
    one: dict[str, int]
    one_after: dict[str, int]
    articles: dict[str, int]
    alone: dict[str, int]
    within: dict[str, int]
    fillers: dict[str, int]
    ranges: dict[str, int]
    and_: dict[str, int]
    percent_before: dict[str, int]
    only_touching: frozenset[str]
    ordinals: frozenset[str]
    currencies: dict[str, str]
    shared_currencies: dict[str, list[str]]
    codes_in_capitals: frozenset[str]
    numeral_digits: str
    numeral_multipliers: dict[str, int]
    wide: re.Pattern[str] | None
    """Cuts a stretch of a script without spaces into the words that are known here, and the rest."""
    idioms: re.Pattern[str]
    small_words: frozenset[str]
    """Words that are read as units and are common words elsewhere: no unit after a name that ends in a figure."""
    idiom_starts: frozenset[str]
    triggers: frozenset[str]
    """A text without figures in which none of these words stands has no number."""
    ones: frozenset[str]
    """Words that count as one beside one of `duration_starts`."""
    duration_starts: frozenset[str]
    unit_starts: frozenset[str]
    languages: tuple[str, ...]


def bit_of(language: str | None) -> int:
    """The bit of a language, that of `MASTER` for one that is not known."""
    languages = vocabulary().languages
    return 1 << languages.index(language if language in languages else MASTER)


def is_wide(text: str) -> bool:
    """Whether a text has characters of a script without spaces."""
    return not text.isascii() and _IS_WIDE.search(text) is not None


def is_look_alike(word: str, languages: int, language: int) -> bool:
    """Whether a word of these languages may be an ordinary one in a text whose language has this bit: it is one there,
    or in a third language, while it is a number only elsewhere."""
    ordinary = vocabulary().look_alikes.get(word, 0)
    return bool(ordinary) and not (language & languages and not language & ordinary)


def phrase(text: str) -> str:
    """A word or phrase as it is looked up."""
    return " ".join(_PART.findall(fold(text)))


def alternatives(words: Iterable[str]) -> str:
    """A pattern for any of the words, the longest first; one that never matches for none."""
    return "|".join(map(re.escape, sorted(set(words), key=lambda word: (-len(word), word)))) or r"(?!)"


def _with_hyphens(words: Iterable[str]) -> str:
    return alternatives(words).replace(r"\ ", r"[\s-]")


@lru_cache(maxsize=1)
def vocabulary() -> Vocabulary:
    """The words of every language. Read once."""
    languages = load_figures()
    common = load_units()
    bits = {language: 1 << index for index, language in enumerate(languages)}
    every = (1 << len(languages)) - 1

    def words(name: str) -> dict[str, int]:
        found: dict[str, int] = {}
        for language, figures in languages.items():
            for word in _spellings(getattr(figures.numbers, name), figures):
                found[word] = found.get(word, 0) | bits[language]
        return found

    units = _Units()
    duals = _Units()
    for name, signs in common.signs.items():
        units.add(signs, common.units[name], every)
    for language, figures in languages.items():
        for name, names in figures.units.items():
            units.add(_spellings(names, figures), common.units[name], bits[language])
        for name, names in figures.duals.items():
            duals.add(_spellings(names, figures), common.units[name], bits[language])
    numbers, multipliers = _numbers(languages, bits)
    one, articles, alone, one_after = words("one"), words("articles"), words("alone"), words("one_after")
    within, fillers, ranges, idioms = words("within"), words("fillers"), words("ranges"), words("idioms")
    wide_words = {word for word in (*units.found, *ranges, *idioms, *_currencies(languages)) if is_wide(word)}
    numerals = [figures.numerals for figures in languages.values() if figures.numerals]
    digits = "".join(each.digits for each in numerals)
    numeral_multipliers = {sign: value for each in numerals for sign, value in each.multipliers.items()}
    return Vocabulary(
        units=units.tuples(),
        duals=duals.tuples(),
        dual_starts=frozenset(word.split()[0] for word in duals.found),
        numbers=numbers,
        multipliers=multipliers,
        look_alikes=words("look_alikes"),
        one=one,
        one_after=one_after,
        articles=articles,
        alone=alone,
        within=within,
        fillers=fillers,
        ranges=ranges | dict.fromkeys(("-", "–", "—", "~", "x", "×", "/"), every),
        and_=words("and_"),
        percent_before=words("percent_before") | dict.fromkeys(common.reading.percent_before, every),
        only_touching=frozenset(common.reading.only_touching),
        ordinals=frozenset(fold(word) for figures in languages.values() for word in figures.dates.ordinals),
        currencies={fold(sign): code for sign, code in common.currency_signs.items()}
        | {code.lower(): code for code in common.currency_codes.codes}
        | _currencies(languages),
        shared_currencies=common.shared_currencies,
        codes_in_capitals=frozenset(common.reading.codes_in_capitals),
        numeral_digits=digits,
        numeral_multipliers=numeral_multipliers,
        wide=_wide_pattern(wide_words, digits + "".join(numeral_multipliers)),
        idioms=re.compile(rf"\b(?:{_with_hyphens(word for word in idioms if not is_wide(word))})\b"),
        idiom_starts=frozenset(word.split()[0] for word in idioms),
        small_words=frozenset((*one, *articles, *within, *fillers, *ranges, *common.reading.only_touching)),
        triggers=frozenset((*numbers, *(word.split()[0] for word in duals.found))),
        ones=frozenset((*one, *one_after, *articles, *alone)),
        unit_starts=frozenset(word.split()[0] for word in units.found),
        duration_starts=frozenset(
            word.split()[0] for word, each in units.found.items() if any(kind == "duration" for kind, _, _ in each)
        ),
        languages=tuple(languages),
    )


class _Units:
    """Phrase to its meanings, one for each kind, unit and factor."""

    def __init__(self) -> None:
        self.found: dict[str, dict[tuple[str, str, str], int]] = {}

    def add(self, words: Iterable[str], meaning: tuple[str, str, str], bits: int) -> None:
        for word in words:
            meanings = self.found.setdefault(phrase(word), {})
            meanings[meaning] = meanings.get(meaning, 0) | bits

    def tuples(self) -> dict[str, tuple[Unit, ...]]:
        return {
            word: tuple(Unit(*meaning, languages) for meaning, languages in meanings.items())
            for word, meanings in self.found.items()
        }


def _spellings(words: Iterable[str], figures: LanguageFigures) -> Iterator[str]:
    """Each word as it is looked up, alone and with what the language may write in front of it."""
    for word in words:
        yield phrase(word)
        yield from (phrase(prefix + word) for prefix in figures.prefixes)


def _currencies(languages: dict[str, LanguageFigures]) -> dict[str, str]:
    return {
        name: code
        for figures in languages.values()
        for code, names in figures.currencies.items()
        for name in _spellings(names, figures)
    }


def _numbers(
    languages: dict[str, LanguageFigures], bits: dict[str, int]
) -> tuple[dict[str, tuple[Number, ...]], dict[str, int]]:
    """Number words by their first word, and those of them that multiply."""
    values: dict[tuple[str, int], int] = {}
    multipliers: dict[str, int] = {}
    for language, figures in languages.items():
        ones = {word for name in ("one", "articles") for word in _spellings(getattr(figures.numbers, name), figures)}
        for text, value in _values(figures.numbers):
            for word in _spellings((text,), figures):
                if word and word not in ones:
                    values[word, value] = values.get((word, value), 0) | bits[language]
        for text in figures.numbers.larger:
            multipliers[phrase(text)] = multipliers.get(phrase(text), 0) | bits[language]
    found: dict[str, list[Number]] = {}
    for (text, value), known in values.items():
        first, *rest = text.split()
        found.setdefault(first, []).append(Number(tuple(rest), value, known))
    return {
        word: tuple(sorted(each, key=lambda number: -len(number.rest))) for word, each in found.items()
    }, multipliers


def _values(numbers: NumberWords) -> Iterator[tuple[str, int]]:
    """Every number word or phrase of a language with its value."""
    low = [forms.split("/") for forms in numbers.below_twenty.split()]
    tens = [forms.split("/") for forms in numbers.tens.split()]
    yield from ((word, value) for value, forms in enumerate(low) for word in forms)
    for index, forms in enumerate(tens):
        for ten in forms:
            yield ten, 20 + 10 * index
            for pattern in numbers.compounds:
                for value, ones in enumerate(low[1:10], start=1):
                    yield from ((pattern.format(ten=ten, one=one), 20 + 10 * index + value) for one in ones)
    for base, least in numbers.bases.items():
        for pattern in numbers.compounds:
            yield from (
                (pattern.format(ten=base, one=one), least + value)
                for value, forms in enumerate(low[1:], start=1)
                for one in forms
                if least + value not in range(1, 10) and value < 20
            )
    for pattern in numbers.hundreds:
        if " " not in pattern:  # "zweihundertneunundachtzig"
            rest = [(word, value) for word, value in _below_hundred(low, tens, numbers.compounds) if value]
            for hundreds, ones in enumerate(low[1:10], start=1):
                yield from (
                    (pattern.format(one=one) + word, 100 * hundreds + value) for one in ones for word, value in rest
                )
        yield from ((pattern.format(one=one), 100 * value) for value, ones in enumerate(low[1:10], 1) for one in ones)
    yield from numbers.larger.items()
    yield from numbers.more.items()


def _below_hundred(low: list[list[str]], tens: list[list[str]], compounds: list[str]) -> Iterator[tuple[str, int]]:
    yield from ((word, value) for value, forms in enumerate(low) for word in forms)
    for index, forms in enumerate(tens):
        for ten in forms:
            yield ten, 20 + 10 * index
            for pattern in compounds:
                for value, ones in enumerate(low[1:10], start=1):
                    yield from ((pattern.format(ten=ten, one=one), 20 + 10 * index + value) for one in ones)


def _wide_pattern(words: Iterable[str], numerals: str) -> re.Pattern[str] | None:
    known = set(words)
    if not known:
        return None
    numeral = f"(?P<numeral>[{re.escape(numerals)}]+)" if numerals else "(?P<numeral>(?!))"
    return re.compile(f"(?P<word>{alternatives(known)})|{numeral}")
