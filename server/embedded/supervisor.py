"""The supervisor: a small process that runs PostgreSQL and Redis for as long as any process uses them.

The first process that uses a data dir starts `python -m server.embedded.supervisor DATA_DIR`. It runs in a session of
its own and outlives the process that started it. If it is killed, the kernel signals both servers to stop, and a
process that still uses them notices that the supervisor's lock is free and starts another one.
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
from server.embedded.process import clear_leftovers, find_failure_reason, rotate, spawn, stop_child
from server.embedded.redis_server import Redis

TICK_S = 0.1
START_ATTEMPTS = 3
MAX_PAUSE_S = 5.0
# Below the range from which the kernel takes ports for outgoing connections, so a restart finds its own port free.
PORT_RANGE = (15_000, 32_000)
STOP_SIGNALS = {signal.SIGTERM, signal.SIGINT, signal.SIGHUP}


class Server(Protocol):
    """What the supervisor needs to know of a server that it runs."""

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


class SupervisedServer:
    """One server and its process, started again on the same port each time it ends."""

    def __init__(self, server: Server, log: Path, last_port: int | None) -> None:
        self.server = server
        self.port = last_port or _choose_port()
        self._log = log
        self._log_start = 0
        self._failures = 0
        self._retry_at = 0.0
        self._child: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        return self._child.pid if self._child else 0

    def start(self) -> None:
        """Start for the first time, on the port of the last run if that is still free."""
        clear_leftovers(self.server.folder)
        if not _is_free(self.port):
            self.port = _choose_port()
        self._launch()

    def is_ready(self) -> bool:
        return self.server.is_ready(self.port)

    def retry_start(self) -> None:
        """Start on another port if the server has ended because its own was taken.

        Raises EmbeddedError when it ended for another reason, and after START_ATTEMPTS.
        """
        if self._child is None or self._child.poll() is None:
            return
        self._failures += 1
        if _is_free(self.port) or self._failures == START_ATTEMPTS:
            reason = find_failure_reason(self._log, self._log_start)
            raise EmbeddedError(f"{self.server.name} did not start: {reason} (more in {self._log})")
        self.start()

    def restart_if_ended(self) -> bool:
        """Start the server again if it has ended, and return whether it had.

        The first restart is immediate; the pauses between later ones double, up to MAX_PAUSE_S.
        """
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
            stop_child(self._child, self.server.stop_signals)

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


class Supervisor:
    """Starts both servers, restarts what ends, and stops them when the last process that uses them has left."""

    def __init__(self, layout: Layout, lock: FileLock, users: FileLock, servers: list[SupervisedServer]) -> None:
        self._layout = layout
        self._lock = lock
        self._users = users
        self._servers = servers

    def run(self) -> None:
        """Supervise until the servers have stopped. Raises EmbeddedError when they cannot be started."""
        try:
            for server in self._servers:
                server.start()
            while not self._are_ready():
                if self._should_stop(0.01):
                    return
                for server in self._servers:
                    server.retry_start()
            self._watch()
        finally:
            self._layout.delete_state()
            for server in self._servers:
                server.stop()

    def _watch(self) -> None:
        self._publish()
        is_published = True
        while not self._should_stop(TICK_S):
            if self._restart_ended():
                self._layout.delete_state()
                is_published = False
            elif is_published:
                self._layout.touch_state()
            elif self._are_ready():
                self._publish()
                is_published = True

    def _should_stop(self, wait_s: float) -> bool:
        """Wait for a signal, the end of a server or `wait_s` seconds.

        True after a signal to stop, when no process uses the servers any more, and when the data dir was deleted.
        """
        received = signal.sigtimedwait(STOP_SIGNALS | {signal.SIGCHLD}, wait_s)
        is_signalled = received is not None and received.si_signo in STOP_SIGNALS
        return is_signalled or not self._lock.is_on_disk() or self._users.try_exclusive()

    def _are_ready(self) -> bool:
        return all(server.is_ready() for server in self._servers)

    def _restart_ended(self) -> bool:
        try:
            restarted = [server.restart_if_ended() for server in self._servers]
        except (EmbeddedError, OSError) as error:
            print(f"could not restart: {error}", flush=True)  # noqa: T201 - its log
            return True
        return any(restarted)

    def _publish(self) -> None:
        postgres, redis = self._servers
        ports = Ports(postgres=postgres.port, redis=redis.port)
        self._layout.write_ports(ports)
        self._layout.write_state(State(os.getpid(), ports, postgres.pid, redis.pid))


def main() -> int:
    """Supervise the servers of the data dir in `sys.argv[1]` until no process uses them, and return the exit code.

    A data dir has at most one supervisor: a second one returns 0 at once.
    """
    layout = Layout(Path(sys.argv[1]))
    signal.pthread_sigmask(signal.SIG_BLOCK, STOP_SIGNALS | {signal.SIGCHLD})
    lock, users = (
        FileLock(layout.supervisor_lock),
        FileLock(layout.users_lock),
    )  # the kernel releases both when the process ends
    if not lock.wait_exclusive(timeout_s=2):
        return 0
    try:
        Supervisor(layout, lock, users, _servers(layout)).run()
    except (EmbeddedError, OSError) as error:
        layout.write_state(State(supervisor_pid=os.getpid(), error=str(error)))
        return 1
    return 0


def _servers(layout: Layout) -> list[SupervisedServer]:
    install, redis_program = postgres_install(), redis_server()
    account = account_for(layout.postgres, [layout.root, install / "bin" / "postgres", redis_program])
    last_ports = layout.read_ports()
    for name in ("postgres", "redis"):
        rotate(layout.log(name))
    return [
        SupervisedServer(
            Postgres(layout, install, account), layout.log("postgres"), last_ports.postgres if last_ports else None
        ),
        SupervisedServer(
            Redis(layout, redis_program, account), layout.log("redis"), last_ports.redis if last_ports else None
        ),
    ]


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def _choose_port() -> int:
    while not _is_free(port := random.randint(*PORT_RANGE)):
        continue
    return port


if __name__ == "__main__":
    sys.exit(main())
