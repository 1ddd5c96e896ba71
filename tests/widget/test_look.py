"""What the merchant's branding changes, the consent it may ask for, and the shop's cart."""

import json
from collections.abc import AsyncIterator

import pytest
from conftest import Shop
from playwright.async_api import expect


@pytest.fixture
async def plain(shop: Shop) -> AsyncIterator[Shop]:
    """The shop's own look comes back afterwards."""
    yield shop
    await shop.control(appearance={})


async def test_greeting_and_starters_go_with_the_page(plain: Shop) -> None:
    rule = {"match": "/pages/plain", "greeting": "Plain talk?", "suggestions": ["Only this"]}
    other = {"match": "/checkout*", "greeting": "Paying?"}
    await plain.control(appearance={"rules": [other, rule], "hide_branding": True})
    await plain.visit()
    await plain.page.locator("aisle-chat button").first.click()
    await expect(plain.chat.get_by_role("heading", name="Plain talk?")).to_be_visible()
    await expect(plain.chat.locator(".starters button")).to_have_count(1)
    await expect(plain.chat.get_by_text("Powered by")).to_have_count(0)


async def test_a_background_nobody_could_read_on_is_corrected(plain: Shop) -> None:
    look = {
        "background": "#777777",
        "accent": "#808080",
        "radius": 0,
        "variables": {"--aisle-bubble": "url(https://x)"},
    }
    await plain.control(appearance=look)
    await (await plain.visit()).open()
    ratio = await plain.chat.locator("html").evaluate(
        """it => {
          const color = (name) => getComputedStyle(it).getPropertyValue(name);
          const part = (value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4);
          const light = (hex) => [1, 3, 5].map((at) => part(parseInt(hex.slice(at, at + 2), 16) / 255))
            .reduce((sum, value, i) => sum + value * [0.2126, 0.7152, 0.0722][i], 0);
          const against = (one) => [light(color(one)), light(color("--surface"))].sort((a, b) => b - a);
          return ["--body", "--soft", "--text", "--bad", "--good"].map((one) => {
            const [high, low] = against(one);
            return (high + 0.05) / (low + 0.05);
          });
        }"""
    )
    assert min(ratio) >= 4.5
    assert "url" not in await plain.chat.locator("html").evaluate("it => it.style.cssText")
    assert (
        await plain.chat.locator(".starters button").first.evaluate("it => getComputedStyle(it).borderRadius") == "0px"
    )


async def test_a_variant_goes_into_the_shops_cart(shop: Shop) -> None:
    await (await shop.visit()).open()
    await shop.ask("Show me warm jackets")
    assert await shop.chat.get_by_role("button", name="Add to cart").count() == 0
    await shop.page.evaluate(
        """() => {
          window.bought = [];
          Aisle.on("add_to_cart", async (line) => {
            window.bought.push(line);
            return line.variant_id !== null;
          });
        }"""
    )
    first = shop.chat.get_by_role("listitem").filter(has_text="Alder down jacket")
    await first.get_by_role("combobox").select_option(label="M")
    await first.get_by_role("button", name="Add to cart").click()
    await expect(first.get_by_role("button", name="In your cart")).to_be_visible()
    second = shop.chat.get_by_role("listitem").filter(has_text="Birch rain shell")
    await second.get_by_role("button", name="Add to cart").click()
    await expect(second.get_by_text("This could not be added.")).to_be_visible()
    bought = await shop.page.evaluate("window.bought")
    assert bought[0] == {"product_id": "p1", "variant_id": "1", "quantity": 1}


async def test_products_side_by_side_are_a_real_table(shop: Shop) -> None:
    await (await shop.visit()).open()
    await shop.ask("Show me warm jackets")
    await shop.chat.get_by_role("button", name="Compare side by side").click()
    table = shop.chat.get_by_role("table")
    await expect(table.get_by_role("columnheader")).to_have_count(4)
    await expect(table.get_by_role("rowheader", name="Price")).to_be_visible()
    await expect(table.get_by_role("row").filter(has_text="Availability").get_by_text("Sold out")).to_have_count(1)


async def test_a_draft_is_shown_without_a_session(shop: Shop) -> None:
    before = len(await shop.calls())
    await shop.control(origins=[f"http://localhost:{shop.port}"])
    await shop.page.goto(f"http://localhost:{shop.port}/pages/plain")
    await shop.page.evaluate(
        """() => {
          const frame = document.createElement("iframe");
          frame.src = "/frame?key=pk_demo&preview=1";
          frame.style = "width: 400px; height: 700px";
          window.preview = frame;
          addEventListener("message", ({ data }) => data.type === "ready" && (window.ready = true));
          document.body.append(frame);
        }"""
    )
    await shop.page.wait_for_function("window.ready")
    draft = {
        "type": "draft",
        "appearance": {"name": "Draft shop", "accent": "#aa0044"},
        "greeting": "Hello",
        "locale": "de",
    }
    await shop.page.evaluate(f"window.preview.contentWindow.postMessage({json.dumps(draft)}, location.origin)")
    frame = shop.page.frame_locator("iframe[src*=preview]")
    await expect(frame.get_by_role("heading", name="Draft shop")).to_be_visible()
    await expect(frame.get_by_role("group", name="Bestellung 1001")).to_be_visible()
    await expect(frame.get_by_label("Bestellnummer")).to_be_visible()
    assert [call for call in (await shop.calls())[before:] if call["path"] == "/v1/sessions"] == []


async def test_signing_in_happens_in_a_window_of_its_own(shop: Shop) -> None:
    await (await shop.visit()).open()
    await shop.ask("account")
    async with shop.page.expect_popup() as opening:
        await shop.chat.get_by_role("button", name="Sign in at the shop").click()
    popup = await opening.value
    await popup.wait_for_url("**/sign-in")
    await popup.get_by_role("button", name="Sign in").click()
    await expect(shop.chat.get_by_text("Thank you, that matches.")).to_be_visible()
    begun = [call for call in await shop.calls() if call["path"] == "/v1/sessions"][-1]
    assert begun["body"]["customer"] == {"token": "signed-in"}  # type: ignore[index]
