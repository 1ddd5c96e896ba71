"""The embedded app in Shopify's admin: which store has opened it, and the state of that store in this installation.

A session token proves that a member of the store's staff has the app open now. It is valid for that store only, and it
can be exchanged for credentials, so opening the app reconnects a store whose access was lost.
"""

import time
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlencode

from msgspec import Struct

from integrations.platform import PlatformError
from integrations.shopify import ShopifyApp, TokenEndpoint
from integrations.shopify.auth import (
    AuthRefused,
    deep_link,
    find_shop_domain,
    is_signed_launch,
    missing_scopes,
    reaches_all_orders,
    read_session_token,
)
from integrations.shopify.tokens import RENEW_BEFORE_S
from integrations.store_http import StoreHttp
from server.core.egress import Egress
from server.core.errors import Unauthenticated
from server.core.logging import get_logger
from server.stores.models import StoreConnection
from server.stores.service import Renewed, StoreService
from server.stores.shopify.install import PLATFORM

SCOPES_RETRY = timedelta(minutes=1)
"""While scopes are missing, credentials are exchanged at most this often: new credentials invalidate the old ones, and
have the same scopes until the merchant grants more."""

log = get_logger("stores")


class Launch(Struct, frozen=True):
    """What the app's page needs to know of the store that has opened it."""

    shop_domain: str
    api_key: str
    connect_url: str
    theme_url: str


class ConnectedStoreView(Struct, frozen=True, kw_only=True):
    """The state of a connected store, for its own staff."""

    connected: bool = True
    name: str
    state: str
    sync_state: str
    synced_at: datetime | None
    problem: str | None
    products: int


class UnconnectedStoreView(Struct, frozen=True, kw_only=True):
    """A store that is not connected to any shop of this installation."""

    connected: bool = False
    connect_url: str


class ShopifyAdmin:
    """The embedded app. `app` is None where the operator has registered none. `origin` is the address of a store's API,
    with "{store}" for its domain."""

    def __init__(self, app: ShopifyApp | None, origin: str, egress: Egress, stores: StoreService) -> None:
        self._app, self._origin, self._egress, self._stores = app, origin, egress, stores

    def find_launch(self, query: str) -> Launch | None:
        """The store whose admin has opened the page with this raw query; None unless Shopify has signed it recently."""
        app = self._app
        if app is None or not is_signed_launch(query, app.secrets, time.time()):
            return None
        domain = find_shop_domain(parse_qs(query)["shop"][0]) or ""
        return Launch(domain, app.api_key, _connect_url(app, domain), deep_link(domain, app.api_key))

    async def describe_store(self, token: str) -> ConnectedStoreView | UnconnectedStoreView:
        """The state of the store that the session token is for. Its credentials are renewed first if they need to be.

        Raises Unauthenticated unless the token is a valid one of Shopify for this app.
        """
        app, domain = self._require_admin(token)
        store = await self._stores.find_by_address(PLATFORM, domain)
        if store is not None:
            await self._renew(app, store, domain, token)
            store = await self._stores.find_by_address(PLATFORM, domain)
        if store is None:
            return UnconnectedStoreView(connect_url=_connect_url(app, domain))
        return ConnectedStoreView(
            name=store.name,
            state=store.state,
            sync_state=store.sync_state,
            synced_at=store.synced_at,
            problem=store.problem,
            products=await self._stores.count_products(store),
        )

    def _require_admin(self, token: str) -> tuple[ShopifyApp, str]:
        if self._app is None:
            raise Unauthenticated("This installation has no Shopify app.")
        try:
            session = read_session_token(token, self._app.api_key, self._app.secrets)
        except AuthRefused as reason:
            raise Unauthenticated(f"This is not a valid session of Shopify's admin: {reason}.") from None
        return self._app, session.shop_domain

    async def _renew(self, app: ShopifyApp, store: StoreConnection, domain: str, token: str) -> None:
        async def renewal(now: StoreConnection, known: dict[str, str]) -> Renewed | None:
            if not _needs_renewal(now, known):
                return None
            credentials = await self._exchange_token(app, domain, token)
            granted = credentials.get("scope", "")
            settings = {
                "missing_scopes": list(missing_scopes(granted)),
                "all_orders": reaches_all_orders(granted),
                "connected_at": datetime.now(UTC).isoformat(),
            }
            return Renewed(credentials, settings)

        try:
            await self._stores.renew(store, renewal, "platform")
        except PlatformError as reason:  # the page still shows the state of the store
            log.warning("shopify_session_not_exchanged", shop_id=str(store.shop_id), reason=str(reason))

    async def _exchange_token(self, app: ShopifyApp, domain: str, token: str) -> dict[str, str]:
        http = StoreHttp(self._egress.create_client(), "Shopify")
        try:
            endpoint = TokenEndpoint(http, self._origin.replace("{store}", domain), app)
            return await endpoint.exchange_session_token(token)
        finally:
            await http.close()


def _needs_renewal(store: StoreConnection, known: dict[str, str]) -> bool:
    """Whether credentials are missing, about to expire, or lack scopes that the app needs now."""
    if store.state == "revoked" or not known.get("access_token"):
        return True
    now, ends = datetime.now(UTC), known.get("expires_at")
    if ends and datetime.fromisoformat(ends) <= now + timedelta(seconds=RENEW_BEFORE_S):
        return True
    connected = datetime.fromisoformat(store.settings["connected_at"])
    return bool(missing_scopes(known.get("scope", ""))) and now - connected > SCOPES_RETRY


def _connect_url(app: ShopifyApp, domain: str) -> str:
    return f"{app.base_url}/console/stores?{urlencode({'platform': PLATFORM, 'store': domain})}"
