"""`aisle serve` and `aisle worker`."""

import asyncio
import errno
import os
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import click
import uvicorn
import uvloop
from uvicorn.config import STARTUP_FAILURE
from uvicorn.supervisors import Multiprocess

from server.commands.context import admitted, opened_services, operator_settings, warn_of_unknown_settings
from server.commands.reload import run_with_reload
from server.core.connection_budget import MIN_CONNECTIONS
from server.core.errors import ConfigurationError, Conflict
from server.core.logging import configure_logging
from server.core.settings import Settings, load_settings
from server.embedded import Endpoints
from server.embedded.endpoints import endpoints

BASE_URL_VARIABLE = "AISLE_BASE_URL"
CONNECTIONS_VARIABLE = "AISLE_DATABASE_CONNECTIONS"
GRACE_S = 30
BACKLOG = 4096
WORKER_START_S = 60.0
EVERY_ADDRESS = ("0.0.0.0", "::")  # noqa: S104


def run_api(*, host: str, port: int, workers: int, reload: bool = False) -> None:
    """Serve until SIGTERM; running answers are finished first. Raises Conflict when the port is taken.

    With `reload`, one process serves and starts again when a source file changes."""
    own_url = _url("127.0.0.1" if host in EVERY_ADDRESS else host, port)
    os.environ.setdefault(BASE_URL_VARIABLE, own_url)
    settings = operator_settings()
    warn_of_unknown_settings()
    elsewhere = settings.base_url != own_url or host in EVERY_ADDRESS
    ready = f"Aisle is ready at {settings.base_url}" + (f", listening on {_url(host, port)}" if elsewhere else "")
    with _bound_socket(host, port) as bound, endpoints(settings) as at:
        connections = asyncio.run(_require_services(settings, at, workers))
        os.environ[CONNECTIONS_VARIABLE] = str(connections)
        is_apart = workers > 1 or reload
        if is_apart:  # each serving process builds its own application from the environment
            os.environ["AISLE_DATABASE_URL"], os.environ["AISLE_REDIS_URL"] = at.database_url, at.redis_url
            os.environ["AISLE_SECRET_KEY"] = ",".join(settings.secret_keys)
            app: object = "server.commands.serve:app_from_environment"
        else:
            app = _app(at)
        config = uvicorn.Config(
            app,  # type: ignore[arg-type]
            factory=is_apart,
            host=host,
            port=port,
            workers=workers,
            loop="uvloop",
            http="httptools",
            ws="none",
            backlog=BACKLOG,
            access_log=False,
            log_config=None,  # its lines go where all others go
            log_level="warning",
            server_header=False,
            proxy_headers=False,
            timeout_graceful_shutdown=GRACE_S,
        )
        with _explaining_port(host, port):  # another may have begun to listen meanwhile
            if reload:
                run_with_reload(_Server(config, ready).run, [bound])
            else:
                _serve(config, bound, ready)


class _Server(uvicorn.Server):
    """One process that says when it is ready."""

    def __init__(self, config: uvicorn.Config, ready: str) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            click.echo(self._ready)


class _Workers(Multiprocess):
    """Several processes; says when all of them are ready."""

    def __init__(self, config: uvicorn.Config, bound: socket.socket, ready: str) -> None:
        super().__init__(config, sockets=[bound])
        self._ready = ready

    def init_processes(self) -> None:
        super().init_processes()
        if all(process.wait_until_ready(WORKER_START_S, self.should_exit) for process in self.processes):
            click.echo(self._ready)


def _serve(config: uvicorn.Config, bound: socket.socket, ready: str) -> None:
    if config.workers > 1:
        supervisor = _Workers(config, bound, ready)
        supervisor.run()
        if any(process.exitcode == STARTUP_FAILURE for process in supervisor.processes):
            sys.exit(1)
        return
    server = _Server(config, ready)
    server.run(sockets=[bound])
    if not server.started:
        sys.exit(1)


async def _require_services(settings: Settings, at: Endpoints, processes: int) -> int:
    """Open everything once: what is wrong is said here in one line, where the server would print a traceback. How many
    database connections each process may hold."""
    connections = await admitted(settings, at, processes)
    async with opened_services(settings, at, connections=MIN_CONNECTIONS):
        return connections


@contextmanager
def _bound_socket(host: str, port: int) -> Iterator[socket.socket]:
    """The port, held but not yet listened on: who connects too soon is refused, not kept waiting."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as bound:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        with _explaining_port(host, port):
            bound.bind((host, port))
        bound.set_inheritable(True)
        yield bound


@contextmanager
def _explaining_port(host: str, port: int) -> Iterator[None]:
    try:
        yield
    except socket.gaierror:
        raise ConfigurationError(f"{host} is not an address of this machine; choose another --host") from None
    except OSError as reason:
        match reason.errno:
            case errno.EADDRINUSE:
                raise Conflict(
                    f"port {port} on {host} is in use; stop the program that uses it or choose another --port"
                ) from None
            case errno.EADDRNOTAVAIL:
                raise ConfigurationError(f"{host} is not an address of this machine; choose another --host") from None
            case errno.EACCES:
                raise ConfigurationError(f"this user may not listen on port {port}; choose another --port") from None
        raise


def _url(host: str, port: int) -> str:
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


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


def run_worker_with_reload() -> None:
    """Run jobs until SIGTERM, in a process that starts again when a source file changes."""
    with endpoints(operator_settings()):  # held here, so that embedded servers outlive a restart
        run_with_reload(run_worker_process, [])


def run_worker_process(sockets: list[socket.socket]) -> None:
    """The process that `run_worker_with_reload` starts. It takes no sockets."""
    uvloop.run(run_jobs())


async def run_jobs() -> None:
    """Run jobs until SIGTERM; what runs is given back."""
    from server.wiring import job_handlers
    from server.worker import JobRunner, run_worker

    settings = operator_settings()
    configure_logging(settings.log_format)
    with endpoints(settings) as at:
        connections = await admitted(settings, at, processes=1)
        async with opened_services(settings, at, connections=connections) as services:
            runner = JobRunner(services.database, job_handlers(services))
            asyncio.get_running_loop().call_soon(click.echo, "worker ready")  # once it listens to signals
            await run_worker(runner, services.upkeep, services.at.redis_url)
