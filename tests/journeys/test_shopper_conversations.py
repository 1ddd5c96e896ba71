"""Several conversations of one shopper: opened, listed, gone on with, forgotten; and nobody else's."""

import uuid
from typing import Any

import asyncpg
import httpx
import pytest

from tests.installation import Installation, ShopAccess, Shopper
from tests.journeys.conftest import ModelInstallation, at
from tests.journeys.test_attacks import MAYA, customer
from tests.waiting import await_that


@pytest.fixture
def shop(installation: Installation) -> ShopAccess:
    return installation.create_shop("Talks", installation.base_url)


def go_to(installation: Installation, shopper: Shopper, shop: ShopAccess, conversation_id: str) -> Shopper:
    """The same browser, in another conversation."""
    opened = shopper.again(shop.publishable_key, conversation_id)
    assert opened.status_code == 201, opened.text
    client = httpx.Client(base_url=installation.base_url, headers={"Origin": installation.base_url}, timeout=60)
    client.headers["Authorization"] = f"Bearer {opened.json()['session']}"
    return Shopper(client, opened.json())


def listed(shopper: Shopper) -> list[dict[str, Any]]:
    answer = shopper.client.get("/v1/chat")
    assert answer.status_code == 200, answer.text
    assert answer.json()["next_cursor"] is None
    return list(answer.json()["data"])


def test_the_list_shows_words_without_their_markdown(installation: Installation) -> None:
    shopper = installation.shopper()
    answer = shopper.ask("What about the Fell 2 Tent?")
    assert "**Fell 2 Tent**" in answer.text
    (line,) = listed(shopper)
    assert line["preview"].startswith(answer.text.replace("**", "")[:60])
    assert "*" not in line["preview"]


def test_a_shopper_has_several_conversations(installation: Installation, shop: ShopAccess) -> None:
    first = installation.shopper(shop)
    assert listed(first) == []
    first.ask("Do you ship to Canada?")
    second = go_to(installation, first, shop, "new")
    assert second.conversation_id != first.conversation_id
    assert second.history()["messages"] == []
    second.ask("What about returns?")
    second.ask("thank you")
    lines = listed(second)
    assert [line["id"] for line in lines] == [second.conversation_id, first.conversation_id]
    assert [line["title"] for line in lines] == ["What about returns?", "Do you ship to Canada?"]
    assert lines[0]["state"] == "open"
    assert lines[0]["preview"] == second.history()["messages"][-1]["parts"][0]["text"][:120]
    assert lines[0]["last_message_at"] > lines[1]["last_message_at"]
    back = go_to(installation, second, shop, first.conversation_id)
    assert back.conversation_id == first.conversation_id
    assert len(back.history()["messages"]) == 2
    assert go_to(installation, back, shop, back.conversation_id).conversation_id == back.conversation_id


def test_only_ones_own_conversations_are_opened(installation: Installation, shop: ShopAccess) -> None:
    mine, theirs = installation.shopper(shop), installation.shopper(shop)
    elsewhere_shop = installation.create_shop("Elsewhere", installation.base_url)
    elsewhere = installation.shopper(elsewhere_shop)
    for person in (mine, theirs, elsewhere):
        person.ask("hello")
    for foreign in (theirs.conversation_id, elsewhere.conversation_id, str(uuid.uuid4()), "x", "", "\x00", "NEW"):
        assert mine.again(shop.publishable_key, foreign or " ").status_code == 404, foreign
    # a session of one shop says nothing at another
    refused = mine.again(elsewhere_shop.publishable_key, mine.conversation_id)
    assert refused.status_code == 404
    # and nobody without a session names a conversation
    client = httpx.Client(base_url=installation.base_url, headers={"Origin": installation.base_url})
    body = {"key": shop.publishable_key, "conversation_id": mine.conversation_id}
    assert client.post("/v1/sessions", json=body).status_code == 404
    assert client.post("/v1/sessions", json=body | {"conversation_id": "new"}).status_code == 201
    assert mine.conversation_id not in str(listed(theirs))


def test_another_customer_gets_none_of_the_earlier_ones(installation: Installation) -> None:
    key = installation.demo_shop.publishable_key
    nobody = installation.shopper()
    nobody.ask("hello")
    maya = customer(installation, *MAYA)

    def opened(**body: Any) -> httpx.Response:
        return nobody.client.post("/v1/sessions", json={"key": key} | body, headers={"Authorization": ""})

    # signing in with the earlier session: never the earlier conversation, named or not
    for wanted in ({}, {"conversation_id": "new"}):
        answer = opened(session=nobody.session["session"], customer=maya, **wanted).json()
        assert answer["conversation_id"] != nobody.conversation_id
    refused = opened(session=nobody.session["session"], customer=maya, conversation_id=nobody.conversation_id)
    assert refused.status_code == 404
    signed_in = at(installation.base_url, nobody)
    signed_in.client.headers["Authorization"] = f"Bearer {answer['session']}"
    assert listed(signed_in) == []
    # and after signing out none of the customer's
    after = opened(session=answer["session"], conversation_id=answer["conversation_id"])
    assert after.status_code == 404


