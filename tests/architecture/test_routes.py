"""Every route of /openapi.json with every wrong credential and every id that is not the caller's own: refused, and
never told whether the thing exists. A new route fails here until it is listed below."""

import json
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest

from server.core.tokens import LEEWAY_S, TokenSigner
from tests.installation import Installation, ShopAccess, Shopper
from tests.journeys.conftest import at
from tests.pictures import encoded
from tests.waiting import await_that

PUBLIC = {
    ("POST", "/v1/sessions"),
    ("GET", "/v1/launcher"),
    ("GET", "/health/live"),
    ("GET", "/health/ready"),
    ("GET", "/metrics"),
}
"""The first takes its key in the body; see the last tests."""
FILE = {"files": {"file": ("a.csv", "id,title\na,A\n", "text/csv")}}
MESSAGE = {"id": "m-1", "role": "user", "parts": [{"type": "text", "text": "hello"}]}

WISHES: dict[tuple[str, str], dict[str, Any]] = {
    ("POST", "/v1/chat"): {"json": {"message": MESSAGE}},
    ("GET", "/v1/chat"): {},
    ("DELETE", "/v1/chat"): {},
    ("GET", "/v1/chat/{conversation_id}/stream"): {},
    ("POST", "/v1/chat/{conversation_id}/typing"): {},
    ("POST", "/v1/chat/{conversation_id}/reports"): {"json": {"kind": "buffered_stream"}},
    ("POST", "/v1/chat/{conversation_id}/images"): {"content": b"\x89PNG", "headers": {"Content-Type": "image/png"}},
    ("GET", "/v1/chat/{conversation_id}/images/{image_id}"): {},
    ("GET", "/v1/chat/{conversation_id}"): {},
    ("POST", "/v1/chat/{conversation_id}/stop"): {},
    ("POST", "/v1/chat/{conversation_id}/feedback"): {"json": {"message_id": "m", "rating": "up"}},
    ("POST", "/v1/chat/{conversation_id}/verification"): {"json": {"order_number": "1001", "email": "a@b.example"}},
    ("POST", "/v1/chat/{conversation_id}/handoff"): {"json": {}},
    ("POST", "/v1/chat/{conversation_id}/sign-in"): {},
    ("POST", "/v1/chat/{conversation_id}/sign-in/result"): {"json": {"result": "si_unknown"}},
    ("GET", "/v1/shop"): {},
    ("PATCH", "/v1/shop"): {"json": {"tone": "warm"}},
    ("GET", "/v1/keys"): {},
    ("POST", "/v1/keys"): {"json": {"kind": "secret"}},
    ("PATCH", "/v1/keys/{key_id}"): {"json": {"answers_per_period": None}},
    ("DELETE", "/v1/keys/{key_id}"): {},
    ("GET", "/v1/connections"): {},
    ("POST", "/v1/connections"): {"json": {"platform": "demo"}},
    ("GET", "/v1/connections/{connection_id}"): {},
    ("POST", "/v1/connections/{connection_id}/sync"): {},
    ("PATCH", "/v1/connections/{connection_id}"): {"json": {"customer_client_id": None}},
    ("DELETE", "/v1/connections/{connection_id}"): {},
    ("GET", "/v1/privacy/requests"): {},
    ("POST", "/v1/privacy/exports"): {"json": {"email": "nobody@example.com"}},
    ("GET", "/v1/privacy/exports/{request_id}"): {},
    ("POST", "/v1/privacy/erasures"): {"json": {"email": "nobody@example.com"}},
    ("GET", "/v1/products"): {},
    ("POST", "/v1/products"): {"json": {"products": []}},
    ("GET", "/v1/products/{external_id}"): {},
    ("PUT", "/v1/products/{external_id}"): {"json": {"id": "{external_id}", "title": "Taken over"}},
    ("DELETE", "/v1/products/{external_id}"): {},
    ("POST", "/v1/products/import"): FILE,
    ("POST", "/v1/search"): {"json": {"query": "kettle"}},
    ("GET", "/v1/documents"): {},
    ("POST", "/v1/documents"): {"json": {"id": "d", "title": "D", "content": "Words."}},
    ("DELETE", "/v1/documents"): {"params": {"id": "{document_id}"}},
    ("POST", "/v1/documents/upload"): FILE,
    ("GET", "/v1/sources"): {},
    ("POST", "/v1/sources"): {"json": {"url": "https://shop.example"}},
    ("DELETE", "/v1/sources/{source_id}"): {},
    ("PATCH", "/v1/sources/{source_id}"): {"json": {"max_pages": 3}},
    ("POST", "/v1/sources/{source_id}/sync"): {},
    ("GET", "/v1/jobs/{job_id}"): {},
    ("GET", "/v1/conversations"): {},
    ("GET", "/v1/conversations/{conversation_id}"): {},
    ("POST", "/v1/conversations/{conversation_id}/messages"): {"json": {"text": "Hello from staff"}},
    ("GET", "/v1/conversations/{conversation_id}/typing"): {},
    ("POST", "/v1/conversations/{conversation_id}/typing"): {},
    ("GET", "/v1/conversations/{conversation_id}/images/{image_id}"): {},
    ("POST", "/v1/conversations/{conversation_id}/assign"): {"json": {"merchant_id": None}},
    ("POST", "/v1/conversations/{conversation_id}/close"): {},
    ("POST", "/v1/conversations/{conversation_id}/tags"): {"json": {"tags": ["x"]}},
    ("GET", "/v1/usage"): {},
    ("GET", "/v1/analytics"): {},
    ("GET", "/v1/billing"): {},
    ("PATCH", "/v1/billing"): {"json": {"overage": False, "spending_cap_minor": None}},
    ("GET", "/v1/billing/invoices"): {},
    ("GET", "/v1/billing/statements"): {},
    ("GET", "/v1/billing/payment-method"): {},
    ("GET", "/v1/billing/alerts"): {},
    ("PUT", "/v1/billing/alerts"): {"json": {"at_percents": [80]}},
    ("POST", "/v1/billing/portal"): {},
    ("POST", "/v1/billing/checkout"): {"json": {"plan": "pro"}},
    ("POST", "/v1/billing/preview"): {"json": {"plan": "pro"}},
    ("POST", "/v1/billing/plan"): {"json": {"plan": "pro"}},
    ("POST", "/v1/billing/cancel"): {},
    ("POST", "/v1/billing/resume"): {},
}
"""A well-formed request for each route; `{name}` stands for an id."""
CREATES = {("PUT", "/v1/products/{external_id}")}
"""Takes an id that is not there: makes the caller's own."""
SHOPPER_ROUTES = [route for route in WISHES if route[1].startswith("/v1/chat")]
MERCHANT_ROUTES = [route for route in WISHES if route not in SHOPPER_ROUTES]
WITH_IDS = [
    route
    for route in MERCHANT_ROUTES
    if "{" in route[1] + str(WISHES[route].get("params", "")) and route not in CREATES
]
DELETABLE = ("keys", "connections", "products", "documents", "sources")
names = " ".join  # pytest's name of a case


