"""The embedded PostgreSQL: one cluster, one superuser, one database, TCP on 127.0.0.1 with a password."""

import os
import shutil
import signal
import subprocess
from pathlib import Path

from server.embedded.account import Account, preparation, require_named_user
from server.embedded.binaries import POSTGRES_MAJOR
from server.embedded.errors import EmbeddedError
from server.embedded.layout import Layout, new_password, write_private

OWNER = "aisle_owner"
DATABASE = "aisle"

# For a machine with two cores and 2 GB that runs everything else too. Nothing here trades durability away.
SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",  # a socket's path may not pass 107 bytes, a data dir's may
    # 64 processes (`aisle serve --workers`) with the least that one needs, a worker with all it may want, commands and
    # the owner. Shared memory grew from 227 MB with 100 to 245 MB (pg_shmem_allocations)
    "max_connections": "320",
    "shared_buffers": "192MB",
    "effective_cache_size": "768MB",
    "work_mem": "8MB",
    "maintenance_work_mem": "192MB",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "wal_compression": "pglz",
    "max_wal_size": "1GB",
    "checkpoint_timeout": "15min",
    "random_page_cost": "1.1",
    "jit": "off",
    "io_method": "sync",
    # Parallel queries share memory through /dev/shm, of which a container has 64 MB.
    "max_parallel_workers_per_gather": "0",
    "max_parallel_maintenance_workers": "0",
    "log_min_messages": "warning",
    "log_checkpoints": "off",
    "log_line_prefix": "%m [%p] ",
    "log_timezone": "UTC",
    "timezone": "UTC",
}


def postgres_url(layout: Layout, port: int) -> str:
    """The owner's URL, password included."""
    return f"postgresql://{OWNER}:{layout.password(Postgres.name)}@127.0.0.1:{port}/{DATABASE}"


class Postgres:
    """How the supervisor sets up, starts and stops PostgreSQL."""

    name = "postgres"
    last_signal = signal.SIGINT  # "fast": clients are cut off, then a clean stop; SIGTERM would wait for them
    stop_signals = ((signal.SIGINT, 20.0), (signal.SIGQUIT, 5.0))
    stdin = ""

    def __init__(self, layout: Layout, install: Path, account: Account | None) -> None:
        self.folder = layout.postgres
        self.account = account
        self._layout = layout
        self._bin = install / "bin"

    def prepare(self) -> None:
        """Create the cluster on first use, and set a new password if the saved one is missing. Raises EmbeddedError."""
        if not self.folder.exists():
            self._create()
        self._require_version()
        (self.folder / "postmaster.pid").unlink(missing_ok=True)
        if not self._layout.has_password(self.name):
            self._replace_password()

    def command(self, port: int) -> list[str]:
        settings = [f"--{name}={value}" for name, value in SETTINGS.items()]
        return [str(self._bin / "postgres"), "-D", str(self.folder), "-p", str(port), *settings]

    def is_ready(self, port: int) -> bool:
        """Whether the server takes connections: the state it writes on line 8 of its pid file, as pg_ctl reads it."""
        try:
            lines = (self.folder / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return False
        return len(lines) >= 8 and lines[3] == str(port) and lines[7].strip() == "ready"

    def _replace_password(self) -> None:
        password = new_password()
        self._single_user(f"ALTER ROLE {OWNER} PASSWORD '{password}'", self.folder)
        self._layout.write_password(self.name, password)

    def _create(self) -> None:
        """Create the cluster in a draft folder, so that an interruption leaves nothing that looks like a cluster."""
        require_named_user()
        draft = self.folder.with_name("postgres.new")
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(mode=0o700)
        password_file = self.folder.with_name("postgres.new.password")
        write_private(password_file, self._layout.password(self.name))
        self._hand_over(draft, password_file)
        self._initdb(draft, password_file)
        password_file.unlink()
        self._single_user(f"CREATE DATABASE {DATABASE}", draft)
        draft.rename(self.folder)

    def _initdb(self, folder: Path, password_file: Path) -> None:
        locale = [
            "--encoding=UTF8",
            "--locale-provider=builtin",
            "--builtin-locale=C.UTF-8",
            "--locale=C.UTF-8",
        ]
        access = ["-U", OWNER, "--auth=scram-sha-256", f"--pwfile={password_file}"]
        self._run([str(self._bin / "initdb"), "-D", str(folder), *access, *locale], "")

    def _single_user(self, statement: str, folder: Path) -> None:
        command = [
            str(self._bin / "postgres"),
            "--single",
            "-D",
            str(folder),
            "-c",
            "log_min_messages=error",
            "postgres",
        ]
        self._run(command, f"{statement};\n")

    def _run(self, command: list[str], stdin: str) -> None:
        done = subprocess.run(  # noqa: S603 - our own programs and paths
            command,
            input=stdin,
            capture_output=True,
            text=True,
            cwd="/",
            preexec_fn=preparation(self.account, signal.SIGKILL),
            check=False,
        )
        errors = [line for line in done.stderr.splitlines() if "ERROR" in line or "FATAL" in line or "error:" in line]
        if done.returncode or errors:
            reason = (errors or done.stderr.splitlines() or ["no message"])[-1]
            raise EmbeddedError(f"PostgreSQL could not be set up in {self.folder}: {reason}")

    def _hand_over(self, *paths: Path) -> None:
        if self.account is not None:
            for path in paths:
                os.chown(path, self.account.uid, self.account.gid)

    def _require_version(self) -> None:
        found = (self.folder / "PG_VERSION").read_text().strip()
        if found != POSTGRES_MAJOR:
            raise EmbeddedError(
                f"{self.folder} was made by PostgreSQL {found} and this is {POSTGRES_MAJOR}: choose another data dir, "
                "or dump it with the old version and load it into the new"
            )
