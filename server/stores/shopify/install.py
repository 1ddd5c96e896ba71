"""Connecting a Shopify store by OAuth: the consent page, and its signed return with a code for credentials."""

import time
from uuid import UUID

from msgspec import Struct

from integrations.platform import PlatformRevoked, PlatformUnavailable
from integrations.shopify import InstallState, ShopifyApp, TokenEndpoint
from integrations.shopify.auth import (
    AuthRefused,
    authorize_url,
    find_entered_domain,
    missing_scopes,
    reaches_all_orders,
    read_callback,
    read_proxy_call,
    sign_state,
)
from integrations.store_http import StoreHttp
from server.core.crypto import new_secret
from server.core.egress import Egress
from server.core.errors import Conflict, FieldError, Invalid, Unauthenticated, Unavailable
from server.stores.models import NewStore, StoreConnection, StoreRef
from server.stores.service import StoreService

PLATFORM = "shopify"


class InstallConsent(Struct, frozen=True):
    """Where the merchant's browser goes, and the nonce for a cookie in it."""

    address: str
    nonce: str


class StorefrontVisitor(Struct, frozen=True):
    """A visitor of a connected store's pages; `customer_id` is None where nobody is signed in."""

    store: StoreRef
    customer_id: str | None


class ShopifyInstall:
    """Installs of this installation's own app; `app` is None where the operator has registered none. In `origin`
    "{store}" stands for a store's domain."""

    def __init__(self, app: ShopifyApp | None, origin: str, egress: Egress, stores: StoreService) -> None:
        self._app, self._origin, self._egress, self._stores = app, origin, egress, stores

    def begin(self, shop_id: UUID, entered_store: str) -> InstallConsent:
        """The consent page for the store that the merchant entered. Raises Invalid where that is no Shopify store."""
        app = self._require_app()
        domain = find_entered_domain(entered_store)
        if domain is None:
            error = FieldError("shop", "the store's permanent address, such as acme.myshopify.com")
            raise Invalid("This is not a Shopify store.", errors=(error,))
        nonce = new_secret("in_")
        state = sign_state(InstallState(domain, str(shop_id), nonce), app.secrets, time.time())
        address = authorize_url(domain, app.api_key, f"{app.base_url}/integrations/shopify/callback", state)
        at_origin = address.replace(f"https://{domain}", self._origin.replace("{store}", domain), 1)
        return InstallConsent(at_origin, nonce)

    async def finish(self, query: str, nonce: str, shop_id: UUID, actor: str) -> StoreConnection:
        """Connect the store that a return from the consent page names to the shop that began. Raises Invalid, Conflict,
        Unavailable."""
        app = self._require_app()
        try:
            callback = read_callback(query, app.secrets, nonce, time.time())
        except AuthRefused as reason:
            error = FieldError("state", f"{reason}; start again on the console's page Stores")
            raise Invalid("The installation cannot be completed.", errors=(error,)) from None
        if callback.state.reference != str(shop_id):
            error = FieldError("state", "it was started for another of your shops; switch to that shop and start again")
            raise Invalid("The installation cannot be completed.", errors=(error,))
        owner = await self._stores.find_ref(PLATFORM, callback.shop_domain)
        if owner and owner.shop_id != shop_id:  # a new token would end the other shop's, so the code stays unused
            raise Conflict("This store is already connected to another shop; disconnect it there first.")
        credentials = await self._exchange_code(app, callback.shop_domain, callback.code)
        granted = credentials.get("scope", "")
        settings = {
            "store": callback.shop_domain,
            "missing_scopes": list(missing_scopes(granted)),
            "all_orders": reaches_all_orders(granted),
        }
        store = NewStore(
            platform=PLATFORM,
            name=callback.shop_domain.removesuffix(".myshopify.com"),
            settings=settings,
            credentials=credentials,
            address=callback.shop_domain,
        )
        return await self._stores.connect(shop_id, store, actor)

    async def identify_visitor(self, query: str) -> StorefrontVisitor:
        """Who calls through a connected store's app proxy. Raises Unauthenticated for a call that Shopify did not sign
        within the last 90 seconds, and for a store that is not connected."""
        try:
            call = read_proxy_call(query, self._require_app().secrets, time.time())
        except AuthRefused as reason:
            raise Unauthenticated(f"This request does not come from Shopify: {reason}.") from None
        ref = await self._stores.find_ref(PLATFORM, call.shop_domain)
        if ref is None:
            raise Unauthenticated("This store is not connected.")
        return StorefrontVisitor(ref, call.customer_id)

    async def _exchange_code(self, app: ShopifyApp, domain: str, code: str) -> dict[str, str]:
        http = StoreHttp(self._egress.create_client(), "Shopify")
        try:
            return await TokenEndpoint(http, self._origin.replace("{store}", domain), app).exchange_code(code)
        except PlatformRevoked as reason:
            raise Invalid(
                "Shopify did not accept the installation.", errors=(FieldError("code", str(reason)),)
            ) from None
        except PlatformUnavailable as reason:
            raise Unavailable(f"{reason}; start again in a moment.") from None
        finally:
            await http.close()

    def _require_app(self) -> ShopifyApp:
        if self._app is None:
            error = FieldError("SHOPIFY_API_KEY", "the operator has to set it, with SHOPIFY_API_SECRET")
            raise Invalid("This installation has no Shopify app.", errors=(error,))
        return self._app
