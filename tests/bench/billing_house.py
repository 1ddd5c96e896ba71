"""A shop at a Stripe of its own, for counting, telling and billing without HTTP in between."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from uuid import UUID

import asyncpg
from msgspec import Struct

from billing.plans import ENTERPRISE, OFFERED, Plan
from billing.stripe_catalog import StripeCatalog
from billing.stripe_gateway import StripePayments
from server.billing import storage
from server.billing.entitlement_service import EntitlementService
from server.billing.plan_limits import ShopQuota
from server.billing.resolution_service import ResolutionService
from server.billing.service import BillingService
from server.billing.statements import AuditService
from server.billing.usage_reporting import UsageReporter
from server.core.crypto import Vault, app_role_password
from server.core.database import Database, url_for_role
from server.embedded.standins.stripe import checkout
from server.embedded.standins.stripe_server import StripeStandin, running
from server.shops.members import Members
from server.shops.service import ShopService

CARD = "4242424242424242"


class House(Struct, frozen=True):
    """Database, shop and provider of a simulation."""

    database: Database
    owner: asyncpg.Connection
    shop_id: UUID
    entitlements: EntitlementService
    quota: ShopQuota
    usage_reporter: UsageReporter
    audits: AuditService
    billing: BillingService
    standin: StripeStandin
    resolutions: ResolutionService


@asynccontextmanager
async def house(
    owner_url: str, secret: str, plan: Plan = ENTERPRISE, began: datetime | None = None
) -> AsyncIterator[House]:
    """A shop on a plan (Enterprise, paying for answers beyond it) since `began` (now), at a Stripe set up as `aisle
    billing setup` does, whose clock stands at `began`."""
    database = Database(url_for_role(owner_url, "aisle_app", app_role_password(secret)), pool_size=12)
    await database.open()
    owner = await asyncpg.connect(owner_url)
    with running(
        StripeStandin(frozen_at=int(began.timestamp() if began else time.time()), key="sk_test_bench")
    ) as standin:
        catalog = StripeCatalog("sk_test_bench", api_base=standin.url)
        await catalog.set_up(OFFERED)
        payments = StripePayments("sk_test_bench", api_base=standin.url)
        shops, members = ShopService(database, Vault((secret,))), Members(database)
        shop_id = (await shops.create("A month", ())).shop_id
        entitlements, usage_reporter = EntitlementService(database, billing=True), UsageReporter(database, payments)
        resolutions = ResolutionService(database, entitlements)
        billing = BillingService(database, entitlements, payments, usage_reporter, shops, members, "http://127.0.0.1:1")
        yield await _subscribed(
            House(
                database,
                owner,
                shop_id,
                entitlements,
                ShopQuota(entitlements),
                usage_reporter,
                AuditService(database, entitlements, payments),
                billing,
                standin,
                resolutions,
            ),
            payments,
            plan,
        )
        await catalog.close()
        await payments.close()
        assert standin.mistakes == []
    await owner.close()
    await database.close()


async def _subscribed(made: House, payments: StripePayments, plan: Plan) -> House:
    customer_id = await payments.create_customer(str(made.shop_id), "owner@month.example", "A month")
    async with made.database.connection(made.shop_id) as connection:
        await storage.add_customer(connection, made.shop_id, customer_id)
        await storage.save_choices(connection, made.shop_id, overage=True, spending_cap_minor=None)
    keys = plan.price_keys
    prices = await payments.prices(keys)
    url = await payments.checkout(
        customer_id, [prices[key].id for key in keys], None, "http://127.0.0.1:1/", "http://127.0.0.1:1/", "shop"
    )
    checkout.submit(made.standin.store, url.rpartition("/")[2], CARD)
    await made.billing.refresh(made.shop_id)
    return made
