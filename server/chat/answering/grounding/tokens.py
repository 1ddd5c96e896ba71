"""A text as words, signs and numbers with their places."""

import re
from collections.abc import Iterator

from msgspec import Struct

from server.chat.answering.grounding.numbers import number_words, readings
from server.chat.answering.grounding.units import currency_of

_TOKEN = re.compile(r"\d+(?:[.,'’\u00a0\u202f]\d+)*|[^\W\d_]+|[^\s\w]|_")


class Token(Struct):
    """A number, word or sign with its place; `values` for numbers."""

    text: str
    start: int
    end: int
    values: tuple[str, ...] = ()
    in_words: bool = False


def read_tokens(folded: str) -> list[Token]:
    """The tokens of a folded text; number words count as numbers, and what belongs to one number is one token."""
    tokens: list[Token] = []
    for found in _TOKEN.finditer(folded):
        token = Token(found[0], found.start(), found.end())
        if token.text[0].isdigit():
            tokens += _number_tokens(token)
        else:
            tokens.append(token)
    return list(_with_words_read(_with_thousands_joined(tokens)))


def _number_tokens(token: Token) -> list[Token]:
    token.values = readings(token.text)
    if token.values:
        return [token]
    parts = []
    for found in re.finditer(r"\d+", token.text):  # "2,3,4" is three numbers
        start = token.start + found.start()
        parts.append(Token(found[0], start, start + len(found[0]), readings(found[0]) or (found[0][:40],)))
    return parts


def _with_thousands_joined(tokens: list[Token]) -> list[Token]:
    """ "1 299,00 €" is one number: a space groups thousands where a currency follows."""
    joined: list[Token] = []
    for index, token in enumerate(tokens):
        last = joined[-1] if joined else None
        if (
            last is not None
            and last.text.isdecimal()
            and len(last.text) <= 3
            and token.start == last.end + 1
            and re.fullmatch(r"\d{3}(?:[.,]\d{1,2})?", token.text)
            and index + 1 < len(tokens)
            and currency_of(tokens[index + 1].text, "EUR")
        ):
            text = last.text + token.text
            joined[-1] = Token(text, last.start, token.end, readings(text))
        else:
            joined.append(token)
    return joined


def _with_words_read(tokens: list[Token]) -> Iterator[Token]:
    """Number words become numbers; "twenty-five" and "treinta y cinco" become one."""
    known = number_words()
    index = 0
    while index < len(tokens):
        token, value, width = tokens[index], known.get(tokens[index].text), 1
        if value is None:
            yield token
        else:
            for length, join in ((3, "-"), (2, "-")):
                parts = tokens[index : index + length]
                middle_fits = length == 2 or (len(parts) == 3 and parts[1].text in ("-", "y", "et"))
                combined = known.get(f"{parts[0].text}{join}{parts[-1].text}") if len(parts) == length else None
                if combined is not None and middle_fits:
                    value, width = combined, length
                    break
            last = tokens[index + width - 1]
            text = token.text if width == 1 else f"{token.text} {last.text}"
            yield Token(text, token.start, last.end, (str(value),), in_words=True)
        index += width
