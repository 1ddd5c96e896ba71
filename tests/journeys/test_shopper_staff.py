"""Staff and shoppers: on duty or not, the queue, who is typing, and the end of it."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import httpx
import pytest

from tests.installation import Installation, ShopAccess, Shopper
from tests.journeys.conftest import ModelInstallation, at
from tests.waiting import await_that, await_that_async

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@pytest.fixture
def shop(installation: Installation) -> ShopAccess:
    return installation.create_shop("Staffed", installation.base_url)


def set_handoff(installation: Installation, shop: ShopAccess, handoff: dict[str, Any]) -> httpx.Response:
    with installation.merchant(shop) as merchant:
        return merchant.patch("/v1/shop", json={"handoff": handoff})


def presence(shopper: Shopper) -> dict[str, Any]:
    return dict(shopper.history()["presence"])


def hand_off(shopper: Shopper, **body: Any) -> dict[str, Any]:
    answer = shopper.client.post(f"/v1/chat/{shopper.conversation_id}/handoff", json=body)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def console(installation: Installation) -> httpx.Client:
    """The demo's merchant, signed in."""
    form = {"email": installation.facts["console_email"], "password": installation.facts["console_password"]}
    own = {"Origin": installation.base_url}
    signed_in = httpx.post(f"{installation.base_url}/console/sign-in", data=form, headers=own)
    assert signed_in.status_code == 303
    return httpx.Client(base_url=installation.base_url, headers=own, cookies=signed_in.cookies, timeout=30)


def test_without_a_word_of_the_shop_nobody_is_there(installation: Installation, shop: ShopAccess) -> None:
    shopper = installation.shopper(shop)
    assert presence(shopper) == {"staff_online": False, "typing": None, "handoff": None}
    asked = hand_off(shopper, email="ann@example.com", message="  My kettle leaks\n  ")
    assert asked == {
        "state": "waiting",
        "contact": {},
        "online": False,
        "ahead": 0,
        "wait_s": None,
        "opens_at": None,
    }
    assert presence(shopper)["handoff"] == {"state": "waiting", "ahead": 0, "wait_s": None, "opens_at": None}
    hand_off(shopper, message="My kettle leaks")
    messages = shopper.history()["messages"]
    assert [(m["role"], m["parts"]) for m in messages] == [("user", [{"type": "text", "text": "My kettle leaks"}])]
    with installation.merchant(shop) as merchant:
        talk = merchant.get(f"/v1/conversations/{shopper.conversation_id}").json()
    assert (talk["contact_email"], talk["preview"], talk["state"]) == ("ann@example.com", "My kettle leaks", "waiting")
    assert shopper.ask("Do you sell kettles?").done


def test_opening_hours_say_who_is_there(installation: Installation, shop: ShopAccess) -> None:
    shopper = installation.shopper(shop)
    always = {"timezone": "Europe/Berlin", "days": {day: [["00:00", "24:00"]] for day in DAYS}}
    assert set_handoff(installation, shop, {"hours": always}).status_code == 200
    assert presence(shopper)["staff_online"] is True
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    closed = {"timezone": "UTC", "days": {DAYS[tomorrow.weekday()]: [["09:30", "17:00"]]}}
    assert set_handoff(installation, shop, {"online": None, "hours": closed}).status_code == 200
    asked = hand_off(shopper)
    assert (asked["state"], asked["online"]) == ("waiting", False)
    assert asked["opens_at"].startswith(f"{tomorrow:%Y-%m-%d}T09:30:00")
    assert presence(shopper)["handoff"]["opens_at"] == asked["opens_at"]
    # the merchant's own word goes before the clock
    set_handoff(installation, shop, {"online": True, "hours": closed})
    assert hand_off(shopper)["state"] == "requested"
    set_handoff(installation, shop, {"online": False, "hours": always})
    assert hand_off(shopper) | {"ahead": 0} == hand_off(shopper)
    assert presence(shopper)["handoff"]["opens_at"] is None


