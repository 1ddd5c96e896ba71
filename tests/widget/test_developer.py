"""`window.Aisle`, its events, consent and the cart; the client without a face; an address of the shop's own."""

import json
import pathlib
import re
import shutil
import subprocess

import pytest
from conftest import Shop
from playwright.async_api import expect
from steps import GREETING, converses, says

ROOT = pathlib.Path(__file__).parents[2]
CDN = ROOT / "cdn"
LINE = "{type: 'add_to_cart', ref: 'r1', product_id: '7', variant_id: null, quantity: 2}"


async def heard(shop: Shop) -> list[str]:
    """The lines of the developers' page."""
    return await shop.page.locator("#heard li").all_inner_texts()


async def test_the_page_hears_what_happens_and_never_what_was_said(shop: Shop) -> None:
    await shop.visit("developer")
    await shop.page.get_by_role("button", name="Ask about this product").click()
    await shop.chat.get_by_role("heading", name=GREETING).wait_for()
    await shop.ask("hello, I am Ada")
    await shop.page.evaluate("Aisle.toggle()")
    lines = await heard(shop)
    assert [line.split()[0] for line in lines] == ["opened", "ready", "message", "answer", "closed"]
    assert "Ada" not in str(lines)
    calls = await shop.calls()
    session = next(call["body"] for call in reversed(calls) if call["path"] == "/v1/sessions")
    assert session["customer"]["id"] == "42"  # type: ignore[index]
    asked = next(call["body"] for call in reversed(calls) if call["path"] == "/v1/chat")
    assert asked["context"]["product_id"] == "p1"  # type: ignore[index]


async def test_the_page_puts_things_into_the_cart_and_says_how_it_went(shop: Shop) -> None:
    await (await shop.visit("developer")).open()
    frame = shop.frame
    await frame.evaluate("window.told = []; addEventListener('message', ({data}) => told.push(data))")
    await says(shop, LINE)
    await expect(shop.page.locator("#cart")).to_have_text("2")
    await says(shop, LINE.replace("'7'", "'sold-out'").replace("r1", "r2"))
    await frame.wait_for_function("told.filter(({type}) => type === 'cart_result').length === 2")
    results = await frame.evaluate("told.filter(({type}) => type === 'cart_result')")
    assert [(result["ref"], result["ok"]) for result in results] == [("r1", True), ("r2", False)]
    assert [line for line in await heard(shop) if line.startswith("cart")] == [
        'cart {"product_id":"7","variant_id":null,"quantity":2}'
    ]


async def test_a_failing_listener_harms_nobody_and_its_words_reach_the_shopper(shop: Shop) -> None:
    await (await shop.visit()).open()
    await shop.page.evaluate(
        """Aisle.on("closed", () => { throw new Error("theirs"); });
        window.closings = 0; Aisle.on("closed", () => closings++);
        Aisle.on("add_to_cart", () => { throw new Error("Only three left"); })"""
    )
    frame = shop.frame
    await frame.evaluate("window.told = []; addEventListener('message', ({data}) => told.push(data))")
    await says(shop, LINE)
    await frame.wait_for_function("told.some(({type}) => type === 'cart_result')")
    assert await frame.evaluate("told.find(({type}) => type === 'cart_result').message") == "Only three left"
    await shop.page.evaluate("Aisle.close()")
    assert await shop.page.evaluate("closings") == 1
    shop.complaints.remove("theirs")


async def test_nothing_is_fetched_before_a_yes_and_a_click_asks_for_it(shop: Shop) -> None:
    asked: list[str] = []
    shop.page.on("request", lambda request: asked.append(request.url))
    await shop.visit("consent")
    await shop.page.evaluate("window.needed = 0; Aisle.on('consent_needed', () => needed++)")
    await shop.page.locator("aisle-chat button").click()
    assert await shop.page.evaluate("needed") == 1
    assert [url.rsplit("/", 1)[1] for url in asked if "localhost" in url] == ["widget.js"]
    await shop.page.evaluate("Aisle.consent(true)")
    await shop.chat.get_by_role("heading", name=GREETING).wait_for()
    await converses_in_open(shop)
    await shop.page.evaluate("Aisle.consent(false)")
    await expect(shop.page.locator("aisle-chat button")).to_have_attribute("aria-expanded", "false")
    assert await shop.page.evaluate("sessionStorage.length") == 0
    await shop.page.locator("aisle-chat button").click()
    assert await shop.page.evaluate("needed") == 2


async def converses_in_open(shop: Shop) -> None:
    """Says something in a chat that is open already."""
    field = shop.chat.get_by_role("textbox").last
    await field.fill("hello")
    await field.press("Enter")
    await expect(shop.chat.locator(".assistant").last).to_contain_text("I can help")


async def test_when_nobody_on_the_page_asks_the_frame_does(shop: Shop) -> None:
    before = len([call for call in await shop.calls() if call["path"] == "/v1/sessions"])
    await shop.visit("consent")
    await shop.page.locator("aisle-chat button").click()
    await shop.page.wait_for_function("document.querySelector('aisle-chat').shadowRoot.querySelector('.met')")
    await shop.chat.get_by_role("main").wait_for()
    assert len([call for call in await shop.calls() if call["path"] == "/v1/sessions"]) == before


