"""Puts the parts together. The only reader of Settings, beside the stores' platforms, each of which is wired by its own
file: everything else is handed what it needs."""

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager

import msgspec
from redis.asyncio import Redis

from server.billing.entitlement_service import EntitlementService
from server.billing.plan_limits import PlanLimits
from server.billing.schedule import BillingSchedule
from server.catalog.service import Catalog
from server.catalog.tasks import ImportProducts
from server.chat.answering.intents import Router
from server.chat.conversations.erasure.service import ErasedShoppers
from server.chat.conversations.handoff import HandoffService
from server.chat.conversations.handoff.tasks import MAIL_REPLY, MailReply
from server.chat.conversations.pictures.service import PictureService
from server.chat.conversations.presence import Presence
from server.chat.conversations.service import ConversationService
from server.chat.conversations.sessions import SessionService
from server.chat.turns.abandoned_turns import AbandonedTurns
from server.chat.turns.service import TurnService
from server.chat.turns.shopper_limits import ShopperLimits
from server.chat.turns.stream_store import StreamStore
from server.chat.turns.turn_stream import RunningTurns
from server.console.figures.service import Figures
from server.console.service import StaffService
from server.core.connection_budget import MAX_CONNECTIONS
from server.core.crypto import Vault, app_role_password
from server.core.database import PATIENCE_S, POOLS, Database, url_for_role
from server.core.errors import ConfigurationError
from server.core.job_notifier import ArqNotifier
from server.core.jobs import Handler, JobService
from server.core.mail import Mailer
from server.core.metrics import Metrics
from server.core.rate_limit import RateLimiter
from server.core.redis_pool import open_redis
from server.core.settings import Settings
from server.core.tokens import TokenSigner
from server.embedded import Endpoints
from server.knowledge.index import SearchIndex
from server.knowledge.service import Knowledge
from server.knowledge.sources import Sources
from server.knowledge.tasks import CrawlSource, EmbedMissing, ImportDocument, Restem
from server.models.protocol import ChatModel, Embedder
from server.orders.service import OrderService
from server.orders.tasks import SendCode
from server.pages.demo import load_demo_page
from server.pages.models import DemoPage
from server.privacy.service import Privacy
from server.shops.access import ConsoleClaims
from server.shops.members import Members
from server.shops.service import ShopService
from server.stores.sync.tasks import SyncStore
from server.upkeep import Upkeep
from server.webhooks.tasks import ProcessChanges
from server.wiring.billing import BillingParts, billing_handlers, build_billing
from server.wiring.chat import build_chat
from server.wiring.orders import OrderSources
from server.wiring.stores import StoreParts, build_stores


class Services(StoreParts, frozen=True, kw_only=True):
    """All that one process works with."""

    settings: Settings
    at: Endpoints
    database: Database
    redis: Redis
    vault: Vault
    metrics: Metrics
    jobs: JobService
    embedder: Embedder
    chat_model: ChatModel | None
    money: BillingParts
    shops: ShopService
    members: Members
    sessions: SessionService
    console_signer: TokenSigner[ConsoleClaims]
    catalog: Catalog
    knowledge: Knowledge
    index: SearchIndex
    sources: Sources
    orders: OrderService
    privacy: Privacy
    mailer: Mailer | None
    limiter: RateLimiter
    running_turns: RunningTurns
    stream_store: StreamStore
    turns: TurnService
    conversations: ConversationService
    handoff: HandoffService
    presence: Presence
    pictures: PictureService
    limits: ShopperLimits
    erased_shoppers: ErasedShoppers
    upkeep: Upkeep
    router: Router
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
    async with AsyncExitStack() as stack:
        pool_size = (connections or settings.database_connections or MAX_CONNECTIONS) // POOLS
        database = await open_database(settings, at, pool_size, patience_s)
        stack.push_async_callback(database.close)
        redis = open_redis(at.redis_url)
        stack.push_async_callback(redis.aclose)
        notify = ArqNotifier(at.redis_url)
        stack.push_async_callback(notify.close)
        embedder = _embedder(settings, embedder_threads)
        stack.push_async_callback(embedder.close)
        chat_model = _chat_model(settings)
        if chat_model:
            stack.push_async_callback(chat_model.close)
        services = await _build(settings, at, database, redis, notify, embedder, chat_model)
        stack.push_async_callback(services.egress.close)
        stack.push_async_callback(services.adapters.close)
        stack.push_async_callback(services.knowledge.close)
        stack.push_async_callback(services.pictures.close)
        if services.money.payments:
            stack.push_async_callback(services.money.payments.close)
        yield services


