"""Whatever the chat is made to say, in whatever place: it stays text, asks nobody, leads nowhere and keeps moving."""

import re
import time
from collections.abc import AsyncIterator
from itertools import zip_longest
from typing import Any
from urllib.parse import urlsplit

import pytest
from attacks import ADDRESSES, TEXTS
from conftest import Shop
from journey import Walk
from playwright.async_api import Frame, expect

from tests.sampling import sampled

Event = dict[str, Any]
HERE = {"127.0.0.1", "localhost"}
TOGETHER = 12
PATIENCE_S = 15.0
"""What takes longer hangs: a pattern that backtracks over the longest text takes minutes, on any machine."""

# Elements that the chat itself makes; anything else on the screen came out of somebody's words.
OUR_ELEMENTS = set(
    re.findall(
        r"\w+",
        """main header section article aside div span p b i s small strong em code pre br ul ol li h1 h2 h3 h4 time bdi
        table caption thead tbody tr th td a button form fieldset legend label input textarea select option
        svg path circle rect line polyline g dialog img figure figcaption nav footer""",
    )
)
LOOK = """() => {
  const LEADING = ["href", "src", "action", "formaction", "srcset", "poster"];
  const all = [...document.querySelector("#app").querySelectorAll("*")];
  return {
    elements: [...new Set(all.map((it) => it.localName))],
    handlers: all.flatMap((it) => it.getAttributeNames().filter((name) => name.startsWith("on"))),
    styled: all.filter((it) => /url\\(/.test(it.getAttribute("style") ?? "")).map((it) => it.outerHTML.slice(0, 200)),
    addresses: all.flatMap((it) => LEADING.flatMap((name) => it.getAttribute(name) ?? [])),
    touched: "pwned" in window || "polluted" in {} || Object.keys(Object.prototype).length > 0,
    slow: Math.max(0, ...window.slow),
    width: document.querySelector("[role=log]").scrollWidth - document.querySelector("[role=log]").clientWidth,
  };
}"""
WATCH = """() => {
  window.slow = [];
  new PerformanceObserver((list) => list.getEntries().forEach((one) => slow.push(one.duration)))
    .observe({type: "longtask"});
}"""


@pytest.fixture
async def besieged(shop: Shop) -> AsyncIterator[Shop]:
    """An open chat; afterwards nobody else was asked for anything."""
    asked: list[str] = []
    shop.page.on("request", lambda request: asked.append(request.url))
    shop.page.set_default_timeout(40_000)
    yield shop
    assert await shop.page.evaluate("!('pwned' in window) && Object.keys(Object.prototype).length === 0")
    foreign = [
        url for url in asked if urlsplit(url).scheme not in ("blob", "data") and urlsplit(url).hostname not in HERE
    ]
    assert foreign == []


@pytest.mark.parametrize("every", sampled([1, 20], [20]))
async def test_no_words_in_an_answer_become_more_than_words(besieged: Shop, every: int) -> None:
    await (await besieged.visit()).open()
    walk = Walk(besieged)
    frame = frame_of(besieged)
    await frame.evaluate(WATCH)
    pairs = list(zip_longest(TEXTS, ADDRESSES, fillvalue="javascript:alert(1)"))[::every]
    for start in range(0, len(pairs), TOGETHER):
        attacks = pairs[start : start + TOGETHER]
        if start % (3 * TOGETHER) == 2 * TOGETHER:
            await walk.choose("start_over")
            await besieged.chat.get_by_role("article").first.wait_for(state="detached")
        events = [event for text, address in attacks for event in everywhere(text, address)]
        await besieged.control(say=[*events, finish(*attacks[0])])
        await walk.ask("go")
        assert await harm_in(frame) == {}, attacks
    await walk.button("menu").click()
    await besieged.chat.get_by_role("menu").wait_for()
    await besieged.page.keyboard.press("Escape")


async def test_what_was_said_is_as_harmless_when_it_is_told_again(besieged: Shop) -> None:
    await (await besieged.visit()).open()
    pairs = zip(TEXTS[::8], ADDRESSES[::4], strict=False)
    events = [event for text, address in pairs for event in everywhere(text, address)]
    await besieged.control(say=[*events, finish("<img src=x onerror=alert(1)>", "javascript:alert(1)")])
    await Walk(besieged).ask("<script>window.pwned=1</script>")
    await besieged.page.reload()
    await besieged.page.wait_for_function("window.Aisle")
    await besieged.page.evaluate("Aisle.open()")
    await besieged.chat.get_by_role("article").nth(1).wait_for()
    frame = frame_of(besieged)
    await frame.evaluate(WATCH)
    assert await harm_in(frame) == {}


