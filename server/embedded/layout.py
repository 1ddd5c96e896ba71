"""What lies where in a data dir, and the small files the processes tell each other things with."""

import os
import secrets
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

import msgspec

from server.embedded.errors import EmbeddedError

T = TypeVar("T")


class Ports(msgspec.Struct, frozen=True):
    """TCP ports on 127.0.0.1, kept across restarts."""

    postgres: int
    redis: int


class State(msgspec.Struct, frozen=True, omit_defaults=True):
    """What the keeper says of itself; `ports` only once both servers answer, `error` when it gave up."""

    keeper_pid: int
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
        self.keeper_lock = self.root / "keeper.lock"
        self._state = self.root / "state.json"
        self._ports = self.root / "ports.json"

    def create(self) -> None:
        """Makes the folder; raises EmbeddedError when it may not be written."""
        try:
            self.root.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise EmbeddedError(f"cannot make the data dir {self.root}: {error.strerror}") from error

    def log(self, name: str) -> Path:
        return self.root / f"{name}.log"

    def password(self, name: str) -> str:
        """The password kept for `name` in a file only its owner may read; made on first use."""
        path = self.root / f"{name}.password"
        if not path.exists():
            self.keep_password(name, new_password())
        return path.read_text()

    def has_password(self, name: str) -> bool:
        return (self.root / f"{name}.password").exists()

    def keep_password(self, name: str, password: str) -> None:
        write_private(self.root / f"{name}.password", password)

    def read_state(self) -> State | None:
        return _read(self._state, State)

    def write_state(self, state: State) -> None:
        write_private(self._state, msgspec.json.encode(state).decode())

    def beat(self) -> None:
        """The keeper's sign of life: renews the time of the state, if it is there."""
        with suppress(FileNotFoundError):
            os.utime(self._state)

    def last_beat(self) -> int:
        """A number that changes with each sign of life; 0 without a state."""
        try:
            return self._state.stat().st_mtime_ns
        except FileNotFoundError:
            return 0

    def forget_state(self) -> None:
        self._state.unlink(missing_ok=True)

    def read_ports(self) -> Ports | None:
        return _read(self._ports, Ports)

    def write_ports(self, ports: Ports) -> None:
        write_private(self._ports, msgspec.json.encode(ports).decode())


def new_password() -> str:
    """192 random bits in letters that need no escape in a URL, an SQL string or a configuration line."""
    return secrets.token_urlsafe(24)


def write_private(path: Path, text: str) -> None:
    """Replaces `path` whole, readable by its owner alone: a reader sees the old text or the new, never a part."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)
    draft.replace(path)


def _read(path: Path, kind: type[T]) -> T | None:
    try:
        return msgspec.json.decode(path.read_bytes(), type=kind)
    except (FileNotFoundError, msgspec.DecodeError):
        return None
