"""The protocol of quotas: an answer is reserved before it is generated, and settled when the turn has ended."""

from typing import Any, Protocol
from uuid import UUID

from msgspec import Struct


class Spent(Struct, frozen=True):
    """What a turn used. `is_billable` by `billing.answers`; `tokens` of the model, prompt and completion together."""

    is_billable: bool
    tokens: int = 0


class Quota(Protocol):
    """Decides whether a shop may give one more answer, inside the turn's own transactions."""

    async def reserve(self, connection: Any, shop_id: UUID, turn_id: UUID, key_id: UUID | None) -> bool:
        """Reserve one answer; False when the limit of the plan or of the shopper's key is reached. A rollback of the
        transaction undoes it."""

    async def settle(self, connection: Any, shop_id: UUID, turn_id: UUID, spent: Spent) -> None:
        """Release the reservation of a turn that has ended, and count its answer if it is billable. Calling it again
        changes nothing."""


class Unlimited:
    """The quota of installations without billing: every answer is allowed, and nothing is counted."""

    async def reserve(self, connection: Any, shop_id: UUID, turn_id: UUID, key_id: UUID | None) -> bool:
        """True."""
        return True

    async def settle(self, connection: Any, shop_id: UUID, turn_id: UUID, spent: Spent) -> None:
        """Do nothing."""
