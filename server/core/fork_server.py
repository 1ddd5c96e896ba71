"""The far side of `child_process.ForkServer`: a process that imports the tools once and forks for each piece of work.

It has one thread, knows no secret and reads not one byte of what strangers sent: the fork does, alone, and ends with
it. So nothing of one piece of work can be seen by another, of whatever shop, and on a busy machine a small document
costs 10 ms of CPU where a fresh interpreter for each cost 200 ms.
"""

import contextlib
import ctypes
import gc
import os
import resource
import selectors
import signal
import socket
import sys
from collections.abc import Callable
from typing import NoReturn

ARGUMENT_SIZE_BYTES = 4
"""The size of the argument's length, which comes before it, big-endian."""
_PR_SET_PDEATHSIG = 1  # linux/prctl.h

Answer = Callable[[str, bytes], bytes]


def serve(answer: Answer, *, max_memory_bytes: int, max_cpu_s: int) -> None:
    """Run `answer(argument, data)` in a fork for every pair of sockets that comes through stdin, until stdin is closed:
    one carries the work and its result, the other the fork's exit status. Closing the latter early kills the fork."""
    gc.collect()
    gc.freeze()  # or the first collection in each fork would copy every page
    _Server(answer, max_memory_bytes, max_cpu_s).run()


class _Server:
    def __init__(self, answer: Answer, max_memory_bytes: int, max_cpu_s: int) -> None:
        self._answer, self._max_memory_bytes, self._max_cpu_s = answer, max_memory_bytes, max_cpu_s
        self._requests = socket.socket(fileno=0)
        self._ended, self._notify = os.pipe()
        os.set_blocking(self._ended, False)
        os.set_blocking(self._notify, False)
        self._selector = selectors.DefaultSelector()
        self._forks: dict[int, socket.socket] = {}

    def run(self) -> None:
        signal.set_wakeup_fd(self._notify, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        self._selector.register(self._requests, selectors.EVENT_READ, self._accept)
        self._selector.register(self._ended, selectors.EVENT_READ, lambda: os.read(self._ended, 4096))
        while True:
            for key, _ in self._selector.select():
                key.data()
            for pid in list(self._forks):
                self._reap(pid)

    def _accept(self) -> None:
        message, descriptors, _, _ = socket.recv_fds(self._requests, 1, 2)
        if not message:
            self._end_all()
        work, life = (socket.socket(fileno=descriptor) for descriptor in descriptors)
        pid = os.fork()
        if pid == 0:
            life.close()  # it ends with the server, also where that is killed
            self._work(work)
        work.close()
        self._forks[pid] = life
        self._selector.register(life, selectors.EVENT_READ, lambda: self._abandon(pid))

    def _abandon(self, pid: int) -> None:
        """Kill a fork whose caller has gone."""
        self._selector.unregister(self._forks[pid])
        _kill(pid)

    def _reap(self, pid: int) -> None:
        if os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
            return
        _kill(pid)  # what it may have started; until it is waited for, nobody else has its number
        status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        life = self._forks.pop(pid)
        if life in self._selector.get_map():
            self._selector.unregister(life)
        with contextlib.suppress(OSError):  # who asked is gone
            life.send(str(status).encode())
        life.close()

    def _end_all(self) -> NoReturn:
        for pid in self._forks:
            _kill(pid)
        os._exit(0)

    def _work(self, work: socket.socket) -> NoReturn:
        """Do the work; runs in the fork and ends it."""
        status = 1
        try:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            os.setsid()
            if sys.platform == "linux":
                ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL))
            self._selector.close()
            for other in (self._requests, *self._forks.values()):
                other.close()
            os.close(self._ended)
            os.close(self._notify)
            limit_this_process(max_memory_bytes=self._max_memory_bytes, max_cpu_s=self._max_cpu_s)
            with work.makefile("rb") as request:
                argument = request.read(int.from_bytes(request.read(ARGUMENT_SIZE_BYTES), "big"))
                data = request.read()
            work.sendall(self._answer(argument.decode(), data))
            status = 0
        finally:
            os._exit(status)  # without a word on stderr, and without what the server wants done at its own end


def limit_this_process(*, max_memory_bytes: int, max_cpu_s: int) -> None:
    """Bounded memory and processor time, no file written, no core left."""
    resource.setrlimit(resource.RLIMIT_AS, (max_memory_bytes, max_memory_bytes))
    resource.setrlimit(resource.RLIMIT_CPU, (max_cpu_s, max_cpu_s + 1))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _kill(pid: int) -> None:
    """Kill a fork that has not been waited for, and its process group."""
    os.kill(pid, signal.SIGKILL)
    with contextlib.suppress(ProcessLookupError):  # it has not got so far as to have a group
        os.killpg(pid, signal.SIGKILL)
