"""What commands share: settings, servers, services, and the shop they are about."""

import os
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from uuid import UUID

import click

from server.commands.data_dir import require_writable, unwritable
from server.commands.outages import explaining_database
from server.core.connection_budget import COMMAND_CONNECTIONS, MAX_CONNECTIONS, connections_per_process, read_budget
from server.core.crypto import app_role_password
from server.core.errors import FieldError, Invalid, NotFound
from server.core.ids import parse_id
from server.core.logging import configure_logging, get_logger
from server.core.settings import Settings, load_settings
from server.core.variables import unknown_variables
from server.embedded import Endpoints
from server.embedded.endpoints import endpoints
from server.migrations.fit import require_fit
from server.migrations.migrate import current_revision, migrate
from server.migrations.revisions import newest_revision
from server.wiring import Services, open_services
from server.wiring.foundation import open_database

DATA_DIR_VARIABLE = "AISLE_DATA_DIR"

log = get_logger("settings")


def operator_settings() -> Settings:
    """All settings, logging set up as they say, and a data dir that can be written where one is needed. Raises
    ConfigurationError."""
    try:
        settings = load_settings()
    except OSError as reason:  # the installation's own secret is kept in the data dir
        folder = Path(os.environ.get(DATA_DIR_VARIABLE) or ".aisle").absolute()
        raise unwritable(folder, DATA_DIR_VARIABLE, reason) from None
    configure_logging(settings.log_format)
    if not (settings.database_url and settings.redis_url):
        require_writable(settings.data_dir, DATA_DIR_VARIABLE)
    return settings


def warn_of_unknown_settings() -> None:
    """Log a warning about AISLE_* variables that no setting has: a misspelt one would leave its setting at the default
    without a word. It is no error, because a rollback to an older version must start with a newer one's settings."""
    if unknown := unknown_variables(os.environ):
        log.warning("unknown_settings_ignored", variables=in_words(unknown))


def in_words(unknown: Mapping[str, str | None]) -> str:
    """Names of variables, each with the setting that it resembles."""
    return ", ".join(f"{name} (did you mean {like}?)" if like else name for name, like in unknown.items())


@asynccontextmanager
async def services_for_command(*, embedder_threads: int = 1) -> AsyncIterator[Services]:
    """Services for one command. Embedded servers are brought up to date by the way; an operator's are not."""
    settings = operator_settings()
    warn_of_unknown_settings()
    with endpoints(settings) as at:
        opened = opened_services(settings, at, embedder_threads=embedder_threads, connections=COMMAND_CONNECTIONS)
        async with opened as services:
            await require_fit(services.database)
            yield services


@asynccontextmanager
async def opened_services(
    settings: Settings, at: Endpoints, *, embedder_threads: int = 1, connections: int | None = None
) -> AsyncIterator[Services]:
    """Services on these servers. Raises ConfigurationError, and Unavailable that says which server is not there."""
    async with AsyncExitStack() as stack:
        with explaining_database(settings):
            await bring_up_to_date(settings, at)
            services = await stack.enter_async_context(
                open_services(settings, at, embedder_threads=embedder_threads, connections=connections)
            )
        yield services


async def admitted(settings: Settings, at: Endpoints, processes: int) -> int:
    """How many database connections each of so many processes that go on and on gets; what an operator should know of
    them, or of the database, is said. Raises ConfigurationError, Unavailable when they cannot run."""
    with explaining_database(settings):
        await bring_up_to_date(settings, at)
        database = await open_database(settings, at, pool_size=1)
    try:
        concern = await require_fit(database)
        budget = await read_budget(database.fetch)
    finally:
        await database.close()
    if concern:
        click.echo(f"aisle: {concern}", err=True)
    connections = connections_per_process(budget, processes=processes, wanted=settings.database_connections)
    if connections < (settings.database_connections or MAX_CONNECTIONS):
        what = "this process gets" if processes == 1 else f"each of the {processes} processes gets"
        click.echo(f"aisle: {what} {connections} database connections instead of {MAX_CONNECTIONS}: {budget}", err=True)
    return connections


async def bring_up_to_date(settings: Settings, at: Endpoints) -> None:
    """Migrate the embedded database when it is behind; an operator's own is migrated by `aisle migrate` only."""
    if settings.database_url is None and await current_revision(at.database_url) != newest_revision():
        await migrate(at.database_url, settings.app_role, app_role_password(settings.secret_keys[0]))


async def require_shop(services: Services, shop_id: str) -> UUID:
    """The shop a command names. Raises Invalid when there is none."""
    try:
        found = parse_id(shop_id)
        if found is None:
            raise NotFound
        await services.shops.profile(found)
    except NotFound:
        hint = FieldError("--shop", "use the id that `aisle shop create` printed")
        raise Invalid(f"there is no shop {shop_id}", errors=(hint,)) from None
    return found
