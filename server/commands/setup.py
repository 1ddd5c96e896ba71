"""`aisle migrate`, `aisle shop create` and `aisle shop connect`."""

from pathlib import Path
from urllib.parse import unquote, urlsplit

import click
import msgspec

from integrations.demo import load_store
from server.commands.context import require_shop, services_for_command
from server.core.crypto import app_role_password
from server.core.settings import load_settings
from server.embedded.endpoints import endpoints
from server.migrations.migrate import Migrated, migrate_now
from server.shops.models import Caller, Role, ShopChanges
from server.stores.models import NewStore


def run_migrate() -> Migrated:
    """Bring the schema up to date; the revision reached."""
    settings = load_settings()
    with endpoints(settings) as at:
        if settings.app_database_url:  # a role with a password of its own, which the operator looks after
            role = unquote(urlsplit(settings.app_database_url).username or settings.app_role)
            return migrate_now(at.database_url, role, None)
        return migrate_now(at.database_url, settings.app_role, app_role_password(settings.secret_keys[0]))


async def create_shop(
    name: str, origins: tuple[str, ...], locale: str | None, currency: str | None, as_json: bool
) -> None:
    """Make a shop and print its keys."""
    async with services_for_command() as services:
        made = await services.shops.create(name, origins)
        given = {key: value for key, value in (("locale", locale), ("currency", currency)) if value}
        if given:
            setup = Caller(shop_id=made.shop_id, role=Role.OWNER, actor="cli")
            await services.shops.change(setup, msgspec.convert(given, ShopChanges))
    if as_json:
        click.echo(msgspec.json.encode(made).decode())
        return
    click.echo(f"shop id          {made.shop_id}")
    click.echo(f"publishable key  {made.publishable_key}")
    click.echo(f"secret key       {made.secret_key}   (shown only this once)")
    click.echo(f"identity secret  {made.identity_secret}   (signs your signed-in customers)")


async def connect_platform(platform: str, shop_id: str, orders_from: str | None, order_access: str | None) -> None:
    """Connect a platform; the demo platform may take its orders from a folder the operator names."""
    if platform != "demo":
        raise click.UsageError(
            "only the platform demo can be connected here; connect real stores in the console or over the API"
        )
    async with services_for_command() as services:
        shop = await require_shop(services, shop_id)
        folder = Path(orders_from) if orders_from else None
        store = load_store(folder)  # refuses a folder it cannot read before anything is written
        settings = {"folder": str(folder)} if folder else {}
        await services.stores.connect(
            shop, NewStore(platform="demo", name="demo", settings=settings, every_s=None), "cli"
        )
        if order_access:
            changes = ShopChanges(order_access=order_access)
            await services.shops.change(Caller(shop_id=shop, role=Role.OWNER, actor="cli"), changes)
    click.echo(f"connected: {len(store.orders)} orders")
