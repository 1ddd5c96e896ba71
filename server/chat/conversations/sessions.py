"""Sessions: a signed token binds a browser to one shop, one shopper and one conversation.

Nothing is stored before the first message: the ids are made here, and the first message stores them.
"""

import time
from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

from babel import negotiate_locale
from msgspec import Meta, Struct

from server.chat.conversations.erasure.service import ErasedShoppers
from server.chat.conversations.storage import is_owner
from server.chat.languages import ALL_PHRASES, phrase, phrases_for
from server.core.addresses import network_of
from server.core.database import Database
from server.core.errors import NotFound, OriginRefused, Unauthenticated
from server.core.ids import new_id, parse_id
from server.core.rate_limit import Limit, RateLimiter
from server.core.tokens import TokenSigner
from server.shops.appearance import session_appearance
from server.shops.identity import Customer, Shopper, is_signed_customer, read_customer_token
from server.shops.models import ShopProfile
from server.shops.service import ShopService

SESSION_LIFETIME_S = 30 * 24 * 3600
CUSTOMER_SESSION_LIFETIME_S = 24 * 3600
"""Each page sends the shop's proof for a customer again, so a session need not be valid for longer than a visit."""
NO_CONTROL = r"^[^\x00-\x1f\x7f]*$"
"""A line break would let one signature stand for two pairs of id and e-mail."""
NEW_CONVERSATION = "new"
SESSIONS_PER_ADDRESS = Limit("sessions", per_minute=600, burst=300)


class SessionClaims(Struct, frozen=True, omit_defaults=True):
    """What a token states, in one-letter names: shop (s), conversation (c), shopper (v), origin (o), locale (l) and
    key (k)."""

    s: str
    c: str
    v: str
    customer: Customer | None = None
    o: str | None = None
    l: str = "en"  # noqa: E741
    k: str | None = None


class CustomerProof(Struct, frozen=True):
    """The shop's proof for a signed-in customer: a token (see `read_customer_token`), or id and e-mail with a
    signature (see `customer_signature`). Signatures count only until the shop creates a customer key."""

    id: Annotated[str, Meta(max_length=255, pattern=NO_CONTROL)] = ""
    signature: str = ""
    token: str | None = None
    email: Annotated[str, Meta(max_length=254, pattern=NO_CONTROL)] | None = None


class SessionRequest(Struct, frozen=True):
    """`POST /v1/sessions`."""

    key: str
    session: str | None = None
    customer: CustomerProof | None = None
    locale: str | None = None
    conversation_id: str | None = None
    """Another of the shopper's own conversations, or NEW_CONVERSATION."""


class SessionAnswer(Struct, frozen=True, kw_only=True):
    """What a widget needs to begin a conversation."""

    session: str
    expires_at: datetime
    conversation_id: UUID
    appearance: dict[str, Any]
    greeting: str
    suggestions: tuple[str, ...]
    locale: str