async def test_messages_of_strangers_are_not_believed(shop: Shop) -> None:
    await (await shop.visit()).open()
    await shop.page.evaluate(
        """async () => {
          const stranger = document.body.appendChild(document.createElement("iframe"));
          const forged = [{type: "close"}, {type: "keep", token: "x"},
            {type: "look", accent: "#ff0000", ink: "#ffffff"}, {type: "event", name: "message"},
            {type: "add_to_cart", ref: "1", product_id: "1", quantity: 1}];
          window.carts = 0;
          Aisle.on("add_to_cart", () => carts++);
          for (const message of forged) {
            stranger.contentWindow.eval(`parent.postMessage(${JSON.stringify({aisle: 1, ...message})}, '*')`);
            postMessage({aisle: 1, ...message}, "*");
          }
          const last = new Promise((done) => addEventListener("message", ({data}) => data === "last" && done()));
          postMessage("last", "*");
          await last;
        }"""
    )
    await expect(shop.page.locator("aisle-chat button")).to_have_attribute("aria-expanded", "true")
    assert await shop.page.evaluate("[carts, sessionStorage.length]") == [0, 0]


async def test_shapes_out_of_order_from_the_frame_itself_do_nothing(shop: Shop) -> None:
    await (await shop.visit()).open()
    values = ["null", "1", "'x'", "{}", "[]", "{toString: 1}", "-1", "NaN", "'a'.repeat(9999)"]
    names = ["close2", "look", "unread", "keep", "event", "add_to_cart", "__proto__", "constructor"]
    for name in names:
        for value in values:
            body = ", ".join(
                f"{field}: {value}" for field in ("accent", "ink", "count", "token", "name", "ref", "quantity")
            )
            await says(shop, f"{{type: '{name}', product_id: {value}, {body}}}")
    await expect(shop.page.locator("aisle-chat button")).to_have_attribute("aria-expanded", "true")
    assert await shop.page.evaluate("Object.keys(sessionStorage).length") <= 1


async def test_destroy_leaves_nothing_and_the_script_may_come_again(shop: Shop) -> None:
    await shop.visit()
    await shop.page.evaluate("window.before = Object.keys(window).length")
    await shop.open()
    await shop.page.evaluate("Aisle.destroy()")
    assert await shop.page.locator("aisle-chat").count() == 0
    assert await shop.page.evaluate("[typeof Aisle, Object.keys(window).length - before]") == ["undefined", 0]
    devtools = await shop.page.context.new_cdp_session(shop.page)
    for target in ("window", "document", "navigation", "visualViewport"):
        found = await devtools.send("Runtime.evaluate", {"expression": target})
        listeners = await devtools.send("DOMDebugger.getEventListeners", {"objectId": found["result"]["objectId"]})
        assert listeners["listeners"] == [], target
    await shop.page.evaluate(
        """document.head.append(Object.assign(document.createElement("script"),
          {src: document.querySelector("script[data-key]").src + "?key=pk_demo"}))"""
    )
    await shop.page.locator("aisle-chat button").wait_for()
    await converses(shop)


async def test_the_client_without_a_face_answers_from_another_origin(shop: Shop) -> None:
    await shop.page.goto(f"http://127.0.0.1:{shop.port}/pages/headless")
    await shop.page.get_by_text(GREETING).wait_for()
    await shop.page.get_by_label("Question").fill("hello")
    await shop.page.get_by_label("Question").press("Enter")
    await expect(shop.page.locator("[data-done]")).to_contain_text("I can help")
    assert await shop.page.locator("aisle-chat").count() == 0


async def test_an_address_of_the_shops_own_works_from_end_to_end(shop: Shop) -> None:
    own = f"http://chat.localhost:{shop.port}"
    await shop.control(origins=[own])
    asked: list[str] = []
    shop.page.on("request", lambda request: asked.append(request.url))
    await shop.visit("own")
    await converses(shop)
    assert {url.split("/")[2] for url in asked} == {f"127.0.0.1:{shop.port}", f"chat.localhost:{shop.port}"}


@pytest.mark.skipif(not (ROOT / "widget/node_modules/.bin/tsc").exists(), reason="no compiler on this machine")
def test_the_declarations_are_enough_for_a_strict_project(tmp_path: pathlib.Path) -> None:
    for name in ("client.d.ts", "aisle.d.ts"):
        shutil.copy(CDN / name, tmp_path / name)
    (tmp_path / "use.ts").write_text(
        """import { AisleClient, fold, wordsOf, type Message } from "./client.js";
        import type { AisleApi } from "./aisle";
        const aisle = new AisleClient("https://aisle.example/", "pk_1");
        export async function ask(question: string): Promise<string> {
          await aisle.start({ locale: "en" });
          let answer: Message = { id: "", role: "assistant", parts: [] };
          const parts = [{ type: "text" as const, text: question }];
          const { signal } = new AbortController();
          for await (const chunk of aisle.send("1", parts, undefined, signal)) answer = fold(answer, chunk);
          return wordsOf(answer);
        }
        (window.Aisle ||= []).push(["open"]);
        export function watch(api: AisleApi): void {
          api.on("add_to_cart", async ({ product_id, quantity }) => product_id.length > quantity);
          api.on("unread", (count) => count.toFixed());
          // @ts-expect-error: there is no such event
          api.on("nothing", () => undefined);
        }
        """
    )
    options = ["--noEmit", "--strict", "--target", "es2022", "--module", "esnext", "--moduleResolution", "bundler"]
    command = [ROOT / "widget/node_modules/.bin/tsc", *options, "--lib", "es2023,dom", tmp_path / "use.ts"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_what_is_documented_is_what_there_is() -> None:
    text = (ROOT / "widget" / "README.md").read_text()
    declared = (CDN / "aisle.d.ts").read_text()
    for interface, known in (("AisleEvents", "add_to_cart"), ("AisleApi", "identify")):
        members = declared.split(f"interface {interface} {{")[1].split("\n}")[0]
        names = re.findall(r"^    (\w+)\b", members, re.M)
        assert known in names
        assert [name for name in names if not re.search(rf"`{name}\b", text)] == []
    headers = json.loads((CDN / "headers.json").read_text())
    assert headers["client.js"]["Access-Control-Allow-Origin"] == "*"
