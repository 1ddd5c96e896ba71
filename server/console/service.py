"""What staff do: read conversations with the reason for each answer, reply, assign, tag, close."""

from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID, uuid5

import msgspec
from sqlmodel.ext.asyncio.session import AsyncSession

from server.chat.conversations.handoff.tasks import LEFT_AFTER, MAIL_REPLY
from server.chat.conversations.models import WidgetReport
from server.chat.conversations.presence import Presence
from server.chat.conversations.service import add_staff_message, list_reports
from server.console import storage
from server.console.models import (
    IMPORTS,
    STATES,
    ConversationDetail,
    ConversationPage,
    Glance,
    JobLine,
    MessageView,
    Position,
    StaffMember,
    Wanted,
)
from server.console.rows import job_of, message_of, turn_of
from server.core.database import Connection, Database
from server.core.errors import FieldError, Invalid, NotFound
from server.core.ids import new_id
from server.core.jobs import enqueue
from server.shops.models import RANK, Caller, Role

MAX_REPLY = 4_000
MAX_TAGS = 20
MAX_TAG = 40
MAX_SEARCH = 200
JOBS_SHOWN = 8
MAX_CRAWLS = 200
MAX_BATCH = 1_000
"""Files of one upload that its page shows."""
REPORTS_SHOWN = 10
REPORTS_SHOWN_FOR_S = 14 * 24 * 3600.0
BEGINNING = datetime(2000, 1, 1, tzinfo=UTC)
END = datetime(9000, 1, 1, tzinfo=UTC)


