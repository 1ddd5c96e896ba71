"""Orders, for whoever can prove that they are theirs. The identity comes from the session and from nowhere else.

    level  is reached by                                       valid for
    1      order number with its e-mail or postcode            24 hours in one conversation
    2      a one-time code sent to the order's e-mail          24 hours in one conversation
    3      the shop's signature for the order's customer       as long as the session says so

A wrong proof, an unknown order and somebody else's order get the same answer after the same time. An order system that
does not answer is "unavailable", never "not found".
"""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from time import monotonic
from typing import TypeAlias
from uuid import UUID

from msgspec import Struct

from integrations.platform import Order, PlatformError, normalise_order_number
from server.core.database import Database
from server.core.errors import RateLimited, Unavailable
from server.core.jobs import JobService
from server.core.logging import get_logger
from server.orders import storage
from server.orders.attempt_limits import AttemptLimits, AttemptsExhausted, CountedGuess
from server.orders.constant_time import DurationPadding
from server.orders.fingerprints import Fingerprints
from server.orders.lookup import TIMEOUT_S, CacheKey, Fetched, FindOrderSource, NotConnected, OrderLookup, order_key
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
from server.orders.proof import Claim, is_owned_by, matches, proof_level
from server.orders.storage import OrderRules
from server.orders.view import order_view, other_order_view, shown_level
from server.shops.identity import Customer, Shopper

PROOF_LIFETIME = timedelta(hours=24)
SEND_CODE = "orders.send_code"

SignsIn: TypeAlias = Callable[[UUID], Awaitable[bool]]
"""Whether a shop's customers can sign in from the chat."""

log = get_logger("orders")


class AllowedGuess(Struct, frozen=True):
    """A guess that was counted and may be checked, and the rules of the order that it is for."""

    counted: CountedGuess
    rules: OrderRules


class CheckedClaim(Struct, frozen=True):
    """The result of a claim: its level and the order, or NOBODY and None when it was wrong."""

    rules: OrderRules
    level: ProofLevel
    fetched: Fetched | None


