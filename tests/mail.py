"""The demo's mailbox, as a shopper would read it."""

import time

import httpx

PATIENCE_S = 30


def empty(mailbox_url: str) -> None:
    """Throw away what others have been sent: the next code is one's own."""
    httpx.delete(f"{mailbox_url}/messages.json")


def await_code(mailbox_url: str, recipient: str) -> str:
    """The newest code sent to somebody, as soon as it is there. The mailbox is emptied."""
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        for mail in httpx.get(f"{mailbox_url}/messages.json").json()["messages"]:
            if recipient in mail["to"]:
                httpx.delete(f"{mailbox_url}/messages.json")
                return str(mail["code"])
        time.sleep(0.1)
    raise AssertionError("no code arrived")
