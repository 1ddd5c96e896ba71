"""Limits on guesses, which are counted before they are checked, and a warning when a shop is being guessed at."""

from collections.abc import Collection, Iterable
from uuid import UUID

from msgspec import Struct

from server.core.addresses import SITE_PREFIX, network_of
from server.core.database import Connection, Database
from server.core.logging import get_logger
from server.orders import storage
from server.orders.fingerprints import Fingerprints
from server.orders.limits import (
    CODES,
    CODES_PER_ADDRESS,
    CODES_PER_CONVERSATION,
    CODES_TO_KNOWN,
    EMAILS,
    PER_ADDRESS,
    PER_CONVERSATION,
    POSTCODES,
    SHOP_FAILURES,
    WARNING_EVERY,
    Attempt,
    Subject,
    WindowLimit,
)
from server.orders.proof import ClaimKind
from server.shops.identity import Shopper

GUESSES = {ClaimKind.EMAIL: EMAILS, ClaimKind.POSTCODE: POSTCODES}
"""In the order in which the counters are locked."""
REDEMPTIONS = (PER_CONVERSATION, PER_ADDRESS)
"""Not per order: a code has its own few attempts, and a stranger who guesses must not lock its owner out."""

log = get_logger("orders")


class AttemptsExhausted(Exception):
    """A limit is reached. Raised inside the transaction, whose rollback takes back what the other limits counted."""

    def __init__(self, retry_after_s: float) -> None:
        super().__init__("no attempts left")
        self.retry_after_s = max(1, round(retry_after_s))


class CountedGuess(Struct, frozen=True):
    """A guess that may be checked by proofs of these kinds; `attempts` are released when it is right."""

    kinds: frozenset[ClaimKind]
    attempts: tuple[Attempt, ...]


class AttemptLimits:
    """The limits per conversation, per order and per address, and the warning per shop."""

    def __init__(self, database: Database, fingerprints: Fingerprints) -> None:
        self._database, self._fingerprints = database, fingerprints

    async def count_guess(
        self, connection: Connection, shopper: Shopper, order_key: str, kinds: Collection[ClaimKind]
    ) -> CountedGuess:
        """Count one guess at an order by these kinds of proof.

        A kind without attempts left is left out, since the others may still be the owner's. Raises AttemptsExhausted,
        which has to leave the transaction, when no kind is left.
        """
        allowances = {kind: allowance for kind, allowance in GUESSES.items() if kind in kinds}
        of_order = [limit for allowance in allowances.values() for limit in allowance.limits]
        attempts = self._attempts((PER_CONVERSATION, *of_order, PER_ADDRESS), shopper, order_key)
        waits = await self._count(connection, shopper.shop_id, attempts)
        by_kind = {kind: allowance.wait_s(waits) for kind, allowance in allowances.items()}
        _require_none(waits[PER_CONVERSATION], waits.get(PER_ADDRESS, 0.0), min(by_kind.values()))
        left_out = {limit for kind, wait_s in by_kind.items() if wait_s for limit in allowances[kind].limits}
        counted = [attempt for attempt in attempts if not waits[attempt.limit]]
        await storage.release_attempts(
            connection, shopper.shop_id, [attempt for attempt in counted if attempt.limit in left_out]
        )
        return CountedGuess(
            kinds=frozenset(kind for kind, wait_s in by_kind.items() if not wait_s),
            attempts=tuple(attempt for attempt in counted if attempt.limit not in left_out),
        )

    async def count_redemption(self, connection: Connection, shopper: Shopper) -> None:
        """Count one attempt at a code. Raises AttemptsExhausted, which has to leave the transaction."""
        waits = await self._count(connection, shopper.shop_id, self._attempts(REDEMPTIONS, shopper))
        _require_none(*waits.values())

    async def count_code_request(
        self, connection: Connection, shopper: Shopper, order_key: str, *, is_known: bool
    ) -> None:
        """Count one request for a code; `is_known` for a conversation that has proven the order by other means.

        Raises AttemptsExhausted, which has to leave the transaction.
        """
        known = (CODES_TO_KNOWN,) if is_known else ()
        limits = (CODES_PER_CONVERSATION, *CODES.limits, *known, CODES_PER_ADDRESS)
        waits = await self._count(connection, shopper.shop_id, self._attempts(limits, shopper, order_key))
        of_order = min([CODES.wait_s(waits), *(waits[limit] for limit in known)])
        _require_none(waits[CODES_PER_CONVERSATION], waits.get(CODES_PER_ADDRESS, 0.0), of_order)

    async def release(self, connection: Connection, shopper: Shopper, guess: CountedGuess) -> None:
        """Take back what a guess counted, because it was right or could not be checked."""
        await storage.release_attempts(connection, shopper.shop_id, guess.attempts)

    async def release_redemption(self, connection: Connection, shopper: Shopper) -> None:
        """Take back what an attempt at a code counted, because the code was right."""
        await storage.release_attempts(connection, shopper.shop_id, self._attempts(REDEMPTIONS, shopper))

    async def count_failure(self, shop_id: UUID) -> None:
        """Count a wrong guess of the shop and log a warning at the 101st in an hour, the 201st, and so on."""
        counted = Attempt(SHOP_FAILURES, self._fingerprints.subject(shop_id, SHOP_FAILURES.scope, ""))
        async with self._database.connection(shop_id) as connection:
            failures = (await storage.count_attempts(connection, shop_id, [counted]))[counted.subject]
        if failures > WARNING_EVERY and failures % WARNING_EVERY == 1:
            log.warning("order_guessing_suspected", shop_id=str(shop_id), failures=failures, within_s=3600)

    async def _count(self, connection: Connection, shop_id: UUID, attempts: list[Attempt]) -> dict[WindowLimit, float]:
        """Count one attempt for each limit that has one left. The result has the seconds until each of the others has
        one again, and 0 for those that were counted."""
        counted = await storage.count_attempts(connection, shop_id, attempts)
        exhausted = [attempt for attempt in attempts if attempt.subject not in counted]
        waits = await storage.list_waits(connection, shop_id, exhausted) if exhausted else {}
        return {attempt.limit: waits.get(attempt.subject, 0.0) for attempt in attempts}

    def _attempts(self, limits: Iterable[WindowLimit], shopper: Shopper, order_key: str = "") -> list[Attempt]:
        subjects = {
            Subject.CONVERSATION: str(shopper.conversation_id),
            Subject.ORDER: order_key,
            Subject.ORDER_AND_SITE: f"{order_key} {network_of(shopper.address, v6_prefix=SITE_PREFIX)}",
            Subject.ADDRESS: network_of(shopper.address),
        }
        return [
            Attempt(limit, self._fingerprints.subject(shopper.shop_id, limit.scope, subject))
            for limit in limits
            if (subject := subjects[limit.subject]) is not None
        ]


def _require_none(*waits_s: float) -> None:
    if any(waits_s):
        raise AttemptsExhausted(max(waits_s))
