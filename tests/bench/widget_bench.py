"""What the widget costs a page before anybody shows interest in it, measured with Chromium's own tracing.

    python -m tests.bench.widget_bench [--runs 7] [--page plain] [--slowdown 1 4]

Needs the browser that `.ci/browser` finds. Prints the method, then a line for each slowdown of the processor.
"""

import argparse
import asyncio
import contextlib
import socket
import statistics
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from msgspec import Struct
from playwright.async_api import Browser, CDPSession, Route, async_playwright

ROOT = Path(__file__).parents[2]
METHOD = """\
Method. The page is loaded {runs} times with the widget and as often without (the request for widget.js is refused), in
turns, each time in a fresh browser context, 1280 x 800, cache empty, from this machine. The trace runs from before the
navigation until 2 s after "load", without any input. "script" is the time in which the main thread runs or compiles
code from the widget's own files (EvaluateScript, v8.compile*, FunctionCall, nested ones once); "main thread" is the sum
of the renderer's tasks, with less without; the least of the runs counts, the median stands beside it. "long" are tasks
over 50 ms with the widget. The shift is the browser's own sum (CLS). x4 slows the processor down as Lighthouse does."""
CATEGORIES = "toplevel,devtools.timeline,disabled-by-default-devtools.timeline,v8,v8.execute"
SCRIPT = {"EvaluateScript", "v8.compile", "v8.compileModule", "v8.evaluateModule", "FunctionCall"}
TASKS = {"RunTask", "ThreadControllerImpl::RunTask"}
LONG_MS = 50
SETTLED_MS = 2_000
SHIFTS = """() => new Promise((done) => {
  let sum = 0;
  new PerformanceObserver((list) => { for (const one of list.getEntries()) sum += one.value; })
    .observe({type: "layout-shift", buffered: true});
  setTimeout(() => done(sum), 50);
})"""


class Cost(Struct, frozen=True):
    """One load of the page; milliseconds, but for the heap in bytes and the shift (CLS)."""

    script_ms: float
    main_ms: float
    long: int
    shift: float
    heap: float
    requests: int


def cost_of(trace: list[dict[str, Any]], base: str, shift: float, heap: float, requests: int) -> Cost:
    """Adds a trace up; the renderer is the process that ran something of the page."""
    page = next(event["pid"] for event in trace if event["name"] == "firstPaint" or event["name"] == "ParseHTML")
    ours = [event for event in trace if event["name"] in SCRIPT and base in str(event.get("args", {}).get("data", {}))]
    mains = {event["tid"] for event in trace if event["name"] == "ParseHTML" and event["pid"] == page}
    tasks = [
        event["dur"] / 1000
        for event in trace
        if event["name"] in TASKS and event.get("ph") == "X" and event["pid"] == page and event["tid"] in mains
    ]
    long = sum(took > LONG_MS for took in tasks)
    return Cost(covered(ours) / 1000, sum(tasks), long, shift, heap, requests)


def covered(events: list[dict[str, Any]]) -> float:
    """Microseconds in which at least one of these events ran."""
    total, end = 0.0, 0.0
    for event in sorted((one for one in events if one.get("ph") == "X"), key=lambda one: float(one["ts"])):
        start, stop = float(event["ts"]), float(event["ts"]) + float(event.get("dur", 0))
        total += max(0.0, stop - max(start, end))
        end = max(end, stop)
    return total


async def load(browser: Browser, url: str, slowdown: float, *, widget: bool) -> Cost:
    """One load of the page in a context of its own."""
    context = await browser.new_context(viewport={"width": 1280, "height": 800})
    page = await context.new_page()
    base = url.replace("127.0.0.1", "localhost").split("/pages/")[0]
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    if not widget:
        await page.route(f"{base}/**", refuse)
    devtools = await context.new_cdp_session(page)
    await devtools.send("Emulation.setCPUThrottlingRate", {"rate": slowdown})
    tracing = await browser.new_browser_cdp_session()
    trace = await started(tracing)
    await page.goto(url, wait_until="load")
    await page.wait_for_timeout(SETTLED_MS)
    await stopped(tracing)
    shift = float(await page.evaluate(SHIFTS))
    await devtools.send("HeapProfiler.collectGarbage")
    heap = float((await devtools.send("Runtime.getHeapUsage"))["usedSize"])
    await context.close()
    return cost_of(trace, base, shift, heap, len([one for one in asked if one.startswith(base)]))


