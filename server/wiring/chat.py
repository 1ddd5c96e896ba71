"""Builds the services of the chat."""

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
from server.chat.conversations.pictures.service import PictureService
from server.chat.conversations.presence import Presence
from server.chat.conversations.service import ConversationService
from server.chat.conversations.sessions import SessionClaims, SessionService
from server.chat.models import Question
from server.chat.tools.toolbox import ShopToolbox
from server.chat.turns.service import TurnService
from server.chat.turns.shopper_limits import ShopperLimits
from server.chat.turns.stream_store import StreamStore
from server.chat.turns.turn_stream import RunningTurns
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
    """The services of the chat, under their names in `Services`."""

    sessions: SessionService
    running_turns: RunningTurns
    stream_store: StreamStore
    turns: TurnService
    conversations: ConversationService
    handoff: HandoffService
    presence: Presence
    pictures: PictureService
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
    """Everything between a shopper's message and its answer, on services that are built already."""
    running, stream_store, router = RunningTurns(), StreamStore(redis), Router(embedder)
    presence, limits, erased_shoppers = Presence(redis), ShopperLimits(limiter, entitlements), ErasedShoppers(database)
    handoff = HandoffService(database, shops, presence)
    pictures = PictureService(database, shops, limits, plan_limits)
    model = ModelDriver(chat_model, sees_pictures=settings.chat_model_images) if chat_model else None

    def toolbox_for(question: Question) -> ShopToolbox:
        return ShopToolbox(
            question,
            catalog,
            knowledge,
            orders,
            lambda email: handoff.request(question.shopper, email),
            pictures,
        )

    return ChatParts(
        sessions=SessionService(
            shops,
            TokenSigner(settings.secret_keys, "session", SessionClaims),
            limiter,
            settings.base_url,
            database,
            erased_shoppers,
        ),
        running_turns=running,
        stream_store=stream_store,
        turns=TurnService(
            database=database,
            shops=shops,
            limits=limits,
            quota=quota,
            stream_store=stream_store,
            running=running,
            driver=AnswerDriver(router, Engine(), model, metrics),
            toolbox_for=toolbox_for,
            metrics=metrics,
        ),
        conversations=ConversationService(database, shops, stream_store, running, handoff, presence),
        handoff=handoff,
        presence=presence,
        pictures=pictures,
        limits=limits,
        erased_shoppers=erased_shoppers,
        router=router,
    )
