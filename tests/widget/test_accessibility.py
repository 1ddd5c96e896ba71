"""axe finds nothing wrong, in any state of the chat, light and dark."""

import pathlib
from typing import Any

import pytest
from conftest import Shop
from playwright.async_api import Frame

AXE = pathlib.Path(__file__).parents[2] / "widget" / "node_modules" / "axe-core" / "axe.min.js"
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


@pytest.mark.skipif(not AXE.exists(), reason="axe-core is not there: npm ci in widget/")
@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_no_state_has_a_violation(shop: Shop, scheme: str) -> None:
    await shop.page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]
    await (await shop.visit()).open()
    found = {"greeting": await violations(shop)}
    for question in ("Show me warm jackets", "How long does shipping take?", "Where is my order 1001?"):
        await shop.ask(question)
        found[question] = await violations(shop)
    await shop.chat.get_by_label("E-mail address").fill("ada@example.com")
    await shop.chat.get_by_role("button", name="Show my order").click()
    await shop.chat.get_by_role("button", name="See items and tracking").click()
    await shop.chat.get_by_role("button", name="Send code").click()
    await shop.chat.get_by_label("6-digit code").fill("123456")
    found["code"] = await violations(shop)
    await shop.chat.get_by_role("button", name="Confirm").click()
    await shop.chat.get_by_text("Going to Amsterdam").wait_for()
    await shop.ask("compare")
    await shop.chat.get_by_role("button", name="Not helpful").last.click()
    found["comment"] = await violations(shop)
    await shop.ask("break")
    await shop.chat.get_by_role("button", name="More").click()
    found["menu, failure"] = await violations(shop)
    assert {state: wrong for state, wrong in found.items() if wrong} == {}


async def violations(shop: Shop) -> list[str]:
    """What axe says of the page and of the frame."""
    return [line for frame in shop.page.frames for line in await violations_in(frame)]


async def violations_in(frame: Frame) -> list[str]:
    await frame.evaluate(AXE.read_text())
    rule_set = {"runOnly": {"type": "tag", "values": TAGS}}
    target = "document" if "/frame" in frame.url else "{include: [['aisle-chat']]}"
    result: dict[str, Any] = await frame.evaluate(
        f"(rules) => axe.run({target}, {{iframes: false, ...rules}})", rule_set
    )
    return [
        f"{one['id']}: {node['html'][:160]} {node['failureSummary']}"
        for one in result["violations"]
        for node in one["nodes"]
    ]
