"""What every part is built on: the servers, the models and what needs nothing else, opened as the settings say."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from msgspec import Struct
from redis.asyncio import Redis

from server.core.connection_budget import MAX_CONNECTIONS
from server.core.crypto import Vault, app_role_password
from server.core.database import PATIENCE_S, POOLS, Database, url_for_role
from server.core.errors import ConfigurationError
from server.core.job_notifier import ArqNotifier
from server.core.jobs import JobService
from server.core.metrics import Metrics
from server.core.rate_limit import RateLimiter
from server.core.redis_pool import open_redis
from server.core.settings import Settings
from server.embedded import Endpoints
from server.models.embedders import Embedders
from server.models.multilingual import MultilingualEmbedder
from server.models.protocol import ChatModel


class Foundation(Struct, frozen=True, kw_only=True):
    """What the services of one process share."""

    settings: Settings
    at: Endpoints
    database: Database
    redis: Redis
    notify: ArqNotifier
    jobs: JobService
    vault: Vault
    metrics: Metrics
    limiter: RateLimiter
    embedders: Embedders
    reading_embedder: MultilingualEmbedder
    """Reads messages, whichever model compares them with the shop's texts."""
    chat_model: ChatModel | None


@asynccontextmanager
async def open_foundation(
    settings: Settings, at: Endpoints, *, embedder_threads: int, patience_s: float, connections: int | None
) -> AsyncIterator[Foundation]:
    """Connect, and close at the end. Raises ConfigurationError, Unavailable."""
    async with AsyncExitStack() as stack:
        pool_size = (connections or settings.database_connections or MAX_CONNECTIONS) // POOLS
        database = await open_database(settings, at, pool_size, patience_s)
        stack.push_async_callback(database.close)
        redis = open_redis(at.redis_url)
        stack.push_async_callback(redis.aclose)
        notify = ArqNotifier(at.redis_url)
        stack.push_async_callback(notify.close)
        embedders = _embedders(settings, embedder_threads)
        stack.push_async_callback(embedders.close)
        reading_embedder = embedders.multilingual or MultilingualEmbedder(cache_dir=settings.data_dir / "models")
        stack.push_async_callback(reading_embedder.close)
        chat_model = _chat_model(settings)
        if chat_model:
            stack.push_async_callback(chat_model.close)
        yield Foundation(
            settings=settings,
            at=at,
            database=database,
            redis=redis,
            notify=notify,
            jobs=JobService(database, notify),
            vault=Vault(settings.secret_keys),
            metrics=Metrics(),
            limiter=RateLimiter(redis),
            embedders=embedders,
            reading_embedder=reading_embedder,
            chat_model=chat_model,
        )


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


def _embedders(settings: Settings, threads: int) -> Embedders:
    if settings.embedding_model == "local":
        from server.models.local import LocalEmbedder

        folder = settings.data_dir / "models"
        return Embedders(
            LocalEmbedder(cache_dir=folder, threads=threads), MultilingualEmbedder(cache_dir=folder, threads=threads)
        )
    if not settings.openai_api_key:
        raise ConfigurationError("AISLE_EMBEDDING_MODEL names a remote model, but OPENAI_API_KEY is not set")
    from server.models.openai_client import OpenAIEmbedder

    return Embedders(OpenAIEmbedder(settings.openai_base_url, settings.openai_api_key, settings.embedding_model))


def _chat_model(settings: Settings) -> ChatModel | None:
    if not settings.chat_model or not settings.openai_api_key:
        return None
    from server.models.openai_client import OpenAIChatModel

    return OpenAIChatModel(settings.openai_base_url, settings.openai_api_key, settings.chat_model)
