"""`aisle doctor`: what is wrong, and how to mend it."""

import os
import shutil
from collections.abc import Awaitable, Callable

import click
from redis.exceptions import RedisError

from server.commands.context import in_words, opened_services, operator_settings
from server.commands.outages import redis_of, unusable
from server.core.connection_budget import MAX_CONNECTIONS, MIN_CONNECTIONS, read_budget
from server.core.errors import AisleError, ConfigurationError
from server.core.mail import MailDelayed, Mailer, parse_smtp_url
from server.core.redis_pool import open_redis
from server.core.settings import Settings
from server.core.variables import unknown_variables
from server.embedded import Endpoints
from server.embedded.endpoints import endpoints
from server.migrations.fit import examine_fit
from server.wiring import Services

LOW_DISK_BYTES = 1 << 30
WELL, CONCERN, FAILURE = (
    click.style("ok  ", fg="green"),
    click.style("warn", fg="yellow"),
    click.style("FAIL", fg="red"),
)


class Concern(Exception):
    """Nothing is broken, but something that an operator may expect does not work."""


async def examine() -> int:
    """Check everything; 0 when all is well, 1 when something is wrong, 2 when settings cannot be used."""
    try:
        settings = operator_settings()
    except ConfigurationError as reason:
        _say(FAILURE, "settings", str(reason))
        return 2
    _say(WELL, "settings", f"environment {settings.env}, data in {settings.data_dir}")
    if unknown := unknown_variables(os.environ):
        _say(CONCERN, "settings", f"unknown settings: {in_words(unknown)}; see docs/settings.md")
    try:
        with endpoints(settings) as at:
            return 0 if await _examine(settings, at) else 1
    except ConfigurationError as reason:
        _say(FAILURE, "servers", str(reason))
        return 1


async def _examine(settings: Settings, at: Endpoints) -> bool:
    inside = await _examine_services(settings, at)
    around = [await _check(name, check(settings, at)) for name, check in CHECKS_AROUND]
    return inside and all(around)


async def _examine_services(settings: Settings, at: Endpoints) -> bool:
    try:
        async with opened_services(settings, at, connections=MIN_CONNECTIONS) as services:
            return all([await _check(name, check(services)) for name, check in CHECKS])
    except ConfigurationError as reason:
        _say(FAILURE, "settings", str(reason))
    except AisleError as reason:
        _say(FAILURE, "database", str(reason))
    return False


async def _check(name: str, check: Awaitable[str]) -> bool:
    try:
        _say(WELL, name, await check)
    except Concern as concern:
        _say(CONCERN, name, str(concern))
    except Exception as reason:  # a check may fail in any way; that is what it is for
        _say(FAILURE, name, str(reason) or type(reason).__name__)
        return False
    return True


def _say(mark: str, name: str, text: str) -> None:
    click.echo(f"{mark} {name}: {text}")


async def _database(services: Services) -> str:
    await services.database.ping()
    return "answers; the app's role is bound by row-level security"


async def _schema(services: Services) -> str:
    fit = await examine_fit(services.database)
    if fit.schema_problem:
        raise AisleError(fit.schema_problem)
    if fit.schema_concern:
        raise Concern(fit.schema_concern)
    return f"at revision {fit.found}"


async def _rights(services: Services) -> str:
    fit = await examine_fit(services.database)
    if problem := fit.rights_problem or fit.rights_concern:
        raise AisleError(problem)
    return "the app's role has what it needs and no more"


async def _connections(services: Services) -> str:
    budget = await read_budget(services.database.fetch)
    wanted = services.settings.database_connections or MAX_CONNECTIONS
    if budget.free < wanted:
        raise Concern(
            f"another process would get {budget.free} connections instead of {wanted}: {budget}; raise max_connections"
        )
    return f"{budget}; a process takes up to {wanted}"


async def _embedder(services: Services) -> str:
    return await services.embedders.check()


async def _model(services: Services) -> str:
    if services.chat_model is None:
        return "none is set, so the built-in engine answers; set OPENAI_API_KEY or OPENAI_BASE_URL to use one"
    return await services.chat_model.check()


async def _redis(settings: Settings, at: Endpoints) -> str:
    client = open_redis(at.redis_url)
    try:
        await client.ping()
    except (RedisError, OSError) as reason:
        cause = reason.__cause__ or reason.__context__ or reason
        raise unusable(redis_of(settings), cause, settings) from None
    finally:
        await client.aclose()
    return "answers"


async def _mail(settings: Settings, _at: Endpoints) -> str:
    if settings.smtp_url is None:
        raise Concern(
            "AISLE_SMTP_URL is not set, so no one-time codes are sent, and shoppers see only what an order's number "
            "and e-mail prove; set it to smtp://user:password@host:587"
        )
    try:
        return await Mailer(settings.smtp_url, settings.mail_from).check()
    except MailDelayed as reason:
        server = parse_smtp_url(settings.smtp_url)
        raise AisleError(
            f"{reason} at {server.host}:{server.port}, set by AISLE_SMTP_URL; start it or correct the setting"
        ) from None


async def _proxies(settings: Settings, _at: Endpoints) -> str:
    count = settings.trusted_proxies
    if settings.env == "production" and settings.base_url.startswith("https://") and count == 0:
        raise Concern(
            "AISLE_TRUSTED_PROXIES is 0 although AISLE_BASE_URL is https, so behind a proxy all visitors "
            "count as one; set it to the number of proxies"
        )
    return f"{count} trusted to report the visitor's address"


async def _disk(settings: Settings, _at: Endpoints) -> str:
    nearest = next(folder for folder in (settings.data_dir, *settings.data_dir.parents) if folder.exists())
    free = shutil.disk_usage(nearest).free
    if free < LOW_DISK_BYTES:
        raise AisleError(f"only {free // 2**20} MB free on the disk of {nearest}; free some space")
    return f"{free // 2**30} GB free"


CHECKS: tuple[tuple[str, Callable[[Services], Awaitable[str]]], ...] = (
    ("database", _database),
    ("schema", _schema),
    ("rights", _rights),
    ("connections", _connections),
    ("embedder", _embedder),
    ("model", _model),
)
CHECKS_AROUND: tuple[tuple[str, Callable[[Settings, Endpoints], Awaitable[str]]], ...] = (
    ("redis", _redis),
    ("mail", _mail),
    ("proxies", _proxies),
    ("disk", _disk),
)
"""These need no database, so they are made without one too."""
