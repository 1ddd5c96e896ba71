"""The branding page: a form that keeps what was typed, says what is wrong beside it, and saves all or nothing."""

import re
from html import unescape

import httpx
import pytest
from selectolax.lexbor import LexborHTMLParser

from server.shops.models import ShopChanges
from server.shops.service import ShopService
from tests.server.console.house import OWN_ORIGIN, ShopUnderTest

pytestmark = pytest.mark.asyncio(loop_scope="session")
PAGE = "/console/branding"
FORM = {
    "appearance.accent": "#c2410c",
    "appearance.theme": "light",
    "appearance.font": "Georgia, serif",
    "appearance.radius": "8",
    "appearance.launcher.icon": "bag",
    "appearance.launcher.shape": "pill",
    "appearance.launcher.label": "Ask us",
    "appearance.position": "left",
    "appearance.offset.x": "12",
    "appearance.phone.hidden": "on",
    "appearance.phone.offset.y": "80",
    "appearance.variables.--aisle-bubble": "#222222",
    "appearance.rules[0].match": "/checkout*",
    "appearance.rules[0].hidden": "on",
    "appearance.rules[3].match": "/sale/*",
    "appearance.rules[3].greeting": "Sale!\r\nAsk away.",
    "appearance.rules[3].suggestions": "How much?\r\n\r\nHow long?",
    "appearance.nudges[0].match": "/p/*",
    "appearance.nudges[0].text": "Which size?",
    "appearance.nudges[0].after_s": "45",
    "appearance.quiet.max_per_page_load": "2",
    "appearance.sound": "on",
    "greeting": "Hello!",
    "suggestions": "Where is my order?\r\nWhat suits me?",
}


def texts(page: httpx.Response, selector: str) -> list[str]:
    return [node.text(strip=True) for node in LexborHTMLParser(page.text).css(selector) if node.text(strip=True)]


def field(page: httpx.Response, name: str) -> dict[str, str | None]:
    node = LexborHTMLParser(page.text).css_first(f'[name="{name}"]')
    assert node is not None, name
    return dict(node.attributes) | {"text": node.text()}


async def test_what_is_saved_is_what_the_api_tells(client: httpx.AsyncClient, shop: ShopUnderTest) -> None:
    saved = await client.post(PAGE, data=FORM, headers=shop.owner.form)
    assert (saved.status_code, saved.headers["location"]) == (303, f"{PAGE}?saved=1")
    page = await client.get(saved.headers["location"], headers=shop.owner.headers)
    assert "Saved." in page.text
    assert field(page, "appearance.accent")["value"] == "#c2410c"
    assert field(page, "appearance.rules[1].match")["value"] == "/sale/*"
    assert field(page, "appearance.rules[1].greeting")["text"] == "Sale!\nAsk away."
    assert field(page, "appearance.rules[2].match")["value"] == "", "room for one more"
    assert "checked" in field(page, "appearance.phone.hidden")
    assert "checked" not in field(page, "appearance.desktop.hidden")
    again = await client.post(PAGE, data=_typed(page), headers=shop.owner.form)
    assert again.status_code == 303


def _typed(page: httpx.Response) -> dict[str, str]:
    """What a browser would send of the page as it stands."""
    sent: dict[str, str] = {}
    for node in LexborHTMLParser(page.text).css("form#branding [name]"):
        name, kind = str(node.attributes["name"]), node.attributes.get("type")
        if node.tag == "select":
            chosen = node.css_first("option[selected]") or node.css_first("option")
            assert chosen is not None
            sent[name] = chosen.attributes.get("value") or ""
        elif kind in ("checkbox", "radio"):
            if "checked" in node.attributes:
                sent[name] = node.attributes.get("value") or ""
        else:
            sent[name] = node.text() if node.tag == "textarea" else node.attributes.get("value") or ""
    return sent


