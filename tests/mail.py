"""The demo's mailbox, as a shopper would read it."""

import httpx

from tests.waiting import await_that


def empty(mailbox_url: str) -> None:
    """Throw away what others have been sent: the next code is one's own."""
    httpx.delete(f"{mailbox_url}/messages.json")


def await_code(mailbox_url: str, recipient: str) -> str:
    """The newest code sent to somebody, as soon as it is there. The mailbox is emptied."""

    def newest_code() -> str | None:
        mails = httpx.get(f"{mailbox_url}/messages.json").json()["messages"]
        return next((str(mail["code"]) for mail in mails if recipient in mail["to"]), None)

    code = await_that(newest_code, f"a code for {recipient}")
    empty(mailbox_url)
    return code
