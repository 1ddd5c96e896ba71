"""A process that another one starts, looks after and ends."""

import signal
import subprocess
import time
from contextlib import ExitStack

import click

from server.core.errors import ConfigurationError
from server.embedded.account import preparation

STOP_TIMEOUT_S = 35.0
FIRST_PAUSE_S, MAX_PAUSE_S = 0.25, 5.0
LONG_LIFE_S = 60.0
"""A child that has lived so long is started again as if for the first time."""


class Child:
    """A process of the demo, ended with it; once the demo is ready, started again each time it ends by itself."""

    def __init__(self, stack: ExitStack, name: str, command: list[str]) -> None:
        self._name, self._command = name, command
        self._failures = 0
        self._started_at = 0.0
        self._process = self._start()
        stack.callback(self.stop)

    def require_alive(self) -> None:
        """Raises ConfigurationError when it has ended."""
        if (code := self._process.poll()) is not None:
            raise ConfigurationError(f"{self._name} ended unexpectedly (exit code {code}); see its message above")

    def revive(self) -> None:
        """Start it again if it has ended: soon the first time, ever more slowly after."""
        if (code := self._process.poll()) is None:
            return
        lived_s = time.monotonic() - self._started_at
        pause_s = min(MAX_PAUSE_S, FIRST_PAUSE_S * 2**self._failures)
        if lived_s < pause_s:
            return
        self._failures = 0 if lived_s > LONG_LIFE_S else self._failures + 1
        click.echo(f"{self._name} ended unexpectedly (exit code {code}); starting it again", err=True)
        self._process = self._start()

    def stop(self) -> None:
        """SIGTERM, then patience, then SIGKILL."""
        self._process.terminate()
        try:
            self._process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _start(self) -> subprocess.Popen[bytes]:
        self._started_at = time.monotonic()
        return subprocess.Popen(  # noqa: S603 (our own programs)
            self._command,
            stdout=subprocess.DEVNULL,  # "ready" of each is for the demo's own words; what goes wrong is on stderr
            start_new_session=True,  # Ctrl-C is for the demo alone, which stops its children in order
            preexec_fn=preparation(None, signal.SIGTERM),  # and they do not outlive it when it is killed
        )
