"""Resolutions of all shops: found in the conversation log by `billing.resolutions` and counted once they are final.

A conversation with an answer on a plan that bills by resolution waits in `resolution_due` until something in it can
become final. A job then reads its events, writes what is final into the ledger and sets when to look again, all in one
transaction. The ledger's key is the turn of the last answer, so counting again changes nothing.

When a conversation is erased, what waits for it is erased too: a resolution that was not final yet is never counted,
and one that was stays in the ledger.

The log shows in three ways that a shopper wanted a person: turns of kind "human", messages of staff, and rows of
`conversation_mark`, one per request. (`conversation.handoff_at` has only the last request, `feedback` only the newest
rating.)
"""

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from billing.alerts import is_sum_reached
from billing.answers import is_billable
from billing.period import Period, months_after, period_at
from billing.plans import BY_RESOLUTION, NEVER
from billing.resolutions import QUIET_PERIOD, RETURN_WINDOW, Kind, Resolution, Signal, next_final_at, resolutions_of
from server.billing import resolution_storage as storage
from server.billing.entitlement_service import Account, EntitlementService
from server.billing.ledger_storage import find_period_end
from server.billing.notifications import enqueue_notice
from server.billing.resolution_storage import ConversationEvent, EventKind
from server.core.database import Connection, Database

COMMIT_DELAY = timedelta(minutes=1)
"""A row bears the time its transaction began, so rows of this age may still become visible."""
MAX_CONVERSATIONS_PER_JOB = 500
CONVERSATIONS_PER_READ = 500
MAX_ANSWER_TIME = timedelta(hours=1)
"""More than between a conversation's `last_message_at`, which is the time of its last question, and the answer."""
_SIGNAL_KINDS: Mapping[EventKind, Kind] = {
    "shopper": "question",
    "assistant": "answer",
    "staff": "staff",
    "up": "satisfied",
    "down": "unhappy",
    "handoff_request": "unhappy",
}
_PLAN_KEYS = tuple(plan.lookup_key for plan in BY_RESOLUTION)


class ResolutionService:
    """The resolutions of all shops; any number of workers may count them at once."""

    def __init__(self, database: Database, entitlements: EntitlementService) -> None:
        self._database, self._entitlements = database, entitlements

    async def count_due(self, shop_id: UUID) -> int:
        """Count the final resolutions of the conversations that are due, at most MAX_CONVERSATIONS_PER_JOB of them;
        returns of how many."""
        account = await self._entitlements.read_account(shop_id)
        for done in range(MAX_CONVERSATIONS_PER_JOB):
            async with self._database.connection(shop_id) as connection:
                if not await self._count_next_due(connection, shop_id, account):
                    return done
        return MAX_CONVERSATIONS_PER_JOB

    async def _count_next_due(self, connection: Connection, shop_id: UUID, account: Account) -> bool:
        due = await storage.lock_next_due(connection, shop_id, COMMIT_DELAY)
        if due is None:
            return False
        events = await storage.list_events(connection, shop_id, [due.conversation_id])
        signals = _signals_by_conversation(events)[due.conversation_id]
        final = [each for each in resolutions_of(signals, due.now) if each.final_at <= due.now]
        turn_ids = [each.turn_id for each in final]
        counted_turns = await storage.list_turns_counted_under(connection, shop_id, turn_ids, _PLAN_KEYS)
        for resolution in final:
            if resolution.turn_id in counted_turns:
                await _count(connection, shop_id, account, resolution)
        await storage.reschedule(connection, shop_id, due.conversation_id, next_final_at(signals, due.now))
        return True

    async def list_around(self, shop_id: UUID, period: Period, now: datetime) -> tuple[Resolution, ...]:
        """The resolutions that were reached, taken back or became final in a period, and some around it, by the
        conversation log up to `now`. Only those whose last answer was counted under a plan that bills by resolution."""
        since = period.start - QUIET_PERIOD - RETURN_WINDOW - MAX_ANSWER_TIME
        found: list[Resolution] = []
        async with self._database.report_connection(shop_id) as connection:
            ids = await storage.list_active_conversations(connection, shop_id, since, period.end, _PLAN_KEYS)
        async with self._database.connection(shop_id) as connection:
            for first in range(0, len(ids), CONVERSATIONS_PER_READ):
                events = await storage.list_events(connection, shop_id, ids[first : first + CONVERSATIONS_PER_READ])
                resolutions = await asyncio.to_thread(_find_resolutions, events, now)  # does not block other requests
                turn_ids = [each.turn_id for each in resolutions]
                counted_turns = await storage.list_turns_counted_under(connection, shop_id, turn_ids, _PLAN_KEYS)
                found += [each for each in resolutions if each.turn_id in counted_turns]
        return tuple(found)


async def _count(connection: Connection, shop_id: UUID, account: Account, resolution: Resolution) -> None:
    """Write one final resolution into the ledger. It is billed unless it was taken back, was free at that time, or
    would exceed the spending cap."""
    if await storage.is_counted(connection, shop_id, resolution.turn_id):
        return
    at, is_returned = resolution.final_at, resolution.returned_at is not None
    period_start = await _find_period_start(connection, shop_id, account, at)
    each_minor = None if is_returned else account.resolution_minor(at)
    cap_minor = NEVER if account.spending_cap_minor is None else account.spending_cap_minor
    # called even when nothing is billed: a period in which anything was counted needs a counter to be closed
    spent_minor = await storage.add_spending(connection, shop_id, period_start, each_minor or 0, cap_minor)
    if each_minor and spent_minor is not None and is_sum_reached(account.alerts, spent_minor, each_minor):
        await enqueue_notice(connection, shop_id, period_start, f"spent:{account.alerts.spent_minor}")
    await storage.add_resolution(
        connection,
        shop_id,
        resolution.turn_id,
        is_billed=each_minor is not None and spent_minor is not None,
        is_returned=is_returned,
        plan=account.entitlement(at).plan.lookup_key,
        period_start=period_start,
        at=at,
    )


async def _find_period_start(connection: Connection, shop_id: UUID, account: Account, at: datetime) -> datetime:
    """The start of the period `at` is in. The subscription has only the current period, the ledger has earlier ones."""
    period = account.entitlement(at).period
    if at >= period.start:
        return period.start
    last_start = await storage.find_last_period_start(connection, shop_id, at)
    if last_start is None:
        return months_after(period.start, -1)
    last_end = await find_period_end(connection, shop_id, last_start) or months_after(last_start, 1)
    return period_at(Period(last_start, last_end), at).start


def _find_resolutions(events: Sequence[ConversationEvent], now: datetime) -> list[Resolution]:
    return [each for signals in _signals_by_conversation(events).values() for each in resolutions_of(signals, now)]


def _signals_by_conversation(events: Sequence[ConversationEvent]) -> defaultdict[UUID, list[Signal]]:
    found: defaultdict[UUID, list[Signal]] = defaultdict(list)
    for event in events:
        rates_staff = event.what in ("up", "down") and event.turn_id is None
        if not rates_staff:
            found[event.conversation_id].append(_signal_of(event))
    return found


def _signal_of(event: ConversationEvent) -> Signal:
    if event.what == "assistant":
        counts = is_billable(event.state or "", event.kind, was_received=bool(event.was_received))
        return Signal(event.at, "answer", event.turn_id, counts)
    return Signal(event.at, _SIGNAL_KINDS[event.what], event.turn_id if event.what in ("up", "down") else None)
