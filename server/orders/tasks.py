"""The job that mails a one-time code. Neither the code nor the address is ever logged or stored in the job."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import msgspec
from msgspec import Struct

from integrations.platform import Order, PlatformRevoked, PlatformUnavailable
from server.core.database import Database
from server.core.jobs import ClaimedJob
from server.core.logging import get_logger
from server.core.mail import MailDelayed, MailRefused, SendsMail
from server.orders import storage
from server.orders.fingerprints import Fingerprints, new_code
from server.orders.lookup import FindOrderSource, NotConnected, OrderLookup
from server.orders.words import words_for

CODE_LIFETIME = timedelta(minutes=10)
CODE_TRIES = 5
RETRY_S = 10.0
PLATFORM_TIMEOUT_S = 10.0

log = get_logger("orders")


class CodeRequest(Struct, frozen=True):
    """The payload of a job of kind `orders.send_code`. `order_number` is in its one spelling."""

    conversation_id: UUID
    order_number: str


class SendCode:
    """Handler of `orders.send_code`: a code for the order's own e-mail, or nothing when there is no such order.

    A platform or mail server that does not answer postpones the job; each attempt sends a new code, and only the last
    one works. `mailer` is None where no mail server is set; codes cannot be requested then.
    """

    def __init__(
        self, database: Database, find_source: FindOrderSource, mailer: SendsMail | None, secret_keys: tuple[str, ...]
    ) -> None:
        self._database, self._mailer = database, mailer
        self._lookup = OrderLookup(find_source, lambda: datetime.now(UTC), PLATFORM_TIMEOUT_S)
        self._fingerprints = Fingerprints(secret_keys)

    async def __call__(self, job: ClaimedJob) -> None:
        request = msgspec.convert(job.payload, CodeRequest)
        try:
            sent = await self._send(job.shop_id, request)
        except (PlatformUnavailable, MailDelayed) as reason:
            log.warning("code_mail_delayed", shop_id=str(job.shop_id), job_id=str(job.id), reason=str(reason))
            await job.postpone(RETRY_S)
        except (PlatformRevoked, NotConnected, MailRefused) as reason:
            log.error("code_not_sent", shop_id=str(job.shop_id), job_id=str(job.id), reason=str(reason))
            await job.finish("failed")
        else:
            log.info("code_request_done", shop_id=str(job.shop_id), job_id=str(job.id), sent=sent)
            await job.finish("done")

    async def _send(self, shop_id: UUID, request: CodeRequest) -> bool:
        fetched = await self._lookup.fetch(shop_id, request.order_number)
        if fetched is None or not fetched.order.email:
            return False
        await self._mail_code(shop_id, request, fetched.order)
        return True

    async def _mail_code(self, shop_id: UUID, request: CodeRequest, order: Order) -> None:
        code = new_code()
        place = (shop_id, request.conversation_id, request.order_number)
        async with self._database.connection(shop_id) as connection:
            await storage.delete_expired(connection, shop_id)
            code_hash = self._fingerprints.code(*place, code)
            await storage.save_code(connection, *place, code_hash, CODE_TRIES, CODE_LIFETIME)
            rules = await storage.get_rules(connection, *place)
            words = words_for(await storage.find_locale(connection, shop_id, request.conversation_id))
        subject, text = (
            template.format(shop=rules.shop_name, code=code) for template in (words.code_subject, words.code_text)
        )
        if self._mailer is None:
            raise MailRefused("no mail server is set: AISLE_SMTP_URL")
        await self._mailer.send(order.email or "", subject, text)
