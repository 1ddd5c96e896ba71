"""Webhooks of the stand-in: signed, in order, and lost, doubled, late, shuffled or refused on request."""

import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
import stripe

from billing.stripe_gateway import StripePayments
from server.embedded.standins.stripe import catalog, customers
from server.embedded.standins.stripe_server import StripeStandin, running

SECRET = "whsec_standin"


class Receiver(ThreadingHTTPServer):
    """Keeps what it gets; answers with `status`."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.got: list[tuple[bytes, str]] = []
        self.status = 200
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/hook"

    def names(self) -> list[str]:
        return [json.loads(body)["data"]["object"]["name"] for body, _ in self.got]


class _Handler(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        self.server.got.append((body, self.headers["stripe-signature"]))
        self.send_response(self.server.status)
        self.end_headers()

    def log_message(self, *args: Any) -> None:
        """Quiet."""


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    found = Receiver()
    yield found
    found.shutdown()
    found.server_close()


@pytest.fixture
def standin(receiver: Receiver) -> Iterator[StripeStandin]:
    with running() as found:
        found.webhooks.add(receiver.url, SECRET)
        yield found


def happen(standin: StripeStandin, *names: str) -> None:
    for name in names:
        customers.create_customer(standin.store, {"name": name})


def test_events_come_signed_and_in_order(standin: StripeStandin, receiver: Receiver) -> None:
    happen(standin, *map(str, range(20)))
    standin.webhooks.flush()
    assert receiver.names() == [str(n) for n in range(20)]
    payments = StripePayments("sk_test_x", api_base=standin.url)
    for body, header in receiver.got:
        assert stripe.Webhook.construct_event(body, header, SECRET)
        assert payments.read_event(body, header, [SECRET], time.time()).type == "customer.created"
    assert {each["pending_webhooks"] for each in standin.objects("event")} == {0}


def test_both_secrets_sign_while_they_rotate(standin: StripeStandin, receiver: Receiver) -> None:
    standin.rotate_secret("whsec_next")
    happen(standin, "a")
    standin.webhooks.flush()
    standin.webhooks.expire_old_secrets()
    happen(standin, "b")
    standin.webhooks.flush()
    (first, header), (second, later) = receiver.got
    for secret in (SECRET, "whsec_next"):
        assert stripe.Webhook.construct_event(first, header, secret)
    assert stripe.Webhook.construct_event(second, later, "whsec_next")
    with pytest.raises(stripe.SignatureVerificationError):
        stripe.Webhook.construct_event(second, later, SECRET)


def test_lost_and_doubled(standin: StripeStandin, receiver: Receiver) -> None:
    standin.drop_webhooks(2)
    happen(standin, "a", "b", "c")
    standin.duplicate_webhooks(1)
    happen(standin, "d", "e")
    standin.webhooks.flush()
    assert receiver.names() == ["c", "d", "d", "e"]
    assert [each["data"]["object"]["name"] for each in standin.webhooks.dropped] == ["a", "b"]
    standin.resend_webhook(standin.webhooks.dropped[0]["id"])
    standin.webhooks.flush()
    assert receiver.names()[-1] == "a"


def test_held_and_shuffled(standin: StripeStandin, receiver: Receiver) -> None:
    standin.pause_webhooks()
    names = [str(n) for n in range(10)]
    happen(standin, *names)
    assert len(standin.webhooks.waiting()) == 10
    standin.reorder_webhooks(seed=3)
    standin.resume_webhooks()
    standin.webhooks.flush()
    assert sorted(receiver.names()) == names
    assert receiver.names() != names


def test_late_ones_come_after_those_that_followed(standin: StripeStandin, receiver: Receiver) -> None:
    standin.delay_webhooks(1, 0.5)
    happen(standin, "late", "prompt")
    standin.webhooks.flush()
    assert receiver.names() == ["prompt"]
    deadline = time.monotonic() + 10
    while len(receiver.got) < 2 and time.monotonic() < deadline:
        time.sleep(0.01)
    assert receiver.names() == ["prompt", "late"]


def test_a_refused_event_is_sent_again_and_given_up_at_last(standin: StripeStandin, receiver: Receiver) -> None:
    standin.webhooks.retry_after_s = (0.05, 0.05)
    receiver.status = 500
    happen(standin, "a")
    deadline = time.monotonic() + 10
    while len(receiver.got) < 3 and time.monotonic() < deadline:
        time.sleep(0.01)
    standin.webhooks.flush()
    assert [each.status for each in standin.webhooks.attempts] == [500, 500, 500]
    assert standin.webhooks.waiting() == []
    assert standin.objects("event")[0]["pending_webhooks"] == 1


def test_an_endpoint_gets_what_it_asked_for(standin: StripeStandin, receiver: Receiver) -> None:
    standin.store.tables["webhook_endpoint"].clear()
    standin.webhooks.add(receiver.url, SECRET, ["customer.updated"])
    happen(standin, "a")
    customers.update_customer(standin.store, {"name": "b"}, standin.objects("customer")[0]["id"])
    catalog.create_product(standin.store, {"name": "no event"})
    standin.webhooks.flush()
    assert receiver.names() == ["b"]
    assert json.loads(receiver.got[0][0])["data"]["previous_attributes"] == {"name": "a"}
