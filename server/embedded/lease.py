"""The users' side: join the servers of a data dir, starting them when nobody has, and leave them again."""

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
from server.embedded.process import last_complaint, shorten
from server.embedded.redis_server import redis_url

STOP_PATIENCE_S = 40.0
WATCH_EVERY_S = 0.5
RETRY_EVERY_S = 5.0


class Endpoints(msgspec.Struct, frozen=True):
    """Where the servers are; the URLs hold passwords, so they go to no log and no command line.

    `database_url` is the owner's, who may create roles and extensions: migrate with it, serve with another role."""

    database_url: str
    redis_url: str


class EmbeddedServers:
    """One process's use of the servers of `data_dir`. They run while any such use lasts."""

    def __init__(self, data_dir: Path, *, start_timeout_s: float = 120) -> None:
        self._data_dir = data_dir
        self._layout = Layout(data_dir)
        self._start_timeout_s = start_timeout_s
        self._lease: FileLock | None = None
        self._left = threading.Event()
        self._watch: threading.Thread | None = None
        self._keeper: subprocess.Popen[bytes] | None = None  # when we were the one to start it

    def start(self) -> Endpoints:
        """Joins or starts the servers and returns once both answer; the URLs then hold until `stop`.

        Raises EmbeddedError (one line, with what to do)."""
        _require_linux()
        self._layout.create()
        self._lease = FileLock(self._layout.users_lock)
        try:
            if not self._lease.wait_shared(STOP_PATIENCE_S):
                raise EmbeddedError(f"the servers of {self._data_dir} are being stopped and do not end")
            endpoints = self._join()
        except BaseException:
            self._lease.close()
            self._lease = None
            raise
        self._left.clear()
        self._watch = threading.Thread(target=self._keep_joined, name="embedded-servers", daemon=True)
        self._watch.start()
        return endpoints

    def stop(self) -> None:
        """Leaves; when nobody else uses the servers, returns after they have stopped. Safe to call twice."""
        if self._lease is None:
            return
        self._left.set()
        if self._watch is not None:
            self._watch.join()
        self._lease.release()
        self._await_stop(self._lease)
        self._reap()
        self._lease.close()
        self._lease = None

    def __enter__(self) -> Endpoints:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _join(self) -> Endpoints:
        deadline = time.monotonic() + self._start_timeout_s
        with FileLock(self._layout.start_lock) as starting:
            if not starting.wait_exclusive(self._start_timeout_s):
                raise EmbeddedError(f"another process has been starting the servers of {self._data_dir} for too long")
            while is_held(self._layout.keeper_lock):
                if endpoints := self._find_ready(deadline):
                    return endpoints
            return self._start_keeper(deadline)

    def _find_ready(self, deadline: float) -> Endpoints | None:
        """What the running keeper says; None when it ends before it says anything.

        Waits for a sign of life: one killed a moment ago still holds its lock, and its last words are on file."""
        heard = self._layout.last_beat()
        while is_held(self._layout.keeper_lock):
            state = self._layout.read_state()
            if state and state.ports and self._layout.last_beat() != heard:
                return self._endpoints(state.ports)
            self._wait_a_moment(deadline)
        return None

    def _start_keeper(self, deadline: float) -> Endpoints:
        self._layout.forget_state()
        self._reap()
        keeper = self._keeper = _spawn_keeper(self._data_dir, self._layout)
        while keeper.poll() is None:
            state = self._layout.read_state()
            if state and state.ports:
                return self._endpoints(state.ports)
            self._wait_a_moment(deadline)
        state = self._layout.read_state()
        raise EmbeddedError(state.error if state and state.error else self._no_word())

    def _wait_a_moment(self, deadline: float) -> None:
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

    def _no_word(self) -> str:
        keeper_log = self._layout.log("keeper")
        return f"the keeper of PostgreSQL and Redis ended: {last_complaint(keeper_log, 0)} (more in {keeper_log})"

    def _keep_joined(self) -> None:
        """Starts another keeper when ours is killed; its servers take the same ports."""
        wait_s = WATCH_EVERY_S
        while not self._left.wait(wait_s):
            wait_s = WATCH_EVERY_S
            try:
                if not is_held(self._layout.keeper_lock):
                    self._join()
            except (EmbeddedError, OSError) as error:
                wait_s = RETRY_EVERY_S
                from server.core.logging import get_logger  # structlog is heavy, and the keeper imports this module too

                get_logger("embedded").error("embedded_servers_lost", reason=str(error))

    def _reap(self) -> None:
        """Waits for a keeper of ours that has let go of its lock to be gone altogether."""
        if self._keeper is not None and not is_held(self._layout.keeper_lock):
            self._keeper.wait()

    def _await_stop(self, users: FileLock) -> None:
        """Waits for the keeper's end unless others use the servers too."""
        deadline = time.monotonic() + STOP_PATIENCE_S
        while is_held(self._layout.keeper_lock) and time.monotonic() < deadline:
            if users.try_shared():  # else the keeper holds it: it is stopping
                others = not users.try_exclusive()
                users.release()
                if others:
                    return
            time.sleep(0.02)


def erase(data_dir: Path) -> None:
    """Deletes the servers' data. Raises EmbeddedError while anybody uses it or where it may not be deleted."""
    layout = Layout(data_dir)
    if not layout.root.exists():
        return
    with FileLock(layout.users_lock) as users, FileLock(layout.keeper_lock) as keeper:
        if not users.wait_exclusive(timeout_s=1) or not keeper.wait_exclusive(timeout_s=STOP_PATIENCE_S):
            raise EmbeddedError(f"{data_dir} is in use by another Aisle: stop that first")
        try:
            shutil.rmtree(layout.root)
        except OSError as error:
            raise EmbeddedError(f"cannot delete {error.filename}: {error.strerror}") from error


def _spawn_keeper(data_dir: Path, layout: Layout) -> subprocess.Popen[bytes]:
    sources = str(Path(server.__file__ or "").parent.parent)
    search_path = os.pathsep.join([sources, *filter(None, [os.environ.get("PYTHONPATH")])])
    shorten(layout.log("keeper"))
    with layout.log("keeper").open("ab") as output:
        return subprocess.Popen(  # noqa: S603 - our own interpreter and module
            [sys.executable, "-P", "-m", "server.embedded.keeper", str(data_dir.resolve())],
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
