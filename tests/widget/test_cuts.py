"""The network is cut after each event of an answer in turn: what stands there in the end is the same every time."""

import re

import pytest
from conftest import Shop
from journey import Walk

from tests.standins.chat_answers import events
from tests.waiting import await_that_async

QUESTIONS = ["How long does shipping take?", "Show me warm jackets", "Where is my order 1001?", "compare"]


@pytest.mark.parametrize(
    ("storage", "question", "step"),
    [
        ("allowed", QUESTIONS[0], 3),
        ("blocked", QUESTIONS[1], 4),
        *(pytest.param("allowed", question, 1, marks=pytest.mark.exhaustive) for question in QUESTIONS),
    ],
    indirect=["storage"],
)
async def test_a_cut_after_any_event_changes_nothing(shop: Shop, question: str, step: int) -> None:
    await shop.page.emulate_media(reduced_motion="reduce")
    await (await shop.visit()).open()
    walk = Walk(shop)
    await walk.ask(question)
    whole = await last_answer(shop)
    asked, resumed = 1, await resumptions(shop)
    cuts = range(0, len(events(question, 0, "")) + 1, step)
    for cut in cuts:
        await shop.control(cut_after=cut)
        await walk.ask(question)
        asked += 1
        assert await last_answer(shop) == whole, f"cut after {cut} events"
        assert await shop.chat.get_by_role("article", name="You").count() == asked, "the question is there once"
    assert await shop.chat.get_by_role("alert").count() == 0

    async def has_come_back_each_time() -> bool:
        return await resumptions(shop) - resumed >= len(cuts) - 1  # the last "cut" is after all events: there is none

    await await_that_async(has_come_back_each_time, "as many resumptions as cuts")


async def test_two_cuts_in_one_answer_change_nothing(shop: Shop) -> None:
    await shop.page.emulate_media(reduced_motion="reduce")
    await (await shop.visit()).open()
    walk = Walk(shop)
    await walk.ask(QUESTIONS[0])
    whole = await last_answer(shop)
    for first, second in [(1, 2), (3, 4), (4, 8), (8, 9)]:
        await shop.control(cut_after=first, cut_again=second)
        await walk.ask(QUESTIONS[0])
        assert await last_answer(shop) == whole, f"cut after {first} and {second} events"


async def resumptions(shop: Shop) -> int:
    """How often a reader has come back for the rest of an answer, or sent a question again whose response was cut off
    before its headers had left."""
    calls = await shop.calls()
    asked = [
        call["body"]["message"]["id"] for call in calls if call["path"] == "/v1/chat" and "message" in call["body"]
    ]
    return sum(str(call["path"]).endswith("/stream") for call in calls) + len(asked) - len(set(asked))


async def last_answer(shop: Shop) -> str:
    """The newest answer as a screen reader finds it: words, cards, forms, sources, suggestions."""
    told = await shop.chat.get_by_role("article", name="Assistant").last.aria_snapshot()
    return re.sub(r"\d+:\d\d\s[AP]M", "(now)", told)
