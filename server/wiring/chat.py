"""Builds the services of the chat."""

from functools import partial

from msgspec import Struct

from server.billing.plan_limits import PlanLimits
from server.catalog.service import Catalog
from server.chat.answering.driver import AnswerDriver
from server.chat.answering.engine import Engine
from server.chat.answering.model_driver import ModelDriver
from server.chat.answering.reading import Reader
from server.chat.conversations.erasure.service import ErasedShoppers
from server.chat.conversations.handoff import HandoffService
from server.chat.conversations.pictures.service import PictureService
from server.chat.conversations.presence import Presence
from server.chat.conversations.service import ConversationService
from server.chat.conversations.sessions import SessionClaims, SessionService
from server.chat.models import Question
from server.chat.shopper_limits import ShopperLimits
from server.chat.tools.dry_toolbox import DryToolbox
from server.chat.tools.toolbox import ShopToolbox
from server.chat.turns.dry_run import DryRuns
from server.chat.turns.service import TurnService
from server.chat.turns.stream_store import StreamStore
from server.chat.turns.turn_stream import RunningTurns
from server.core.tokens import TokenSigner
from server.knowledge.service import Knowledge
from server.orders.service import OrderService
from server.shops.service import ShopService
from server.wiring.billing import BillingParts
from server.wiring.foundation import Foundation


class ChatParts(Struct, frozen=True, kw_only=True):
    """The services of the chat, under their names in `Services`."""

    sessions: SessionService
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
    reader: Reader


def build_chat(
    foundation: Foundation,
    money: BillingParts,
    *,
    plan_limits: PlanLimits,
    shops: ShopService,
    catalog: Catalog,
    knowledge: Knowledge,
    orders: OrderService,
) -> ChatParts:
    """Everything between a shopper's message and its answer, on services that are built already."""
    settings, database, redis = foundation.settings, foundation.database, foundation.redis
    running, stream_store, presence = RunningTurns(), StreamStore(redis), Presence(redis)
    limits, erased_shoppers = ShopperLimits(foundation.limiter, money.entitlements), ErasedShoppers(database)
    handoff = HandoffService(database, shops, presence)
    pictures = PictureService(database, shops, limits, plan_limits)
    reader = Reader(foundation.reading_embedder)

    def toolbox_for(question: Question) -> ShopToolbox:
        request_human = partial(handoff.request, question.shopper)
        return ShopToolbox(question, catalog, knowledge, orders, request_human, pictures)

    def dry_toolbox_for(question: Question) -> DryToolbox:
        request_human = partial(handoff.request, question.shopper)
        return DryToolbox(question, catalog, knowledge, orders, request_human, pictures)

    driver = AnswerDriver(reader, Engine(foundation.reading_embedder), _model_driver(foundation), foundation.metrics)
    return ChatParts(
        sessions=SessionService(
            shops,
            TokenSigner(settings.secret_keys, "session", SessionClaims),
            foundation.limiter,
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
            quota=money.quota,
            stream_store=stream_store,
            running=running,
            driver=driver,
            toolbox_for=toolbox_for,
            metrics=foundation.metrics,
        ),
        dry_runs=DryRuns(shops, foundation.limiter, driver, dry_toolbox_for),
        conversations=ConversationService(database, shops, stream_store, running, handoff, presence),
        handoff=handoff,
        presence=presence,
        pictures=pictures,
        limits=limits,
        erased_shoppers=erased_shoppers,
        reader=reader,
    )


def _model_driver(foundation: Foundation) -> ModelDriver | None:
    if foundation.chat_model is None:
        return None
    return ModelDriver(foundation.chat_model, sees_pictures=foundation.settings.chat_model_images)
