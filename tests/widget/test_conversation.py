"""What a shopper does in the chat, from the first click to a rated answer."""

import pytest
from conftest import Shop, both_storages
from playwright.async_api import expect

from tests.sampling import sampled

PHONE = {"width": 390, "height": 844}


@both_storages
async def test_nothing_is_loaded_or_stored_before_interest(shop: Shop) -> None:
    asked: list[str] = []
    shop.page.on("request", lambda request: asked.append(request.url))
    await shop.visit()
    aisle = [url for url in asked if "localhost" in url]
    assert {url.rsplit("/", 1)[1].split("?")[0] for url in aisle} <= {"widget.js", "launcher"}
    assert await shop.page.locator("aisle-chat iframe").count() == 0
    await shop.open()
    assert await stored(shop) == 0
    await shop.ask("hello")
    assert await stored(shop) == 2  # what the chat keeps, in the frame or on the page; and that it is open, on the page


async def stored(shop: Shop) -> int:
    """How many things page and frame have stored. A frame that may store nothing counts as 0."""
    count = """() => {
      try { return document.cookie.length + localStorage.length + sessionStorage.length; } catch { return 0; }
    }"""
    return sum([await frame.evaluate(count) for frame in shop.page.frames])


async def test_a_starter_brings_products_sources_and_suggestions(shop: Shop) -> None:
    await (await shop.visit()).open()
    await shop.chat.get_by_role("button", name="Show me warm jackets").click()
    words = await shop.answered()
    assert "four warm jackets" in words
    products = shop.chat.get_by_role("group", name="Products")
    await expect(products.get_by_role("listitem")).to_have_count(4)
    assert "€189.00" in await products.get_by_role("listitem").first.inner_text()
    first = products.get_by_role("link", name="Alder down jacket")
    assert await first.get_attribute("href") == f"http://127.0.0.1:{shop.port}/products/1"
    await expect(products.get_by_text("Sold out")).to_have_count(1)
    await shop.chat.get_by_role("button", name="Source 1").click()
    await expect(shop.chat.locator(".opened")).to_contain_text("How warm is it?")
    await shop.chat.get_by_role("button", name="Which is the lightest?").click()
    assert await shop.answered()


async def test_an_order_is_shown_step_by_step_of_proof(shop: Shop) -> None:
    await (await shop.visit()).open()
    await shop.ask("Where is my order 1001?")
    form = shop.chat.get_by_role("form", name="Let's find your order")
    await expect(form.get_by_label("Order number")).to_have_value("1001")
    await form.get_by_label("E-mail address").fill("eve@example.com")
    await form.get_by_role("button", name="Show my order").click()
    await expect(form.get_by_role("alert")).to_contain_text("could not match")
    await form.get_by_role("button", name="Postcode").click()
    await form.get_by_label("Postcode").fill("1011")
    await form.get_by_role("button", name="Show my order").click()
    order = shop.chat.get_by_role("group", name="Order 1001")
    await expect(order).to_contain_text("Partly shipped")
    assert "Storm lantern" not in await order.inner_text()
    await expect(shop.chat.locator(".user")).to_have_count(1)
    await order.get_by_role("button", name="See items and tracking").click()
    await order.get_by_role("button", name="Send code").click()
    await order.get_by_label("6-digit code").fill("000000")
    await order.get_by_role("button", name="Confirm").click()
    await expect(order.get_by_role("alert")).to_contain_text("wrong or has expired")
    await order.get_by_label("6-digit code").fill("123456")
    await order.get_by_role("button", name="Confirm").click()
    full = shop.chat.get_by_role("group", name="Order 1001").last
    await expect(full).to_contain_text("Shipping to Amsterdam, …AB")
    await expect(full).to_contain_text("€49.00 refunded")
    assert await full.get_by_role("link").get_attribute("href") == "https://postnl.example/t/3SABCD1234567"