async def _build(
    settings: Settings,
    at: Endpoints,
    database: Database,
    redis: Redis,
    notify: ArqNotifier,
    embedder: Embedder,
    chat_model: ChatModel | None,
) -> Services:
    metrics, limiter, vault = Metrics(), RateLimiter(redis), Vault(settings.secret_keys)
    entitlements = EntitlementService(database, billing=settings.stripe_secret_key is not None)
    plan_limits = PlanLimits(entitlements)
    shops, jobs = ShopService(database, vault, entitlements), JobService(database, notify)
    members = Members(database, plan_limits)
    money = build_billing(settings, database, entitlements, shops, members, notify)
    index = SearchIndex(database, embedder, at.database_url)
    knowledge = Knowledge(database, embedder, index, plan_limits)
    catalog = Catalog(database, index, plan_limits)
    parts = build_stores(settings, database, vault, shops, jobs, notify, redis, limiter)
    sources = OrderSources(parts.order_stores, parts.adapters, parts.stores)
    orders = OrderService(
        database,
        sources,
        settings.secret_keys,
        jobs,
        codes=settings.smtp_url is not None,
        signs_in=parts.platforms.offers_sign_in,
    )
    talk = build_chat(
        settings,
        database,
        redis,
        shops=shops,
        limiter=limiter,
        metrics=metrics,
        quota=money.quota,
        entitlements=entitlements,
        plan_limits=plan_limits,
        embedder=embedder,
        chat_model=chat_model,
        catalog=catalog,
        knowledge=knowledge,
        orders=orders,
    )
    privacy = Privacy(
        database, vault, talk.stream_store, talk.presence, talk.erased_shoppers, talk.limits, settings.secret_keys
    )
    abandoned_turns = AbandonedTurns(database, talk.stream_store, money.quota)
    billing_schedule = BillingSchedule(database, has_payments=money.payments is not None)
    demo_file = settings.data_dir / "demo-shop.json"
    return Services(
        settings=settings,
        at=at,
        database=database,
        redis=redis,
        vault=vault,
        metrics=metrics,
        jobs=jobs,
        embedder=embedder,
        chat_model=chat_model,
        shops=shops,
        members=members,
        console_signer=TokenSigner(settings.secret_keys, "console", ConsoleClaims),
        catalog=catalog,
        knowledge=knowledge,
        index=index,
        sources=Sources(database, jobs),
        orders=orders,
        privacy=privacy,
        mailer=Mailer(settings.smtp_url, settings.mail_from) if settings.smtp_url else None,
        upkeep=Upkeep(database, abandoned_turns, orders, parts.stores, privacy, billing_schedule, embedder.name),
        staff_service=StaffService(database, talk.presence),
        figures=Figures(database),
        limiter=limiter,
        demo=load_demo_page(demo_file, settings.base_url, settings.demo_mailbox_url)
        if settings.env == "demo"
        else None,
        money=money,
        **msgspec.structs.asdict(parts),
        **msgspec.structs.asdict(talk),
    )


def job_handlers(services: Services) -> Mapping[str, Handler]:
    """What the worker runs, by the job's kind."""
    database, knowledge = services.database, services.knowledge
    return {
        "catalog.import": ImportProducts(database, services.catalog, services.shops),
        "knowledge.import": ImportDocument(database, knowledge),
        "knowledge.crawl": CrawlSource(knowledge, services.sources, services.egress),
        "knowledge.embed": EmbedMissing(knowledge),
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


async def open_database(settings: Settings, at: Endpoints, pool_size: int, patience_s: float = PATIENCE_S) -> Database:
    """Connect as the app role: the one that is named, or ours with a password derived from any of the keys."""
    urls = (
        [settings.app_database_url]
        if settings.app_database_url
        else [url_for_role(at.database_url, settings.app_role, app_role_password(key)) for key in settings.secret_keys]
    )
    for url in urls[:-1]:
        try:
            return await _connected(url, pool_size, patience_s)
        except ConfigurationError:
            continue  # an older key's password: `aisle migrate` renews it
    return await _connected(urls[-1], pool_size, patience_s)


async def _connected(url: str, pool_size: int, patience_s: float) -> Database:
    database = Database(url, pool_size=pool_size, patience_s=patience_s)
    await database.open()
    return database


def _embedder(settings: Settings, threads: int) -> Embedder:
    if settings.embedding_model == "local":
        from server.models.local import LocalEmbedder

        return LocalEmbedder(cache_dir=settings.data_dir / "models", threads=threads)
    if not settings.openai_api_key:
        raise ConfigurationError("AISLE_EMBEDDING_MODEL names a remote model, but OPENAI_API_KEY is not set")
    from server.models.openai_client import OpenAIEmbedder

    return OpenAIEmbedder(settings.openai_base_url, settings.openai_api_key, settings.embedding_model)


def _chat_model(settings: Settings) -> ChatModel | None:
    if not settings.chat_model or not settings.openai_api_key:
        return None
    from server.models.openai_client import OpenAIChatModel

    return OpenAIChatModel(settings.openai_base_url, settings.openai_api_key, settings.chat_model)
