"""Asking for staff, and what is known of them: on duty, in the queue, typing."""

from datetime import UTC, datetime
from uuid import UUID, uuid5

import msgspec

from server.chat import storage as chat_storage
from server.chat.conversations.handoff import storage
from server.chat.conversations.handoff.models import PresenceView, QueuePlace, Surroundings, Talk
from server.chat.conversations.presence import Presence, Seen
from server.chat.models import HandoffResult, HandoffState
from server.core.cache import ExpiringCache
from server.core.database import Connection, Database
from server.core.errors import NotFound
from server.shops.hours import is_on_duty, next_opening
from server.shops.identity import Shopper
from server.shops.models import ShopProfile
from server.shops.service import ShopService

WAIT_LIVES_S = 30.0
WAITING = ("requested", "waiting")


class HandoffService:
    """Between shoppers and staff."""

    def __init__(self, database: Database, shops: ShopService, presence: Presence) -> None:
        self._database, self._shops, self._presence = database, shops, presence
        self._waits: ExpiringCache[UUID, tuple[int | None]] = ExpiringCache(WAIT_LIVES_S)

    async def request(self, shopper: Shopper, email: str | None = None, message: str | None = None) -> HandoffResult:
        """Ask for staff: `requested` when they are on duty, else `waiting` with the shop's contact. `message` is kept
        for them; the same words again are the same message. Raises NotFound, Unauthenticated."""
        around = await self.look_around(shopper)
        shop_id, conversation_id = shopper.shop_id, shopper.conversation_id
        async with self._database.connection(shop_id) as connection:
            if not await chat_storage.open_conversation(connection, shop_id, shopper):
                raise NotFound
            wanted = "requested" if around.online else "waiting"
            await storage.request_handoff(connection, shop_id, conversation_id, wanted, email)
            if message:
                message_id = f"n-{uuid5(conversation_id, message).hex}"
                part = {"type": "text", "text": message}
                await storage.add_note(connection, shop_id, conversation_id, message_id, [part])
            talk = await storage.find_talk(connection, shop_id, conversation_id, shopper.shopper_id)
            assert talk
            wait_s = await self._usual_wait_s(connection, shop_id) if talk.state in WAITING else None
        return HandoffResult(
            state=msgspec.convert(talk.state, HandoffState),
            contact=around.contact,
            online=around.online,
            ahead=talk.ahead,
            wait_s=wait_s,
            opens_at=around.opens_at,
        )

    async def look_around(self, shopper: Shopper) -> Surroundings:
        """Who is there for this shopper, before a connection is taken."""
        profile = await self._shops.profile(shopper.shop_id)
        seen = await self._presence.see(shopper.shop_id, shopper.conversation_id)
        now = datetime.now(UTC)
        online = _is_online(profile, seen, now)
        return Surroundings(
            online=online,
            typing=seen.staff_typing,
            opens_at=None if online else next_opening(profile.handoff, now),
            contact=profile.contact,
        )

    async def place(
        self, connection: Connection, shopper: Shopper, talk: Talk | None, around: Surroundings
    ) -> PresenceView:
        """What the shopper is told of staff, on a connection of their shop."""
        place = None
        if talk and talk.state in WAITING:
            wait_s = await self._usual_wait_s(connection, shopper.shop_id)
            place = QueuePlace(
                state=msgspec.convert(talk.state, HandoffState),
                ahead=talk.ahead,
                wait_s=wait_s,
                opens_at=around.opens_at,
            )
        elif talk and talk.state == "joined":
            place = QueuePlace(state="joined")
        elif talk and talk.state == "closed" and talk.was_passed_on:
            place = QueuePlace(state="ended")
        return PresenceView(staff_online=around.online, typing=around.typing, handoff=place)

    async def _usual_wait_s(self, connection: Connection, shop_id: UUID) -> int | None:
        known = self._waits.get(shop_id)
        if known is None:
            known = self._waits.put(shop_id, (await storage.usual_wait_s(connection, shop_id),))
        return known[0]


def _is_online(profile: ShopProfile, seen: Seen, now: datetime) -> bool:
    """The merchant's own word counts first; else the hours say so, or somebody is there whatever they say."""
    if isinstance(online := profile.handoff.get("online"), bool):
        return online
    return bool(is_on_duty(profile.handoff, now)) or seen.staff_active
