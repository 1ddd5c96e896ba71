"""`aisle member add` and `aisle member list`: who may sign in to a shop's console."""

import re
import secrets
import sys
from uuid import UUID

import click
import msgspec
from msgspec import UNSET, Struct, UnsetType

from server.commands.context import require_shop, services_for_command
from server.core.errors import FieldError, Invalid
from server.shops.models import Role

MIN_PASSWORD, MAX_PASSWORD = 10, 200
MAX_EMAIL, MAX_NAME = 254, 200
GENERATED_BYTES = 12
_EMAIL = re.compile(r"[^\s@<>,;:\"()\[\]\\]{1,64}@(?:localhost|(?:[\w-]{1,63}\.)+[\w-]{2,63})")


class AddedMember(Struct, frozen=True, kw_only=True):
    """What `--json` says. `password` is there only when one was made up, which is the only time it is told."""

    shop_id: UUID
    email: str
    role: str
    is_new_account: bool
    console_url: str
    password: str | UnsetType = UNSET


def read_password() -> str:
    """One line of stdin; asked for without an echo where stdin is a terminal. Raises Invalid."""
    if sys.stdin.isatty():
        password = str(click.prompt("Password", hide_input=True, confirmation_prompt=True, err=True))
    else:
        password = sys.stdin.readline().rstrip("\r\n")
    if not MIN_PASSWORD <= len(password) <= MAX_PASSWORD:
        raise Invalid(f"the password must have {MIN_PASSWORD} to {MAX_PASSWORD} characters")
    return password


async def add_member(shop_id: str, email: str, name: str, role: str, password: str | None, as_json: bool) -> None:
    """Give somebody a role; `password` is for a new account, None makes one up. Raises Invalid, Conflict."""
    email = _require_email(email)
    if len(name) > MAX_NAME:
        raise Invalid("the name is too long", errors=(FieldError("--name", f"at most {MAX_NAME} characters"),))
    generated = None if password else secrets.token_urlsafe(GENERATED_BYTES)
    async with services_for_command() as services:
        shop = await require_shop(services, shop_id)
        is_new = await services.members.add(shop, email, password or generated or "", name.strip(), Role(role), "cli")
        added = AddedMember(
            shop_id=shop,
            email=email,
            role=role,
            is_new_account=is_new,
            console_url=f"{services.settings.base_url}/console",
            password=generated if is_new and generated else UNSET,
        )
    if as_json:
        click.echo(msgspec.json.encode(added).decode())
    else:
        _show(added)


async def list_members(shop_id: str, as_json: bool) -> None:
    """Print the members, first joined first."""
    async with services_for_command() as services:
        members = await services.members.list_of(await require_shop(services, shop_id))
    if as_json:
        click.echo(msgspec.json.encode({"members": members}).decode())
        return
    if not members:
        click.echo("no members yet; add one with `aisle member add`")
    width = max((len(member.email) for member in members), default=0)
    for member in members:
        click.echo(f"{member.email:<{width}}  {member.role:<6}  since {member.since:%Y-%m-%d}  {member.name}".rstrip())


def _require_email(text: str) -> str:
    email = text.strip().lower()
    if len(email) > MAX_EMAIL or not _EMAIL.fullmatch(email):
        raise Invalid(f"{text!r} is not an e-mail address", errors=(FieldError("--email", "write name@shop.example"),))
    return email


def _show(added: AddedMember) -> None:
    click.echo(f"e-mail    {added.email}")
    click.echo(f"role      {added.role}")
    if added.password is not UNSET:
        click.echo(f"password  {added.password}   (shown only this once)")
    elif added.is_new_account:
        click.echo("password  the one from stdin")
    else:
        click.echo("password  unchanged: this e-mail already had an account")
    click.echo(f"console   {added.console_url}")
