"""Tenants: make a shop, show and change it, its keys, and who may call for it."""

import time
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import msgspec
from msgspec import UNSET, Struct

from server.core.cache import ExpiringCache
from server.core.crypto import Vault, digest, new_secret
from server.core.database import Database
from server.core.errors import FieldError, Invalid, Unauthenticated
from server.core.ids import new_id
from server.shops import storage
from server.shops.appearance import merged_appearance, readable_appearance, resolved_appearance
from server.shops.features import HIDE_BRANDING, EveryFeature, Features
from server.shops.identity import customer_token
from server.shops.models import Caller, KeyView, Role, ShopChanges, ShopProfile, ShopView, Trial
from server.shops.origins import parse_origin, require_origins
from server.shops.readability import appearance_notes
from server.shops.settings import require_settings, settings_errors
from server.shops.tables import ApiKeyRow, ShopRow

PROFILE_LIFETIME_S = 5.0
"""How long a process may use what it has cached of a shop: then a changed origin or a revoked key takes effect."""
KEY_LIFETIME_S = 5.0
MAX_ORIGIN = 300
LOOKS = "appearance."


class NewShop(Struct, frozen=True):
    """A new shop; its secret key is shown only here."""

    shop_id: UUID
    publishable_key: str
    secret_key: str
    identity_secret: str


PREFIXES = {"publishable": "pk_", "secret": "sk_", "customer": "ck_"}
"""What keys of each kind begin with."""
MAX_CUSTOMER_KEYS = 2


class KnownKey(Struct, frozen=True):
    """A live key as the cache has it by its hash."""

    shop_id: UUID
    kind: str
    key_id: UUID


