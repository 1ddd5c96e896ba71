"""A webhook on its way through the inbox: as it came, as it is stored, and as a job finds it."""

from datetime import datetime
from uuid import UUID

from msgspec import Struct

from integrations.platform import CatalogChanged, OrderChanged, PlatformChange, PoliciesChanged

RELOADABLE = (CatalogChanged, OrderChanged, PoliciesChanged)
"""Changes that are read from the store when they are processed, so that one entry serves any number of them."""


class InboxEntry(Struct, frozen=True):
    """A change to be stored in the inbox. Deliveries with one `key` share one row; `due_at` (aware) is None for now."""

    key: str
    change: PlatformChange
    due_at: datetime | None = None

    @property
    def is_reloadable(self) -> bool:
        return isinstance(self.change, RELOADABLE)


class PendingChange(Struct, frozen=True):
    """A change in the inbox that is due and not processed."""

    id: UUID
    store_id: UUID
    change: PlatformChange
