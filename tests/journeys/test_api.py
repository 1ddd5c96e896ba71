"""The HTTP contract around the conversation: sessions, origins, errors, the merchant's side."""

import uuid
from typing import Any

import httpx
import pytest

from tests.installation import Installation, Shopper
from tests.waiting import await_that


@pytest.fixture
def shopper(installation: Installation) -> Shopper:
    return installation.shopper()


def test_a_session_says_what_a_widget_needs(shopper: Shopper) -> None:
    assert {"session", "expires_at", "conversation_id", "appearance", "greeting", "suggestions", "locale"} <= set(
        shopper.session
    )


def test_foreign_origins_are_refused_everywhere(installation: Installation) -> None:
    evil = {"Origin": "https://evil.example"}
    client = httpx.Client(base_url=installation.base_url)
    opened = client.post("/v1/sessions", json={"key": installation.demo_shop.publishable_key}, headers=evil)
    assert opened.status_code == 403
    assert opened.json()["code"] == "origin_refused"
    assert "access-control-allow-origin" not in opened.headers
    preflight = client.options("/v1/chat", headers=evil | {"Access-Control-Request-Method": "POST"})
    assert preflight.status_code == 403
    assert "access-control-allow-origin" not in preflight.headers
    token = installation.shopper().session["session"]
    replayed = client.get(f"/v1/chat/{uuid.uuid4()}", headers=evil | {"Authorization": f"Bearer {token}"})
    assert replayed.status_code == 403


@pytest.mark.parametrize(
    "origin", ["null", "https://shop.example.evil.com", "http://shop.example", "https://shop.example:8443", ""]
)
def test_origins_are_compared_whole(installation: Installation, origin: str) -> None:
    shop = installation.create_shop("Origins", "https://shop.example")
    client = httpx.Client(base_url=installation.base_url)
    headers = {"Origin": origin} if origin else {}
    assert client.post("/v1/sessions", json={"key": shop.publishable_key}, headers=headers).status_code in (401, 403)
    good = client.post("/v1/sessions", json={"key": shop.publishable_key}, headers={"Origin": "https://shop.example"})
    assert good.status_code == 201
    assert good.headers["access-control-allow-origin"] == "https://shop.example"


def test_a_price_beyond_all_is_a_limit_like_any_other(shopper: Shopper) -> None:
    answer = shopper.ask("Show me tents under $999,999,999,999,999,999,999,999")
    assert answer.done
    assert answer.products
    assert not [event for event in answer.events if event["type"] == "error"]


def test_servers_need_the_secret_key(installation: Installation) -> None:
    shop = installation.demo_shop
    client = httpx.Client(base_url=installation.base_url)
    assert client.post("/v1/sessions", json={"key": shop.publishable_key}).status_code == 401
    bearer = {"Authorization": f"Bearer {shop.secret_key}"}
    assert client.post("/v1/sessions", json={"key": shop.publishable_key}, headers=bearer).status_code == 201
    other = installation.create_shop("Other", "https://other.example")
    foreign = {"Authorization": f"Bearer {other.secret_key}"}
    assert client.post("/v1/sessions", json={"key": shop.publishable_key}, headers=foreign).status_code == 401


def test_the_same_message_never_makes_a_second_turn(shopper: Shopper) -> None:
    message_id = str(uuid.uuid4())
    first, second = shopper.ask("What is your return policy?", message_id), shopper.ask("again", message_id)
    assert first.text == second.text
    assert len(shopper.history()["messages"]) == 2


def test_history_and_feedback(shopper: Shopper) -> None:
    answer = shopper.ask("Do you ship to Canada?")
    messages = shopper.history()["messages"]
    assert [message["role"] for message in messages] == ["user", "assistant"]
    assert messages[1]["metadata"]["sources"] == answer.metadata["sources"]
    assert {source["kind"] for source in answer.metadata["sources"]} == {"document"}
    assert answer.metadata["locale"] == "en"
    assert shopper.ask("Wie lange dauert der Versand nach Deutschland?").metadata["locale"] == "de"
    path = f"/v1/chat/{shopper.conversation_id}/feedback"
    rated = shopper.client.post(path, json={"message_id": messages[1]["id"], "rating": "up"})
    assert rated.status_code == 200
    assert shopper.client.post(path, json={"message_id": "nope", "rating": "up"}).status_code == 404
    wrong = shopper.client.post(path, json={"message_id": messages[1]["id"], "rating": "sideways"})
    assert wrong.status_code == 422
    assert wrong.json()["errors"][0]["field"] == "rating"


