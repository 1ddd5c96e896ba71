"""Contrast as it is on the screen: the colour of the words against every pixel that lies behind them."""

import io
from typing import Any

import numpy as np
from conftest import Shop
from PIL import Image

TEXT = 4.5
LARGE = 3.0  # WCAG 2.2: from 24 px, or 18.66 px in bold

# Each visible run of words in the frame: its box on the page, its colour as the browser computes it, its size.
RUNS = """() => {
  const clip = (document.querySelector("[role=log]") ?? document.body).getBoundingClientRect();
  const canvas = new OffscreenCanvas(1, 1).getContext("2d", {willReadFrequently: true});
  const rgba = (color) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = color;
    canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  };
  const faded = (it) => it ? Number(getComputedStyle(it).opacity) * faded(it.parentElement) : 1;
  const runs = [];
  const note = (it, box, text, color) => {
    const log = it.closest("[role=log]");
    const seen = it.checkVisibility({visibilityProperty: true}) && getComputedStyle(it).clipPath === "none";
    if (!box.width || !seen) return;
    if (log && (box.top < clip.top + 16 || box.bottom > clip.bottom || box.left < 0 || box.right > innerWidth)) return;
    const middle = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
    if (it.disabled || it.ariaDisabled === "true" || !middle || !(it.contains(middle) || middle.contains(it))) return;
    const style = getComputedStyle(it);
    const size = Number.parseFloat(style.fontSize);
    const large = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
    runs.push({text, box: [box.x, box.y, box.right, box.bottom], color: rgba(color), faded: faded(it), large});
  };
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const text = walk.currentNode.data.trim();
    if (!text) continue;
    const range = document.createRange();
    range.selectNodeContents(walk.currentNode);
    const it = walk.currentNode.parentElement;
    for (const box of range.getClientRects()) note(it, box, text.slice(0, 60), getComputedStyle(it).color);
  }
  for (const it of document.querySelectorAll("input, textarea")) {
    const color = getComputedStyle(it, it.value ? null : "::placeholder").color;
    if (it.value || it.placeholder) note(it, it.getBoundingClientRect(), it.value || it.placeholder, color);
  }
  return runs;
}"""
WORDLESS = """() => {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(`*, ::placeholder { color: transparent !important; text-decoration-color: transparent !important; }
    svg, ::marker { visibility: hidden !important; color: transparent !important }
    * { transition: none !important; caret-color: transparent !important }`);
  document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
}"""
WORDED = "() => { document.adoptedStyleSheets = document.adoptedStyleSheets.slice(0, -1) }"


async def unreadable(shop: Shop) -> list[str]:
    """Words in the frame, as far as it is scrolled into sight, whose contrast is too low anywhere in their box."""
    frame = next(frame for frame in shop.page.frames if "/frame" in frame.url)
    runs: list[dict[str, Any]] = await frame.evaluate(RUNS)
    await frame.evaluate(WORDLESS)
    picture = await shop.page.locator("aisle-chat iframe").screenshot()
    await frame.evaluate(WORDED)
    behind = np.asarray(Image.open(io.BytesIO(picture)).convert("RGB"), dtype=np.float64)
    found = []
    for run in runs:
        reached = contrast_of(run, behind)
        if reached is not None and reached < (LARGE if run["large"] else TEXT) - 0.02:
            found.append(f"{run['text']!r} {run['color'][:3]} {reached:.2f}")
    return found


def contrast_of(run: dict[str, Any], behind: np.ndarray[Any, Any]) -> float | None:
    """The contrast that 98 % of the pixels behind the words reach; None when none are in the picture."""
    left, top, right, bottom = (max(0, round(edge)) for edge in run["box"])
    pixels = behind[top:bottom, left:right].reshape(-1, 3)
    if not len(pixels):
        return None
    share = run["color"][3] / 255 * run["faded"]
    words = np.asarray(run["color"][:3]) * share + pixels * (1 - share)
    one, other = luminance(words), luminance(pixels)
    ratios = (np.maximum(one, other) + 0.05) / (np.minimum(one, other) + 0.05)
    return float(np.quantile(ratios, 0.02))


def luminance(colors: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Relative luminance (WCAG 2.2) of rows of sRGB 0..255."""
    share = colors / 255
    linear = np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)
    weighted: np.ndarray[Any, Any] = linear @ np.asarray([0.2126, 0.7152, 0.0722])
    return weighted
