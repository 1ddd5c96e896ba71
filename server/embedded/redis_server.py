"""The embedded Redis (or Valkey): an append-only file synced each second, nothing evicted, 127.0.0.1, a password."""

import os
import signal
import socket
from pathlib import Path

from server.embedded.account import Account
from server.embedded.layout import Layout


class Redis:
    """How the supervisor sets up, starts and stops Redis."""

    name = "redis"
    last_signal = signal.SIGTERM
    stop_signals = ((signal.SIGTERM, 10.0),)

    def __init__(self, layout: Layout, program: Path, account: Account | None) -> None:
        self.folder = layout.redis
        self.account = account
        self._layout = layout
        self._program = program

    @property
    def stdin(self) -> str:
        """The password as configuration: it goes through the input, because every user can read a command line."""
        return f"requirepass {self._layout.password(self.name)}\n"

    def prepare(self) -> None:
        self.folder.mkdir(mode=0o700, exist_ok=True)
        if self.account is not None:
            os.chown(self.folder, self.account.uid, self.account.gid)

    def command(self, port: int) -> list[str]:
        address = ["--bind", "127.0.0.1", "--port", str(port), "--dir", str(self.folder), "--daemonize", "no"]
        persistence = [
            "--save",
            "",
            "--appendonly",
            "yes",
            "--appendfsync",
            "everysec",
            "--maxmemory-policy",
            "noeviction",
        ]
        return [str(self._program), "-", *address, *persistence, "--loglevel", "warning"]

    def is_ready(self, port: int) -> bool:
        """Whether it answers PING with PONG. While it loads its file it listens already, but answers with an error."""
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=1) as connection:
                connection.sendall(f"AUTH {self._layout.password(self.name)}\r\nPING\r\n".encode())
                reply = b""
                while reply.count(b"\r\n") < 2 and (part := connection.recv(256)):
                    reply += part
        except OSError:
            return False
        return reply == b"+OK\r\n+PONG\r\n"


def redis_url(layout: Layout, port: int) -> str:
    """The URL of database 0, password included."""
    return f"redis://:{layout.password(Redis.name)}@127.0.0.1:{port}/0"