class SessionService:
    """Opens sessions and reads their tokens."""

    def __init__(
        self,
        shops: ShopService,
        signer: TokenSigner[SessionClaims],
        limiter: RateLimiter,
        own_origin: str,
        database: Database,
        erased_shoppers: ErasedShoppers,
    ) -> None:
        self._shops, self._signer, self._limiter, self._own_origin = shops, signer, limiter, own_origin
        self._database, self._erased_shoppers = database, erased_shoppers

    async def open(
        self, request: SessionRequest, *, origin: str | None, address: str, secret_key: str | None, languages: str
    ) -> SessionAnswer:
        """A new session, or a longer one for the shopper and conversation of `request.session`.

        From a browser the Origin must be listed; without an Origin the shop's secret key is needed as a bearer.
        Raises Unauthenticated, OriginRefused, RateLimited, and NotFound for a conversation that is not this shopper's.
        """
        shop_id, key_id = await self._shops.shop_of_key(request.key, "publishable")
        profile = await self._require_access(shop_id, origin, address, secret_key)
        old = self._signer.read(request.session) if request.session else None
        if old and (old.s != str(shop_id) or self._is_foreign(old, origin)):
            old = None
        customer = await self._require_customer(shop_id, request.customer)
        if old and old.customer != customer:
            old = None  # a signed-out shopper's token must not show the customer's conversation, nor the reverse
        if old and await self._erased_shoppers.is_erased(shop_id, UUID(old.v)):
            old = None
        locale = choose_locale(request.locale, languages, profile.locale)
        claims = SessionClaims(
            s=str(shop_id),
            c=await self._choose_conversation(shop_id, request.conversation_id, old),
            v=old.v if old else str(new_id()),
            customer=customer,
            o=origin,
            l=locale,
            k=str(key_id),
        )
        lifetime_s = CUSTOMER_SESSION_LIFETIME_S if customer else SESSION_LIFETIME_S
        return SessionAnswer(
            session=self._signer.sign(claims, lifetime_s=lifetime_s),
            expires_at=datetime.fromtimestamp(time.time() + lifetime_s, UTC),
            conversation_id=UUID(claims.c),
            appearance=session_appearance(profile.appearance),
            greeting=profile.greeting or phrase("greeting", locale, shop=profile.name),
            suggestions=profile.suggestions or starters(locale),
            locale=locale,
        )

    async def read(self, token: str, *, origin: str | None, address: str, is_safe: bool) -> Shopper:
        """The shopper of this token; `is_safe` says that the request only reads. Raises Unauthenticated,
        OriginRefused."""
        claims = self._signer.read(token)
        if claims is None:
            raise Unauthenticated("The session is invalid or has expired; open a new one.")
        shop_id = UUID(claims.s)
        try:
            profile = await self._shops.profile(shop_id)
        except NotFound:
            raise Unauthenticated("This session's shop no longer exists.") from None
        if not profile.active:
            raise Unauthenticated("This shop is switched off.")
        if claims.k and UUID(claims.k) not in profile.keys:
            raise Unauthenticated("This session's key was revoked; open a new session with another key.")
        if await self._erased_shoppers.is_erased(shop_id, UUID(claims.v)):
            raise Unauthenticated("This session's data was erased; open a new session.")
        if self._is_foreign(claims, origin):
            raise OriginRefused("This session belongs to the chat's own frame; open one of your own.")
        if origin or claims.o:
            # browsers send no Origin header when a page reads from its own origin
            unnamed = claims.o if is_safe and claims.o == self._own_origin else None
            self._require_origin(profile, origin or unnamed)
        return Shopper(
            shop_id=shop_id,
            conversation_id=UUID(claims.c),
            shopper_id=UUID(claims.v),
            customer=claims.customer,
            origin=origin,
            locale=claims.l,
            key_id=UUID(claims.k) if claims.k else None,
            address=address if origin or claims.o else "",
        )

    async def _choose_conversation(self, shop_id: UUID, wanted: str | None, old: SessionClaims | None) -> str:
        """The id of the conversation that the session is for. Raises NotFound."""
        if wanted == NEW_CONVERSATION or (wanted is None and old is None):
            return str(new_id())
        if old is None:
            raise NotFound
        conversation_id = UUID(old.c) if wanted is None else parse_id(wanted)
        if conversation_id is None:
            raise NotFound
        if conversation_id != UUID(old.c):
            customer_id = old.customer.id if old.customer else None
            async with self._database.connection(shop_id) as connection:
                if not await is_owner(connection, shop_id, conversation_id, UUID(old.v), customer_id):
                    raise NotFound
        return str(conversation_id)

    async def _require_access(
        self, shop_id: UUID, origin: str | None, address: str, secret_key: str | None
    ) -> ShopProfile:
        profile = await self._shops.profile(shop_id)
        if not profile.active:
            raise Unauthenticated("This shop is switched off.")
        if origin:
            self._require_origin(profile, origin)
            await self._limiter.require((SESSIONS_PER_ADDRESS, network_of(address) or address))
            return profile
        if not secret_key:
            raise Unauthenticated("Without an Origin header a session needs the shop's secret key as a bearer token.")
        owner, _ = await self._shops.shop_of_key(secret_key, "secret")
        if owner != shop_id:
            raise Unauthenticated("The secret key and the publishable key belong to different shops.")
        return profile

    def _is_foreign(self, claims: SessionClaims, origin: str | None) -> bool:
        """Whether a page uses the session of the chat's frame. Where a browser lets frames store nothing, the page
        stores the token, and the page's scripts can read it (decisions/0010)."""
        return claims.o == self._own_origin and origin not in (None, self._own_origin)

    def _require_origin(self, profile: ShopProfile, origin: str | None) -> None:
        if origin is None:
            raise OriginRefused("This session was opened in a browser; requests with it must name their origin.")
        if origin != self._own_origin and origin not in profile.origins:
            raise OriginRefused(
                "This site's origin is not on the shop's list; add it in the console or with PATCH /v1/shop."
            )

    async def _require_customer(self, shop_id: UUID, proof: CustomerProof | None) -> Customer | None:
        if proof is None:
            return None
        if keys := await self._shops.customer_keys(shop_id):
            customer = read_customer_token(proof.token or "", keys, time.time())
            if customer is None:
                raise Unauthenticated("The customer's token is missing, too old or signed with another key.")
            return customer
        secret = await self._shops.identity_secret(shop_id)
        if proof.token and (vouched := read_customer_token(proof.token, (secret,), time.time())):
            return vouched
        if not proof.id or not is_signed_customer(secret, proof.id, proof.email, proof.signature):
            raise Unauthenticated(
                "The customer's signature does not match; sign id and e-mail with the identity secret."
            )
        return Customer(proof.id, (proof.email or "").strip().lower() or None)


def choose_locale(requested: str | None, languages: str, shop_locale: str) -> str:
    """The best language for a shopper: the page's, else one of Accept-Language, else the shop's."""
    accepted = [entry.partition(";")[0].strip() for entry in languages.split(",")]
    wanted = [tag.replace("_", "-")[:35] for tag in ([requested] if requested else accepted) if tag]
    spoken = [*ALL_PHRASES, shop_locale]
    return negotiate_locale(wanted, spoken, sep="-") or shop_locale


def starters(locale: str) -> tuple[str, ...]:
    """The suggested questions of a shop that has set none."""
    words = phrases_for(locale)
    return (words.ask_find, words.ask_returns, words.ask_track)


def require_conversation(shopper: Shopper, conversation_id: str) -> None:
    """Require that an id is that of the session's conversation. Raises NotFound."""
    if parse_id(conversation_id) != shopper.conversation_id:
        raise NotFound
