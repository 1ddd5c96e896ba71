"""Counts guesses before they are looked at, and tells staff when a shop is being guessed at."""

from uuid import UUID

from server.core.addresses import network_of
from server.core.database import Connection, Database
from server.core.logging import get_logger
from server.orders import storage
from server.orders.fingerprints import Fingerprints
from server.orders.limits import (
    ALARM_AT,
    CODES_PER_ADDRESS,
    CODES_PER_CONVERSATION,
    CODES_PER_ORDER,
    PER_ADDRESS,
    PER_CONVERSATION,
    PER_ORDER,
    SHOP_FAILURES,
    Counted,
    Limit,
    Subject,
)
from server.shops.identity import Shopper

GUESSES = (PER_CONVERSATION, PER_ORDER, PER_ADDRESS)
REDEMPTIONS = (PER_CONVERSATION, PER_ADDRESS)
"""Not per order: a code has its own few tries, and a stranger who guesses must not shut its owner out."""
CODE_REQUESTS = (CODES_PER_CONVERSATION, CODES_PER_ORDER, CODES_PER_ADDRESS)

log = get_logger("orders")


class Locked(Exception):
    """One of the limits is reached; raised inside the transaction, so that none of them counts this try."""

    def __init__(self, retry_after_s: int) -> None:
        super().__init__("locked")
        self.retry_after_s = retry_after_s


class GuessGuard:
    """The limits per conversation, per order and per address, and the alarm per shop."""

    def __init__(self, database: Database, fingerprints: Fingerprints) -> None:
        self._database, self._fingerprints = database, fingerprints

    async def count_guess(self, connection: Connection, shopper: Shopper, order_key: str) -> None:
        """Count one guess at an order. Raises Locked, which has to leave the transaction."""
        await self._count(connection, shopper.shop_id, self._tries(GUESSES, shopper, order_key))

    async def count_redemption(self, connection: Connection, shopper: Shopper) -> None:
        """Count one try at a code. Raises Locked, which has to leave the transaction."""
        await self._count(connection, shopper.shop_id, self._tries(REDEMPTIONS, shopper))

    async def count_code_request(self, connection: Connection, shopper: Shopper, order_key: str) -> None:
        """Count one request for a code. Raises Locked, which has to leave the transaction."""
        await self._count(connection, shopper.shop_id, self._tries(CODE_REQUESTS, shopper, order_key))

    async def forgive(self, connection: Connection, shopper: Shopper, order_key: str) -> None:
        """The guess was right, or could not be looked at: it counts no more."""
        await storage.give_back(connection, shopper.shop_id, self._tries(GUESSES, shopper, order_key))

    async def forgive_redemption(self, connection: Connection, shopper: Shopper) -> None:
        """The code was right."""
        await storage.give_back(connection, shopper.shop_id, self._tries(REDEMPTIONS, shopper))

    async def note_failure(self, shop_id: UUID) -> None:
        """Count a wrong guess for the shop's alarm: a warning at the 101st in an hour, the 201st, and so on."""
        counted = Counted(SHOP_FAILURES, self._fingerprints.subject(shop_id, SHOP_FAILURES.scope, ""))
        async with self._database.fast(shop_id) as connection:
            failures = (await storage.count_tries(connection, shop_id, [counted]))[counted.subject]
        if failures > ALARM_AT and failures % ALARM_AT == 1:
            log.warning("order_guessing", shop_id=str(shop_id), failures=failures, within_s=3600)

    async def _count(self, connection: Connection, shop_id: UUID, tries: list[Counted]) -> None:
        counted = await storage.count_tries(connection, shop_id, tries)
        if locked := [tried for tried in tries if tried.subject not in counted]:
            raise Locked(await storage.seconds_locked(connection, shop_id, locked))

    def _tries(self, limits: tuple[Limit, ...], shopper: Shopper, order_key: str = "") -> list[Counted]:
        subjects = {
            Subject.CONVERSATION: str(shopper.conversation_id),
            Subject.ORDER: order_key,
            Subject.ADDRESS: network_of(shopper.address),
        }
        return [
            Counted(limit, self._fingerprints.subject(shopper.shop_id, limit.scope, subject))
            for limit in limits
            if (subject := subjects[limit.of]) is not None
        ]
