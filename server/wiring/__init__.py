"""Puts the parts together. The only reader of Settings, beside the stores' platforms, each of which is wired by its own
file: everything else is handed what it needs."""

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager

from msgspec.structs import asdict

from server.billing.entitlement_service import EntitlementService
from server.billing.plan_limits import PlanLimits
from server.billing.schedule import BillingSchedule
from server.catalog.service import Catalog
from server.catalog.tasks import ImportProducts
from server.chat.answering.reading import Reader
from server.chat.conversations.erasure.service import ErasedShoppers
from server.chat.conversations.handoff import HandoffService
from server.chat.conversations.handoff.tasks import MAIL_REPLY, MailReply
from server.chat.conversations.pictures.service import PictureService
from server.chat.conversations.presence import Presence
from server.chat.conversations.service import ConversationService
from server.chat.conversations.sessions import SessionService
from server.chat.shopper_limits import ShopperLimits
from server.chat.turns.abandoned_turns import AbandonedTurns
from server.chat.turns.dry_run import DryRuns
from server.chat.turns.service import TurnService
from server.chat.turns.stream_store import StreamStore
from server.chat.turns.turn_stream import RunningTurns
from server.console.figures.service import Figures
from server.console.service import StaffService
from server.core.database import PATIENCE_S
from server.core.egress import Egress
from server.core.jobs import Handler
from server.core.mail import Mailer
from server.core.settings import Settings
from server.core.tokens import TokenSigner
from server.embedded import Endpoints
from server.knowledge.index import SearchIndex
from server.knowledge.library.service import Library
from server.knowledge.service import Knowledge
from server.knowledge.sources import Sources
from server.knowledge.tasks import CrawlSource, EmbedMissing, ImportDocument, ReadUnits, Restem
from server.orders.service import OrderService
from server.orders.tasks import SendCode
from server.pages.demo import load_demo_page
from server.pages.models import DemoPage
from server.privacy.service import Privacy
from server.shops.access import ConsoleClaims
from server.shops.members import Members
from server.shops.service import ShopService
from server.stores.adapters import StoreAdapters
from server.stores.disconnection import StoreDisconnection
from server.stores.order_stores import OrderStores
from server.stores.platforms import StorePlatforms
from server.stores.service import StoreService
from server.stores.sync.tasks import SyncStore
from server.upkeep import Upkeep
from server.webhooks.service import Inbox
from server.webhooks.tasks import ProcessChanges
from server.wiring.billing import BillingParts, billing_handlers, build_billing
from server.wiring.chat import build_chat
from server.wiring.foundation import Foundation, open_foundation
from server.wiring.orders import OrderSources, build_orders
from server.wiring.stores import build_stores


class Services(Foundation, frozen=True, kw_only=True):
    """All that one process works with."""

    money: BillingParts
    shops: ShopService
    members: Members
    sessions: SessionService
    console_signer: TokenSigner[ConsoleClaims]
    catalog: Catalog
    knowledge: Knowledge
    library: Library
    index: SearchIndex
    sources: Sources
    egress: Egress
    stores: StoreService
    order_stores: OrderStores
    platforms: StorePlatforms
    adapters: StoreAdapters
    disconnection: StoreDisconnection
    inbox: Inbox
    orders: OrderService
    privacy: Privacy
    mailer: Mailer | None
    running_turns: RunningTurns
    stream_store: StreamStore
    turns: TurnService
    dry_runs: DryRuns
    conversations: ConversationService
    handoff: HandoffService
    presence: Presence
    pictures: PictureService
    limits: ShopperLimits
    erased_shoppers: ErasedShoppers
    upkeep: Upkeep
    reader: Reader
    staff_service: StaffService
    figures: Figures
    demo: DemoPage | None

    async def is_listed_origin(self, origin: str) -> bool:
        """Whether a browser on this origin may call the shopper's routes of any shop; our own frame may."""
        return origin == self.settings.base_url or await self.shops.is_any_shops_origin(origin)


