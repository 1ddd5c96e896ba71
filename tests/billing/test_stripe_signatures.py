"""Which webhooks are believed. Signatures are made here by hand, not by the stand-in."""

import hashlib
import hmac
import json

import pytest

from billing.gateway import BadSignature, Event
from billing.stripe_gateway import StripePayments

NOW = 1_804_000_000.0
SECRET, NEW_SECRET = "whsec_old", "whsec_new"
ABOUT = {"id": "sub_1", "object": "subscription", "customer": "cus_1"}
EVENT = {"id": "evt_1", "object": "event", "created": 1_804_000_000, "type": "a.b", "data": {"object": ABOUT}}
BODY = json.dumps(EVENT).encode()


def v1(secret: str = SECRET, at: int = int(NOW), body: bytes = BODY) -> str:
    return "v1=" + hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()


def header(*signatures: str, at: int = int(NOW)) -> str:
    return ",".join([f"t={at}", *signatures])


@pytest.fixture(scope="module")
def payments() -> StripePayments:
    return StripePayments("sk_test_x", api_base="http://127.0.0.1:1")


def read(payments: StripePayments, signature: str, body: bytes = BODY, *secrets: str) -> Event:
    return payments.read_event(body, signature, secrets or (SECRET,), NOW)


def test_a_good_one(payments: StripePayments) -> None:
    event = read(payments, header(v1()))
    assert (event.id, event.type, event.object_id, event.object_kind) == ("evt_1", "a.b", "sub_1", "subscription")
    assert (event.customer_id, event.created.timestamp()) == ("cus_1", NOW)


@pytest.mark.parametrize("secrets", [(SECRET,), (NEW_SECRET,), (NEW_SECRET, SECRET)])
def test_while_secrets_rotate_either_side_may_be_ahead(payments: StripePayments, secrets: tuple[str, ...]) -> None:
    assert read(payments, header(v1(NEW_SECRET), v1(SECRET)), BODY, *secrets)


def test_one_of_our_secrets_is_enough(payments: StripePayments) -> None:
    assert read(payments, header(v1(SECRET)), BODY, NEW_SECRET, SECRET)


@pytest.mark.parametrize("off_s", [-300, 300])
def test_five_minutes_either_way_are_allowed(payments: StripePayments, off_s: int) -> None:
    at = int(NOW) + off_s
    assert read(payments, header(v1(at=at), at=at))


@pytest.mark.parametrize("off_s", [-301, 301, -86_400, 86_400])
def test_a_replay_and_a_signature_of_the_future_are_refused(payments: StripePayments, off_s: int) -> None:
    at = int(NOW) + off_s
    with pytest.raises(BadSignature, match=r"too long ago, or in the future"):
        read(payments, header(v1(at=at), at=at))


@pytest.mark.parametrize(
    "signature",
    [
        header(v1("whsec_other")),
        header(v1().upper().replace("V1=", "v1=")),
        header(" " + v1()),
        header(v1() + " "),
        header(v1().replace("v1=", "v0=")),
        header(v1(), at=int(NOW) + 1),
        header(v1()[:-1]),
        header("v1="),
        header("v1=é"),
        v1(),
        f"t={int(NOW)}",
        f"t=now,{v1()}",
        f"t=,{v1()}",
        f"t,{v1()}",
        "t=" + "9" * 5000 + "," + v1(),
        "",
        ",,,",
        "===",
    ],
)
def test_other_headers_are_refused(payments: StripePayments, signature: str) -> None:
    with pytest.raises(BadSignature, match="not signed with our secret"):
        read(payments, signature)


@pytest.mark.parametrize("place", range(0, len(BODY), 7))
def test_one_changed_byte_is_refused(payments: StripePayments, place: int) -> None:
    changed = BODY[:place] + bytes([BODY[place] ^ 1]) + BODY[place + 1 :]
    with pytest.raises(BadSignature, match="not signed with our secret"):
        read(payments, header(v1()), changed)


@pytest.mark.parametrize("secrets", [("",), ("  ",), ("", "whsec_other")])
def test_an_empty_secret_opens_nothing(payments: StripePayments, secrets: tuple[str, ...]) -> None:
    with pytest.raises(BadSignature):
        payments.read_event(BODY, header(v1("")), secrets, NOW)
    with pytest.raises(BadSignature):
        payments.read_event(BODY, header(v1()), (), NOW)


@pytest.mark.parametrize(
    "body", [b"", b"null", b"[]", b"{}", b"not json", b'{"data":{"object":null}}', b"\xff\xfe", b"[" * 100_000]
)
def test_what_is_signed_and_no_event_is_refused(payments: StripePayments, body: bytes) -> None:
    with pytest.raises(BadSignature):
        read(payments, header(v1(body=body)), body)


def test_a_customers_own_events_name_it_and_expanded_references_are_read(payments: StripePayments) -> None:
    for about, customer in (
        ({"id": "cus_7", "object": "customer"}, "cus_7"),
        ({"id": "in_7", "object": "invoice", "customer": {"id": "cus_8", "object": "customer"}}, "cus_8"),
        ({"object": "billing.meter_error"}, None),
    ):
        body = json.dumps({**EVENT, "data": {"object": about}}).encode()
        assert read(payments, header(v1(body=body)), body).customer_id == customer
