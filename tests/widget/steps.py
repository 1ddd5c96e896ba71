"""What the tests of the launcher and its hosts do again and again."""

from conftest import Shop
from playwright.async_api import Frame, expect

GREETING = "Hi! What are you looking for today?"


async def converses(shop: Shop, frame: Frame | None = None) -> None:
    """Opens the chat by its button, asks something in any language and gets an answer."""
    page = frame or shop.page.main_frame
    await page.locator("aisle-chat button").click()
    chat = page.frame_locator("aisle-chat iframe")
    field = chat.get_by_role("textbox").last
    await field.fill("hello")
    await field.press("Enter")
    await expect(chat.locator(".assistant").last).to_contain_text("I can help")


async def menu(shop: Shop, item: str) -> None:
    """Chooses something from the chat's menu."""
    await shop.chat.get_by_role("button", name="More").click()
    await shop.chat.get_by_role("menuitem", name=item).click()


async def says(shop: Shop, message: str) -> None:
    """Has the frame post a message of its own to the page, as its script would."""
    await shop.frame.evaluate(f"parent.postMessage({{aisle: 1, ...{message}}}, '*')")


async def style(shop: Shop, selector: str, name: str) -> str:
    """One computed style inside the launcher's shadow tree."""
    found = shop.page.locator(f"aisle-chat {selector}").first
    return str(await found.evaluate("(it, name) => getComputedStyle(it).getPropertyValue(name)", name))
