"""What a shop's plan has: the seam behind which billing decides."""

from typing import Literal, Protocol, TypeAlias
from uuid import UUID

from msgspec import Struct

from server.core.database import Connection

HIDE_BRANDING = "hide_branding"
"""The widget does not say whose it is."""
ASK_AGAIN_S = 3600.0
"""When a client that met a limit of its plan may try again: an upgrade holds within seconds, but takes a person."""
Stock: TypeAlias = Literal["products", "documents", "storage_mb", "seats"]


class Allowance(Struct, frozen=True):
    """How much of something a shop may have: pieces, or bytes of `storage_mb`. `reason` is what a merchant is told of
    what goes beyond it."""

    stock: Stock
    limit: int
    reason: str


class Features(Protocol):
    """Asked when a shop is read, so a process may go on with an answer for seconds."""

    @property
    def limits_keys(self) -> bool:
        """Whether answers are counted, so that a key may have a limit of its own."""

    async def has_feature(self, shop_id: UUID, name: str) -> bool:
        """Whether the shop's plan has a feature now."""

    def invalidate(self, shop_id: UUID) -> None:
        """A limit of the shop has changed."""


class Allowances(Protocol):
    """Asked before something new is kept. What is there already may always be written anew."""

    async def limit_of(self, shop_id: UUID, stock: Stock) -> Allowance | None:
        """The plan's limit now; None without one, and then nothing more needs to be asked."""

    async def room(self, connection: Connection, shop_id: UUID, allowance: Allowance, *, binding: bool) -> int:
        """How much more fits, below zero when there is too much. `binding` holds back everybody else who adds to the
        shop until the transaction ends, so ask it last: having added, a negative answer tells how much to take back."""


class AnswerRates(Struct, frozen=True):
    """How fast a plan's answers may go."""

    per_minute: int
    per_network_a_day: int
    """Of one visitor's network, in the long run: nobody alone uses up what a shop has paid for."""


class Rates(Protocol):
    """Asked on every question."""

    async def answer_rates(self, shop_id: UUID) -> AnswerRates | None:
        """The plan's rates; None without limits of its own."""


class EveryFeature:
    """Self-hosted: every shop has everything, and as much as it likes."""

    limits_keys = False

    async def has_feature(self, shop_id: UUID, name: str) -> bool:
        """Always."""
        return True

    def invalidate(self, shop_id: UUID) -> None:
        """Nothing is remembered."""

    async def limit_of(self, shop_id: UUID, stock: Stock) -> Allowance | None:
        """None."""
        return None

    async def room(self, connection: Connection, shop_id: UUID, allowance: Allowance, *, binding: bool) -> int:
        """What the allowance says: nothing is counted."""
        return allowance.limit

    async def answer_rates(self, shop_id: UUID) -> AnswerRates | None:
        """None."""
        return None
