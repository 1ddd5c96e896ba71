"""`aisle doctor`: what is wrong, and how to mend it."""

import shutil
from collections.abc import Awaitable, Callable

import click

from server.commands.context import services_for_command
from server.core.errors import AisleError, ConfigurationError
from server.core.settings import load_settings
from server.migrations.migrate import current_revision, newest_revision
from server.wiring import Services

LOW_DISK_BYTES = 1 << 30


async def examine() -> int:
    """Check everything; 0 when all is well, 1 when something is wrong, 2 when settings cannot be read."""
    try:
        settings = load_settings()
    except ConfigurationError as reason:
        _say(False, "settings", str(reason))
        return 2
    _say(True, "settings", f"environment {settings.env}, data in {settings.data_dir}")
    try:
        async with services_for_command() as services:
            results = [await _check(name, check(services)) for name, check in CHECKS]
    except (AisleError, ConfigurationError) as reason:
        _say(False, "database", str(reason))
        return 1
    return 0 if all(results) else 1


async def _check(name: str, check: Awaitable[str]) -> bool:
    try:
        _say(True, name, await check)
        return True
    except Exception as reason:  # a check may fail in any way; that is what it is for
        _say(False, name, str(reason) or type(reason).__name__)
        return False


def _say(well: bool, name: str, text: str) -> None:
    mark = click.style("ok  ", fg="green") if well else click.style("FAIL", fg="red")
    click.echo(f"{mark} {name}: {text}")


async def _database(services: Services) -> str:
    await services.database.ping()
    return "answers; the app's role is bound by row-level security"


async def _schema(services: Services) -> str:
    found, needed = await current_revision(services.at.database_url), newest_revision()
    if found != needed:
        raise AisleError(f"at revision {found}, this version needs {needed}; run `aisle migrate`")
    return f"at revision {found}"


async def _redis(services: Services) -> str:
    await services.redis.ping()
    return "answers"


async def _embedder(services: Services) -> str:
    await services.embedder.embed_query("Is everything well?")
    return f"{services.embedder.name} embeds"


async def _model(services: Services) -> str:
    if services.chat_model is None:
        return "none set; the engine answers. Set OPENAI_API_KEY or OPENAI_BASE_URL for a model"
    return await services.chat_model.check()


async def _mail(services: Services) -> str:
    if services.mailer is None:
        return "AISLE_SMTP_URL is not set; one-time codes cannot be sent"
    return await services.mailer.check()


async def _disk(services: Services) -> str:
    free = shutil.disk_usage(services.settings.data_dir.parent).free
    if free < LOW_DISK_BYTES:
        raise AisleError(f"only {free // 2**20} MB free; make room")
    return f"{free // 2**30} GB free"


CHECKS: tuple[tuple[str, Callable[[Services], Awaitable[str]]], ...] = (
    ("database", _database),
    ("schema", _schema),
    ("redis", _redis),
    ("embedder", _embedder),
    ("model", _model),
    ("mail", _mail),
    ("disk", _disk),
)
