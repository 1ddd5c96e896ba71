"""Orders, for whoever can show that they are theirs. Nothing here takes an identity from anybody but the session.

    level  is reached by                                       it lasts
    1      order number with its e-mail or postcode            24 hours in one conversation
    2      a one-time code sent to the order's e-mail          24 hours in one conversation
    3      the shop's signature for the order's customer       as long as the session says so

A wrong proof, an unknown order and somebody else's order get one answer, after one time. An order system that does
not answer is "unavailable", never "not found".
"""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from time import monotonic
from typing import TypeAlias
from uuid import UUID

from msgspec import Struct

from integrations.platform import Order, PlatformError
from server.core.database import Database
from server.core.errors import RateLimited, Unavailable
from server.core.jobs import JobService
from server.core.logging import get_logger
from server.orders import storage
from server.orders.attempt_limits import CountedGuess, GuessGuard, Locked
from server.orders.constant_time import Pace
from server.orders.fingerprints import Fingerprints
from server.orders.lookup import TIMEOUT_S, Asker, Fetched, NotConnected, OrderLookup, SourceFor, order_key
from server.orders.models import (
    OrderAccess,
    OrderFound,
    OrderOutcome,
    OrdersListed,
    OrdersUnavailable,
    ProofLevel,
    ProofNeeded,
    TooManyTries,
)
from server.orders.proof import Claim, fits, level_of, owns
from server.orders.storage import ShopRules
from server.orders.view import order_view, other_order_view, shown_level
from server.shops.identity import Customer, Shopper

PROOF_LIVES = timedelta(hours=24)
SEND_CODE = "orders.send_code"

SignsIn: TypeAlias = Callable[[UUID], Awaitable[bool]]
"""Whether a shop's customers can sign in from the chat."""

log = get_logger("orders")


class Checked(Struct, frozen=True):
    """What a guess came to: level NOBODY and no order when it was wrong."""

    rules: ShopRules
    level: ProofLevel
    fetched: Fetched | None


