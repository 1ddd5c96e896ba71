"""How often one may guess. Counted in Postgres before the guess is looked at, so that parallel guesses count too."""

from datetime import timedelta
from enum import StrEnum

from msgspec import Struct

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


class Subject(StrEnum):
    """Whose tries are counted together."""

    CONVERSATION = "conversation"
    ORDER = "order"
    ADDRESS = "address"
    SHOP = "shop"


class Limit(Struct, frozen=True):
    """At most `most` counted tries of one subject within `window` of the first."""

    scope: str
    of: Subject
    most: int
    window: timedelta


class Counted(Struct, frozen=True):
    """A limit and the fingerprint of whom it is for."""

    limit: Limit
    subject: bytes


PER_CONVERSATION = Limit("conversation", Subject.CONVERSATION, 5, HOUR)
PER_ORDER = Limit("order", Subject.ORDER, 20, DAY)
PER_ADDRESS = Limit("address", Subject.ADDRESS, 30, HOUR)

CODES_PER_CONVERSATION = Limit("code-conversation", Subject.CONVERSATION, 3, HOUR)
CODES_PER_ORDER = Limit("code-order", Subject.ORDER, 5, DAY)
CODES_PER_ADDRESS = Limit("code-address", Subject.ADDRESS, 10, HOUR)

SHOP_FAILURES = Limit("shop", Subject.SHOP, 2_000_000_000, HOUR)
ALARM_AT = 100
"""Failures of one shop in an hour beyond which staff are warned, and again at every further hundred."""

LONGEST_WINDOW = DAY
