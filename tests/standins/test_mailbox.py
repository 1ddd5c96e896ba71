"""The demo's mailbox: what is sent by SMTP is shown, escaped, and kept over restarts."""

import json
import re
import smtplib
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.enable_socket

ROOT = Path(__file__).parents[2]


class Running:
    """A started mailbox and its two ports."""

    def __init__(self, ports: dict[str, int]) -> None:
        self.smtp_port, self.url = ports["smtp_port"], f"http://127.0.0.1:{ports['http_port']}"

    def send(self, subject: str, text: str, html: str | None = None) -> None:
        mail = EmailMessage()
        mail["From"], mail["To"], mail["Subject"] = "shop@tarnwick.example", "maya@example.com", subject
        mail.set_content(text)
        if html:
            mail.set_content(html, subtype="html")
        with smtplib.SMTP("127.0.0.1", self.smtp_port, timeout=10) as smtp:
            smtp.send_message(mail)

    def read(self, path: str, method: str = "GET") -> str:
        request = urllib.request.Request(self.url + path, method=method)
        with urllib.request.urlopen(request, timeout=10) as answer:
            return str(answer.read().decode())

    def messages(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = json.loads(self.read("/messages.json"))["messages"]
        return found


@contextmanager
def mailbox(folder: Path) -> Iterator[Running]:
    command = [
        sys.executable,
        "-m",
        "server.embedded.standins.mailbox",
        "--smtp-port",
        "0",
        "--http-port",
        "0",
        "--dir",
        str(folder),
    ]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        word, _, ports = process.stdout.readline().partition(" ")
        assert word == "ready"
        yield Running(json.loads(ports))
    finally:
        process.terminate()
        assert process.wait(timeout=10) == 0


def test_mails_are_shown_newest_first_with_their_codes(tmp_path: Path) -> None:
    with mailbox(tmp_path) as box:
        box.send("Order #100123 is on its way", "Tracking 94001118 of order #100123.")
        box.send("Your code", "Use 482913 within ten minutes.\nIt costs $123456.")
        newest, oldest = box.messages()
        assert (newest["subject"], newest["code"], newest["to"]) == ("Your code", "482913", ["maya@example.com"])
        assert (oldest["code"], oldest["from"]) == (None, "shop@tarnwick.example")
        page = box.read("/")
        assert page.index("482913") < page.index("Tracking 94001118")
        assert '<p class="code">482913</p>' in page


def test_foreign_html_stays_text(tmp_path: Path) -> None:
    with mailbox(tmp_path) as box:
        box.send("<script>alert(1)</script>", "<img src=x onerror=alert(1)> {count}")
        box.send("html", "", html="<p>Code <b>271828</b> &lt;script&gt;</p>")
        page = box.read("/")
        assert not re.search(r"<(script|img|b)\b", page)
        assert "&lt;img src=x onerror=alert(1)&gt; {count}" in page
        assert box.messages()[0]["code"] == "271828"


def test_kept_over_a_restart_until_emptied(tmp_path: Path) -> None:
    with mailbox(tmp_path) as box:
        box.send("one", "first")
        box.send("two", "second")
    with mailbox(tmp_path) as box:
        assert [each["subject"] for each in box.messages()] == ["two", "one"]
        box.read("/messages.json", method="DELETE")
        assert box.messages() == []
    assert list(tmp_path.iterdir()) == []


def test_only_the_last_200_are_kept(tmp_path: Path) -> None:
    with mailbox(tmp_path) as box:
        for number in range(203):
            box.send(f"mail {number}", "text")
        subjects = [each["subject"] for each in box.messages()]
        assert len(subjects) == len(list(tmp_path.glob("*.json"))) == 200
        assert (subjects[0], subjects[-1]) == ("mail 202", "mail 3")
