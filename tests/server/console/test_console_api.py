"""Conversations and figures as JSON."""

from datetime import UTC, datetime
from uuid import uuid4

import httpx
import pytest

from server.core.ids import new_id
from tests.server.console.house import ShopUnderTest, hours_ago

pytestmark = pytest.mark.enable_socket

ACTIONS = {
    "messages": {"text": "Hello"},
    "assign": {"merchant_id": None},
    "close": {},
    "tags": {"tags": ["x"]},
}
READS = ("/v1/conversations", "/v1/analytics")


async def listed(client: httpx.AsyncClient, shop: ShopUnderTest, **query: str) -> list[str]:
    """The ids of one page."""
    response = await client.get("/v1/conversations", params=query, headers=shop.api)
    assert response.status_code == 200, response.text
    return [item["id"] for item in response.json()["data"]]


async def test_the_list_tells_what_staff_need(client: httpx.AsyncClient, shop: ShopUnderTest) -> None:
    turn = await shop.ask("Can I return boots?", email="ada@example.com", rating="down", by="model")
    await shop.ask("Really?", talk=turn.talk, shopper_id=turn.shopper_id, state="failed", answer=[], by=None)

    [item] = (await client.get("/v1/conversations", headers=shop.api)).json()["data"]

    assert item["id"] == str(turn.talk)
    assert (item["preview"], item["customer_email"], item["state"]) == ("Really?", "ada@example.com", "open")
    assert (item["messages"], item["answered_by"], item["failed"]) == (3, "model", True)
    assert item["ratings"] == {"up": 0, "down": 1}
    assert item["assignee"] is None
    assert item["tags"] == []


async def test_pages_give_every_conversation_once(client: httpx.AsyncClient, shop: ShopUnderTest) -> None:
    moment = hours_ago(3)
    made = [str((await shop.ask(f"Question {n}", at=moment if n < 4 else None)).talk) for n in range(7)]
    seen: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        params = {"limit": "2"} | ({"cursor": cursor} if cursor else {})
        answer = (await client.get("/v1/conversations", params=params, headers=shop.api)).json()
        assert len(answer["data"]) <= 2
        seen += [item["id"] for item in answer["data"]]
        cursor = answer["next_cursor"]
    assert sorted(seen) == sorted(made)
    assert len(set(seen)) == 7
    assert set(seen[:3]) == set(made[4:])


async def test_filters(client: httpx.AsyncClient, shop: ShopUnderTest) -> None:
    old = str((await shop.ask("Long ago", at=hours_ago(50))).talk)
    failed = str((await shop.ask("It broke", state="failed", answer=[], by=None)).talk)
    unknown = str((await shop.ask("Is it 100% wool_free?", kind="unknown")).talk)
    disliked = str((await shop.ask("A poor answer", rating="down")).talk)
    waiting = await shop.ask("A person, please", email="grace@example.com")
    await shop.want_person(waiting.talk)

    assert await listed(client, shop, only="failed") == [failed]
    assert await listed(client, shop, only="unanswered") == [unknown]
    assert await listed(client, shop, only="thumbs_down") == [disliked]
    assert await listed(client, shop, only="handoff") == [str(waiting.talk)]
    assert await listed(client, shop, state="waiting") == [str(waiting.talk)]
    assert await listed(client, shop, q="POOR ANS") == [disliked]
    assert await listed(client, shop, q="GRACE@") == [str(waiting.talk)]
    assert await listed(client, shop, q="100% wool_") == [unknown]
    assert await listed(client, shop, q="100_") == []
    assert await listed(client, shop, q="it\x00 broke") == [failed]
    assert await listed(client, shop, to=hours_ago(40).isoformat()) == [old]
    assert old not in await listed(client, shop, **{"from": hours_ago(40).isoformat()})
    assert await listed(client, shop, **{"from": "2020-01-01", "to": "2020-02-01"}) == []


