"""The settings page: everything of it is stored or named as wrong; sent back as it stands it changes nothing."""

import httpx
import pytest
from selectolax.lexbor import LexborHTMLParser

from server.console.settings_form import changes_of, fields_of
from server.shops.models import ShopChanges, ShopView
from server.shops.service import ShopService
from tests.server.console.house import ShopUnderTest

pytestmark = pytest.mark.enable_socket

PAGE = "/console/settings"
OF_OTHER_PAGES = {"origins", "appearance", "greeting", "suggestions"}
"""Setup has the first, Branding the others."""
FORM = {
    "name": "Farn & Feld",
    "storefront_url": "https://farn.example",
    "locale": "de",
    "currency": "CHF",
    "tone": "freundlich, kurz",
    "contact.email": "hilfe@farn.example",
    "contact.phone": "+41 44 000 00 00",
    "contact.url": "https://farn.example/kontakt",
    "handoff.online": "",
    "handoff.hours.timezone": "Europe/Zurich",
    "handoff.hours.days.mon": "9-12:30, 14:00-18:00",
    "order_access": "strict",
}


async def view_of(shops: ShopService, shop: ShopUnderTest) -> ShopView:
    return await shops.view(await shops.caller_of_key(shop.secret_key))


async def test_everything_is_stored(client: httpx.AsyncClient, shop: ShopUnderTest, shops: ShopService) -> None:
    saved = await client.post(PAGE, data=FORM, headers=shop.owner.form)
    assert (saved.status_code, saved.headers["location"]) == (303, f"{PAGE}?saved=1")
    view = await view_of(shops, shop)
    assert (view.name, view.locale, view.currency) == ("Farn & Feld", "de", "CHF")
    assert (view.storefront_url, view.tone) == ("https://farn.example", "freundlich, kurz")
    assert view.order_access == "strict"
    assert view.contact == {name: FORM[f"contact.{name}"] for name in ("email", "phone", "url")}
    hours = {"timezone": "Europe/Zurich", "days": {"mon": [["09:00", "12:30"], ["14:00", "18:00"]]}}
    assert view.handoff == {"hours": hours}
    await client.post(PAGE, data=fields_of(view), headers=shop.owner.form)
    assert await view_of(shops, shop) == view


def test_every_setting_of_the_api_is_on_a_page() -> None:
    given = changes_of(FORM)
    on_this_page = {name for name in ShopChanges.__struct_fields__ if name not in OF_OTHER_PAGES}
    assert {name for name in on_this_page if getattr(given, name)} == on_this_page


async def test_what_is_wrong_is_said_at_its_field(
    client: httpx.AsyncClient, shop: ShopUnderTest, shops: ShopService
) -> None:
    before = await view_of(shops, shop)
    wrong = FORM | {
        "name": " ",
        "storefront_url": "farn",
        "locale": "klingon-x",
        "currency": "XYZ",
        "contact.email": "nobody",
        "handoff.hours.timezone": "Mars/Base",
        "handoff.hours.days.mon": "18-9",
        "order_access": "whatever",
        "tone": "x" * 2001,
    }
    page = await client.post(PAGE, data=wrong, headers=shop.owner.form)
    assert page.status_code == 422
    tree = LexborHTMLParser(page.text)
    said = {str(node.attributes["data-problem-of"]) for node in tree.css("[data-problem-of]") if node.text(strip=True)}
    assert said == {*wrong} - {"contact.phone", "contact.url", "handoff.online"}
    assert len(tree.css("#problems a")) == len(said)
    assert await view_of(shops, shop) == before


async def test_a_language_or_currency_of_the_past_is_not_changed_by_saving(
    client: httpx.AsyncClient, shop: ShopUnderTest, shops: ShopService
) -> None:
    await client.post(PAGE, data=FORM | {"locale": "pt-BR", "currency": "DEM"}, headers=shop.owner.form)
    tree = LexborHTMLParser((await client.get(PAGE, headers=shop.owner.headers)).text)
    chosen = [str(node.attributes["value"]) for node in tree.css("option[selected]")]
    assert {"pt-BR", "DEM"} <= set(chosen)


async def test_who_may_change_them(client: httpx.AsyncClient, shop: ShopUnderTest, other: ShopUnderTest) -> None:
    assert (await client.post(PAGE, data=FORM, headers=shop.agent.form)).status_code == 403
    assert (await client.post(PAGE, data=FORM, headers=shop.owner.headers)).status_code == 403
    page = (await client.get(PAGE, headers=shop.viewer.headers)).text
    assert "only an admin can change them" in page
    assert ">Save<" not in page
    await client.post(PAGE, data=FORM, headers=other.owner.form)
    assert "Farn" not in (await client.get(PAGE, headers=shop.owner.headers)).text