class StaffService:
    """All that staff do with conversations. Every call is on behalf of one Caller and sees that caller's shop only."""

    def __init__(self, database: Database, presence: Presence) -> None:
        self._database, self._presence = database, presence

    async def conversations(
        self, caller: Caller, wanted: Wanted, after: Position | None, limit: int
    ) -> ConversationPage:
        """A page of conversations, newest first.

        A search looks through a bounded stretch per page, so a page may be short, even empty, and not be the last.
        Raises Invalid on an unknown state or words too long to search for.
        """
        _require_wanted(wanted)
        await self._note_active(caller)
        async with self._database.connection(caller.shop_id) as connection:
            page = await storage.list_conversations(
                connection,
                caller.shop_id,
                msgspec.structs.replace(wanted, text=_clean(wanted.text)),
                after,
                wanted.since or BEGINNING,
                wanted.until or END,
                limit + 1,
            )
        if len(page.items) <= limit:
            return page
        last = page.items[limit - 1]
        return ConversationPage(page.items[:limit], Position(last.last_message_at, last.id))

    async def get(self, caller: Caller, conversation_id: UUID) -> ConversationDetail:
        """A conversation with its messages, ratings and traces. Raises NotFound."""
        shop_id = caller.shop_id
        await self._note_active(caller)
        async with self._database.session(shop_id) as session:
            talk = await storage.get_conversation(session, shop_id, conversation_id)
            assignee = await storage.find_assignee(session, shop_id, conversation_id)
            messages = await storage.list_messages(session, shop_id, conversation_id)
            turns = await storage.list_turns(session, shop_id, conversation_id)
        return ConversationDetail(
            id=talk.id,
            state=talk.state,
            preview=talk.preview,
            locale=talk.locale,
            origin=talk.origin,
            customer_id=talk.customer_id,
            customer_email=talk.customer_email,
            contact_email=talk.contact_email,
            tags=talk.tags,
            assignee=assignee,
            created_at=talk.created_at,
            last_message_at=talk.last_message_at,
            messages=[message_of(*each) for each in reversed(messages[: storage.MAX_MESSAGES])],
            turns=[turn_of(turn) for turn in reversed(turns)],
            has_earlier=len(messages) > storage.MAX_MESSAGES,
        )

    async def reply(
        self, caller: Caller, conversation_id: UUID, text: str, idempotency_key: str | None = None
    ) -> MessageView:
        """Answer the shopper; from now on staff answer here and the assistant is silent.

        The same idempotency key gives the same message, once. Raises Invalid, NotFound, RoleRefused below agent.
        """
        caller.require(Role.AGENT)
        said = _require_reply(text)
        key = uuid5(conversation_id, idempotency_key) if idempotency_key else new_id()
        message_id = f"s-{key.hex}"
        async with self._database.connection(caller.shop_id) as connection:
            _require_found(
                await storage.join_conversation(connection, caller.shop_id, conversation_id, caller.merchant_id)
            )
            if not await storage.has_message(connection, caller.shop_id, conversation_id, message_id):
                await self._add_reply(connection, caller, conversation_id, message_id, said)
        await self._presence.clear_typing(caller.shop_id, conversation_id)
        async with self._database.session(caller.shop_id) as session:
            return message_of(await storage.get_message(session, caller.shop_id, conversation_id, message_id))

    async def glance(self, caller: Caller, conversation_id: UUID) -> Glance:
        """What a page that shows the conversation asks every few seconds. Raises NotFound."""
        await self._note_active(caller)
        async with self._database.session(caller.shop_id) as session:
            messages = await storage.count_messages(session, caller.shop_id, conversation_id)
        seen = await self._presence.fetch(caller.shop_id, conversation_id)
        return Glance(shopper_typing=seen.shopper_typing, messages=messages)

    async def note_typing(self, caller: Caller, conversation_id: UUID, shop_name: str) -> None:
        """The shopper sees it for a few seconds, under the name of whoever writes. Raises NotFound, RoleRefused."""
        caller.require(Role.AGENT)
        async with self._database.session(caller.shop_id) as session:
            await storage.get_conversation(session, caller.shop_id, conversation_id)
            staff = await storage.list_staff(session, caller.shop_id)
        name = next((each.name for each in staff if each.merchant_id == caller.merchant_id), "")
        await self._presence.record_staff_typing(caller.shop_id, conversation_id, name or shop_name)

    async def reports(self, caller: Caller) -> list[WidgetReport]:
        """What widgets noticed lately on the shop's pages, newest first."""
        async with self._database.connection(caller.shop_id) as connection:
            return await list_reports(connection, caller.shop_id, REPORTS_SHOWN_FOR_S, REPORTS_SHOWN)

    async def _note_active(self, caller: Caller) -> None:
        """Staff who may answer are there; a key is nobody, and a viewer cannot help."""
        if caller.merchant_id and RANK[caller.role] >= RANK[Role.AGENT]:
            await self._presence.record_staff(caller.shop_id)

    async def _add_reply(
        self, connection: Connection, caller: Caller, conversation_id: UUID, message_id: str, text: str
    ) -> None:
        name = await storage.find_staff_name(connection, caller.shop_id, caller.merchant_id)
        await add_staff_message(connection, caller.shop_id, conversation_id, message_id, text, name)
        details = {"conversation_id": str(conversation_id), "message_id": message_id}
        await storage.add_audit_entry(connection, caller.shop_id, caller.actor, "conversation.reply", details)
        await enqueue(connection, caller.shop_id, MAIL_REPLY, details, due_at=datetime.now(UTC) + LEFT_AFTER)

    async def assign(self, caller: Caller, conversation_id: UUID, merchant_id: UUID | None) -> None:
        """Give a conversation to somebody of the shop, or to nobody. Raises Invalid, NotFound, RoleRefused."""
        caller.require(Role.AGENT)
        async with self._database.session(caller.shop_id) as session:
            talk = await storage.get_conversation(session, caller.shop_id, conversation_id)
            staff = await storage.list_staff(session, caller.shop_id)
            if merchant_id and merchant_id not in [each.merchant_id for each in staff]:
                raise Invalid(
                    "Nobody was assigned.", errors=(FieldError("merchant_id", "is not a member of this shop's staff"),)
                )
            talk.assignee = merchant_id
            assigned = str(merchant_id) if merchant_id else None
            await self._note(session, caller, "assign", conversation_id, {"merchant_id": assigned})

    async def close(self, caller: Caller, conversation_id: UUID) -> None:
        """Nothing is left to do; a new message of the shopper opens it again. Raises NotFound, RoleRefused."""
        caller.require(Role.AGENT)
        async with self._database.session(caller.shop_id) as session:
            talk = await storage.get_conversation(session, caller.shop_id, conversation_id)
            talk.state = "closed"
            await self._note(session, caller, "close", conversation_id, {})

    async def tag(self, caller: Caller, conversation_id: UUID, tags: list[str]) -> list[str]:
        """Replace the tags; returns them as they are stored. Raises Invalid, NotFound, RoleRefused."""
        caller.require(Role.AGENT)
        kept = _require_tags(tags)
        async with self._database.session(caller.shop_id) as session:
            talk = await storage.get_conversation(session, caller.shop_id, conversation_id)
            talk.tags = kept
            await self._note(session, caller, "tags", conversation_id, {"tags": kept})
        return kept

    async def staff(self, caller: Caller) -> list[StaffMember]:
        """Who may be assigned."""
        async with self._database.session(caller.shop_id) as session:
            return await storage.list_staff(session, caller.shop_id)

    async def jobs(self, caller: Caller) -> list[JobLine]:
        """The newest imports and crawls."""
        async with self._database.session(caller.shop_id) as session:
            jobs = await storage.list_jobs(session, caller.shop_id, list(IMPORTS), JOBS_SHOWN)
        return [job_of(job) for job in jobs]

    async def origins_written_on(self, caller: Caller, origins: Sequence[str]) -> list[str]:
        """Those of the shop's sites on which a shopper has written, in their order."""
        async with self._database.connection(caller.shop_id) as connection:
            found = await storage.list_origins_written_on(connection, caller.shop_id, origins)
        return [origin for origin in origins if origin in found]

    async def batch(self, caller: Caller, batch: UUID) -> list[JobLine]:
        """Files that were uploaded together, in their order. Raises NotFound."""
        async with self._database.session(caller.shop_id) as session:
            jobs = await storage.list_batch(session, caller.shop_id, str(batch), MAX_BATCH)
        if not jobs:
            raise NotFound
        return [job_of(job) for job in jobs]

    async def crawls(self, caller: Caller) -> dict[str, JobLine]:
        """The last run of each site, by the site's id; without those that were not read for MAX_CRAWLS runs."""
        async with self._database.session(caller.shop_id) as session:
            jobs = await storage.list_jobs(session, caller.shop_id, ["knowledge.crawl"], MAX_CRAWLS)
        return {line.source_id: line for line in map(job_of, reversed(jobs))}

    async def _note(
        self, session: AsyncSession, caller: Caller, action: str, conversation_id: UUID, details: dict[str, object]
    ) -> None:
        details = {"conversation_id": str(conversation_id)} | details
        await storage.add_staff_action(session, caller.shop_id, caller.actor, f"conversation.{action}", details)


