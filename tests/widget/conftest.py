"""The chat in a real browser against `tests/standins/chat_server.py`."""

import asyncio
import pathlib
import re
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
from playwright.async_api import Browser, Frame, FrameLocator, Page, expect
from storage_modes import SCRIPTS

from tests.sampling import sampled

ROOT = pathlib.Path(__file__).parents[2]
START_TIMEOUT_S = 60
PATIENCE_MS = 20_000
"""What a chat shows within a second, with room for a machine that has much else to do."""

expect.set_options(timeout=PATIENCE_MS)
both_storages = pytest.mark.parametrize("storage", sampled(["allowed", "blocked"], ["blocked"]), indirect=True)
"""Runs a journey where browsers let the frame store things, as in all other tests, and where they do not."""


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
        await self.write(question)
        return await self.answered()

    async def write(self, question: str) -> None:
        """Asks, once the chat takes questions."""
        field = self.chat.get_by_label("Your message")
        await field.fill(question)
        await self.chat.locator(".send[aria-disabled=false]").wait_for()
        await field.press("Enter")

    async def answered(self) -> str:
        """Waits for the end of an answer that has been asked for; its words."""
        await self.chat.get_by_role("button", name="Send", exact=True).last.wait_for()
        return await self.chat.locator(".assistant").last.inner_text()

    @property
    def frame(self) -> Frame:
        """The chat's own document."""
        return next(frame for frame in self.page.frames if "/frame" in frame.url)

    async def second_tab(self) -> "Shop":
        """The same shop in another tab of the same browser, the chat open."""
        other = await Shop(await self.page.context.new_page(), self.port, self.complaints).visit()
        await other.page.locator("aisle-chat button").first.click()
        return other

    async def control(self, **faults: object) -> None:
        """Makes the stand-in misbehave, see there."""
        async with httpx.AsyncClient() as client:
            await client.post(f"http://127.0.0.1:{self.port}/_control", json=faults)

    async def reset(self) -> None:
        """Makes the stand-in a fresh one: no faults, no shoppers, no calls."""
        async with httpx.AsyncClient() as client:
            await client.post(f"http://127.0.0.1:{self.port}/_reset")

    async def calls(self) -> list[dict[str, Any]]:
        """Every API call so far, as {"path", "body"?}."""
        async with httpx.AsyncClient() as client:
            calls: list[dict[str, Any]] = (await client.get(f"http://127.0.0.1:{self.port}/_calls")).json()
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


@pytest.fixture
def storage(request: pytest.FixtureRequest) -> str:
    """What the browser lets the chat store, one of SCRIPTS. Parametrise indirectly for another than "allowed"."""
    mode: str = getattr(request, "param", "allowed")
    return mode


@pytest.fixture(params=[{"width": 1280, "height": 800}])
async def shop(request: pytest.FixtureRequest, browser: Browser, chat_port: int, storage: str) -> AsyncIterator[Shop]:
    """A fresh visitor of a fresh stand-in. Parametrise indirectly with a viewport for another screen."""
    context = await browser.new_context(viewport=request.param, locale="en-US")
    if SCRIPTS[storage]:
        await context.add_init_script(SCRIPTS[storage])
    page = await context.new_page()
    visited = Shop(page, chat_port)
    await visited.reset()
    page.on("pageerror", lambda error: visited.complaints.append(str(error)))
    page.on("console", lambda said: visited.complaints.append(said.text) if "Policy" in said.text else None)
    page.on("dialog", lambda dialog: visited.complaints.append(f"dialog: {dialog.message}"))
    yield visited
    await asyncio.wait_for(context.close(), START_TIMEOUT_S)
    assert visited.complaints == []
