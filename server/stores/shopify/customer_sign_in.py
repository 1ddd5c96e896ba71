"""Shoppers who sign in at their Shopify account from the chat, to see their own orders (proof level 3).

    chat    begin     -> Shopify's address, opened in a window of its own; what we need at their return is kept here
    window  finish    -> Shopify says who they are; a one-time secret goes to the page of ours that opened the window
    chat    redeem    -> the secret, with the session that began, becomes the shop's word for the customer

An address that is forwarded gives its sender nothing: whoever signs in there has the secret told to a page of ours in
their own browser only, and it counts for the session that began and no other. What is under way is kept in Redis,
sealed and once; where Redis was emptied the shopper signs in again.
"""

from uuid import UUID

import msgspec
from msgspec import Struct
from redis.asyncio import Redis
from redis.exceptions import RedisError

from integrations.platform import PlatformUnavailable
from integrations.shopify import AuthRefused
from integrations.shopify.customer_account import CustomerSignIn, SignInAttempt
from integrations.store_http import StoreHttp
from server.core.addresses import network_of
from server.core.crypto import Vault, digest, new_secret
from server.core.egress import Egress
from server.core.errors import Conflict, NotFound, Unavailable
from server.core.logging import get_logger
from server.core.rate_limit import Limit, RateLimiter
from server.shops.identity import Shopper
from server.shops.service import ShopService
from server.stores.models import CUSTOMER_CLIENT_ID, StoreConnection
from server.stores.order_stores import OrderStores

CALLBACK = "/integrations/shopify/customer/callback"
ATTEMPT_LIVES_S = 600
RESULT_LIVES_S = 120
"""From the window's last page back to the chat: a message within the browser and one request."""
PER_CONVERSATION = Limit("customer-sign-in", per_minute=6, burst=10)
PER_ADDRESS = Limit("customer-sign-in-address", per_minute=120, burst=120)
OVER = "This sign-in is unknown or has expired; start again in the chat."

log = get_logger("stores")


class Place(Struct, frozen=True):
    """Which session signs in at which store, as which of its clients."""

    conversation_id: UUID
    shopper_id: UUID
    connection_id: UUID
    client_id: str


class Attempt(Struct, frozen=True):
    """A shopper at Shopify."""

    place: Place
    secrets: SignInAttempt


class Result(Struct, frozen=True):
    """A shopper who came back signed in."""

    place: Place
    customer_id: str


_attempts, _results = msgspec.json.Decoder(Attempt), msgspec.json.Decoder(Result)


