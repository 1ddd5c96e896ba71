"""Tenants: make a shop, show and change it, its keys, and who may call for it."""

import asyncio
import time
from datetime import UTC, datetime
from uuid import UUID

import msgspec
from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error
from msgspec import UNSET, Struct

from server.core.crypto import Vault, digest, new_secret
from server.core.database import Database
from server.core.errors import Conflict, FieldError, Invalid, NotFound, Unauthenticated
from server.core.ids import new_id
from server.core.money import is_currency
from server.core.remember import Remembered
from server.shops import storage
from server.shops.appearance import require_appearance
from server.shops.identity import customer_token
from server.shops.models import (
    ApiKey,
    Caller,
    KeyView,
    Member,
    MemberView,
    Merchant,
    Role,
    Shop,
    ShopChanges,
    ShopProfile,
    ShopView,
)
from server.shops.origins import parse_origin, require_origins

PROFILE_LIVES_S = 5.0
"""How long a process may go on with what it knows of a shop: a changed origin or a revoked key holds after this."""
KEY_LIVES_S = 5.0
ORDER_ACCESS = ("standard", "open", "strict")
LOCALE_LENGTH = 35  # the longest well-formed language tag in use
TEXT_LENGTH = 2_000


class NewShop(Struct, frozen=True):
    """A shop just made; the only time its secret key is told."""

    shop_id: UUID
    publishable_key: str
    secret_key: str
    identity_secret: str


PREFIXES = {"publishable": "pk_", "secret": "sk_", "customer": "ck_"}
"""What keys of each kind begin with."""
MAX_CUSTOMER_KEYS = 2


