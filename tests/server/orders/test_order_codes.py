"""One-time codes, from the request to the mail to level 2, and every way to misuse one."""

import asyncio
import contextlib
import json
import subprocess
import sys
import urllib.request
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest
from structlog.testing import capture_logs

from integrations.platform import PlatformRevoked, PlatformUnavailable
from server.core.errors import RateLimited
from server.core.jobs import get_job
from server.core.mail import Mailer
from server.orders.models import OrderFound, OrdersUnavailable, ProofLevel
from server.orders.tasks import SendCode
from server.shops.identity import Shopper
from tests.server.orders.memory_platform import OWNER_EMAIL, an_order
from tests.server.orders.order_shop import KEYS, OrderShop, ServiceOptions

OpenShop = Callable[..., Awaitable[OrderShop]]


class Mailbox:
    """The mail server that tests and the demo share, seen from outside."""

    def __init__(self, ports: dict[str, int]) -> None:
        self.smtp_url = f"smtp://127.0.0.1:{ports['smtp_port']}"
        self._page = f"http://127.0.0.1:{ports['http_port']}/messages.json"

    def mails(self) -> list[dict[str, Any]]:
        with urllib.request.urlopen(self._page) as answer:
            return list(json.load(answer)["messages"])

    def empty(self) -> None:
        urllib.request.urlopen(urllib.request.Request(self._page, method="DELETE")).close()


