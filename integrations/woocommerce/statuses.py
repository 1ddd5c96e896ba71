"""What an order's status means. The core has seven; plugins and merchants add their own, read by `order_statuses.toml`.

A status whose slug says nothing certain is UNKNOWN: shoppers read the label that the shop itself gave it."""

import re
import tomllib
from functools import cache
from pathlib import Path

import msgspec
from msgspec import Struct

from integrations.platform import OrderStatus

UNPLACED = frozenset({"auto-draft", "checkout-draft", "draft", "trash"})
"""Not orders, or no longer: a basket at the checkout, a form in the admin, the bin."""

_FILE = Path(__file__).with_name("order_statuses.toml")


class _Rule(Struct, frozen=True, forbid_unknown_fields=True):
    status: OrderStatus
    slugs: tuple[str, ...]


class _Meanings(Struct, frozen=True, forbid_unknown_fields=True):
    filler: frozenset[str]
    core: dict[str, OrderStatus]
    rules: tuple[_Rule, ...]


def slug_of(status: object) -> str:
    """A status as WooCommerce lists it: in lower case, without "wc-", words joined by hyphens."""
    return str(status or "").strip().lower().replace("_", "-").replace(" ", "-").removeprefix("wc-")


def is_core(status: object) -> bool:
    """Whether the status is WooCommerce's own, which every language of ours has words for."""
    return slug_of(status) in _meanings().core


def meaning(status: object) -> OrderStatus:
    """The meaning of a status, with or without its "wc-"; UNKNOWN for words that say nothing certain."""
    slug = slug_of(status)
    known = _meanings()
    if slug in known.core:
        return known.core[slug]
    bare = "-".join(word for word in slug.split("-") if word and word not in known.filler)
    found = (status for pattern, status in _patterns() if pattern.fullmatch(slug) or pattern.fullmatch(bare))
    return next(found, OrderStatus.UNKNOWN)


@cache
def _meanings() -> _Meanings:
    return msgspec.convert(tomllib.loads(_FILE.read_text("utf-8")), _Meanings)


@cache
def _patterns() -> tuple[tuple[re.Pattern[str], OrderStatus], ...]:
    return tuple((re.compile("|".join(rule.slugs)), rule.status) for rule in _meanings().rules)
