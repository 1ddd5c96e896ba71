"""A mail server that stores and shows what it receives: SMTP on one port, a page and JSON on another.

    python -m server.embedded.standins.mailbox --smtp-port 1025 --http-port 8025 [--dir FOLDER]

Listens on 127.0.0.1 only. `/` lists the mails, newest first, with one-time codes standing out; `/messages.json`
answers `{"messages": [{"id", "from", "to": [...], "subject", "text", "code", "received_at"}]}`, newest first;
`DELETE /messages.json` empties it. The last 200 are stored, over restarts too when a folder is given.
Prints `ready {"smtp_port", "http_port", "pid"}` once both ports answer; SIGTERM and Ctrl-C end it.
"""

import argparse
import asyncio
import html
import json
import os
import re
import signal
from collections import deque
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any
from uuid import uuid4

import click
from aiohttp import web
from aiosmtpd.smtp import SMTP, Envelope, Session

MAX_MAILS = 200
MAX_BYTES = 1_000_000
REFRESH_S = 3

_CODE = re.compile(r"(?<![\w#$.,-])\d{6}(?![\w.,-]*\d)")

_STYLE = """
:root { color-scheme: light dark; }
body { font: 16px/1.5 system-ui, sans-serif; margin: 0 auto; padding: 2rem 1.25rem; max-width: 46rem; }
h1 { font-size: 1.4rem; margin: 0 0 .25rem; }
h2 { font-size: 1.05rem; margin: .2rem 0 .4rem; }
.note, .meta { opacity: .7; font-size: .9rem; margin: 0; }
article { border: 1px solid #8886; border-radius: 12px; padding: 1rem 1.25rem; margin-top: 1rem; }
pre { white-space: pre-wrap; overflow-wrap: anywhere; font: inherit; margin: .5rem 0 0; }
.code { font: 600 1.9rem/1.2 ui-monospace, monospace; letter-spacing: .18em; margin: .4rem 0; }
"""

_PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8">
<meta http-equiv="refresh" content="{refresh}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Demo mailbox</title><style>{style}</style></head>
<body><h1>Demo mailbox</h1>
<p class="note">{count} in all, newest first. This page reloads itself.</p>{mails}</body></html>"""


class Mailbox:
    """The stored mails, and the SMTP handler that adds to them."""

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder
        self._mails: deque[dict[str, Any]] = deque(maxlen=MAX_MAILS)
        if folder:
            folder.mkdir(parents=True, exist_ok=True)
            for path in sorted(folder.glob("*.json"))[-MAX_MAILS:]:
                self._mails.append(json.loads(path.read_text(encoding="utf-8")))

    def newest_first(self) -> list[dict[str, Any]]:
        """All mails, newest first."""
        return list(reversed(self._mails))

    def empty(self) -> None:
        """Delete all mails, on disk as well."""
        for mail in self._mails:
            self._delete_file(mail)
        self._mails.clear()

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 (aiosmtpd's name)
        """Store a mail that aiosmtpd has received, and return the SMTP reply."""
        self._store(read_mail(envelope))
        return "250 OK"

    def _store(self, mail: dict[str, Any]) -> None:
        if len(self._mails) == MAX_MAILS:
            self._delete_file(self._mails[0])
        self._mails.append(mail)
        if self._folder:
            path = self._folder / f"{mail['id']}.json"
            partial = path.with_suffix(".part")
            partial.write_text(json.dumps(mail), encoding="utf-8")
            partial.replace(path)

    def _delete_file(self, mail: dict[str, Any]) -> None:
        if self._folder:
            (self._folder / f"{mail['id']}.json").unlink(missing_ok=True)


def read_mail(envelope: Envelope) -> dict[str, Any]:
    """A mail in the shape that the page and `/messages.json` show. Ids sort by time of receipt."""
    content = envelope.content or b""
    message = message_from_bytes(content if isinstance(content, bytes) else content.encode(), policy=policy.default)
    now = datetime.now(UTC)
    text = plain_text(message)
    subject = str(message.get("Subject", ""))
    code = _CODE.search(f"{text}\n{subject}")
    return {
        "id": f"{now:%Y%m%dT%H%M%S%f}-{uuid4().hex[:8]}",
        "from": envelope.mail_from,
        "to": list(envelope.rcpt_tos),
        "subject": subject,
        "text": text,
        "code": code.group() if code else None,
        "received_at": now.isoformat(),
    }


def plain_text(message: EmailMessage) -> str:
    """The text of the plain part, or of the HTML part without its tags; empty without either."""
    part = message.get_body(preferencelist=("plain", "html"))
    if part is None:
        return ""
    text = str(part.get_content())
    return html.unescape(re.sub(r"<[^>]+>", " ", text)) if part.get_content_subtype() == "html" else text


def render(mails: list[dict[str, Any]]) -> str:
    """The page. Everything in a mail is foreign text and is escaped."""
    articles = "".join(map(_article, mails)) or "<p>No mail yet.</p>"
    return _PAGE.format(style=_STYLE, refresh=REFRESH_S, count=len(mails), mails=articles)


def _article(mail: dict[str, Any]) -> str:
    def show(value: object) -> str:
        return html.escape(str(value))

    code = f'<p class="code">{show(mail["code"])}</p>' if mail["code"] else ""
    return (
        f'<article><p class="meta">To {show(", ".join(mail["to"]))} · {show(mail["received_at"][:19])} UTC</p>'
        f"<h2>{show(mail['subject'])}</h2>{code}<pre>{show(mail['text'])}</pre></article>"
    )


def web_app(mailbox: Mailbox) -> web.Application:
    """The page, the JSON, and a way to empty the box."""

    async def page(_: web.Request) -> web.Response:
        policy_text = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"
        headers = {"Content-Security-Policy": policy_text}
        return web.Response(text=render(mailbox.newest_first()), content_type="text/html", headers=headers)

    async def messages(_: web.Request) -> web.Response:
        return web.json_response({"messages": mailbox.newest_first()})

    async def delete(_: web.Request) -> web.Response:
        mailbox.empty()
        return web.Response(status=204)

    app = web.Application()
    app.router.add_get("/", page)
    app.router.add_get("/messages.json", messages)
    app.router.add_delete("/messages.json", delete)
    return app


async def serve(smtp_port: int, http_port: int, folder: Path | None) -> None:
    """Serve until SIGTERM or SIGINT. Port 0 lets the system choose one."""
    mailbox = Mailbox(folder)
    loop = asyncio.get_running_loop()
    smtp = await loop.create_server(
        lambda: SMTP(mailbox, data_size_limit=MAX_BYTES, hostname="mailbox.localhost", enable_SMTPUTF8=True, loop=loop),
        "127.0.0.1",
        smtp_port,
    )
    runner = web.AppRunner(web_app(mailbox), access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", http_port)
    await site.start()
    stop = asyncio.Event()
    for each in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(each, stop.set)
    ports = {"smtp_port": smtp.sockets[0].getsockname()[1], "http_port": runner.addresses[0][1], "pid": os.getpid()}
    click.echo(f"ready {json.dumps(ports)}")
    await stop.wait()
    smtp.close()
    await runner.cleanup()


def main() -> None:
    """Read the options and serve."""
    parser = argparse.ArgumentParser(
        prog="python -m server.embedded.standins.mailbox", description="A mail server for demos and tests."
    )
    parser.add_argument("--smtp-port", type=int, default=1025)
    parser.add_argument("--http-port", type=int, default=8025)
    parser.add_argument(
        "--dir", type=Path, default=None, help="store mails in this folder, so that they survive restarts"
    )
    options = parser.parse_args()
    asyncio.run(serve(options.smtp_port, options.http_port, options.dir))


if __name__ == "__main__":
    main()
