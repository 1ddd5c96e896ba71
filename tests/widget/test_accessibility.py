"""The chat is for everybody: what axe says of every state, keyboard, screen reader, zoom, motion, targets, contrast."""

from typing import Any, Literal, TypedDict

import pytest
from axe import needs_axe, violations
from conftest import Shop
from contrast import unreadable
from journey import Walk
from playwright.async_api import expect

from tests.sampling import sampled

PHONE = {"width": 390, "height": 844}
DESKTOP = {"width": 1280, "height": 800}
SCREENS = pytest.mark.parametrize("shop", sampled([PHONE, DESKTOP], [PHONE]), indirect=True, ids=["phone", "desktop"])


class Media(TypedDict, total=False):
    """What the device asks for."""

    color_scheme: Literal["light", "dark"]
    forced_colors: Literal["active"]


LOOKS: dict[str, tuple[Media, str]] = {
    "light": ({"color_scheme": "light"}, "en"),
    "dark": ({"color_scheme": "dark"}, "en"),
    "right to left": ({"color_scheme": "light"}, "ar"),
    "forced colours": ({"forced_colors": "active"}, "en"),
}


@needs_axe
@SCREENS
@pytest.mark.parametrize("look", sampled(LOOKS, ("dark",)))
async def test_no_state_has_a_violation(shop: Shop, look: str) -> None:
    media, language = LOOKS[look]
    await shop.page.emulate_media(reduced_motion="reduce", **media)
    found = {}
    async for state in Walk(shop, language).states():
        found[state] = await violations(shop)
    assert {state: wrong for state, wrong in found.items() if wrong} == {}


async def test_a_keyboard_is_enough_and_shows_where_it_is(shop: Shop) -> None:
    await shop.visit()
    launcher = shop.page.locator("aisle-chat button")
    while not await launcher.evaluate("it => it.getRootNode().activeElement === it"):
        await shop.page.keyboard.press("Tab")
    steps = {"launcher": await shows_focus(shop)}
    await shop.page.keyboard.press("Enter")
    await expect(shop.chat.get_by_label("Your message")).to_be_focused()
    steps["field"] = await shows_focus(shop)
    await shop.page.keyboard.type("How long does shipping take?")
    await shop.page.keyboard.press("Enter")
    await shop.answered()
    helpful = shop.chat.get_by_role("button", name="Helpful", exact=True)
    for _ in range(30):
        await shop.page.keyboard.press("Shift+Tab")
        steps[await focused(shop)] = await shows_focus(shop)
        if await helpful.evaluate("it => it === document.activeElement"):
            break
    await shop.page.keyboard.press("Enter")
    await expect(shop.chat.get_by_text("Thanks for telling us.")).to_be_visible()
    rated = [call for call in await shop.calls() if str(call["path"]).endswith("/feedback")]
    assert rated[-1]["body"]["rating"] == "up"  # type: ignore[index]
    assert [step for step, shown in steps.items() if not shown] == []
    await shop.page.keyboard.press("Escape")
    await expect(launcher).to_have_attribute("aria-expanded", "false")
    assert await launcher.evaluate("it => it.getRootNode().activeElement === it")


async def focused(shop: Shop) -> str:
    """The accessible name, or what comes near it, of what has the focus in the frame."""
    name: str = await shop.chat.locator("body").evaluate(
        """() => {
          const it = document.activeElement;
          return it.ariaLabel || it.textContent.trim().slice(0, 60) || it.tagName;
        }"""
    )
    return name


async def shows_focus(shop: Shop) -> bool:
    """The screen looks different from one on which nothing has the focus; the caret is not counted, and a screenshot
    shows transitions at their end."""
    mark = """() => {
      const at = (root) => root.activeElement?.shadowRoot ? at(root.activeElement.shadowRoot) : root.activeElement;
      window.marked = at(document);
      window.marked?.blur();
    }"""
    frame = next((frame for frame in shop.page.frames if "/frame" in frame.url), None)
    inside = frame and await shop.page.evaluate(
        "document.querySelector('aisle-chat').shadowRoot.activeElement?.tagName === 'IFRAME'"
    )
    place = frame if inside and frame else shop.page.main_frame
    before = await shop.page.screenshot(animations="disabled")
    await place.evaluate(mark)
    after = await shop.page.screenshot(animations="disabled")
    await place.evaluate("window.marked?.focus({preventScroll: true})")
    return before != after


@pytest.mark.parametrize("shop", [PHONE], indirect=True)
async def test_on_a_phone_the_focus_stays_in_the_chat(shop: Shop) -> None:
    await (await shop.visit()).open()
    for key in ["Tab"] * 15 + ["Shift+Tab"] * 20:
        await shop.page.keyboard.press(key)
        at = await shop.page.evaluate("document.activeElement.tagName")
        assert at in ("AISLE-CHAT", "BODY"), "the page behind has the focus"
    await shop.page.keyboard.press("Tab")
    await shop.chat.get_by_role("button", name="Close chat").click()
    await expect(shop.page.locator("aisle-chat button")).to_be_focused()


