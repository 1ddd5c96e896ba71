"""Resolutions in the database: read from the conversation log, judged by `billing.resolutions`, counted once.

A conversation with an answer of a plan that bills by resolution waits in `resolution_due` until something in it can be
final; a round then reads its log, writes what is final into the ledger, and puts it off or lets it go, all in one
transaction. The ledger's key is the turn of the last answer, so that no repeat counts twice.

What an erased conversation (privacy, a shopper who wants to be forgotten) held is gone with all that waits for it:
before it is final there is no resolution, afterwards the ledger's row stays.

The log keeps three marks of wanting a person: turns of kind "human", messages of staff, and `conversation_mark`, which
holds every request. `conversation.handoff_at` is only the last one's time, and `feedback` only the newest rating.
"""

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from billing.alerts import is_sum_reached
from billing.answers import is_billable
from billing.period import Period, months_after, period_at
from billing.plans import BY_RESOLUTION, NEVER
from billing.resolutions import QUIET, RETURN_WINDOW, Kind, Resolution, Sign, next_final_at, resolutions_of
from server.billing.entitlements import Account, Entitlements
from server.billing.ledger.storage import find_period_end
from server.billing.notices import notify_once
from server.billing.resolutions import storage
from server.core.database import Connection, Database

SETTLES = timedelta(minutes=1)
"""What is written bears the time its transaction began: so long it may still come."""
MOST_IN_A_ROUND = 500
"""Conversations of one shop."""
READ_AT_ONCE = 500
ANSWERS_TAKE = timedelta(hours=1)
"""More than between a conversation's `last_message_at`, which is its last question's, and the answer."""
_KINDS: Mapping[str, Kind] = {
    "shopper": "question",
    "assistant": "answer",
    "staff": "staff",
    "up": "content",
    "down": "unhappy",
    "asked": "unhappy",
}
_KEYS = tuple(plan.lookup_key for plan in BY_RESOLUTION)


class Resolutions:
    """The resolutions of all shops; any number of workers may count them at once."""

    def __init__(self, database: Database, entitlements: Entitlements) -> None:
        self._database, self._entitlements = database, entitlements

    async def count_due(self, shop_id: UUID) -> int:
        """Look at conversations whose time has come, at most MOST_IN_A_ROUND; how many."""
        account = await self._entitlements.read(shop_id)
        for looked_at in range(MOST_IN_A_ROUND):
            async with self._database.connection(shop_id) as connection:
                if not await self._look_at_next(connection, shop_id, account):
                    return looked_at
        return MOST_IN_A_ROUND

    async def _look_at_next(self, connection: Connection, shop_id: UUID, account: Account) -> bool:
        due = await storage.take_due(connection, shop_id, SETTLES)
        if due is None:
            return False
        conversation_id, now = due["conversation_id"], due["now"]
        signs = _signs(await storage.log_of(connection, shop_id, [conversation_id]))[conversation_id]
        final = [each for each in resolutions_of(signs, now) if each.final_at <= now]
        own = await storage.counted_under(connection, shop_id, [each.turn_id for each in final], _KEYS)
        for resolution in final:
            if resolution.turn_id in own:
                await _count(connection, shop_id, account, resolution)
        await storage.put_off(connection, shop_id, conversation_id, next_final_at(signs, now))
        return True

    async def of_period(self, shop_id: UUID, period: Period, now: datetime) -> tuple[Resolution, ...]:
        """What the conversation log says by `now` of the resolutions that were reached, taken back or final in a
        period, and of some around it. Only those whose last answer was counted by a plan that bills by resolution."""
        since = period.start - QUIET - RETURN_WINDOW - ANSWERS_TAKE
        found: list[Resolution] = []
        async with self._database.report_connection(shop_id) as connection:
            ids = await storage.conversations_between(connection, shop_id, since, period.end, _KEYS)
        async with self._database.connection(shop_id) as connection:
            for first in range(0, len(ids), READ_AT_ONCE):
                rows = await storage.log_of(connection, shop_id, ids[first : first + READ_AT_ONCE])
                read = await asyncio.to_thread(_judged, rows, now)  # others are answered meanwhile
                own = await storage.counted_under(connection, shop_id, [each.turn_id for each in read], _KEYS)
                found += [each for each in read if each.turn_id in own]
        return tuple(found)


async def _count(connection: Connection, shop_id: UUID, account: Account, resolution: Resolution) -> None:
    """Write one final resolution; paid for where it stands, the plan of that time bills it, and the cap has room."""
    if await storage.is_counted(connection, shop_id, resolution.turn_id):
        return
    at, is_returned = resolution.final_at, resolution.returned_at is not None
    period_start = await _period_start(connection, shop_id, account, at)
    each_minor = None if is_returned else account.resolution_minor(at)
    cap_minor = NEVER if account.spending_cap_minor is None else account.spending_cap_minor
    # asked also where nothing is to be paid: a period in which anything was counted has a counter, and is closed by it
    spent_minor = await storage.spend(connection, shop_id, period_start, each_minor or 0, cap_minor)
    if each_minor and spent_minor is not None and is_sum_reached(account.alerts, spent_minor, each_minor):
        await notify_once(connection, shop_id, period_start, f"spent:{account.alerts.spent_minor}")
    await storage.add_entries(
        connection,
        shop_id,
        resolution.turn_id,
        is_billed=each_minor is not None and spent_minor is not None,
        is_returned=is_returned,
        plan=account.entitlement(at).plan.lookup_key,
        period_start=period_start,
        at=at,
    )


async def _period_start(connection: Connection, shop_id: UUID, account: Account, at: datetime) -> datetime:
    """Of the period that `at` is in: the subscription knows only the one that runs now, the ledger those before."""
    period = account.entitlement(at).period
    if at >= period.start:
        return period.start
    known = await storage.last_period_start(connection, shop_id, at)
    if known is None:
        return months_after(period.start, -1)
    known_end = await find_period_end(connection, shop_id, known) or months_after(known, 1)
    return period_at(Period(known, known_end), at).start


def _judged(rows: Sequence[Any], now: datetime) -> list[Resolution]:
    return [each for signs in _signs(rows).values() for each in resolutions_of(signs, now)]


def _signs(rows: Sequence[Any]) -> defaultdict[UUID, list[Sign]]:
    """By conversation."""
    found: defaultdict[UUID, list[Sign]] = defaultdict(list)
    for row in rows:
        is_of_no_answer = row["what"] in ("up", "down") and row["turn_id"] is None  # a rating of what staff wrote
        if not is_of_no_answer:
            found[row["conversation_id"]].append(_sign(row))
    return found


def _sign(row: Any) -> Sign:
    what = row["what"]
    if what == "assistant":
        counts = is_billable(row["state"] or "", row["kind"], has_told=row["has_told"])
        return Sign(row["at"], "answer", row["turn_id"], counts)
    return Sign(row["at"], _KINDS[what], row["turn_id"] if what in ("up", "down") else None)
