"""A text as words, signs and numbers with their places."""

import re
from collections.abc import Iterator
from decimal import Decimal

from msgspec import Struct

from server.chat.answering.grounding.numbers import canonical, readings
from server.chat.answering.grounding.units import currency_of
from server.chat.answering.grounding.vocabulary import WIDE, Number, Vocabulary, is_look_alike, is_wide, vocabulary

_TOKEN = re.compile(r"\d+(?:[.,'’\u00a0\u202f]\d+)*|[^\W\d_]+|[^\s\w]|_")
_THOUSANDS = re.compile(r"\d{3}(?:[.,]\d{1,2})?")
MAX_GROUPS = 4
"""Groups of three figures that a space parts, in one number."""
_SCRIPT = re.compile(f"[{WIDE}]+|[^{WIDE}]+")
_GROUPS = re.compile(r"\d{1,3}(?:\d{3})*")


class Token(Struct):
    """A number, word or sign with its place; `values` for numbers.

    `languages` are those of a number in words, `is_sure` whether it is a number without a unit too.
    """

    text: str
    start: int
    end: int
    values: tuple[str, ...] = ()
    languages: int = 0
    is_sure: bool = True


def read_tokens(folded: str, language: int) -> list[Token]:
    """The tokens of a folded text; number words count as numbers, and what belongs to one number is one token.

    `language` is the bit of the text's language.
    """
    known = vocabulary()
    tokens: list[Token] = []
    for found in _TOKEN.finditer(folded):
        token = Token(found[0], found.start(), found.end())
        if "0" <= token.text[0] <= "9":
            tokens += _number_tokens(token)
        elif is_wide(token.text):
            tokens += _wide_tokens(token, known)
        else:
            tokens.append(token)
    return list(_multiplied(list(_with_words_read(_with_thousands_joined(tokens), known, language)), known))


def _number_tokens(token: Token) -> list[Token]:
    token.values = readings(token.text)
    if token.values:
        return [token]
    parts = []
    for found in re.finditer(r"\d+", token.text):  # "2,3,4" is three numbers
        start = token.start + found.start()
        parts.append(Token(found[0], start, start + len(found[0]), readings(found[0]) or (found[0][:40],)))
    return parts


def _wide_tokens(token: Token, known: Vocabulary) -> Iterator[Token]:
    """The words of a stretch without spaces that are known, and what stands between them."""
    text, place = token.text, 0
    for found in known.wide.finditer(text) if known.wide else ():
        yield from _other_words(token, place, found.start())
        values: tuple[str, ...] = ()
        if found["numeral"] and (value := _numeral(found[0], known)):
            values = (str(value),)
        yield Token(found[0], token.start + found.start(), token.start + found.end(), values, is_sure=False)
        place = found.end()
    yield from _other_words(token, place, len(text))


def _other_words(token: Token, start: int, end: int) -> Iterator[Token]:
    """What stands between known words, letters of other scripts apart: "SEKです" is two words."""
    for found in _SCRIPT.finditer(token.text, start, end):
        yield Token(found[0], token.start + found.start(), token.start + found.end())


def _numeral(signs: str, known: Vocabulary) -> int:
    """The value of a number written with signs: each larger sign multiplies what stands before it."""
    total = part = figure = 0
    for sign in signs[:12]:
        if (value := known.numeral_digits.find(sign)) >= 0:
            figure = figure * 10 + value
            continue
        larger = known.numeral_multipliers[sign]
        if larger < 10_000:
            part, figure = part + (figure or 1) * larger, 0
        else:
            total, part, figure = total + (part + figure or 1) * larger, 0, 0
    return total + part + figure


