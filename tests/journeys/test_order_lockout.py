"""Strangers guess at an order from many networks, and its owner is let in all the same."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import asyncpg
import httpx
import pytest

from tests import mail
from tests.installation import Installation, Shopper
from tests.waiting import await_that_async

ORDER, EMAIL = "1029", "ivo.hartmann@example.com"


@pytest.fixture
def shopper_from(installation: Installation) -> Iterator[Callable[[str], Shopper]]:
    """A new shopper whose requests come from an address of this machine's own."""
    with ExitStack() as stack:

        def open_session(address: str) -> Shopper:
            transport = httpx.HTTPTransport(local_address=address)
            headers = {"Origin": installation.base_url}
            client = httpx.Client(base_url=installation.base_url, headers=headers, transport=transport, timeout=60)
            stack.enter_context(client)
            opened = client.post("/v1/sessions", json={"key": installation.demo_shop.publishable_key})
            client.headers["Authorization"] = f"Bearer {opened.raise_for_status().json()['session']}"
            return Shopper(client, opened.json())

        yield open_session


async def await_no_codes_to_send(installation: Installation) -> None:
    """Until the worker has sent or dropped all the codes that were requested."""
    connection = await asyncpg.connect(installation.owner_url)

    async def is_done() -> bool:
        kind = "orders.send_code"
        waiting = "SELECT count(*) FROM outbox JOIN job ON job.id = outbox.job_id WHERE job.kind = $1"
        return bool(await connection.fetchval(waiting, kind) == 0)

    await await_that_async(is_done, "the worker to send the codes")
    await connection.close()


async def test_strangers_do_not_shut_the_owner_out(
    installation: Installation, shopper_from: Callable[[str], Shopper]
) -> None:
    wrong = [{"email": f"guess{n}@example.com"} if n % 2 else {"postcode": f"{10_000 + n}"} for n in range(20)]
    hostile = [*wrong, *({"send_code": True} for _ in range(5))]
    for n, attempt in enumerate(hostile):
        refused = shopper_from(f"127.0.7.{n + 1}").verify(order_number=ORDER, **attempt)
        assert refused.status_code == (202 if "send_code" in attempt else 200), refused.text
        assert refused.json().get("level", 0) == 0

    owner = shopper_from("127.0.9.1")
    proven = owner.verify(order_number=ORDER, email=EMAIL)
    assert (proven.status_code, proven.json()["level"]) == (200, 1), proven.text

    await await_no_codes_to_send(installation)
    mailbox_url = str(installation.facts["mailbox_url"])
    mail.empty(mailbox_url)
    assert owner.verify(order_number=ORDER, send_code=True).status_code == 202
    confirmed = owner.verify(order_number=ORDER, code=mail.await_code(mailbox_url, EMAIL))
    assert (confirmed.status_code, confirmed.json()["level"]) == (200, 2), confirmed.text