class OrderService:
    """The order questions of all shops. `codes` says whether mail can be sent at all, `signs_in` whose customers can
    sign in from the chat (without it, nobody's)."""

    def __init__(
        self,
        database: Database,
        sources: SourceFor,
        secret_keys: tuple[str, ...],
        jobs: JobService,
        *,
        codes: bool,
        signs_in: SignsIn | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        pace: Pace | None = None,
        platform_timeout_s: float = TIMEOUT_S,
    ) -> None:
        self._database, self._jobs, self._codes, self._clock, self._pace = database, jobs, codes, clock, pace or Pace()
        self._signs_in = signs_in
        self._fingerprints = Fingerprints(secret_keys)
        self._guard = GuessGuard(database, self._fingerprints)
        self._lookup = OrderLookup(sources, clock, platform_timeout_s)

    async def look_up(self, shopper: Shopper, order_number: str | None) -> OrderOutcome:
        """What this shopper may see of an order by what they have proven so far; without a number, a signed-in
        customer's own newest orders."""
        try:
            if not (order_number or "").strip():
                return await self._list(shopper)
            return await self._look_up(shopper, order_number or "")
        except PlatformError as reason:
            return _unavailable(reason)

    async def prove(
        self,
        shopper: Shopper,
        order_number: str,
        *,
        email: str | None = None,
        postcode: str | None = None,
        name: str | None = None,
    ) -> OrderOutcome:
        """Check e-mail or postcode against the order; when they fit, keep the proof and answer like `look_up`.

        Without a number, or with a name alone, there is nothing to check and `look_up` answers.
        """
        claim = Claim(email=email, postcode=postcode, name=name)
        if not (order_number or "").strip() or not (email or postcode):
            return await self.look_up(shopper, order_number)
        match await self._check(shopper, order_number, claim):
            case Checked(rules=rules, level=level, fetched=Fetched() as fetched):
                return await self._show(shopper, order_number, rules, level, fetched)
            case Checked(rules=rules):
                return await self._ask_proof(shopper, rules, order_number, refused=True)
            case TooManyTries() | OrdersUnavailable() as outcome:
                return outcome

    async def verify_identity(
        self, shopper: Shopper, order_number: str, *, email: str | None = None, postcode: str | None = None
    ) -> ProofLevel:
        """`prove` for the verification form: the level now held for this order, NOBODY when the proof did not fit.

        Raises RateLimited when locked, Unavailable when the shop's order system does not answer.
        """
        match await self._check(shopper, order_number, Claim(email=email, postcode=postcode)):
            case Checked(level=level):
                return level
            case TooManyTries(retry_after_s=retry_after_s):
                raise _rate_limited(retry_after_s)
            case OrdersUnavailable():
                raise Unavailable("The shop's order system does not answer right now; please try again later.")

    async def request_code(self, shopper: Shopper, order_number: str) -> None:
        """Have a one-time code sent to the order's e-mail, if there is such an order. Whether there is, whether it
        has an e-mail and whether a limit was reached looks the same from outside."""
        key = order_key(order_number)
        if key is None or not self._codes:
            return
        payload = {"conversation_id": str(shopper.conversation_id), "order_number": key}
        try:
            async with self._database.connection(shopper.shop_id) as connection:
                _rules, held = await storage.get_rules(connection, shopper.shop_id, shopper.conversation_id, key)
                await self._guard.count_code_request(connection, shopper, key, is_known=bool(held))
        except Locked:
            log.info("code_request_over_limit", shop_id=str(shopper.shop_id))
            return
        await self._jobs.enqueue(shopper.shop_id, SEND_CODE, payload)

    async def verify_code(self, shopper: Shopper, order_number: str, code: str) -> ProofLevel:
        """Check a one-time code and keep the proof: READS_MAIL, or NOBODY when it is wrong. Raises RateLimited when
        locked."""
        outcome = await self._redeem(shopper, order_number, code)
        if isinstance(outcome, TooManyTries):
            raise _rate_limited(outcome.retry_after_s)
        return outcome

    async def list_shops_with_expired(self) -> list[UUID]:
        """The shops with proofs, codes or counters that have expired. Raises Unavailable."""
        return await storage.list_shops_with_expired(self._database)

    async def forget_expired(self, shop_id: UUID) -> None:
        """Delete what one shop's proofs, codes and counters no longer need."""
        async with self._database.connection(shop_id) as connection:
            await storage.delete_expired(connection, shop_id)

    async def _list(self, shopper: Shopper) -> OrderOutcome:
        if shopper.customer is None:
            await self._lookup.require_platform(shopper.shop_id)
        orders = await self._own_orders(shopper.shop_id, shopper.customer)
        if orders is None:
            rules, _held = await self._rules(shopper, "")
            return await self._ask_proof(shopper, rules, None)
        now = self._clock()
        return OrdersListed(
            tuple(other_order_view(order, shopper.locale, now.date()) for order in orders), now.isoformat()
        )

    async def _look_up(self, shopper: Shopper, written: str) -> OrderOutcome:
        started = monotonic()
        key = order_key(written)
        rules, held = await self._rules(shopper, key or "")
        if key is None or not (held or shopper.customer):
            await self._lookup.require_platform(shopper.shop_id)
            return await self._ask_proof(shopper, rules, written)
        fetched = await self._lookup.recall(_asker(shopper, key))
        level = level_of(fetched, held, shopper.customer) if fetched else ProofLevel.NOBODY
        if fetched is None or level is ProofLevel.NOBODY:
            await self._pace.hold(started)  # a signed-in customer may be counting numbers
            return await self._ask_proof(shopper, rules, written)
        return await self._show(shopper, written, rules, level, fetched)

    async def _check(self, shopper: Shopper, written: str, claim: Claim) -> Checked | TooManyTries | OrdersUnavailable:
        key = order_key(written) or ""
        async with self._pace.kept():
            try:
                guess, rules, held = await self._count_guess(shopper, key, claim)
            except Locked as locked:
                return TooManyTries(locked.retry_after_s)
            try:
                fetched = await self._lookup.ask(shopper.shop_id, key) if key else None
            except PlatformError as reason:
                await self._forgive(shopper, key, guess)
                return _unavailable(reason)
            return await self._judge(shopper, key, claim, guess, Checked(rules, held, fetched))

    async def _judge(self, shopper: Shopper, key: str, claim: Claim, guess: CountedGuess, asked: Checked) -> Checked:
        """Right or wrong by what may be looked at; `asked.level` is what was held before."""
        fetched = asked.fetched
        proven = bool(fetched and fits(fetched.order, claim.only(guess.kinds)))
        held = max(asked.level, ProofLevel.KNOWS_ORDER) if proven else asked.level
        level = level_of(fetched, held, shopper.customer) if fetched else ProofLevel.NOBODY
        if level is ProofLevel.NOBODY:
            await self._guard.note_failure(shopper.shop_id)
            return Checked(asked.rules, level, None)
        await self._forgive(shopper, key, guess, ProofLevel.KNOWS_ORDER if proven else None)
        return Checked(asked.rules, level, asked.fetched)

    async def _redeem(self, shopper: Shopper, written: str, code: str) -> ProofLevel | TooManyTries:
        key = order_key(written) or ""
        async with self._pace.kept():
            try:
                async with self._database.connection(shopper.shop_id) as connection:
                    await self._guard.count_redemption(connection, shopper)
            except Locked as locked:
                return TooManyTries(locked.retry_after_s)
            if await self._take_code(shopper, key, "".join(code.split())):
                return ProofLevel.READS_MAIL
            await self._guard.note_failure(shopper.shop_id)
            return ProofLevel.NOBODY

    async def _take_code(self, shopper: Shopper, key: str, code: str) -> bool:
        place = (shopper.shop_id, shopper.conversation_id, key)
        async with self._database.connection(shopper.shop_id) as connection:
            stored = await storage.take_try(connection, *place)
            if stored is None or not self._fingerprints.is_code(stored, *place, code):
                return False
            await storage.delete_code(connection, *place)
            await storage.save_proof(connection, *place, ProofLevel.READS_MAIL, PROOF_LIVES)
            await self._guard.forgive_redemption(connection, shopper)
        return True

    async def _count_guess(
        self, shopper: Shopper, key: str, claim: Claim
    ) -> tuple[CountedGuess, ShopRules, ProofLevel]:
        async with self._database.connection(shopper.shop_id) as connection:
            guess = await self._guard.count_guess(connection, shopper, key, claim.kinds)
            rules, held = await storage.get_rules(connection, shopper.shop_id, shopper.conversation_id, key)
            return guess, rules, held

    async def _forgive(self, shopper: Shopper, key: str, guess: CountedGuess, proven: ProofLevel | None = None) -> None:
        async with self._database.connection(shopper.shop_id) as connection:
            if proven:
                place = (shopper.shop_id, shopper.conversation_id, key)
                await storage.save_proof(connection, *place, proven, PROOF_LIVES)
            await self._guard.forgive(connection, shopper, guess)

    async def _rules(self, shopper: Shopper, key: str) -> tuple[ShopRules, ProofLevel]:
        async with self._database.connection(shopper.shop_id) as connection:
            return await storage.get_rules(connection, shopper.shop_id, shopper.conversation_id, key)

    async def _show(
        self, shopper: Shopper, written: str, rules: ShopRules, level: ProofLevel, fetched: Fetched
    ) -> OrderOutcome:
        if shown_level(level, rules.access) is ProofLevel.NOBODY:
            return await self._ask_proof(shopper, rules, written)
        self._lookup.remember(_asker(shopper, order_key(written) or ""), fetched)
        others = await self._other_orders(shopper) if level is ProofLevel.SIGNED_IN else []
        today = self._clock().date()
        return OrderFound(
            view=order_view(fetched.order, level, rules.access, shopper.locale, today, others),
            level=level,
            fetched_at=fetched.at.isoformat(),
            more_with_code=self._has_more(fetched.order, level, rules.access),
        )

    def _has_more(self, order: Order, level: ProofLevel, access: OrderAccess) -> bool:
        below = shown_level(level, access) < ProofLevel.READS_MAIL
        return below and self._codes and bool(order.email)

    async def _other_orders(self, shopper: Shopper) -> list[Order]:
        """The order itself matters more: without the others it is shown all the same."""
        try:
            return await self._own_orders(shopper.shop_id, shopper.customer) or []
        except PlatformError:
            return []

    async def _own_orders(self, shop_id: UUID, customer: Customer | None) -> list[Order] | None:
        """None where nobody is signed in, or at another store than the connected one."""
        listed = await self._lookup.list_own(shop_id, customer) if customer else None
        if customer is None or listed is None:
            return None
        return [fetched.order for fetched in listed if owns(fetched, customer)]

    async def _ask_proof(
        self, shopper: Shopper, rules: ShopRules, written: str | None, *, refused: bool = False
    ) -> ProofNeeded:
        code = ("code",) if self._codes else ()
        methods = code if rules.access is OrderAccess.STRICT else ("email", "postcode", *code)
        if self._signs_in and await self._signs_in(shopper.shop_id):
            methods = (*methods, "sign_in")
        return ProofNeeded(order_number=written.strip()[:60] if written else None, methods=methods, refused=refused)


def _asker(shopper: Shopper, key: str) -> Asker:
    return Asker(shopper.shop_id, shopper.conversation_id, key)


def _unavailable(reason: PlatformError) -> OrdersUnavailable:
    return OrdersUnavailable(connected=not isinstance(reason, NotConnected))


def _rate_limited(retry_after_s: int) -> RateLimited:
    return RateLimited("Too many attempts; please wait before you try again.", retry_after_s=retry_after_s)
