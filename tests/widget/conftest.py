"""The chat in a real browser against `tests/standins/chat_server.py`."""

import asyncio
import pathlib
import re
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field

import httpx
import pytest
from playwright.async_api import Browser, FrameLocator, Page

ROOT = pathlib.Path(__file__).parents[2]
START_TIMEOUT_S = 20


@dataclass
class Shop:
    """A page with the widget on it. `complaints` gathers what the browser found wrong."""

    page: Page
    port: int
    complaints: list[str] = field(default_factory=list)

    @property
    def chat(self) -> FrameLocator:
        return self.page.frame_locator("aisle-chat iframe")

    async def visit(self, name: str = "plain") -> "Shop":
        """Goes to a test page and waits for the button."""
        await self.page.goto(f"http://127.0.0.1:{self.port}/pages/{name}")
        await self.page.locator("aisle-chat button").wait_for()
        return self

    async def open(self) -> "Shop":
        """Opens the chat and waits until it greets."""
        await self.page.locator("aisle-chat button").click()
        await self.chat.get_by_role("heading", name="Hi! What are you looking for today?").wait_for()
        return self

    async def ask(self, question: str) -> str:
        """Asks, waits for the end of the answer and gives its words back."""
        field = self.chat.get_by_label("Your message")
        await field.fill(question)
        await field.press("Enter")
        return await self.answered()

    async def answered(self) -> str:
        """Waits until nothing more is being said and shown; the words of the last answer."""
        await self.chat.get_by_role("button", name="Send", exact=True).last.wait_for()
        last = self.chat.locator(".assistant").last
        before = None
        while (now := await last.inner_text()) != before:
            before = now
            await self.page.wait_for_timeout(400)  # one reveal of a sentence: only then equal means done
        return now

    async def control(self, **faults: object) -> None:
        """Makes the stand-in misbehave, see there."""
        async with httpx.AsyncClient() as client:
            await client.post(f"http://127.0.0.1:{self.port}/_control", json=faults)

    async def calls(self) -> list[dict[str, object]]:
        """Every API call so far, as {"path", "body"?}."""
        async with httpx.AsyncClient() as client:
            calls: list[dict[str, object]] = (await client.get(f"http://127.0.0.1:{self.port}/_calls")).json()
        return calls


@pytest.fixture(scope="session")
def chat_port() -> Iterator[int]:
    """A running stand-in."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    command = [sys.executable, "-m", "tests.standins.chat_server", "--port", str(port), "--pace", "0.03"]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert process.stdout is not None
    for line in process.stdout:
        if re.search("Running on", line):
            break
    yield port
    process.terminate()
    process.wait(timeout=START_TIMEOUT_S)


@pytest.fixture(params=[{"width": 1280, "height": 800}])
async def shop(request: pytest.FixtureRequest, browser: Browser, chat_port: int) -> AsyncIterator[Shop]:
    """A fresh visitor. Parametrise indirectly with a viewport for another screen."""
    context = await browser.new_context(viewport=request.param, locale="en-US")
    page = await context.new_page()
    visited = Shop(page, chat_port)
    page.on("pageerror", lambda error: visited.complaints.append(str(error)))
    page.on("console", lambda said: visited.complaints.append(said.text) if "Policy" in said.text else None)
    page.on("dialog", lambda dialog: visited.complaints.append(f"dialog: {dialog.message}"))
    yield visited
    await asyncio.wait_for(context.close(), START_TIMEOUT_S)
    assert visited.complaints == []