@dataclass
class House:
    """A shop with one thing of each kind, another shop, and a shopper of each."""

    installation: Installation
    shop: ShopAccess
    other: ShopAccess
    shopper: Shopper
    neighbour: Shopper
    """Of the same shop."""
    stranger: Shopper
    """Of the other shop."""
    ids: dict[str, str] = field(default_factory=dict)
    gone: dict[str, str] = field(default_factory=dict)
    """Things that the shop had and deleted."""

    def call(self, route: tuple[str, str], ids: dict[str, str], headers: dict[str, str]) -> httpx.Response:
        method, path = route
        wish = {key: _filled(value, ids) for key, value in WISHES[route].items()}
        headers = headers | wish.pop("headers", {})
        with httpx.Client(base_url=self.installation.base_url, headers=headers, timeout=30) as client:
            return client.request(method, path.format(**ids), **wish)


def _filled(value: Any, ids: dict[str, str]) -> Any:
    match value:
        case dict():
            return {key: _filled(inner, ids) for key, inner in value.items()}
        case str() if value.startswith("{") and value.endswith("}"):
            return ids[value[1:-1]]
    return value


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


@pytest.fixture(scope="module")
def house(installation: Installation) -> Iterator[House]:
    shop = installation.create_shop("Kettle house", "https://kettle.example")
    other = installation.create_shop("Other house", "https://other-kettle.example")
    people = [installation.shopper(shop), installation.shopper(shop), installation.shopper(other)]
    found = House(installation, shop, other, *people)
    found.shopper.ask("hello")
    found.ids = _furnish(found, "kettle")
    found.gone = _furnish(found, "gone")
    _remove(found)
    yield found
    for person in people:
        person.client.close()


