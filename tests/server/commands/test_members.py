"""`aisle member`: a shop of one's own gets a sign-in to the console."""

import json
import uuid
from typing import Any

import httpx
import pytest
from click.testing import CliRunner

from server.cli import main
from tests.installation import Installation, ShopAccess


@pytest.fixture
def shop(installation: Installation) -> ShopAccess:
    return installation.create_shop("Fern & Co")


@pytest.fixture
def email() -> str:
    return f"maya-{uuid.uuid4().hex}@fern.example"


def added(installation: Installation, shop: ShopAccess, email: str, *more: str, stdin: str = "") -> dict[str, Any]:
    """What `--json` says of a member who was added."""
    done = installation.aisle("member", "add", "--shop", shop.shop_id, "--email", email, "--json", *more, stdin=stdin)
    assert (done.returncode, done.stderr) == (0, "")
    return dict(json.loads(done.stdout))


def can_sign_in(installation: Installation, email: str, password: str) -> bool:
    origin = {"Origin": installation.base_url}
    data = {"email": email, "password": password}
    response = httpx.post(f"{installation.base_url}/console/sign-in", data=data, headers=origin, timeout=10)
    return response.status_code == 303 and "set-cookie" in response.headers


def test_a_new_member_signs_in_with_the_password_shown(
    installation: Installation, shop: ShopAccess, email: str
) -> None:
    done = installation.aisle("member", "add", "--shop", shop.shop_id, "--email", email.upper(), "--name", "Maya")
    assert done.returncode == 0, done.stderr
    shown = dict(line.split(maxsplit=1) for line in done.stdout.splitlines())
    assert shown["e-mail"] == email
    assert shown["role"] == "owner"
    assert shown["console"] == f"{installation.base_url}/console"
    assert can_sign_in(installation, email, shown["password"].split()[0])
    listed = installation.aisle("member", "list", "--shop", shop.shop_id)
    assert email in listed.stdout
    assert "owner" in listed.stdout
    assert "Maya" in listed.stdout


def test_an_account_keeps_its_password_in_a_second_shop(
    installation: Installation, shop: ShopAccess, email: str
) -> None:
    first = added(installation, shop, email)
    assert first["is_new_account"]
    other = installation.create_shop("Moss")
    second = added(installation, other, email, "--role", "viewer", "--password-stdin", stdin="another-password\n")
    assert second == {
        "shop_id": other.shop_id,
        "email": email,
        "role": "viewer",
        "is_new_account": False,
        "console_url": f"{installation.base_url}/console",
    }
    assert can_sign_in(installation, email, first["password"])
    assert not can_sign_in(installation, email, "another-password")


def test_a_password_from_stdin_is_not_shown(installation: Installation, shop: ShopAccess, email: str) -> None:
    arguments = ["add", "--shop", shop.shop_id, "--email", email, "--password-stdin"]
    short = installation.aisle("member", *arguments, stdin="short\n")
    assert (short.returncode, short.stdout) == (1, "")
    assert short.stderr == "aisle: the password must have 10 to 200 characters\n"
    done = installation.aisle("member", *arguments, stdin="correct horse battery\n")
    assert done.returncode == 0, done.stderr
    assert "correct horse" not in done.stdout + done.stderr
    assert can_sign_in(installation, email, "correct horse battery")


def test_a_member_is_not_added_twice(installation: Installation, shop: ShopAccess, email: str) -> None:
    added(installation, shop, email, "--role", "agent")
    again = installation.aisle("member", "add", "--shop", shop.shop_id, "--email", email)
    assert (again.returncode, again.stdout) == (1, "")
    assert again.stderr == f"aisle: {email} is already a member of this shop\n"
    listed = json.loads(installation.aisle("member", "list", "--shop", shop.shop_id, "--json").stdout)
    assert [(each["email"], each["role"]) for each in listed["members"]] == [(email, "agent")]


def test_an_unknown_shop_makes_no_account(installation: Installation, shop: ShopAccess, email: str) -> None:
    refused = installation.aisle("member", "add", "--shop", str(uuid.uuid4()), "--email", email)
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr.startswith("aisle: there is no shop ")
    assert len(refused.stderr.splitlines()) == 1
    assert added(installation, shop, email)["is_new_account"]


@pytest.mark.parametrize("wrong", ["maya", "maya@fern", "@fern.example", "ma ya@fern.example", "a@b@c.example", ""])
def test_what_is_no_address_is_refused(wrong: str) -> None:
    refused = CliRunner().invoke(main, ["member", "add", "--shop", str(uuid.uuid4()), "--email", wrong])
    assert (refused.exit_code, refused.stdout) == (1, "")
    assert refused.stderr == f"aisle: {wrong!r} is not an e-mail address; --email: write name@shop.example\n"


def test_the_password_is_never_an_argument() -> None:
    given = ["member", "add", "--shop", str(uuid.uuid4()), "--email", "maya@fern.example", "--password", "geheim"]
    assert CliRunner().invoke(main, given).exit_code == 2