async def refuse(route: Route) -> None:
    """The page without the widget."""
    await route.abort()


async def started(tracing: CDPSession) -> list[dict[str, Any]]:
    """The list that the trace's events will be added to."""
    trace: list[dict[str, Any]] = []
    tracing.on("Tracing.dataCollected", lambda chunk: trace.extend(chunk["value"]))
    await tracing.send("Tracing.start", {"categories": CATEGORIES, "transferMode": "ReportEvents"})
    return trace


async def stopped(tracing: CDPSession) -> None:
    """Ends the trace and waits until all of it has come."""
    complete = asyncio.get_running_loop().create_future()
    tracing.once("Tracing.tracingComplete", lambda _: complete.set_result(None))
    await tracing.send("Tracing.end")
    await complete


async def measure(browser: Browser, url: str, slowdown: float, runs: int) -> str:
    """The line of one slowdown."""
    with_it, without = [], []
    for _ in range(runs):
        without.append(await load(browser, url, slowdown, widget=False))
        with_it.append(await load(browser, url, slowdown, widget=True))
    script = [cost.script_ms for cost in with_it]
    main = min(cost.main_ms for cost in with_it) - min(cost.main_ms for cost in without)
    middle = statistics.median(cost.main_ms for cost in with_it) - statistics.median(cost.main_ms for cost in without)
    heap = min(cost.heap for cost in with_it) - min(cost.heap for cost in without)
    long = min(cost.long for cost in with_it) - min(cost.long for cost in without)
    return (
        f"{f'x{slowdown:g}':<10}{f'{min(script):.1f} / {statistics.median(script):.1f}':>16}"
        f"{f'{main:+.1f} / {middle:+.1f}':>22}{long:>8}"
        f"{max(cost.shift for cost in with_it):>8.3f}{heap / 1024:>10.0f}{with_it[0].requests:>10}"
    )


async def bench(base: str, chromium: str, page: str, runs: int, slowdowns: list[float]) -> None:
    """Prints the table for a page of a stand-in that listens at `base`."""
    print(METHOD.format(runs=runs), end="\n\n")
    counted = f"{'long':>8}{'shift':>8}{'heap KiB':>10}{'requests':>10}"
    print(f"{'processor':<10}{'script ms':>16}{'main thread ms':>22}{counted}")
    print(f"{'':<10}{'least / median':>16}{'least / median':>22}")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for slowdown in slowdowns:
            print(await measure(browser, f"{base}/pages/{page}", slowdown, runs), flush=True)
        await browser.close()


@contextlib.contextmanager
def standin() -> Iterator[str]:
    """The address of a stand-in that serves the widget and the pages it is on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    command = [sys.executable, "-m", "tests.standins.chat_server", "--port", str(port)]
    server = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert server.stdout is not None
    for line in server.stdout:
        if "Running on" in line:
            break
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait()


def main() -> None:
    """Reads the options and measures."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--page", default="plain", help="a file of widget/test/pages")
    options.add_argument("--runs", type=int, default=7)
    options.add_argument("--slowdown", type=float, nargs="+", default=[1, 4])
    chosen = options.parse_args()
    chromium = subprocess.run([ROOT / ".ci" / "browser"], capture_output=True, text=True, check=True).stdout.strip()
    with standin() as base:
        asyncio.run(bench(base, chromium, chosen.page, chosen.runs, chosen.slowdown))


if __name__ == "__main__":
    main()