@asynccontextmanager
async def open_services(
    settings: Settings,
    at: Endpoints,
    *,
    embedder_threads: int = 1,
    patience_s: float = PATIENCE_S,
    connections: int | None = None,
) -> AsyncIterator[Services]:
    """Build everything and connect. `connections` is how many this process may hold on the database, where it is not
    for the settings to say. Raises ConfigurationError, Unavailable."""
    opened = open_foundation(
        settings, at, embedder_threads=embedder_threads, patience_s=patience_s, connections=connections
    )
    async with opened as foundation, AsyncExitStack() as stack:
        services = build_services(foundation)
        for part in (services.egress, services.adapters, services.knowledge, services.pictures):
            stack.push_async_callback(part.close)
        if services.money.payments:
            stack.push_async_callback(services.money.payments.close)
        yield services


def build_services(foundation: Foundation) -> Services:
    """Build every service. Nothing connects here."""
    settings, database, embedders = foundation.settings, foundation.database, foundation.embedders
    entitlements = EntitlementService(database, billing=settings.stripe_secret_key is not None)
    plan_limits = PlanLimits(entitlements)
    shops, members = ShopService(database, foundation.vault, entitlements), Members(database, plan_limits)
    money = build_billing(foundation, entitlements, shops, members)
    index = SearchIndex(database, embedders.main, foundation.at.database_url, embedders.multilingual)
    knowledge = Knowledge(database, embedders.main, index, plan_limits, embedders.multilingual)
    catalog = Catalog(database, index, plan_limits)
    stores = build_stores(foundation, shops)
    orders = build_orders(foundation, stores)
    chat = build_chat(
        foundation, money, plan_limits=plan_limits, shops=shops, catalog=catalog, knowledge=knowledge, orders=orders
    )
    privacy = Privacy(
        database,
        foundation.vault,
        chat.stream_store,
        chat.presence,
        chat.erased_shoppers,
        chat.limits,
        settings.secret_keys,
    )
    abandoned_turns = AbandonedTurns(database, chat.stream_store, money.quota)
    billing_schedule = BillingSchedule(database, has_payments=money.payments is not None)
    return Services(
        money=money,
        shops=shops,
        members=members,
        console_signer=TokenSigner(settings.secret_keys, "console", ConsoleClaims),
        catalog=catalog,
        knowledge=knowledge,
        library=Library(database, knowledge),
        index=index,
        sources=Sources(database, foundation.jobs),
        orders=orders,
        privacy=privacy,
        mailer=Mailer(settings.smtp_url, settings.mail_from) if settings.smtp_url else None,
        upkeep=Upkeep(
            database, abandoned_turns, orders, stores.stores, privacy, billing_schedule, foundation.embedders
        ),
        staff_service=StaffService(database, chat.presence),
        figures=Figures(database),
        demo=_demo_page(settings),
        **asdict(foundation),
        **asdict(stores),
        **asdict(chat),
    )


def job_handlers(services: Services) -> Mapping[str, Handler]:
    """What the worker runs, by the job's kind."""
    database, knowledge = services.database, services.knowledge
    return {
        "catalog.import": ImportProducts(database, services.catalog, services.shops),
        "knowledge.import": ImportDocument(database, knowledge),
        "knowledge.crawl": CrawlSource(knowledge, services.sources, services.egress),
        "knowledge.embed": EmbedMissing(knowledge),
        "knowledge.read": ReadUnits(knowledge),
        "knowledge.restem": Restem(knowledge),
        "stores.sync": SyncStore(
            database,
            services.stores,
            services.adapters,
            services.catalog,
            knowledge,
            services.platforms.webhook_url,
        ),
        "stores.changes": ProcessChanges(
            database, services.stores, services.adapters, services.catalog, services.privacy
        ),
        "orders.send_code": SendCode(
            database,
            OrderSources(services.order_stores, services.adapters, services.stores),
            services.mailer,
            services.settings.secret_keys,
        ),
        MAIL_REPLY: MailReply(database, services.presence, services.mailer),
        **billing_handlers(
            services.money,
            database,
            services.shops,
            services.members,
            services.mailer,
            services.settings.base_url,
        ),
    }


def _demo_page(settings: Settings) -> DemoPage | None:
    if settings.env != "demo":
        return None
    return load_demo_page(settings.data_dir / "demo-shop.json", settings.base_url, settings.demo_mailbox_url)