async def test_saving_the_page_as_it_stands_changes_nothing(
    client: httpx.AsyncClient, shop: ShopUnderTest, shops: ShopService
) -> None:
    await client.post(PAGE, data=FORM, headers=shop.owner.form)
    before = await _view(shops, shop)
    assert before["appearance"]["rules"] == [
        {"match": "/checkout*", "hidden": True},
        {"match": "/sale/*", "greeting": "Sale!\nAsk away.", "suggestions": ["How much?", "How long?"]},
    ]
    assert before["appearance"]["nudges"] == [{"match": "/p/*", "text": "Which size?", "after_s": 45}]
    assert before["appearance"]["phone"] == {"hidden": True, "offset": {"y": 80}}
    page = await client.get(PAGE, headers=shop.owner.headers)
    assert (await client.post(PAGE, data=_typed(page), headers=shop.owner.form)).status_code == 303
    assert await _view(shops, shop) == before


async def _view(shops: ShopService, shop: ShopUnderTest) -> dict[str, object]:
    view = await shops.view(await shops.caller_of_key(shop.secret_key))
    return {name: getattr(view, name) for name in ("appearance", "greeting", "suggestions", "contact", "handoff")}


async def test_wrong_fields_are_marked_and_nothing_is_lost_or_saved(
    client: httpx.AsyncClient, shop: ShopUnderTest, shops: ShopService
) -> None:
    before = await _view(shops, shop)
    wrong = FORM | {
        "appearance.accent": "reddish<script>",
        "appearance.radius": "many",
        "appearance.rules[3].match": "sale",
        "appearance.rules[3].suggestions": "fine\n" + "x" * 81,
        "greeting": "Kept as typed",
    }
    page = await client.post(PAGE, data=wrong, headers=shop.owner.form)
    assert page.status_code == 422
    tree = LexborHTMLParser(page.text)
    said = {
        str(node.attributes["data-problem-of"]): node.text(strip=True)
        for node in tree.css("[data-problem-of]")
        if node.text(strip=True)
    }
    assert set(said) == {
        "appearance.accent",
        "appearance.radius",
        "appearance.rules[3].match",
        "appearance.rules[3].suggestions",
    }
    assert said["appearance.rules[3].suggestions"].startswith("Entry 2:")
    told = texts(page, "#problems a")
    assert len(told) == len(said)
    assert any(text.startswith("Brand colour: Must be a colour") for text in told)
    assert any(text.startswith("Rule 2, Pages: Must be a path") for text in told)
    kept = {name: value for name, value in _typed(page).items() if value}
    assert kept == {name: value.replace("\r\n", "\n") for name, value in wrong.items() if value}
    marked = field(page, "appearance.accent")
    assert marked["aria-invalid"] == "true"
    assert (
        tree.css_first(f'[id="{str(marked["aria-describedby"]).split()[0]}"]').text(strip=True)
        == said["appearance.accent"]
    )
    assert await _view(shops, shop) == before


async def test_a_removed_row_is_gone_and_errors_find_the_rows_after_it(
    client: httpx.AsyncClient, shop: ShopUnderTest, shops: ShopService
) -> None:
    rows = {
        "appearance.rules[0].match": "nonsense that is taken out",
        "appearance.rules[0].remove": "on",
        "appearance.rules[5].match": "wrong",
    }
    page = await client.post(PAGE, data=FORM | rows, headers=shop.owner.form)
    assert 'data-problem-of="appearance.rules[5].match">Must be a path' in unescape(page.text)
    rows["appearance.rules[5].match"] = "/right"
    assert (await client.post(PAGE, data=FORM | rows, headers=shop.owner.form)).status_code == 303
    look = (await _view(shops, shop))["appearance"]
    assert isinstance(look, dict)
    assert [rule["match"] for rule in look["rules"]] == ["/sale/*", "/right"]


async def test_a_check_saves_nothing_and_tells_what_the_preview_shows(
    client: httpx.AsyncClient, shop: ShopUnderTest, shops: ShopService
) -> None:
    before = await _view(shops, shop)
    data = FORM | {"appearance.accent": "#f5c518", "appearance.radius": "99", "greeting": ""}
    response = await client.post(f"{PAGE}/check", data=data, headers=shop.owner.form)
    checked = response.json()
    assert set(checked["errors"]) == {"appearance.radius"}
    assert "4.5 is needed" in checked["notes"]["appearance.accent"]
    assert checked["draft"]["appearance"]["accent"] == "#f5c518"
    assert checked["draft"]["appearance"]["radius"] is None, "what is wrong is left as it was"
    assert checked["draft"]["greeting"], "the usual one where none is set"
    assert checked["launcher"]["icon"] == "bag"
    assert await _view(shops, shop) == before


