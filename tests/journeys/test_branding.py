"""Branding from outside: what a merchant sets, what the loader and the widget are told, and the page that edits it."""

import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.async_api import Browser, Page, expect

from tests.installation import Installation, ShopAccess
from tests.sampling import sampled

SITE = "https://fern.example"
AXE = Path(__file__).parents[2] / "widget" / "node_modules" / "axe-core" / "axe.min.js"


@pytest.fixture
def shop(installation: Installation) -> ShopAccess:
    """A shop with one listed site."""
    return installation.create_shop("Fern & Field", SITE)


def patch(installation: Installation, shop: ShopAccess, **changes: Any) -> httpx.Response:
    with installation.merchant(shop) as merchant:
        return merchant.patch("/v1/shop", json=changes)


def launcher(installation: Installation, key: str, **headers: str) -> httpx.Response:
    return httpx.get(f"{installation.base_url}/v1/launcher", params={"key": key}, headers=headers)


def test_a_change_of_one_setting_leaves_the_others(installation: Installation, shop: ShopAccess) -> None:
    look = {"accent": "#c2410c", "launcher": {"icon": "bag", "label": "Ask"}, "rules": [{"match": "/checkout*"}]}
    assert patch(installation, shop, appearance=look).json()["appearance"] == look
    assert patch(installation, shop, appearance={"theme": "dark"}).json()["appearance"] == look | {"theme": "dark"}
    after = patch(installation, shop, appearance={"accent": None, "launcher": {"shape": "pill"}}).json()["appearance"]
    assert after == {"launcher": {"shape": "pill"}, "rules": [{"match": "/checkout*"}], "theme": "dark"}
    assert patch(installation, shop, appearance=None).json()["appearance"] == {}


def test_wrong_settings_are_named_and_nothing_is_changed(installation: Installation, shop: ShopAccess) -> None:
    patch(installation, shop, appearance={"accent": "#c2410c"})
    wrong = {"accent": "#111111", "rules": [{"match": "/a"}, {"match": "b"}], "font": "x; color: red"}
    refused = patch(installation, shop, appearance=wrong, contact={"email": "x"}, greeting="a" * 10_000)
    assert refused.status_code == 422
    fields = {error["field"] for error in refused.json()["errors"]}
    assert fields == {"appearance.rules[1].match", "appearance.font", "contact.email", "greeting"}
    with installation.merchant(shop) as merchant:
        assert merchant.get("/v1/shop").json()["appearance"] == {"accent": "#c2410c"}


def test_the_merchant_hears_of_colours_that_cannot_be_read(installation: Installation, shop: ShopAccess) -> None:
    notes = patch(installation, shop, appearance={"accent": "#f5c518", "theme": "light"}).json()["appearance_notes"]
    assert [note["field"] for note in notes] == ["appearance.accent"]
    with installation.merchant(shop) as merchant:
        assert merchant.get("/v1/shop").json()["appearance_notes"] == notes


def test_a_session_has_the_whole_appearance(installation: Installation, shop: ShopAccess) -> None:
    look = {"accent": "#c2410c", "hide_branding": True, "nudges": [{"match": "/", "text": "Hi"}]}
    patch(installation, shop, appearance=look)
    told = installation.shopper(shop).session["appearance"]
    assert (told["accent"], told["name"], told["hide_branding"]) == ("#c2410c", "Fern & Field", True)
    assert (told["font"], told["images"], told["offset"]) == (None, False, {"x": 20, "y": 20})
    assert not {"nudges", "quiet"} & set(told)


def test_the_launchers_appearance_is_short_and_may_be_cached(installation: Installation, shop: ShopAccess) -> None:
    look = {
        "accent": "#f5c518",
        "launcher_label": "Ask us",
        "phone": {"hidden": True},
        "rules": [{"match": "/checkout*", "hidden": True}, {"match": "/sale/*", "greeting": "Sale!"}],
        "nudges": [{"match": "/p/*", "text": "Which size?"}],
    }
    patch(installation, shop, appearance=look)
    told = launcher(installation, shop.publishable_key, Origin=SITE)
    assert told.status_code == 200
    assert told.headers["cache-control"] == "public, max-age=60"
    assert told.headers["vary"] == "Origin"
    assert told.headers["access-control-allow-origin"] == SITE
    assert "set-cookie" not in told.headers
    assert len(told.content) < 1_200
    body = told.json()
    assert list(body) == [
        *("accent", "ink", "accent_dark", "ink_dark", "theme", "icon", "icon_url", "label", "shape", "radius"),
        *("position", "offset", "phone", "desktop", "rules", "nudges", "quiet", "consent"),
    ]
    assert (body["accent"], body["ink"], body["label"]) == ("#f5c518", "#111113", "Ask us")
    assert body["phone"] == {"hidden": True, "position": "right", "offset": {"x": 20, "y": 20}}
    assert [rule["match"] for rule in body["rules"]] == ["/checkout*"]
    assert body["nudges"][0]["after_s"] == 30


