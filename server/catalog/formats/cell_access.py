"""Access to the cells of a row by meaning, and to those that no meaning has used."""

from collections.abc import Iterator, Mapping
from datetime import UTC, tzinfo
from typing import Any
from urllib.parse import quote

from msgspec import Struct

from integrations.platform import Money

from .columns import Column, Layout, is_minor_name, normalise, resolve
from .field_values import is_damaged_code, is_empty, parse_url, render_text
from .mapping import Source
from .money import UnreadablePrice, currency_code, parse_minor, parse_money
from .row_result import Record

_ONE_VOICE = frozenset(("status", "hidden"))
"""Meanings of which a `--map` rule replaces all columns."""


class Context(Struct, frozen=True):
    """What applies to a whole file: the shop's currency, the merchant's `--map` rules, the zone of times that name
    none, and the storefront's address, under which the pages of products are."""

    currency: str
    sources: tuple[Source, ...] = ()
    zone: tzinfo = UTC
    storefront_url: str | None = None

    def page_url(self, path: str) -> str | None:
        """The address of a page of the storefront, from its path; None where the storefront's address is not known.
        A path that is an address already is returned as it is."""
        if found := parse_url(path):
            return found
        if not self.storefront_url or not path.strip("/ "):
            return None
        return parse_url(f"{self.storefront_url.rstrip('/')}/{quote(path.strip().lstrip('/'), safe='/%?=&.-_~')}")


def with_mapped(fields: dict[str, Any], record: Record, context: Context) -> dict[str, Any]:
    """Fields made of a record, and beside them the cells that `--map` rules name, so that the rules find them."""
    named = {source.path for source in context.sources if source.constant is None}
    return fields | {path: record.fields[path] for path in named if path in record.fields}


class Cells:
    """The cells of one row. A cell that is read by meaning counts as used and is not part of `rest`."""

    def __init__(self, fields: Mapping[str, object], context: Context) -> None:
        self._fields = fields
        self._context = context
        self.zone = context.zone
        self._layout: Layout = resolve(tuple(fields))
        self._used: set[str] = set()
        self._mapped = {source.target: source for source in context.sources}
        for source in context.sources:
            self._used.add(source.path)

    def first(self, target: str) -> Any:
        """The value of the best filled column of this meaning, or None."""
        return self._find(target)[1]

    def first_id(self) -> tuple[str, str]:
        """(the first filled id that no spreadsheet has damaged, the first damaged one); "" for none."""
        damaged = ""
        while (value := render_text(self.first("id"))) and is_damaged_code(value):
            damaged = damaged or value
            if "id" in self._mapped:
                return "", damaged
        return value, damaged

    def every(self, target: str) -> list[tuple[str, Any]]:
        """(column, value) of all filled columns of this meaning that are not used yet."""
        found = []
        if target in self._mapped:
            found.append((target, self._mapped[target].value(self._fields)))
        for column in () if target in self._mapped and target in _ONE_VOICE else self._columns(target):
            found.append((column.name, self._fields[column.name]))
            self._used.add(column.name)
        return [(name, value) for name, value in found if not is_empty(value)]

    def is_mapped(self, target: str) -> bool:
        """Whether a `--map` rule gives this meaning."""
        return target in self._mapped

    def peek(self, target: str) -> Any:
        """Like `first`, but reads used columns too and marks none as used."""
        if target in self._mapped:
            return self._mapped[target].value(self._fields)
        columns = self._layout.by_target.get(target, ())
        return next((value for column in columns if not is_empty(value := self._fields[column.name])), None)

    def money(self, target: str, currency: str) -> Money | None:
        """The price in this row, or None when there is none. Raises UnreadablePrice."""
        column, value = self._find(target)
        try:
            if isinstance(value, dict):
                return _money_object(value, currency)
            if column and column.is_minor:
                return parse_minor(value, column.currency or currency)
            return parse_money(value, column.currency or currency if column else currency)
        except UnreadablePrice as error:
            raise UnreadablePrice(f"{target.replace('_', ' ')}: {error}") from None

    def currency(self) -> str:
        """The row's currency, or the shop's. Raises UnreadablePrice for one that does not exist."""
        named = render_text(self.first("currency"))
        return currency_code(named) if named else self._context.currency

    def rest(self) -> Iterator[tuple[str, Any]]:
        """(column, value) of everything not used and not private, then the mapped attributes."""
        containers = [column.name for column in self._layout.by_target.get("attributes", ())]
        for name, value in self._fields.items():
            if name in self._used or name in self._layout.private:
                continue
            if name in containers and isinstance(value, dict | list):
                yield "", value
            else:
                yield name, value
        for target, source in self._mapped.items():
            if target.startswith("attributes."):
                yield target.removeprefix("attributes."), source.value(self._fields)

    def _find(self, target: str) -> tuple[Column | None, Any]:
        if target in self._mapped:
            source = self._mapped[target]
            is_minor = source.factor is None and source.constant is None and is_minor_name(source.path)
            value = source.value(self._fields)
            return Column(source.path, is_minor=is_minor), None if is_empty(value) else value
        for column in self._columns(target):
            if not is_empty(value := self._fields[column.name]):
                self._used.add(column.name)
                return column, value
        return None, None

    def _columns(self, target: str) -> Iterator[Column]:
        return (column for column in self._layout.by_target.get(target, ()) if column.name not in self._used)


def _money_object(value: dict[str, Any], currency: str) -> Money | None:
    """`{"amount": 1999, "currency": "USD"}` is Aisle's own form (minor units); texts and `value` are major units."""
    names = {normalise(name): name for name in value}
    code = render_text(value.get(names.get("currency") or names.get("currency code") or "")) or currency
    amount = value.get(names.get("amount") or names.get("value") or names.get("price") or "")
    is_own = isinstance(amount, int) and "amount" in value and "currency" in value
    parse = parse_minor if is_own else parse_money
    return parse(amount, currency_code(code))