class ShopService:
    """All that concerns tenants. Holds short-lived caches, so use one per process."""

    def __init__(self, database: Database, vault: Vault) -> None:
        self._database, self._vault = database, vault
        self._passwords = PasswordHasher()
        self._profiles: Remembered[UUID, ShopProfile] = Remembered(PROFILE_LIVES_S)
        self._keys: Remembered[bytes, tuple[UUID, str, UUID]] = Remembered(KEY_LIVES_S)
        self._origins: Remembered[str, bool] = Remembered(PROFILE_LIVES_S)
        self._customer_keys: Remembered[UUID, tuple[str, ...]] = Remembered(KEY_LIVES_S)

    async def create(self, name: str, origins: tuple[str, ...], *, shop_id: UUID | None = None) -> NewShop:
        """Make a shop with one key of each kind. Raises Invalid on a wrong name or origin."""
        if not 1 <= len(name.strip()) <= 200:
            raise Invalid("A shop needs a name.", errors=(FieldError("name", "1 to 200 characters"),))
        listed = require_origins(origins)
        shop_id = shop_id or new_id()
        identity_secret = new_secret("is_")
        async with self._database.shop(shop_id) as session:
            session.add(Shop(id=shop_id, name=name.strip(), identity_secret=self._vault.seal(shop_id, identity_secret)))
            await session.flush()
            await storage.replace_origins(session, shop_id, listed)
        publishable = await self.add_key(shop_id, "publishable", "storefront", "setup")
        secret = await self.add_key(shop_id, "secret", "first key", "setup")
        assert publishable.key and secret.key
        return NewShop(shop_id, publishable.key, secret.key, identity_secret)

    async def view(self, caller: Caller) -> ShopView:
        """The shop as its merchant sees it."""
        async with self._database.shop(caller.shop_id) as session:
            shop = await storage.get_shop(session, caller.shop_id)
            origins = await storage.list_origins(session, caller.shop_id)
        fields = {name: getattr(shop, name) for name in _VIEWED}
        secret = self.open_identity_secret(shop) if caller.role in (Role.OWNER, Role.ADMIN) else UNSET
        return ShopView(origins=origins, identity_secret=secret, **fields | {"suggestions": tuple(shop.suggestions)})

    async def change(self, caller: Caller, changes: ShopChanges) -> ShopView:
        """Change what is given. Raises Invalid naming every wrong field, RoleRefused below admin."""
        caller.require(Role.ADMIN)
        values = {key: value for key, value in msgspec.structs.asdict(changes).items() if value is not UNSET}
        _require_fields(values)
        origins = values.pop("origins", None)
        async with self._database.shop(caller.shop_id) as session:
            if origins is not None:
                await storage.replace_origins(session, caller.shop_id, require_origins(origins))
            if "suggestions" in values:
                values["suggestions"] = list(values["suggestions"])
            await storage.update_shop(session, caller.shop_id, values | {"updated_at": datetime.now(UTC)})
            await storage.add_audit_entry(
                session,
                caller.shop_id,
                caller.actor,
                "shop.change",
                {"fields": sorted([*values, *(["origins"] * (origins is not None))])},
            )
        self._profiles.forget(caller.shop_id)
        return await self.view(caller)

    async def add_key(self, shop_id: UUID, kind: str, name: str, actor: str) -> KeyView:
        """A new key; a secret one is told in this answer only. Raises Invalid for a third customer key."""
        text = new_secret(PREFIXES[kind])
        key = ApiKey(
            shop_id=shop_id,
            kind=kind,
            name=name,
            prefix=text[:11],
            publishable=text if kind == "publishable" else None,
            sealed=self._vault.seal(shop_id, text) if kind == "customer" else None,
        )
        async with self._database.shop(shop_id) as session:
            live = [known for known in await storage.list_keys(session, shop_id) if known.kind == "customer"]
            if kind == "customer" and len(live) >= MAX_CUSTOMER_KEYS:
                error = FieldError("kind", "revoke one of the two customer keys first; two are for changing over")
                raise Invalid("There are two customer keys already.", errors=(error,))
            await storage.add_key(session, shop_id, key, digest(text))
            await storage.add_audit_entry(session, shop_id, actor, "key.create", {"prefix": key.prefix})
        self._customer_keys.forget(shop_id)
        return KeyView(id=key.id, kind=kind, name=name, prefix=key.prefix, key=text, created_at=key.created_at)

    async def list_keys(self, shop_id: UUID) -> list[KeyView]:
        """The shop's live keys."""
        async with self._database.shop(shop_id) as session:
            keys = await storage.list_keys(session, shop_id)
        return [
            KeyView(
                id=key.id,
                kind=key.kind,
                name=key.name,
                prefix=key.prefix,
                key=key.publishable,
                created_at=key.created_at,
            )
            for key in keys
        ]

    async def revoke_key(self, caller: Caller, key_id: UUID) -> None:
        """End a key; processes that know it forget it within seconds. Raises NotFound."""
        async with self._database.shop(caller.shop_id) as session:
            await storage.revoke_key(session, caller.shop_id, key_id, datetime.now(UTC))
            await storage.add_audit_entry(session, caller.shop_id, caller.actor, "key.revoke", {"id": str(key_id)})
        self._keys.clear()
        self._customer_keys.forget(caller.shop_id)

    async def customer_keys(self, shop_id: UUID) -> tuple[str, ...]:
        """The keys with which the shop signs customer tokens, at most a few seconds old; often none."""
        known = self._customer_keys.get(shop_id)
        if known is None:
            async with self._database.shop(shop_id) as session:
                keys = await storage.list_keys(session, shop_id)
            opened = (self._vault.open(shop_id, key.sealed) for key in keys if key.sealed)
            known = self._customer_keys.put(shop_id, tuple(opened))
        return known

    async def vouch_for(self, shop_id: UUID, customer_id: str) -> dict[str, str]:
        """The shop's word for a customer whom a platform has signed in: what `POST /v1/sessions` takes."""
        keys = await self.customer_keys(shop_id) or (await self.identity_secret(shop_id),)
        return {"token": customer_token(keys[0], customer_id, time.time())}

    async def shop_of_key(self, key: str, kind: str) -> tuple[UUID, UUID]:
        """(shop, key id) of a live key of this kind. Raises Unauthenticated."""
        key_hash = digest(key)
        found = self._keys.get(key_hash)
        if found is None:
            async with self._database.directory() as session:
                row = await storage.find_key(session, key_hash)
            if row is None:
                raise Unauthenticated("This key is not known, or it was revoked.")
            found = self._keys.put(key_hash, (row.shop_id, row.kind, row.key_id))
        shop_id, found_kind, key_id = found
        if found_kind != kind:
            raise Unauthenticated(f"This is not a {kind} key.")
        return shop_id, key_id

    async def profile(self, shop_id: UUID) -> ShopProfile:
        """What the turn needs of a shop, at most a few seconds old. Raises NotFound."""
        if known := self._profiles.get(shop_id):
            return known
        async with self._database.shop(shop_id) as session:
            shop = await storage.get_shop(session, shop_id)
            origins = await storage.list_origins(session, shop_id)
        fields = {name: getattr(shop, name) for name in _VIEWED}
        fields["suggestions"] = tuple(shop.suggestions)
        return self._profiles.put(
            shop_id, ShopProfile(active=shop.status == "active", origins=frozenset(origins), **fields)
        )

    async def identity_secret(self, shop_id: UUID) -> str:
        """The secret with which the shop signs its customers."""
        async with self._database.shop(shop_id) as session:
            return self.open_identity_secret(await storage.get_shop(session, shop_id))

    def open_identity_secret(self, shop: Shop) -> str:
        """Decrypt a shop's identity secret."""
        return self._vault.open(shop.id, shop.identity_secret)

    async def is_any_shops_origin(self, origin: str) -> bool:
        """Whether a preflight from this origin may pass: some shop lists it."""
        known = self._origins.get(origin)
        if known is None:
            async with self._database.directory() as session:
                known = self._origins.put(origin, await storage.is_listed_origin(session, parse_origin(origin) or ""))
        return known

    async def note(self, shop_id: UUID, actor: str, action: str, details: dict[str, object]) -> None:
        """Write into the shop's audit."""
        async with self._database.shop(shop_id) as session:
            await storage.add_audit_entry(session, shop_id, actor, action, details)

    # merchants ------------------------------------------------------------------------------------------------

    async def add_merchant(
        self, shop_id: UUID, email: str, password: str, name: str, role: Role, actor: str = "setup"
    ) -> bool:
        """Give whoever signs in with this e-mail a role in the shop; True when the account is new.

        An account that is there already keeps its password and name. Raises Conflict for a member of the shop.
        """
        email = email.strip().lower()
        async with self._database.shop(shop_id) as session:
            merchant = await storage.find_merchant(session, email)
            is_new = merchant is None
            if merchant is None:
                password_hash = await asyncio.to_thread(self._passwords.hash, password)
                merchant = Merchant(email=email, name=name, password_hash=password_hash)
                session.add(merchant)
                await session.flush()
            elif await storage.is_member(session, shop_id, merchant.id):
                raise Conflict(f"{email} is a member of this shop already")
            session.add(Member(shop_id=shop_id, merchant_id=merchant.id, role=role))
            details = {"merchant": str(merchant.id), "role": role}
            await storage.add_audit_entry(session, shop_id, actor, "member.add", details)
        return is_new

    async def list_members(self, shop_id: UUID) -> list[MemberView]:
        """Who may sign in to the shop's console, first joined first."""
        async with self._database.shop(shop_id) as session:
            rows = await storage.list_members(session, shop_id)
        return [
            MemberView(email=merchant.email, name=merchant.name, role=member.role, since=member.created_at)
            for member, merchant in rows
        ]

    async def sign_in(self, email: str, password: str) -> Merchant:
        """The merchant with this e-mail and password. Raises Unauthenticated, the same for either being wrong."""
        async with self._database.directory() as session:
            merchant = await storage.find_merchant(session, email.strip().lower())
        try:
            stored = merchant.password_hash if merchant else _NOBODY
            await asyncio.to_thread(self._passwords.verify, stored, password)
        except Argon2Error:
            merchant = None
        if merchant is None:
            raise Unauthenticated("This e-mail and password do not fit together.")
        return merchant

    async def find_merchant(self, merchant_id: UUID) -> Merchant | None:
        """The merchant with this id."""
        async with self._database.directory() as session:
            return await storage.find_merchant_by_id(session, merchant_id)

    async def memberships(self, merchant_id: UUID) -> list[Member]:
        """The shops a merchant belongs to, first joined first."""
        async with self._database.merchant(merchant_id) as session:
            return await storage.list_memberships(session, merchant_id)

    async def caller_of_key(self, secret_key: str) -> Caller:
        """Whoever holds a shop's secret key acts as its admin. Raises Unauthenticated."""
        shop_id, key_id = await self.shop_of_key(secret_key, "secret")
        return Caller(shop_id=shop_id, role=Role.ADMIN, actor=f"key:{key_id}")

    async def sign_out(self, merchant_id: UUID) -> None:
        """End all of a merchant's sessions, on every machine."""
        async with self._database.directory() as session:
            if merchant := await storage.find_merchant_by_id(session, merchant_id):
                merchant.signed_out_at = datetime.now(UTC)
                session.add(merchant)

    async def caller_of_merchant(self, merchant_id: UUID, shop_id: UUID, signed_in_at: datetime) -> Caller:
        """A signed-in merchant in one of their shops. Raises Unauthenticated when it is not (or no longer) theirs, or
        when they have signed out since."""
        try:
            async with self._database.shop(shop_id) as session:
                member = await storage.get_member(session, shop_id, merchant_id)
                merchant = await storage.find_merchant_by_id(session, merchant_id)
        except NotFound:
            raise Unauthenticated("You do not belong to this shop (any more).") from None
        if merchant is None or (merchant.signed_out_at and merchant.signed_out_at >= signed_in_at):
            raise Unauthenticated("You have signed out.")
        return Caller(shop_id=shop_id, role=Role(member.role), actor=f"merchant:{merchant_id}", merchant_id=merchant_id)


