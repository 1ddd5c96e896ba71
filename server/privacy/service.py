"""Exports and erasures of what is stored of one person, each with a record that proves it.

All that is personal hangs on conversations: those of a customer, those in which their e-mail was given or written,
and those in which one of their orders was proven. Orders themselves are never stored.
"""

import hashlib
import hmac
import re
from collections.abc import Sequence
from uuid import UUID

import msgspec
from sqlmodel.ext.asyncio.session import AsyncSession

from integrations.platform import NamedPerson, normalise_order_number
from server.chat.conversations.erasure.service import ErasedShoppers
from server.chat.conversations.presence import Presence
from server.chat.shopper_limits import ERASURES, ShopperLimits
from server.chat.turns.stream_store import StreamStore
from server.core.crypto import Vault, derive
from server.core.database import Database
from server.core.errors import FieldError, Invalid, NotFound
from server.core.ids import new_id
from server.core.table_model import now
from server.privacy import storage
from server.privacy.models import PrivacyRecord
from server.privacy.tables import PrivacyRequestRow
from server.shops.identity import Shopper

ADDRESS = re.compile(r"[^\s@]+@[^\s@]+\.[^\s@.]{2,}")


class Privacy:
    """Exports and erases a person's data. `secret_keys` are the installation's, newest first."""

    def __init__(
        self,
        database: Database,
        vault: Vault,
        stream_store: StreamStore,
        presence: Presence,
        erased_shoppers: ErasedShoppers,
        limits: ShopperLimits,
        secret_keys: tuple[str, ...],
    ) -> None:
        self._database, self._vault, self._presence = database, vault, presence
        self._stream_store = stream_store
        self._erased_shoppers, self._limits = erased_shoppers, limits
        self._key = derive(secret_keys[0], "privacy")

    async def export(
        self, shop_id: UUID, person: NamedPerson, asked_by: str, *, request_id: UUID | None = None
    ) -> UUID:
        """Store a sealed copy of all that is stored of a person; the record's id. A request with an id is done once,
        however often and by however many workers it is processed."""
        _require_named(person)
        request_id = request_id or new_id()
        async with self._database.session(shop_id) as session:
            if await storage.is_done(session, shop_id, request_id):
                return request_id
            ids = await storage.find_conversations(session, shop_id, _normalised(person))
            found = await storage.get_personal_data(session, shop_id, ids)
            sealed = self._vault.seal(shop_id, msgspec.json.encode(found).decode())
            request = _done(request_id, "export", shop_id, self._hash(person), asked_by, found.counts(), sealed)
            await storage.add_request(session, shop_id, request)
        return request_id

    async def erase(self, shop_id: UUID, person: NamedPerson, asked_by: str, *, request_id: UUID | None = None) -> UUID:
        """Delete all that is stored of a person, in the database and in running streams; the record's id. A request
        with an id is done once: what its record counts is all that was deleted."""
        _require_named(person)
        request_id = request_id or new_id()
        async with self._database.session(shop_id) as session:
            if await storage.is_done(session, shop_id, request_id):
                return request_id
            ids = await storage.find_conversations(session, shop_id, _normalised(person))
            counts = await self._erase(session, shop_id, ids, person)
            request = _done(request_id, "erase", shop_id, self._hash(person), asked_by, counts)
            await storage.add_request(session, shop_id, request)
        await self._delete_streams(shop_id, ids)
        return request_id

    async def erase_shopper(self, shopper: Shopper) -> int:
        """Delete all conversations of a shopper at their own request, with all that belongs to them; how many. Their
        sessions are no longer valid, in every process within seconds.

        The request is stored first, in a transaction of its own: nothing that begins after it can be stored.
        """
        await self._limits.require_of_address(shopper, ERASURES)
        shop_id = shopper.shop_id
        await self._erased_shoppers.add(shop_id, shopper.shopper_id)
        async with self._database.connection(shop_id) as connection:
            ids = await self._erased_shoppers.list_conversations(connection, shop_id, shopper.shopper_id)
        async with self._database.session(shop_id) as session:
            await storage.lock_requests(session, shop_id)
            counts = await self._erase(session, shop_id, ids, *_persons_of(shopper))
            if erased := counts["conversations"]:
                name = self._hash_of(f"shopper:{shopper.shopper_id}")
                await storage.add_request(session, shop_id, _done(new_id(), "erase", shop_id, name, "shopper", counts))
        await self._delete_streams(shop_id, [*ids, shopper.conversation_id])
        return erased

    async def list_shops_to_tidy(self) -> list[UUID]:
        """The shops in which `tidy` would delete something. Raises Unavailable."""
        return await self._erased_shoppers.list_shops_with_outdated()

    async def tidy(self, shop_id: UUID) -> None:
        """Delete what nobody needs any more: pictures that were never sent, old reports, and conversations that an
        erasure at a shopper's request did not reach (they began in that very moment, or the database went away)."""
        async with self._database.connection(shop_id) as connection:
            ids = await self._erased_shoppers.list_remaining(connection, shop_id)
        if ids:
            async with self._database.session(shop_id) as session:
                await storage.lock_requests(session, shop_id)
                counts = await self._erase(session, shop_id, ids)
                if counts["conversations"]:  # another worker may have been sooner
                    name = self._hash_of("shoppers:left over")
                    request = _done(new_id(), "erase", shop_id, name, "shopper", counts)
                    await storage.add_request(session, shop_id, request)
        async with self._database.connection(shop_id) as connection:
            await self._erased_shoppers.delete_outdated(connection, shop_id)
        await self._delete_streams(shop_id, ids)

    async def _erase(
        self, session: AsyncSession, shop_id: UUID, conversation_ids: Sequence[UUID], *persons: NamedPerson
    ) -> dict[str, int]:
        """Delete these conversations, and every export for one of these persons or for somebody whom the conversations
        name; how many rows of each kind."""
        found = await storage.list_persons(session, shop_id, conversation_ids)
        names = {name for person in (*persons, *found) for name in _names_of(person)}
        counts = await storage.erase_conversations(session, shop_id, conversation_ids)
        counts["exports"] = await storage.erase_exports(session, shop_id, [self._hash_of(name) for name in names])
        return counts

    async def _delete_streams(self, shop_id: UUID, conversation_ids: Sequence[UUID]) -> None:
        for conversation_id in conversation_ids:
            await self._stream_store.erase(shop_id, conversation_id)
            await self._presence.clear_typing(shop_id, conversation_id)

    async def erase_store(self, shop_id: UUID, connection_id: UUID, *, request_id: UUID | None = None) -> None:
        """Delete what was read from a store that was removed for good, and the shop's conversations if it was the only
        store; the shop itself stays. A request with an id is done once."""
        request_id = request_id or new_id()
        async with self._database.session(shop_id) as session:
            if await storage.is_done(session, shop_id, request_id):
                return
            counts = await storage.erase_store(session, shop_id, connection_id, f"store:{connection_id}")
            ids = await storage.find_conversations_without_a_store(session, shop_id)
            counts |= await self._erase(session, shop_id, ids)
            person = hmac.digest(self._key, connection_id.bytes, hashlib.sha256)
            request = _done(request_id, "erase", shop_id, person, f"connection:{connection_id}", counts)
            await storage.add_request(session, shop_id, request)
        await self._delete_streams(shop_id, ids)

    async def records(self, shop_id: UUID) -> list[PrivacyRecord]:
        """All requests of a shop, newest first."""
        async with self._database.session(shop_id) as session:
            rows = await storage.list_requests(session, shop_id)
        return [
            PrivacyRecord(
                id=row.id,
                kind=row.kind,
                person=row.person_hash.hex(),
                asked_by=row.asked_by,
                asked_at=row.asked_at,
                done_at=row.done_at,
                counts=row.counts,
            )
            for row in rows
        ]

    async def read_export(self, shop_id: UUID, request_id: UUID) -> bytes:
        """An export as JSON. Raises NotFound, also when it was erased since."""
        async with self._database.session(shop_id) as session:
            sealed = await storage.find_export(session, shop_id, request_id)
        if sealed is None:
            raise NotFound
        return self._vault.open(shop_id, sealed).encode()

    def _hash(self, person: NamedPerson) -> bytes:
        return self._hash_of(_names_of(person)[0])

    def _hash_of(self, name: str) -> bytes:
        return hmac.digest(self._key, name.encode(), hashlib.sha256)