async def test_a_keyboard_is_enough_from_the_page_to_a_rated_answer(shop: Shop) -> None:
    await shop.visit()
    button = shop.page.locator("aisle-chat button")
    while not await button.evaluate("it => it.getRootNode().activeElement === it"):
        await shop.page.keyboard.press("Tab")
    await shop.page.keyboard.press("Enter")
    await expect(shop.chat.get_by_label("Your message")).to_be_focused()
    await shop.page.keyboard.type("How long does shipping take?")
    await shop.page.keyboard.press("Enter")
    await shop.answered()
    helpful = shop.chat.get_by_role("button", name="Helpful", exact=True)
    for _ in range(20):
        await shop.page.keyboard.press("Shift+Tab")
        if await helpful.evaluate("it => it === document.activeElement"):
            break
    await shop.page.keyboard.press("Enter")
    await expect(shop.chat.get_by_text("Thanks for telling us.")).to_be_visible()
    rated = [call for call in await shop.calls() if str(call["path"]).endswith("/feedback")]
    assert rated[-1]["body"]["rating"] == "up"  # type: ignore[index]
    await shop.page.keyboard.press("Escape")
    await expect(button).to_have_attribute("aria-expanded", "false")
    assert await button.evaluate("it => it.getRootNode().activeElement === it")


async def test_a_screen_reader_hears_sentences(shop: Shop) -> None:
    await (await shop.visit()).open()
    await shop.ask("How long does shipping take?")
    said = await shop.chat.locator("[aria-live=polite]").last.locator("p").all_inner_texts()
    assert said[0] == "Reading our policies"
    assert said[1] == "Orders leave within 1 working day [1]."


@both_storages
async def test_a_reload_brings_everything_back(shop: Shop) -> None:
    await (await shop.visit()).open()
    words = await shop.ask("How long does shipping take?")
    await shop.page.reload()
    await expect(shop.chat.locator(".assistant")).to_have_text(words, use_inner_text=True)


@both_storages
async def test_a_reload_in_the_middle_of_an_answer_ends_in_the_same_answer(shop: Shop) -> None:
    await (await shop.visit()).open()
    words = await shop.ask("Show me warm jackets")
    await shop.control(hold_after=2)
    await shop.write("Show me warm jackets")
    await shop.chat.locator(".working").wait_for()
    await shop.page.reload()
    await expect(shop.chat.locator(".assistant")).to_have_count(2)
    await shop.control(hold_after=None)
    await expect(shop.chat.locator(".assistant").last).to_contain_text(words.split("Prices")[0], use_inner_text=True)


@pytest.mark.parametrize("cut", sampled(range(1, 13), (1, 6)))
async def test_a_cut_connection_changes_nothing(shop: Shop, cut: int) -> None:
    await (await shop.visit()).open()
    await shop.control(cut_after=cut)
    words = await shop.ask("How long does shipping take?")
    assert words.startswith("Orders leave within 1 working day")
    assert words.count("Elsewhere: up to 10 days") == 1
    await expect(shop.chat.locator(".user")).to_have_count(1)
    await expect(shop.chat.get_by_role("button", name="Can I return it?")).to_be_visible()


async def test_a_refused_question_is_kept_and_asked_again(shop: Shop) -> None:
    await (await shop.visit()).open()
    await shop.control(refuse=503)
    await shop.write("hello")
    await expect(shop.chat.get_by_role("alert")).to_contain_text("try again in a moment")
    await shop.chat.get_by_role("button", name="Try again").click()
    assert "I can help" in await shop.answered()
    asked = [
        call["body"]["message"]["id"] for call in await shop.calls() if call["path"] == "/v1/chat" and "body" in call
    ]  # type: ignore[index]
    assert asked[-1] == asked[-2]
    await expect(shop.chat.locator(".user")).to_have_count(1)


async def test_a_failed_answer_says_so(shop: Shop) -> None:
    await (await shop.visit()).open()
    await shop.ask("break")
    await expect(shop.chat.get_by_role("alert")).to_contain_text("did not work")
    await expect(shop.chat.get_by_role("button", name="Try again")).to_be_visible()


async def test_start_over_forgets(shop: Shop) -> None:
    await (await shop.visit()).open()
    await shop.ask("hello")
    assert await shop.chat.locator("[aria-live=polite]").last.inner_text() != ""
    await shop.chat.get_by_role("button", name="More").click()
    await shop.chat.get_by_role("menuitem", name="Start over").click()
    await expect(shop.chat.locator(".message")).to_have_count(0)
    assert await shop.chat.locator("[aria-live=polite]").last.inner_text() == ""
    await expect(shop.chat.get_by_role("button", name="Show me warm jackets")).to_be_visible()


