"""Messages in which nothing can be read: symbols, or keys struck at random."""

import re

_REPEATED = re.compile(r"(.{1,3})\1{4,}")
_ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm", "qwertzuiop", "yxcvbnm", "azertyuiop", "qsdfghjklm", "wxcvbn")
_RUN = 4
_ODD_PAIRS = frozenset(("sd", "df", "fg", "gf", "fd", "hj", "jh", "jk", "kj", "js", "dk"))
ODD_SHARE = 0.4
"""Of a word's pairs: "asdkjh" has 3 odd ones of 5."""
_VOWEL = re.compile("[aeiouyäöüàáâãåèéêëìíîïòóôõùúûýæœøąęıő]")
_CONSONANTS = re.compile("[bcdfghjklmnpqrstvwxz]{6,}")
_SUM = re.compile(r"\W{0,3}(?:\w{1,12}\W*\s+){0,3}?\d+(?:\s?[+*/x×÷^−-]\s?\d+)+[\s=?]*")

_SIDES = re.compile(r"\s*\d+(?:\s?[*x×]\s?\d+){1,2}\W*")


def is_unreadable(text: str) -> bool:
    """Whether no word can be read: empty, symbols only, or every longer word mashed."""
    if not any(character.isalnum() for character in text):
        return True
    longer = [word for word in re.findall(r"[^\W_]+", text.lower()) if len(word) > 2]
    latin = [word for word in longer if word.isascii() and word.isalpha()]
    return bool(longer) and len(latin) == len(longer) and max(map(len, latin)) > 3 and all(map(_is_mashed, latin))


def is_sum(text: str) -> bool:
    """Whether it is nothing but arithmetic; "75*72" are the sides of a thing."""
    return bool(_SUM.fullmatch(text)) and not _SIDES.fullmatch(text)


def _is_mashed(word: str) -> bool:
    return bool(
        _is_row(word)
        or _CONSONANTS.search(word)
        or _REPEATED.search(word)
        or (len(word) > 4 and not _VOWEL.search(word))
        or _odd_share(word) >= ODD_SHARE
    )


def _is_row(word: str) -> bool:
    """Whether four keys of a row stand in a word, or the word is three of them."""
    runs = {word[start : start + _RUN] for start in range(len(word) - _RUN + 1)}
    return any(run in row or run in row[::-1] for run in runs for row in _ROWS) or (
        len(word) < _RUN + 1 and any(word in row for row in _ROWS)
    )


def _odd_share(word: str) -> float:
    """The share of pairs that are neighbours on the keyboard and rare in words."""
    pairs = [word[start : start + 2] for start in range(len(word) - 1)]
    return sum(pair in _ODD_PAIRS for pair in pairs) / max(len(pairs), 1)
