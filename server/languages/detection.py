"""Which of Aisle's languages a conversation is in: by its letters, its small words and a model of letter triples.

The page's locale is what a first message is held against; later ones are held against the language of the
conversation, more strongly once the shopper has written something that shows it. All three kinds of evidence are log
odds, so a language changes when the evidence for another outweighs what speaks for the present one.
"""

import math
import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache

from lingua import IsoCode639_1, LanguageDetector, LanguageDetectorBuilder
from lingua import Language as LinguaLanguage
from msgspec import Struct

from server.languages.loading import FOLDER, LANGUAGES, language_of_locale, load_records

__all__ = [
    "LANGUAGES",
    "detect_language",
    "find_language_request",
    "language_of",
    "language_of_locale",
    "load_detection",
    "locale_in_language",
]

PAGE_PRIOR = 1.75
"""What the locale of the page is worth, in nats: a little less than one word that only another language has."""
CONVERSATION_PRIOR = 5.6
"""What a language that the shopper has written in is worth: more than any three words say."""
LIMIT_PER_WORD = 1.85
"""The most that a text says for one language, for each of its words."""
MODEL_UNSURE_WORDS = 2
MODEL_LIMIT_PER_WORD = 2.0
MODEL_LIMIT = 5.5
"""The most that letter triples say: nothing for two words, where they are as often wrong as right ("camera bag" is
Italian to them), and never so much that a product's long name changes a conversation. Chosen with the other figures on
`messages.toml` of the tests, and on 1,617 English questions and queries, of which 98.6 % stay English."""
NAME_WEIGHT = 0.5
"""What a small word is worth in a text that is written like a name: "The North Face" says less than "Guten Tag"."""
LONG_WORD = 4
"""Letters from which on a word of a glossary counts; shorter ones are often words of other languages too."""
OWN_LETTERS = 0.3
"""The share of letters from which a text is in the language they belong to, whatever else stands in it."""
SHORT_REQUEST = 2
"""Up to so many words, a clause asks for a language only by itself or politely: not so "a novel, in French"."""
MAX_CHARACTERS = 1000

_ADDRESS = re.compile(r"\S{1,64}@\S{1,190}|https?://\S{1,500}")
_WITH_DIGIT = re.compile(r"\S{0,40}\d\S{0,40}")
_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_CLAUSES = re.compile(r"[.,;:!?…¿¡。、！？،؟\n()–—\"“”„«»「」]+")


