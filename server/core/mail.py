"""Mail over SMTP. The only file that imports aiosmtplib."""

from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import formatdate, make_msgid, parseaddr
from typing import Protocol
from urllib.parse import unquote, urlsplit

import aiosmtplib
from msgspec import Struct

from server.core.errors import ConfigurationError

TIMEOUT_S = 15.0
SMTPS_PORT, SUBMISSION_PORT, RELAY_PORT = 465, 587, 25
LOOPBACK = ("127.0.0.1", "localhost", "::1")


class MailRefused(Exception):
    """The mail can never be delivered: the address is wrong, or the server refuses the mail for good."""


class MailDelayed(Exception):
    """The mail server does not answer or asks to try again later."""


class SendsMail(Protocol):
    """An object that sends plain-text mails."""

    async def send(self, to: str, subject: str, text: str) -> None:
        """Send one mail. Raises MailDelayed or MailRefused; neither names the address."""


class MailServer(Struct, frozen=True, kw_only=True):
    """The mail server of AISLE_SMTP_URL. With `start_tls` None TLS is used where the server offers it."""

    host: str
    port: int
    username: str | None
    password: str | None
    use_tls: bool
    start_tls: bool | None


def parse_smtp_url(url: str) -> MailServer:
    """Read smtp://user:password@host:port or smtps://...; raises ConfigurationError, without the password.

    A password goes to another machine over an encrypted connection only.
    """
    parts = urlsplit(url)
    if parts.scheme not in ("smtp", "smtps") or not parts.hostname:
        raise ConfigurationError("AISLE_SMTP_URL must look like smtp://user:password@host:587 or smtps://host")
    use_tls = parts.scheme == "smtps"
    plain_port = SUBMISSION_PORT if parts.username else RELAY_PORT
    must_encrypt = bool(parts.username) and not use_tls and parts.hostname not in LOOPBACK
    return MailServer(
        host=parts.hostname,
        port=parts.port or (SMTPS_PORT if use_tls else plain_port),
        username=unquote(parts.username) if parts.username else None,
        password=unquote(parts.password) if parts.password else None,
        use_tls=use_tls,
        start_tls=False if use_tls else (True if must_encrypt else None),
    )


class Mailer:
    """Sends plain-text mails, one connection each."""

    def __init__(self, smtp_url: str, sender: str, timeout_s: float = TIMEOUT_S) -> None:
        self._server, self._sender, self._timeout_s = parse_smtp_url(smtp_url), sender, timeout_s

    async def send(self, to: str, subject: str, text: str) -> None:
        """Hand one mail to the server. Raises MailDelayed or MailRefused; neither names the address."""
        message = self._compose(to, subject, text)
        server = self._server
        try:
            await aiosmtplib.send(
                message,
                hostname=server.host,
                port=server.port,
                username=server.username,
                password=server.password,
                use_tls=server.use_tls,
                start_tls=server.start_tls,
                timeout=self._timeout_s,
            )
        except (aiosmtplib.SMTPResponseException, aiosmtplib.SMTPRecipientsRefused) as reason:
            raise _by_code(_code(reason)) from None
        except (aiosmtplib.SMTPException, OSError, TimeoutError) as reason:
            raise MailDelayed(f"the mail server does not answer ({type(reason).__name__})") from None

    async def check(self) -> str:
        """Return the mail server's greeting, for `aisle doctor`. Raises MailDelayed when it does not answer."""
        client = aiosmtplib.SMTP(
            hostname=self._server.host,
            port=self._server.port,
            use_tls=self._server.use_tls,
            timeout=self._timeout_s,
        )
        try:
            async with client:
                return f"{self._server.host} answers"
        except (aiosmtplib.SMTPException, OSError, TimeoutError) as reason:
            raise MailDelayed(f"the mail server does not answer ({type(reason).__name__})") from None

    def _compose(self, to: str, subject: str, text: str) -> EmailMessage:
        name, address = parseaddr(self._sender)
        message = EmailMessage()
        try:
            message["To"] = _address(to.strip())
        except (ValueError, IndexError, MessageError):  # what the parser raises depends on what is wrong
            raise MailRefused("the order's e-mail is not an address") from None
        message["From"] = Address(name, addr_spec=address)
        message["Subject"] = " ".join(subject.split())
        message["Date"] = formatdate(localtime=False)
        message["Message-ID"] = make_msgid(domain=address.rpartition("@")[2])
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(text)
        return message


def _address(text: str) -> Address:
    address = Address(addr_spec=text)
    if not (address.username and address.domain):
        raise ValueError("no address")
    return address


def _code(reason: Exception) -> int:
    if isinstance(reason, aiosmtplib.SMTPRecipientsRefused):
        return max((refused.code for refused in reason.recipients), default=450)
    return int(getattr(reason, "code", 450))


def _by_code(code: int) -> Exception:
    """The error for an SMTP reply code: 4yz is a delay, 5yz a refusal, except for a refused sign-in (530-535), which an
    operator can mend."""
    if 500 <= code < 600 and not 530 <= code <= 538:
        return MailRefused(f"the mail server refuses the mail (code {code})")
    return MailDelayed(f"the mail server asks to try later (code {code})")