@pytest.fixture(scope="module")
def mailbox_process() -> Iterator[Mailbox]:
    command = [sys.executable, "-m", "server.embedded.standins.mailbox", "--smtp-port", "0", "--http-port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout
            yield Mailbox(json.loads(process.stdout.readline().removeprefix("ready")))
        finally:
            process.terminate()


@pytest.fixture
def mailbox(mailbox_process: Mailbox) -> Mailbox:
    mailbox_process.empty()
    return mailbox_process


def sender(shop: OrderShop, smtp_url: str) -> SendCode:
    return SendCode(shop.database, shop.source_for, Mailer(smtp_url, "Harbour <shop@example.com>"), KEYS)


@pytest.fixture
def ask_for_code(shop: OrderShop, mailbox: Mailbox) -> Callable[[Shopper], Awaitable[str]]:
    """Request a code for order 1001, do the job, read the mail."""

    async def ask(shopper: Shopper) -> str:
        await shop.service.request_code(shopper, "#1001")
        await sender(shop, mailbox.smtp_url)(await shop.claim_job())
        return str(mailbox.mails()[0]["code"])

    return ask


async def state_of(shop: OrderShop, job_id: Any) -> str:
    async with shop.database.connection(shop.shop_id) as connection:
        return (await get_job(connection, shop.shop_id, job_id)).state


async def test_a_code_from_the_mail_opens_level_two(
    shop: OrderShop, mailbox: Mailbox, ask_for_code: Callable[[Shopper], Awaitable[str]]
) -> None:
    shopper = shop.shopper()
    with capture_logs() as logs:
        code = await ask_for_code(shopper)
        assert await shop.service.verify_code(shopper, "1001", f" {code[:3]} {code[3:]}\n") is ProofLevel.READS_MAIL
        outcome = await shop.service.look_up(shopper, "1001")
    mail = mailbox.mails()[0]
    assert mail["to"] == [OWNER_EMAIL]
    assert mail["subject"] == "Your code for Harbour Goods"
    assert "10 minutes" in mail["text"]
    assert isinstance(outcome, OrderFound)
    assert (outcome.level, outcome.more_with_code) == (ProofLevel.READS_MAIL, False)
    assert outcome.view.ship_to
    assert code not in repr(logs)
    assert OWNER_EMAIL not in repr(logs)


async def test_a_code_works_once(shop: OrderShop, ask_for_code: Callable[[Shopper], Awaitable[str]]) -> None:
    shopper = shop.shopper()
    code = await ask_for_code(shopper)
    answers = await asyncio.gather(*(shop.service.verify_code(shopper, "1001", code) for _ in range(5)))
    assert sorted(answers) == [ProofLevel.NOBODY] * 4 + [ProofLevel.READS_MAIL]
    assert await shop.service.verify_code(shopper, "1001", code) is ProofLevel.NOBODY


async def test_a_code_is_bound_to_conversation_order_and_shop(
    open_shop: OpenShop, shop: OrderShop, ask_for_code: Callable[[Shopper], Awaitable[str]]
) -> None:
    shop.platform.orders["1002"] = an_order("1002")
    shopper = shop.shopper()
    code = await ask_for_code(shopper)
    elsewhere = await open_shop()
    assert await shop.service.verify_code(shop.shopper(), "1001", code) is ProofLevel.NOBODY
    assert await shop.service.verify_code(shopper, "1002", code) is ProofLevel.NOBODY
    foreign = elsewhere.shopper(conversation_id=shopper.conversation_id)
    assert await elsewhere.service.verify_code(foreign, "1001", code) is ProofLevel.NOBODY
    assert await shop.service.verify_code(shopper, "1001", code) is ProofLevel.READS_MAIL


async def test_a_row_moved_to_another_conversation_opens_nothing(
    shop: OrderShop, ask_for_code: Callable[[Shopper], Awaitable[str]]
) -> None:
    code = await ask_for_code(shop.shopper())
    thief = shop.shopper()
    async with shop.database.connection(shop.shop_id) as connection:
        await connection.execute(
            "UPDATE one_time_code SET conversation_id = $2 WHERE shop_id = $1", shop.shop_id, thief.conversation_id
        )
    assert await shop.service.verify_code(thief, "1001", code) is ProofLevel.NOBODY


async def test_a_code_dies_after_ten_minutes(
    shop: OrderShop, ask_for_code: Callable[[Shopper], Awaitable[str]]
) -> None:
    shopper = shop.shopper()
    code = await ask_for_code(shopper)
    await shop.age("one_time_code", "expires_at", "10 minutes")
    assert await shop.service.verify_code(shopper, "1001", code) is ProofLevel.NOBODY


@pytest.mark.parametrize("forged", ["", "0", "abcdef", "١٢٣٤٥٦", "12345\x00", "\ud800", "1" * 5000])
async def test_forged_codes_are_wrong_codes(
    shop: OrderShop, ask_for_code: Callable[[Shopper], Awaitable[str]], forged: str
) -> None:
    shopper = shop.shopper()
    await ask_for_code(shopper)
    assert await shop.service.verify_code(shopper, "1001", forged) is ProofLevel.NOBODY


async def test_a_code_takes_five_tries_even_where_the_other_limits_would_allow_more(
    shop: OrderShop, ask_for_code: Callable[[Shopper], Awaitable[str]]
) -> None:
    shopper = shop.shopper()
    code = await ask_for_code(shopper)
    wrong = "000000" if code != "000000" else "000001"
    outcomes = await asyncio.gather(
        *(shop.service.verify_code(shopper, "1001", wrong) for _ in range(30)), return_exceptions=True
    )
    assert outcomes.count(ProofLevel.NOBODY) == 5
    with pytest.raises(RateLimited):
        await shop.service.verify_code(shopper, "1001", code)
    await shop.age("attempt", "window_start", "25 hours")
    assert await shop.service.verify_code(shopper, "1001", code) is ProofLevel.NOBODY


HOSTILE: list[tuple[Callable[[int], str], str]] = [
    (lambda _n: "203.0.113.7", "one network"),
    (lambda n: f"203.0.113.{n}", "rotating networks"),
    (lambda n: f"2001:db8:1:{n:x}::1", "the /64s of one subscriber"),
    (lambda _n: "", "no address"),
]


@pytest.mark.parametrize("address_of", [case[0] for case in HOSTILE], ids=[case[1] for case in HOSTILE])
@pytest.mark.parametrize(
    ("guesses", "code_requests"), [(20, 5), (0, 25)], ids=["guesses and code requests", "code requests"]
)
async def test_strangers_shut_the_owner_out_of_nothing(
    shop: OrderShop,
    ask_for_code: Callable[[Shopper], Awaitable[str]],
    mailbox: Mailbox,
    address_of: Callable[[int], str],
    guesses: int,
    code_requests: int,
) -> None:
    for n in range(guesses):
        wrong = {"email": f"guess{n}@example.com"} if n % 2 else {"postcode": f"{1000 + n}"}
        await shop.service.prove(shop.shopper(address=address_of(n)), "1001", **wrong)
    for n in range(code_requests):
        await shop.service.request_code(shop.shopper(address=address_of(n)), "1001")
    shop.wakes.jobs.clear()
    owner = shop.shopper(address="198.51.100.9")
    code = await ask_for_code(owner)
    assert len(mailbox.mails()) == 1
    assert await shop.service.verify_identity(owner, "1001", email=OWNER_EMAIL) is ProofLevel.KNOWS_ORDER
    assert await shop.service.verify_identity(shop.shopper(), "1001", postcode="8000") is ProofLevel.KNOWS_ORDER
    assert await shop.service.verify_code(owner, "1001", code) is ProofLevel.READS_MAIL


async def test_a_new_code_ends_the_old_one(shop: OrderShop, ask_for_code: Callable[[Shopper], Awaitable[str]]) -> None:
    shopper = shop.shopper()
    first, second = await ask_for_code(shopper), await ask_for_code(shopper)
    if first != second:
        assert await shop.service.verify_code(shopper, "1001", first) is ProofLevel.NOBODY
    assert await shop.service.verify_code(shopper, "1001", second) is ProofLevel.READS_MAIL


async def test_a_code_outlives_a_change_of_the_secret(
    shop: OrderShop, ask_for_code: Callable[[Shopper], Awaitable[str]]
) -> None:
    shopper = shop.shopper()
    code = await ask_for_code(shopper)
    without_old = shop.build_service(ServiceOptions(secret_keys=("another-secret-of-more-than-32-characters",)))
    assert await without_old.verify_code(shopper, "1001", code) is ProofLevel.NOBODY
    rotated = shop.build_service(ServiceOptions(secret_keys=("another-secret-of-more-than-32-characters", *KEYS)))
    assert await rotated.verify_code(shopper, "1001", code) is ProofLevel.READS_MAIL


async def test_a_right_code_counts_while_the_platform_is_away(
    shop: OrderShop, ask_for_code: Callable[[Shopper], Awaitable[str]]
) -> None:
    shopper = shop.shopper()
    code = await ask_for_code(shopper)
    shop.platform.failure = PlatformUnavailable("503")
    assert await shop.service.verify_code(shopper, "1001", code) is ProofLevel.READS_MAIL
    assert await shop.service.look_up(shopper, "1001") == OrdersUnavailable()
    shop.platform.failure = None
    outcome = await shop.service.look_up(shopper, "1001")
    assert isinstance(outcome, OrderFound)
    assert outcome.level is ProofLevel.READS_MAIL


async def test_a_strict_shop_opens_with_a_code(open_shop: OpenShop, mailbox: Mailbox) -> None:
    shop = await open_shop("strict")
    shopper = shop.shopper()
    await shop.service.request_code(shopper, "1001")
    await sender(shop, mailbox.smtp_url)(await shop.claim_job())
    await shop.service.verify_code(shopper, "1001", mailbox.mails()[0]["code"])
    outcome = await shop.service.look_up(shopper, "1001")
    assert isinstance(outcome, OrderFound)
    assert outcome.view.items


@pytest.mark.parametrize("order", [None, an_order("7777", email=None)])
async def test_where_nobody_can_be_mailed_the_request_looks_the_same(
    shop: OrderShop, mailbox: Mailbox, order: Any
) -> None:
    if order:
        shop.platform.orders["7777"] = order
    await shop.service.request_code(shop.shopper(), "7777")
    job = await shop.claim_job()
    await sender(shop, mailbox.smtp_url)(job)
    assert await state_of(shop, job.id) == "done"
    assert mailbox.mails() == []


async def test_mail_goes_out_three_times_an_hour_to_one_conversation_and_five_times_a_day_to_one_network(
    shop: OrderShop,
) -> None:
    shopper = shop.shopper(address="203.0.113.7")
    await asyncio.gather(*(shop.service.request_code(shopper, "1001") for _ in range(10)))
    assert len(shop.wakes.jobs) == 3
    await asyncio.gather(*(shop.service.request_code(shop.shopper(address="203.0.113.7"), "#1001") for _ in range(10)))
    assert len(shop.wakes.jobs) == 5


async def test_the_owners_mailbox_is_not_flooded_and_whoever_has_proven_the_order_is_mailed_all_the_same(
    shop: OrderShop, ask_for_code: Callable[[Shopper], Awaitable[str]]
) -> None:
    await asyncio.gather(*(shop.service.request_code(shop.shopper(), "1001") for _ in range(60)))
    assert len(shop.wakes.jobs) == 30
    owner = shop.shopper()
    await shop.service.request_code(owner, "1001")
    assert len(shop.wakes.jobs) == 30
    assert await shop.service.verify_identity(owner, "1001", email=OWNER_EMAIL) is ProofLevel.KNOWS_ORDER
    code = await ask_for_code(owner)
    assert await shop.service.verify_code(owner, "1001", code) is ProofLevel.READS_MAIL
    for _ in range(9):
        person = shop.shopper()
        await shop.service.verify_identity(person, "1001", email=OWNER_EMAIL)
        await shop.service.request_code(person, "1001")
    assert len(shop.wakes.jobs) == 34, "five a day, the owner's own among them"


async def test_without_a_mail_server_no_job_is_made(open_shop: OpenShop) -> None:
    shop = await open_shop(codes=False)
    await shop.service.request_code(shop.shopper(), "1001")
    assert shop.wakes.jobs == []


async def test_the_job_holds_no_address_and_no_code(shop: OrderShop) -> None:
    await shop.service.request_code(shop.shopper(), "# 1001")
    job = await shop.claim_job()
    assert set(job.payload) == {"conversation_id", "order_number"}
    assert job.payload["order_number"] == "1001"


@pytest.mark.parametrize("locale", ["fr-FR", "de", "es_MX", "pt", "ko"])
async def test_the_mail_speaks_the_conversations_language(shop: OrderShop, mailbox: Mailbox, locale: str) -> None:
    shopper = shop.shopper()
    async with shop.database.connection(shop.shop_id) as connection:
        await connection.execute(
            "INSERT INTO conversation (shop_id, id, shopper_id, locale) VALUES ($1, $2, $3, $4)",
            shopper.shop_id,
            shopper.conversation_id,
            shopper.shopper_id,
            locale,
        )
    await shop.service.request_code(shopper, "1001")
    await sender(shop, mailbox.smtp_url)(await shop.claim_job())
    subjects = {
        "fr": "Votre code pour",
        "de": "Ihr Code für",
        "es": "Su código para",
        "pt": "Seu código para",
        "ko": "Your code for",
    }
    assert mailbox.mails()[0]["subject"] == f"{subjects[locale[:2]]} Harbour Goods"


async def test_the_mail_speaks_the_language_of_the_newest_answer(shop: OrderShop, mailbox: Mailbox) -> None:
    shopper = shop.shopper()
    place = (shop.shop_id, shopper.conversation_id)
    said = [("assistant", '{"locale": "es"}'), ("assistant", '{"locale": "de"}'), ("assistant", "{}"), ("staff", "{}")]
    async with shop.database.connection(shop.shop_id) as connection:
        await connection.execute(
            "INSERT INTO conversation (shop_id, id, shopper_id, locale) VALUES ($1, $2, $3, 'fr')",
            *place,
            shopper.shopper_id,
        )
        await connection.executemany(
            "INSERT INTO message (shop_id, conversation_id, id, seq, author, parts, metadata) "
            "VALUES ($1, $2, $3, $4, $5, '[]', $6::jsonb)",
            [(*place, f"m{seq}", seq, author, metadata) for seq, (author, metadata) in enumerate(said)],
        )
    await shop.service.request_code(shopper, "1001")
    await sender(shop, mailbox.smtp_url)(await shop.claim_job())
    assert mailbox.mails()[0]["subject"] == "Ihr Code für Harbour Goods"


async def test_the_job_waits_for_a_platform_or_mail_server_that_is_away(shop: OrderShop, mailbox: Mailbox) -> None:
    shopper = shop.shopper()
    await shop.service.request_code(shopper, "1001")
    job = await shop.claim_job()
    shop.platform.failure = PlatformUnavailable("503")
    await sender(shop, mailbox.smtp_url)(job)
    assert await state_of(shop, job.id) == "queued"
    shop.platform.failure = None
    shop.wakes.jobs.append((shop.shop_id, job.id))
    with unused_port() as nobody:
        await sender(shop, f"smtp://127.0.0.1:{nobody}")(await shop.claim_job())
    assert await state_of(shop, job.id) == "queued"
    shop.wakes.jobs.append((shop.shop_id, job.id))
    await sender(shop, mailbox.smtp_url)(await shop.claim_job())
    assert await state_of(shop, job.id) == "done"
    code = mailbox.mails()[0]["code"]
    assert await shop.service.verify_code(shopper, "1001", code) is ProofLevel.READS_MAIL


@pytest.mark.parametrize("spoilt", ["revoked", "disconnected", "no address", "no mailer"])
async def test_the_job_ends_where_waiting_would_not_help(shop: OrderShop, mailbox: Mailbox, spoilt: str) -> None:
    await shop.service.request_code(shop.shopper(), "1001")
    job = await shop.claim_job()
    handler = sender(shop, mailbox.smtp_url)
    match spoilt:
        case "revoked":
            shop.platform.failure = PlatformRevoked("the key no longer works")
        case "disconnected":
            shop.connected = False
        case "no address":
            shop.platform.orders["1001"] = an_order(email="nora@example.com\nBcc: all@example.com")
        case "no mailer":
            handler = SendCode(shop.database, shop.source_for, None, KEYS)
    await handler(job)
    assert await state_of(shop, job.id) == "failed"
    assert mailbox.mails() == []


@contextlib.contextmanager
def unused_port() -> Iterator[int]:
    """A port that is taken but at which nobody listens."""
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]