class OrderService:
    """Order look-ups and proofs for all shops. `codes` says whether mail can be sent; `signs_in` says for which shops
    customers can sign in from the chat, none without it."""

    def __init__(
        self,
        database: Database,
        find_source: FindOrderSource,
        secret_keys: tuple[str, ...],
        jobs: JobService,
        *,
        codes: bool,
        signs_in: SignsIn | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        padding: DurationPadding | None = None,
        platform_timeout_s: float = TIMEOUT_S,
    ) -> None:
        self._database, self._jobs, self._codes, self._clock = database, jobs, codes, clock
        self._padding, self._signs_in = padding or DurationPadding(), signs_in
        self._fingerprints = Fingerprints(secret_keys)
        self._limits = AttemptLimits(database, self._fingerprints)
        self._lookup = OrderLookup(find_source, clock, platform_timeout_s)

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
        """Check e-mail or postcode against the order; when they match, store the proof and answer like `look_up`.

        Without a number, or with a name alone, there is nothing to check and `look_up` answers.
        """
        claim = Claim(email=email, postcode=postcode, name=name)
        if not (order_number or "").strip() or not (email or postcode):
            return await self.look_up(shopper, order_number)
        match await self._check(shopper, order_number, claim):
            case CheckedClaim(rules=rules, level=level, fetched=Fetched() as fetched):
                return await self._show(shopper, order_number, rules, level, fetched)
            case CheckedClaim(rules=rules):
                return await self._ask_proof(shopper, rules, order_number, refused=True)
            case TooManyTries() | OrdersUnavailable() as outcome:
                return outcome

    async def verify_identity(
        self, shopper: Shopper, order_number: str, *, email: str | None = None, postcode: str | None = None
    ) -> ProofLevel:
        """`prove` for the verification form: the level now proven for this order, NOBODY when the claim was wrong.

        Raises RateLimited when no attempts are left, Unavailable when the shop's order system does not answer.
        """
        match await self._check(shopper, order_number, Claim(email=email, postcode=postcode)):
            case CheckedClaim(level=level):
                return level
            case TooManyTries(retry_after_s=retry_after_s):
                raise _rate_limited(retry_after_s)
            case OrdersUnavailable():
                raise Unavailable("The shop's order system does not answer right now; please try again later.")

    @property
    def sends_codes(self) -> bool:
        """Whether one-time codes can be sent at all."""
        return self._codes

    async def request_code(self, shopper: Shopper, order_number: str) -> None:
        """Have a one-time code sent to the order's e-mail, if there is such an order. Whether there is, whether it
        has an e-mail and whether a limit was reached looks the same from outside."""
        key = order_key(order_number)
        if key is None or not self._codes:
            return
        payload = {"conversation_id": str(shopper.conversation_id), "order_number": key}
        try:
            async with self._database.connection(shopper.shop_id) as connection:
                rules = await storage.get_rules(connection, shopper.shop_id, shopper.conversation_id, key)
                await self._limits.count_code_request(connection, shopper, key, is_known=bool(rules.proven))
        except AttemptsExhausted:
            log.info("code_request_limited", shop_id=str(shopper.shop_id))
            return
        await self._jobs.enqueue(shopper.shop_id, SEND_CODE, payload)

    async def verify_code(self, shopper: Shopper, order_number: str, code: str) -> ProofLevel:
        """Check a one-time code and store the proof: READS_MAIL, or NOBODY when it is wrong. Raises RateLimited when no
        attempts are left."""
        outcome = await self._redeem(shopper, order_number, code)
        if isinstance(outcome, TooManyTries):
            raise _rate_limited(outcome.retry_after_s)
        return outcome

    async def list_shops_with_expired(self) -> list[UUID]:
        """The shops with proofs, codes or counters that have expired. Raises Unavailable."""
        return await storage.list_shops_with_expired(self._database)

    async def delete_expired(self, shop_id: UUID) -> None:
        """Delete a shop's expired proofs, codes and counters."""
        async with self._database.connection(shop_id) as connection:
            await storage.delete_expired(connection, shop_id)

    async def _list(self, shopper: Shopper) -> OrderOutcome:
        if shopper.customer is None:
            await self._lookup.require_platform(shopper.shop_id)
        orders = await self._own_orders(shopper.shop_id, shopper.customer)
        if orders is None:
            return await self._ask_proof(shopper, await self._get_rules(shopper, ""), None)
        now = self._clock()
        return OrdersListed(
            tuple(other_order_view(order, shopper.locale, now.date()) for order in orders), now.isoformat()
        )

    async def _look_up(self, shopper: Shopper, written: str) -> OrderOutcome:
        started = monotonic()
        key = order_key(written)
        rules = await self._get_rules(shopper, key or "")
        if key is None or not (rules.proven or shopper.customer):
            await self._lookup.require_platform(shopper.shop_id)
            return await self._ask_proof(shopper, rules, written)
        fetched = await self._lookup.fetch_cached(_cache_key(shopper, key))
        proven = await self._proven(shopper, key, rules, fetched)
        level = proof_level(fetched, proven, shopper.customer) if fetched else ProofLevel.NOBODY
        if fetched is None or level is ProofLevel.NOBODY:
            await self._padding.pad_since(started)  # a signed-in customer may be trying numbers in turn
            return await self._ask_proof(shopper, rules, written)
        return await self._show(shopper, written, rules, level, fetched)

    async def _proven(self, shopper: Shopper, key: str, rules: OrderRules, fetched: Fetched | None) -> ProofLevel:
        """What was proven of the order by the number as written, or by the whole number that the shop gives it."""
        own_key = normalise_order_number(fetched.order.number) if fetched else key
        if own_key == key:
            return rules.proven
        return max(rules.proven, (await self._get_rules(shopper, own_key)).proven)

    async def _check(
        self, shopper: Shopper, written: str, claim: Claim
    ) -> CheckedClaim | TooManyTries | OrdersUnavailable:
        key = order_key(written) or ""
        async with self._padding.pad_block():
            try:
                guess = await self._count_guess(shopper, key, claim)
            except AttemptsExhausted as reason:
                return TooManyTries(reason.retry_after_s)
            try:
                fetched = await self._lookup.fetch(shopper.shop_id, key) if key else None
            except PlatformError as reason:
                await self._release(shopper, (key,), guess.counted)
                return _unavailable(reason)
            return await self._judge(shopper, key, claim, guess, fetched)

    async def _judge(
        self, shopper: Shopper, key: str, claim: Claim, guess: AllowedGuess, fetched: Fetched | None
    ) -> CheckedClaim:
        rules = guess.rules
        is_right = bool(fetched and matches(fetched.order, claim.only(guess.counted.kinds)))
        proven = max(rules.proven, ProofLevel.KNOWS_ORDER) if is_right else rules.proven
        level = proof_level(fetched, proven, shopper.customer) if fetched else ProofLevel.NOBODY
        if level is ProofLevel.NOBODY:
            await self._limits.count_failure(shopper.shop_id)
            return CheckedClaim(rules, level, None)
        keys = dict.fromkeys((key, normalise_order_number(fetched.order.number))) if fetched and is_right else (key,)
        await self._release(shopper, tuple(keys), guess.counted, ProofLevel.KNOWS_ORDER if is_right else None)
        return CheckedClaim(rules, level, fetched)

    async def _redeem(self, shopper: Shopper, written: str, code: str) -> ProofLevel | TooManyTries:
        key = order_key(written) or ""
        async with self._padding.pad_block():
            try:
                async with self._database.connection(shopper.shop_id) as connection:
                    await self._limits.count_redemption(connection, shopper)
            except AttemptsExhausted as reason:
                return TooManyTries(reason.retry_after_s)
            if await self._take_code(shopper, key, "".join(code.split())):
                return ProofLevel.READS_MAIL
            await self._limits.count_failure(shopper.shop_id)
            return ProofLevel.NOBODY

    async def _take_code(self, shopper: Shopper, key: str, code: str) -> bool:
        place = (shopper.shop_id, shopper.conversation_id, key)
        async with self._database.connection(shopper.shop_id) as connection:
            stored = await storage.consume_code_attempt(connection, *place)
            if stored is None or not self._fingerprints.is_code(stored, *place, code):
                return False
            await storage.delete_code(connection, *place)
            await storage.save_proof(connection, *place, ProofLevel.READS_MAIL, PROOF_LIFETIME)
            await self._limits.release_redemption(connection, shopper)
        return True

    async def _count_guess(self, shopper: Shopper, key: str, claim: Claim) -> AllowedGuess:
        async with self._database.connection(shopper.shop_id) as connection:
            counted = await self._limits.count_guess(connection, shopper, key, claim.kinds)
            rules = await storage.get_rules(connection, shopper.shop_id, shopper.conversation_id, key)
            return AllowedGuess(counted, rules)

    async def _release(
        self, shopper: Shopper, keys: tuple[str, ...], guess: CountedGuess, proven: ProofLevel | None = None
    ) -> None:
        async with self._database.connection(shopper.shop_id) as connection:
            for key in keys if proven else ():
                place = (shopper.shop_id, shopper.conversation_id, key)
                await storage.save_proof(connection, *place, proven or ProofLevel.NOBODY, PROOF_LIFETIME)
            await self._limits.release(connection, shopper, guess)

    async def _get_rules(self, shopper: Shopper, key: str) -> OrderRules:
        async with self._database.connection(shopper.shop_id) as connection:
            return await storage.get_rules(connection, shopper.shop_id, shopper.conversation_id, key)

    async def _show(
        self, shopper: Shopper, written: str, rules: OrderRules, level: ProofLevel, fetched: Fetched
    ) -> OrderOutcome:
        if shown_level(level, rules.access) is ProofLevel.NOBODY:
            return await self._ask_proof(shopper, rules, written)
        fetched, level = await self._with_details(shopper, rules, level, fetched)
        self._lookup.cache(_cache_key(shopper, order_key(written) or ""), fetched)
        others = await self._other_orders(shopper) if level is ProofLevel.SIGNED_IN else []
        today = self._clock().date()
        return OrderFound(
            view=order_view(fetched.order, level, rules.access, shopper.locale, today, others),
            level=level,
            fetched_at=fetched.at.isoformat(),
            more_with_code=self._has_more(fetched.order, level, rules.access),
        )

    async def _with_details(
        self, shopper: Shopper, rules: OrderRules, level: ProofLevel, fetched: Fetched
    ) -> tuple[Fetched, ProofLevel]:
        """The order with what `level` may see beyond its status. Where that cannot be had just now the status is still
        shown, so the level of who knows the order is returned."""
        if shown_level(level, rules.access) < ProofLevel.READS_MAIL:
            return fetched, level
        try:
            return await self._lookup.fetch_details(shopper.shop_id, fetched), level
        except PlatformError:
            return fetched, ProofLevel.KNOWS_ORDER

    def _has_more(self, order: Order, level: ProofLevel, access: OrderAccess) -> bool:
        below = shown_level(level, access) < ProofLevel.READS_MAIL
        return below and self._codes and bool(order.email)

    async def _other_orders(self, shopper: Shopper) -> list[Order]:
        """The customer's own orders; none where they cannot be fetched, since the order is shown without them."""
        try:
            return await self._own_orders(shopper.shop_id, shopper.customer) or []
        except PlatformError:
            return []

    async def _own_orders(self, shop_id: UUID, customer: Customer | None) -> list[Order] | None:
        """The signed-in customer's orders; None where nobody is signed in, or only at another store."""
        listed = await self._lookup.list_customer_orders(shop_id, customer) if customer else None
        if customer is None or listed is None:
            return None
        return [fetched.order for fetched in listed if is_owned_by(fetched, customer)]

    async def _ask_proof(
        self, shopper: Shopper, rules: OrderRules, written: str | None, *, refused: bool = False
    ) -> ProofNeeded:
        code = ("code",) if self._codes else ()
        methods = code if rules.access is OrderAccess.STRICT else ("email", "postcode", *code)
        if self._signs_in and await self._signs_in(shopper.shop_id):
            methods = (*methods, "sign_in")
        return ProofNeeded(order_number=written.strip()[:60] if written else None, methods=methods, refused=refused)


def _cache_key(shopper: Shopper, key: str) -> CacheKey:
    return CacheKey(shopper.shop_id, shopper.conversation_id, key)


def _unavailable(reason: PlatformError) -> OrdersUnavailable:
    return OrdersUnavailable(connected=not isinstance(reason, NotConnected))


def _rate_limited(retry_after_s: int) -> RateLimited:
    return RateLimited("Too many attempts; please wait before you try again.", retry_after_s=retry_after_s)