@pytest.mark.parametrize("every", sampled([4, 20], [20]))
async def test_a_session_says_nothing_but_words(besieged: Shop, every: int) -> None:
    for text, address in zip_longest(TEXTS[::every], ADDRESSES[::every], fillvalue="javascript:alert(1)"):
        look = {"name": text, "avatar_url": address, "logo_url": address, "accent": text, "font": text, "theme": text}
        await besieged.control(session={"greeting": text, "suggestions": [text, text], "appearance": look})
        await besieged.page.goto(f"http://127.0.0.1:{besieged.port}/pages/plain")
        await besieged.page.wait_for_function("window.Aisle")
        await besieged.page.evaluate("Aisle.open()")
        await besieged.chat.get_by_label("Your message").wait_for()
        await besieged.chat.locator("main[aria-busy=false]").wait_for()
        frame = frame_of(besieged)
        await frame.evaluate(WATCH)
        assert await harm_in(frame) == {}, (text, address)
        await besieged.page.evaluate("sessionStorage.clear()")


SHADOW = """() => {
  const all = [...document.querySelector("aisle-chat").shadowRoot.querySelectorAll("*")];
  return {
    elements: [...new Set(all.map((it) => it.localName))],
    handlers: all.flatMap((it) => it.getAttributeNames().filter((name) => name.startsWith("on"))),
    addresses: all.flatMap((it) => ["href", "src", "srcset"].flatMap((name) => it.getAttribute(name) ?? [])),
  };
}"""


@pytest.mark.parametrize("every", sampled([4, 20], [20]))
async def test_a_merchants_words_on_the_page_stay_words(besieged: Shop, every: int) -> None:
    # an https address would be their own
    addresses = [address for address in ADDRESSES[::every] if not address.startswith("https:")]
    for text, address in zip_longest(TEXTS[:: 2 * every], addresses, fillvalue="javascript:alert(1)"):
        nudge = {"match": "*", "text": text, "after_s": 0}
        rule = {"match": "*", "position": text, "greeting": text, "suggestions": [text]}
        look = {"label": text, "icon_url": address, "accent": text, "icon": text, "shape": "pill", "theme": text}
        await besieged.control(launcher={**look, "rules": [rule], "nudges": [nudge], "quiet": {"max_per_page_load": 3}})
        await besieged.page.goto(f"http://127.0.0.1:{besieged.port}/pages/plain")
        await besieged.page.wait_for_function(
            "document.querySelector('aisle-chat')?.shadowRoot?.querySelector('button')"
        )
        await besieged.page.locator("aisle-chat .nudge button").first.wait_for(state="attached")
        seen: dict[str, list[str]] = await besieged.page.evaluate(SHADOW)
        assert set(seen["elements"]) <= OUR_ELEMENTS | {"iframe", "style"}, text
        assert seen["handlers"] == []
        assert [one for one in seen["addresses"] if not is_ours(one)] == [], (text, address)
        await besieged.page.evaluate("sessionStorage.clear()")


PIECES = ["words and words ", "[", "**a", "W", "\n", "| a ", "https://a.example/ ", "<b>"]