async def test_a_search_goes_on_behind_its_window(
    client: httpx.AsyncClient, shop: ShopUnderTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("server.console.storage.SEARCH_WINDOW", 3)
    needle = str((await shop.ask("needle", at=hours_ago(9))).talk)
    for n in range(4):
        await shop.ask(f"hay {n}")
    first = (await client.get("/v1/conversations?q=needle", headers=shop.api)).json()
    assert first["data"] == []
    assert first["next_cursor"]
    then = await client.get(
        "/v1/conversations", params={"q": "needle", "cursor": first["next_cursor"]}, headers=shop.api
    )
    assert [item["id"] for item in then.json()["data"]] == [needle]
    assert then.json()["next_cursor"] is None


@pytest.mark.parametrize(
    "query",
    ["state=asleep", "only=odd", "from=yesterday", "to=2020-13-01", "cursor=YQ", "cursor=YWJj", "limit=0", "limit=900"],
)
async def test_wrong_queries_name_the_field(client: httpx.AsyncClient, shop: ShopUnderTest, query: str) -> None:
    response = await client.get(f"/v1/conversations?{query}", headers=shop.api)
    assert response.status_code == 422
    assert response.json()["errors"][0]["field"] == query.partition("=")[0]


async def test_one_conversation_with_its_trace(client: httpx.AsyncClient, shop: ShopUnderTest) -> None:
    tool = {
        "name": "search_policies",
        "input": {"query": "returns"},
        "output": {"passages": ["Returns"]},
        "seconds": 0.01,
    }
    receipt = {"claim": "30 days", "source_id": "document:returns#1", "field": "text"}
    trace = {
        "tools": [tool],
        "sources": [{"id": "document:returns#1", "title": "Returns", "url": "https://fern.example/returns"}],
        "receipts": [receipt],
        "prompt_tokens": 812,
        "completion_tokens": 40,
        "notes": ["left out, unsupported: 45 days"],
        "seconds": 1.25,
        "first_text_s": 0.4,
    }
    turn = await shop.ask("Can I return boots?", trace=trace, rating="up", comment="Thanks", by="model")

    found = (await client.get(f"/v1/conversations/{turn.talk}", headers=shop.api)).json()

    question, answer = found["messages"]
    assert (question["role"], question["author"], question["parts"][0]["text"]) == (
        "user",
        "shopper",
        "Can I return boots?",
    )
    assert (answer["role"], answer["feedback"]["rating"], answer["feedback"]["comment"]) == (
        "assistant",
        "up",
        "Thanks",
    )
    [told] = found["turns"]
    assert (told["question_id"], told["answer_id"]) == (question["id"], answer["id"])
    assert (told["tools"], told["receipts"], told["notes"]) == ([tool], [receipt], trace["notes"])
    assert (told["prompt_tokens"], told["completion_tokens"], told["cost"]) == (812, 40, None)
    assert (told["seconds"], told["first_text_s"], told["answered_by"], told["kind"]) == (1.25, 0.4, "model", "policy")


async def test_staff_reply_once_and_the_assistant_is_silent(client: httpx.AsyncClient, shop: ShopUnderTest) -> None:
    turn = await shop.ask("Is anybody there?")
    path = f"/v1/conversations/{turn.talk}/messages"
    headers = shop.agent.form | {"idempotency-key": "one"}
    first = await client.post(path, json={"text": "  Yes, me.  "}, headers=headers)
    again = await client.post(path, json={"text": "Yes, me."}, headers=headers)

    assert first.status_code == 201, first.text
    assert first.json()["id"] == again.json()["id"]
    assert (first.json()["author"], first.json()["parts"][0]["text"]) == ("staff", "Yes, me.")
    assert first.json()["metadata"]["staff"] == "Ms Agent"
    found = (await client.get(f"/v1/conversations/{turn.talk}", headers=shop.api)).json()
    assert [message["author"] for message in found["messages"]] == ["shopper", "assistant", "staff"]
    assert (found["state"], found["assignee"]["merchant_id"]) == ("joined", str(shop.agent.id))
    assert await shop.audit() == [(f"merchant:{shop.agent.id}", "conversation.reply")]
    await shop.ask("Good", talk=turn.talk, shopper_id=turn.shopper_id)
    found = (await client.get(f"/v1/conversations/{turn.talk}", headers=shop.api)).json()
    assert [message["author"] for message in found["messages"]][-1] == "shopper"
    assert len(found["turns"]) == 1


@pytest.mark.parametrize("text", ["", "   ", "\x00", "x" * 4001])
async def test_an_empty_or_endless_reply_is_refused(client: httpx.AsyncClient, shop: ShopUnderTest, text: str) -> None:
    turn = await shop.ask("Hello")
    response = await client.post(f"/v1/conversations/{turn.talk}/messages", json={"text": text}, headers=shop.api)
    assert response.status_code == 422
    assert (await client.get(f"/v1/conversations/{turn.talk}", headers=shop.api)).json()["state"] == "open"


async def test_assign_tag_close(client: httpx.AsyncClient, shop: ShopUnderTest, other: ShopUnderTest) -> None:
    path = f"/v1/conversations/{(await shop.ask('Hello')).talk}"
    given = await client.post(f"{path}/assign", json={"merchant_id": str(shop.agent.id)}, headers=shop.api)
    assert given.status_code == 200
    stranger = await client.post(f"{path}/assign", json={"merchant_id": str(other.agent.id)}, headers=shop.api)
    assert stranger.status_code == 422
    tags = await client.post(f"{path}/tags", json={"tags": [" late  parcel ", "late parcel", ""]}, headers=shop.api)
    assert tags.json() == {"tags": ["late parcel"]}
    assert (await client.post(f"{path}/tags", json={"tags": ["x" * 41]}, headers=shop.api)).status_code == 422
    assert (await client.post(f"{path}/close", headers=shop.api)).json() == {"state": "closed"}

    found = (await client.get(path, headers=shop.api)).json()
    assert (found["state"], found["tags"]) == ("closed", ["late parcel"])
    assert found["assignee"] == {"merchant_id": str(shop.agent.id), "name": "Ms Agent"}
    nobody = await client.post(f"{path}/assign", json={"merchant_id": None}, headers=shop.api)
    assert nobody.status_code == 200
    assert (await client.get(path, headers=shop.api)).json()["assignee"] is None
    assert [action for _, action in await shop.audit()] == [
        "conversation.assign",
        "conversation.tags",
        "conversation.close",
        "conversation.assign",
    ]


async def test_another_shops_conversation_is_not_there(
    client: httpx.AsyncClient, shop: ShopUnderTest, other: ShopUnderTest
) -> None:
    turn = await other.ask("A secret question", email="secret@example.com")
    for wrong in (turn.talk, new_id(), uuid4(), "not-an-id", "0"):
        for headers in (shop.api, shop.owner.form):
            answers = [await client.get(f"/v1/conversations/{wrong}", headers=headers)]
            for action, body in ACTIONS.items():
                answers.append(await client.post(f"/v1/conversations/{wrong}/{action}", json=body, headers=headers))
            assert [answer.status_code for answer in answers] == [404] * 5
            assert not any("secret" in answer.text for answer in answers)
    assert await listed(client, shop) == []
    assert await listed(client, shop, q="secret") == []
    untouched = (await client.get(f"/v1/conversations/{turn.talk}", headers=other.api)).json()
    assert (untouched["state"], untouched["tags"], len(untouched["messages"])) == ("open", [], 2)
    assert (await shop.audit(), await other.audit()) == ([], [])


async def test_a_viewer_reads_and_does_nothing(client: httpx.AsyncClient, shop: ShopUnderTest) -> None:
    turn = await shop.ask("Hello")
    for path in (*READS, f"/v1/conversations/{turn.talk}"):
        assert (await client.get(path, headers=shop.viewer.headers)).status_code == 200, path
    for action, body in ACTIONS.items():
        response = await client.post(f"/v1/conversations/{turn.talk}/{action}", json=body, headers=shop.viewer.form)
        assert (response.status_code, response.json()["code"]) == (403, "role_refused"), action
    assert await shop.audit() == []


async def test_nobody_gets_nothing(client: httpx.AsyncClient, shop: ShopUnderTest) -> None:
    turn = await shop.ask("Hello")
    for path in (*READS, f"/v1/conversations/{turn.talk}"):
        response = await client.get(path)
        assert (response.status_code, response.headers["content-type"]) == (401, "application/problem+json")
    for key in (shop.publishable_key, shop.secret_key[:-1], "x"):
        assert (await client.get(READS[0], headers={"authorization": f"Bearer {key}"})).status_code == 401


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://aisle.test.evil.example", None])
async def test_a_cookie_write_from_elsewhere_is_refused(
    client: httpx.AsyncClient, shop: ShopUnderTest, origin: str | None
) -> None:
    turn = await shop.ask("Hello")
    headers = shop.agent.headers | ({"origin": origin} if origin else {})
    for action, body in ACTIONS.items():
        response = await client.post(f"/v1/conversations/{turn.talk}/{action}", json=body, headers=headers)
        assert (response.status_code, response.json()["code"]) == (403, "origin_refused")
    assert await shop.audit() == []


async def test_figures_by_day(client: httpx.AsyncClient, shop: ShopUnderTest, other: ShopUnderTest) -> None:
    noon = datetime(2026, 3, 10, 12, tzinfo=UTC)
    turn = await shop.ask("Gift cards?", at=noon, kind="unknown", rating="down", trace={"seconds": 1.0})
    await shop.ask("gift CARDS? ", at=noon.replace(hour=13), kind="unknown", trace={"seconds": 3.0})
    await shop.ask("Boots", at=noon.replace(day=12), by="model", rating="up", trace={"seconds": 0.5})
    await shop.ask("Lost", at=noon.replace(day=12), state="failed", by=None, answer=[])
    await shop.ask("After", at=noon.replace(day=13))
    await other.ask("Not ours", at=noon)

    told = (await client.get("/v1/analytics?from=2026-03-10&to=2026-03-12", headers=shop.api)).json()

    assert [day["date"] for day in told["days"]] == ["2026-03-10", "2026-03-11", "2026-03-12"]
    first, second, third = told["days"]
    assert (first["turns"], first["conversations"], first["unknown"], first["thumbs_down"]) == (2, 2, 2, 1)
    assert (first["p50_s"], first["p95_s"]) == (2.0, 2.9)
    assert (second["turns"], second["p50_s"]) == (0, None)
    assert (third["turns"], third["failed"], third["thumbs_up"]) == (2, 1, 1)
    assert third["answered_by"] == {"model": 1, "engine": 0}
    assert told["kinds"] == [{"kind": "policy", "turns": 2}, {"kind": "unknown", "turns": 2}]
    [question] = told["unanswered"]
    assert (question["question"], question["count"]) == ("gift CARDS? ", 2)
    assert question["conversation_id"] != str(turn.talk)


@pytest.mark.parametrize("query", ["from=2026-03-12&to=2026-03-10", "from=2020-01-01&to=2026-01-01", "from=x"])
async def test_a_wrong_period_is_refused(client: httpx.AsyncClient, shop: ShopUnderTest, query: str) -> None:
    assert (await client.get(f"/v1/analytics?{query}", headers=shop.api)).status_code == 422


async def test_an_endless_search_is_refused(client: httpx.AsyncClient, shop: ShopUnderTest) -> None:
    response = await client.get("/v1/conversations", params={"q": "x" * 201}, headers=shop.api)
    assert (response.status_code, response.json()["errors"][0]["field"]) == (422, "q")
