"""Moments and places in lists as they travel in addresses."""

from datetime import UTC, date, datetime, time, timedelta, tzinfo
from zoneinfo import ZoneInfo

from server.console.models import Position
from server.core.errors import FieldError, Invalid
from server.core.ids import parse_id
from server.core.paging import read_cursor

NIGHT_BEGINS = time(18)
"""When the support team goes home: what came after is what they find in the morning."""


def parse_moment(text: str | None, field: str, zone: tzinfo = UTC, *, is_end: bool = False) -> datetime | None:
    """An ISO 8601 date or time, in `zone` when it names none; a whole day that ends a period is included.

    None for nothing given. Raises Invalid.
    """
    given = (text or "").strip()
    if not given:
        return None
    try:
        if len(given) == len("2026-01-31"):
            day = date.fromisoformat(given) + timedelta(days=is_end)
            return datetime.combine(day, time(), zone)
        # a plus sign in an address that nobody escaped arrives as a space
        moment = datetime.fromisoformat(given.replace(" ", "+"))
        return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)
    except (ValueError, OverflowError):
        wrong = FieldError(field, "an ISO 8601 date or time such as 2026-01-31 or 2026-01-31T18:00:00Z")
        raise Invalid("The period cannot be read.", errors=(wrong,)) from None


def night_before(now: datetime) -> datetime:
    """Yesterday at closing time, where `now` is."""
    return datetime.combine(now.date() - timedelta(days=1), NIGHT_BEGINS, now.tzinfo)


def zone_named(name: str | None) -> ZoneInfo:
    """The time zone a browser says it is in; UTC when it is not one we know. Browsers say Area/City; names without an
    area, such as localtime, may be files of this machine that Postgres has never heard of."""
    try:
        return ZoneInfo(name if name and "/" in name else "UTC")
    except (ValueError, OSError, KeyError):  # no key, a path, a folder, or not in the system's list
        return ZoneInfo("UTC")


def parse_position(cursor: str | None) -> Position | None:
    """Where a list goes on; None for its beginning. Raises Invalid."""
    text = read_cursor(cursor)
    if not text:
        return None
    moment, _, conversation = text.partition("|")
    conversation_id = parse_id(conversation)
    try:
        at = datetime.fromisoformat(moment)
    except ValueError:
        at = None
    if at is None or at.tzinfo is None or conversation_id is None:
        raise Invalid(
            "The cursor is not valid.", errors=(FieldError("cursor", "use the next_cursor of the last page"),)
        )
    return Position(at, conversation_id)


def position_text(position: Position) -> str:
    """What `parse_position` reads, before it is made opaque."""
    return f"{position.at.isoformat()}|{position.id}"
