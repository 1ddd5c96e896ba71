"""What a message states outright: order number, proof, code, prices, sizes, colours, what is not wanted.

Patterns are bounded, so reading is linear in the length of a message, which is cut at 2,000 characters.
"""

import re
import unicodedata

from msgspec import Struct

from server.chat.answering.reading.context import Expected, expected_of
from server.chat.answering.reading.degrees import find_price_wish, find_superlative
from server.chat.answering.reading.exclusions import read_excluded
from server.chat.answering.reading.models import ASKED, Slots
from server.chat.answering.reading.prices import read_prices
from server.chat.answering.reading.sizes import read_sizes
from server.chat.models import Question
from server.languages.loading import LANGUAGES
from server.languages.matching import Phrases, normalise, words_of
from server.languages.words import Language, language

_LABEL = "[A-Za-z0-9\u00c0-\u024f\u0370-\u04ff-]{1,63}"
"""Of a domain, also in the scripts that part words by spaces."""
_EMAIL = re.compile(rf"[A-Za-z0-9._%+'-]{{1,64}}@{_LABEL}(?:\.{_LABEL}){{1,6}}")
_INVISIBLE = re.compile("[\u00ad\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff]")
"""Marks that programs copy along. Not the zero-width joiners, which scripts need."""
_CODE = r"[a-z]{0,6}-?\d{2,14}(?:-[a-z0-9]{1,6})?"
_NO_WORD = r"(?![a-z\d_@%€$£-]|[.,]\d)"
"""What may follow a number; other scripts write their words without a space."""
_AFTER_HASH = re.compile(r"#\s{0,2}(?P<code>(?:[a-z]{0,6}-?)\d{3,14}(?:-[a-z0-9]{1,6})?)\b")
_BARE = re.compile(rf"(?<![a-z\d_.@#$€£/-])(?P<code>(?:[a-z]{{1,3}}-?)?\d{{4,14}}){_NO_WORD}")
_ONE_TIME_CODE = re.compile(rf"(?<![a-z\d_#.-])\d{{3}}[ -]?\d{{3}}{_NO_WORD}")
_POSTCODE = (
    r"(?P<postcode>\d{5}-\d{4}|\d{5}-\d{3}|\d{3}-\d{4}|\d{2}-\d{3}|[a-z]{1,2}\d[a-z\d]?\s?\d[a-z]{2}|"
    r"[a-z]\d[a-z]\s?\d[a-z]\d|\d{4}\s?[a-z]{2}\b|\d{3}\s\d{2}\b|\d{4,6})"
)
_LEAD = r"\W{0,4}(?:[^\W\d]{1,6}[\s:.#]{1,2}|[^\W\da-z]{1,4})?"
"""What may stand between a word and its number: "order is #12", "番号は12"."""
_NEXT_POSTCODE = re.compile(rf"{_LEAD}{_POSTCODE}(?![a-z\d_])")
_NEXT_CODE = re.compile(rf"{_LEAD}#?(?P<code>{_CODE}){_NO_WORD}")
_POSTCODE_ALONE = re.compile(rf"\W*{_POSTCODE}[\s.!]*")
_CAPITAL = r"[A-ZÀ-ÖØ-ÞĀ-Ž][^\W\d_]{1,30}"
_TOKEN = re.compile(r"[^\W_]+")
_NAME_AFTER = re.compile(rf"\W{{0,3}}(?P<name>{_CAPITAL}(?:[ '’-]{_CAPITAL}){{1,3}})")
SHORT_NUMBER = 3
"""Digits of a number that counts things unless a word says that it is an order's."""
MAX_WORDS_BESIDE_CODE = 3
MAX_FURTHER_ORDERS = 3


class Found(Struct, frozen=True):
    """The slots, and the text without prices and e-mail address, for searching."""

    slots: Slots
    rest: str


def read_slots(question: Question, text: str, normalised: str, words: Language) -> Found:
    """Everything that a message (or one question of it) states. `normalised` is the same text normalised."""
    expected = expected_of(question)
    text, normalised = unicodedata.normalize("NFKC", _INVISIBLE.sub("", text)), _INVISIBLE.sub("", normalised)
    email = _EMAIL.search(text)
    rest = normalised if email is None else normalised.replace(email[0].lower(), " ")
    code = _one_time_code(rest, expected, words)
    unread = rest.replace(code, " ", 1) if code else rest
    postcode = _postcode(unread, expected, words)
    if postcode:
        unread = unread.replace(postcode, " ", 1)
    number = _order_number(unread, expected, words, has_proof=bool(email)) or _in_any_language(unread, expected)
    prices = read_prices(rest, words, question.currency)
    tables, price_wish = words.words, find_price_wish(rest, words)
    slots = Slots(
        order_number=number.upper() if number else None,
        further_orders=_further_orders(unread, number, words) if number else (),
        email=email[0].strip("'.").lower() if email else None,
        postcode=postcode.upper() if postcode else None,
        name=_name(text, words),
        code=re.sub(r"\D", "", code) if code else None,
        price_min=prices.low,
        price_max=prices.high,
        price_near=(prices.low + prices.high) // 2 if prices.is_near and prices.low and prices.high else None,
        cheapest=price_wish == "cheapest",
        dearest=price_wish == "dearest",
        cheaper=price_wish == "cheaper",
        reduced=tables.prices.reduced.found_in(rest),
        in_stock=tables.stock.in_stock.found_in(rest),
        colours=_keys(tables.colours, rest),
        sizes=read_sizes(text, rest, words),
        audience=_keys(tables.audience, rest),
        positions=tuple(int(place) for place, phrases in tables.references.positions.items() if phrases.found_in(rest)),
        excluded=read_excluded(prices.rest, words),
        superlative=find_superlative(rest, words),
        asks=frozenset(name for name in ASKED if getattr(tables.questions, name).found_in(rest)),
    )
    return Found(slots, prices.rest)


