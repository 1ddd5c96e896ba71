"""The `--map target=source` language, which gives columns with unusual names their meaning.

price=cost_eur          the column, or a dotted path into nested JSON (`offers.0.price`)
price=price_cents/100   divided (or `*N`: multiplied) by a number
currency==EUR           a constant
attributes.colour=c17   an attribute's name
"""

import re
from collections.abc import Iterable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from msgspec import Struct

TARGETS = (
    "id", "title", "description", "brand", "category", "url", "image_url", "price", "compare_at_price", "sale_price",
    "currency", "available", "stock", "identifiers", "sku", "bullets", "variants", "group", "updated_at", "status",
)  # fmt: skip
_ALIASES = {
    "external_id": "id",
    "image": "image_url",
    "link": "url",
    "availability": "available",
    "gtin": "identifiers",
}
_NUMERIC = frozenset(("price", "compare_at_price", "sale_price", "stock"))
_SCALED = re.compile(r"(.+?)\s*([*/])\s*([0-9]+(?:\.[0-9]+)?)")


class MappingError(ValueError):
    """A malformed `--map`. The message shows the right form."""


class Source(Struct, frozen=True):
    """The source of a target's value: a constant, or the value at `path` times `factor`."""

    target: str
    path: str = ""
    constant: str | None = None
    factor: Decimal | None = None

    def value(self, fields: Mapping[str, object]) -> Any:
        """Return the value in this row, or None. A value to be scaled that is no number is returned as it is."""
        if self.constant is not None:
            return self.constant
        found = get_by_path(fields, self.path)
        if self.factor is None or found is None or isinstance(found, bool | dict | list):
            return found
        try:
            return Decimal(str(found).strip()) * self.factor
        except InvalidOperation:
            return found


def parse_mapping(texts: Iterable[str]) -> dict[str, str]:
    """Parse `["price=cost/100"]` to `{"price": "cost/100"}`. Raises MappingError, as `compile_mapping` would."""
    mapping: dict[str, str] = {}
    for text in texts:
        target, sign, source = text.partition("=")
        if not sign:
            raise MappingError(f"--map {text}: write target=column, for example --map title=product_name")
        if target.strip() in mapping:
            raise MappingError(f"--map {text}: {target.strip()} is mapped twice")
        mapping[target.strip()] = source.strip()
    compile_mapping(mapping)
    return mapping


def compile_mapping(mapping: Mapping[str, str] | None) -> tuple[Source, ...]:
    """Compile a mapping for use. Raises MappingError."""
    return tuple(_compile(target, source) for target, source in (mapping or {}).items())


def _compile(target: str, text: str) -> Source:
    name = _ALIASES.get(target, target)
    if name not in TARGETS and not re.fullmatch(r"attributes\..{1,80}", name):
        known = ", ".join(TARGETS)
        raise MappingError(f"--map {target}={text}: unknown target {target!r}; known are {known}, attributes.NAME")
    if not text:
        raise MappingError(f"--map {target}=: the column is missing, for example --map {target}=column")
    if text.startswith("="):
        return Source(name, constant=text[1:].strip())
    scaled = _SCALED.fullmatch(text)
    if not scaled:
        return Source(name, path=text)
    if name not in _NUMERIC:
        raise MappingError(f"--map {target}={text}: only prices and stock can be scaled by {scaled[2]}{scaled[3]}")
    number = Decimal(scaled[3])
    if not number:
        raise MappingError(f"--map {target}={text}: the number after {scaled[2]} must not be 0")
    return Source(name, path=scaled[1], factor=number if scaled[2] == "*" else 1 / number)


def get_by_path(fields: Mapping[str, object], path: str) -> Any:
    """Return the field named `path`, or the value at that dotted path in nested objects and lists, or None."""
    if path in fields:
        return fields[path]
    found: Any = fields
    for step in path.split("."):
        if isinstance(found, dict):
            found = found.get(step)
        elif isinstance(found, list) and step.isdecimal() and int(step) < len(found):
            found = found[int(step)]
        else:
            return None
    return found