async def test_contact_and_a_person_are_in_reach(shop: Shop) -> None:
    await (await shop.visit()).open()
    await shop.ask("quota")
    await expect(shop.chat.get_by_role("link", name="hello@fern.example")).to_have_attribute(
        "href", "mailto:hello@fern.example"
    )
    await shop.chat.get_by_role("button", name="More").click()
    await shop.chat.get_by_role("menuitem", name="Talk to a person").click()
    await shop.chat.get_by_role("button", name="Ask for a person").click()
    await expect(shop.chat.get_by_text("We have told the team.")).to_be_visible()


async def test_nothing_a_model_or_merchant_writes_comes_alive(shop: Shop) -> None:
    foreign: list[str] = []
    shop.page.on("request", lambda request: foreign.append(request.url) if "evil" in request.url else None)
    await (await shop.visit()).open()
    words = await shop.ask("markup")
    assert "<script>alert(1)</script>" in words
    links = await shop.chat.locator("a").evaluate_all("all => all.map(one => one.href)")
    assert links == []
    assert await shop.chat.locator(".message img, .message script, .message b i").count() == 0
    assert foreign == []


@pytest.mark.parametrize("shop", [PHONE], indirect=True)
async def test_a_phone_gets_the_whole_screen_and_a_still_page(shop: Shop) -> None:
    await (await shop.visit()).open()
    await shop.page.wait_for_function(
        """([width, height]) => {
          const box = document.querySelector("aisle-chat").shadowRoot.querySelector(".panel").getBoundingClientRect();
          return box.x === 0 && box.y === 0 && box.width === width && box.height === height;
        }""",
        arg=[PHONE["width"], PHONE["height"]],
    )
    assert await shop.page.evaluate("[document.body.inert, getComputedStyle(document.documentElement).overflow]") == [
        True,
        "hidden",
    ]
    sizes = await shop.chat.locator("textarea, input").evaluate_all(
        "all => all.map(it => getComputedStyle(it).fontSize)"
    )
    assert set(sizes) == {"16px"}
    await shop.chat.get_by_role("button", name="Close chat").click()
    await shop.page.wait_for_function("!document.body.inert && document.adoptedStyleSheets.length === 0")


async def test_it_speaks_the_pages_language(shop: Shop) -> None:
    await shop.visit()
    await shop.page.evaluate("document.documentElement.lang = 'de'")
    await shop.page.locator("aisle-chat button").click()
    await expect(shop.chat.get_by_placeholder("Stellen Sie eine Frage…")).to_be_visible()


async def test_a_long_text_is_cut_aloud(shop: Shop) -> None:
    await (await shop.visit()).open()
    field = shop.chat.get_by_label("Your message")
    await field.fill("a" * 3_990)
    await expect(shop.chat.get_by_text("10 characters left")).to_be_visible()
    await field.evaluate(
        """it => {
          const clipboardData = new DataTransfer();
          clipboardData.setData("text", "b".repeat(20));
          it.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true }));
        }"""
    )
    await expect(shop.chat.get_by_text("has been cut to 4,000 characters")).to_be_visible()


async def test_the_way_to_the_latest_covers_nothing(shop: Shop) -> None:
    await (await shop.visit()).open()
    await shop.ask("Show me warm jackets")
    await shop.ask("Where is my order 1001?")
    await shop.chat.locator(".scroll").hover()
    await shop.page.mouse.wheel(0, -5_000)
    latest = await shop.chat.get_by_role("button", name="Jump to latest").bounding_box()
    thread = await shop.chat.locator(".scroll").bounding_box()
    assert latest is not None and thread is not None
    assert latest["y"] >= thread["y"] + thread["height"]


async def test_forms_follow_the_language_of_the_answer(shop: Shop) -> None:
    await (await shop.visit()).open()
    await shop.write("deutsch")
    await expect(shop.chat.get_by_label("Bestellnummer")).to_be_visible()
