"""The platforms that stores can be connected from. A new one is its adapter in `integrations/`, a file here with its
`StorePlatform`, and its line in PLATFORMS."""

from pathlib import Path
from typing import TYPE_CHECKING, Any, get_type_hints
from uuid import UUID

import msgspec
from litestar import Router
from msgspec import Struct

from integrations.platform import PlatformUnavailable, ShopPlatform
from server.core.errors import FieldError, Invalid
from server.stores.credentials import SealedCredentials
from server.stores.models import NewStore, StoreConnection
from server.stores.order_stores import OrderStores
from server.stores.platform import PlatformContext, StorePlatform, StoreRequest
from server.stores.platforms.demo import Demo
from server.stores.platforms.feed import Feed
from server.stores.platforms.shopify import Shopify
from server.stores.platforms.woocommerce import WooCommerce

PLATFORMS: tuple[type[StorePlatform], ...] = (Shopify, WooCommerce, Feed, Demo)
"""In the order in which the console offers them."""

TEMPLATES = Path(__file__).parents[1] / "templates"


def _any_request() -> type[StoreRequest]:
    """A request with the fields of every platform, as the API's schema shows it."""
    fields: dict[str, tuple[str, Any, Any]] = {}
    for platform in PLATFORMS:
        hints = get_type_hints(platform.request, include_extras=True)
        for field in msgspec.structs.fields(platform.request):
            default = field.default if not field.required else msgspec.NODEFAULT
            fields.setdefault(field.name, (field.name, hints[field.name], default))
    namespace = {"__doc__": StoreRequest.__doc__}
    made: type[StoreRequest] = msgspec.defstruct(  # type: ignore[assignment]
        "StoreRequest", list(fields.values()), namespace=namespace, module=__name__, frozen=True, kw_only=True
    )
    return made


if TYPE_CHECKING:
    AnyStoreRequest = StoreRequest
else:
    AnyStoreRequest = _any_request()

REQUEST_FIELDS = tuple(AnyStoreRequest.__struct_fields__)


class StoreDescription(Struct, frozen=True, kw_only=True):
    """A connected store in words for its merchant. `address` has no query, where feeds carry their tokens."""

    title: str
    address: str | None
    notes: tuple[str, ...] = ()
    sign_in_help: str | None = None


class StorePlatforms:
    """The platforms of this installation, by name."""

    def __init__(self, context: PlatformContext) -> None:
        self._by_name = {platform.name: platform(context) for platform in PLATFORMS}
        self._order_stores: OrderStores = context.order_stores
        self._base_url = context.settings.base_url

    def list_platforms(self) -> tuple[StorePlatform, ...]:
        """All platforms, in the order of PLATFORMS."""
        return tuple(self._by_name.values())

    def find(self, name: str) -> StorePlatform | None:
        """The platform of this name."""
        return self._by_name.get(name)

    def get(self, name: str) -> StorePlatform:
        """The platform of this name. Raises KeyError."""
        return self._by_name[name]

    def build_adapter(self, store: StoreConnection, credentials: SealedCredentials) -> ShopPlatform:
        """See `StorePlatform.build_adapter`; a platform that is not registered is PlatformUnavailable too."""
        platform = self.find(store.platform)
        if platform is None:
            raise PlatformUnavailable(f"this installation does not support {store.platform}")
        return platform.build_adapter(store, credentials)

    async def prepare(self, request: StoreRequest) -> NewStore:
        """Try the store of an `AnyStoreRequest`. Raises Invalid."""
        platform = self.find(request.platform)
        if platform is None or not platform.takes_requests:
            known = ", ".join(sorted(each.name for each in PLATFORMS if each.takes_requests))
            errors = (FieldError("platform", f"one of {known}"),)
            raise Invalid("This platform cannot be connected by this request.", errors=errors)
        return await platform.prepare(msgspec.convert(request, platform.request, from_attributes=True))

    def describe(self, store: StoreConnection) -> StoreDescription:
        """How a store is shown to its merchant, also where its platform is no longer registered."""
        platform = self.find(store.platform)
        if platform is None:
            return StoreDescription(title=store.platform, address=None)
        address = store.settings.get(platform.address_setting)
        return StoreDescription(
            title=platform.title,
            address=str(address).partition("?")[0] if address else None,
            notes=(*platform.notes(store.settings), *store.result.get("notes", ())),
            sign_in_help=platform.sign_in_help,
        )

    def webhook_url(self, store: StoreConnection) -> str | None:
        """Where the store's webhooks are to be sent; None where its platform sends none."""
        platform = self.find(store.platform)
        return f"{self._base_url}{platform.webhooks.path(store.id)}" if platform and platform.webhooks else None

    async def offers_sign_in(self, shop_id: UUID) -> bool:
        """Whether shoppers can sign in from the chat, at the store that answers for the shop's orders."""
        store = await self._order_stores.find(shop_id)
        platform = self.find(store.platform) if store else None
        return bool(store and platform and await platform.offers_sign_in(store))


def platform_routes() -> list[Router]:
    """The routes of all platforms."""
    return [router for platform in PLATFORMS for router in platform.routes]
