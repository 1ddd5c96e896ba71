"""Alerts over HTTP."""

from typing import Annotated

from msgspec import Meta, Struct

Percent = Annotated[int, Meta(ge=1, le=100)]


class AlertChoices(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`GET` and `PUT /v1/billing/alerts`: shares of the plan's answers in percent, and a sum spent on answers beyond
    the plan, in minor units; null: never."""

    at_percents: Annotated[list[Percent], Meta(max_length=5)]
    spent_minor: Annotated[int, Meta(ge=1, le=100_000_000)] | None = None
