"""A conversation lasts whatever the browser lets the chat store: nothing is there before the first message, it is found
again on the next page and in a second tab, tabs follow each other, and to forget leaves nothing behind."""

import json

import pytest
from conftest import Shop, both_storages
from playwright.async_api import expect
from steps import GREETING, menu, says

from tests.sampling import sampled

QUESTION = "How long does shipping take?"
in_the_page = pytest.mark.parametrize(
    "storage", sampled(["blocked", "no channel", "none", "full"], ["blocked", "full"]), indirect=True
)


def only(*modes: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("storage", modes, indirect=True)


async def is_denied(shop: Shop) -> bool:
    """Whether the frame may store nothing, by our script or by the browser itself."""
    denied: bool = await shop.frame.evaluate("() => { try { return !localStorage } catch { return true } }")
    return denied


async def require_storage(shop: Shop) -> None:
    """Skips where the browser itself blocks what a test is about to allow."""
    if await is_denied(shop):
        pytest.skip("this browser blocks third-party storage: run the tests with the one .ci/browser fetches")


async def kept_by_page(shop: Shop) -> dict[str, str]:
    """Everything that the page's own storages hold."""
    kept: dict[str, str] = await shop.page.evaluate("({...localStorage, ...sessionStorage})")
    return kept


async def page_local(shop: Shop) -> dict[str, str]:
    """What all tabs of the page's origin share."""
    kept: dict[str, str] = await shop.page.evaluate("({...localStorage})")
    return kept


@only("blocked")
async def test_the_frame_is_really_denied(shop: Shop) -> None:
    await (await shop.visit()).open()
    for name in ("localStorage", "sessionStorage"):
        denied = "name => { try { return window[name].length } catch (error) { return error.name } }"
        assert await shop.frame.evaluate(denied, name) == "SecurityError"
        assert await shop.page.evaluate(denied, name) == 0


@in_the_page
async def test_the_page_keeps_what_the_frame_may_not(shop: Shop) -> None:
    await (await shop.visit()).open()
    assert await kept_by_page(shop) == {}
    await shop.ask("hello")
    assert list(await page_local(shop)) == ["aisle:pk_demo"]
    await shop.visit("reset")
    await expect(shop.chat.locator(".user")).to_have_text("hello")
    other = await shop.second_tab()
    await expect(other.chat.locator(".user")).to_have_count(1)
    await shop.ask(QUESTION)
    await expect(other.chat.locator(".user")).to_have_count(2)
    await expect(other.chat.locator(".assistant").last).to_contain_text("Elsewhere: up to 10 days")
    await menu(other, "Start over")
    await expect(other.chat.locator(".message")).to_have_count(0)
    await expect(shop.chat.locator(".message")).to_have_count(0)
    assert await page_local(shop) == {}


@only("allowed")
async def test_the_page_gets_nothing_where_the_frame_may_store(shop: Shop) -> None:
    await (await shop.visit()).open()
    await require_storage(shop)
    await shop.ask("hello")
    assert await kept_by_page(shop) == {"aisle:pk_demo": "1"}
    other = await shop.second_tab()
    await expect(other.chat.locator(".user")).to_have_count(1)
    await menu(other, "Start over")
    await expect(shop.chat.locator(".message")).to_have_count(0)
    await shop.page.wait_for_function("sessionStorage.length === 0")
    await shop.page.reload()
    await shop.page.locator("aisle-chat button").click()
    await shop.ask("hello")
    assert await page_local(shop) == {}


@only("ephemeral")
async def test_storage_that_is_empty_with_each_load_is_found_out(shop: Shop) -> None:
    await (await shop.visit()).open()
    await require_storage(shop)
    await shop.ask("hello")
    assert await page_local(shop) == {}
    await shop.page.reload()
    await shop.chat.get_by_role("heading", name=GREETING).wait_for()
    await shop.ask(QUESTION)
    await shop.page.reload()
    await expect(shop.chat.locator(".user")).to_have_text(QUESTION)


@only("page full")
async def test_a_page_without_room_keeps_it_for_its_tab(shop: Shop) -> None:
    await (await shop.visit()).open()
    await shop.ask("hello")
    assert await page_local(shop) == {}
    await shop.page.reload()
    await expect(shop.chat.locator(".user")).to_have_text("hello")
    await shop.page.evaluate("Aisle.consent(false)")
    assert await kept_by_page(shop) == {}


@only("nowhere")
async def test_where_nothing_can_be_stored_it_lasts_as_long_as_the_page(shop: Shop) -> None:
    await (await shop.visit("rewritten")).open()
    await shop.ask("hello")
    await shop.page.evaluate("rewrite()")
    await expect(shop.chat.locator(".user")).to_have_text("hello")
    await shop.visit()
    await shop.open()
    await expect(shop.chat.locator(".message")).to_have_count(0)


@only("blocked")
async def test_another_shop_of_the_same_page_finds_nothing(shop: Shop) -> None:
    await (await shop.visit()).open()
    await shop.ask("hello")
    await (await shop.visit("other")).open()
    await expect(shop.chat.locator(".message")).to_have_count(0)
    opened = [call["body"] for call in await shop.calls() if call["path"] == "/v1/sessions"]
    assert opened[-1] == {"key": "pk_other", "locale": "en"}


@only("blocked")
async def test_what_a_page_has_spoilt_costs_the_conversation_not_the_chat(shop: Shop) -> None:
    await (await shop.visit()).open()
    await shop.ask("hello")
    odd = '{"token":{},"unsent":{"conversation":1,"message":{"parts":7}},"muted":[]}'
    for spoilt in ("{", "[]", odd, "x" * 70_000):
        await shop.page.evaluate("spoilt => localStorage.setItem('aisle:pk_demo', spoilt)", spoilt)
        await shop.visit()
        await shop.page.evaluate("Aisle.open()")
        await shop.chat.get_by_role("heading", name=GREETING).wait_for()
    await shop.ask(QUESTION)
    await shop.page.reload()
    await expect(shop.chat.locator(".user")).to_have_text(QUESTION)


@only("blocked")
async def test_a_message_of_another_window_changes_nothing(shop: Shop) -> None:
    await (await shop.visit()).open()
    await shop.ask("hello")
    before = await page_local(shop)
    await shop.page.evaluate("postMessage({aisle: 1, type: 'keep', kept: ''}, '*')")
    await shop.page.evaluate(
        """async () => {
          const foreign = document.createElement("iframe");
          foreign.srcdoc = "<script>parent.postMessage({aisle: 1, type: 'keep', kept: ''}, '*')</script>";
          document.body.append(foreign);
          await new Promise((resolve) => (foreign.onload = resolve));
        }"""
    )
    assert await page_local(shop) == before
    await says(shop, "{type: 'keep', kept: ''}")
    await shop.page.wait_for_function("localStorage.length === 0")


@both_storages
async def test_consent_taken_back_leaves_nothing(shop: Shop) -> None:
    await (await shop.visit()).open()
    await shop.ask("hello")
    await shop.page.evaluate("Aisle.consent(false)")
    assert await kept_by_page(shop) == {}
    await expect(shop.chat.locator(".message")).to_have_count(0)
    count = "() => { try { return localStorage.length } catch { return 0 } }"
    assert await shop.frame.evaluate(count) == 0


@only("blocked")
async def test_consent_refused_before_the_chat_is_loaded_deletes_what_the_page_has(shop: Shop) -> None:
    await shop.visit()
    await shop.page.evaluate("for (const it of [localStorage, sessionStorage]) it.setItem('aisle:pk_demo', '0{}')")
    await shop.page.evaluate("Aisle.consent(false)")
    assert await kept_by_page(shop) == {}
    assert await shop.page.locator("aisle-chat iframe").count() == 0


@both_storages
async def test_the_shoppers_switch_for_sound_and_what_is_unsent_outlast_the_page(shop: Shop) -> None:
    await shop.control(appearance={"sound": True})
    await (await shop.visit()).open()
    await shop.ask("hello")
    sound = shop.chat.get_by_role("menuitemcheckbox", name="Sound")
    await shop.chat.get_by_role("button", name="More").click()
    await expect(sound).to_have_attribute("aria-checked", "true")
    await sound.click()
    await shop.page.context.set_offline(True)
    field = shop.chat.get_by_label("Your message")
    await field.fill(QUESTION)
    await field.press("Enter")
    await expect(shop.chat.get_by_text("Sending when you are back online")).to_be_visible()
    keeper = shop.page.main_frame if await is_denied(shop) else shop.frame
    await keeper.wait_for_function("localStorage['aisle:pk_demo'].includes('unsent')")
    await shop.page.goto("about:blank")
    await shop.page.context.set_offline(False)
    await shop.visit()
    await expect(shop.chat.locator(".user").last).to_have_text(QUESTION)
    await expect(shop.chat.locator(".assistant").last).to_contain_text("Elsewhere: up to 10 days")
    asked = [
        call["body"]["message"]["id"] for call in await shop.calls() if call["path"] == "/v1/chat" and "body" in call
    ]  # type: ignore[index]
    assert len(set(asked)) == 2
    await shop.chat.get_by_role("button", name="More").click()
    await expect(sound).to_have_attribute("aria-checked", "false")


@only("blocked")
async def test_what_an_earlier_version_kept_still_counts(shop: Shop) -> None:
    await (await shop.visit()).open()
    await shop.ask("hello")
    token = json.loads((await page_local(shop))["aisle:pk_demo"])["token"]
    await shop.page.evaluate("token => { localStorage.clear(); sessionStorage['aisle:pk_demo'] = `1${token}` }", token)
    await shop.page.reload()
    await expect(shop.chat.locator(".user")).to_have_text("hello")
