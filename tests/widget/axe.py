"""What axe-core finds wrong on the page and in the frame."""

import pathlib
from typing import Any

import pytest
from conftest import Shop
from playwright.async_api import Frame

SCRIPT = pathlib.Path(__file__).parents[2] / "widget" / "node_modules" / "axe-core" / "axe.min.js"
RULES = {
    "runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]},
    "rules": {"target-size": {"enabled": True}},
}

needs_axe = pytest.mark.skipif(not SCRIPT.exists(), reason="axe-core is not there: npm ci in widget/")


async def violations(shop: Shop) -> list[str]:
    """One line for each node of the chat that breaks a rule; what the merchant's page does wrong does not count."""
    return [line for frame in shop.page.frames for line in await violations_in(frame)]


async def violations_in(frame: Frame) -> list[str]:
    """The same for one document."""
    if not await frame.evaluate("'axe' in window"):
        await frame.evaluate(SCRIPT.read_text())
    target = "document" if "/frame" in frame.url else "{include: [['aisle-chat']]}"
    result: dict[str, Any] = await frame.evaluate(
        f"(rules) => axe.run({target}, {{iframes: false, resultTypes: ['violations'], ...rules}})", RULES
    )
    return [
        f"{one['id']}: {node['html'][:160]} {node['failureSummary']}"
        for one in result["violations"]
        for node in one["nodes"]
    ]