def test_ratings_have_a_limit(installation: Installation) -> None:
    shopper = installation.shopper()
    shopper.ask("Do you ship to Canada?")
    rating = {"message_id": shopper.history()["messages"][1]["id"], "rating": "down"}
    rated = [shopper.client.post(f"/v1/chat/{shopper.conversation_id}/feedback", json=rating) for _ in range(30)]
    assert [each.status_code for each in rated][:20] == [200] * 20
    assert rated[-1].status_code == 429
    assert int(rated[-1].headers["Retry-After"]) >= 1


def test_errors_are_problems(shopper: Shopper) -> None:
    broken = shopper.client.post("/v1/chat", content=b"{", headers={"Content-Type": "application/json"})
    assert broken.status_code == 400
    assert broken.headers["content-type"].startswith("application/problem+json")
    assert {"type", "title", "status", "detail", "code", "request_id"} <= set(broken.json())
    empty = shopper.client.post("/v1/chat", json={"message": {"id": "x", "role": "user", "parts": []}})
    assert empty.status_code == 422
    unknown = shopper.client.get("/v1/nothing")
    assert unknown.status_code == 404
    assert unknown.json()["code"] == "not_found"


@pytest.mark.parametrize(
    "body",
    [
        b'{"message":{"id":"x","parts":[{"type":"text","text":"\xff\xfe"}]}}',
        b'{"messages":' + b"[" * 50_000 + b"]" * 50_000 + b"}",
    ],
    ids=["not utf-8", "nested without end"],
)
def test_unreadable_bodies_are_refused(shopper: Shopper, body: bytes) -> None:
    response = shopper.client.post("/v1/chat", content=body, headers={"Content-Type": "application/json"})
    assert response.status_code == 400
    assert response.json()["code"] == "malformed"


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PATCH", "/v1/shop", {"greeting": "a\x00b"}),
        ("PATCH", "/v1/shop", {"currency": "U$D"}),
        ("PATCH", "/v1/shop", {"contact": {"email": "a\x00"}}),
        ("POST", "/v1/keys", {"kind": "secret", "name": "a\x00"}),
        ("PUT", "/v1/products/p", {"id": "p", "title": "a\x00b"}),
        ("POST", "/v1/products", {"products": [{"id": "p", "title": "fine", "attributes": {"of": "a\x00b"}}]}),
        ("POST", "/v1/sources", {"url": "http://[::1"}),
    ],
)
def test_values_that_cannot_be_stored_are_refused(
    installation: Installation, method: str, path: str, body: dict[str, object]
) -> None:
    with installation.merchant(installation.create_shop("Odd", "https://odd.example")) as merchant:
        response = merchant.request(method, path, json=body)
    assert response.status_code == 422, response.text
    assert response.json()["errors"]


def test_an_address_that_cannot_be_stored_is_refused(installation: Installation) -> None:
    with installation.merchant(installation.create_shop("Odd", "https://odd.example")) as merchant:
        response = merchant.put("/v1/products/a%00b", json={"id": "ab", "title": "Anything"})
        assert (response.status_code, response.json()["code"]) == (404, "not_found")
        literal = merchant.put("/v1/products/p", json={"id": "p", "title": "a \\u0000 of letters"})
        assert literal.json()["title"] == "a \\u0000 of letters"


def test_an_id_of_another_message_is_refused(installation: Installation, shopper: Shopper) -> None:
    shopper.ask("Hello")
    answer_id = shopper.history()["messages"][1]["id"]
    with shopper.stream("again", answer_id) as refused:
        assert refused.status_code == 409
    with installation.merchant() as merchant:
        merchant.post(f"/v1/conversations/{shopper.conversation_id}/messages", json={"text": "A person here"})
    shopper.ask("To you", "to-staff")
    shopper.ask("To you", "to-staff")
    assert [message["id"] for message in shopper.history()["messages"]].count("to-staff") == 1


