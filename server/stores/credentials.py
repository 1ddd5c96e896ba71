"""A store's secrets: sealed in its row, read by every process, changed by one at a time."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

import msgspec

from integrations.platform import PlatformRevoked
from server.core.crypto import Vault
from server.core.database import Database
from server.stores import storage

_decoder = msgspec.json.Decoder(dict[str, str])


class SealedCredentials:
    """Implements `integrations.platform.Credentials`."""

    def __init__(self, database: Database, vault: Vault, shop_id: UUID, store_id: UUID) -> None:
        self._database, self._vault = database, vault
        self._shop_id, self._store_id = shop_id, store_id

    async def read(self) -> dict[str, str]:
        """The present secrets. Raises PlatformRevoked when the store is no longer connected."""
        async with self._database.connection(self._shop_id) as connection:
            sealed = await storage.find_credentials(connection, self._shop_id, self._store_id)
        return self._open(sealed)

    @asynccontextmanager
    async def change(self) -> AsyncIterator[dict[str, str]]:
        """Lock the row and save the dict when it was changed; see the protocol."""
        async with self._database.connection(self._shop_id) as connection:
            sealed = await storage.find_credentials(connection, self._shop_id, self._store_id, lock=True)
            values = self._open(sealed)
            before = dict(values)
            yield values
            if values != before:
                renewed = seal(self._vault, self._shop_id, values)
                await storage.update_credentials(connection, self._shop_id, self._store_id, renewed)

    def _open(self, sealed: bytes | None) -> dict[str, str]:
        if sealed is None:
            raise PlatformRevoked("the store has been disconnected; connect it again")
        known = find_opened(self._vault, self._shop_id, sealed)
        if known is None:
            raise PlatformRevoked("the stored access can no longer be opened; connect the store again")
        return known


def find_opened(vault: Vault, shop_id: UUID, sealed: bytes | None) -> dict[str, str] | None:
    """The opened secrets; None where there are none, or where the operator has removed the key that sealed them."""
    try:
        return _decoder.decode(vault.open(shop_id, sealed)) if sealed is not None else None
    except ValueError:
        return None


def seal(vault: Vault, shop_id: UUID, values: dict[str, str]) -> bytes:
    """The secrets as they are stored."""
    return vault.seal(shop_id, msgspec.json.encode(values).decode())
