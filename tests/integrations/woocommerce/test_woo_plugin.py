"""The WordPress plugin: what it signs, prints and saves, run by PHP where there is one; and its zip."""

import json
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from server.shops.identity import is_signed_customer

ROOT = Path(__file__).parents[3]
PLUGIN = ROOT / "integrations" / "woocommerce" / "plugin" / "aisle-for-woocommerce"
HARNESS = Path(__file__).with_name("plugin_harness.php")
SAVED = {"address": "https://aisle.example", "key": "pk_1", "identity_secret": "s3cret"}
LOADER = '<script>/* before */</script>\n<script src="https://aisle.example/widget.js" id="aisle-loader-js"></script>'


def in_php(**given: Any) -> dict[str, Any]:
    php = shutil.which("php")
    if php is None:
        pytest.skip("no PHP on this machine: install php-cli to run the plugin's classes")
    done = subprocess.run(
        [php, "-d", "error_reporting=E_ALL", "-d", "display_errors=stderr", str(HARNESS), str(PLUGIN)],
        input=json.dumps(given), capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    assert not done.stderr
    return dict(json.loads(done.stdout))


@pytest.mark.parametrize("email", ["ann@mail.example", "Ann.O'Hara@Mail.EXAMPLE", " I.ANN@mail.example "])
def test_signed_customers_are_believed(email: str) -> None:
    told = in_php(options=SAVED, user={"ID": 5, "user_email": email})["customer"]
    assert told["id"] == "5"
    assert is_signed_customer("s3cret", told["id"], told["email"], told["signature"])
    assert not is_signed_customer("s3cret", "6", told["email"], told["signature"])


def test_nobody_is_signed_without_a_customer_or_a_secret() -> None:
    assert in_php(options=SAVED)["customer"] is None
    assert (
        in_php(options=SAVED | {"identity_secret": ""}, user={"ID": 5, "user_email": "a@b.example"})["customer"] is None
    )


def test_loader_gets_its_attributes_escaped() -> None:
    saved = SAVED | {"key": 'pk_"><x', "position": "left", "accent": "#2f6f4f"}
    tag = in_php(options=saved, tag=LOADER, handle="aisle-loader")["tag"]
    assert tag.startswith("<script>/* before */</script>")
    assert '<script async data-key="pk_&quot;&gt;&lt;x" data-position="left" data-accent="#2f6f4f" src=' in tag
    plain = in_php(options=SAVED, tag=LOADER, handle="aisle-loader")["tag"]
    assert 'async data-key="pk_1" src=' in plain
    assert in_php(options=SAVED, tag=LOADER, handle="jquery")["tag"] == LOADER


def test_pages_hold_nobodys_name() -> None:
    tag = '<script src="/identity.js" id="aisle-identity-js"></script>'
    shown = in_php(options=SAVED, user={"ID": 5, "user_email": "a@b.example"}, tag=tag, handle="aisle-identity")["tag"]
    assert 'data-aisle-customer="/?wc-ajax=aisle_customer"' in shown
    assert "a@b.example" not in shown


def test_the_cart_is_filled_through_the_shops_own_addresses() -> None:
    tag = '<script src="/cart.js" id="aisle-cart-js"></script>'
    shown = in_php(options=SAVED, tag=tag, handle="aisle-cart")["tag"]
    assert 'data-aisle-store="https://x.example/shop/?rest_route=/wc/store/v1/cart"' in shown
    assert 'data-aisle-home="https://x.example/shop/"' in shown


def test_connect_button_leads_to_aisle_with_this_shop() -> None:
    assert in_php(options=SAVED)["connect"] == (
        "https://aisle.example/integrations/woocommerce/start?url=https%3A%2F%2Fx.example%2Fshop"
    )


@pytest.mark.parametrize(
    ("field", "typed", "kept"),
    [
        ("address", "https://aisle.example/", "https://aisle.example"),
        ("address", "http://localhost:8080", "http://localhost:8080"),
        ("address", "", ""),
        ("key", " pk_abc-1 ", "pk_abc-1"),
        ("identity_secret", "", "s3cret"),
        ("identity_secret", "new", "new"),
        ("position", "left", "left"),
        ("position", "<b>", "right"),
        ("accent", "#2F6f4f", "#2F6f4f"),
        ("accent", "", ""),
    ],
)
def test_settings_are_kept(field: str, typed: str, kept: str) -> None:
    cleaned = in_php(options=SAVED, form=SAVED | {field: typed})
    assert cleaned["cleaned"][field] == kept
    assert cleaned["errors"] == []


@pytest.mark.parametrize(
    ("field", "typed"),
    [
        ("address", "http://aisle.example"),
        ("address", "javascript:alert(1)"),
        ("address", "https://a:b@aisle.example"),
        ("address", "aisle"),
        ("key", "sk_secret"),
        ("accent", "red;}"),
    ],
)
def test_what_is_wrong_is_said_and_not_kept(field: str, typed: str) -> None:
    saved = SAVED | {"accent": "#fff"}
    cleaned = in_php(options=saved, form=saved | {field: typed})
    assert cleaned["cleaned"][field] == saved[field]
    assert cleaned["errors"] == [f"aisle_{field}"]


def test_zip_is_reproducible(tmp_path: Path) -> None:
    made = []
    for name in ("one.zip", "two.zip"):
        subprocess.run([sys.executable, str(ROOT / ".ci" / "plugin"), str(tmp_path / name)], check=True, timeout=60)
        made.append((tmp_path / name).read_bytes())
    assert made[0] == made[1]
    with zipfile.ZipFile(tmp_path / "one.zip") as archive:
        names = archive.namelist()
    assert "aisle-for-woocommerce/aisle-for-woocommerce.php" in names
    assert len(names) == len([path for path in PLUGIN.rglob("*") if path.is_file()])


def test_every_file_refuses_to_be_opened_by_itself() -> None:
    for path in PLUGIN.rglob("*.php"):
        if path.name != "index.php":
            text = path.read_text()
            assert "defined( 'ABSPATH' ) || exit;" in text or "defined( 'WP_UNINSTALL_PLUGIN' ) || exit;" in text, path
    assert "custom_order_tables" in (PLUGIN / "aisle-for-woocommerce.php").read_text()
