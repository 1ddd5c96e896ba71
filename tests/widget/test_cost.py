"""What the widget costs the page it is on, without a clock; the times are in tests/bench/widget_bench.py."""

from typing import Any
from urllib.parse import urlsplit

from conftest import Shop

LONG_TASK_MS = 50
IDLE_MS = 1_500

# Set up before anything of the page runs.
OBSERVE = """
  window.cost = {shift: 0, long: [], keys: []};
  const observe = (type, note) =>
    new PerformanceObserver((list) => list.getEntries().forEach(note)).observe({type, buffered: true});
  observe("layout-shift", (entry) => { cost.shift += entry.value; });
  observe("longtask", (entry) => { cost.long.push(entry.duration); });
  addEventListener("DOMContentLoaded", () => { cost.keys = Object.keys(window); });
"""
SPENT = """async () => {
  const databases = await indexedDB.databases();
  const caches = await window.caches?.keys() ?? [];
  return {
    ...cost,
    stored: [localStorage, sessionStorage].flatMap(Object.keys).concat(databases.map((one) => one.name), caches),
    cookies: document.cookie,
    globals: Object.keys(window).filter((name) => !cost.keys.includes(name) && name !== "cost"),
    frames: window.length,
    workers: (await navigator.serviceWorker?.getRegistrations() ?? []).length,
  };
}"""


async def test_a_page_pays_almost_nothing_before_anybody_shows_interest(shop: Shop) -> None:
    asked: list[str] = []
    shop.page.on("request", lambda request: asked.append(request.url))
    await shop.page.add_init_script(OBSERVE)
    await shop.visit()
    await shop.page.mouse.move(200, 200)
    await shop.page.mouse.wheel(0, 400)
    await shop.page.wait_for_timeout(IDLE_MS)
    spent: dict[str, Any] = await shop.page.evaluate(SPENT)
    ours = [urlsplit(url) for url in asked if urlsplit(url).hostname == "localhost"]
    pages = [url.path for url in ours if not url.path.startswith("/assets/")]
    assert sorted(set(pages) - {"/widget.js"}) in ([], ["/v1/launcher"])
    assert len(pages) == len(set(pages)), "each is asked for once"
    assert spent["shift"] == 0
    assert [took for took in spent["long"] if took > LONG_TASK_MS * 4] == []
    assert spent["stored"] == []
    assert spent["cookies"] == ""
    assert await shop.page.context.cookies() == []
    assert spent["globals"] == ["Aisle"]
    assert spent["frames"] == 0
    assert spent["workers"] == 0


async def test_opening_and_closing_moves_nothing_on_the_page(shop: Shop) -> None:
    await shop.page.add_init_script(OBSERVE)
    await (await shop.visit()).open()
    await shop.ask("Show me warm jackets")
    await shop.chat.get_by_role("button", name="Close chat").click()
    spent: dict[str, Any] = await shop.page.evaluate(SPENT)
    assert spent["shift"] == 0
    assert spent["cookies"] == ""


async def test_the_chat_itself_does_not_jump_while_it_loads(shop: Shop) -> None:
    await shop.page.add_init_script(OBSERVE)
    await (await shop.visit()).open()
    frame = next(frame for frame in shop.page.frames if "/frame" in frame.url)
    assert await frame.evaluate("() => cost.shift") < 0.1
