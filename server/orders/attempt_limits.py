"""Counts guesses before they are looked at, and tells staff when a shop is being guessed at."""

from collections.abc import Collection, Iterable
from uuid import UUID

from msgspec import Struct

from server.core.addresses import SITE_PREFIX, network_of
from server.core.database import Connection, Database
from server.core.logging import get_logger
from server.orders import storage
from server.orders.fingerprints import Fingerprints
from server.orders.limits import (
    ALARM_AT,
    CODES,
    CODES_PER_ADDRESS,
    CODES_PER_CONVERSATION,
    CODES_TO_KNOWN,
    EMAILS,
    PER_ADDRESS,
    PER_CONVERSATION,
    POSTCODES,
    SHOP_FAILURES,
    Counted,
    Limit,
    Subject,
)
from server.orders.proof import ClaimKind
from server.shops.identity import Shopper

GUESSES = {ClaimKind.EMAIL: EMAILS, ClaimKind.POSTCODE: POSTCODES}
"""In the order in which the counters are locked."""
REDEMPTIONS = (PER_CONVERSATION, PER_ADDRESS)
"""Not per order: a code has its own few tries, and a stranger who guesses must not shut its owner out."""

log = get_logger("orders")


class Locked(Exception):
    """One of the limits is reached; raised inside the transaction, so that none of them counts this try."""

    def __init__(self, retry_after_s: float) -> None:
        super().__init__("locked")
        self.retry_after_s = max(1, round(retry_after_s))


class CountedGuess(Struct, frozen=True):
    """A guess that may be looked at: by which of its proofs, and what is given back when it was right."""

    kinds: frozenset[ClaimKind]
    tries: tuple[Counted, ...]


class GuessGuard:
    """The limits per conversation, per order and per address, and the alarm per shop."""

    def __init__(self, database: Database, fingerprints: Fingerprints) -> None:
        self._database, self._fingerprints = database, fingerprints

    async def count_guess(
        self, connection: Connection, shopper: Shopper, order_key: str, kinds: Collection[ClaimKind]
    ) -> CountedGuess:
        """Count one guess at an order by these kinds of proof. A kind that is used up is left aside, for the others may
        be the owner's. Raises Locked, which has to leave the transaction, when none is left."""
        allowances = {kind: allowance for kind, allowance in GUESSES.items() if kind in kinds}
        of_order = [limit for allowance in allowances.values() for limit in allowance.limits]
        tries = self._tries((PER_CONVERSATION, *of_order, PER_ADDRESS), shopper, order_key)
        waits = await self._count(connection, shopper.shop_id, tries)
        by_kind = {kind: allowance.wait_s(waits) for kind, allowance in allowances.items()}
        _require_none(waits[PER_CONVERSATION], waits.get(PER_ADDRESS, 0.0), min(by_kind.values()))
        aside = {limit for kind, wait_s in by_kind.items() if wait_s for limit in allowances[kind].limits}
        counted = [tried for tried in tries if not waits[tried.limit]]
        await storage.give_back(connection, shopper.shop_id, [tried for tried in counted if tried.limit in aside])
        return CountedGuess(
            kinds=frozenset(kind for kind, wait_s in by_kind.items() if not wait_s),
            tries=tuple(tried for tried in counted if tried.limit not in aside),
        )

    async def count_redemption(self, connection: Connection, shopper: Shopper) -> None:
        """Count one try at a code. Raises Locked, which has to leave the transaction."""
        waits = await self._count(connection, shopper.shop_id, self._tries(REDEMPTIONS, shopper))
        _require_none(*waits.values())

    async def count_code_request(
        self, connection: Connection, shopper: Shopper, order_key: str, *, is_known: bool
    ) -> None:
        """Count one request for a code; `is_known` for a conversation that has proven the order by other means. Raises
        Locked, which has to leave the transaction."""
        known = (CODES_TO_KNOWN,) if is_known else ()
        limits = (CODES_PER_CONVERSATION, *CODES.limits, *known, CODES_PER_ADDRESS)
        waits = await self._count(connection, shopper.shop_id, self._tries(limits, shopper, order_key))
        of_order = min([CODES.wait_s(waits), *(waits[limit] for limit in known)])
        _require_none(waits[CODES_PER_CONVERSATION], waits.get(CODES_PER_ADDRESS, 0.0), of_order)

    async def forgive(self, connection: Connection, shopper: Shopper, guess: CountedGuess) -> None:
        """The guess was right, or could not be looked at: it counts no more."""
        await storage.give_back(connection, shopper.shop_id, guess.tries)

    async def forgive_redemption(self, connection: Connection, shopper: Shopper) -> None:
        """The code was right."""
        await storage.give_back(connection, shopper.shop_id, self._tries(REDEMPTIONS, shopper))

    async def note_failure(self, shop_id: UUID) -> None:
        """Count a wrong guess for the shop's alarm: a warning at the 101st in an hour, the 201st, and so on."""
        counted = Counted(SHOP_FAILURES, self._fingerprints.subject(shop_id, SHOP_FAILURES.scope, ""))
        async with self._database.connection(shop_id) as connection:
            failures = (await storage.count_tries(connection, shop_id, [counted]))[counted.subject]
        if failures > ALARM_AT and failures % ALARM_AT == 1:
            log.warning("order_guessing", shop_id=str(shop_id), failures=failures, within_s=3600)

    async def _count(self, connection: Connection, shop_id: UUID, tries: list[Counted]) -> dict[Limit, float]:
        """Count one try for each limit that has one left; how many seconds each of the others is spent for, else 0."""
        counted = await storage.count_tries(connection, shop_id, tries)
        spent = [tried for tried in tries if tried.subject not in counted]
        waits = await storage.seconds_spent(connection, shop_id, spent) if spent else {}
        return {tried.limit: waits.get(tried.subject, 0.0) for tried in tries}

    def _tries(self, limits: Iterable[Limit], shopper: Shopper, order_key: str = "") -> list[Counted]:
        subjects = {
            Subject.CONVERSATION: str(shopper.conversation_id),
            Subject.ORDER: order_key,
            Subject.ORDER_AND_SITE: f"{order_key} {network_of(shopper.address, v6_prefix=SITE_PREFIX)}",
            Subject.ADDRESS: network_of(shopper.address),
        }
        return [
            Counted(limit, self._fingerprints.subject(shopper.shop_id, limit.scope, subject))
            for limit in limits
            if (subject := subjects[limit.of]) is not None
        ]


def _require_none(*waits_s: float) -> None:
    if any(waits_s):
        raise Locked(max(waits_s))
