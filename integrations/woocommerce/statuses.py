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
_IN_OTHER_WORDS = {
    "in-bearbeitung": OrderStatus.PROCESSING,
    "en-preparation": OrderStatus.PROCESSING,
    "versendet": OrderStatus.SHIPPED,
    "versandt": OrderStatus.SHIPPED,
    "verschickt": OrderStatus.SHIPPED,
    "verzonden": OrderStatus.SHIPPED,
    "expedie": OrderStatus.SHIPPED,
    "expediee": OrderStatus.SHIPPED,
    "envoye": OrderStatus.SHIPPED,
    "envoyee": OrderStatus.SHIPPED,
    "enviado": OrderStatus.SHIPPED,
    "spedito": OrderStatus.SHIPPED,
    "teilversendet": OrderStatus.PARTIALLY_SHIPPED,
    "abholbereit": OrderStatus.READY_FOR_PICKUP,
    "zugestellt": OrderStatus.DELIVERED,
    "geliefert": OrderStatus.DELIVERED,
    "livre": OrderStatus.DELIVERED,
    "livree": OrderStatus.DELIVERED,
    "entregado": OrderStatus.DELIVERED,
    "consegnato": OrderStatus.DELIVERED,
    "bezorgd": OrderStatus.DELIVERED,
    "storniert": OrderStatus.CANCELLED,
    "rma": OrderStatus.RETURN_IN_PROGRESS,
}
"""Whole words of shops that speak no English; parts of words would mean too much."""

_BY_WORDS = tuple(
    (re.compile(rf"(?:^|-)(?:{pattern})"), status)
    for pattern, status in (
        (r"not-?(?:yet-)?(?:shipped|sent|dispatched)|unfulfilled|unshipped|ready-?(?:to|for)-?(?:ship|send|dispatch|pack)",
         OrderStatus.PROCESSING),
        (r"undeliver|not-delivered|deliver\w*-?(?:attempt\w*-?)?(?:fail|exception)|fail\w*-?(?:deliver|attempt)"
         r"|return-?to-?sender", OrderStatus.DELIVERY_FAILED),
        (r"part\w*-?refund|refund\w*-?part", OrderStatus.PARTIALLY_REFUNDED),
        (r"refund-?(?:request|pend|process)|return-?(?:request|approv|accept|pend|process|in-|await|label)"
         r"|await\w*-?(?:return|refund)", OrderStatus.RETURN_IN_PROGRESS),
        (r"refunded", OrderStatus.REFUNDED),
        (r"returned|return-?(?:complete|received)", OrderStatus.RETURNED),
        (r"cancel", OrderStatus.CANCELLED),
        (r"pre-?order", OrderStatus.PREORDER),
        (r"part\w*-?(?:shipped|shipment|sent|dispatch|complete|fulfil|deliver)|(?:shipped|fulfilled|dispatched)-?part",
         OrderStatus.PARTIALLY_SHIPPED),
        (r"out-?for-?delivery", OrderStatus.OUT_FOR_DELIVERY),
        (r"(?:ready|available)-?(?:for|to|4)?-?(?:pick|collect)|await\w*-?(?:customer-?)?(?:pick-?up|collect)"
         r"|ready$", OrderStatus.READY_FOR_PICKUP),
        (r"delivered|picked-?up|collected", OrderStatus.DELIVERED),
        (r"await\w*-?(?:pay|deposit)|pending-?pay|unpaid", OrderStatus.PENDING),
        (r"await|to-?ship|pack|pick|print|prepar|(?:in-?)?production|in-?progress|manufactur|label|pre-?transit"
         r"|back-?order", OrderStatus.PROCESSING),
        (r"shipped|dispatched|sent|in-?transit|on-?the-?way|updated-?tracking|fulfilled", OrderStatus.SHIPPED),
        (r"(?:on-?)?hold|review|verif|fraud", OrderStatus.ON_HOLD),
    )
)  # fmt: skip


def meaning(status: object) -> OrderStatus:
    """The meaning of a status, with or without its "wc-"; UNKNOWN for words that tell nothing."""
    word = str(status or "").strip().lower().replace("_", "-").replace(" ", "-").removeprefix("wc-")
    if known := _CORE.get(word) or _IN_OTHER_WORDS.get(word):
        return known
    return next((found for pattern, found in _BY_WORDS if pattern.search(word)), OrderStatus.UNKNOWN)