@pytest.mark.parametrize(
    ("handoff", "field"),
    [
        ({"online": 1}, "handoff.online"),
        ({"online": "yes"}, "handoff.online"),
        ({"offline": True}, "handoff.offline"),
        ({"hours": []}, "handoff.hours"),
        ({"hours": {"timezone": "Berlin", "days": {}}}, "handoff.hours.timezone"),
        ({"hours": {"timezone": "localtime", "days": {}}}, "handoff.hours.timezone"),
        ({"hours": {"timezone": ["UTC"], "days": {}}}, "handoff.hours.timezone"),
        ({"hours": {"timezone": "UTC"}}, "handoff.hours.days"),
        ({"hours": {"timezone": "UTC", "days": {"monday": []}}}, "handoff.hours.days.monday"),
        ({"hours": {"timezone": "UTC", "days": {"mon": "9-17"}}}, "handoff.hours.days.mon"),
        ({"hours": {"timezone": "UTC", "days": {"mon": [["9:00", "17:00"]]}}}, "handoff.hours.days.mon[0]"),
        ({"hours": {"timezone": "UTC", "days": {"mon": [["17:00", "09:00"]]}}}, "handoff.hours.days.mon[0]"),
        (
            {"hours": {"timezone": "UTC", "days": {"mon": [["09:00", "12:00"], ["11:00", "13:00"]]}}},
            "handoff.hours.days.mon[1]",
        ),
    ],
)
def test_hours_that_cannot_be_stored_are_named(
    installation: Installation, shop: ShopAccess, handoff: dict[str, Any], field: str
) -> None:
    refused = set_handoff(installation, shop, handoff)
    assert refused.status_code == 422, refused.text
    assert [error["field"] for error in refused.json()["errors"]] == [field]


async def test_the_queue_and_the_usual_wait(model_installation: ModelInstallation, shop: ShopAccess) -> None:
    installation = model_installation.keyless
    set_handoff(installation, shop, {"online": True})
    people = [installation.shopper(shop) for _ in range(4)]
    assert [hand_off(person)["ahead"] for person in people] == [0, 1, 2, 3]
    assert hand_off(people[1])["ahead"] == 1, "asking again keeps the place"
    assert presence(people[3])["handoff"] == {"state": "requested", "ahead": 3, "wait_s": None, "opens_at": None}
    owner = await asyncpg.connect(installation.owner_url)
    try:
        with installation.merchant(shop) as merchant:
            for number, person in enumerate(people[:3]):
                path = f"/v1/conversations/{person.conversation_id}/messages"
                merchant.post(path, json={"text": "Here I am"}).raise_for_status()
                await owner.execute(
                    "UPDATE conversation SET handoff_answered_at = handoff_at + $2 * interval '1 s' "
                    "WHERE id = $1::uuid",
                    person.conversation_id,
                    [600.0, 30.0, 90.0][number],
                )
    finally:
        await owner.close()
    assert presence(people[0])["handoff"] == {"state": "joined", "ahead": None, "wait_s": None, "opens_at": None}
    # a process remembers for a while what is usual: one that was not asked yet looks
    place = presence(at(model_installation.url, people[3]))["handoff"]
    assert place == {"state": "requested", "ahead": 0, "wait_s": 90, "opens_at": None}


def test_typing_goes_both_ways_and_passes(installation: Installation) -> None:
    shopper = installation.shopper()
    shopper.ask("Can I talk to a person?")
    talk = f"/v1/conversations/{shopper.conversation_id}/typing"
    with console(installation) as staff:
        assert staff.get(talk).json()["shopper_typing"] is False
        assert shopper.client.post(f"/v1/chat/{shopper.conversation_id}/typing", json={}).status_code == 204
        seen = staff.get(talk).json()
        assert seen["shopper_typing"] is True
        assert presence(shopper)["typing"] is None
        assert staff.post(talk).status_code == 204
        assert presence(shopper)["typing"]
        path = f"/v1/conversations/{shopper.conversation_id}"
        staff.post(f"{path}/messages", json={"text": "Hello, this is a person"}).raise_for_status()
        assert presence(shopper)["typing"] is None
        later = staff.get(talk).json()
        assert later["messages"] > seen["messages"]
        staff.post(talk)
        await_that(lambda: not presence(shopper)["typing"], "the end of the typing")


def test_somebody_at_the_console_is_there(installation: Installation) -> None:
    shopper = installation.shopper()
    with console(installation) as staff:
        assert staff.get("/console").status_code == 200
        assert presence(shopper)["staff_online"] is True
        assert hand_off(shopper)["state"] == "requested"
        page = staff.get(f"/console/conversations/{shopper.conversation_id}").text
    assert "The shopper is typing" in page
    assert re.search(rf'data-glance="/v1/conversations/{shopper.conversation_id}/typing"', page)


