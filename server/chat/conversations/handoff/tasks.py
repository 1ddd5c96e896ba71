"""The job that mails a reply of staff to a shopper who left an address and then the chat."""

from datetime import timedelta
from uuid import UUID

import msgspec
from msgspec import Struct

from server.chat.conversations.handoff import storage
from server.chat.conversations.presence import Presence
from server.chat.languages import phrase
from server.core.database import Database
from server.core.jobs import ClaimedJob
from server.core.logging import get_logger
from server.core.mail import MailDelayed, MailRefused, SendsMail

MAIL_REPLY = "chat.mail_reply"
LEFT_AFTER = timedelta(seconds=45)
"""How long after the reply the job runs, so that a shopper who is still there can read it in the chat."""
RETRY_S = 30.0

log = get_logger("chat")


class ReplyToMail(Struct, frozen=True):
    """The payload of a job of kind `chat.mail_reply`."""

    conversation_id: UUID
    message_id: str


class MailReply:
    """Handler of `chat.mail_reply`. Mails nothing to a shopper who has the chat open, or where no mailer is set up."""

    def __init__(self, database: Database, presence: Presence, mailer: SendsMail | None) -> None:
        self._database, self._presence, self._mailer = database, presence, mailer

    async def __call__(self, job: ClaimedJob) -> None:
        reply = msgspec.convert(job.payload, ReplyToMail)
        try:
            if not await self._presence.is_shopper_here(job.shop_id, reply.conversation_id):
                await self._mail(job.shop_id, reply)
        except MailDelayed:
            return await job.postpone(RETRY_S)
        except MailRefused as reason:
            log.warning("reply_not_mailed", shop_id=str(job.shop_id), reason=str(reason))
            return await job.finish("failed")
        return await job.finish("done")

    async def _mail(self, shop_id: UUID, reply: ReplyToMail) -> None:
        async with self._database.connection(shop_id) as connection:
            mail = await storage.find_reply_mail(connection, shop_id, reply.conversation_id, reply.message_id)
        if mail is None or self._mailer is None:
            return
        subject = phrase("reply_subject", mail.locale, shop=mail.name)
        end = phrase("reply_end", mail.locale, url=mail.storefront_url) if mail.storefront_url else ""
        await self._mailer.send(mail.contact_email, subject, f"{mail.text}\n\n{end}".strip() + "\n")