def test_the_launcher_is_for_listed_sites_and_known_keys(installation: Installation, shop: ShopAccess) -> None:
    assert launcher(installation, shop.publishable_key).status_code == 200, "a page of our own names no origin"
    assert launcher(installation, shop.publishable_key, Origin=installation.base_url).status_code == 200
    foreign = launcher(installation, shop.publishable_key, Origin="https://evil.example")
    assert (foreign.status_code, foreign.json()["code"]) == (403, "origin_refused")
    assert "access-control-allow-origin" not in foreign.headers
    other = installation.create_shop("Other", "https://other-fern.example")
    elsewhere = launcher(installation, shop.publishable_key, Origin="https://other-fern.example")
    assert elsewhere.status_code == 403, "listed, but by another shop"
    assert "access-control-allow-origin" not in elsewhere.headers
    for key in ("", "pk_unknown", shop.secret_key, other.identity_secret):
        refused = launcher(installation, key, Origin=SITE)
        assert (refused.status_code, refused.headers["cache-control"]) == (401, "no-store")


def test_a_preflight_of_the_launcher(installation: Installation, shop: ShopAccess) -> None:
    asked = {"Access-Control-Request-Method": "GET"}
    url = f"{installation.base_url}/v1/launcher"
    assert httpx.options(url, headers=asked | {"Origin": SITE}).status_code == 204
    assert httpx.options(url, headers=asked | {"Origin": "https://evil.example"}).status_code == 403


def test_the_launcher_is_described(installation: Installation) -> None:
    described = httpx.get(f"{installation.base_url}/openapi.json").json()["paths"]["/v1/launcher"]["get"]
    assert described["tags"] == ["shopper"]
    schema = described["responses"]["200"]["content"]["application/json"]["schema"]
    assert schema["$ref"].endswith("LauncherAnswer")


# the page, in a browser


SIZES = [{"width": 1280, "height": 800}, {"width": 390, "height": 844}]
NAMES = ["desktop", "phone"]


@pytest.fixture(scope="module")
def signed_in(installation: Installation) -> list[Any]:
    """A browser's cookies after signing in: once for all tests, for signing in is limited."""
    form = {"email": installation.facts["console_email"], "password": installation.facts["console_password"]}
    url = f"{installation.base_url}/console/sign-in"
    response = httpx.post(url, data=form, headers={"Origin": installation.base_url})
    assert response.status_code == 303, response.text
    return [{"name": name, "value": value, "url": installation.base_url} for name, value in response.cookies.items()]


@pytest.fixture(params=sampled(SIZES, SIZES[1:]), ids=NAMES)
async def page(
    request: pytest.FixtureRequest, browser: Browser, installation: Installation, signed_in: list[Any]
) -> AsyncIterator[Page]:
    """The branding page of the demo's shop, signed in; what it saved is taken back."""
    context = await browser.new_context(viewport=request.param, base_url=installation.base_url)
    await context.add_cookies(signed_in)
    page = await context.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda said: complaints.append(said.text) if "Policy" in said.text else None)
    await page.goto("/console/branding")
    await expect(page.get_by_role("heading", name="Branding")).to_be_visible()
    yield page
    await context.close()
    with installation.merchant() as merchant:
        merchant.patch("/v1/shop", json={"appearance": None, "greeting": None})
    assert complaints == []


def preview(page: Page) -> Any:
    return page.frame_locator(".preview iframe")


async def test_the_real_widget_follows_the_form(page: Page) -> None:
    await page.get_by_label("Greeting", exact=True).first.fill("Welcome to the orchard!")
    await page.get_by_label("Brand colour", exact=True).fill("#7c3aed")
    await expect(preview(page).get_by_text("Welcome to the orchard!")).to_be_visible()
    await expect(page.locator("#state")).to_have_text("Not saved yet")
    root = preview(page).locator("html")
    await expect(root).to_have_attribute("style", re.compile("--accent: ?#7c3aed"))
    await page.locator(".switches label", has_text="Dark").click()
    await expect(root).to_have_attribute("data-theme", "dark")
    await page.locator(".switches label", has_text="Phone").click()
    await expect(page.locator(".stage")).to_have_attribute("data-device", "phone")


