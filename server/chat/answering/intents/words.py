"""Words of a text in a form in which they can be compared: folded, stemmed, without the empty ones."""

import re
import unicodedata
from functools import lru_cache

_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)?")
_SUFFIXES = ("ings", "ing", "edly", "ed", "ies", "es", "s", "e")
_MAX_CHARACTERS = 20_000
_IRREGULAR = {
    "knives": "knif", "shelves": "shelf", "scarves": "scarf", "leaves": "leaf", "children": "child", "feet": "foot",
    "cancelled": "cancel", "cancelling": "cancel", "cancellation": "cancel", "damaged": "damag", "broken": "damag",
    "cracked": "damag", "torn": "damag", "ripped": "damag", "smashed": "damag",
}  # fmt: skip


def word_set(text: str) -> frozenset[str]:
    """The words of a list written as running text."""
    return frozenset(text.split())


STOP_WORDS = word_set(
    "a an the this that these those it its they them their is are was were be been am do does did done "
    "have has had i me my we us our you your he she his her to of in on at for from by with and or but if "
    "so as than then there here what which who whom when where why how can could will would shall should "
    "may might must just also too very not no yes any some all please tell show give get got want need "
    "know about there's i'm it's what's hi hello hey thanks thank ok okay one ones like make makes "
    "let lets le la les un une des du de d l et ou est sont avec pour dans sur que qui quel quelle quels "
    "quelles je tu il elle nous vous ils elles mon ma mes ton votre vos ce cette ces ai as avez avoir "
    "etre ne pas plus se sa son au aux en y der die das den dem ein eine einen einem einer und oder ist "
    "sind mit fur in im auf von zu zum zur ich du er sie wir ihr mein meine meinen dein euer eure haben "
    "habe hat hast wie was wo wann warum nicht kein keine es man el los las un una unos unas y o es son "
    "con para en por que quien cual yo tu usted nosotros mi mis su sus lo hay tiene tienen tienes este "
    "esta estos estas se no si al del kann konnen konnt konnte mochte gibt bei ob dass diese dieser dieses diesen "
    "welche welcher welches welchen euch uns auch noch denn mal sehr puis peux peut pouvez cela ca c'est est-ce suis "
    "veux veut voudrais aimerais mochte will wollen brauche quiero quisiera necesito "
    "etes moi toi lui leur tres aussi puedo puede pueden podria estan ser muy tambien"
)
"""Words that carry no subject, folded, of the four languages."""


class _Folding(dict[int, str]):
    """Code point to one folded character, filled as characters turn up."""

    def __missing__(self, point: int) -> str:
        character = chr(point)
        base = "s" if character == "ß" else unicodedata.normalize("NFKD", character)[:1].lower()[:1]
        folded = base or character
        if len(self) < 4096:
            self[point] = folded
        return folded


@lru_cache(maxsize=1)
def _folding() -> _Folding:
    return _Folding()


def fold(text: str) -> str:
    """Lower case without accents, character by character: positions stay the same ("ß" becomes one "s")."""
    return text.lower() if text.isascii() else text.translate(_folding())


def words(text: str) -> list[str]:
    """The folded words of a text, in order; apostrophes of a word stay."""
    return _WORD.findall(fold(text[:_MAX_CHARACTERS]).replace("’", "'"))


@lru_cache(maxsize=16_384)
def stem(word: str) -> str:
    """A crude stem of a folded word: enough that "returns", "returned" and "return" meet."""
    word = word.split("'")[0] if len(word.split("'")[0]) > 1 else word
    if word.isdecimal() or len(word) < 4:
        return word
    if word in _IRREGULAR:
        return _IRREGULAR[word]
    for suffix in _SUFFIXES:
        if word.endswith(suffix) and len(word) - len(suffix) >= 3 and not word.endswith("ss"):
            return _undouble(_without_n(word[: -len(suffix)] + ("y" if suffix == "ies" else "")))
    return _undouble(_without_n(word))


def _without_n(stemmed: str) -> str:
    """German plurals end so, and what is left of "returns" must meet what is left of "return"."""
    return stemmed[:-1] if stemmed.endswith("n") and len(stemmed) > 4 else stemmed


def _undouble(stemmed: str) -> str:
    """ "shipp" -> "ship", and "carry" and "carri" meet."""
    if len(stemmed) > 4 and stemmed[-1] == stemmed[-2] and stemmed[-1] not in "aeiouls":
        return stemmed[:-1]
    return stemmed.removesuffix("e") if len(stemmed) > 4 else stemmed


def content_words(text: str) -> list[str]:
    """Folded words that carry the subject, in order, each once."""
    return list(dict.fromkeys(word for word in words(text) if word not in STOP_WORDS))


def stems(text: str) -> list[str]:
    """Stems of the content words, in order, each once."""
    return list(_stems(text))


@lru_cache(maxsize=2048)
def _stems(text: str) -> tuple[str, ...]:
    """ExpiringCache: the sentences and titles of a catalog come again with every question."""
    return tuple(dict.fromkeys(stem(word) for word in content_words(text)))
