"""What a shopper reads about staff, and the rows behind it."""

from datetime import datetime

from msgspec import Struct

from server.chat.models import HandoffState


class QueuePlace(Struct, frozen=True, kw_only=True):
    """The place of a conversation that was handed off. state: requested, waiting, joined or ended (staff closed it).

    `ahead` counts conversations that have waited longer, null once staff have joined; `wait_s` is the median time that
    shoppers lately waited for a first reply, null where too few waited; `opens_at` is when staff are next on duty,
    null where they are on duty now or the shop names no hours.
    """

    state: HandoffState
    ahead: int | None = None
    wait_s: int | None = None
    opens_at: datetime | None = None


class PresenceView(Struct, frozen=True, kw_only=True):
    """Whether staff are on duty; `typing` is the name of whoever of them is writing at this moment."""

    staff_online: bool
    typing: str | None
    handoff: QueuePlace | None


class ConversationStatus(Struct, frozen=True, kw_only=True):
    """The state of a conversation: open, requested, waiting, joined or closed; `ahead` as in `QueuePlace`."""

    state: str
    was_handed_off: bool
    ahead: int | None


class StaffAvailability(Struct, frozen=True, kw_only=True):
    """Whether a shop's staff are on duty, and how else the shop can be reached."""

    is_online: bool
    typing: str | None
    opens_at: datetime | None
    contact: dict[str, str]


class ReplyMail(Struct, frozen=True, kw_only=True):
    """A reply of staff, with the address that the shopper left and the name and address of the shop."""

    contact_email: str
    locale: str
    name: str
    storefront_url: str | None
    text: str | None
