"""The meaning of columns, by the names that merchants, platforms and feeds use, in several languages."""

import re
from collections.abc import Iterable
from functools import lru_cache
from itertools import pairwise

from msgspec import Struct

from .money import UnreadablePrice, currency_code
from .vocabulary import column_names, private_names


class Column(Struct, frozen=True):
    """A source column. `currency` and `is_minor` are taken from its name and describe the price in it."""

    name: str
    currency: str | None = None
    is_minor: bool = False


class Layout(Struct, frozen=True):
    """The columns of a row by meaning, best first; those of no known meaning are absent."""

    by_target: dict[str, tuple[Column, ...]]
    private: frozenset[str]


def normalise(name: str) -> str:
    """Normalise a column name: "ProductName", "product_name" and "g:Product-Name " are all "product name"."""
    spaced = re.sub(r"(?<=[a-zà-ÿ])(?=[A-Z])", " ", name.strip().removeprefix("g:"))
    return " ".join(re.sub(r"[\W_]+", " ", spaced).lower().split())


@lru_cache(maxsize=4096)
def resolve(names: tuple[str, ...]) -> Layout:
    """Find the meaning of each column name."""
    normal = {name: _known_form(name) for name in names}
    targets: dict[str, list[tuple[int, Column]]] = {}
    for name, plain in normal.items():
        for target, rank, column in _meanings(name, plain):
            targets.setdefault(target, []).append((rank, column))
    by_target = {
        target: tuple(column for _, column in sorted(found, key=lambda pair: pair[0]))
        for target, found in targets.items()
    }
    return Layout(by_target, frozenset(name for name in names if is_private(name)))


@lru_cache(maxsize=1)
def _ranks() -> dict[str, list[tuple[str, int]]]:
    """Normalised synonym to (target, rank) pairs."""
    ranks: dict[str, list[tuple[str, int]]] = {}
    for target, names in column_names().items():
        for rank, name in enumerate(names):
            ranks.setdefault(name, []).append((target, rank))
    return ranks


def _known_form(name: str) -> str:
    """The normalised name; capitals within a word part it ("productName"), unless the whole is known ("MwSt")."""
    plain, unparted = normalise(name), normalise(name.lower())
    return unparted if plain not in _ranks() and unparted in _ranks() else plain


def _meanings(name: str, plain: str) -> Iterable[tuple[str, int, Column]]:
    is_minor = is_minor_name(plain)
    if plain in _ranks():
        return [(target, rank, Column(name, is_minor=is_minor)) for target, rank in _ranks()[plain]]
    words = plain.split()
    if len(words) > 1 and (currency := _currency_in(words)):
        rest = " ".join(word for word in words if word != currency.lower())
        for target in ("price", "sale_price", "compare_at_price"):
            if rest in column_names()[target]:
                return [(target, 50, Column(name, currency=currency, is_minor=is_minor))]
    return []


@lru_cache(maxsize=4096)
def is_private(name: str) -> bool:
    """Whether shoppers must not see a column or field of this name: "_purchase_price", "Cost per item", "meta_data"."""
    plain, known = normalise(name), private_names()
    if name.strip().startswith("_") or plain in known.names or plain.startswith(known.starts):
        return True
    padded = f" {plain} "
    has_word = any(f" {word} " in padded for word in known.words)
    return has_word and not any(word in padded for word in known.public)


@lru_cache(maxsize=4096)
def is_identifier(name: str) -> bool:
    """Whether a column or attribute of this name holds part numbers: "EAN", "oem code"."""
    return any(target == "identifiers" for target, _ in _ranks().get(normalise(name), ()))


def _currency_in(words: list[str]) -> str | None:
    for word in (words[0], words[-1]):
        try:
            return currency_code(word)
        except UnreadablePrice:
            continue
    return None


def is_minor_name(name: str) -> bool:
    """Whether a column of this name holds cents: "price_cents", "price_in_minor_units", "unit_amount"."""
    words = normalise(name).split()
    return any(word in ("cents", "minor", "pence") for word in words) or ("unit", "amount") in set(pairwise(words))
