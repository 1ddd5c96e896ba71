"""The theme app extension and the app's configuration say what the code says."""

import json
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

import integrations.shopify
from integrations.shopify import API_VERSION, SCOPES
from integrations.shopify.auth import deep_link
from integrations.shopify.webhooks import COMPLIANCE

FOLDER = Path(integrations.shopify.__file__).parent / "extension"
WIDGET = Path(integrations.shopify.__file__).parents[2] / "widget" / "README.md"


def toml(name: str) -> dict[str, Any]:
    return tomllib.loads((FOLDER / name).read_text(encoding="utf-8"))


def block() -> str:
    return (FOLDER / "blocks" / "aisle.liquid").read_text(encoding="utf-8")


def schema() -> dict[str, Any]:
    found = re.search(r"{% schema %}(.*){% endschema %}", block(), re.S)
    assert found
    return dict(json.loads(found[1]))


def test_the_app_asks_for_what_the_code_needs() -> None:
    app = toml("shopify.app.toml")
    assert app["access_scopes"]["scopes"].split(",") == list(SCOPES)
    assert app["webhooks"]["api_version"] == API_VERSION
    (subscription,) = app["webhooks"]["subscriptions"]
    assert tuple(subscription["compliance_topics"]) == COMPLIANCE


def test_it_is_a_theme_extension_with_an_embed_that_the_deep_link_names() -> None:
    assert toml("shopify.extension.toml")["type"] == "theme"
    assert schema()["target"] == "body"
    (handle,) = [each.stem for each in (FOLDER / "blocks").glob("*.liquid")]
    assert deep_link("acme.myshopify.com", "key").endswith(f"key%2F{handle}")


def test_who_is_signed_in_is_asked_where_the_app_proxy_answers() -> None:
    proxy = toml("shopify.app.toml")["app_proxy"]
    asked = re.search(r'fetch\("([^"]+)"\)', block())
    assert asked
    assert asked[1] == f"/{proxy['prefix']}/{proxy['subpath']}/customer"
    assert proxy["url"].endswith("/integrations/shopify/proxy")
    assert block().index("{%- if customer %}") < asked.start()


def test_the_merchant_sets_key_position_and_colour() -> None:
    kinds = {each["id"]: each["type"] for each in schema()["settings"] if "id" in each}
    assert kinds == {"key": "text", "address": "text", "position": "select", "accent": "color"}
    assert {f"block.settings.{name}" for name in kinds} == set(re.findall(r"block\.settings\.\w+", block()))


def test_every_attribute_is_one_that_the_loader_reads() -> None:
    documented = set(re.findall(r"^\| `data-(\w+)`", WIDGET.read_text(encoding="utf-8"), re.M))
    assert {"key", "label", "position", "accent"} <= documented
    assert set(re.findall(r"data-(\w+)=", block())) <= documented


def test_the_cart_script_of_the_embed_is_there() -> None:
    (named,) = re.findall(r"'([\w.-]+)' \| asset_url", block())
    assert (FOLDER / "assets" / named).exists()


def test_whatever_a_merchant_types_is_escaped() -> None:
    printed = re.findall(r"{{(.*?)}}", block())
    assert len(printed) == 6
    assert all(each.strip().endswith("| escape") for each in printed)


@pytest.mark.parametrize("name", ["en.default.json", "en.default.schema.json"])
def test_every_text_has_its_translation(name: str) -> None:
    texts = json.loads((FOLDER / "locales" / name).read_text(encoding="utf-8"))
    used = re.findall(r'"t:([\w.]+)"', block()) if "schema" in name else re.findall(r"'([\w.]+)' \| t", block())
    assert used
    for key in used:
        found: Any = texts
        for part in key.split("."):
            found = found[part]
        assert isinstance(found, str), key
