"""One walk through every state of the chat, in whatever language it speaks."""

import base64
import re
from collections.abc import AsyncIterator

from conftest import Shop
from playwright.async_api import Locator, expect
from spoken import Words, words_of

PICTURE = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


class Walk:
    """Drives the chat by the names that people see. `states` stops in each state so that it can be looked at."""

    def __init__(self, shop: Shop, language: str = "en", look: dict[str, str] | None = None) -> None:
        self.shop = shop
        self.language = language
        self.words: Words = words_of(language)
        self.look = look or {}

    def name(self, key: str) -> str:
        """A phrase; its blank, if it has one, is the number 1."""
        phrase = self.words[key]
        assert isinstance(phrase, str)
        return phrase.replace("{n}", "1")

    def button(self, key: str) -> Locator:
        """The newest button of that name."""
        return self.shop.chat.get_by_role("button", name=self.name(key), exact=True).last

    def field(self, key: str) -> Locator:
        """The newest field of that name."""
        return self.shop.chat.get_by_label(self.name(key), exact=True).last

    async def ask(self, question: str) -> None:
        """Asks and waits for the end of the answer."""
        await self.write(question)
        await self.button("send").wait_for()

    async def write(self, question: str) -> None:
        """Asks and does not wait."""
        field = self.field("message")
        await field.fill(question)
        await self.shop.chat.locator(".send[aria-disabled=false]").wait_for()
        await field.press("Enter")

    async def choose(self, key: str) -> None:
        """Something from the menu."""
        await self.button("menu").click()
        await self.shop.chat.get_by_role("menuitem", name=self.name(key)).click()

    async def states(self) -> AsyncIterator[str]:
        """Goes to a page in that language. The name of each state, once it can be looked at."""
        look = {"images": True, "sound": True, **self.look}
        await self.shop.control(appearance=look, launcher={"consent": True, **self.look})
        try:
            for part in (
                self._beginning,
                self._answers,
                self._order,
                self._pictures,
                self._people,
                self._trouble,
                self._end,
            ):
                async for state in part():
                    yield state
        finally:
            await self.shop.control(appearance={}, launcher={}, waiting={}, online=True, hold_after=None)
            await self.shop.page.context.set_offline(False)

    async def _beginning(self) -> AsyncIterator[str]:
        self.shop.page.set_default_timeout(8_000)
        await self.shop.visit()
        yield "closed"
        await self.shop.page.evaluate("(tag) => document.documentElement.lang = tag", self.language)
        await self.shop.page.locator("aisle-chat button").click()
        await self.button("consent_yes").wait_for()
        yield "consent"
        await self.button("consent_yes").click()
        await self.shop.chat.get_by_role("heading", name="Hi! What are you looking for today?").wait_for()
        yield "greeting"
        await self.button("menu").click()
        await self.shop.chat.get_by_role("menu").wait_for()
        yield "menu"
        await self.shop.page.keyboard.press("Escape")

    async def _answers(self) -> AsyncIterator[str]:
        await self.shop.control(hold_after=5)
        await self.write("How long does shipping take?")
        await self.shop.chat.get_by_text("Orders leave within").first.wait_for()
        yield "streaming"
        await self.shop.control(hold_after=None)
        await self.button("send").wait_for()
        await self.shop.chat.get_by_role("button", name=re.compile("Shipping")).first.click()
        yield "source"
        await self.ask("Show me warm jackets")
        yield "products"
        await self.button("compare").click()
        yield "compared"
        await self.ask("lantern")
        yield "one product"
        await self.ask("compare")
        yield "table"
        await self.button("down").click()
        await self.field("what_wrong").fill("Everything")
        yield "comment"
        await self.field("what_wrong").press("Enter")

    async def _order(self) -> AsyncIterator[str]:
        await self.ask("Where is my order 1001?")
        yield "verification"
        await self.field("email").fill("eve@example.com")
        await self.button("show_order").click()
        await self.shop.chat.get_by_role("alert").wait_for()
        yield "verification refused"
        await self.field("email").fill("ada@example.com")
        await self.button("show_order").click()
        await self.button("more_by_code").wait_for()
        yield "order"
        await self.button("more_by_code").click()
        await self.button("send_code").click()
        await self.field("code").fill("000000")
        await self.button("confirm").click()
        await self.shop.chat.get_by_role("alert").wait_for()
        yield "code refused"
        await self.field("code").fill("123456")
        await self.button("confirm").click()
        await self.shop.chat.get_by_text("Amsterdam").wait_for()
        await self.button("send").wait_for()
        yield "full order"
        await self.ask("account")
        yield "sign-in"

    async def _pictures(self) -> AsyncIterator[str]:
        picture = {"name": "a.png", "mimeType": "image/png", "buffer": PICTURE}
        await self.shop.chat.locator("input[type=file]").set_input_files(picture)  # type: ignore[arg-type]
        await self.button("remove_picture").wait_for()
        await self.shop.chat.get_by_text(self.name("uploading")).wait_for(state="detached")
        yield "picture attached"
        await self.ask("Do you have this?")
        await self.button("enlarge").click()
        await self.shop.chat.get_by_role("dialog").wait_for()
        yield "picture enlarged"
        await self.button("back").click()

    async def _people(self) -> AsyncIterator[str]:
        await self.ask("quota")
        yield "contact"
        await self.choose("person")
        await self.field("handoff_email").wait_for()
        yield "handoff form"
        await self.shop.control(waiting={"ahead": 2, "wait_s": 240})
        await self.button("handoff_ask").click()
        await self.shop.chat.get_by_text(self.name("handoff_requested")).last.wait_for()
        yield "handoff asked"
        await self.shop.control(online=False, waiting={"opens_at": "2030-01-07T08:00:00Z"})
        await self.choose("person")
        await self.button("offline_send").wait_for()
        yield "offline form"
        await self.button("cancel").click()

    async def _trouble(self) -> AsyncIterator[str]:
        await self.ask("break")
        await expect(self.shop.chat.get_by_role("alert")).to_contain_text(self.name("failed"))
        yield "failed"
        await self.shop.control(refuse=503)
        await self.ask("hello")
        await expect(self.shop.chat.get_by_role("alert")).to_contain_text(self.name("busy"))
        yield "busy"
        await self.shop.page.context.set_offline(True)
        await self.write("hello")
        await self.shop.chat.get_by_text(self.name("queued")).first.wait_for()
        yield "offline"
        await self.shop.page.context.set_offline(False)
        await self.button("send").wait_for()

    async def _end(self) -> AsyncIterator[str]:
        await self.choose("conversations")
        await self.button("new_conversation").wait_for()
        yield "conversations"
        await self.button("back").click()
        await self.choose("forget")
        await self.button("forget_yes").wait_for()
        yield "forget me"
        await self.button("forget_yes").click()
        await self.shop.chat.get_by_text(self.name("forgotten")).wait_for()
        yield "forgotten"