def _done(
    request_id: UUID,
    kind: str,
    shop_id: UUID,
    person: bytes,
    asked_by: str,
    counts: dict[str, int],
    export: bytes | None = None,
) -> PrivacyRequestRow:
    """The record of a request that is done now."""
    return PrivacyRequestRow(
        shop_id=shop_id,
        id=request_id,
        kind=kind,
        person_hash=person,
        asked_by=asked_by,
        done_at=now(),
        counts=counts,
        export=export,
    )


def _persons_of(shopper: Shopper) -> list[NamedPerson]:
    """The signed-in customer; nobody for a visitor."""
    customer = shopper.customer
    return [NamedPerson(customer_id=customer.id, email=customer.email, order_numbers=())] if customer else []


def _names_of(person: NamedPerson) -> list[str]:
    """The names under which an export of this person may be recorded; the first is that of their own requests."""
    email = (person.email or "").strip().lower()
    return [*([email] if email else []), *([f"id:{person.customer_id}"] if person.customer_id else [])]


def _require_named(person: NamedPerson) -> None:
    email = (person.email or "").strip()
    if not (person.customer_id or email):
        raise Invalid("The request names no person.", errors=(FieldError("email", "give this, customer_id or both"),))
    if email and not ADDRESS.fullmatch(email):
        raise Invalid(
            "This is not an e-mail address.",
            errors=(FieldError("email", "must be a full address such as ann@example.com"),),
        )


def _normalised(person: NamedPerson) -> NamedPerson:
    """The person with their e-mail and order numbers as they are stored."""
    email = (person.email or "").strip().lower() or None
    numbers = [normalise_order_number(number) for number in person.order_numbers]
    return msgspec.structs.replace(person, email=email, order_numbers=tuple(number for number in numbers if number))
