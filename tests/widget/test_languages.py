"""The chat speaks twelve languages to the end, and each of them fits a small screen."""

import pytest
from conftest import Shop
from journey import Walk
from playwright.async_api import Frame
from spoken import LANGUAGES, pattern_of, texts_of, words_of

from tests.sampling import sampled

ENGLISH = words_of("en")
SMALL = {"width": 320, "height": 640}
ZOOMED = {"width": 640, "height": 400}  # what is left of 1280 x 800 at 200 %
SHOP_SAYS = {"Delivered", "Talk to a person"}  # the stand-in's own English, as a shop would speak its own language

TEXTS = """() => {
  const found = new Set();
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) found.add(walk.currentNode.data.trim());
  for (const it of document.querySelectorAll("*"))
    for (const name of ["aria-label", "placeholder", "title", "alt", "aria-description", "aria-roledescription"])
      found.add((it.getAttribute(name) ?? "").trim());
  return [...found].filter(Boolean);
}"""
# What is drawn outside the screen and cannot be scrolled to, and words that run out of their own box.
OVERFLOWING = """() => {
  const found = new Set();
  const scrolls = (it) => it && ((["auto", "scroll"].includes(getComputedStyle(it).overflowX)
    && it.scrollWidth > it.clientWidth && !it.matches("[role=log]")) || scrolls(it.parentElement));
  const unseen = (it) => it && (getComputedStyle(it).clipPath !== "none" || unseen(it.parentElement));
  for (const it of document.body.querySelectorAll("*")) {
    const box = it.getBoundingClientRect();
    if (!box.width || it.closest("svg") || unseen(it)) continue;
    if ((box.left < -1 || box.right > innerWidth + 1) && !scrolls(it.parentElement))
      found.add("outside: " + it.outerHTML.slice(0, 160));
    if (getComputedStyle(it).textOverflow === "ellipsis") continue;
    for (const text of it.childNodes) {
      if (text.nodeType !== Node.TEXT_NODE || !text.data.trim()) continue;
      const range = document.createRange();
      range.selectNodeContents(text);
      for (const line of range.getClientRects())
        if (line.left < box.left - 1 || line.right > box.right + 1) found.add("cut: " + it.outerHTML.slice(0, 160));
    }
  }
  return [...found];
}"""


@pytest.mark.parametrize("shop", [SMALL], indirect=True)
@pytest.mark.parametrize("language", sampled(LANGUAGES, ("ar",)))
async def test_every_state_is_in_the_pages_language_and_fits(shop: Shop, language: str) -> None:
    await shop.page.emulate_media(reduced_motion="reduce")
    wrong: dict[str, str] = {}
    async for state in Walk(shop, language).states():
        if state == "closed":
            continue
        frame = frame_of(shop)
        for text in [*untranslated(await frame.evaluate(TEXTS), language), *await frame.evaluate(OVERFLOWING)]:
            wrong.setdefault(text, state)
        await shop.page.set_viewport_size(ZOOMED)
        for text in await frame.evaluate(OVERFLOWING):
            wrong.setdefault(text, f"{state}, 200 %")
        await shop.page.set_viewport_size(SMALL)
    assert wrong == {}
    assert await frame_of(shop).evaluate("[document.documentElement.lang, document.documentElement.dir]") == [
        language,
        words_of(language)["direction"],
    ]


def frame_of(shop: Shop) -> Frame:
    """The chat's own document."""
    return next(frame for frame in shop.page.frames if "/frame" in frame.url)


def untranslated(texts: list[str], language: str) -> list[str]:
    """Those that are English phrases and none of the language's own."""
    english = [pattern_of(text) for text in texts_of(ENGLISH)]
    own = [pattern_of(text) for text in texts_of(words_of(language))]
    return [
        text
        for text in texts
        if text not in SHOP_SAYS
        and any(phrase.fullmatch(text) for phrase in english)
        and not any(phrase.fullmatch(text) for phrase in own)
    ]
