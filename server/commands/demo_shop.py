"""The demo's shop: made through the same services a merchant uses."""

import asyncio
import secrets
from typing import Any
from uuid import UUID

from integrations.demo import DemoStore, load_store
from server.commands.context import services_for_command
from server.core.crypto import app_role_password
from server.core.settings import load_settings
from server.knowledge.parsing import parse_document
from server.migrations.migrate import migrate
from server.shops.models import Caller, Role, ShopChanges
from server.stores.models import NewStore
from server.wiring import Services


def prepare_shop(known: dict[str, Any] | None, merchant_email: str) -> dict[str, Any]:
    """Migrate, then make the shop or bring it up to date; what `demo.json` is made of."""
    return asyncio.run(_prepare(known, merchant_email))


async def _prepare(known: dict[str, Any] | None, merchant_email: str) -> dict[str, Any]:
    settings = load_settings()
    assert settings.database_url
    await migrate(settings.database_url, settings.app_role, app_role_password(settings.secret_keys[0]))
    store = load_store(base_url=settings.base_url)
    async with services_for_command(embedder_threads=2) as services:
        shop = known or await _create(services, store, merchant_email)
        shop_id = UUID(shop["shop_id"])
        await services.catalog.save(shop_id, store.products, "demo")
        for policy in store.policies:
            [document] = parse_document(policy.body.encode(), f"{policy.external_id}.md")
            await services.knowledge.save_document(shop_id, policy.external_id, document, "demo", url=policy.url)
        await services.index.settle(shop_id)
    return shop | {"base_url": settings.base_url}


async def _create(services: Services, store: DemoStore, merchant_email: str) -> dict[str, Any]:
    made = await services.shops.create(store.shop.name, ())
    owner = Caller(shop_id=made.shop_id, role=Role.OWNER, actor="demo")
    await services.shops.change(
        owner,
        ShopChanges(
            currency=store.shop.currency,
            suggestions=store.shop.questions[:4],
            contact={"email": store.shop.contact_email or ""},
        ),
    )
    await services.stores.connect(made.shop_id, NewStore(platform="demo", name="demo", every_s=None), "demo")
    password = secrets.token_urlsafe(9)
    await services.members.add(made.shop_id, merchant_email, password, "Demo owner", Role.OWNER)
    return {
        "shop_id": str(made.shop_id),
        "publishable_key": made.publishable_key,
        "secret_key": made.secret_key,
        "identity_secret": made.identity_secret,
        "console_password": password,
    }
