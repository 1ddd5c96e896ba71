"""What a shopper does in a conversation besides asking, and what staff and the console add to it."""

from urllib.parse import urlsplit
from uuid import UUID

import msgspec
from msgspec import Struct

from server.chat.conversations import storage
from server.chat.conversations.handoff import HandoffService, PresenceView
from server.chat.conversations.models import ConversationLine, WidgetReport
from server.chat.conversations.presence import Presence
from server.chat.storage import StoredMessage, find_message, list_messages
from server.chat.stream_parts import HandoffData, HandoffPart
from server.chat.transcript import replay
from server.chat.turns.stream_store import StreamStore
from server.chat.turns.turn_stream import RunningTurns
from server.core.database import Connection, Database
from server.core.errors import NotFound
from server.core.ids import new_id
from server.knowledge.evidence.blocks import plain
from server.shops.identity import Shopper
from server.shops.service import ShopService

MAX_MESSAGES = 200


class History(Struct, frozen=True, kw_only=True):
    """A conversation as its shopper sees it; messages oldest first."""

    state: str
    messages: list[StoredMessage]
    presence: PresenceView


class ConversationService:
    """The conversations of all shops, each reached only through its own shopper."""

    def __init__(
        self,
        database: Database,
        shops: ShopService,
        stream_store: StreamStore,
        running: RunningTurns,
        handoff: HandoffService,
        presence: Presence,
    ) -> None:
        self._database, self._shops, self._stream_store, self._running = database, shops, stream_store, running
        self._handoff, self._presence = handoff, presence

    async def list(self, shopper: Shopper) -> list[ConversationLine]:
        """The shopper's conversations, newest first, at most 50."""
        customer_id = shopper.customer.id if shopper.customer else None
        async with self._database.connection(shopper.shop_id) as connection:
            lines = await storage.list_conversations(connection, shopper.shop_id, shopper.shopper_id, customer_id)
        return [msgspec.structs.replace(line, preview=plain(line.preview)) for line in lines]

    async def stop(self, shopper: Shopper) -> None:
        """Ask the running turn to end; what was said by then is saved. Nothing happens where none runs. Raises
        Unavailable."""
        if stream := self._running.find(shopper.shop_id, shopper.conversation_id):
            stream.request_stop()
            return
        stored = await self._stream_store.find(shopper.shop_id, shopper.conversation_id)
        if stored and not stored.has_ended:
            await self._stream_store.request_stop(shopper.shop_id, stored.turn_id)

    async def history(self, shopper: Shopper) -> History:
        """The latest MAX_MESSAGES messages and who is there; an empty, open conversation before its first message."""
        staff = await self._handoff.fetch_staff(shopper)
        await self._presence.record_shopper(shopper.shop_id, shopper.conversation_id)
        shop_id, conversation_id = shopper.shop_id, shopper.conversation_id
        async with self._database.connection(shop_id) as connection:
            status = await self._handoff.find_status(connection, shopper)
            messages = []
            if status:
                messages = await list_messages(connection, shop_id, conversation_id, limit=MAX_MESSAGES)
            presence = await self._handoff.get_presence(connection, shopper, status, staff)
        return History(state=status.state if status else "open", messages=messages, presence=presence)

    async def replay(self, shopper: Shopper, turn_id: UUID, answer_id: str) -> bytes:
        """The stream of a turn that has ended, made again from the saved answer."""
        async with self._database.connection(shopper.shop_id) as connection:
            message = await find_message(connection, shopper.shop_id, shopper.conversation_id, answer_id)
        if message is None:
            return replay(turn_id, answer_id, [], {})
        parts, metadata = msgspec.json.decode(message.parts), msgspec.json.decode(message.metadata)
        return replay(turn_id, answer_id, parts, metadata)

    def staff_notice(self, shopper: Shopper) -> bytes:
        """The stream that a message gets while staff answer: it says only that they have joined."""
        part = msgspec.to_builtins(HandoffPart(data=HandoffData(state="joined")))
        notice_id = new_id()
        return replay(notice_id, f"n-{notice_id.hex}", [part], {"answered_by": "staff"})

    async def rate(self, shopper: Shopper, message_id: str, rating: str, comment: str | None) -> None:
        """Save the shopper's rating of an answer (up or down). Raises NotFound."""
        async with self._database.connection(shopper.shop_id) as connection:
            is_saved = await storage.save_feedback(
                connection, shopper.shop_id, shopper.conversation_id, message_id, rating, comment
            )
        if not is_saved:
            raise NotFound

    async def record_typing(self, shopper: Shopper) -> None:
        """Show staff for a few seconds that the shopper is writing."""
        await self._presence.record_shopper_typing(shopper.shop_id, shopper.conversation_id)

    async def report(self, shopper: Shopper, kind: str, page: str | None) -> None:
        """Count one report of a widget, under the origin of `page` where that is one of the shop's, else under the
        caller's. Only the shop's own origins are counted, so there are never many."""
        profile = await self._shops.profile(shopper.shop_id)
        named = _origin_of(page)
        origin = named if named in profile.origins else shopper.origin
        if origin is None:
            return
        async with self._database.connection(shopper.shop_id) as connection:
            await storage.add_report(connection, shopper.shop_id, kind, origin)


async def add_staff_message(
    connection: Connection, shop_id: UUID, conversation_id: UUID, message_id: str, text: str, staff: str | None
) -> None:
    """Add a reply of staff at the end of a conversation, on a connection of its shop; `staff` is the writer's name."""
    await storage.add_message(
        connection,
        shop_id,
        conversation_id,
        message_id,
        "staff",
        [{"type": "text", "text": text, "state": "done"}],
        {"answered_by": "staff", "staff": staff, "confidence": 1.0, "sources": [], "receipts": []},
    )


async def list_reports(connection: Connection, shop_id: UUID, within_s: float, limit: int) -> list[WidgetReport]:
    """What widgets reported in the last `within_s` seconds, newest first, on a connection of the shop."""
    return await storage.list_reports(connection, shop_id, within_s, limit)


def _origin_of(page: str | None) -> str | None:
    try:
        parts = urlsplit(page or "")
    except ValueError:
        return None
    return f"{parts.scheme}://{parts.netloc.lower()}" if parts.netloc else None