def _furnish(house: House, name: str) -> dict[str, str]:
    with house.installation.merchant(house.shop) as merchant:
        merchant.put(f"/v1/products/{name}", json={"id": name, "title": f"A {name}"}).raise_for_status()
        merchant.post("/v1/documents", json={"id": name, "title": name, "content": "Words."}).raise_for_status()
        source = merchant.post("/v1/sources", json={"url": f"https://{name}.example"}).raise_for_status().json()
        key = merchant.post("/v1/keys", json={"kind": "secret", "name": name}).raise_for_status().json()
        connection = merchant.post("/v1/connections", json={"platform": "demo"}).raise_for_status().json()
        export = merchant.post("/v1/privacy/exports", json={"email": f"{name}@example.com"}).raise_for_status().json()
        job = merchant.post("/v1/documents/upload", files={"file": ("a.md", "# Words", "text/markdown")})
        merchant.patch("/v1/shop", json={"appearance": {"images": True}}).raise_for_status()
    image = house.shopper.upload(encoded())
    return {
        "external_id": name,
        "document_id": name,
        "source_id": source["id"],
        "key_id": key["id"],
        "connection_id": connection["id"],
        "request_id": export["id"],
        "job_id": job.raise_for_status().json()["job_id"],
        "image_id": image.raise_for_status().json()["id"],
        "conversation_id": house.shopper.conversation_id,
    }


def _remove(house: House) -> None:
    with house.installation.merchant(house.shop) as merchant:
        for path in ("products/{external_id}", "sources/{source_id}", "keys/{key_id}", "connections/{connection_id}"):
            merchant.delete(f"/v1/{path.format(**house.gone)}").raise_for_status()
        merchant.delete("/v1/documents", params={"id": house.gone["document_id"]}).raise_for_status()


def require_problem(response: httpx.Response, *statuses: int) -> dict[str, Any]:
    """An RFC 9457 problem; its body without the request's id."""
    assert response.status_code in statuses, f"{response.status_code}: {response.text[:300]}"
    assert response.headers["content-type"].startswith("application/problem+json")
    body: dict[str, Any] = response.json()
    assert body["status"] == response.status_code
    assert body.pop("request_id")
    assert {"type", "title", "status", "detail", "code"} <= set(body)
    return body


def require_nothing_there(house: House, route: tuple[str, str], ids: dict[str, str], headers: dict[str, str]) -> None:
    """404, and in no way another answer than for an id that never was."""
    never = {name: str(uuid.uuid4()) for name in house.ids}
    assert require_problem(house.call(route, ids, headers), 404) == require_problem(
        house.call(route, never, headers), 404
    )


def test_every_route_is_listed_here(installation: Installation) -> None:
    described = httpx.get(f"{installation.base_url}/openapi.json").json()["paths"]
    routes = {(method.upper(), path) for path, methods in described.items() for method in methods}
    assert routes - PUBLIC == set(WISHES)


@pytest.mark.parametrize("route", WISHES, ids=names)
def test_every_route_needs_a_credential(house: House, route: tuple[str, str]) -> None:
    assert require_problem(house.call(route, house.ids, {}), 401)["code"] == "unauthenticated"


@pytest.mark.parametrize("route", WISHES, ids=names)
def test_every_route_refuses_wrong_credentials(house: House, route: tuple[str, str]) -> None:
    token = house.shopper.session["session"]
    body, _, signature = token.rpartition(".")
    wrong = [
        house.shop.publishable_key,
        house.shop.identity_secret,
        house.shop.secret_key[:-1],
        house.shop.secret_key + "x",
        f"{body}.{signature[::-1]}",
        f"{body}x.{signature}",
        "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhZG1pbiJ9.",
        "null",
        house.shop.secret_key if route in SHOPPER_ROUTES else token,
    ]
    for credential in wrong:
        require_problem(house.call(route, house.ids, bearer(credential)), 401)


@pytest.mark.parametrize("route", WITH_IDS, ids=names)
def test_another_shops_things_are_not_there(house: House, route: tuple[str, str]) -> None:
    require_nothing_there(house, route, house.ids, bearer(house.other.secret_key))


