"""What a shop's plan allows, as protocols that billing implements and shops, catalog, knowledge and chat use."""

from typing import Literal, Protocol, TypeAlias
from uuid import UUID

from msgspec import Struct

from server.core.database import Connection

HIDE_BRANDING = "hide_branding"
"""The widget does not show that it is Aisle."""
LIMIT_RETRY_AFTER_S = 3600.0
"""The Retry-After of a request that exceeds a limit of the plan. An upgrade takes effect within seconds, but a person
has to make it."""
Resource: TypeAlias = Literal["products", "documents", "storage_mb", "seats"]
"""What a plan limits besides answers."""


class Allowance(Struct, frozen=True):
    """How much of a resource a shop may have: its number, or bytes of `storage_mb`. `reason` tells the merchant why
    more is refused."""

    resource: Resource
    limit: int
    reason: str


class Features(Protocol):
    """The features of a plan. They are read with the shop, so a process may use an outdated answer for some seconds."""

    @property
    def limits_keys(self) -> bool:
        """Whether answers are counted per key, so that a key may have a limit of its own."""

    async def has_feature(self, shop_id: UUID, name: str) -> bool:
        """Whether the shop's plan has a feature now."""

    def invalidate(self, shop_id: UUID) -> None:
        """Remove what is cached of the shop, because one of its limits has changed."""


class Allowances(Protocol):
    """The limits of a plan on what a shop stores. They are checked before something is added; what is there already may
    always be updated."""

    async def find_allowance(self, shop_id: UUID, resource: Resource) -> Allowance | None:
        """The plan's present limit; None when the plan does not limit the resource."""

    async def count_remaining(self, connection: Connection, shop_id: UUID, allowance: Allowance, *, locks: bool) -> int:
        """How much more fits; negative when the limit is exceeded. With `locks` every other transaction that adds to
        the shop waits until this one ends, so call it after adding, just before the commit: a negative result is how
        much to remove again."""


class AnswerRates(Struct, frozen=True):
    """How many answers a plan allows in a minute, and one network in a day."""

    per_minute: int
    per_network_a_day: int
    """Answers per day for one visitor's network, so that nobody alone uses up what a shop has paid for."""


class Rates(Protocol):
    """The rates of a plan, checked on every question."""

    async def answer_rates(self, shop_id: UUID) -> AnswerRates | None:
        """The plan's rates; None when the installation's own limits apply."""


class EveryFeature:
    """Every feature without limits, for installations without billing."""

    limits_keys = False

    async def has_feature(self, shop_id: UUID, name: str) -> bool:
        """Always."""
        return True

    def invalidate(self, shop_id: UUID) -> None:
        """Do nothing: nothing is cached."""

    async def find_allowance(self, shop_id: UUID, resource: Resource) -> Allowance | None:
        """None."""
        return None

    async def count_remaining(self, connection: Connection, shop_id: UUID, allowance: Allowance, *, locks: bool) -> int:
        """The whole allowance: nothing is counted."""
        return allowance.limit

    async def answer_rates(self, shop_id: UUID) -> AnswerRates | None:
        """None."""
        return None
