"""How a platform sends webhooks: what a delivery is, and how it is verified and read."""

from collections.abc import Callable, Mapping
from typing import TypeAlias
from uuid import UUID

from msgspec import Struct

from integrations.platform import PlatformChange


class WebhookDelivery(Struct, frozen=True, kw_only=True):
    """A webhook as it arrived: header names in lower case, the body not decoded."""

    headers: Mapping[str, str]
    body: bytes


class WebhookReading(Struct, frozen=True, kw_only=True):
    """What a verified delivery means. `change` is None for a topic of no concern; `key` is the same for repeats."""

    topic: str
    key: str
    change: PlatformChange | None


Verify: TypeAlias = Callable[[WebhookDelivery, tuple[str, ...]], bool]
"""Whether the body is signed with one of these secrets."""
Read: TypeAlias = Callable[[WebhookDelivery], WebhookReading]
"""Reads a verified delivery. Never raises: what cannot be parsed is read as a change of everything."""
StoreOf: TypeAlias = Callable[[WebhookDelivery], str]
"""The address of the store that a delivery names; "" for none."""


class WebhookSource(Struct, frozen=True, kw_only=True):
    """How one platform sends webhooks.

    With `store_of` all stores' webhooks arrive at `/webhooks/{platform}`, signed with the app's secret. Without it each
    store has an address of its own, `/webhooks/{platform}/{id}`, and signs with the `webhook_secret` of its
    credentials.
    """

    platform: str
    verify: Verify
    read: Read
    store_of: StoreOf | None = None
    is_ping: Callable[[WebhookDelivery], bool] = lambda _: False
    """Whether an unsigned delivery is only a test of the address: answered with 200, nothing stored."""

    def path(self, store_id: UUID) -> str:
        """The path at which webhooks of this store arrive."""
        return f"/webhooks/{self.platform}" if self.store_of else f"/webhooks/{self.platform}/{store_id}"
