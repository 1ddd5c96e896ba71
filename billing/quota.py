"""The quota seam: an answer is reserved before it is made, settled when delivered, given back when it failed."""

from typing import Any, Protocol
from uuid import UUID

from msgspec import Struct


class Spent(Struct, frozen=True):
    """What a turn came to. `is_billable` by `billing.answers`; `tokens` of the model, prompt and completion."""

    is_billable: bool
    tokens: int = 0


class Quota(Protocol):
    """Decides whether a shop may have one more answer. Runs inside the turn's own transactions."""

    async def reserve(self, connection: Any, shop_id: UUID, turn_id: UUID, key_id: UUID | None) -> bool:
        """Hold one answer; False when a limit is reached: the plan's, or that of the key the shopper came by. Undone
        when the transaction rolls back."""

    async def settle(self, connection: Any, shop_id: UUID, turn_id: UUID, spent: Spent) -> None:
        """The turn has ended: give back what is held, count what is billable. May be called again."""


class Unlimited:
    """Self-hosted without billing: every answer is allowed. The `turn` rows are the count."""

    async def reserve(self, connection: Any, shop_id: UUID, turn_id: UUID, key_id: UUID | None) -> bool:
        """Always."""
        return True

    async def settle(self, connection: Any, shop_id: UUID, turn_id: UUID, spent: Spent) -> None:
        """Nothing to count."""
