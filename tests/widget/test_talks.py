"""Several conversations of one shopper, and the way to have them all forgotten."""

import asyncio

from conftest import Shop, both_storages
from playwright.async_api import Route, expect
from steps import menu


@both_storages
async def test_another_conversation_and_back(shop: Shop) -> None:
    await (await shop.visit()).open()
    await shop.ask("How long does shipping take?")
    await menu(shop, "Your conversations")
    await shop.chat.get_by_role("dialog").get_by_role("button", name="New conversation").click()
    await expect(shop.chat.locator(".message")).to_have_count(0)
    await shop.ask("Do you have a lantern?")
    await menu(shop, "Your conversations")
    listed = shop.chat.get_by_role("dialog").get_by_role("listitem")
    await expect(listed).to_have_count(2)
    await expect(listed.first.get_by_role("button")).to_have_attribute("aria-current", "true")
    await listed.last.get_by_role("button").click()
    await expect(shop.chat.locator(".user")).to_contain_text("How long does shipping take?")


@both_storages
async def test_forget_me_asks_first_and_then_deletes(shop: Shop) -> None:
    await (await shop.visit()).open()
    await shop.ask("hello")
    await menu(shop, "Forget me")
    await shop.chat.get_by_role("button", name="Cancel").click()
    await expect(shop.chat.locator(".user")).to_have_count(1)
    await menu(shop, "Forget me")
    await shop.chat.get_by_role("button", name="Delete everything").click()
    await expect(shop.chat.get_by_text("Everything has been deleted.")).to_be_visible()
    await expect(shop.chat.locator(".message")).to_have_count(0)
    assert [call for call in await shop.calls() if call.get("method") == "DELETE"]
    count = "() => { try { return localStorage.length } catch { return 0 } }"
    assert [await frame.evaluate(count) for frame in (shop.frame, shop.page)] == [0, 0]


async def test_enter_before_the_session_is_there_sends_once_it_is(shop: Shop) -> None:
    may_open = asyncio.Event()

    async def hold(route: Route) -> None:
        await may_open.wait()
        await route.continue_()

    await shop.page.route("**/v1/sessions", hold)
    await shop.visit()
    await shop.page.locator("aisle-chat button").click()
    field = shop.chat.get_by_label("Your message")
    await field.fill("How long does shipping take?")
    await field.press("Enter")
    await expect(field).to_have_value("How long does shipping take?")
    may_open.set()
    await expect(shop.chat.locator(".user")).to_have_count(1)
    await shop.answered()
    await expect(field).to_have_value("")


@both_storages
async def test_two_tabs_follow_each_other(shop: Shop) -> None:
    await (await shop.visit()).open()
    await shop.ask("hello")
    other = await shop.second_tab()
    await expect(other.chat.locator(".user")).to_have_count(1)
    words = await shop.ask("How long does shipping take?")
    await expect(other.chat.locator(".user")).to_have_count(2)
    await expect(other.chat.locator(".assistant").last).to_have_text(words, use_inner_text=True)
    asked = [call for call in await shop.calls() if call["path"] == "/v1/chat" and "body" in call]
    ids = [call["body"]["message"]["id"] for call in asked][-2:]  # type: ignore[index]
    assert len(set(ids)) == 2


@both_storages
async def test_an_answer_cut_short_stays_marked(shop: Shop) -> None:
    await (await shop.visit()).open()
    await shop.write("slow")
    await expect(shop.chat.locator(".assistant")).to_contain_text("Sentence 1")
    await shop.chat.get_by_role("button", name="Stop").click()
    await expect(shop.chat.get_by_text("Stopped")).to_be_visible()
    await shop.page.reload()
    await expect(shop.chat.get_by_text("Stopped")).to_be_visible()
