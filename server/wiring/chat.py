"""Puts the parts of the conversation together."""

from msgspec import Struct
from redis.asyncio import Redis

from billing.quota import Quota
from server.billing.entitlement_service import EntitlementService
from server.billing.plan_limits import PlanLimits
from server.catalog.service import Catalog
from server.chat.answering.driver import AnswerDriver
from server.chat.answering.engine import Engine
from server.chat.answering.intents import Router
from server.chat.answering.model_driver import ModelDriver
from server.chat.conversations.erasure.service import ErasedShoppers
from server.chat.conversations.handoff import HandoffService
from server.chat.conversations.pictures.service import Pictures
from server.chat.conversations.presence import Presence
from server.chat.conversations.service import Conversations
from server.chat.conversations.sessions import SessionClaims, Sessions
from server.chat.models import Question
from server.chat.tools.toolbox import ShopToolbox
from server.chat.turns.service import ChatService
from server.chat.turns.shopper_limits import ShopperLimits
from server.chat.turns.turn_stream import LiveTurns, TurnJournal
from server.core.database import Database
from server.core.metrics import Metrics
from server.core.rate_limit import RateLimiter
from server.core.settings import Settings
from server.core.tokens import TokenSigner
from server.knowledge.service import Knowledge
from server.models.protocol import ChatModel, Embedder
from server.orders.service import OrderService
from server.shops.service import ShopService


class ChatParts(Struct, frozen=True, kw_only=True):
    """What `Services` holds of the conversation, under the same names."""

    sessions: Sessions
    live: LiveTurns
    journal: TurnJournal
    chat: ChatService
    conversations: Conversations
    handoff: HandoffService
    presence: Presence
    pictures: Pictures
    limits: ShopperLimits
    erased_shoppers: ErasedShoppers
    router: Router


def build_chat(
    settings: Settings,
    database: Database,
    redis: Redis,
    *,
    shops: ShopService,
    limiter: RateLimiter,
    metrics: Metrics,
    quota: Quota,
    entitlements: EntitlementService,
    plan_limits: PlanLimits,
    embedder: Embedder,
    chat_model: ChatModel | None,
    catalog: Catalog,
    knowledge: Knowledge,
    orders: OrderService,
) -> ChatParts:
    """Everything between a shopper's message and its answer."""
    live, journal, router = LiveTurns(), TurnJournal(redis), Router(embedder)
    presence, limits, erased_shoppers = Presence(redis), ShopperLimits(limiter, entitlements), ErasedShoppers(database)
    handoff = HandoffService(database, shops, presence)
    pictures = Pictures(database, shops, limits, plan_limits)
    model = ModelDriver(chat_model, sees_pictures=settings.chat_model_images) if chat_model else None

    def toolbox_for(question: Question) -> ShopToolbox:
        return ShopToolbox(
            question, catalog, knowledge, orders, lambda email: handoff.request(question.shopper, email), pictures
        )

    return ChatParts(
        sessions=Sessions(
            shops,
            TokenSigner(settings.secret_keys, "session", SessionClaims),
            limiter,
            settings.base_url,
            database,
            erased_shoppers,
        ),
        live=live,
        journal=journal,
        chat=ChatService(
            database=database,
            shops=shops,
            limits=limits,
            quota=quota,
            journal=journal,
            live=live,
            driver=AnswerDriver(router, Engine(), model, metrics),
            toolbox_for=toolbox_for,
            metrics=metrics,
        ),
        conversations=Conversations(database, shops, journal, live, handoff, presence),
        handoff=handoff,
        presence=presence,
        pictures=pictures,
        limits=limits,
        erased_shoppers=erased_shoppers,
        router=router,
    )
