"""Merchants and their places in shops: who may sign in, and what they may do."""

import asyncio
from datetime import UTC, datetime
from uuid import UUID

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error

from server.core.database import Database
from server.core.errors import Conflict, NotFound, QuotaExceeded, Unauthenticated
from server.shops import storage
from server.shops.features import LIMIT_RETRY_AFTER_S, Allowances, EveryFeature
from server.shops.models import Caller, MemberView, Role
from server.shops.tables import MemberRow, MerchantRow

# the hash of a random text: checking a password costs the same whether or not the e-mail is known
_NOBODY = "$argon2id$v=19$m=65536,t=3,p=4$c29tZXNhbHRzb21lc2FsdA$Xr0t2dOqCS1YVvqB7vW2nQm0dLtKqLwPZg0q0Yp4mKs"


class Members:
    """The people of all shops. New passwords are hashed by `passwords`; a stored one says itself how it was hashed."""

    def __init__(
        self, database: Database, allowances: Allowances | None = None, passwords: PasswordHasher | None = None
    ) -> None:
        self._database, self._passwords = database, passwords or PasswordHasher()
        self._allowances = allowances or EveryFeature()

    async def add(self, shop_id: UUID, email: str, password: str, name: str, role: Role, actor: str = "setup") -> bool:
        """Give whoever signs in with this e-mail a role in the shop; True when the account is new.

        An account that is there already keeps its password and name. Raises Conflict for a member of the shop,
        QuotaExceeded when the plan's seats are taken.
        """
        email = email.strip().lower()
        seats = await self._allowances.find_allowance(shop_id, "seats")
        async with self._database.session(shop_id) as session:
            if seats:
                await storage.get_shop(session, shop_id, for_change=True)  # so that two at once do not take one seat
            merchant = await storage.find_merchant(session, email)
            is_new = merchant is None
            if merchant is None:
                password_hash = await asyncio.to_thread(self._passwords.hash, password)
                merchant = MerchantRow(email=email, name=name, password_hash=password_hash)
                session.add(merchant)
                await session.flush()
            elif await storage.is_member(session, shop_id, merchant.id):
                raise Conflict(f"{email} is already a member of this shop")
            if seats and len(await storage.list_members(session, shop_id)) >= seats.limit:
                raise QuotaExceeded(f"There is no seat left: {seats.reason}.", retry_after_s=LIMIT_RETRY_AFTER_S)
            session.add(MemberRow(shop_id=shop_id, merchant_id=merchant.id, role=role))
            details = {"merchant": str(merchant.id), "role": role}
            await storage.add_audit_entry(session, shop_id, actor, "member.add", details)
        return is_new

    async def list_of(self, shop_id: UUID) -> list[MemberView]:
        """Who may sign in to the shop's console, first joined first."""
        async with self._database.session(shop_id) as session:
            rows = await storage.list_members(session, shop_id)
        return [
            MemberView(email=merchant.email, name=merchant.name, role=member.role, since=member.created_at)
            for member, merchant in rows
        ]

    async def sign_in(self, email: str, password: str) -> MerchantRow:
        """The merchant with this e-mail and password. Raises Unauthenticated, the same for either being wrong."""
        async with self._database.global_session() as session:
            merchant = await storage.find_merchant(session, email.strip().lower())
        try:
            stored = merchant.password_hash if merchant else _NOBODY
            await asyncio.to_thread(self._passwords.verify, stored, password)
        except Argon2Error:
            merchant = None
        if merchant is None:
            raise Unauthenticated("The e-mail or the password is not correct.")
        return merchant

    async def sign_out(self, merchant_id: UUID) -> None:
        """End all of a merchant's sessions, on every machine."""
        async with self._database.global_session() as session:
            if merchant := await storage.find_merchant_by_id(session, merchant_id):
                merchant.signed_out_at = datetime.now(UTC)
                session.add(merchant)

    async def find_merchant(self, merchant_id: UUID) -> MerchantRow | None:
        """The merchant with this id."""
        async with self._database.global_session() as session:
            return await storage.find_merchant_by_id(session, merchant_id)

    async def memberships(self, merchant_id: UUID) -> list[MemberRow]:
        """The shops a merchant belongs to, first joined first."""
        async with self._database.merchant_session(merchant_id) as session:
            return await storage.list_memberships(session, merchant_id)

    async def caller(self, merchant_id: UUID, shop_id: UUID, signed_in_at: datetime) -> Caller:
        """A signed-in merchant in one of their shops. Raises Unauthenticated when it is not (or no longer) theirs, or
        when they have signed out since."""
        try:
            async with self._database.session(shop_id) as session:
                member = await storage.get_member(session, shop_id, merchant_id)
                merchant = await storage.find_merchant_by_id(session, merchant_id)
        except NotFound:
            raise Unauthenticated("You are not a member of this shop.") from None
        if merchant is None or (merchant.signed_out_at and merchant.signed_out_at >= signed_in_at):
            raise Unauthenticated("You have signed out.")
        return Caller(shop_id=shop_id, role=Role(member.role), actor=f"merchant:{merchant_id}", merchant_id=merchant_id)
