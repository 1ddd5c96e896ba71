"""How often somebody may guess. Counted in Postgres before the guess is checked, so that parallel guesses count too.

Attempts at an order are counted per kind of proof, and part of them is reserved for networks that have made none yet:
nobody can use up what belongs to the order's owner (decisions/0009).
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
    """One order from one network; an IPv6 address counts by its /48, since one subscriber may have all of it."""
    ADDRESS = "address"
    SHOP = "shop"


class Limit(Struct, frozen=True):
    """At most `most` attempts of one subject within `window` of the first."""

    scope: str
    of: Subject
    most: int
    window: timedelta


class OrderAllowance(Struct, frozen=True):
    """The attempts at one order by one kind of proof: `shared` by all networks; when those are used up, `reserve` for
    each network. `ceiling` limits all networks together."""

    shared: Limit
    reserve: Limit
    ceiling: Limit | None = None

    @property
    def limits(self) -> tuple[Limit, ...]:
        """In the order in which their counters are locked."""
        return tuple(limit for limit in (self.shared, self.reserve, self.ceiling) if limit)

    def wait_s(self, waits: Mapping[Limit, float]) -> float:
        """Seconds until another attempt is allowed, by the seconds for each limit; 0 for now."""
        wait_s = min(waits[self.shared], waits[self.reserve])
        return max(wait_s, waits[self.ceiling]) if self.ceiling else wait_s


class Counted(Struct, frozen=True):
    """A limit and the fingerprint of the subject that it counts."""

    limit: Limit
    subject: bytes


PER_CONVERSATION = Limit("conversation", Subject.CONVERSATION, 5, HOUR)
PER_ADDRESS = Limit("address", Subject.ADDRESS, 30, HOUR)

EMAILS = OrderAllowance(
    shared=Limit("order-email", Subject.ORDER, 20, DAY),
    reserve=Limit("order-email-site", Subject.ORDER_AND_SITE, 3, DAY),
)
"""No ceiling, since strangers could use one up: from n networks at most 20 + 3n e-mails a day are checked."""
POSTCODES = OrderAllowance(
    shared=Limit("order-postcode", Subject.ORDER, 10, DAY),
    reserve=Limit("order-postcode-site", Subject.ORDER_AND_SITE, 2, DAY),
    ceiling=Limit("order-postcode-all", Subject.ORDER, 20, DAY),
)
"""A ceiling, because postcodes are few (Denmark has 1,089): 20 a day from however many networks."""

CODES_PER_CONVERSATION = Limit("code-conversation", Subject.CONVERSATION, 3, HOUR)
CODES_PER_ADDRESS = Limit("code-address", Subject.ADDRESS, 10, HOUR)
CODES = OrderAllowance(
    shared=Limit("code-order", Subject.ORDER, 5, DAY),
    reserve=Limit("code-order-site", Subject.ORDER_AND_SITE, 2, DAY),
    ceiling=Limit("code-order-all", Subject.ORDER, 30, DAY),
)
"""A ceiling, because each request is a mail to the owner."""
CODES_TO_KNOWN = Limit("code-order-known", Subject.ORDER, 5, DAY)
"""For conversations that have proven the order by e-mail or postcode; strangers cannot use these up."""

SHOP_FAILURES = Limit("shop", Subject.SHOP, 2_000_000_000, HOUR)
ALARM_AT = 100
"""Wrong guesses at one shop in an hour beyond which a warning is logged, and again at every further hundred."""

LONGEST_WINDOW = DAY