@pytest.mark.parametrize("piece", sampled(PIECES, ("[", "| a ")))
async def test_a_megabyte_does_not_stop_the_page(besieged: Shop, piece: str) -> None:
    await (await besieged.visit()).open()
    walk = Walk(besieged)
    frame = frame_of(besieged)
    await frame.evaluate(WATCH)
    megabyte = piece * (1_000_000 // len(piece))
    await besieged.control(say=[*said(megabyte), finish("a", "b")])
    await walk.write("go")
    began = time.monotonic()
    await besieged.page.evaluate("() => new Promise((done) => requestAnimationFrame(() => setTimeout(done)))")
    assert time.monotonic() - began < PATIENCE_S, "the shop's page waits for the chat"
    await walk.button("send").wait_for()
    await expect(walk.field("message")).to_be_editable()
    assert await harm_in(frame) == {}


def said(text: str, part: str = "t") -> list[Event]:
    """A text part."""
    return [
        {"type": "text-start", "id": part},
        {"type": "text-delta", "id": part, "delta": text},
        {"type": "text-end", "id": part},
    ]


def everywhere(text: str, address: str) -> list[Event]:
    """The text in every place for words of a stream, the address in every place for addresses."""
    money = {"amount": 100, "currency": text}
    tracking = {"carrier": text, "number": text, "url": address}
    variant = {"id": text, "title": text, "sku": text, "price": money, "available": True}
    product = {
        "id": text,
        "title": text,
        "url": address,
        "image_url": address,
        "price": money,
        "compare_at_price": money,
        "available": True,
        "variants": [variant, variant],
        "fetched_at": text,
    }
    item = {"title": text, "variant": text, "quantity": text, "refunded_quantity": 1, "available_from": text}
    order = {
        "number": text,
        "status": text,
        "status_text": text,
        "placed_on": text,
        "estimated_delivery": text,
        "items": [item],
        "tracking": [tracking],
        "shipments": [
            {"status": text, "status_text": text, "items": [item], "tracking": [tracking], "delivered_on": text}
        ],
        "ship_to": {"city": text, "postcode_end": text},
        "refunds": [{"refunded_on": text, "amount": money}],
        "total": money,
        "other_orders": [{"number": text, "status": text, "status_text": text, "placed_on": text}],
    }
    contact = {"email": text, "phone": text, "url": address}
    return [
        {"type": "data-status", "data": {"text": text}, "transient": True},
        *said(text, text),
        {"type": "data-products", "data": {"products": [product, product]}},
        {"type": "data-products", "data": {"products": [product]}},
        {"type": "data-order", "data": {"order": order}},
        {"type": "data-verification", "data": {"order_number": text, "methods": ["email", text]}},
        {"type": "data-handoff", "data": {"state": "joined", "staff": {"name": text}, "opens_at": text}},
        {"type": "data-handoff", "data": {"state": text, "staff": text}},
        {"type": "data-handoff", "data": {"state": "ended", "staff": text}},
        {"type": "data-fallback", "data": {"reason": text, "contact": contact}},
        {"type": "source-url", "sourceId": text, "url": address, "title": text},
        {"type": "source-document", "sourceId": f"{text} ", "mediaType": text, "title": text, "filename": text},
        {"type": "data-suggestions", "data": {"suggestions": [text]}},
        {"type": "tool-input-available", "toolCallId": text, "toolName": text, "input": {text: text}},
        {"type": "tool-output-available", "toolCallId": text, "output": text},
        {"type": "file", "mediaType": text, "url": address},
        {"type": text, "data": text},
    ]


def finish(text: str, address: str) -> Event:
    """The end of an answer by somebody of that name."""
    source = {"id": text, "kind": text, "title": text, "url": address, "fetched_at": text}
    metadata = {
        "answered_by": "staff",
        "staff": {"name": text},
        "sources": [source],
        "receipts": [],
        "confidence": text,
    }
    return {"type": "finish", "messageMetadata": metadata}


def frame_of(shop: Shop) -> Frame:
    """The chat's own document."""
    return shop.frame


async def harm_in(frame: Frame) -> dict[str, object]:
    """What should not be on the screen, by kind; "slow" is the longest task in ms where it took all patience."""
    seen: dict[str, Any] = await frame.evaluate(LOOK)
    harm = {
        "elements": sorted(set(seen["elements"]) - OUR_ELEMENTS),
        "handlers": seen["handlers"],
        "styled": seen["styled"],
        "addresses": [address for address in seen["addresses"] if not is_ours(address)],
        "touched": seen["touched"],
        "slow": seen["slow"] if seen["slow"] > PATIENCE_S * 1000 else 0,
        "wide": seen["width"] if seen["width"] > 1 else 0,
    }
    return {kind: found for kind, found in harm.items() if found}


def is_ours(address: str) -> bool:
    """An address on one of our two origins, or one that opens mail or the telephone."""
    url = urlsplit(address)
    return url.scheme in ("mailto", "tel", "blob") or (
        url.scheme in ("http", "") and (url.hostname or "localhost") in HERE
    )