def test_the_end_is_shown(installation: Installation, shop: ShopAccess) -> None:
    shopper, alone = installation.shopper(shop), installation.shopper(shop)
    hand_off(shopper, message="Anybody?")
    alone.ask("hello")
    with installation.merchant(shop) as merchant:
        talk = f"/v1/conversations/{shopper.conversation_id}"
        merchant.post(f"{talk}/messages", json={"text": "Yes"}).raise_for_status()
        assert presence(shopper)["handoff"]["state"] == "joined"
        merchant.post(f"{talk}/close").raise_for_status()
        merchant.post(f"/v1/conversations/{alone.conversation_id}/close").raise_for_status()
    assert presence(shopper)["handoff"] == {"state": "ended", "ahead": None, "wait_s": None, "opens_at": None}
    assert presence(alone)["handoff"] is None, "no person was ever in this one"
    assert shopper.ask("Do you sell kettles?").metadata["answered_by"] == "engine"
    assert presence(shopper)["handoff"] is None


def test_a_viewer_or_a_stranger_types_nothing(installation: Installation, shop: ShopAccess) -> None:
    shopper = installation.shopper(shop)
    shopper.ask("hello")
    with installation.merchant() as other:
        assert other.post(f"/v1/conversations/{shopper.conversation_id}/typing").status_code == 404
        assert other.get(f"/v1/conversations/{shopper.conversation_id}/typing").status_code == 404
    assert presence(shopper)["typing"] is None


def test_calls_have_a_limit(installation: Installation, shop: ShopAccess) -> None:
    shopper = installation.shopper(shop)
    path = f"/v1/chat/{shopper.conversation_id}"
    for call, body in (("typing", {}), ("reports", {"kind": "buffered_stream"}), ("handoff", {})):
        answers = [shopper.client.post(f"{path}/{call}", json=body) for _ in range(40)]
        refused = [answer for answer in answers if answer.status_code == 429]
        assert refused, call
        assert int(refused[0].headers["retry-after"]) >= 1


def test_buffered_streams_are_reported_to_the_merchant(installation: Installation) -> None:
    page_origin = "https://boots.example"
    with installation.merchant() as merchant:
        listed = merchant.get("/v1/shop").json()["origins"]
        merchant.patch("/v1/shop", json={"origins": [*listed, page_origin]}).raise_for_status()
    shopper = installation.shopper()
    path = f"/v1/chat/{shopper.conversation_id}/reports"
    body = {"kind": "buffered_stream", "page": f"{page_origin}/cart?x=1"}
    assert shopper.client.post(path, json=body).status_code == 204
    assert shopper.client.post(path, json=body).status_code == 204
    unlisted = {"kind": "buffered_stream", "page": "https://evil.example/<script>"}
    assert shopper.client.post(path, json=unlisted).status_code == 204
    assert shopper.client.post(path, json={"kind": "weather"}).status_code == 422
    with console(installation) as staff:
        page = staff.get("/console/setup").text
    assert "Answers arrive all at once on https://boots.example" in page
    assert "Seen 2 times" in page
    assert "proxy_buffering off" in page
    assert "evil.example" not in page


async def hasten_mails(installation: Installation, shop: ShopAccess) -> None:
    """A reply waits for its shopper to read it in the chat; nobody waits here."""
    connection = await asyncpg.connect(installation.owner_url)
    await connection.execute(
        "UPDATE outbox SET due_at = now() WHERE job_id IN "
        "(SELECT id FROM job WHERE shop_id = $1::uuid AND kind = 'chat.mail_reply')",
        shop.shop_id,
    )
    await connection.close()


async def mails_to(installation: Installation, address: str) -> list[dict[str, Any]]:
    async with httpx.AsyncClient() as client:
        mails = (await client.get(f"{installation.facts['mailbox_url']}/messages.json")).json()["messages"]
    return [mail for mail in mails if address in mail["to"]]


async def test_a_reply_is_mailed_to_whoever_left_an_address_and_the_chat(
    installation: Installation, shop: ShopAccess
) -> None:
    gone, here = installation.shopper(shop), installation.shopper(shop)
    hand_off(gone, email="gone@example.com", message="Do you repair kettles?")
    hand_off(here, email="here@example.com", message="And pans?")
    with installation.merchant(shop) as merchant:
        for shopper, text in ((here, "Pans too."), (gone, "We do, free within two years.")):
            path = f"/v1/conversations/{shopper.conversation_id}/messages"
            assert merchant.post(path, json={"text": text}).status_code == 201
    here.history()
    await hasten_mails(installation, shop)
    mails = await await_that_async(lambda: mails_to(installation, "gone@example.com"), "the mail")
    assert mails[0]["subject"] == "Staffed: the answer to your message"
    assert "We do, free within two years." in mails[0]["text"]
    assert await mails_to(installation, "here@example.com") == []