def _with_thousands_joined(tokens: list[Token]) -> list[Token]:
    """ "1 299,00 €" and "kr 1 299" are one number: a space groups thousands beside a currency."""
    joined: list[Token] = []
    for index, token in enumerate(tokens):
        last = joined[-1] if joined else None
        if (
            last is not None
            and last.values
            and token.values
            and token.start == last.end + 1
            and _THOUSANDS.fullmatch(token.text)
            and _GROUPS.fullmatch(last.text)
            and _is_beside_currency(tokens, index, joined)
        ):
            text = last.text + token.text
            joined[-1] = Token(text, last.start, token.end, readings(text))
        else:
            joined.append(token)
    return joined


def _is_beside_currency(tokens: list[Token], index: int, joined: list[Token]) -> bool:
    before = joined[-2].text if len(joined) > 1 else ""
    following = index + 1
    while (
        following < min(len(tokens), index + MAX_GROUPS)
        and tokens[following].start == tokens[following - 1].end + 1
        and _THOUSANDS.fullmatch(tokens[following].text)
    ):
        following += 1
    after = tokens[following].text if following < len(tokens) else ""
    return any(word and currency_of(word, "EUR") for word in (before, after))


def _with_words_read(tokens: list[Token], known: Vocabulary, language: int) -> Iterator[Token]:
    """Number words become numbers; "twenty-five" and "treinta y cinco" become one."""
    index = 0
    while index < len(tokens):
        token, width = tokens[index], 1
        numbers = () if token.values else known.numbers.get(token.text, ())
        if not numbers:
            yield token
        else:
            number, width = _longest(tokens, index, numbers)
            if number is None:
                yield token
            else:
                last = tokens[index + width - 1]
                text = token.text if width == 1 else f"{token.text} {last.text}"
                words = [token.text, *number.rest]
                is_sure = not all(is_look_alike(word, number.languages, language) for word in words)
                yield Token(text, token.start, last.end, (str(number.value),), number.languages, is_sure)
        index += width


def _longest(tokens: list[Token], index: int, numbers: tuple[Number, ...]) -> tuple[Number | None, int]:
    """The number whose words stand here, and over how many tokens; hyphens between them do not count."""
    following: list[tuple[str, int]] = []
    for offset, token in enumerate(tokens[index + 1 : index + 6], start=1):
        if token.text != "-":
            following.append((token.text, offset))
    for number in numbers:
        words = following[: len(number.rest)]
        if tuple(word for word, _ in words) == number.rest:
            return number, words[-1][1] + 1 if words else 1
    return None, 1


def _multiplied(tokens: list[Token], known: Vocabulary) -> Iterator[Token]:
    """ "two hundred and fifty" and "3千" are one number."""
    index = 0
    while index < len(tokens):
        token, width = tokens[index], 1
        if token.values and index + 1 < len(tokens):
            token, width = _product(tokens, index, known)
        yield token
        index += width


def _product(tokens: list[Token], index: int, known: Vocabulary) -> tuple[Token, int]:
    first, larger = tokens[index], tokens[index + 1]
    is_sign = larger.text in known.numeral_multipliers and larger.start == first.end
    shared = known.multipliers.get(larger.text, 0) & (first.languages or -1)
    if not larger.values or not (is_sign or (shared and larger.is_sure and larger.start == first.end + 1)):
        return first, 1
    factor = int(larger.values[0])
    if not all(_is_smaller(value, factor) for value in first.values):
        return first, 1
    values, last, width = [Decimal(value) * factor for value in first.values], larger, 2
    rest = index + 2
    if rest < len(tokens) and known.and_.get(tokens[rest].text, 0) & shared:
        rest += 1
    if rest < len(tokens) and (added := tokens[rest]).values and (is_sign or added.languages & shared):
        touches = added.start - tokens[rest - 1].end <= (0 if is_sign else 1)
        if touches and _is_smaller(added.values[0], factor):
            values, last, width = [value + Decimal(added.values[0]) for value in values], added, rest - index + 1
    text, languages = f"{first.text} {last.text}", first.languages or larger.languages
    texts = tuple(canonical(value) for value in values)
    return Token(text, first.start, last.end, texts, languages, first.is_sure), width


def _is_smaller(value: str, factor: int) -> bool:
    return len(value) < 8 and float(value) < factor
