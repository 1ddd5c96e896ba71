"""What a shop's plan includes: the protocols that billing implements."""

from typing import Literal, Protocol, TypeAlias
from uuid import UUID

from msgspec import Struct

from server.core.database import Connection

HIDE_BRANDING = "hide_branding"
"""The widget does not show that it is Aisle."""
ASK_AGAIN_S = 3600.0
"""When a client that met a limit of its plan may try again. An upgrade takes effect within seconds, but needs somebody
to buy it."""
Stock: TypeAlias = Literal["products", "documents", "storage_mb", "seats"]


class Allowance(Struct, frozen=True):
    """How much of something a shop may have: pieces, or bytes of `storage_mb`. `reason` is shown to the merchant when
    it is exceeded."""

    stock: Stock
    limit: int
    reason: str


class Features(Protocol):
    """Which features a shop's plan includes. A process may use an answer for some seconds."""

    @property
    def limits_keys(self) -> bool:
        """Whether answers are counted, so that a key may have a limit of its own."""

    async def has_feature(self, shop_id: UUID, name: str) -> bool:
        """Whether the shop's plan has a feature now."""

    def invalidate(self, shop_id: UUID) -> None:
        """Discard what is cached of a shop, because a limit has changed."""


class Allowances(Protocol):
    """How much a shop may store. It limits what is new; what is stored already may always be written again."""

    async def limit_of(self, shop_id: UUID, stock: Stock) -> Allowance | None:
        """The plan's limit now; None without one, and then `get_remaining` need not be called."""

    async def get_remaining(self, connection: Connection, shop_id: UUID, allowance: Allowance, *, binding: bool) -> int:
        """How much more fits; negative when there is too much. `binding` locks out everybody else who adds to the shop
        until the transaction ends, so call it last: after adding, a negative result is how much to delete again."""


class AnswerRates(Struct, frozen=True):
    """How many answers a plan allows in a time."""

    per_minute: int
    per_network_a_day: int
    """For one visitor's network, so that nobody alone uses up what a shop has paid for."""


class Rates(Protocol):
    """The rate limits of a plan, read for every shopper message."""

    async def answer_rates(self, shop_id: UUID) -> AnswerRates | None:
        """The plan's rates; None without limits of its own."""


class EveryFeature:
    """Self-hosted: every shop has every feature, without limits."""

    limits_keys = False

    async def has_feature(self, shop_id: UUID, name: str) -> bool:
        """Always."""
        return True

    def invalidate(self, shop_id: UUID) -> None:
        """Nothing is cached."""

    async def limit_of(self, shop_id: UUID, stock: Stock) -> Allowance | None:
        """None."""
        return None

    async def get_remaining(self, connection: Connection, shop_id: UUID, allowance: Allowance, *, binding: bool) -> int:
        """The whole limit: nothing is counted."""
        return allowance.limit

    async def answer_rates(self, shop_id: UUID) -> AnswerRates | None:
        """None."""
        return None
