"""What a shopper is told of staff."""

from datetime import datetime

from msgspec import Struct

from server.chat.models import HandoffState


class QueuePlace(Struct, frozen=True, kw_only=True):
    """A conversation that was passed on. state: requested, waiting, joined or ended (staff have closed it).

    `ahead` counts conversations that wait longer, null once staff are here; `wait_s` is the median of what shoppers
    waited lately for a first reply, null where too few did; `opens_at` is when staff are next on duty, null where
    they are there now or the shop does not say.
    """

    state: HandoffState
    ahead: int | None = None
    wait_s: int | None = None
    opens_at: datetime | None = None


class PresenceView(Struct, frozen=True, kw_only=True):
    """`typing` is the name of whoever of the staff is writing at this moment."""

    staff_online: bool
    typing: str | None
    handoff: QueuePlace | None


class Talk(Struct, frozen=True, kw_only=True):
    """A conversation's row, as far as the shopper's page needs it."""

    state: str
    was_passed_on: bool
    ahead: int | None


class Surroundings(Struct, frozen=True, kw_only=True):
    """What is known of a shop's staff at this moment."""

    online: bool
    typing: str | None
    opens_at: datetime | None
    contact: dict[str, str]
