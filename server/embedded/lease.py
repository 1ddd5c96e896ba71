"""A process's use of the embedded servers: it starts or joins those of a data dir, and leaves them again.

A user is a process with a shared lock on `users.lock`. The supervisor stops the servers once there is none.
"""

import os
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path

import msgspec

import server
from server.embedded.errors import EmbeddedError
from server.embedded.layout import Layout, Ports
from server.embedded.locks import FileLock, is_held
from server.embedded.postgres import postgres_url
from server.embedded.process import find_failure_reason, rotate
from server.embedded.redis_server import redis_url

STOP_TIMEOUT_S = 40.0
CHECK_EVERY_S = 0.5
RETRY_EVERY_S = 5.0


class Endpoints(msgspec.Struct, frozen=True):
    """The URLs of the servers. They contain passwords, so they must not be logged or passed on a command line.

    `database_url` connects as the owner, who may create roles and extensions: migrate with it, serve with another role.
    """

    database_url: str
    redis_url: str


class EmbeddedServers:
    """One process's use of the servers of `data_dir`. They run as long as at least one process uses them."""

    def __init__(self, data_dir: Path, *, start_timeout_s: float = 120) -> None:
        self._data_dir = data_dir
        self._layout = Layout(data_dir)
        self._start_timeout_s = start_timeout_s
        self._users_lock: FileLock | None = None
        self._leaving = threading.Event()
        self._rejoining: threading.Thread | None = None
        self._supervisor: subprocess.Popen[bytes] | None = None  # set when this process started it

    def start(self) -> Endpoints:
        """Join or start the servers, and return once both answer. The URLs are valid until `stop`.

        Raises EmbeddedError, whose message is one line that says what to do.
        """
        _require_linux()
        self._layout.create()
        self._users_lock = FileLock(self._layout.users_lock)
        try:
            if not self._users_lock.wait_shared(STOP_TIMEOUT_S):
                raise EmbeddedError(f"the servers of {self._data_dir} are stopping and have not ended yet")
            endpoints = self._join()
        except BaseException:
            self._users_lock.close()
            self._users_lock = None
            raise
        self._leaving.clear()
        self._rejoining = threading.Thread(target=self._rejoin_when_lost, name="embedded-servers", daemon=True)
        self._rejoining.start()
        return endpoints

    def stop(self) -> None:
        """Stop using the servers. Without another user they stop, before this returns. Safe to call twice."""
        if self._users_lock is None:
            return
        self._leaving.set()
        if self._rejoining is not None:
            self._rejoining.join()
        self._users_lock.release()
        self._await_stop(self._users_lock)
        self._reap()
        self._users_lock.close()
        self._users_lock = None

    def __enter__(self) -> Endpoints:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _join(self) -> Endpoints:
        deadline = time.monotonic() + self._start_timeout_s
        with FileLock(self._layout.start_lock) as starting:
            if not starting.wait_exclusive(self._start_timeout_s):
                raise EmbeddedError(f"another process has been starting the servers of {self._data_dir} for too long")
            while is_held(self._layout.supervisor_lock):
                if endpoints := self._find_ready(deadline):
                    return endpoints
            return self._start_supervisor(deadline)

    def _find_ready(self, deadline: float) -> Endpoints | None:
        """The endpoints that the running supervisor publishes; None when it ends before it does.

        Waits for its next heartbeat, because the state's file outlives a supervisor that was killed.
        """
        seen_ns = self._layout.last_heartbeat_ns()
        while is_held(self._layout.supervisor_lock):
            state = self._layout.read_state()
            if state and state.ports and self._layout.last_heartbeat_ns() != seen_ns:
                return self._endpoints(state.ports)
            self._pause(deadline)
        return None

    def _start_supervisor(self, deadline: float) -> Endpoints:
        self._layout.delete_state()
        self._reap()
        supervisor = self._supervisor = _spawn_supervisor(self._data_dir, self._layout)
        while supervisor.poll() is None:
            state = self._layout.read_state()
            if state and state.ports:
                return self._endpoints(state.ports)
            self._pause(deadline)
        state = self._layout.read_state()
        raise EmbeddedError(state.error if state and state.error else self._exit_reason())

    def _pause(self, deadline: float) -> None:
        if time.monotonic() > deadline:
            raise EmbeddedError(
                f"PostgreSQL and Redis were not ready in {self._start_timeout_s:g} s: "
                f"see the logs in {self._layout.root}"
            )
        time.sleep(0.01)

    def _endpoints(self, ports: Ports) -> Endpoints:
        return Endpoints(
            database_url=postgres_url(self._layout, ports.postgres),
            redis_url=redis_url(self._layout, ports.redis),
        )

    def _exit_reason(self) -> str:
        log = self._layout.log("supervisor")
        return f"the supervisor of PostgreSQL and Redis ended: {find_failure_reason(log, 0)} (more in {log})"

    def _rejoin_when_lost(self) -> None:
        """Start another supervisor whenever the present one was killed; its servers take the same ports."""
        wait_s = CHECK_EVERY_S
        while not self._leaving.wait(wait_s):
            wait_s = CHECK_EVERY_S
            try:
                if not is_held(self._layout.supervisor_lock):
                    self._join()
            except (EmbeddedError, OSError) as error:
                wait_s = RETRY_EVERY_S
                # structlog is slow to import, and the supervisor imports this module too
                from server.core.logging import get_logger

                get_logger("embedded").error("embedded_servers_lost", reason=str(error))

    def _reap(self) -> None:
        """Wait for the end of a supervisor that this process started and that has released its lock."""
        if self._supervisor is not None and not is_held(self._layout.supervisor_lock):
            self._supervisor.wait()

    def _await_stop(self, users: FileLock) -> None:
        """Wait until the supervisor has ended, unless other processes use the servers too."""
        deadline = time.monotonic() + STOP_TIMEOUT_S
        while is_held(self._layout.supervisor_lock) and time.monotonic() < deadline:
            if users.try_shared():  # otherwise the supervisor has locked it, because it is stopping
                others = not users.try_exclusive()
                users.release()
                if others:
                    return
            time.sleep(0.02)


