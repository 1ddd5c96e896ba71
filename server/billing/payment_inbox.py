"""Stripe's webhook events: verified, stored once, answered. What an event says is not used; it is only the reason to
fetch the shop's subscription again."""

import time

from billing.gateway import BadSignature, Event, Payments, PaymentsRefused, PaymentsUnavailable
from server.billing import storage
from server.core.database import Database
from server.core.errors import InvalidSignature, NotFound, Unavailable
from server.core.jobs import JobNotifier, enqueue_once
from server.core.logging import get_logger

REFRESH_SUBSCRIPTION = "billing.refresh"
"""The kind of job that fetches a shop's subscription."""

log = get_logger("billing")


class PaymentInbox:
    """Receives the events of all shops. `payments` is None when billing is switched off."""

    def __init__(
        self, database: Database, notify: JobNotifier, payments: Payments | None, secrets: tuple[str, ...]
    ) -> None:
        self._database, self._notify, self._payments, self._secrets = database, notify, payments, secrets

    async def receive(self, body: bytes, signature: str) -> None:
        """Store one delivery and enqueue a job for it, unless the event was delivered before. Raises InvalidSignature,
        NotFound when billing is switched off, and Unavailable so that Stripe delivers it again."""
        if self._payments is None or not self._secrets:
            raise NotFound
        try:
            event = self._payments.read_event(body, signature, self._secrets, time.time())
        except BadSignature as reason:
            raise InvalidSignature(f"The signature is not valid: {reason}.") from None
        customer_id = await _find_customer(self._payments, event)
        shop_id = await storage.find_shop_of_customer(self._database, customer_id) if customer_id else None
        if shop_id is None:
            log.info("payment_event_unmatched", type=event.type)
            return
        async with self._database.connection(shop_id) as connection:
            is_new = await storage.add_event(connection, shop_id, event.id, event.type)
            job_id = await enqueue_once(connection, shop_id, REFRESH_SUBSCRIPTION, {}) if is_new else None
        if job_id:
            await self._notify(shop_id, job_id)


async def _find_customer(payments: Payments, event: Event) -> str | None:
    """The event's customer; a dispute names only its charge, so that is fetched."""
    try:
        return await payments.customer_of(event)
    except PaymentsRefused:
        return None
    except PaymentsUnavailable:
        raise Unavailable("The payment provider does not answer; send the event again.") from None
