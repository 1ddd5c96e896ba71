"""`aisle serve` and `aisle worker`."""

import asyncio
import os
import sys

import uvicorn
from uvicorn.supervisors import Multiprocess

from server.commands.context import bring_up_to_date, services_for_command
from server.core.logging import configure_logging
from server.core.settings import load_settings
from server.embedded import Endpoints
from server.embedded.endpoints import endpoints

BASE_URL_VARIABLE = "AISLE_BASE_URL"
GRACE_S = 30
BACKLOG = 4096


def run_api(*, host: str, port: int, workers: int) -> None:
    """Serve until SIGTERM; running answers are finished first."""
    base_url = f"http://{host if host not in ('0.0.0.0', '::') else '127.0.0.1'}:{port}"  # noqa: S104
    os.environ.setdefault(BASE_URL_VARIABLE, base_url)
    settings = load_settings()
    configure_logging(settings.log_format)
    with endpoints(settings) as at:
        asyncio.run(bring_up_to_date(settings, at))
        if workers > 1:  # each worker process builds its own application from the environment
            os.environ["AISLE_DATABASE_URL"], os.environ["AISLE_REDIS_URL"] = at.database_url, at.redis_url
            os.environ["AISLE_SECRET_KEY"] = ",".join(settings.secret_keys)
            app: object = "server.commands.serve:app_from_environment"
        else:
            app = _app(at)
        config = uvicorn.Config(
            app,  # type: ignore[arg-type]
            factory=workers > 1,
            host=host,
            port=port,
            workers=workers,
            loop="uvloop",
            http="httptools",
            ws="none",
            backlog=BACKLOG,
            access_log=False,
            log_level="warning",
            server_header=False,
            proxy_headers=False,
            timeout_graceful_shutdown=GRACE_S,
        )
        _serve(config)


def _serve(config: uvicorn.Config) -> None:
    server = uvicorn.Server(config)
    if config.workers > 1:
        Multiprocess(config, sockets=[config.bind_socket()]).run()
        return
    server.run()
    if not server.started:
        sys.exit(1)


def _app(at: Endpoints) -> object:
    from server.app import create_app

    return create_app(load_settings(), at)


def app_from_environment() -> object:
    """One worker process's application."""
    settings = load_settings()
    configure_logging(settings.log_format)
    assert settings.database_url
    assert settings.redis_url
    return _app(Endpoints(settings.database_url, settings.redis_url))


async def run_jobs() -> None:
    """Run jobs until SIGTERM; what runs is given back."""
    from server.wiring import job_handlers
    from server.worker import JobRunner, run_worker

    async with services_for_command() as services:
        runner = JobRunner(services.database, job_handlers(services))
        await run_worker(runner, services.upkeep, services.at.redis_url)
