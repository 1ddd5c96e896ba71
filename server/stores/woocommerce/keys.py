"""The keys of a WooCommerce shop: given by its merchant or by itself, and tried at the shop before they are stored."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from integrations.platform import PlatformRevoked, PlatformUnavailable
from integrations.store_http import StoreHttp
from integrations.woocommerce.auth import normalise_store_url
from integrations.woocommerce.platform import WooCommercePlatform
from server.core.egress import Egress
from server.core.errors import FieldError, Invalid
from server.stores.models import NewStore
from server.stores.platform import StoreRequest, Text

NAME = "the shop's WooCommerce"
TIMEOUT_S = 20.0
"""The merchant waits while keys are tried."""


class WooCommerceRequest(StoreRequest, frozen=True, kw_only=True):
    """The shop's address and its REST keys."""

    store: Text | None = None
    consumer_key: Text | None = None
    consumer_secret: Text | None = None


class UntriedKeys:
    """Implements `integrations.platform.Credentials` for keys that are not stored yet."""

    def __init__(self, consumer_key: str, consumer_secret: str) -> None:
        self._values = {"consumer_key": consumer_key, "consumer_secret": consumer_secret}

    async def read(self) -> dict[str, str]:
        """The keys."""
        return self._values

    def change(self) -> AbstractAsyncContextManager[dict[str, str]]:
        """The keys; nothing is saved at the end of the block."""

        @asynccontextmanager
        async def yield_values() -> AsyncIterator[dict[str, str]]:
            yield self._values

        return yield_values()


class KeyCheck:
    """Tries a shop's keys by asking the shop with them."""

    def __init__(self, egress: Egress) -> None:
        self._egress = egress

    async def prepare(self, request: WooCommerceRequest) -> NewStore:
        """The shop of a request. Raises Invalid: no address, no keys, or keys that this shop does not accept."""
        errors = [
            FieldError(name, "is needed; create one under WooCommerce > Settings > Advanced > REST API")
            for name in ("consumer_key", "consumer_secret")
            if not (getattr(request, name) or "").strip()
        ]
        try:
            store_url = normalise_store_url(request.store or "")
        except ValueError as reason:
            errors.append(FieldError("store", str(reason)))
        if errors:
            raise Invalid("The shop cannot be connected yet.", errors=tuple(errors))
        return await self.try_keys(
            store_url, (request.consumer_key or "").strip(), (request.consumer_secret or "").strip(), request
        )

    async def try_keys(
        self, store_url: str, consumer_key: str, consumer_secret: str, request: WooCommerceRequest
    ) -> NewStore:
        """The shop at `store_url`, when it accepts the keys. Raises Invalid."""
        keys = UntriedKeys(consumer_key, consumer_secret)
        platform = WooCommercePlatform(store_url, StoreHttp(self._egress.create_client(), NAME), keys)
        try:
            async with asyncio.timeout(TIMEOUT_S):
                facts = await platform.try_keys()
        except PlatformRevoked as reason:
            error = FieldError("consumer_key", f"{store_url} does not accept these keys: {reason}")
            raise Invalid("The keys do not work for this shop.", errors=(error,)) from None
        except TimeoutError:
            error = FieldError("store", f"it did not finish answering within {TIMEOUT_S:.0f} seconds; try again")
            raise Invalid("The shop answers too slowly.", errors=(error,)) from None
        except PlatformUnavailable as reason:
            raise Invalid("The shop cannot be reached.", errors=(FieldError("store", str(reason)),)) from None
        finally:
            await platform.close()
        return NewStore(
            platform="woocommerce",
            name=request.name or facts.name or store_url,
            settings={"store": store_url, "can_write": facts.can_write},
            credentials=await keys.read(),
            every_s=request.every_s,
        )
