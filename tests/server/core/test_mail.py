"""The mailer against SMTP servers in good and bad moods."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP

from server.core.errors import ConfigurationError
from server.core.mail import MailDelayed, Mailer, MailRefused, parse_smtp_url

Start = Callable[["Moody"], Awaitable[str]]


class Moody:
    """An aiosmtpd handler that answers recipients with one fixed reply and keeps what gets through."""

    def __init__(self, reply: str = "250 OK") -> None:
        self.reply, self.contents = reply, list[bytes]()

    async def handle_RCPT(self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any) -> str:  # noqa: N802
        if self.reply.startswith("250"):
            envelope.rcpt_tos.append(address)
        return self.reply

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802
        self.contents.append(envelope.content)
        return "250 OK"


@pytest.fixture
async def start() -> AsyncIterator[Start]:
    servers: list[asyncio.Server] = []

    async def begin(handler: Moody) -> str:
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: SMTP(handler, loop=loop, enable_SMTPUTF8=True), "127.0.0.1", 0)
        servers.append(server)
        return f"smtp://127.0.0.1:{server.sockets[0].getsockname()[1]}"

    yield begin
    for server in servers:
        server.close()


async def test_a_mail_arrives_whole(start: Start) -> None:
    handler = Moody()
    mailer = Mailer(await start(handler), "Café Nord <hello@example.com>")
    await mailer.send(" nora@example.com ", "Ihr Code für\r\nBcc: x@example.com", "123456 – Grüße")
    content = handler.contents[0].decode()
    assert "\nBcc:" not in content
    assert "\r\nTo: nora@example.com\r\n" in f"\r\n{content}"
    assert "Auto-Submitted: auto-generated" in content


@pytest.mark.parametrize(
    "to", ["", "nora", "a@b@c", "nora@example.com, x@example.com", "nora@example.com\r\nRCPT TO:<x>"]
)
async def test_what_is_no_address_is_not_mailed(start: Start, to: str) -> None:
    handler = Moody()
    with pytest.raises(MailRefused):
        await Mailer(await start(handler), "hello@example.com").send(to, "s", "t")
    assert handler.contents == []


@pytest.mark.parametrize(("reply", "error"), [("550 no such user", MailRefused), ("451 later", MailDelayed)])
async def test_for_good_and_for_now_are_told_apart_without_the_address(
    start: Start, reply: str, error: type[Exception]
) -> None:
    with pytest.raises(error) as raised:
        await Mailer(await start(Moody(reply)), "hello@example.com").send("nora@example.com", "s", "t")
    assert "nora" not in str(raised.value)
    assert reply[:3] in str(raised.value)


async def test_a_silent_server_is_left_after_the_time_out() -> None:
    async def say_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    server = await asyncio.start_server(say_nothing, "127.0.0.1", 0)
    url = f"smtp://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    with pytest.raises(MailDelayed):
        await Mailer(url, "hello@example.com", timeout_s=0.1).send("nora@example.com", "s", "t")
    server.close()


def test_addresses_of_mail_servers() -> None:
    plain = parse_smtp_url("smtp://127.0.0.1:1025")
    assert (plain.host, plain.port, plain.use_tls, plain.start_tls) == ("127.0.0.1", 1025, False, None)
    submission = parse_smtp_url("smtp://me%40example.com:p%2Fw@mail.example.com")
    assert (submission.port, submission.start_tls) == (587, True)
    assert (submission.username, submission.password) == ("me@example.com", "p/w")
    wrapped = parse_smtp_url("smtps://me:pw@mail.example.com")
    assert (wrapped.port, wrapped.use_tls, wrapped.start_tls) == (465, True, False)


@pytest.mark.parametrize("url", ["http://mail.example.com", "smtp://", "mail.example.com:25"])
def test_what_is_no_mail_server_is_named(url: str) -> None:
    with pytest.raises(ConfigurationError, match="AISLE_SMTP_URL"):
        Mailer(url, "hello@example.com")
