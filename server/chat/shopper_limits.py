"""How often one conversation, one address and one shop may call."""

from functools import cache

from server.core.addresses import network_of
from server.core.rate_limit import Limit, RateLimiter
from server.shops.features import EveryFeature, Rates
from server.shops.identity import Shopper

PER_CONVERSATION = Limit("conversation", per_minute=40, burst=40)
PER_ADDRESS = Limit("address", per_minute=600, burst=300)
PER_SHOP = Limit("shop", per_minute=60_000, burst=3_000)
PICTURES = Limit("pictures", per_minute=10, burst=8)
HANDOFFS = Limit("handoffs", per_minute=6, burst=10)
REPORTS = Limit("reports", per_minute=2, burst=3)
RATINGS = Limit("ratings", per_minute=20, burst=20)
ERASURES = Limit("forgetting", per_minute=30, burst=30)
LISTS = Limit("lists", per_minute=60, burst=30)
POLLS = Limit("polls", per_minute=240, burst=120)
VIEWS = Limit("views", per_minute=240, burst=120)
TYPING = Limit("typing", per_minute=60, burst=30)
PICTURES_PER_ADDRESS = Limit("pictures-of-address", per_minute=60, burst=120)
SHARES = 10
"""A network may use one SHARES-th of the rate of a shop's plan."""
MINUTES_A_DAY = 24 * 60
LIGHT_CALLS_PER_ADDRESS = Limit("light-calls", per_minute=3_000, burst=1_500)
"""Cheap calls are counted apart from questions, so that polling cannot use up the limit for questions."""


class ShopperLimits:
    """Limits how often a shopper may call. Each method counts one call and raises RateLimited beyond a limit."""

    def __init__(self, limiter: RateLimiter, rates: Rates | None = None) -> None:
        self._limiter, self._rates = limiter, rates or EveryFeature()

    async def require_answer(self, shopper: Shopper) -> bool:
        """Count one question, under the rate of the shop's plan; False where the shopper's network has used its share
        of the day. That is no fault of the shopper, who is shown the shop's contact instead of an error."""
        rates = await self._rates.answer_rates(shopper.shop_id)
        per_shop = _of_plan(rates.per_minute) if rates else PER_SHOP
        claims = [(PER_CONVERSATION, _conversation(shopper)), (per_shop, str(shopper.shop_id))]
        if rates is None or not shopper.address:
            return await self._require(shopper, PER_ADDRESS, *claims)
        network = f"{shopper.shop_id}:{network_of(shopper.address) or shopper.address}"
        claims.append((_share_of_minute(rates.per_minute), network))
        share = (_share_of_day(rates.per_network_a_day), network)
        return await self._require(shopper, PER_ADDRESS, *claims, share=share)

    async def require(self, shopper: Shopper, limit: Limit) -> None:
        """Count another call that costs something, under `limit` for its conversation."""
        await self._require(shopper, PER_ADDRESS, (limit, _conversation(shopper)), (PER_SHOP, str(shopper.shop_id)))

    async def require_light(self, shopper: Shopper, limit: Limit) -> None:
        """Count a cheap call, under `limit` for its conversation."""
        await self._require(shopper, LIGHT_CALLS_PER_ADDRESS, (limit, _conversation(shopper)))

    async def require_of_address(self, shopper: Shopper, limit: Limit) -> None:
        """Count a call under `limit` for its shopper and for its address, which a caller with many sessions shares."""
        await self._require(shopper, limit, (limit, f"{shopper.shop_id}:{shopper.shopper_id}"))

    async def _require(
        self,
        shopper: Shopper,
        per_address: Limit,
        *claims: tuple[Limit, str],
        share: tuple[Limit, str] | None = None,
    ) -> bool:
        if shopper.address:
            claims = (*claims, (per_address, network_of(shopper.address) or shopper.address))
        return await self._limiter.require(*claims, share=share)


@cache
def _of_plan(per_minute: int) -> Limit:
    """The rate of a plan. A shop may use a minute's questions at once, as after a newsletter."""
    return Limit("answers", per_minute=per_minute, burst=per_minute)


@cache
def _share_of_minute(per_minute: int) -> Limit:
    """What one network may use of that rate, so that it cannot block the shop's other shoppers."""
    share = per_minute // SHARES
    return Limit("answers-of-address", per_minute=share, burst=share)


@cache
def _share_of_day(a_day: int) -> Limit:
    """What one network may use in a day, over all its conversations. The count begins anew when the plan changes."""
    return Limit(f"answers-of-address-a-day-{a_day}", per_minute=a_day / MINUTES_A_DAY, burst=a_day)


def _conversation(shopper: Shopper) -> str:
    return f"{shopper.shop_id}:{shopper.conversation_id}"