def _require_found(found: bool) -> None:
    if not found:
        raise NotFound


def _require_wanted(wanted: Wanted) -> None:
    if wanted.state is not None and wanted.state not in STATES:
        raise Invalid("There is no such state.", errors=(FieldError("state", f"one of {', '.join(STATES)}"),))
    if len(wanted.text) > MAX_SEARCH:
        raise Invalid("The search text is too long.", errors=(FieldError("q", f"at most {MAX_SEARCH} characters"),))


def _require_reply(text: str) -> str:
    said = _clean(text)
    if not 1 <= len(said) <= MAX_REPLY:
        raise Invalid("The reply cannot be sent.", errors=(FieldError("text", f"1 to {MAX_REPLY} characters"),))
    return said


def _require_tags(tags: list[str]) -> list[str]:
    kept = list(dict.fromkeys(tag for tag in (" ".join(_clean(each).split()) for each in tags) if tag))
    if len(kept) > MAX_TAGS or any(len(tag) > MAX_TAG for tag in kept):
        limits = f"at most {MAX_TAGS} tags of at most {MAX_TAG} characters"
        raise Invalid("The tags are not valid; nothing was changed.", errors=(FieldError("tags", limits),))
    return kept


def _clean(text: str) -> str:
    """Postgres stores no NUL."""
    return text.replace("\x00", "").replace("\r\n", "\n").strip()
