"""What a shopper does beside asking: read the history, stop an answer, rate it, ask for a person."""

from uuid import UUID

import msgspec

from server.chat import storage
from server.chat.events import replay
from server.chat.live import LiveTurns, TurnJournal
from server.chat.models import HandoffResult
from server.core.database import Database
from server.core.errors import NotFound
from server.core.ids import new_id
from server.shops.identity import Shopper
from server.shops.service import ShopService


class Conversations:
    """The conversations of all shops, each reached only through its own shopper."""

    def __init__(self, database: Database, shops: ShopService, journal: TurnJournal, live: LiveTurns) -> None:
        self._database, self._shops, self._journal, self._live = database, shops, journal, live

    async def stop(self, shopper: Shopper) -> None:
        """End the running turn; what was said is kept. Nothing happens when none runs."""
        if live := self._live.find(shopper.shop_id, shopper.conversation_id):
            live.request_stop()
            return
        turn_id, _, ended = await self._journal.frames(shopper.shop_id, shopper.conversation_id)
        if turn_id and not ended:
            await self._journal.request_stop(shopper.shop_id, turn_id)

    async def history(self, shopper: Shopper) -> tuple[str, list[storage.StoredMessage]]:
        """(state, messages oldest first); an empty open conversation before its first message."""
        async with self._database.fast(shopper.shop_id) as connection:
            state = await storage.find_conversation(
                connection, shopper.shop_id, shopper.conversation_id, shopper.shopper_id
            )
            if state is None:
                return "open", []
            messages = await storage.last_messages(
                connection, shopper.shop_id, shopper.conversation_id, before_seq=2**31 - 1, limit=200
            )
        return state, messages

    async def replay(self, shopper: Shopper, turn_id: UUID, answer_id: str) -> bytes:
        """The stream of a turn that has ended, made again from what was saved."""
        async with self._database.fast(shopper.shop_id) as connection:
            message = await storage.find_message(connection, shopper.shop_id, shopper.conversation_id, answer_id)
        if message is None:
            return replay(turn_id, answer_id, [], {})
        parts, metadata = msgspec.json.decode(message.parts), msgspec.json.decode(message.metadata)
        return replay(turn_id, answer_id, parts, metadata)

    def staff_notice(self, shopper: Shopper) -> bytes:
        """What a shopper reads at once while staff answer: nothing but that they are here."""
        part = {"type": "data-handoff", "data": {"state": "joined"}}
        notice_id = new_id()
        return replay(notice_id, f"n-{notice_id.hex}", [part], {"answered_by": "staff"})

    async def rate(self, shopper: Shopper, message_id: str, rating: str, comment: str | None) -> None:
        """Keep what the shopper thinks of an answer. Raises NotFound."""
        async with self._database.fast(shopper.shop_id) as connection:
            kept = await storage.save_feedback(
                connection, shopper.shop_id, shopper.conversation_id, message_id, rating, comment
            )
        if not kept:
            raise NotFound

    async def request_human(self, shopper: Shopper, email: str | None = None) -> HandoffResult:
        """Ask for staff: `requested` when the shop says they are on duty, else `waiting` with the shop's contact."""
        profile = await self._shops.profile(shopper.shop_id)
        wanted = "requested" if profile.handoff.get("online") else "waiting"
        async with self._database.fast(shopper.shop_id) as connection:
            if not await storage.open_conversation(connection, shopper.shop_id, shopper):
                raise NotFound
            state = await storage.request_handoff(connection, shopper.shop_id, shopper.conversation_id, wanted, email)
        return HandoffResult(state=state or wanted, contact=profile.contact)
