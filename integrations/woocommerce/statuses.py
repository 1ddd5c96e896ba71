"""What an order's status means. The core has nine; plugins and merchants add their own, read here by their words."""

import re

from integrations.platform import OrderStatus

UNPLACED = frozenset({"auto-draft", "checkout-draft", "draft", "trash"})
"""Not orders, or no longer: a basket at the checkout, a form in the admin, the bin."""

_CORE = {
    "pending": OrderStatus.PENDING,
    "failed": OrderStatus.PENDING,  # the payment failed; the order waits to be paid again
    "on-hold": OrderStatus.ON_HOLD,
    "processing": OrderStatus.PROCESSING,
    "completed": OrderStatus.SHIPPED,
    "cancelled": OrderStatus.CANCELLED,
    "refunded": OrderStatus.REFUNDED,
}
_BY_WORDS = tuple(
    (re.compile(pattern), status)
    for pattern, status in (
        (r"not-?(?:yet-)?(?:shipped|sent|dispatched)|unfulfilled|unshipped", OrderStatus.PROCESSING),
        (r"(?:un|not-)(?:delivered|deliverable)|(?:deliver\w*|attempt)-?fail|fail\w*-?(?:deliver|attempt)"
         r"|return-?to-?sender|exception", OrderStatus.DELIVERY_FAILED),
        (r"part\w*-?refund|refund\w*-?part", OrderStatus.PARTIALLY_REFUNDED),
        (r"refund-?(?:request|pend|process)|return-?(?:request|approv|pend|process|in-|await|label)|rma",
         OrderStatus.RETURN_IN_PROGRESS),
        (r"refunded", OrderStatus.REFUNDED),
        (r"returned|return-?(?:complete|received)", OrderStatus.RETURNED),
        (r"cancel", OrderStatus.CANCELLED),
        (r"pre-?order", OrderStatus.PREORDER),
        (r"part\w*-?(?:shipped|sent|dispatch\w*|complete\w*|fulfil\w*|deliver\w*)"
         r"|(?:shipped|fulfilled|dispatched)-?part", OrderStatus.PARTIALLY_SHIPPED),
        (r"out-?for-?delivery", OrderStatus.OUT_FOR_DELIVERY),
        (r"ready|available-?for-?pick|await\w*-?(?:pick-?up|collection)", OrderStatus.READY_FOR_PICKUP),
        (r"delivered|picked-?up|collected", OrderStatus.DELIVERED),
        (r"await\w*-?pay|pending-?pay|unpaid|awaiting-?deposit", OrderStatus.PENDING),
        (r"await\w*|to-?ship|pack|pick|print|prepar|produc|in-?progress|manufactur|accepted|label|pre-?transit"
         r"|back-?order", OrderStatus.PROCESSING),
        (r"shipped|dispatched|sent|in-?transit|on-?the-?way|updated-?tracking|fulfilled", OrderStatus.SHIPPED),
        (r"hold|review|verif|fraud", OrderStatus.ON_HOLD),
    )
)  # fmt: skip


def meaning(status: object) -> OrderStatus:
    """The meaning of a status, with or without its "wc-"; UNKNOWN for words that tell nothing."""
    word = str(status or "").strip().lower().replace("_", "-").replace(" ", "-").removeprefix("wc-")
    if word in _CORE:
        return _CORE[word]
    return next((found for pattern, found in _BY_WORDS if pattern.search(word)), OrderStatus.UNKNOWN)