async def test_colours_are_judged_as_they_change(page: Page) -> None:
    field = page.get_by_label("Brand colour", exact=True)
    note = page.locator('[data-note-of="appearance.accent"]')
    await field.fill("#f5c518")
    await expect(note).to_contain_text("4.5 is needed")
    await field.fill("#1f5f43")
    await expect(note).to_be_hidden()
    await field.fill("green")
    await expect(page.locator('[data-problem-of="appearance.accent"]')).to_contain_text("Must be a colour")
    await expect(field).to_have_attribute("aria-invalid", "true")


async def test_saving_by_keyboard_with_a_mistake_in_between(page: Page, installation: Installation) -> None:
    field = page.get_by_label("Brand colour", exact=True)
    await field.fill("#7c3aed")
    await page.get_by_role("button", name="Add a rule").press("Enter")
    await page.keyboard.type("checkout*")
    await expect(page.get_by_role("group", name="Rule 1").get_by_label("Pages")).to_have_value("checkout*")
    await page.get_by_role("button", name="Save").press("Enter")
    await expect(page.locator("#problems")).to_be_focused()
    await expect(field).to_have_value("#7c3aed")
    await page.locator("#problems a").press("Enter")
    match = page.get_by_role("group", name="Rule 1").get_by_label("Pages")
    await match.fill("/checkout*")
    await page.get_by_role("group", name="Rule 1").get_by_label("Hide the button").press("Space")
    await page.get_by_role("button", name="Save").press("Enter")
    await expect(page.get_by_text("Saved.")).to_be_visible()
    with installation.merchant() as merchant:
        look = merchant.get("/v1/shop").json()["appearance"]
    assert look["accent"] == "#7c3aed"
    assert look["rules"] == [{"match": "/checkout*", "hidden": True}]


async def test_what_was_typed_outlives_a_reload(page: Page) -> None:
    await page.get_by_label("Name in the header").fill("Orchard")
    await page.get_by_role("button", name="Add a nudge").click()
    await page.get_by_label("Text", exact=True).fill("Which apple?")
    await expect(page.locator("#state")).to_have_text(re.compile("correcting"))
    await page.reload()
    await expect(page.locator("#restored")).to_be_visible()
    await expect(page.get_by_label("Name in the header")).to_have_value("Orchard")
    await expect(page.get_by_label("Text", exact=True)).to_have_value("Which apple?")
    await page.get_by_role("button", name="Discard them").click()
    await expect(page.get_by_label("Name in the header")).to_have_value("")


@pytest.mark.skipif(not AXE.exists(), reason="the widget's packages are not installed")
@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_axe_finds_nothing_on_the_page(page: Page, scheme: Any) -> None:
    await page.emulate_media(color_scheme=scheme)
    await page.get_by_label("Brand colour", exact=True).fill("#f5c518")
    await page.get_by_label("Corner radius").fill("99")
    await page.get_by_role("button", name="Add a rule").click()
    await expect(page.locator('[data-problem-of="appearance.radius"]')).to_be_visible()
    await page.evaluate(AXE.read_text())  # past the policy, as a browser's own tools
    found = await page.evaluate("axe.run(document, { iframes: false })")
    assert [(each["id"], each["nodes"][0]["target"]) for each in found["violations"]] == []


async def test_nothing_scrolls_sideways(page: Page) -> None:
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")


async def test_it_works_without_script(browser: Browser, installation: Installation, signed_in: list[Any]) -> None:
    context = await browser.new_context(java_script_enabled=False, base_url=installation.base_url)
    await context.add_cookies(signed_in)
    page = await context.new_page()
    await page.goto("/console/branding")
    await page.get_by_label("Name in the header").fill("Without script")
    await page.get_by_role("group", name="Rule 1").get_by_label("Pages").fill("/a*")
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_text("Saved.")).to_be_visible()
    await expect(page.get_by_role("group", name="Rule 2").get_by_label("Pages")).to_be_visible()
    await expect(page.locator(".preview")).to_be_hidden()
    await page.get_by_role("group", name="Rule 1").get_by_label("Remove this rule").check()
    await page.get_by_label("Name in the header").fill("")
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_text("Saved.")).to_be_visible()
    await context.close()
    with installation.merchant() as merchant:
        look = merchant.get("/v1/shop").json()["appearance"]
        assert "rules" not in look
        assert "name" not in look
        merchant.patch("/v1/shop", json={"appearance": None})
