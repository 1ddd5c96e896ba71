"""The limits on guesses at orders and on requests for codes. Attempts are counted in Postgres before a guess is
checked, so that parallel guesses count too.

Attempts at an order are counted per kind of proof. When the shared ones are used up each network has a few of its own,
so that strangers cannot lock the order's owner out (decisions/0009).
"""

from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum

from msgspec import Struct

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


class Subject(StrEnum):
    """What attempts are counted by."""

    CONVERSATION = "conversation"
    ORDER = "order"
    ORDER_AND_SITE = "order-and-site"
    """One order from one site: an IPv4 address or an IPv6 /48, all of which one subscriber may have."""
    ADDRESS = "address"
    """An IPv4 address or an IPv6 /64."""
    SHOP = "shop"


class WindowLimit(Struct, frozen=True):
    """At most `max_attempts` of one subject within `window` of the first (a fixed window)."""

    scope: str
    """The name under which its counters are stored."""
    subject: Subject
    max_attempts: int
    window: timedelta


class OrderAllowance(Struct, frozen=True):
    """The limits on attempts at one order by one kind of proof.

    `shared` counts those of all networks. When it is reached, `reserve` still allows a few for each network; `ceiling`
    limits all networks together.
    """

    shared: WindowLimit
    reserve: WindowLimit
    ceiling: WindowLimit | None = None

    @property
    def limits(self) -> tuple[WindowLimit, ...]:
        """The limits in the order in which their counters are locked."""
        return tuple(limit for limit in (self.shared, self.reserve, self.ceiling) if limit)

    def wait_s(self, waits: Mapping[WindowLimit, float]) -> float:
        """Seconds until another attempt is allowed, from the seconds for each limit; 0 when one is allowed now."""
        wait_s = min(waits[self.shared], waits[self.reserve])
        return max(wait_s, waits[self.ceiling]) if self.ceiling else wait_s


class Attempt(Struct, frozen=True):
    """An attempt, as one limit counts it: `subject` is the fingerprint of the order, address or conversation."""

    limit: WindowLimit
    subject: bytes


PER_CONVERSATION = WindowLimit("conversation", Subject.CONVERSATION, 5, HOUR)
PER_ADDRESS = WindowLimit("address", Subject.ADDRESS, 30, HOUR)

EMAILS = OrderAllowance(
    shared=WindowLimit("order-email", Subject.ORDER, 20, DAY),
    reserve=WindowLimit("order-email-site", Subject.ORDER_AND_SITE, 3, DAY),
)
"""No ceiling, since strangers could use one up: from n networks at most 20 + 3n e-mails a day are checked."""
POSTCODES = OrderAllowance(
    shared=WindowLimit("order-postcode", Subject.ORDER, 10, DAY),
    reserve=WindowLimit("order-postcode-site", Subject.ORDER_AND_SITE, 2, DAY),
    ceiling=WindowLimit("order-postcode-all", Subject.ORDER, 20, DAY),
)
"""A ceiling, because postcodes are few (Denmark has 1,089): 20 a day from however many networks."""

CODES_PER_CONVERSATION = WindowLimit("code-conversation", Subject.CONVERSATION, 3, HOUR)
CODES_PER_ADDRESS = WindowLimit("code-address", Subject.ADDRESS, 10, HOUR)
CODES = OrderAllowance(
    shared=WindowLimit("code-order", Subject.ORDER, 5, DAY),
    reserve=WindowLimit("code-order-site", Subject.ORDER_AND_SITE, 2, DAY),
    ceiling=WindowLimit("code-order-all", Subject.ORDER, 30, DAY),
)
"""A ceiling, because each request is a mail to the owner."""
CODES_TO_KNOWN = WindowLimit("code-order-known", Subject.ORDER, 5, DAY)
"""For conversations that have proven the order by e-mail or postcode, so that strangers cannot use it up."""

SHOP_FAILURES = WindowLimit("shop", Subject.SHOP, 2_000_000_000, HOUR)
"""Only counts the wrong guesses at a shop: the limit is the largest round number that fits the column."""
WARNING_EVERY = 100
"""A warning is logged at the 101st wrong guess at a shop in an hour, the 201st, and so on."""

LONGEST_WINDOW = DAY
"""Counters whose window began longer ago than this are deleted."""
