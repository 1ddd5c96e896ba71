"""Connecting a WooCommerce shop: its keys are tried against that very shop before they are kept."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from integrations.platform import PlatformRevoked, PlatformUnavailable
from integrations.store_http import StoreHttp
from integrations.woocommerce.auth import normalise_store_url
from integrations.woocommerce.platform import WooCommercePlatform
from server.core.egress import Egress
from server.core.errors import FieldError, Invalid
from server.stores.connecting import StoreRequest
from server.stores.models import NewStore

NAME = "the shop's WooCommerce"
PATIENCE_S = 20.0
"""Somebody waits while keys are tried."""


class GivenKeys:
    """Implements `integrations.platform.Credentials` for keys that are not kept yet."""

    def __init__(self, consumer_key: str, consumer_secret: str) -> None:
        self._values = {"consumer_key": consumer_key, "consumer_secret": consumer_secret}

    async def read(self) -> dict[str, str]:
        """The keys."""
        return self._values

    def change(self) -> AbstractAsyncContextManager[dict[str, str]]:
        """The keys, for as long as they are tried."""

        @asynccontextmanager
        async def changing() -> AsyncIterator[dict[str, str]]:
            yield self._values

        return changing()


class PrepareWooCommerce:
    """Implements `connecting.Prepare`."""

    def __init__(self, egress: Egress) -> None:
        self._egress = egress

    async def __call__(self, request: StoreRequest) -> NewStore:
        """Raises Invalid: no address, no keys, or keys that this shop does not take."""
        errors = [
            FieldError(name, "is needed; WooCommerce > Settings > Advanced > REST API makes one")
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
        self, store_url: str, consumer_key: str, consumer_secret: str, request: StoreRequest
    ) -> NewStore:
        """The store, when the keys are good there. Raises Invalid."""
        keys = GivenKeys(consumer_key, consumer_secret)
        platform = WooCommercePlatform(store_url, StoreHttp(self._egress.client(), NAME), keys)
        try:
            async with asyncio.timeout(PATIENCE_S):
                facts = await platform.try_keys()
        except PlatformRevoked as reason:
            error = FieldError("consumer_key", f"{store_url} does not accept these keys: {reason}")
            raise Invalid("The keys do not work for this shop.", errors=(error,)) from None
        except TimeoutError:
            error = FieldError("store", f"it did not finish answering within {PATIENCE_S:.0f} seconds; try again")
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
