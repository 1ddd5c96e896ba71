"""The quota seam: an answer is reserved before it is made, settled when delivered, given back when it failed.

A billable answer is an assistant answer delivered to a shopper that was not a failure, not a fallback and not a
repeat of the same message.
"""

from typing import Any, Protocol
from uuid import UUID


class Quota(Protocol):
    """Decides whether a shop may have one more answer. Runs inside the turn's own transactions."""

    async def reserve(self, connection: Any, shop_id: UUID, turn_id: UUID) -> bool:
        """Hold one answer; False when the plan's limit is reached. Undone when the transaction rolls back."""

    async def settle(self, connection: Any, shop_id: UUID, turn_id: UUID) -> None:
        """The answer was delivered."""

    async def release(self, connection: Any, shop_id: UUID, turn_id: UUID) -> None:
        """The answer failed: give it back."""


class Unlimited:
    """Self-hosted: every answer is allowed. The `turn` rows are the count."""

    async def reserve(self, connection: Any, shop_id: UUID, turn_id: UUID) -> bool:
        """Always."""
        return True

    async def settle(self, connection: Any, shop_id: UUID, turn_id: UUID) -> None:
        """Nothing to count."""

    async def release(self, connection: Any, shop_id: UUID, turn_id: UUID) -> None:
        """Nothing to give back."""