@pytest.mark.parametrize("route", [each for each in WITH_IDS if each[1].split("/")[2] in DELETABLE], ids=names)
def test_deleted_things_are_not_there(house: House, route: tuple[str, str]) -> None:
    require_nothing_there(house, route, house.gone, bearer(house.shop.secret_key))


@pytest.mark.parametrize("odd", ["x", "0", "..%2f..", "%00", "é", "'%20OR%201=1--", "a" * 300])
@pytest.mark.parametrize("route", WITH_IDS, ids=names)
def test_what_is_no_id_is_not_there(house: House, route: tuple[str, str], odd: str) -> None:
    response = house.call(route, dict.fromkeys(house.ids, odd), bearer(house.shop.secret_key))
    require_problem(response, 404, 422)


@pytest.mark.parametrize("route", [each for each in SHOPPER_ROUTES if "{" in each[1]], ids=names)
@pytest.mark.parametrize("who", ["neighbour", "stranger"])
def test_another_shoppers_conversation_is_not_there(house: House, route: tuple[str, str], who: str) -> None:
    person: Shopper = getattr(house, who)
    headers = {name: person.client.headers[name] for name in ("Origin", "Authorization")}
    require_nothing_there(house, route, house.ids, headers)


@pytest.mark.parametrize("who", ["neighbour", "stranger"])
def test_a_message_to_another_shoppers_conversation_is_not_taken(house: House, who: str) -> None:
    person: Shopper = getattr(house, who)
    for foreign in (house.shopper.conversation_id, str(uuid.uuid4())):
        response = person.client.post("/v1/chat", json={"id": foreign, "message": MESSAGE | {"id": uuid.uuid4().hex}})
        require_problem(response, 404)
    assert len(house.shopper.history()["messages"]) == 2


def test_another_conversations_answer_cannot_be_rated(house: House) -> None:
    answer = house.shopper.history()["messages"][1]["id"]
    for person in (house.neighbour, house.stranger):
        path = f"/v1/chat/{person.conversation_id}/feedback"
        require_problem(person.client.post(path, json={"message_id": answer, "rating": "down"}), 404)


def test_another_shops_staff_cannot_be_assigned(house: House) -> None:
    route = ("POST", "/v1/conversations/{conversation_id}/assign")
    path = route[1].format(**house.ids)
    with house.installation.merchant(house.shop) as merchant:
        require_problem(merchant.post(path, json={"merchant_id": str(uuid.uuid4())}), 404, 422)


def test_a_product_of_the_same_id_is_the_callers_own(house: House) -> None:
    path = f"/v1/products/{house.ids['external_id']}"
    with house.installation.merchant(house.other) as theirs, house.installation.merchant(house.shop) as ours:
        theirs.put(path, json={"id": house.ids["external_id"], "title": "Taken over"}).raise_for_status()
        assert ours.get(path).json()["title"] == "A kettle"
        theirs.delete(path).raise_for_status()
        assert ours.get(path).status_code == 200


def test_lists_and_searches_show_the_own_shop_only(house: House) -> None:
    """Nothing that the other shop's routes without an id answer holds a thing of this shop."""
    for route in MERCHANT_ROUTES:
        if route[0] != "GET" or "{" in route[1]:
            continue
        text = house.call(route, house.ids, bearer(house.other.secret_key)).raise_for_status().text
        for secret in (house.shop.shop_id, house.shop.publishable_key, "Kettle house", *_own(house)):
            assert secret not in text, route
    hits = house.call(("POST", "/v1/search"), house.ids, bearer(house.other.secret_key)).json()["hits"]
    assert hits == []


def _own(house: House) -> list[str]:
    """Ids that cannot be in another shop's answer by chance."""
    return [value for name, value in house.ids.items() if name not in ("external_id", "document_id")]


def test_expired_and_borrowed_tokens_are_refused(house: House) -> None:
    """Signed with the installation's own secret, yet too old, or made for another purpose."""
    from server.chat.conversations.sessions import SessionClaims

    secret = ((house.installation.data_dir / "secret.key").read_text().strip(),)
    claims = SessionClaims(
        s=house.shop.shop_id, c=house.shopper.conversation_id, v=str(uuid.uuid4()), o=house.installation.base_url
    )
    path = f"/v1/chat/{house.shopper.conversation_id}"
    origin = {"Origin": house.installation.base_url}
    cases = {
        "fresh": (TokenSigner(secret, "session", SessionClaims).sign(claims, lifetime_s=60), 200),
        "expired": (TokenSigner(secret, "session", SessionClaims).sign(claims, lifetime_s=-LEEWAY_S - 5), 401),
        "other purpose": (TokenSigner(secret, "console", SessionClaims).sign(claims, lifetime_s=60), 401),
        "other secret": (TokenSigner(("x" * 40,), "session", SessionClaims).sign(claims, lifetime_s=60), 401),
    }
    for name, (token, status) in cases.items():
        response = httpx.get(f"{house.installation.base_url}{path}", headers=origin | bearer(token))
        assert response.status_code == status, name