def _keys(table: dict[str, Phrases], rest: str) -> tuple[str, ...]:
    return tuple(name for name, phrases in table.items() if phrases.found_in(rest))


def _one_time_code(rest: str, expected: Expected, words: Language) -> str | None:
    found = _ONE_TIME_CODE.search(rest)
    if found is None:
        return None
    orders, beside = words.words.orders, words_of(rest.replace(found[0], " "))
    if orders.code.found_in(orders.postcode.removed_from(rest)):
        return found[0]
    is_alone = len(beside) <= MAX_WORDS_BESIDE_CODE and not orders.order.found_in(rest)
    return found[0] if expected.code and is_alone else None


def _order_number(rest: str, expected: Expected, words: Language, *, has_proof: bool) -> str | None:
    orders = words.words.orders
    for place in orders.order.places(rest):
        after = rest[place.end : place.end + 40]
        has_word = False
        while (named := orders.number.begins(after.lstrip(" .:#"))) is not None:
            after, has_word = after.lstrip(" .:#")[named.end :], True
        found = _NEXT_CODE.match(after)
        if found and (has_word or not _counts(found["code"], after[found.end() :], words)):
            return found["code"]
    if found := _AFTER_HASH.search(rest):
        return found["code"]
    is_place = orders.postcode.found_in(rest) and not (has_proof or expected.proof)
    if not is_place and (has_proof or expected.proof or orders.order.found_in(rest)):
        for found in _BARE.finditer(rest):
            if not _has_unit(rest[found.end() :], words):
                return found["code"]
    return None


def _further_orders(rest: str, number: str, words: Language) -> tuple[str, ...]:
    """The numbers that a comma, a sign or a word for "and" joins to the first."""
    joined = "|".join(re.escape(word) for word in words.words.splitting.and_.phrases if word.isalpha())
    after = re.compile(rf"\s*(?:[,;/&+、،]|(?:{joined})(?![^\W\d]))\s*(?:(?:{joined})\s)?#?(?P<code>{_CODE}){_NO_WORD}")
    found: list[str] = []
    end = rest.find(number) + len(number)
    while len(found) < MAX_FURTHER_ORDERS and (next_one := after.match(rest, end)):
        if sum(map(str.isdigit, next_one["code"])) <= SHORT_NUMBER or _has_unit(rest[next_one.end() :], words):
            break
        found.append(next_one["code"].upper())
        end = next_one.end()
    return tuple(dict.fromkeys(code for code in found if code != number.upper()))


def _in_any_language(rest: str, expected: Expected) -> str | None:
    """The number of a message that says no more than "Bestellnummer: 20417", which tells little of its language."""
    if len(words_of(rest)) > MAX_WORDS_BESIDE_CODE or not any(map(str.isdigit, rest)):
        return None
    found = (_order_number(rest, expected, language(code), has_proof=False) for code in LANGUAGES)
    return next((number for number in found if number), None)


def _counts(number: str, after: str, words: Language) -> bool:
    """Whether a number counts things: "order 12 bottles"."""
    is_short = number.isdigit() and len(number) <= SHORT_NUMBER
    return (is_short and bool(words_of(after[:24]))) or _has_unit(after, words)


def _has_unit(after: str, words: Language) -> bool:
    """Whether a unit or currency begins the text."""
    names = (*words.words.units.values(), *words.words.prices.currencies.values())
    return any(each.begins(after.lstrip()[:24]) for each in names)


def _postcode(rest: str, expected: Expected, words: Language) -> str | None:
    for place in words.words.orders.postcode.places(rest):
        if found := _NEXT_POSTCODE.match(rest, place.end):
            return found["postcode"]
    if expected.postcode and (alone := _POSTCODE_ALONE.fullmatch(rest)):
        return alone["postcode"]
    return None


def _name(text: str, words: Language) -> str | None:
    """A name of at least two words after "my name is"; the text keeps its capitals."""
    tokens = list(_TOKEN.finditer(text))
    plain = [normalise(token[0]) for token in tokens]
    for place in words.words.orders.name_before.places(normalise(text)):
        said = words_of(place.text)
        for start in range(len(plain) - len(said)):
            last = tokens[start + len(said) - 1]
            if plain[start : start + len(said)] == said and (name := _NAME_AFTER.match(text, last.end())):
                return name["name"]
    return None
