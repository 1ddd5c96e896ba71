"""The paths of a data dir, and the small files through which the supervisor informs the users of its servers."""

import os
import secrets
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

import msgspec

from server.embedded.errors import EmbeddedError

T = TypeVar("T")


class Ports(msgspec.Struct, frozen=True):
    """TCP ports on 127.0.0.1. They are saved, so that a restart uses the same ones."""

    postgres: int
    redis: int


class State(msgspec.Struct, frozen=True, omit_defaults=True):
    """The supervisor's state. `ports` is set once both servers answer, `error` when they could not be started.

    During an upgrade processes of two releases read it, so names in the file stay as the first release wrote them.
    """

    supervisor_pid: int = msgspec.field(name="keeper_pid")
    ports: Ports | None = None
    postgres_pid: int = 0
    redis_pid: int = 0
    error: str = ""


class Layout:
    """The paths below `{data_dir}/servers`, all absolute."""

    def __init__(self, data_dir: Path) -> None:
        self.root = data_dir.resolve() / "servers"
        self.postgres = self.root / "postgres"
        self.redis = self.root / "redis"
        self.users_lock = self.root / "users.lock"
        self.start_lock = self.root / "start.lock"
        # Two releases that use one data dir must lock the same file, so it has its first name for ever.
        self.supervisor_lock = self.root / "keeper.lock"
        self._state = self.root / "state.json"
        self._ports = self.root / "ports.json"

    def create(self) -> None:
        """Create the folder. Raises EmbeddedError when that is not permitted."""
        try:
            self.root.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise EmbeddedError(f"cannot make the data dir {self.root}: {error.strerror}") from error

    def log(self, name: str) -> Path:
        return self.root / f"{name}.log"

    def password(self, name: str) -> str:
        """The password of the server `name`, made on first use and saved in a file that only its owner may read."""
        path = self.root / f"{name}.password"
        if not path.exists():
            self.write_password(name, new_password())
        return path.read_text()

    def has_password(self, name: str) -> bool:
        return (self.root / f"{name}.password").exists()

    def write_password(self, name: str, password: str) -> None:
        write_private(self.root / f"{name}.password", password)

    def read_state(self) -> State | None:
        return _read(self._state, State)

    def write_state(self, state: State) -> None:
        write_private(self._state, msgspec.json.encode(state).decode())

    def touch_state(self) -> None:
        """Set the modification time of the state's file to now, if there is one: the supervisor's heartbeat."""
        with suppress(FileNotFoundError):
            os.utime(self._state)

    def last_heartbeat_ns(self) -> int:
        """The modification time of the state's file in nanoseconds; 0 without a state."""
        try:
            return self._state.stat().st_mtime_ns
        except FileNotFoundError:
            return 0

    def delete_state(self) -> None:
        self._state.unlink(missing_ok=True)

    def read_ports(self) -> Ports | None:
        return _read(self._ports, Ports)

    def write_ports(self, ports: Ports) -> None:
        write_private(self._ports, msgspec.json.encode(ports).decode())


def new_password() -> str:
    """192 random bits in characters that need no escaping in a URL, an SQL string or a configuration line."""
    return secrets.token_urlsafe(24)


def write_private(path: Path, text: str) -> None:
    """Replace a file atomically, readable by its owner alone: a reader sees the old text or the new, never a part."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)
    draft.replace(path)


def _read(path: Path, kind: type[T]) -> T | None:
    try:
        return msgspec.json.decode(path.read_bytes(), type=kind)
    except (FileNotFoundError, msgspec.DecodeError):
        return None
