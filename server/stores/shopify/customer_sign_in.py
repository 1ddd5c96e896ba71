"""Shoppers who sign in at their Shopify account from the chat, to see their own orders (proof level 3).

    chat    begin     -> Shopify's address, opened in a new window; the attempt is stored here
    window  finish    -> Shopify says who they are; a one-time secret goes to our page that opened the window
    chat    redeem    -> the secret, with the session that began, is exchanged for the shop's customer assertion

Forwarding the address gains nothing: whoever signs in there has the secret sent to a page of ours in their own browser,
and it is valid only for the session that began. Attempts and results are stored in Redis, sealed, and can be read once;
where Redis was emptied the shopper signs in again.
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
ATTEMPT_TTL_S = 600
RESULT_TTL_S = 120
"""For the way from the window's last page to the chat: a message within the browser and one request."""
PER_CONVERSATION = Limit("customer-sign-in", per_minute=6, burst=10)
PER_ADDRESS = Limit("customer-sign-in-address", per_minute=120, burst=120)
UNKNOWN = "This sign-in is unknown or has expired; start again in the chat."

log = get_logger("stores")


class SignInContext(Struct, frozen=True):
    """Which session signs in at which store, with which of its clients."""

    conversation_id: UUID
    shopper_id: UUID
    connection_id: UUID
    client_id: str


class StoredAttempt(Struct, frozen=True):
    """A sign-in that was begun. The field names are those of values stored already."""

    place: SignInContext
    secrets: SignInAttempt


class StoredResult(Struct, frozen=True):
    """A sign-in that Shopify has confirmed."""

    place: SignInContext
    customer_id: str


_attempts, _results = msgspec.json.Decoder(StoredAttempt), msgspec.json.Decoder(StoredResult)


class CustomerAccounts:
    """Sign-ins of shoppers at all stores. In `origin` "{store}" stands for a store's domain; `base_url` is our own."""

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
        store = await self._find_store(shopper.shop_id)
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
        place = SignInContext(shopper.conversation_id, shopper.shopper_id, store.id, client_id)
        await self._put(_key("attempt", secrets.state), shopper.shop_id, StoredAttempt(place, secrets), ATTEMPT_TTL_S)
        return url

    async def finish(self, state: str, code: str) -> str:
        """The one-time secret of a shopper whom Shopify has signed in. Raises NotFound, Unavailable."""
        shop_id, text = await self._take(_key("attempt", state))
        attempt = _attempts.decode(text)
        store = await self._require_same(shop_id, attempt.place)
        if not code:  # the shopper has cancelled
            raise NotFound(UNKNOWN)
        http = self._http()
        try:
            customer = await self._sign_in(http, store).finish(attempt.secrets, code, state)
        except AuthRefused as reason:
            log.info("customer_sign_in_refused", shop_id=str(shop_id), reason=str(reason))
            raise NotFound(UNKNOWN) from None
        except PlatformUnavailable as reason:
            raise Unavailable(f"The shop's accounts cannot be reached: {reason}.") from None
        finally:
            await http.close()
        secret = new_secret("si_")
        await self._put(
            _key("result", secret), shop_id, StoredResult(attempt.place, customer.customer_id), RESULT_TTL_S
        )
        return secret

    async def redeem(self, shopper: Shopper, secret: str) -> dict[str, str]:
        """The shop's signed assertion of the customer, with which their next session begins. Raises RateLimited,
        Unavailable, and NotFound alike for a secret that is wrong, used, expired or of another session."""
        await self._count(shopper)
        shop_id, text = await self._take(_key("result", secret))
        result = _results.decode(text)
        began = (shop_id, result.place.conversation_id, result.place.shopper_id)
        if began != (shopper.shop_id, shopper.conversation_id, shopper.shopper_id):
            log.warning("customer_sign_in_session_mismatch", shop_id=str(shop_id))
            raise NotFound(UNKNOWN)
        await self._require_same(shop_id, result.place)
        return await self._shops.vouch_for(shop_id, result.customer_id, result.place.connection_id)

    async def _find_store(self, shop_id: UUID) -> StoreConnection | None:
        store = await self._order_stores.find(shop_id)
        return store if store and self.is_offered_by(store) else None

    async def _require_same(self, shop_id: UUID, place: SignInContext) -> StoreConnection:
        """The store of an attempt, if it answers for the shop's orders: a customer's number means nothing elsewhere."""
        store = await self._find_store(shop_id)
        if store is None or (store.id, store.settings[CUSTOMER_CLIENT_ID]) != (place.connection_id, place.client_id):
            raise NotFound(UNKNOWN)
        return store

    async def _count(self, shopper: Shopper) -> None:
        claims = [(PER_CONVERSATION, str(shopper.conversation_id))]
        if shopper.address:
            claims.append((PER_ADDRESS, network_of(shopper.address) or shopper.address))
        await self._limiter.require(*claims)

    def _http(self) -> StoreHttp:
        return StoreHttp(self._egress.create_client(), "Shopify")

    def _sign_in(self, http: StoreHttp, store: StoreConnection) -> CustomerSignIn:
        origin = self._origin.replace("{store}", store.settings["store"])
        return CustomerSignIn(http, origin, store.settings[CUSTOMER_CLIENT_ID])

    async def _put(self, key: str, shop_id: UUID, value: StoredAttempt | StoredResult, ttl_s: int) -> None:
        sealed = self._vault.seal(shop_id, msgspec.json.encode(value).decode())
        try:
            await self._redis.set(key, shop_id.bytes + sealed, ex=ttl_s)
        except (RedisError, OSError):
            raise Unavailable("Signing in does not work right now; please try again soon.") from None

    async def _take(self, key: str) -> tuple[UUID, str]:
        """The shop and the value stored under a key, which is deleted. Raises NotFound, Unavailable."""
        try:
            async with self._redis.pipeline(transaction=True) as pipe:
                pipe.get(key)
                pipe.delete(key)
                stored, _ = await pipe.execute()
        except (RedisError, OSError):
            raise Unavailable("Signing in does not work right now; please try again soon.") from None
        if stored is None:
            raise NotFound(UNKNOWN)
        shop_id = UUID(bytes=stored[:16])
        try:
            return shop_id, self._vault.open(shop_id, stored[16:])
        except ValueError:
            raise NotFound(UNKNOWN) from None


def _key(kind: str, secret: str) -> str:
    return f"customer-sign-in:{kind}:{digest(secret).hex()}"