@pytest.mark.parametrize("path", [PAGE, f"{PAGE}/check"])
async def test_forms_from_elsewhere_do_nothing(client: httpx.AsyncClient, shop: ShopUnderTest, path: str) -> None:
    for origin in ({"origin": "https://evil.example"}, {}):
        response = await client.post(path, data=FORM, headers=shop.owner.headers | origin)
        assert response.status_code == 403
    unsigned = await client.post(path, data=FORM, headers={"origin": OWN_ORIGIN})
    assert unsigned.status_code == 303
    assert unsigned.headers["location"].startswith("/console/sign-in")


@pytest.mark.parametrize("who", ["agent", "viewer"])
async def test_others_see_and_do_not_change(client: httpx.AsyncClient, shop: ShopUnderTest, who: str) -> None:
    person = getattr(shop, who)
    page = await client.get(PAGE, headers=person.headers)
    assert page.status_code == 200
    tree = LexborHTMLParser(page.text)
    assert tree.css_first("form#branding fieldset[disabled]") is not None
    assert tree.css("form#branding button.primary") == []
    assert (await client.post(PAGE, data=FORM, headers=person.form)).status_code == 403


async def test_the_page_is_locked_down_but_for_our_own_frame(client: httpx.AsyncClient, shop: ShopUnderTest) -> None:
    page = await client.get(PAGE, headers=shop.owner.headers)
    policy = page.headers["content-security-policy"]
    assert "frame-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert not re.search(r"\son\w+=|\sstyle=|<style|<script(?! defer src=)", page.text)
    for address in re.findall(r'(?:href|src)="(/console/assets/[^"]+)"', page.text):
        assert (await client.get(address)).status_code == 200
    other = await client.get("/console/setup", headers=shop.owner.headers)
    assert "frame-src" not in other.headers["content-security-policy"]


async def test_every_field_has_a_name_for_those_who_do_not_see(client: httpx.AsyncClient, shop: ShopUnderTest) -> None:
    tree = LexborHTMLParser((await client.get(PAGE, headers=shop.owner.headers)).text)
    ids = [str(node.attributes["id"]) for node in tree.css("[id]")]
    assert len(ids) == len(set(ids))
    labelled = {node.attributes.get("for") for node in tree.css("label[for]")}
    for node in tree.css("form#branding input, form#branding select, form#branding textarea"):
        attributes = node.attributes
        in_label = node.parent is not None and node.parent.tag == "label"
        assert in_label or attributes.get("aria-label") or attributes.get("id") in labelled, node.html


async def test_an_unknown_address_is_a_page(client: httpx.AsyncClient, shop: ShopUnderTest) -> None:
    for method, path, status in (("GET", "/console/nope", 404), ("GET", "/console/a/b/c", 404), ("PUT", PAGE, 405)):
        response = await client.request(method, path, headers=shop.owner.form)
        assert response.status_code == status
        assert response.headers["content-type"].startswith("text/html")
    elsewhere = await client.get("/v1/nope")
    assert elsewhere.headers["content-type"].startswith("application/problem+json")


async def test_the_set_up_page_lists_imports_only(client: httpx.AsyncClient, shop: ShopUnderTest) -> None:
    async with shop.database.connection(shop.id) as connection:
        for kind in ("orders.send_code", "knowledge.crawl", "privacy.erase"):
            await connection.execute(
                "INSERT INTO job (shop_id, id, kind, payload) VALUES ($1, gen_random_uuid(), $2, '{}')", shop.id, kind
            )
    page = await client.get("/console/setup", headers=shop.owner.headers)
    assert texts(page, "table.jobs tbody td:first-child")[:1] == ["Site"]
    assert "orders.send_code" not in page.text
    assert "privacy.erase" not in page.text


async def test_a_shop_without_a_greeting_gets_the_usual_one_as_placeholder(
    client: httpx.AsyncClient, shop: ShopUnderTest, shops: ShopService
) -> None:
    await shops.change(await shops.caller_of_key(shop.secret_key), ShopChanges(locale="de"))
    page = await client.get(PAGE, headers=shop.owner.headers)
    assert field(page, "greeting")["text"] == ""
    assert field(page, "greeting")["placeholder"]
