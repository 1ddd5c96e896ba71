"""The demo store: a packaged catalog with orders, for trying Aisle without a shop."""

from pathlib import Path

from integrations.demo import DemoPlatform, load_store
from integrations.platform import ShopPlatform
from server.stores.credentials import SealedCredentials
from server.stores.models import NewStore, StoreConnection
from server.stores.platform import StorePlatform, StoreRequest


class Demo(StorePlatform):
    """The packaged store, or the folder that the operator (never a merchant) named in its settings."""

    name = "demo"
    title = "Demo store"

    def build_adapter(self, store: StoreConnection, credentials: SealedCredentials) -> ShopPlatform:
        """Reads the store's folder."""
        folder = store.settings.get("folder")
        return DemoPlatform(load_store(Path(folder) if folder else None))

    async def prepare(self, request: StoreRequest) -> NewStore:
        """The packaged store, which needs no trying."""
        return NewStore(platform=self.name, name=request.name or self.name, every_s=None)
