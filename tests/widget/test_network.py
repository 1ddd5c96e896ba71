"""Bad networks: none at all, and one that holds streams back."""

from collections.abc import AsyncIterator

import pytest
from conftest import Shop
from playwright.async_api import expect

HELD_BACK_MS = 20_000


@pytest.fixture
async def buffered(shop: Shop) -> AsyncIterator[Shop]:
    """Streams arrive only when they have ended, as behind some proxies."""
    await shop.control(buffer=True)
    yield shop
    await shop.control(buffer=False)


async def test_words_written_offline_go_out_once_by_themselves(shop: Shop) -> None:
    await (await shop.visit()).open()
    before = len([call for call in await shop.calls() if call["path"] == "/v1/chat" and "body" in call])
    await shop.page.context.set_offline(True)
    field = shop.chat.get_by_label("Your message")
    await field.fill("How long does shipping take?")
    await field.press("Enter")
    await expect(shop.chat.get_by_text("Sending when you are back online")).to_be_visible()
    await shop.page.context.set_offline(False)
    await expect(shop.chat.locator(".assistant")).to_contain_text("Elsewhere: up to 10 days")
    await expect(shop.chat.locator(".user")).to_have_count(1)
    calls = [call for call in await shop.calls() if call["path"] == "/v1/chat" and "body" in call]
    assert len(calls) == 1 + before


async def test_a_stream_that_is_held_back_is_asked_for_instead(buffered: Shop) -> None:
    await (await buffered.visit()).open()
    field = buffered.chat.get_by_label("Your message")
    await field.fill("slow")
    await field.press("Enter")
    words = buffered.chat.locator(".assistant")
    await expect(words).to_contain_text("Sentence 2", timeout=HELD_BACK_MS)
    await expect(words).to_contain_text("Sentence 220", timeout=HELD_BACK_MS)
    text = await words.inner_text()
    assert text.count("Sentence 1 ") == 1
    told = [call for call in await buffered.calls() if str(call["path"]).endswith("/reports")]
    assert [call["body"] for call in told] == [{"kind": "buffered_stream"}]
