"""The widget from an address of the shop's own, against the real installation; and the client that is published."""

from collections.abc import AsyncIterator

import httpx
import pytest
from playwright.async_api import Browser, Page, expect

from tests.installation import Installation


@pytest.fixture
async def page(browser: Browser) -> AsyncIterator[Page]:
    context = await browser.new_context(viewport={"width": 1280, "height": 800})
    yield await context.new_page()
    await context.close()


async def test_another_host_name_that_is_listed_serves_everything(page: Page, installation: Installation) -> None:
    own = f"http://chat.localhost:{installation.port}"
    access = installation.demo_shop
    async with httpx.AsyncClient(
        base_url=installation.base_url, headers={"Authorization": f"Bearer {access.secret_key}"}
    ) as client:
        origins = (await client.get("/v1/shop")).json()["origins"]
        changed = await client.patch("/v1/shop", json={"origins": [*origins, own]})
        assert changed.status_code == 200, changed.text
        try:
            asked: list[str] = []
            page.on("request", lambda request: asked.append(request.url))
            await page.goto(f"{installation.base_url}/client.js")  # a page of the shop's origin without a widget on it
            await page.evaluate(
                """([own, key]) => {
                  const script = document.createElement("script");
                  script.src = `${own}/widget.js`;
                  script.dataset.key = key;
                  document.documentElement.append(script);
                }""",
                [own, access.publishable_key],
            )
            await page.locator("aisle-chat button").click()
            chat = page.frame_locator("aisle-chat iframe")
            field = chat.get_by_role("textbox").last
            await field.fill("I need a light tent for two people")
            await field.press("Enter")
            await expect(chat.locator(".assistant").last).to_contain_text("Fell 2 Tent", timeout=20_000)
            ours = [url for url in asked if "/v1/" in url or "/assets/" in url or "/frame" in url]
            assert ours
            assert all(url.startswith(own) for url in ours)
        finally:
            await client.patch("/v1/shop", json={"origins": origins})


async def test_the_client_and_the_types_may_be_fetched_from_anywhere(installation: Installation) -> None:
    async with httpx.AsyncClient(base_url=installation.base_url) as client:
        for name, kind in (
            ("client.js", "text/javascript"),
            ("client.d.ts", "text/plain"),
            ("aisle.d.ts", "text/plain"),
        ):
            response = await client.get(f"/{name}", headers={"Origin": "https://anywhere.example"})
            assert response.status_code == 200, name
            assert response.headers["content-type"].startswith(kind)
            assert response.headers["access-control-allow-origin"] == "*"
