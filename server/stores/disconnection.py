"""Disconnecting a store: what it was asked to send ends before its credentials are forgotten."""

import asyncio
from collections.abc import Callable
from uuid import UUID

from integrations.platform import PlatformError
from server.core.logging import get_logger
from server.shops.models import Caller, Role
from server.stores.adapters import StoreAdapters
from server.stores.models import StoreConnection
from server.stores.service import StoreService

TIMEOUT_S = 8.0
"""The merchant waits. A store that does not answer is disconnected all the same."""

log = get_logger("stores")


class StoreDisconnection:
    """Disconnects stores of all shops."""

    def __init__(
        self, stores: StoreService, adapters: StoreAdapters, webhook_url: Callable[[StoreConnection], str | None]
    ) -> None:
        self._stores, self._adapters, self._webhook_url = stores, adapters, webhook_url

    async def disconnect(self, caller: Caller, store_id: UUID) -> None:
        """Have the store send no more webhooks, as far as it can be reached, and delete its connection; its products
        and documents stay. Raises NotFound."""
        caller.require(Role.ADMIN)
        store = await self._stores.get(caller.shop_id, store_id)
        url = self._webhook_url(store)
        if url and store.state == "active":
            try:
                async with asyncio.timeout(TIMEOUT_S):
                    await (await self._adapters.get(store)).remove_webhooks(url)
            except (PlatformError, TimeoutError) as reason:
                log.warning("webhooks_not_removed", connection_id=str(store_id), reason=str(reason) or "no answer")
        await self._stores.disconnect(caller, store_id)