def test_merchant_side(installation: Installation) -> None:
    with installation.merchant() as merchant:
        shop = merchant.get("/v1/shop").json()
        assert shop["name"] == "Tarnwick"
        products = merchant.get("/v1/products", params={"limit": 5}).json()
        assert len(products["data"]) == 5
        assert products["next_cursor"]
        following = merchant.get("/v1/products", params={"limit": 5, "cursor": products["next_cursor"]}).json()
        assert following["data"][0]["id"] > products["data"][-1]["id"]
        hits = merchant.post("/v1/search", json={"query": "two person tent", "limit": 3}).json()["hits"]
        assert {"kind", "id", "title", "text", "url", "score"} <= set(hits[0])


def test_products_are_searchable_as_soon_as_written(installation: Installation) -> None:
    shop = installation.create_shop("Writer", "https://writer.example")
    with installation.merchant(shop) as merchant:
        product = {"id": "zx-1", "title": "Zirconia trivet", "price": {"amount": 1200, "currency": "USD"}}
        assert merchant.put("/v1/products/zx-1", json=product).status_code == 200
        hits = merchant.post("/v1/search", json={"query": "zirconia trivet"}).json()["hits"]
        assert hits[0]["id"] == "zx-1"
        assert merchant.delete("/v1/products/zx-1").status_code == 204
        assert not merchant.post("/v1/search", json={"query": "zirconia trivet"}).json()["hits"]


def test_a_write_with_a_key_happens_once(installation: Installation) -> None:
    shop = installation.create_shop("Twice", "https://twice.example")
    once = {"Idempotency-Key": "k-1"}
    with installation.merchant(shop) as merchant:
        first = merchant.post("/v1/keys", json={"kind": "secret", "name": "n"}, headers=once)
        second = merchant.post("/v1/keys", json={"kind": "secret", "name": "n"}, headers=once)
        assert first.status_code == second.status_code == 201
        assert first.json() == second.json()
        assert second.headers["idempotent-replayed"] == "true"
        other = merchant.post("/v1/keys", json={"kind": "secret", "name": "other"}, headers=once)
        assert other.status_code == 422
        assert len(merchant.get("/v1/keys").json()["data"]) == 3


def test_uploads_become_jobs(installation: Installation) -> None:
    shop = installation.create_shop("Uploader", "https://uploader.example")
    csv = "id,title,price\nu1,Blue cup,9.99\nu2,,5\nu3,Red cup,abc\n"
    with installation.merchant(shop) as merchant:
        started = merchant.post("/v1/products/import", files={"file": ("cups.csv", csv, "text/csv")})
        assert started.status_code == 202

        def ended_job() -> dict[str, Any] | None:
            job: dict[str, Any] = merchant.get(f"/v1/jobs/{started.json()['job_id']}").json()
            return None if job["state"] in ("queued", "running") else job

        job = await_that(ended_job, "the end of the import")
        assert job["state"] == "done"
        assert job["done"] == 3
        assert {error["row"] for error in job["errors"]} == {3, 4}
        assert [product["id"] for product in merchant.get("/v1/products").json()["data"]] == ["u1"]


def test_health_metrics_and_docs(installation: Installation) -> None:
    client = httpx.Client(base_url=installation.base_url)
    assert client.get("/health/live").status_code == 200
    assert client.get("/health/ready").json() == {"status": "ready", "down": []}
    assert "aisle_turns_total" in client.get("/metrics").text
    assert client.get("/docs").status_code == 200
    assert "/v1/chat" in client.get("/openapi.json").json()["paths"]


def test_an_unknown_address_is_a_page_for_browsers_only(installation: Installation) -> None:
    browser = {"accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
    with httpx.Client(base_url=installation.base_url) as client:
        for path in ("/nonsense", "/nonsense/of/many/parts"):
            shown = client.get(path, headers=browser)
            assert (shown.status_code, shown.headers["content-type"]) == (404, "text/html; charset=utf-8"), path
            assert client.get(path).json()["code"] == "not_found"
        assert client.get("/v1/nonsense", headers=browser).json()["code"] == "not_found"
        assert client.post("/nonsense", headers=browser).json()["code"] == "not_found"
        in_console = client.get("/console/nonsense", headers=browser)
        assert in_console.status_code == 404
        assert "There is no such page in the console." in in_console.text