LISTEN = """() => {
  window.heard = [];
  const live = "[aria-live=polite], [aria-live=assertive], [role=status], [role=alert]";
  const note = (node) => {
    const region = (node.nodeType === 1 ? node : node.parentElement)?.closest(live);
    const text = node.textContent.trim();
    if (region && text) window.heard.push(text);
  };
  new MutationObserver((changes) => changes.forEach((change) => {
    if (change.type === "characterData") note(change.target);
    change.addedNodes.forEach(note);
  })).observe(document.body, {subtree: true, childList: true, characterData: true});
}"""
HEARD = [
    "Reading our policies",
    "Orders leave within 1 working day [1].",
    "Then it takes:",
    "- Netherlands: 1 to 2 days",
    "- Rest of the EU: 3 to 5 days",
    "- Elsewhere: up to 10 days",
    "Shipping is free above €75 [2].",
    "More in our shipping policy.",
]
READ = """
- log "AI assistant":
  - heading "Hi! What are you looking for today?" [level=2]
  - article "You":
    - paragraph: How long does shipping take?
  - article "Assistant":
    - paragraph:
      - text: /Orders leave within/
      - strong: 1 working day
      - text: /\\./
      - button "Source 1": "1"
      - text: "Then it takes:"
    - list:
      - listitem: "Netherlands: 1 to 2 days"
      - listitem: "Rest of the EU: 3 to 5 days"
      - listitem: "Elsewhere: up to 10 days"
    - paragraph:
      - text: /Shipping is free above €75\\..?/
      - button "Source 2": "2"
      - text: More in our
      - link "shipping policy":
        - /url: https://fern.example/policies/shipping
      - text: .
    - group "Sources":
      - list:
        - listitem:
          - button "1 Shipping policy"
        - listitem:
          - button "2 Prices and free shipping"
    - button "Copy"
    - button "Helpful"
    - button "Not helpful"
    - button "Can I return it?"
    - button "Talk to a person"
"""


async def test_a_screen_reader_hears_whole_sentences_once_and_in_order(shop: Shop) -> None:
    await (await shop.visit()).open()
    await shop.chat.locator("body").evaluate(LISTEN)
    await shop.ask("How long does shipping take?")
    heard: list[str] = await shop.chat.locator("body").evaluate("() => window.heard")
    assert [line.strip() for text in heard for line in text.split("\n") if line.strip()] == HEARD
    await expect(shop.chat.get_by_role("log")).to_match_aria_snapshot(READ)


TARGETS = """(least) => {
  const small = [];
  const top = document.querySelector("dialog[open]") ?? document;
  const targets = "a, button, input, textarea, select, summary, [role=menuitem], [tabindex='0']";
  for (const it of top.querySelectorAll(targets)) {
    const box = it.getBoundingClientRect();
    const inText = it.tagName === "A" && getComputedStyle(it).display === "inline";
    it.scrollIntoView({block: "center", inline: "center"});
    const seen = it.getBoundingClientRect();
    const hidden = !box.width || !it.checkVisibility({visibilityProperty: true});
    if (hidden || inText || it.matches("[role=log], .table, .row, pre")) continue;
    const [x, y, reach] = [seen.x + seen.width / 2, seen.y + seen.height / 2, least / 2 - 0.6];
    const ours = ([dx, dy]) => {
      const hit = document.elementFromPoint(x + dx * reach, y + dy * reach);
      return hit && (it === hit || it.contains(hit) || hit.closest("label")?.control === it);
    };
    if (![[1, 0], [-1, 0], [0, 1], [0, -1]].every(ours))
      small.push(`${it.ariaLabel || it.textContent.trim() || it.tagName}: ${seen.width} x ${seen.height}`);
  }
  return small;
}"""


MOVING = """() => [document, ...[...document.querySelectorAll("*")].flatMap((it) => it.shadowRoot ?? [])]
  .flatMap((root) => root.getAnimations()).filter((it) => it.playState === "running")
  .map((it) => it.animationName + it.transitionProperty + it.effect?.target?.outerHTML?.slice(0, 80))"""


@SCREENS
async def test_every_target_is_large_enough_and_nothing_moves_for_those_who_want_it_still(shop: Shop) -> None:
    await shop.page.emulate_media(reduced_motion="reduce")
    found: dict[str, list[str]] = {}
    running: list[Any] = []
    async for state in Walk(shop).states():
        for frame in shop.page.frames:
            running += [(state, one) for one in await frame.evaluate(MOVING)]
        if state != "closed":
            found[state] = await shop.chat.locator("body").evaluate(f"() => ({TARGETS})(24)")
    assert {state: small for state, small in found.items() if small} == {}
    assert running == []


@pytest.mark.parametrize("shop", [PHONE], indirect=True)
async def test_main_controls_are_a_thumb_wide_on_phones(shop: Shop) -> None:
    await shop.visit()
    launcher = await shop.page.locator("aisle-chat button").bounding_box()
    assert launcher is not None
    assert min(launcher["width"], launcher["height"]) >= 44
    await shop.open()
    await shop.chat.get_by_label("Your message").fill("hello")
    small: list[str] = await shop.chat.locator("body").evaluate(f"() => ({TARGETS})(44)")
    assert small == []


Scheme = Literal["light", "dark"]
BRANDS = {"yellow": "#ffe600", "white": "#ffffff", "black": "#000000", "mid grey": "#808080", "neon": "#39ff14"}


@pytest.mark.parametrize(
    ("brand", "schemes"),
    [
        ("yellow", ("light",)),
        *(pytest.param(brand, ("light", "dark"), marks=pytest.mark.exhaustive) for brand in BRANDS),
    ],
)
async def test_all_words_are_readable_in_any_brand_colour(shop: Shop, brand: str, schemes: tuple[Scheme, ...]) -> None:
    await shop.page.emulate_media(reduced_motion="reduce")
    found: dict[str, list[str]] = {}
    async for state in Walk(shop, look={"accent": BRANDS[brand]}).states():
        for scheme in schemes if state != "closed" else ():
            await shop.page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            root = shop.chat.locator("html")
            await expect(root).to_have_css("color-scheme", scheme)
            found[f"{state}, {scheme}"] = await unreadable(shop)
    assert {state: texts for state, texts in found.items() if texts} == {}
