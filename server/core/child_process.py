"""Untrusted bytes are parsed in a process of their own, which can crash without harm to any other."""

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import server
from server.core.errors import Unavailable
from server.core.fork_server import ARGUMENT_SIZE_BYTES

IDLE_S = 30.0
"""Idle seconds before the server ends: its 30 MB are worth more than the third of a second that a start takes."""
ATTEMPTS = 2
"""A server that was killed, by the system for want of memory for example, is restarted once per request."""


class ChildTimedOut(Exception):
    """The child exceeded its wall time or its processor time and was killed."""


class ResultTooLarge(Exception):
    """The child's result exceeded `max_result_bytes` and the child was killed."""


class _ServerGone(Exception):
    """The server ended while one of its forks was working."""


class ForkServer:
    """Runs the work of `module` in forks of a process that is started with the first request (see `fork_server`)."""

    def __init__(self, module: str, *, idle_s: float = IDLE_S) -> None:
        self._module, self._idle_s = module, idle_s
        self._process: subprocess.Popen[bytes] | None = None
        self._requests: socket.socket | None = None
        self._in_flight = 0
        self._idle: asyncio.TimerHandle | None = None
        self._ending: set[asyncio.Future[int]] = set()

    async def run(self, argument: str, data: bytes, *, wall_time_s: float, max_result_bytes: int) -> bytes:
        """Return the module's result for `data`, which is incomplete when the fork died of it. The fork and all that
        it started are gone when this returns or is cancelled. Raises ChildTimedOut, ResultTooLarge, Unavailable."""
        self._in_flight += 1
        if self._idle:
            self._idle.cancel()
        try:
            for _ in range(ATTEMPTS):
                with contextlib.suppress(_ServerGone):
                    return await self._run_once(argument, data, wall_time_s, max_result_bytes)
            raise Unavailable("The process that reads files was ended from outside; please try again.")
        finally:
            self._in_flight -= 1
            if not self._in_flight:
                self._idle = asyncio.get_running_loop().call_later(self._idle_s, self._end, self._requests)

    async def close(self) -> None:
        """End the server and all its forks."""
        if self._idle:
            self._idle.cancel()
        self._end(self._requests)
        await asyncio.gather(*self._ending)

    @property
    def pid(self) -> int | None:
        """The server's process id while it runs."""
        return self._process.pid if self._process else None

    async def _run_once(self, argument: str, data: bytes, wall_time_s: float, max_result_bytes: int) -> bytes:
        loop = asyncio.get_running_loop()
        with contextlib.ExitStack() as stack:
            requests = self._started()
            work, life = self._begin(requests, stack)
            status = b""
            try:
                async with asyncio.timeout(wall_time_s):
                    result = await _exchange(work, argument, data, max_result_bytes)
            except TimeoutError:
                raise ChildTimedOut from None
            finally:
                with contextlib.suppress(OSError):
                    life.shutdown(socket.SHUT_WR)  # kills it, unless it has ended by itself
                status = await _uninterrupted(asyncio.ensure_future(loop.sock_recv(life, 16)))
        if not status:
            self._end(requests)
            raise _ServerGone
        if int(status) == -signal.SIGXCPU:
            raise ChildTimedOut
        return result

    def _begin(self, requests: socket.socket, stack: contextlib.ExitStack) -> tuple[socket.socket, socket.socket]:
        """Make the server fork and return our ends of the two sockets. Raises _ServerGone."""
        (work, theirs), (life, life_theirs) = socket.socketpair(), socket.socketpair()
        for each in (work, life):
            each.setblocking(False)
            stack.enter_context(each)
        with theirs, life_theirs:
            try:
                socket.send_fds(requests, [b"."], [theirs.fileno(), life_theirs.fileno()])
            except OSError:
                self._end(requests)
                raise _ServerGone from None
        return work, life

    def _started(self) -> socket.socket:
        if self._process and self._process.poll() is not None:
            self._end(self._requests)
        if self._requests is None:
            self._requests, theirs = socket.socketpair()
            with theirs:
                self._process = subprocess.Popen(  # noqa: S603 (our own program)
                    [sys.executable, "-m", self._module],
                    stdin=theirs.fileno(),
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    env=child_environment(),
                    start_new_session=True,
                )
        return self._requests

    def _end(self, requests: socket.socket | None) -> None:
        """Close the server's socket, which ends it and its forks, unless another server has been started meanwhile."""
        if requests is None or requests is not self._requests or self._process is None:
            return
        self._requests.close()
        ending = asyncio.get_running_loop().run_in_executor(None, self._process.wait)
        self._ending.add(ending)
        ending.add_done_callback(self._ending.discard)
        self._requests = self._process = None


def child_environment() -> dict[str, str]:
    """The environment of a child: nothing that it could leak."""
    root = str(Path(server.__file__).parent.parent)
    return {"PYTHONPATH": root, "PATH": os.defpath, "LANG": "C.UTF-8", "PYTHONHASHSEED": "0"}


async def _exchange(work: socket.socket, argument: str, data: bytes, max_result_bytes: int) -> bytes:
    loop = asyncio.get_running_loop()
    encoded = argument.encode()
    # A fork that dies early breaks the pipe; its exit status tells more than that.
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        await loop.sock_sendall(work, len(encoded).to_bytes(ARGUMENT_SIZE_BYTES, "big") + encoded)
        await loop.sock_sendall(work, data)
        work.shutdown(socket.SHUT_WR)
    result = bytearray()
    with contextlib.suppress(ConnectionResetError):
        while chunk := await loop.sock_recv(work, 2**16):
            result += chunk
            if len(result) > max_result_bytes:
                raise ResultTooLarge
    return bytes(result)


async def _uninterrupted(waiting: asyncio.Future[bytes]) -> bytes:
    """Finish a short wait even when the caller is cancelled, and raise the cancellation afterwards."""
    try:
        return await asyncio.shield(waiting)
    except asyncio.CancelledError:
        with contextlib.suppress(ConnectionResetError):
            await waiting
        raise
    except ConnectionResetError:
        return b""
