"""The folded form of a text, in which words of all languages are compared."""

import unicodedata
from functools import lru_cache

_LETTERS = str.maketrans("ßıłøđىة٫٬٪", "silodيه.,%")
"""What Unicode does not take apart: letters, and the signs of Arabic figures."""


class _Folding(dict[int, str]):
    """Code point to one folded character, filled as characters turn up."""

    def __missing__(self, point: int) -> str:
        folded = _folded(chr(point))
        if len(self) < 4096:
            self[point] = folded
        return folded


def _folded(character: str) -> str:
    figure = unicodedata.decimal(character, None)
    if figure is not None:
        return str(figure)
    base = unicodedata.normalize("NFKD", character)[:1].lower()[:1] or character
    return base.translate(_LETTERS)


@lru_cache(maxsize=1)
def _folding() -> _Folding:
    return _Folding()


def fold(text: str) -> str:
    """Lower case without accents, figures of every script as 0 to 9, character by character: positions stay the same
    ("ß" becomes one "s")."""
    return text.lower() if text.isascii() else text.translate(_folding())
