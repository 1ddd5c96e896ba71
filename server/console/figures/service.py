"""Figures for merchants: what happened since a moment, day by day, and how much was used."""

from datetime import UTC, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from server.console.figures import storage
from server.console.models import Analytics, Day, Overnight
from server.core.database import Database
from server.core.errors import FieldError, Invalid

DEFAULT_DAYS = 30
MAX_DAYS = 366


class Figures:
    """Reads only; every figure can be recomputed from the stored turns."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def since(self, shop_id: UUID, since: datetime) -> Overnight:
        """What there is to look at since `since`."""
        async with self._database.connection(shop_id) as connection:
            return await storage.count_since(connection, shop_id, since)

    async def analytics(
        self, shop_id: UUID, since: datetime | None, until: datetime | None, zone: ZoneInfo
    ) -> Analytics:
        """Days from `since` up to `until` (by default the last 30), without gaps. Raises Invalid on a wrong period."""
        until = until or datetime.now(UTC)
        since = since or until - timedelta(days=DEFAULT_DAYS)
        _require_period(since, until)
        async with self._database.connection(shop_id) as connection:
            days = await storage.count_by_day(connection, shop_id, since, until, zone.key)
            kinds = await storage.count_by_kind(connection, shop_id, since, until)
            questions = await storage.list_open_questions(connection, shop_id, since, until)
        return Analytics(
            since=since,
            until=until,
            days=_without_gaps(days, since.astimezone(zone), until.astimezone(zone)),
            kinds=kinds,
            unanswered=questions,
        )

    async def days(self, shop_id: UUID, count: int, zone: ZoneInfo) -> list[Day]:
        """The last `count` days up to now, the first one whole."""
        now = datetime.now(zone)
        since = datetime.combine(now.date() - timedelta(days=count - 1), time(), zone)
        async with self._database.connection(shop_id) as connection:
            rows = await storage.count_by_day(connection, shop_id, since, now, zone.key)
        return _without_gaps(rows, since, now)


def _require_period(since: datetime, until: datetime) -> None:
    if since >= until:
        raise Invalid("The period is empty.", errors=(FieldError("from", "must be before `to`"),))
    if until - since > timedelta(days=MAX_DAYS):
        raise Invalid("The period is too long.", errors=(FieldError("from", f"at most {MAX_DAYS} days before `to`"),))


def _without_gaps(found: list[Day], since: datetime, until: datetime) -> list[Day]:
    by_date = {day.date: day for day in found}
    last = (until - timedelta(microseconds=1)).date()
    count = (last - since.date()).days + 1
    dates = [(since.date() + timedelta(days=index)).isoformat() for index in range(count)]
    return [by_date.get(date) or msgspec.structs.replace(_EMPTY, date=date) for date in dates]


_EMPTY = Day(
    date="",
    conversations=0,
    turns=0,
    answered_by={"model": 0, "engine": 0},
    failed=0,
    unknown=0,
    thumbs_up=0,
    thumbs_down=0,
    p50_s=None,
    p95_s=None,
)