def erase(data_dir: Path) -> None:
    """Delete the servers' data. Raises EmbeddedError while a process uses it, or where it may not be deleted."""
    layout = Layout(data_dir)
    if not layout.root.exists():
        return
    with FileLock(layout.users_lock) as users, FileLock(layout.supervisor_lock) as supervisor:
        if not users.wait_exclusive(timeout_s=1) or not supervisor.wait_exclusive(timeout_s=STOP_TIMEOUT_S):
            raise EmbeddedError(f"{data_dir} is in use by another Aisle: stop that first")
        try:
            shutil.rmtree(layout.root)
        except OSError as error:
            raise EmbeddedError(f"cannot delete {error.filename}: {error.strerror}") from error


def _spawn_supervisor(data_dir: Path, layout: Layout) -> subprocess.Popen[bytes]:
    sources = str(Path(server.__file__ or "").parent.parent)
    search_path = os.pathsep.join([sources, *filter(None, [os.environ.get("PYTHONPATH")])])
    rotate(layout.log("supervisor"))
    with layout.log("supervisor").open("ab") as output:
        return subprocess.Popen(  # noqa: S603 - our own interpreter and module
            [sys.executable, "-P", "-m", "server.embedded.supervisor", str(data_dir.resolve())],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            cwd="/",
            env={**os.environ, "PYTHONPATH": search_path},
            start_new_session=True,
        )


def _require_linux() -> None:
    if sys.platform != "linux":
        raise EmbeddedError(
            "the embedded servers run on Linux only: set AISLE_DATABASE_URL and AISLE_REDIS_URL to servers of your own"
        )
