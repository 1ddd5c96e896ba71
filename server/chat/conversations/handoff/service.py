"""Asking for staff, and what a shopper is shown of them: on duty, typing, the place in the queue."""

from datetime import UTC, datetime
from uuid import UUID, uuid5

import msgspec

from server.chat.conversations.handoff import storage
from server.chat.conversations.handoff.models import ConversationStatus, PresenceView, QueuePlace, StaffAvailability
from server.chat.conversations.presence import Presence
from server.chat.conversations.storage import create_conversation
from server.chat.models import HandoffResult, HandoffState
from server.core.cache import ExpiringCache
from server.core.database import Connection, Database
from server.core.errors import NotFound
from server.shops.hours import is_on_duty, next_opening
from server.shops.identity import Shopper
from server.shops.service import ShopService

WAIT_CACHED_S = 30.0
QUEUED = ("requested", "waiting")


class HandoffService:
    """Hands conversations off to staff."""

    def __init__(self, database: Database, shops: ShopService, presence: Presence) -> None:
        self._database, self._shops, self._presence = database, shops, presence
        self._waits: ExpiringCache[UUID, tuple[int | None]] = ExpiringCache(WAIT_CACHED_S)

    async def request(self, shopper: Shopper, email: str | None = None, message: str | None = None) -> HandoffResult:
        """Ask for staff: `requested` when they are on duty, else `waiting` with the shop's contact.

        `email` is where staff may reply to. `message` is saved for them; the same text again is the same message.
        Raises NotFound for a conversation that is not this shopper's, Unavailable.
        """
        staff = await self.fetch_staff(shopper)
        shop_id, conversation_id = shopper.shop_id, shopper.conversation_id
        async with self._database.connection(shop_id) as connection:
            if not await create_conversation(connection, shop_id, shopper):
                raise NotFound
            state = "requested" if staff.is_online else "waiting"
            await storage.request_handoff(connection, shop_id, conversation_id, state, email)
            if message:
                message_id = f"n-{uuid5(conversation_id, message).hex}"
                await storage.add_note(connection, shop_id, conversation_id, message_id, message)
            status = await self.find_status(connection, shopper)
            assert status
            wait_s = await self._find_usual_wait_s(connection, shop_id) if status.state in QUEUED else None
        return HandoffResult(
            state=msgspec.convert(status.state, HandoffState),
            contact=staff.contact,
            online=staff.is_online,
            ahead=status.ahead,
            wait_s=wait_s,
            opens_at=staff.opens_at,
        )

    async def fetch_staff(self, shopper: Shopper) -> StaffAvailability:
        """Whether staff are on duty for this shopper. Takes no database connection, so call it before taking one.

        What the merchant has set counts first; without it staff are on duty in the shop's hours, and whenever one of
        them uses the console.
        """
        profile = await self._shops.profile(shopper.shop_id)
        seen = await self._presence.fetch(shopper.shop_id, shopper.conversation_id)
        now = datetime.now(UTC)
        is_online = profile.handoff.get("online")
        if not isinstance(is_online, bool):
            is_online = bool(is_on_duty(profile.handoff, now)) or seen.staff_active
        return StaffAvailability(
            is_online=is_online,
            typing=seen.staff_typing,
            opens_at=None if is_online else next_opening(profile.handoff, now),
            contact=profile.contact,
        )

    async def find_status(self, connection: Connection, shopper: Shopper) -> ConversationStatus | None:
        """The state of the shopper's conversation, on a connection of their shop; None before its first message."""
        return await storage.find_status(connection, shopper.shop_id, shopper.conversation_id, shopper.shopper_id)

    async def get_presence(
        self,
        connection: Connection,
        shopper: Shopper,
        status: ConversationStatus | None,
        staff: StaffAvailability,
    ) -> PresenceView:
        """What the shopper is shown of staff, on a connection of their shop."""
        place = None
        if status and status.state in QUEUED:
            place = QueuePlace(
                state=msgspec.convert(status.state, HandoffState),
                ahead=status.ahead,
                wait_s=await self._find_usual_wait_s(connection, shopper.shop_id),
                opens_at=staff.opens_at,
            )
        elif status and status.state == "joined":
            place = QueuePlace(state="joined")
        elif status and status.state == "closed" and status.was_handed_off:
            place = QueuePlace(state="ended")
        return PresenceView(staff_online=staff.is_online, typing=staff.typing, handoff=place)

    async def _find_usual_wait_s(self, connection: Connection, shop_id: UUID) -> int | None:
        cached = self._waits.get(shop_id)
        if cached is None:
            cached = self._waits.put(shop_id, (await storage.find_usual_wait_s(connection, shop_id),))
        return cached[0]