class CustomerAccounts:
    """Sign-ins of all shops' shoppers. In `origin` "{store}" stands for a store's domain; `base_url` is our own."""

    def __init__(
        self,
        order_stores: OrderStores,
        shops: ShopService,
        vault: Vault,
        redis: Redis,
        limiter: RateLimiter,
        egress: Egress,
        *,
        origin: str,
        base_url: str,
    ) -> None:
        self._order_stores, self._shops, self._vault, self._redis = order_stores, shops, vault, redis
        self._limiter, self._egress, self._origin, self._base_url = limiter, egress, origin, base_url

    def is_offered_by(self, store: StoreConnection) -> bool:
        """Whether the merchant has set the client with which shoppers sign in at this store."""
        return store.platform == "shopify" and bool(store.settings.get(CUSTOMER_CLIENT_ID))

    async def begin(self, shopper: Shopper) -> str:
        """Where the shopper signs in. Raises RateLimited, Conflict where the shop offers none, Unavailable."""
        await self._count(shopper)
        store = await self._store(shopper.shop_id)
        if store is None:
            raise Conflict("Customers of this shop cannot sign in from the chat.")
        client_id = store.settings[CUSTOMER_CLIENT_ID]
        http = self._http()
        try:
            url, secrets = await self._sign_in(http, store).begin(f"{self._base_url}{CALLBACK}")
        except PlatformUnavailable as reason:
            raise Unavailable(f"The shop's accounts cannot be reached: {reason}.") from None
        finally:
            await http.close()
        place = Place(shopper.conversation_id, shopper.shopper_id, store.id, client_id)
        await self._keep(_key("attempt", secrets.state), shopper.shop_id, Attempt(place, secrets), ATTEMPT_LIVES_S)
        return url

    async def finish(self, state: str, code: str) -> str:
        """The one-time secret of a shopper whom Shopify has signed in. Raises NotFound, Unavailable."""
        shop_id, text = await self._take(_key("attempt", state))
        attempt = _attempts.decode(text)
        store = await self._require_same(shop_id, attempt.place)
        if not code:  # the shopper has changed their mind
            raise NotFound(OVER)
        http = self._http()
        try:
            customer = await self._sign_in(http, store).finish(attempt.secrets, code, state)
        except AuthRefused as reason:
            log.info("customer_sign_in_refused", shop_id=str(shop_id), reason=str(reason))
            raise NotFound(OVER) from None
        except PlatformUnavailable as reason:
            raise Unavailable(f"The shop's accounts cannot be reached: {reason}.") from None
        finally:
            await http.close()
        secret = new_secret("si_")
        await self._keep(_key("result", secret), shop_id, Result(attempt.place, customer.customer_id), RESULT_LIVES_S)
        return secret

    async def redeem(self, shopper: Shopper, secret: str) -> dict[str, str]:
        """The shop's word for the customer, which opens their next session. Raises RateLimited, Unavailable, and
        NotFound alike for a secret that is wrong, used, too old or of another session."""
        await self._count(shopper)
        shop_id, text = await self._take(_key("result", secret))
        result = _results.decode(text)
        began = (shop_id, result.place.conversation_id, result.place.shopper_id)
        if began != (shopper.shop_id, shopper.conversation_id, shopper.shopper_id):
            log.warning("customer_sign_in_of_another_session", shop_id=str(shop_id))
            raise NotFound(OVER)
        await self._require_same(shop_id, result.place)
        return await self._shops.vouch_for(shop_id, result.customer_id, result.place.connection_id)

    async def _store(self, shop_id: UUID) -> StoreConnection | None:
        store = await self._order_stores.find(shop_id)
        return store if store and self.is_offered_by(store) else None

    async def _require_same(self, shop_id: UUID, place: Place) -> StoreConnection:
        """A customer's number says something only at the store that gave it out."""
        store = await self._store(shop_id)
        if store is None or (store.id, store.settings[CUSTOMER_CLIENT_ID]) != (place.connection_id, place.client_id):
            raise NotFound(OVER)
        return store

    async def _count(self, shopper: Shopper) -> None:
        claims = [(PER_CONVERSATION, str(shopper.conversation_id))]
        if shopper.address:
            claims.append((PER_ADDRESS, network_of(shopper.address) or shopper.address))
        await self._limiter.require(*claims)

    def _http(self) -> StoreHttp:
        return StoreHttp(self._egress.client(), "Shopify")

    def _sign_in(self, http: StoreHttp, store: StoreConnection) -> CustomerSignIn:
        origin = self._origin.replace("{store}", store.settings["store"])
        return CustomerSignIn(http, origin, store.settings[CUSTOMER_CLIENT_ID])

    async def _keep(self, key: str, shop_id: UUID, value: Attempt | Result, lives_s: int) -> None:
        sealed = self._vault.seal(shop_id, msgspec.json.encode(value).decode())
        try:
            await self._redis.set(key, shop_id.bytes + sealed, ex=lives_s)
        except (RedisError, OSError):
            raise Unavailable("Signing in does not work right now; please try again soon.") from None

    async def _take(self, key: str) -> tuple[UUID, str]:
        """(shop, what was kept), once. Raises NotFound, Unavailable."""
        try:
            async with self._redis.pipeline(transaction=True) as pipe:
                pipe.get(key)
                pipe.delete(key)
                kept, _ = await pipe.execute()
        except (RedisError, OSError):
            raise Unavailable("Signing in does not work right now; please try again soon.") from None
        if kept is None:
            raise NotFound(OVER)
        shop_id = UUID(bytes=kept[:16])
        try:
            return shop_id, self._vault.open(shop_id, kept[16:])
        except ValueError:
            raise NotFound(OVER) from None


def _key(kind: str, secret: str) -> str:
    return f"customer-sign-in:{kind}:{digest(secret).hex()}"