def test_a_session_needs_the_publishable_key(house: House) -> None:
    origin = {"Origin": house.installation.base_url}
    url = f"{house.installation.base_url}/v1/sessions"
    for key in (house.shop.secret_key, house.shop.identity_secret, "pk_unknown", "", "null"):
        require_problem(httpx.post(url, json={"key": key}, headers=origin), 401)
    for key in (None, 5, ["pk"], {}):
        require_problem(httpx.post(url, json={"key": key}, headers=origin), 400, 422)


def test_a_revoked_key_ends_within_seconds(house: House) -> None:
    with house.installation.merchant(house.shop) as merchant:
        made = merchant.post("/v1/keys", json={"kind": "secret", "name": "short-lived"}).json()
        url = f"{house.installation.base_url}/v1/shop"
        assert httpx.get(url, headers=bearer(made["key"])).status_code == 200
        assert merchant.delete(f"/v1/keys/{made['id']}").status_code == 204
    await_that(lambda: httpx.get(url, headers=bearer(made["key"])).status_code != 200, "the key's end", within_s=30)


def test_the_same_token_serves_no_other_shops_session(house: House) -> None:
    """A session handed to another shop's key is not gone on with."""
    origin = {"Origin": house.installation.base_url}
    body = {"key": house.other.publishable_key, "session": house.shopper.session["session"]}
    opened = httpx.post(f"{house.installation.base_url}/v1/sessions", json=body, headers=origin).json()
    assert opened["conversation_id"] != house.shopper.conversation_id
    same = at(house.installation.base_url, house.shopper)
    assert same.history()["messages"]


@pytest.mark.parametrize(
    "odd", ["\x00", "a\x00b", "\ud800", "\x1b[31m", "\u202e", "'; --", "${7*7}", "{{7*7}}", "%s%n"]
)
def test_odd_characters_are_kept_or_refused(house: House, odd: str) -> None:
    """In every field that a shopper fills: never an error of ours."""
    path = f"/v1/chat/{house.neighbour.conversation_id}"
    mail = f"{odd}@b.example"
    message = {"id": f"o{odd}", "role": "user", "parts": [{"type": "text", "text": f"hello {odd}"}]}
    wishes: list[tuple[str, dict[str, Any]]] = [
        ("/v1/chat", {"message": message}),
        ("/v1/chat", {"message": MESSAGE | {"id": uuid.uuid4().hex}, "context": {"product_id": odd}}),
        (f"{path}/feedback", {"message_id": odd, "rating": "up", "comment": odd}),
        (f"{path}/verification", {"order_number": odd, "email": odd}),
        (f"{path}/verification", {"order_number": "1001", "email": mail, "postcode": odd}),
        (f"{path}/verification", {"order_number": odd, "code": odd}),
        (f"{path}/verification", {"order_number": odd, "send_code": True}),
        (f"{path}/handoff", {"email": mail}),
        (f"{path}/handoff", {"message": odd}),
        (f"{path}/reports", {"kind": odd}),
        (f"{path}/reports", {"kind": "buffered_stream", "page": odd}),
        ("/v1/chat", {"message": MESSAGE | {"parts": [{"type": "file", "url": f"aisle-image:{odd}"}]}}),
        ("/v1/sessions", {"key": house.shop.publishable_key, "conversation_id": odd}),
        ("/v1/sessions", {"key": odd, "session": odd, "locale": odd}),
        ("/v1/sessions", {"key": house.shop.publishable_key, "locale": odd, "customer": {"id": odd, "signature": odd}}),
    ]
    for route, body in wishes:
        text = json.dumps(body)
        response = house.neighbour.client.post(route, content=text, headers={"Content-Type": "application/json"})
        assert response.status_code < 500, (route, text, response.text)
        assert response.status_code != 200 or '"type":"error"' not in response.text, (route, text)