_VIEWED = [
    "id",
    "name",
    "locale",
    "currency",
    "storefront_url",
    "appearance",
    "greeting",
    "suggestions",
    "tone",
    "contact",
    "handoff",
    "order_access",
]
# the hash of a random text: checking a password costs the same whether or not the e-mail is known
_NOBODY = "$argon2id$v=19$m=65536,t=3,p=4$c29tZXNhbHRzb21lc2FsdA$Xr0t2dOqCS1YVvqB7vW2nQm0dLtKqLwPZg0q0Yp4mKs"


def _require_fields(values: dict[str, object]) -> None:
    """Raises Invalid naming every field with a value that cannot be kept."""
    errors = [
        FieldError(name, f"at most {TEXT_LENGTH} characters")
        for name in ("name", "greeting", "tone", "storefront_url")
        if len(str(values.get(name) or "")) > TEXT_LENGTH
    ]
    if "name" in values and not str(values["name"]).strip():
        errors.append(FieldError("name", "must not be empty"))
    if values.get("order_access", "standard") not in ORDER_ACCESS:
        errors.append(FieldError("order_access", f"one of {', '.join(ORDER_ACCESS)}"))
    if not is_currency(str(values.get("currency", "USD"))):
        errors.append(FieldError("currency", "an ISO 4217 code such as EUR"))
    if not 2 <= len(str(values.get("locale", "en"))) <= LOCALE_LENGTH:
        errors.append(FieldError("locale", "a language tag such as en or pt-BR"))
    if "appearance" in values:
        errors += require_appearance(values["appearance"])
    url = values.get("storefront_url")
    if url and not str(url).startswith(("https://", "http://")):
        errors.append(FieldError("storefront_url", "must start with https://"))
    if errors:
        raise Invalid("Some fields cannot be kept; nothing was changed.", errors=tuple(errors))