class LanguageData(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`language.toml`: the country that stands for a language, and how it is recognised."""

    country: str
    letters: tuple[str, ...]
    names: tuple[str, ...]
    requests: tuple[str, ...]
    polite: tuple[str, ...]
    words: tuple[str, ...]


LANGUAGE_DATA = load_records("language.toml", LanguageData)


def language_of(text: str, locale: str, earlier: Sequence[str] = ()) -> str:
    """The language of a message in its conversation: `earlier` are the shopper's messages before it, oldest first.

    It stays until the shopper asks for another one or writes a sentence in it: names, numbers, addresses and a few
    words do not change it.
    """
    language, prior = language_of_locale(locale), PAGE_PRIOR
    for said in (*earlier, text):
        if requested := find_language_request(said):
            language, prior = requested, CONVERSATION_PRIOR
        else:
            language, prior = _next_language(said, language, prior)
    return language


def detect_language(text: str, locale: str, prior: float = PAGE_PRIOR) -> str:
    """The language of a text by itself. Without a clue it is the locale's, which counts `prior` nats."""
    return _next_language(text, language_of_locale(locale), prior)[0]


def find_language_request(text: str) -> str | None:
    """The language that a message asks to go on in ("in English, please"), where it does so in a clause of its own."""
    clauses = [_normalised(part) for part in _CLAUSES.split(text[:MAX_CHARACTERS])]
    meant = [(clause, plain) for clause in clauses if (plain := _without_polite(clause))]
    for clause, plain in meant:
        is_clear = len(meant) == 1 or clause != plain or len(plain.split()) > SHORT_REQUEST
        if is_clear and (language := _find_requested_language(plain)):
            return language
    return None


def locale_in_language(locale: str, language: str) -> str:
    """The shopper's region where it speaks the reply's language: en-GB writes dates otherwise than en-US."""
    parts = locale.replace("_", "-").split("-")
    is_plain = len(parts) == 2 and len(parts[1]) == 2 and parts[1].isalpha()
    return f"{language}-{parts[1].upper()}" if is_plain and parts[0].lower() == language else language


def load_detection() -> None:
    """Load what recognises languages: 0.4 s and 30 MB. Without it the first message does so."""
    _detector(), _word_weights(), _names(), _requests(), _polite()


@lru_cache(maxsize=1)
def _detector() -> LanguageDetector:
    """The model of letter triples of all languages.

    Its larger models take 390 MB and seven seconds to load, and beside the small words they find no more: of 312
    sentences on a page of another language 98.8 % are recognised with them, 98.5 % without.
    """
    known = [LinguaLanguage.from_iso_code_639_1(IsoCode639_1.from_str(language.upper())) for language in LANGUAGES]
    builder = LanguageDetectorBuilder.from_languages(*known)
    return builder.with_low_accuracy_mode().with_preloaded_language_models().build()


def _next_language(text: str, language: str, prior: float) -> tuple[str, float]:
    """The language after a message, and what it is worth against the next one."""
    evidence = _evidence(text)
    scores = {each: evidence.get(each, 0.0) + (prior if each == language else 0.0) for each in LANGUAGES}
    found = max(LANGUAGES, key=lambda each: scores[each])
    others = max((evidence.get(each, 0.0) for each in LANGUAGES if each != found), default=0.0)
    shown = max(evidence.get(found, 0.0) - others, 0.0)
    kept = prior if found == language else PAGE_PRIOR
    return found, min(kept + shown, CONVERSATION_PRIOR)


def _evidence(text: str) -> dict[str, float]:
    """What a text says for each language, in nats."""
    text = unicodedata.normalize("NFC", text[:MAX_CHARACTERS])
    text = _ADDRESS.sub(" ", text).replace("İ", "i")
    if language := _language_of_letters(text):
        return {language: math.inf}
    without_digits = _WITH_DIGIT.sub(" ", text)
    found = _WORD.findall(without_digits)
    # one capital beside a number, such as "Fell 2", is a name as well
    is_name = _is_name(found) or (len(found) == 1 and without_digits != text and found[0][0].isupper())
    text = without_digits
    evidence = _by_letters(text, len(found)) if found and not is_name else {}
    said = {word.lower().replace("’", "'") for word in found}
    letters = {letter for letter in "".join(said) if not letter.isascii()}
    for word in said | letters:
        for language, weight in _word_weights().get(word, {}).items():
            evidence[language] = evidence.get(language, 0.0) + weight * (NAME_WEIGHT if is_name else 1)
    return {language: min(weight, LIMIT_PER_WORD * len(found)) for language, weight in evidence.items()}


def _is_name(words: list[str]) -> bool:
    """Whether words are written like a name: two or more with capitals, such as "The North Face", and no other."""
    long = [word for word in words if len(word) > 2]
    return len(words) > 1 and not all(map(str.isupper, long)) and all(word != word.lower() for word in long)


def _language_of_letters(text: str) -> str | None:
    """The language whose own letters a text has, such as kana."""
    names = [_name_of(character) for character in text if character.isalpha()]
    for language, letters in _own_letters().items():
        if sum(name.startswith(letters) for name in names) > OWN_LETTERS * len(names):
            return language
    return None


@lru_cache(maxsize=1)
def _own_letters() -> dict[str, tuple[str, ...]]:
    """The kinds of letters that one language alone has."""
    kinds = Counter(kind for data in LANGUAGE_DATA.values() for kind in data.letters)
    return {
        language: data.letters
        for language, data in LANGUAGE_DATA.items()
        if all(kinds[kind] == 1 for kind in data.letters)
    }


def _by_letters(text: str, words: int) -> dict[str, float]:
    """What the triples of letters say, at most the limit."""
    limit = min(MODEL_LIMIT, MODEL_LIMIT_PER_WORD * (words - MODEL_UNSURE_WORDS))
    if limit <= 0:
        return {}
    floor = math.exp(-limit)
    values = _detector().compute_language_confidence_values(text)
    return {
        value.language.iso_code_639_1.name.lower(): limit + math.log(max(value.value, floor))
        for value in values
        if value.value > floor
    }


@lru_cache(maxsize=1)
def _word_weights() -> dict[str, dict[str, float]]:
    """What each small word is worth for the languages that have it: less for one that several have."""
    having: dict[str, set[str]] = {}
    for language, data in LANGUAGE_DATA.items():
        for word in " ".join(data.words).split():
            having.setdefault(word, set()).add(language)
            if len(word) > 1:
                having.setdefault(_plain(word), set()).add(language)
    glossaries = {language: _words_of_glossary(language) for language in LANGUAGES}
    counts = Counter(word for words in glossaries.values() for word in words)
    for language, words in glossaries.items():
        having |= {word: {language} for word in words if counts[word] == 1 and word not in having}
    return {
        word: dict.fromkeys(languages, math.log(len(LANGUAGES) / len(languages))) for word, languages in having.items()
    }


def _words_of_glossary(language: str) -> set[str]:
    """The longer single words of a language's glossary that are no English words as well: what shops sell and say. Of
    them those count that no other language has."""
    path = FOLDER / language / "glossary.tsv"
    lines = path.read_text("utf-8").splitlines() if path.is_file() else []
    entries = [line.partition("\t") for line in lines]
    english = {word for meaning, _, _ in entries for word in meaning.lower().split()}
    words = {word for _, _, given in entries for word in given.split() if len(word) >= LONG_WORD and "_" not in word}
    return words - english


def _find_requested_language(clause: str) -> str | None:
    for name, language in _names().items():
        if name in clause and clause.replace(name, "{language}", 1) in _requests():
            return language
    return None


@lru_cache(maxsize=1)
def _names() -> dict[str, str]:
    """The languages by their names, the longest name first."""
    named = ((_normalised(name), language) for language, data in LANGUAGE_DATA.items() for name in data.names)
    return dict(sorted(named, key=lambda entry: -len(entry[0])))


@lru_cache(maxsize=1)
def _requests() -> frozenset[str]:
    """How a language is asked for, with "{language}" in the place of its name."""
    requests = (request for data in LANGUAGE_DATA.values() for request in data.requests)
    return frozenset({"{language}", *(_without_polite(_normalised(request)) for request in requests)})


@lru_cache(maxsize=1)
def _polite() -> tuple[str, ...]:
    words = {_normalised(word) for data in LANGUAGE_DATA.values() for word in data.polite}
    return tuple(sorted(words, key=len, reverse=True))


def _without_polite(clause: str) -> str:
    """A clause without its polite words."""
    padded = f" {clause} "
    for word in _polite():
        padded = padded.replace(f" {word} ", " ")
    return padded.strip()


def _normalised(text: str) -> str:
    """In small letters without accents, with one space between words."""
    return " ".join(_plain(text.lower().replace("’", "'")).split())


def _plain(word: str) -> str:
    parts = unicodedata.normalize("NFD", word.replace("ı", "i").replace("ł", "l"))
    return unicodedata.normalize("NFC", "".join(part for part in parts if not "\u0300" <= part <= "\u036f"))


@lru_cache(maxsize=4096)
def _name_of(character: str) -> str:
    return unicodedata.name(character, "")