async def rows_of(installation: Installation, conversation_ids: list[str]) -> dict[str, int]:
    """How many rows of every table name one of these conversations, anywhere in them."""
    owner = await asyncpg.connect(installation.owner_url)
    try:
        tables = await owner.fetch(
            "SELECT table_name FROM information_schema.columns "
            "WHERE column_name = 'shop_id' AND table_schema = 'public'"
        )
        found = {}
        for table in {row["table_name"] for row in tables}:
            count = await owner.fetchval(
                f"SELECT count(*) FROM {table} AS t WHERE to_jsonb(t)::text ~ $1", "|".join(conversation_ids)
            )
            if count:
                found[table] = count
        return found
    finally:
        await owner.close()


async def test_forget_me_leaves_nothing(installation: Installation) -> None:
    shop = installation.demo_shop
    first = installation.shopper()
    neighbour = installation.shopper()
    neighbour.ask("hello")
    first.ask("Where is order 1001? maya.lindqvist@example.com")
    first.verify(order_number="1001", send_code=True)
    answer_id = first.history()["messages"][1]["id"]
    path = f"/v1/chat/{first.conversation_id}"
    first.client.post(f"{path}/feedback", json={"message_id": answer_id, "rating": "up"}).raise_for_status()
    first.client.post(f"{path}/handoff", json={"email": "maya.lindqvist@example.com"}).raise_for_status()
    second = go_to(installation, first, shop, "new")
    second.ask("hello again")
    ids = [first.conversation_id, second.conversation_id]
    assert {"conversation", "message", "turn", "feedback", "proof"} <= set(await rows_of(installation, ids))
    with installation.merchant() as merchant:
        before = len(merchant.get("/v1/privacy/requests").json()["data"])
        forgotten = second.client.delete("/v1/chat")
        assert (forgotten.status_code, forgotten.json()) == (200, {"erased": 2})
        records = merchant.get("/v1/privacy/requests").json()["data"]
    assert len(records) == before + 1
    assert (records[0]["kind"], records[0]["asked_by"]) == ("erase", "shopper")
    assert records[0]["counts"]["conversations"] == 2
    assert records[0]["counts"]["messages"] == 4
    left = await rows_of(installation, ids)
    left.pop("job", None)  # a code that is being sent at this moment
    assert left == {}
    for session in (first, second):
        refused = session.client.get(f"/v1/chat/{session.conversation_id}")
        assert (refused.status_code, refused.json()["code"]) == (401, "unauthenticated")
        assert session.client.post("/v1/chat", json={"message": {"id": "m", "parts": []}}).status_code in (401, 422)
        assert session.client.delete("/v1/chat").status_code == 401
    assert neighbour.history()["messages"]
    # the same browser begins anew, as somebody we have never seen
    anew = first.again(shop.publishable_key).json()
    assert anew["conversation_id"] not in ids
    assert first.again(shop.publishable_key, first.conversation_id).status_code == 404


def test_who_was_erased_by_the_shop_may_ask_anew(installation: Installation, shop: ShopAccess) -> None:
    shopper = installation.shopper(shop)
    shopper.ask("I am nora@example.com")
    with installation.merchant(shop) as merchant:
        merchant.post("/v1/privacy/erasures", json={"email": "nora@example.com"}).raise_for_status()
    answer = shopper.ask("hello")
    assert answer.done
    assert answer.metadata["kind"] == "greeting"
    assert len(shopper.history()["messages"]) == 2


def test_an_erased_shoppers_session_ends_on_every_replica(model_installation: ModelInstallation) -> None:
    here = model_installation.shopper()
    there = at(model_installation.keyless.base_url, here)
    here.ask("hello")
    assert there.history()["messages"]
    assert there.client.delete("/v1/chat").status_code == 200
    # a message is refused at once, whatever this replica still believes
    message = {"id": uuid.uuid4().hex, "role": "user", "parts": [{"type": "text", "text": "still there?"}]}
    assert here.client.post("/v1/chat", json={"message": message}).status_code == 401
    assert here.client.post(f"/v1/chat/{here.conversation_id}/handoff", json={}).status_code in (401, 404)
    await_that(lambda: here.client.get(f"/v1/chat/{here.conversation_id}").status_code == 401, "the session's end")


def test_forgetting_ends_an_answer_that_is_being_written(model_installation: ModelInstallation) -> None:
    model_installation.model.configure(
        token_ms=80, rules=[{"when": "tents", "steps": [{"reply": "We have tents. " * 20}]}]
    )
    shopper = model_installation.shopper()
    elsewhere = at(model_installation.keyless.base_url, shopper)
    with shopper.stream("Tell me about your tents please") as response:
        lines = response.iter_lines()
        while "text-delta" not in next(lines):
            pass
        assert elsewhere.client.delete("/v1/chat").json() == {"erased": 1}
        rest = list(lines)
    assert rest[-2:] == ["data: [DONE]", ""] or "data: [DONE]" in rest
    assert '{"type":"abort"}' in "".join(rest)
    redis = _redis(model_installation)
    try:
        assert redis.keys(f"turn:*{shopper.conversation_id}*") == []
    finally:
        redis.close()


def _redis(installation: Installation) -> Any:
    from redis import Redis

    from server.embedded import EmbeddedServers

    with EmbeddedServers(installation.data_dir) as servers:
        return Redis.from_url(servers.redis_url)
