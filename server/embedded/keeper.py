"""The keeper: a small process that runs the two servers for as long as anybody uses them.

`python -m server.embedded.keeper DATA_DIR` is started by the first user of a data dir and belongs to none of them.
Should it be killed, the kernel signals the servers; the users' next look finds no keeper and starts another.
"""

import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from server.embedded.account import Account, account_for
from server.embedded.binaries import postgres_install, redis_server
from server.embedded.errors import EmbeddedError
from server.embedded.layout import Layout, Ports, State
from server.embedded.locks import FileLock
from server.embedded.postgres import Postgres
from server.embedded.process import clear_leftovers, end, last_complaint, shorten, spawn
from server.embedded.redis_server import Redis

TICK_S = 0.1
START_ATTEMPTS = 3
MAX_PAUSE_S = 5.0
# Below the range from which the kernel takes ports for outgoing connections, so a restart finds its own port free.
PORT_RANGE = (15_000, 32_000)
STOPPING = {signal.SIGTERM, signal.SIGINT, signal.SIGHUP}


class Server(Protocol):
    """What Postgres and Redis have in common."""

    @property
    def name(self) -> str: ...
    @property
    def folder(self) -> Path: ...
    @property
    def account(self) -> Account | None: ...
    @property
    def last_signal(self) -> int: ...
    @property
    def stop_signals(self) -> Sequence[tuple[int, float]]: ...
    @property
    def stdin(self) -> str: ...
    def prepare(self) -> None: ...
    def command(self, port: int) -> list[str]: ...
    def is_ready(self, port: int) -> bool: ...


class Running:
    """One server and its process, started again on the same port each time it ends."""

    def __init__(self, server: Server, log: Path, kept_port: int | None) -> None:
        self.server = server
        self.port = kept_port or _free_port()
        self._log = log
        self._log_start = 0
        self._failures = 0
        self._retry_at = 0.0
        self._child: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        return self._child.pid if self._child else 0

    def start(self) -> None:
        """The first start, on the kept port if it can still be had."""
        clear_leftovers(self.server.folder)
        if not _is_free(self.port):
            self.port = _free_port()
        self._launch()

    def is_ready(self) -> bool:
        return self.server.is_ready(self.port)

    def insist(self) -> None:
        """Tries another port when it ended because its own was taken; raises EmbeddedError when that is not why."""
        if self._child is None or self._child.poll() is None:
            return
        self._failures += 1
        if _is_free(self.port) or self._failures == START_ATTEMPTS:
            reason = last_complaint(self._log, self._log_start)
            raise EmbeddedError(f"{self.server.name} did not start: {reason} (more in {self._log})")
        self.start()

    def revive(self) -> bool:
        """Starts the server again if it has ended, at once the first time, ever more slowly after; True if so."""
        if self._child is None or self._child.poll() is None or time.monotonic() < self._retry_at:
            return False
        self._failures = 0 if time.monotonic() - self._retry_at > 60 else self._failures + 1
        self._retry_at = time.monotonic() + min(MAX_PAUSE_S, 0.25 * 2**self._failures)
        print(f"{self.server.name} ended with {self._child.returncode}, starting it again", flush=True)  # noqa: T201
        clear_leftovers(self.server.folder)
        self._launch()
        return True

    def stop(self) -> None:
        if self._child is not None:
            end(self._child, self.server.stop_signals)

    def _launch(self) -> None:
        self.server.prepare()
        self._log_start = self._log.stat().st_size if self._log.exists() else 0
        self._child = spawn(
            self.server.command(self.port),
            account=self.server.account,
            log=self._log,
            stdin=self.server.stdin,
            last_signal=self.server.last_signal,
        )


class Keeper:
    """Starts both servers, watches them, and leaves with the last user."""

    def __init__(self, layout: Layout, lock: FileLock, users: FileLock, servers: list[Running]) -> None:
        self._layout = layout
        self._lock = lock
        self._users = users
        self._servers = servers

    def run(self) -> None:
        """Returns when the servers have stopped; raises EmbeddedError when they cannot be started."""
        try:
            for server in self._servers:
                server.start()
            while not self._are_ready():
                if self._is_over(0.01):
                    return
                for server in self._servers:
                    server.insist()
            self._watch()
        finally:
            self._layout.forget_state()
            for server in self._servers:
                server.stop()

    def _watch(self) -> None:
        self._publish()
        is_published = True
        while not self._is_over(TICK_S):
            if self._revive():
                self._layout.forget_state()
                is_published = False
            elif is_published:
                self._layout.beat()
            elif self._are_ready():
                self._publish()
                is_published = True

    def _is_over(self, wait_s: float) -> bool:
        """Waits for a signal, the end of a server or `wait_s`; True when told to stop, unused or deleted."""
        got = signal.sigtimedwait(STOPPING | {signal.SIGCHLD}, wait_s)
        told = got is not None and got.si_signo in STOPPING
        return told or not self._lock.is_on_disk() or self._users.try_exclusive()

    def _are_ready(self) -> bool:
        return all(server.is_ready() for server in self._servers)

    def _revive(self) -> bool:
        try:
            revived = [server.revive() for server in self._servers]
        except (EmbeddedError, OSError) as error:
            print(f"could not restart: {error}", flush=True)  # noqa: T201 - its log
            return True
        return any(revived)

    def _publish(self) -> None:
        postgres, redis = self._servers
        ports = Ports(postgres=postgres.port, redis=redis.port)
        self._layout.write_ports(ports)
        self._layout.write_state(State(os.getpid(), ports, postgres.pid, redis.pid))


def keep(layout: Layout) -> int:
    """Runs until nobody uses the servers; the exit code. At most one keeper lives per data dir."""
    signal.pthread_sigmask(signal.SIG_BLOCK, STOPPING | {signal.SIGCHLD})
    lock, users = FileLock(layout.keeper_lock), FileLock(layout.users_lock)  # both end with the process
    if not lock.wait_exclusive(timeout_s=2):
        return 0
    try:
        Keeper(layout, lock, users, _servers(layout)).run()
    except (EmbeddedError, OSError) as error:
        layout.write_state(State(keeper_pid=os.getpid(), error=str(error)))
        return 1
    return 0


def _servers(layout: Layout) -> list[Running]:
    install, redis_program = postgres_install(), redis_server()
    account = account_for(layout.postgres, [layout.root, install / "bin" / "postgres", redis_program])
    kept = layout.read_ports()
    for name in ("postgres", "redis"):
        shorten(layout.log(name))
    return [
        Running(Postgres(layout, install, account), layout.log("postgres"), kept.postgres if kept else None),
        Running(Redis(layout, redis_program, account), layout.log("redis"), kept.redis if kept else None),
    ]


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def _free_port() -> int:
    while not _is_free(port := random.randint(*PORT_RANGE)):
        continue
    return port


if __name__ == "__main__":
    sys.exit(keep(Layout(Path(sys.argv[1]))))
