"""Handoff to staff: requesting it, and what the shopper sees of staff: on duty, typing, the place in the queue."""

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

MEDIAN_WAIT_CACHED_S = 30.0
QUEUED_STATES = ("requested", "waiting")


class HandoffService:
    """Hands conversations off to staff, and reports to shoppers what staff do."""

    def __init__(self, database: Database, shops: ShopService, presence: Presence) -> None:
        self._database, self._shops, self._presence = database, shops, presence
        # a tuple, because a cached None (too few handoffs) is not the same as nothing cached
        self._median_waits: ExpiringCache[UUID, tuple[int | None]] = ExpiringCache(MEDIAN_WAIT_CACHED_S)

    async def request(self, shopper: Shopper, email: str | None = None, message: str | None = None) -> HandoffResult:
        """Hand the conversation off, in state `requested` while staff are on duty, else `waiting`.

        The result also has the shop's contact and the place in the queue. `email` is where staff may reply to.
        `message` is saved for staff; the same text in a second request is not saved again.

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
            assert status, "create_conversation has made sure that it exists"
            wait_s = await self._find_median_wait_s(connection, shop_id) if status.state in QUEUED_STATES else None
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

        If the merchant has switched `online` on or off, that decides. Otherwise staff are on duty in the shop's hours,
        and while one of them uses the console.
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
        """The state of the shopper's conversation; None before its first message. `connection` is one of their shop."""
        return await storage.find_status(connection, shopper.shop_id, shopper.conversation_id, shopper.shopper_id)

    async def get_presence(
        self,
        connection: Connection,
        shopper: Shopper,
        status: ConversationStatus | None,
        staff: StaffAvailability,
    ) -> PresenceView:
        """What the shopper is shown of staff: on duty, typing, and the place of a conversation that was handed off.

        `connection` is one of the shopper's shop; `status` and `staff` come from `find_status` and `fetch_staff`.
        """
        place = None
        if status and status.state in QUEUED_STATES:
            place = QueuePlace(
                state=msgspec.convert(status.state, HandoffState),
                ahead=status.ahead,
                wait_s=await self._find_median_wait_s(connection, shopper.shop_id),
                opens_at=staff.opens_at,
            )
        elif status and status.state == "joined":
            place = QueuePlace(state="joined")
        elif status and status.state == "closed" and status.was_handed_off:
            place = QueuePlace(state="ended")
        return PresenceView(staff_online=staff.is_online, typing=staff.typing, handoff=place)

    async def _find_median_wait_s(self, connection: Connection, shop_id: UUID) -> int | None:
        cached = self._median_waits.get(shop_id)
        if cached is None:
            cached = self._median_waits.put(shop_id, (await storage.find_median_wait_s(connection, shop_id),))
        return cached[0]
