"""People of the shop in the chat: honest waiting, typing, and a message left when nobody is there."""

import httpx
from conftest import Shop
from playwright.async_api import expect
from steps import menu


async def staff(shop: Shop, **order: str) -> None:
    async with httpx.AsyncClient() as client:
        await client.post(f"http://127.0.0.1:{shop.port}/_staff", json=order)


async def look(shop: Shop) -> None:
    """The device is back in its network, so that the chat looks for news at once and not in its own time."""
    await shop.frame.evaluate("dispatchEvent(new Event('online'))")


async def call(shop: Shop) -> None:
    await (await shop.visit()).open()
    await shop.ask("hello")
    await menu(shop, "Talk to a person")


async def test_the_wait_is_said_as_far_as_it_is_known(shop: Shop) -> None:
    await shop.control(waiting={"ahead": 2, "wait_s": 290})
    await call(shop)
    await shop.chat.get_by_role("button", name="Ask for a person").click()
    await expect(shop.chat.get_by_text("2 people before you, usually about 5 minutes")).to_be_visible()
    await shop.control(waiting={})
    await look(shop)
    await expect(shop.chat.get_by_text("We cannot say how long it will take.")).to_be_visible(timeout=10_000)


async def test_a_person_types_answers_and_closes(shop: Shop) -> None:
    await call(shop)
    await shop.chat.get_by_role("button", name="Ask for a person").click()
    await staff(shop, state="joined")
    await shop.control(typing="Ann")
    await expect(shop.chat.get_by_text("Ann is typing")).to_be_visible(timeout=10_000)
    await shop.chat.get_by_label("Your message").press_sequentially("Are you there?")
    await staff(shop, say="Here I am.")
    await shop.control(typing=None)
    await look(shop)
    await expect(shop.chat.get_by_role("article", name="Ann")).to_contain_text("Here I am.")
    typed = [one for one in await shop.calls() if str(one["path"]).endswith("/typing")]
    assert 1 <= len(typed) <= 2
    await staff(shop, state="closed")
    await look(shop)
    await expect(shop.chat.get_by_text("The team has closed this conversation.")).to_be_visible(timeout=10_000)


async def test_nobody_there_means_a_message_by_email(shop: Shop) -> None:
    await shop.control(online=False)
    await call(shop)
    form = shop.chat.get_by_role("form", name="Nobody from the team is here right now")
    await form.get_by_label("E-mail address").fill("ada@example.com")
    await form.get_by_label("Your message").fill("My lantern is broken.")
    await form.get_by_role("button", name="Leave message").click()
    await expect(shop.chat.get_by_text("The team will write to ada@example.com.")).to_be_visible()
    await expect(shop.chat.get_by_text("My lantern is broken.")).to_be_visible()
    left = [one for one in await shop.calls() if str(one["path"]).endswith("/handoff")][-1]
    assert left["body"] == {"email": "ada@example.com", "message": "My lantern is broken."}
