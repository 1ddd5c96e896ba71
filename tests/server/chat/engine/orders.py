"""The orders of the small shop, behind the service that the tools ask: the order 1001 and its owner."""

from integrations.platform import Money, OrderStatus
from server.core.errors import RateLimited
from server.orders.models import (
    ItemView,
    OrderFound,
    OrderOutcome,
    OrdersListed,
    OrdersUnavailable,
    OrderView,
    OtherOrderView,
    ProofLevel,
    ProofNeeded,
    TooManyTries,
    TrackingView,
)
from server.shops.identity import Shopper
from tests.server.chat.engine.memory import FETCHED_AT

FETCHED = FETCHED_AT.isoformat()
CODE = "694046"
MAX_WRONG_CODES = 3


class MemoryOrders:
    """Implements what the tools ask of `OrderService`, for the order 1001 and its owner."""

    def __init__(
        self,
        *,
        signed_in: bool = False,
        level: ProofLevel = ProofLevel.KNOWS_ORDER,
        locked: bool = False,
        connected: bool = True,
        sends_codes: bool = True,
        views: tuple[OrderView, ...] = (),
    ) -> None:
        """`views` are orders of the same owner, instead of the order 1001."""
        self._views = {view.number.strip("#"): view for view in views}
        self._signed_in, self._level, self._locked, self._connected = signed_in, level, locked, connected
        self.sends_codes = sends_codes
        self.codes_sent: list[str] = []
        self._wrong_codes = 0
        self._proven = ProofLevel.NOBODY

    async def look_up(self, shopper: Shopper, order_number: str | None) -> OrderOutcome:
        if not self._connected:
            return OrdersUnavailable(connected=False)
        if self._signed_in and order_number is None:
            return OrdersListed(LISTED, FETCHED)
        if _is_known(order_number) and self._proven:
            return _found(self._proven)
        if _is_known(order_number) and self._signed_in:
            return _found(self._level)
        return ProofNeeded(order_number=order_number, methods=("email", "postcode"))

    async def prove(
        self,
        shopper: Shopper,
        order_number: str,
        *,
        email: str | None = None,
        postcode: str | None = None,
        name: str | None = None,
    ) -> OrderOutcome:
        if self._locked:
            return TooManyTries(900)
        if order_number in self._views and email == OWNER["email"]:
            return OrderFound(view=self._views[order_number], level=self._level, fetched_at=FETCHED)
        if not self._views and _is_known(order_number) and (email == OWNER["email"] or postcode == OWNER["postcode"]):
            self._proven = self._level
            return _found(self._level)
        return ProofNeeded(order_number=order_number, methods=("email", "postcode"), refused=True)

    async def request_code(self, shopper: Shopper, order_number: str) -> None:
        self.codes_sent.append(order_number)

    async def verify_code(self, shopper: Shopper, order_number: str, code: str) -> ProofLevel:
        if self._wrong_codes >= MAX_WRONG_CODES:
            raise RateLimited("Too many codes were tried.", retry_after_s=900)
        if _is_known(order_number) and code == CODE:
            self._proven = ProofLevel.READS_MAIL
            return self._proven
        self._wrong_codes += 1
        return ProofLevel.NOBODY


ORDER = OrderView(
    number="#1001",
    status=OrderStatus.SHIPPED,
    status_text="Shipped",
    placed_on="2026-11-14",
    estimated_delivery="2026-11-24",
)
FULL_ORDER = OrderView(
    number="#1001",
    status=OrderStatus.SHIPPED,
    status_text="Shipped",
    placed_on="2026-11-14",
    estimated_delivery="2026-11-24",
    items=(ItemView(title="Nimbus Tent 2P", quantity=1, variant="Green"), ItemView(title="Glacier Flask", quantity=2)),
    tracking=(TrackingView(carrier="DHL", number="00340434161094042557"),),
    total=Money(30800, "USD"),
)
LISTED = (
    OtherOrderView("#1003", OrderStatus.PROCESSING, "Being prepared", "2026-11-18"),
    OtherOrderView("#1001", OrderStatus.SHIPPED, "Shipped", "2026-11-14"),
)
OWNER = {"email": "mara@post.example", "postcode": "97205"}


def _found(level: ProofLevel) -> OrderFound:
    view = FULL_ORDER if level >= ProofLevel.READS_MAIL else ORDER
    return OrderFound(view=view, level=level, fetched_at=FETCHED, more_with_code=level == ProofLevel.KNOWS_ORDER)


def _is_known(order_number: str | None) -> bool:
    return order_number is not None and order_number.strip("#") == "1001"