class ShopService:
    """Everything that concerns tenants. It has short-lived caches, so use one per process."""

    def __init__(self, database: Database, vault: Vault, features: Features | None = None) -> None:
        self._database, self._vault, self._features = database, vault, features or EveryFeature()
        self._profiles: ExpiringCache[UUID, ShopProfile] = ExpiringCache(PROFILE_LIFETIME_S)
        self._keys: ExpiringCache[bytes, KnownKey] = ExpiringCache(KEY_LIFETIME_S)
        self._origins: ExpiringCache[str, bool] = ExpiringCache(PROFILE_LIFETIME_S)
        self._customer_keys: ExpiringCache[UUID, tuple[str, ...]] = ExpiringCache(KEY_LIFETIME_S)

    async def create(self, name: str, origins: tuple[str, ...], *, shop_id: UUID | None = None) -> NewShop:
        """Make a shop with one key of each kind. Raises Invalid on a wrong name or origin."""
        if not 1 <= len(name.strip()) <= 200:
            raise Invalid("A shop needs a name.", errors=(FieldError("name", "1 to 200 characters"),))
        listed = require_origins(origins)
        shop_id = shop_id or new_id()
        identity_secret = new_secret("is_")
        async with self._database.session(shop_id) as session:
            session.add(
                ShopRow(id=shop_id, name=name.strip(), identity_secret=self._vault.seal(shop_id, identity_secret))
            )
            await session.flush()
            await storage.replace_origins(session, shop_id, listed)
        publishable = await self.add_key(shop_id, "publishable", "storefront", "setup")
        secret = await self.add_key(shop_id, "secret", "first key", "setup")
        assert publishable.key and secret.key
        return NewShop(shop_id, publishable.key, secret.key, identity_secret)

    async def view(self, caller: Caller) -> ShopView:
        """The shop as its merchant sees it."""
        async with self._database.session(caller.shop_id) as session:
            shop = await storage.get_shop(session, caller.shop_id)
            origins = await storage.list_origins(session, caller.shop_id)
        fields = {name: getattr(shop, name) for name in _VIEWED}
        fields |= {"suggestions": tuple(shop.suggestions), "appearance": readable_appearance(shop.appearance)}
        return ShopView(
            origins=origins,
            identity_secret=self.open_identity_secret(shop) if caller.role in (Role.OWNER, Role.ADMIN) else UNSET,
            appearance_notes=appearance_notes(await self._resolved(shop)),
            **fields,
        )

    async def change(self, caller: Caller, changes: ShopChanges) -> ShopView:
        """Change what is given. Raises Invalid naming every wrong field, RoleRefused below admin."""
        caller.require(Role.ADMIN)
        values = {key: value for key, value in msgspec.structs.asdict(changes).items() if value is not UNSET}
        require_settings(values)
        origins = values.pop("origins", None)
        async with self._database.session(caller.shop_id) as session:
            if origins is not None:
                await storage.replace_origins(session, caller.shop_id, require_origins(origins))
            if "appearance" in values:
                stored = (await storage.get_shop(session, caller.shop_id, for_change=True)).appearance
                values["appearance"] = merged_appearance(stored, values["appearance"])
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
        self._profiles.invalidate(caller.shop_id)
        return await self.view(caller)

    async def try_out(self, caller: Caller, changes: ShopChanges) -> Trial:
        """What a change would give, without making it: a wrong setting counts as left alone."""
        values = {key: value for key, value in msgspec.structs.asdict(changes).items() if value is not UNSET}
        errors = settings_errors(values)
        async with self._database.session(caller.shop_id) as session:
            shop = await storage.get_shop(session, caller.shop_id)
        wrong = {error.field.split(".")[1].partition("[")[0] for error in errors if error.field.startswith(LOOKS)}
        wanted = {name: value for name, value in (values.get("appearance") or {}).items() if name not in wrong}
        may_hide = await self.has_feature(shop.id, HIDE_BRANDING)
        stored = merged_appearance(shop.appearance, wanted)
        resolved = resolved_appearance(stored, shop.name, may_hide_branding=may_hide)
        return Trial(errors=errors, notes=tuple(appearance_notes(resolved)), appearance=resolved)

    async def add_key(
        self, shop_id: UUID, kind: str, name: str, actor: str, *, answers_per_period: int | None = None
    ) -> KeyView:
        """A new key; a secret one is shown in this response only. Raises Invalid for a third customer key, and for a
        limit that nothing would enforce."""
        self._require_limit(kind, answers_per_period)
        text = new_secret(PREFIXES[kind])
        key = ApiKeyRow(
            shop_id=shop_id,
            kind=kind,
            name=name,
            prefix=text[:11],
            publishable=text if kind == "publishable" else None,
            sealed=self._vault.seal(shop_id, text) if kind == "customer" else None,
            answers_per_period=answers_per_period,
        )
        async with self._database.session(shop_id) as session:
            live = [known for known in await storage.list_keys(session, shop_id) if known.kind == "customer"]
            if kind == "customer" and len(live) >= MAX_CUSTOMER_KEYS:
                error = FieldError("kind", "revoke one of them first; the second is for changing over")
                raise Invalid("The shop already has two customer keys.", errors=(error,))
            await storage.add_key(session, shop_id, key, digest(text))
            await storage.add_audit_entry(session, shop_id, actor, "key.create", {"prefix": key.prefix})
        self._customer_keys.invalidate(shop_id)
        self._features.invalidate(shop_id)
        return _key_view(key, text)

    async def limit_key(self, caller: Caller, key_id: UUID, answers_per_period: int | None) -> KeyView:
        """Give a publishable key a limit of its own, or none, within seconds. Raises NotFound, Invalid."""
        async with self._database.session(caller.shop_id) as session:
            key = await storage.get_key(session, caller.shop_id, key_id)
            self._require_limit(key.kind, answers_per_period)
            key.answers_per_period = answers_per_period
            session.add(key)
            details = {"id": str(key_id), "answers_per_period": answers_per_period}
            await storage.add_audit_entry(session, caller.shop_id, caller.actor, "key.limit", details)
        self._features.invalidate(caller.shop_id)
        return _key_view(key, key.publishable)

    def _require_limit(self, kind: str, answers_per_period: int | None) -> None:
        if answers_per_period is None:
            return
        wrong = None if kind == "publishable" else "for publishable keys only: no shopper comes by another"
        if not self._features.limits_keys:
            wrong = "this installation does not count answers; it needs billing"
        if wrong:
            raise Invalid("This key cannot have a limit.", errors=(FieldError("answers_per_period", wrong),))

    async def list_keys(self, shop_id: UUID) -> list[KeyView]:
        """The shop's live keys."""
        async with self._database.session(shop_id) as session:
            keys = await storage.list_keys(session, shop_id)
        return [_key_view(key, key.publishable) for key in keys]

    async def revoke_key(self, caller: Caller, key_id: UUID) -> None:
        """Revoke a key; processes that have it in their cache refuse it within seconds. Raises NotFound."""
        async with self._database.session(caller.shop_id) as session:
            await storage.revoke_key(session, caller.shop_id, key_id, datetime.now(UTC))
            await storage.add_audit_entry(session, caller.shop_id, caller.actor, "key.revoke", {"id": str(key_id)})
        self._keys.clear()
        self._profiles.invalidate(caller.shop_id)
        self._customer_keys.invalidate(caller.shop_id)

    async def customer_keys(self, shop_id: UUID) -> tuple[str, ...]:
        """The keys with which the shop signs customer tokens, at most a few seconds old; often none."""
        known = self._customer_keys.get(shop_id)
        if known is None:
            async with self._database.session(shop_id) as session:
                keys = await storage.list_keys(session, shop_id)
            opened = (self._vault.open(shop_id, key.sealed) for key in keys if key.sealed)
            known = self._customer_keys.put(shop_id, tuple(opened))
        return known

    async def vouch_for(self, shop_id: UUID, customer_id: str, connection_id: UUID) -> dict[str, str]:
        """The shop's word for a customer whom a connected store has signed in: what `POST /v1/sessions` takes."""
        keys = await self.customer_keys(shop_id) or (await self.identity_secret(shop_id),)
        return {"token": customer_token(keys[0], customer_id, str(connection_id), time.time())}

    async def shop_of_key(self, key: str, kind: str) -> tuple[UUID, UUID]:
        """(shop, key id) of a live key of this kind. Raises Unauthenticated."""
        key_hash = digest(key)
        found = self._keys.get(key_hash)
        if found is None:
            async with self._database.global_session() as session:
                row = await storage.find_key(session, key_hash)
            if row is None:
                raise Unauthenticated("This key is unknown or was revoked.")
            found = self._keys.put(key_hash, KnownKey(row.shop_id, row.kind, row.key_id))
        if found.kind != kind:
            raise Unauthenticated(f"This is not a {kind} key.")
        return found.shop_id, found.key_id

    async def profile(self, shop_id: UUID) -> ShopProfile:
        """What the turn needs of a shop, at most a few seconds old. Raises NotFound."""
        if known := self._profiles.get(shop_id):
            return known
        async with self._database.session(shop_id) as session:
            shop = await storage.get_shop(session, shop_id)
            origins = await storage.list_origins(session, shop_id)
            keys = await storage.list_keys(session, shop_id)
        fields = {name: getattr(shop, name) for name in _VIEWED}
        fields |= {"keys": frozenset(key.id for key in keys)}
        fields |= {"suggestions": tuple(shop.suggestions), "appearance": await self._resolved(shop)}
        return self._profiles.put(
            shop_id, ShopProfile(active=shop.status == "active", origins=frozenset(origins), **fields)
        )

    async def identity_secret(self, shop_id: UUID) -> str:
        """The secret with which the shop signs its customers."""
        async with self._database.session(shop_id) as session:
            return self.open_identity_secret(await storage.get_shop(session, shop_id))

    def open_identity_secret(self, shop: ShopRow) -> str:
        """Decrypt a shop's identity secret."""
        return self._vault.open(shop.id, shop.identity_secret)

    async def is_any_shops_origin(self, origin: str) -> bool:
        """Whether a preflight from this origin may pass: some shop lists it."""
        if len(origin) > MAX_ORIGIN:
            return False  # no origin that a shop could list, and too long to remember
        known = self._origins.get(origin)
        if known is None:
            async with self._database.global_session() as session:
                known = self._origins.put(origin, await storage.is_listed_origin(session, parse_origin(origin) or ""))
        return known

    async def caller_of_key(self, secret_key: str) -> Caller:
        """The caller behind a shop's secret key, who acts as its admin. Raises Unauthenticated."""
        shop_id, key_id = await self.shop_of_key(secret_key, "secret")
        return Caller(shop_id=shop_id, role=Role.ADMIN, actor=f"key:{key_id}")

    async def add_audit_entry(self, shop_id: UUID, actor: str, action: str, details: dict[str, object]) -> None:
        """Add an entry to the shop's audit log."""
        async with self._database.session(shop_id) as session:
            await storage.add_audit_entry(session, shop_id, actor, action, details)

    async def has_feature(self, shop_id: UUID, name: str) -> bool:
        """Whether the shop's plan includes the feature of this name."""
        return await self._features.has_feature(shop_id, name)

    async def _resolved(self, shop: ShopRow) -> dict[str, Any]:
        may_hide = await self.has_feature(shop.id, HIDE_BRANDING)
        return resolved_appearance(shop.appearance, shop.name, may_hide_branding=may_hide)


def _key_view(key: ApiKeyRow, text: str | None) -> KeyView:
    return KeyView(
        id=key.id,
        kind=key.kind,
        name=key.name,
        prefix=key.prefix,
        key=text,
        created_at=key.created_at,
        answers_per_period=key.answers_per_period,
    )


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
